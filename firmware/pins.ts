/**
 * The pins of a board, by the labels on its silkscreen, and who uses which. Pure. Always holds: a
 * pin has one user (a bus may have several devices); a pin is only given for what it can do; an
 * answer that refuses says board, pin, reason and which pins would do.
 * Must not know entities.
 */

import { type Json, nearest } from "./checker";

/** What a pin is wanted for. */
export const enum PinUse {
	/** Its edges are needed as well as its level. */
	Input = 0,
	Output = 1,
	Pwm = 2,
	Analog = 3,
}

const enum Const {
	/** Pins that an answer proposes. */
	PROPOSALS = 6,
	/** Ranks of proposals: rankOf(). */
	RANKS = 4,
	/** Channels that the SDK's PWM takes of an ESP32's and an ESP32-S3's. */
	CHANNELS = 4,
	/** Of an ESP32-C3: firmware/defaults/boards.json. */
	C3_CHANNELS = 6,
	/** More than any board has pins. */
	UNLIMITED = 99,
}

/** An entry of a board's `pins`: boards/schema.json. */
interface Pin {
	/** Missing for an input of the converter that is no GPIO. */
	readonly gpio?: number;
	readonly never?: string;
	readonly inputOnly?: boolean;
	readonly pwm?: boolean;
	readonly interrupt?: boolean;
	readonly pull?: string;
	readonly adc?: number;
	readonly strap?: string;
	readonly reset?: string;
}

type Pins = Readonly<Record<string, Pin>>;

export class PinPlan {
	private readonly board: Json;
	/** By GPIO; what is no GPIO below zero. */
	private readonly users: Record<number, string> = {};
	/** Frequency of PWM, and who was the first to want one. */
	private hz = 0;
	private hzUser = "";
	private pwmPins = 0;

	/** @param board boards/<name>.json, checked */
	constructor(board: Json) {
		this.board = board;
	}

	/**
	 * Gives a pin to an entity.
	 * @param label as on the silkscreen, or GPIO<n>
	 * @returns "" or what is wrong, with board, pin, reason and what would be right
	 */
	take(label: string, use: PinUse, who: string): string {
		const pin = pinOf(this.board, label);
		if (pin === undefined) {
			const near = nearest(label, Object.keys(pinsOf(this.board)), label.length / 3);
			const hint = near === "" ? ";" : `, did you mean "${near}"?`;
			return `is no pin of board ${this.board.name}${hint}${this.propose(use)}`;
		}
		const reason = this.refusal(pin, use);
		if (reason !== "") return `${reason} ${this.place(pin)};${this.propose(use)}`;
		this.users[numberOf(pin)] = who;
		if (use === PinUse.Pwm) this.pwmPins++;
		return "";
	}

	/**
	 * Notes a pin that an entity of the user's own takes, whatever it does there.
	 * @param label may also be no pin at all, and then means nothing here
	 * @returns "" or who has it
	 */
	note(label: string, who: string): string {
		const pin = pinOf(this.board, label);
		if (pin === undefined) return "";
		const user = this.users[numberOf(pin)];
		if (user !== undefined) return `is used by ${user} already ${this.place(pin)}`;
		this.users[numberOf(pin)] = who;
		return "";
	}

	/** Takes the pins of a bus ("i2c"), which its devices share; "" or what is wrong. */
	takeBus(bus: string, _who: string): string {
		const buses = (this.board.buses ?? {}) as Readonly<Record<string, Readonly<Bus>>>;
		const user = `the bus ${bus}`;
		for (const key in buses) {
			if (key !== bus) continue;
			const { data, clock } = buses[key];
			return this.share(data, user) || this.share(clock, user);
		}
		const known = Object.keys(buses).join(", ");
		return `is no bus of board ${this.board.name}; it has ${known === "" ? "none" : known}`;
	}

	/**
	 * Takes a frequency for PWM: on an ESP8266 all pins have the same, and the SDK throws otherwise.
	 * @returns "" or what is wrong
	 */
	takeFrequency(hz: number, who: string): string {
		const { board, hzUser } = this;
		if (board.chip !== "esp8266" && board.chip !== "esp8285") return "";
		if (hzUser === "") {
			this.hz = hz;
			this.hzUser = who;
		}
		if (this.hz === hz) return "";
		return `must be ${this.hz}, as ${this.hzUser}'s: board ${board.name} has one frequency for all`;
	}

	/**
	 * Whether a pin has that resistor inside; the pin need not be taken.
	 * @param pull "up", "down" or "none"
	 * @returns "" or what is wrong
	 */
	checkPull(label: string, pull: string): string {
		const pin = pinOf(this.board, label);
		const has = pin?.pull ?? this.board.pull ?? pull;
		if (pin === undefined || pull === "none" || has === pull) return "";
		const right = has === "none" ? '"none", and a resistor outside' : `"${has}" or "none"`;
		return `has no pull-${pull} (board ${this.board.name}, ${label}); say ${right}`;
	}

	private share(label: string, user: string): string {
		const pin = pinOf(this.board, label) as Pin;
		const other = this.users[numberOf(pin)];
		if (other === user) return "";
		if (other !== undefined) {
			return `needs ${label}, which ${other} has ${this.place(pin)}: give ${other} another pin`;
		}
		const problem = this.take(label, PinUse.Output, user);
		return problem === "" ? "" : `needs ${label}, which ${problem}`;
	}

	private refusal(pin: Pin, use: PinUse): string {
		const user = this.users[numberOf(pin)];
		if (pin.never !== undefined) return `must not be used: ${pin.never}`;
		if (user !== undefined) return `is used by ${user} already`;
		if (use === PinUse.Analog) return pin.adc === undefined ? "has no analog input" : "";
		if (pin.gpio === undefined) return "is an analog input only";
		if (use === PinUse.Input) return pin.interrupt === false ? "has no interrupt" : "";
		if (pin.inputOnly) return "is an input only";
		if (use !== PinUse.Pwm) return "";
		if (pin.pwm === false) return "has no PWM";
		const limit = channelsOf(this.board.chip);
		return this.pwmPins < limit
			? ""
			: `is one too many with PWM: the chip is given ${limit} channels`;
	}

	private place(pin: Pin): string {
		const what = pin.gpio === undefined ? "" : `, GPIO${pin.gpio}`;
		return `(board ${this.board.name}${what})`;
	}

	private propose(use: PinUse): string {
		const pins = pinsOf(this.board);
		const good: string[] = [];
		for (let rank = 0; rank < Const.RANKS; rank++) {
			for (const label in pins) {
				if (good.length === Const.PROPOSALS) break;
				const pin = pins[label];
				if (rankOf(label, pin) === rank && this.refusal(pin, use) === "") good.push(label);
			}
		}
		return good.length === 0 ? " no pin is left for that" : ` possible: ${good.join(", ")}`;
	}
}

interface Bus {
	data: string;
	clock: string;
}

/** Pins with PWM that a chip may have; an ESP8266 makes it in software, for each. */
const channelsOf = (chip: unknown): number => {
	if (chip === "esp32c3") return Const.C3_CHANNELS;
	return chip === "esp32" || chip === "esp32s3" ? Const.CHANNELS : Const.UNLIMITED;
};

/** What is proposed first: pins with no duty before the firmware runs; the console last. */
const rankOf = (label: string, pin: Pin): number => {
	if (label === "RX" || label === "TX") return 3;
	if (pin.strap !== undefined) return 2;
	return pin.reset === undefined ? 0 : 1;
};

/** GPIO number of a label (ADC channel or pin for PinUse.Analog), -1 for none. */
export const pinNumber = (board: Json, label: string): number => {
	const pin = pinOf(board, label);
	return pin?.gpio ?? pin?.adc ?? -1;
};

const pinsOf = (board: Json): Pins => (board.pins ?? {}) as Pins;

/** What the board says of a label, or of GPIO<n>. */
const pinOf = (board: Json, label: string): Pin | undefined => {
	const pins = pinsOf(board);
	if (Object.hasOwn(pins, label)) return pins[label];
	const gpio = Number.parseInt(label.slice(4), 10);
	if (label !== `GPIO${gpio}`) return undefined;
	for (const key in pins) {
		if (pins[key].gpio === gpio) return pins[key];
	}
	return undefined;
};

const numberOf = (pin: Pin): number => pin.gpio ?? -1 - (pin.adc as number);
