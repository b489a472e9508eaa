/**
 * Stands in for the SDK's `embedded:io/digital` (modules/io/digital, digitalbank.c): same checks
 * in the same order, same errors, by the board's chip. Always holds: an output has its initial
 * level from the moment on which it is one; a value is logical, the pin's level is physical.
 */

import type { Board } from "../../../world/board";
import type { Level } from "../../../world/pins";

const INPUT = 0;
const INPUT_PULL_UP = 1;
const INPUT_PULL_DOWN = 2;
const INPUT_PULL_UP_DOWN = 3;
const OUTPUT = 8;
const OUTPUT_OPEN_DRAIN = 9;
const RISING = 1;
const FALLING = 2;
/** The ESP8266's pin of the clock's domain has no interrupt. */
const RTC_PIN = 16;

interface Options {
	pin: number;
	mode: number;
	activeLow?: boolean;
	initialValue?: number;
	edge?: number;
	target?: unknown;
	format?: string;
	onReadable?: (this: object) => void;
}

export function create(board: Pick<Board, "pins" | "setTimer">): object {
	const { pins } = board;
	const { chip } = pins;
	const isEsp8266 = chip.name === "esp8266";

	class Digital {
		static readonly Input = INPUT;
		static readonly InputPullUp = INPUT_PULL_UP;
		static readonly InputPullDown = INPUT_PULL_DOWN;
		static readonly InputPullUpDown = INPUT_PULL_UP_DOWN;
		static readonly Output = OUTPUT;
		static readonly OutputOpenDrain = OUTPUT_OPEN_DRAIN;
		static readonly Rising = RISING;
		static readonly Falling = FALLING;

		declare target: unknown;
		private readonly output: boolean;
		private readonly flip: Level;
		private readonly onReadable: Options["onReadable"];
		private pin: number;
		private pending: (() => void) | undefined;

		constructor(options: Options) {
			const { pin, mode, onReadable } = options;
			check(options);
			this.output = mode >= OUTPUT;
			this.flip = options.activeLow ? 1 : 0;
			this.onReadable = onReadable;
			this.pin = pin;
			if ("target" in options) this.target = options.target;
			if (this.output) {
				pins.claimOutput(pin, this.physical(options.initialValue ?? 0));
			} else {
				const rest = mode === INPUT_PULL_UP ? 1 : 0;
				const edge = options.edge ?? 0;
				const isSeen = onReadable && !(isEsp8266 && pin === RTC_PIN);
				pins.claimInput(pin, rest, isSeen ? (level) => this.changed(level, edge) : undefined);
			}
		}

		get format(): string {
			return "number";
		}

		set format(value: string) {
			if (value !== "number") throw new RangeError();
		}

		read(): Level {
			this.checkOpen();
			if (this.output) throw new Error("can't read output");
			return ((pins.level(this.pin) ?? 0) ^ this.flip) as Level;
		}

		write(value: number): void {
			this.checkOpen();
			if (!this.output) throw new Error("can't write input");
			pins.write(this.pin, this.physical(value));
		}

		close(): void {
			if (this.pin < 0) return;
			pins.release(this.pin);
			this.pending?.();
			this.pin = -1;
		}

		private physical(value: number): Level {
			return ((Number(value) ? 1 : 0) ^ this.flip) as Level;
		}

		/** Edges are seen by an interrupt and told in the next turn, several at once. */
		private changed(level: Level, edge: number): void {
			const seen = (level ^ this.flip) === 1 ? RISING : FALLING;
			if ((edge & seen) === 0 || this.pending !== undefined) return;
			this.pending = board.setTimer(() => {
				this.pending = undefined;
				this.onReadable?.call(this);
			}, 0);
		}

		private checkOpen(): void {
			if (this.pin < 0) throw new TypeError("invalid host object");
		}
	}

	function check(options: Options): void {
		const { pin, mode, onReadable } = options;
		if (pin === undefined) throw new Error("invalid");
		if (!isEsp8266 && !chip.isPin(pin)) throw new Error("invalid pin");
		if (pins.isRefused(pin)) throw new Error("in use");
		const input = mode >= INPUT && mode <= INPUT_PULL_UP_DOWN;
		if (!input && mode !== OUTPUT && mode !== OUTPUT_OPEN_DRAIN) {
			throw new RangeError("invalid mode");
		}
		if (onReadable !== undefined && onReadable !== null) {
			if (typeof onReadable !== "function") throw new Error("not a function");
			if (!input) throw new RangeError("invalid mode");
			if (((options.edge ?? 0) & (RISING | FALLING)) === 0) throw new RangeError("invalid edges");
		}
		if (!input && !chip.isOutput(pin)) throw new RangeError("input only");
		if ((options.format ?? "number") !== "number") throw new RangeError("invalid format");
		// An ESP8266 cannot do it; an ESP32 can, but the firmware is to run on both.
		if (mode === INPUT_PULL_UP_DOWN) throw new RangeError("invalid mode");
	}

	return { default: Digital };
}
