/**
 * A board's pins in words: what is connected to them, and what they do. Always holds: a level is
 * told when it changes; a duty, which may change a hundred times in a second, when it has settled
 * or a moment has passed. Must not know the terminal: it is given a line's parts.
 */

import type { WorldClock } from "../world/clock";
import { driverFacts } from "../world/drivers";
import { hex } from "../world/i2c-bus";
import type { Level, Pins, PinUse } from "../world/pins";
import { numberOf } from "./things";

type Json = Readonly<Record<string, unknown>>;
/** 0 to 1 each. */
export type Colour = readonly [red: number, green: number, blue: number];

export interface PinListener {
	onWorld(who: string, text: string): void;
	/** A patch of a colour; "" where nobody would see it. */
	paint?(colour: Colour): string;
}

/** Long enough for a fade to be a few lines. */
const SETTLE_MS = 250;
const CHANNELS = ["red", "green", "blue"] as const;
/** From duty to what a screen shows. */
const SCREEN_GAMMA = 2.2;

const USES: Readonly<Record<PinUse, string>> = {
	output: "an output",
	input: "an input",
	pwm: "a PWM output",
	analog: "an ADC's",
	bus: "a bus's",
};

interface Light {
	readonly id: string;
	readonly isInverted: boolean;
	/** Three for a colour, one for white. */
	readonly pins: readonly number[];
}

export class PinView {
	private readonly pins: Pins;
	private readonly boardFile: object;
	private readonly clock: WorldClock;
	private readonly listener: PinListener;
	private readonly labels = new Map<number, string>();
	private readonly lights: readonly Light[];
	/** Entities by the pins that they name. */
	private readonly owners = new Map<number, string[]>();
	/** What waits to be told: a pin, or a light of three. */
	private readonly waiting = new Map<number | Light, () => void>();
	private readonly told = new Map<number | Light, string>();

	constructor(
		board: { readonly pins: Pins; readonly boardFile: object },
		entities: readonly Json[],
		clock: WorldClock,
		listener: PinListener,
	) {
		this.pins = board.pins;
		this.boardFile = board.boardFile;
		this.clock = clock;
		this.listener = listener;
		for (const [label, { gpio }] of Object.entries(pinsOf(board.boardFile))) {
			if (gpio !== undefined) this.labels.set(gpio, label);
		}
		this.lights = entities.flatMap((entity) => lightOf(entity, board.boardFile));
		for (const entity of entities) this.note(entity);
		this.pins.listen((pin, level, kind) => this.tellLevel(pin, level, kind));
		// Of a pulse counter there would be too many.
		const counted = entities.filter(({ kind }) => kind === "pulse");
		const silent = new Set(counted.map(({ pin }) => numberOf(board.boardFile, pin)));
		this.pins.listenInputs((pin, level) => {
			if (!silent.has(pin)) this.tell(pin, `input, ${level === 1 ? "high" : "low"}`);
		});
		this.pins.listenPwm((pin, _duty, hz, kind) => {
			if (kind === "start") this.tell(pin, `PWM, ${hz} Hz`);
			else if (kind === "end") this.forget(pin);
			else this.tellLater(pin);
		});
		this.pins.listenRefusals((pin) => this.tellRefusal(pin));
	}

	/** What is connected to what, a line each. */
	rows(entities: readonly Json[]): string[] {
		const rows = entities.flatMap((entity) => this.rowsOf(entity));
		const width = Math.max(0, ...rows.map(([place]) => place.length));
		return rows.map(([place, text]) => `${place.padEnd(width)}  ${text}`);
	}

	close(): void {
		for (const cancel of this.waiting.values()) cancel();
		this.waiting.clear();
	}

	private rowsOf(entity: Json): [string, string][] {
		const { pin, pins, driver } = entity;
		const what = titleOf(entity);
		if (typeof pin === "string") return [[pin, what]];
		if (typeof pins === "object" && pins !== null) {
			return Object.entries(pins).map(([name, label]) => [`${label}`, `${what}, ${name}`]);
		}
		if (typeof driver !== "string") return [];
		const address = entity.address ?? driverFacts(driver)?.address;
		const place = typeof address === "number" ? ` at ${hex(address)}` : "";
		const chip = driver.slice(driver.lastIndexOf("/") + 1);
		return [[this.busOf(entity), `${what}, ${chip}${place}`]];
	}

	private busOf(entity: Json): string {
		const found = this.busPins(entity);
		const { bus = "i2c" } = entity;
		return found === undefined ? `${bus}` : `${found.data}, ${found.clock}`;
	}

	private busPins({ bus }: Json): Json | undefined {
		const name = typeof bus === "string" ? bus : "i2c";
		const buses = (this.boardFile as { buses?: Record<string, Json> }).buses ?? {};
		return Object.hasOwn(buses, name) ? buses[name] : undefined;
	}

	private note(entity: Json): void {
		const { pin, pins, driver } = entity;
		const bus = typeof driver === "string" ? this.busPins(entity) : undefined;
		const several = typeof pins === "object" && pins !== null ? Object.values(pins) : [];
		for (const label of [pin, ...several, bus?.data, bus?.clock]) {
			const number = numberOf(this.boardFile, label);
			const before = this.owners.get(number) ?? [];
			if (number >= 0) this.owners.set(number, [...before, titleOf(entity)]);
		}
	}

	/** All that the SDK says of it is "in use". */
	private tellRefusal(pin: number): void {
		const use = this.pins.use(pin);
		const names = this.owners.get(pin) ?? [];
		const who = names.length === 0 ? "" : `; the site has it for ${names.join(", ")}`;
		this.tell(
			pin,
			`wanted, but ${use === undefined ? "the chip's own" : `${USES[use]} already`}${who}`,
		);
	}

	private tellLevel(pin: number, level: Level, kind: "start" | "change"): void {
		const what = kind === "start" ? "output, " : "";
		this.tell(pin, `${what}${level === 1 ? "high" : "low"}`);
	}

	private tell(pin: number, text: string): void {
		this.listener.onWorld("pin", `${this.nameOf(pin)}: ${text}`);
	}

	private nameOf(pin: number): string {
		return this.labels.get(pin) ?? `GPIO${pin}`;
	}

	private tellLater(pin: number): void {
		const light = this.lights.find(({ pins }) => pins.includes(pin));
		const key = light !== undefined && light.pins.length > 1 ? light : pin;
		if (this.waiting.has(key)) return;
		const cancel = this.clock.setTimer(() => {
			this.waiting.delete(key);
			this.tellDuty(key, light);
		}, SETTLE_MS);
		this.waiting.set(key, cancel);
	}

	private tellDuty(key: number | Light, light: Light | undefined): void {
		const isPin = typeof key === "number";
		const duties = isPin ? [this.pins.duty(key) ?? 0] : this.shares(key);
		const names = isPin ? [""] : CHANNELS.map((channel) => `${channel} `);
		const text = duties.map((duty, i) => `${names[i]}${percent(duty)}`).join(", ");
		if (this.told.get(key) === text) return;
		this.told.set(key, text);
		const shares = light === undefined ? [] : this.shares(light);
		const [red, green = red, blue = red] = shares.map((share) => share ** (1 / SCREEN_GAMMA));
		const patch = light === undefined ? "" : (this.listener.paint?.([red, green, blue]) ?? "");
		const shown = patch === "" ? text : `${text} ${patch}`;
		if (isPin) this.tell(key, shown);
		else this.listener.onWorld("light", `${key.id}: ${shown}`);
	}

	/** How bright each pin of a light makes it, 0 to 1. */
	private shares({ pins, isInverted }: Light): number[] {
		return pins.map((pin) => {
			const duty = this.pins.duty(pin) ?? 0;
			return isInverted ? 1 - duty : duty;
		});
	}

	private forget(pin: number): void {
		for (const key of [pin, ...this.lights.filter(({ pins }) => pins.includes(pin))]) {
			this.waiting.get(key)?.();
			this.waiting.delete(key);
			this.told.delete(key);
		}
	}
}

function titleOf({ kind, id }: Json): string {
	return kind === id ? `${kind}` : `${kind} ${id}`;
}

function lightOf(entity: Json, boardFile: object): Light[] {
	const { kind, id, pin, pins, activeLow } = entity;
	if (kind !== "light") return [];
	const named = (pins ?? {}) as Json;
	const labels = pins === undefined ? [pin] : CHANNELS.map((channel) => named[channel]);
	const numbers = labels.map((label) => numberOf(boardFile, label));
	return [{ id: `${id}`, isInverted: activeLow === true, pins: numbers }];
}

function pinsOf(boardFile: object): Record<string, { gpio?: number }> {
	return (boardFile as { pins?: Record<string, { gpio?: number }> }).pins ?? {};
}

function percent(part: number): string {
	return `${Math.round(part * 1000) / 10} %`;
}
