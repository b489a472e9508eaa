/**
 * Stands in for the SDK's `embedded:io/pwm` (modules/io/pwm/esp/pwm.c and esp32/pwm.c): same
 * checks in the same order, same errors, by the board's chip. Always holds: duty is 0 until the
 * first write(), and again after close().
 */

import type { Board } from "../../../world/board";
import { integerOf, isGiven, pinOf } from "./builtin";

/** The ESP32 can do others; the firmware asks for none. */
const RESOLUTION = 10;
const FULL = 2 ** RESOLUTION - 1;
/** Of the ESP8266's Arduino core, and of the SDK for the ESP32. */
const DEFAULT_HZ = { shared: 1000, own: 1024 };
/** Of an ESP32; each holds one frequency. */
const TIMERS = 4;

interface Options {
	pin: number;
	hz?: number;
	format?: string;
	target?: unknown;
}

export function create(board: Pick<Board, "pins">): object {
	const { pins } = board;
	const { chip } = pins;
	const open = new Set<PWM>();
	/** The ESP8266's is set by whoever asks for one, and stays. */
	let sharedHz = DEFAULT_HZ.shared;

	class PWM {
		declare target: unknown;
		private pin: number;
		/** Whether it asked for its frequency. */
		readonly holdsHz: boolean;
		readonly ownHz: number;

		constructor(options: Options) {
			const pin = pinOf(options.pin);
			if (pins.isRefused(pin)) {
				throw chip.pwmSharesHz ? new RangeError("in use") : new Error("in use");
			}
			this.holdsHz = isGiven(options, "hz");
			const hz = this.holdsHz ? integerOf(options.hz) : DEFAULT_HZ.own;
			const check = chip.pwmSharesHz ? checkShared : checkOwn;
			check(this.holdsHz ? hz : undefined, options);
			this.ownHz = hz;
			this.pin = pin;
			if ("target" in options) this.target = options.target;
			pins.claimPwm(pin, this.hzNow());
			open.add(this);
		}

		get hz(): number {
			return this.hzNow();
		}

		get resolution(): number {
			return RESOLUTION;
		}

		get format(): string {
			return "number";
		}

		set format(value: string) {
			if (value !== "number") throw new RangeError();
		}

		write(value: number): void {
			if (this.pin < 0) throw new TypeError("invalid host object");
			const duty = integerOf(value);
			// analogWrite() of the ESP8266 takes what is near.
			if (!chip.pwmSharesHz && (duty < 0 || duty > FULL)) throw new RangeError("invalid value");
			pins.setDuty(this.pin, Math.min(FULL, Math.max(0, duty)) / FULL);
		}

		close(): void {
			if (this.pin < 0) return;
			open.delete(this);
			pins.release(this.pin);
			this.pin = -1;
		}

		private hzNow(): number {
			return chip.pwmSharesHz ? sharedHz : this.ownHz;
		}
	}

	function checkFormat({ format }: Options): void {
		if ((format || "number") !== "number") throw new RangeError("invalid format");
	}

	/** ESP8266. */
	function checkShared(hz: number | undefined, options: Options): void {
		if (hz !== undefined && hz !== sharedHz) {
			const isHeld = [...open].some((other) => other.holdsHz);
			if (isHeld) throw new RangeError("different hz already set by open pwm");
			sharedHz = hz;
		}
		checkFormat(options);
	}

	/** ESP32. */
	function checkOwn(hz: number | undefined, options: Options): void {
		if (hz !== undefined && hz <= 0) throw new RangeError("invalid hz");
		checkFormat(options);
		if ((hz ?? DEFAULT_HZ.own) < chip.pwmMinimumHz) {
			throw new RangeError("invalid combination of hz and resolution");
		}
		if (open.size >= chip.pwmOutputs) throw new Error("no ledc channel");
		const frequencies = new Set([...open].map((other) => other.ownHz));
		if (frequencies.size >= TIMERS && !frequencies.has(hz ?? DEFAULT_HZ.own)) {
			throw new RangeError("no timer");
		}
	}

	return { default: PWM };
}
