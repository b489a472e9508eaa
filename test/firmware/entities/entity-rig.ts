/**
 * An entity with pins that a test moves and a clock that it turns; starts just before the ticks
 * wrap. What an entity does is a list of lines, in order.
 */

import { Checker, type Json } from "../../../firmware/checker";
import { parseCommand } from "../../../firmware/entities/command";
import type {
	Entity,
	EntityIo,
	EntityOwner,
	PinTarget,
	SensorDriver,
} from "../../../firmware/entities/entity";
import type { PinPlan } from "../../../firmware/pins";

/** A quarter of a second before int32 milliseconds wrap. */
export const START = 0x7fffffff - 250;

type EntityClass = new (options: Json, io: EntityIo, kept: string) => Entity;

export interface Told {
	/** Milliseconds since the start. */
	readonly at: number;
	readonly leaf: string;
	/** Parsed. */
	readonly members: Json;
	readonly retain: boolean;
	readonly ageMs: number | undefined;
}

export class EntityRig implements EntityIo, EntityOwner {
	/** Milliseconds since the start. */
	elapsedMs = 0;
	/** What was written to pins: `[pin, value]`. */
	readonly written: [string, number][] = [];
	readonly reports: Told[] = [];
	readonly entities: Entity[] = [];
	/** Whether the node asked for the next timeout after each edge. */
	changes = 0;
	resolution = 10;
	/** What analog inputs read; one after the other, the last for ever. */
	analogs: number[] = [0];
	/** Levels of inputs, as the entity is to see them. */
	readonly levels: Record<string, 0 | 1> = {};
	/** `pin activeLow pull` of each input, `pin hz` of each PWM. */
	readonly made: string[] = [];
	/** Makes the drivers of sensors. */
	makeDriver: (driver: string, bus: string, address: number | undefined) => SensorDriver = () => {
		throw new Error("no driver");
	};
	private readonly targets: Record<string, PinTarget> = {};

	add<Kind extends Entity>(
		Class: new (options: Json, io: EntityIo, kept: string) => Kind,
		options: Json,
		kept = "",
	): Kind {
		const frozen = deeplyFrozen({ id: "it", ...options }) as Json;
		const entity = new (Class as unknown as EntityClass)(frozen, this, kept);
		entity.owner = this;
		this.entities.push(entity);
		return entity as Kind;
	}

	get time(): number {
		return (START + this.elapsedMs) | 0;
	}

	output(pin: string, activeLow: boolean, level: 0 | 1) {
		this.made.push(`${pin} ${activeLow}`);
		this.written.push([pin, level]);
		return { write: (value: 0 | 1) => void this.written.push([pin, value]) };
	}

	input(pin: string, activeLow: boolean, pull: number, target: PinTarget) {
		this.made.push(`${pin} ${activeLow} ${pull}`);
		this.targets[pin] = target;
		return { read: () => this.levels[pin] ?? 0 };
	}

	pwm(pin: string, hz: number) {
		this.made.push(`${pin} ${hz}`);
		const most = 2 ** this.resolution - 1;
		const write = (duty: number) => {
			if (!Number.isInteger(duty) || duty < 0 || duty > most) throw new RangeError(`duty ${duty}`);
			this.written.push([pin, duty]);
		};
		return { resolution: this.resolution, write };
	}

	analog(pin: string) {
		this.made.push(pin);
		const read = () => (this.analogs.length > 1 ? this.analogs.shift() : this.analogs[0]) as number;
		return { resolution: this.resolution, read };
	}

	sensor(driver: string, bus: string, address: number | undefined): SensorDriver {
		return this.makeDriver(driver, bus, address);
	}

	load(name: string): unknown {
		throw new Error(`${name} is not in this image`);
	}

	now(): number {
		return this.time;
	}

	handleEntityChanged(): void {
		this.changes++;
	}

	report(_entity: Entity, leaf: string, members: string, retain: boolean, ageMs?: number): void {
		const parsed = JSON.parse(`{${members}}`) as Json;
		this.reports.push({ at: this.elapsedMs, leaf, members: parsed, retain, ageMs });
	}

	find(id: string): Entity | undefined {
		return this.entities.find((entity) => entity.id === id);
	}

	/** Turns the clock; each entity is called when it asked for it, as entities.ts does. */
	pass(ms: number): this {
		const end = this.elapsedMs + ms;
		for (let calls = 0; ; calls++) {
			if (calls > 200_000) throw new Error("an entity is due without an end");
			let least = -1;
			for (const entity of this.entities) {
				const waitMs = entity.pollTimeout(this.time);
				if (waitMs >= 0 && (least < 0 || waitMs < least)) least = waitMs;
			}
			if (least < 0 || this.elapsedMs + least > end) break;
			this.elapsedMs += least;
			this.callDue();
		}
		this.elapsedMs = end;
		return this;
	}

	/** Nobody was called for so long; then everybody who is due. */
	stall(ms: number): this {
		this.elapsedMs += ms;
		this.callDue();
		return this;
	}

	private callDue(): void {
		for (const entity of this.entities) {
			if (entity.pollTimeout(this.time) === 0) entity.handleTimeout(this.time);
		}
	}

	/** The level of an input; tells the edge unless `silent`. */
	set(pin: string, level: 0 | 1, silent = false): this {
		this.levels[pin] = level;
		if (!silent) this.targets[pin].handlePin();
		return this;
	}

	/** Carries out a payload; "" or why it is refused. */
	command(text: string, entity = this.entities[0]): string {
		const command = parseCommand(text);
		return command.problem === "" ? entity.apply(command, this.time) : command.problem;
	}

	/** Members of all reports to `state`, without the rest. */
	get told(): Json[] {
		return this.reports.filter(({ leaf }) => leaf === "state").map(({ members }) => members);
	}

	/** What `problem` was told. */
	get problems(): unknown[] {
		const found = this.reports.filter(({ leaf }) => leaf === "problem");
		return found.map(({ members }) => members.problem);
	}

	/** Last duty or level of a pin. */
	duty(pin: string): number | undefined {
		return this.written.findLast(([name]) => name === pin)?.[1];
	}
}

function deeplyFrozen(value: unknown): unknown {
	if (typeof value === "object" && value !== null) {
		for (const inner of Object.values(value)) deeplyFrozen(inner);
		Object.freeze(value);
	}
	return value;
}

/** A plan that gives every pin that begins with GPIO, once, and the bus i2c; writes down the uses. */
export class FakePlan {
	readonly taken: string[] = [];

	take(label: string, use: number, who: string): string {
		if (!label.startsWith("GPIO")) return "is no pin of board fake";
		if (this.taken.some((line) => line.startsWith(`${label} `))) return "is used already";
		this.taken.push(`${label} ${use} ${who}`);
		return "";
	}

	takeFrequency(hz: number): string {
		return hz === 666 ? "must be another" : "";
	}

	takeBus(bus: string, who: string): string {
		this.taken.push(`${bus} ${who}`);
		return bus === "i2c" ? "" : "is no bus of board fake; it has i2c";
	}

	checkPull(label: string, pull: string): string {
		return pull === "down" ? `has no pull-down (board fake, ${label}); say "up" or "none"` : "";
	}
}

type Check = (check: Checker, options: Json, path: string, pins: PinPlan, ...rest: never[]) => void;

/** Problems of an entry, without the file and the path before them. */
export function problemsOf(
	check: Check,
	options: object,
	plan = new FakePlan(),
	...rest: unknown[]
) {
	const checker = new Checker("site.json");
	const entry = { id: "it", ...options } as Json;
	check(checker, entry, "entities[2]", plan as unknown as PinPlan, ...(rest as never[]));
	return checker.problems.map((line) => line.replace("site.json: entities[2].", ""));
}
