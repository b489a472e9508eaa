/**
 * Stands in for the SDK's `embedded:io/analog` (modules/io/analog/esp/analog.c and
 * esp32/analog.c): same checks, same errors, by the board's chip. An ESP8266 has one ADC, which
 * one object at a time may use; the pin that it is given does not matter there.
 */

import type { Board } from "../../../world/board";
import { analogKey } from "../../../world/chips";
import { pinOf } from "./builtin";

interface Options {
	pin?: number;
	format?: string;
	target?: unknown;
	esp32?: { attenuation?: number };
}

const ATTENUATIONS_DB = [0, 2.5, 6, 12];

export function create(board: Pick<Board, "pins">): object {
	const { pins } = board;
	const { analogPins, analogBits } = pins.chip;
	/** ADCs that are no pins. */
	const used = new Set<number>();

	class Analog {
		declare target: unknown;
		private pin: number;

		constructor(options: Options) {
			this.pin = typeof analogPins === "string" ? takeAdc(options) : takePin(options, analogPins);
			if ("target" in options) this.target = options.target;
		}

		get resolution(): number {
			return analogBits;
		}

		get format(): string {
			return "number";
		}

		set format(value: string) {
			if (value !== "number") throw new RangeError();
		}

		/** 0 to 2 ** resolution - 1 */
		read(): number {
			if (this.pin < 0) throw new TypeError("invalid host object");
			return Math.round(pins.voltage(this.pin) * (2 ** analogBits - 1));
		}

		close(): void {
			if (this.pin < 0) return;
			if (!used.delete(this.pin)) pins.release(this.pin);
			this.pin = -1;
		}
	}

	function takeAdc(options: Options): number {
		const key = analogKey(pins.chip, Number(options.pin));
		if (used.has(key)) throw new Error("in use");
		checkFormat(options);
		used.add(key);
		return key;
	}

	function takePin(options: Options, allowed: readonly number[]): number {
		const pin = pinOf(options.pin);
		if (pins.isRefused(pin)) throw new RangeError("in use");
		const attenuation = options.esp32?.attenuation;
		if (attenuation !== undefined && !ATTENUATIONS_DB.includes(attenuation)) {
			throw new RangeError("bad attenuation");
		}
		if (!allowed.includes(pin)) throw new RangeError("not analog pin");
		checkFormat(options);
		pins.claimFor(pin, "analog");
		return pin;
	}

	function checkFormat({ format }: Options): void {
		if ((format || "number") !== "number") throw new RangeError("invalid format");
	}

	return { default: Analog };
}
