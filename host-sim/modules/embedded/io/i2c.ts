/**
 * Stands in for the SDK's `embedded:io/i2c` (modules/io/i2c/esp/_i2c.c and esp32/_i2c.c): same
 * checks in the same order, same errors. Always holds: devices on the same two pins share them;
 * what no device acknowledges throws, and a quick command (no bytes) says so by returning 1.
 */

import type { Board } from "../../../world/board";
import { integerOf, isGiven, pinOf } from "./builtin";

interface Options {
	data: number;
	clock: number;
	address: number;
	hz: number;
	format?: string;
	target?: unknown;
}

type Bytes = ArrayBuffer | ArrayBufferView;

const HIGHEST_ADDRESS = 127;
const HIGHEST_HZ = 20_000_000;

export function create(board: Pick<Board, "pins" | "i2c">): object {
	const { pins, i2c } = board;
	const isEsp8266 = pins.chip.name === "esp8266";
	const open = new Set<I2C>();

	class I2C {
		declare target: unknown;
		readonly data: number;
		readonly clock: number;
		readonly address: number;
		private isOpen = true;

		constructor(options: Options) {
			if (!isGiven(options, "data")) throw new RangeError("data required");
			if (!isGiven(options, "clock")) {
				throw new RangeError(isEsp8266 ? "address required" : "clock required");
			}
			if (!isGiven(options, "address")) throw new RangeError("address required");
			const data = busPin(options.data, "data");
			const clock = busPin(options.clock, "clock");
			const isShared = isOnBus(data, clock);
			if (!isShared && (pins.isRefused(data) || pins.isRefused(clock))) {
				throw new RangeError("inUse");
			}
			const address = pinOf(options.address);
			if (address > HIGHEST_ADDRESS) throw new RangeError("invalid address");
			checkRest(options, data, clock, address);
			this.data = data;
			this.clock = clock;
			this.address = address;
			if ("target" in options) this.target = options.target;
			if (!isShared) for (const pin of [data, clock]) pins.claimFor(pin, "bus");
			open.add(this);
		}

		get format(): string {
			return "buffer";
		}

		set format(value: string) {
			if (value !== "buffer") throw new RangeError();
		}

		/** @returns a buffer of so many bytes; the number of bytes for a buffer that was given */
		read(count: number | Bytes, _stop?: boolean): ArrayBuffer | number {
			this.checkOpen();
			const buffer = typeof count === "object" ? count : new ArrayBuffer(integerOf(count));
			const bytes = bytesOf(buffer);
			const found = i2c.read(this.address, bytes.length);
			if (bytes.length === 0 && found === undefined) return 1;
			if (found === undefined) throw new Error(isEsp8266 ? "i2c read failed" : "read failed");
			bytes.set(found);
			return typeof count === "object" ? bytes.length : (buffer as ArrayBuffer);
		}

		write(buffer: Bytes, _stop?: boolean): number | undefined {
			this.checkOpen();
			const bytes = bytesOf(buffer);
			const isTaken = i2c.write(this.address, bytes);
			if (bytes.length === 0) return isTaken ? undefined : 1;
			if (!isTaken) throw new Error(isEsp8266 ? "i2c write failed" : "write failed");
			return undefined;
		}

		/** Of the SDK, not of ECMA-419. */
		writeRead(buffer: Bytes, count: number | Bytes, _stop?: boolean): ArrayBuffer | number {
			this.checkOpen();
			const into = typeof count === "object" ? count : new ArrayBuffer(integerOf(count));
			const bytes = bytesOf(into);
			const isTaken = i2c.write(this.address, bytesOf(buffer).slice());
			const found = isTaken ? i2c.read(this.address, bytes.length) : undefined;
			if (found === undefined) throw new Error("writeRead failed");
			bytes.set(found);
			return typeof count === "object" ? bytes.length : (into as ArrayBuffer);
		}

		close(): void {
			if (!this.isOpen) return;
			this.isOpen = false;
			open.delete(this);
			if (!isOnBus(this.data, this.clock))
				for (const pin of [this.data, this.clock]) pins.release(pin);
		}

		private checkOpen(): void {
			if (!this.isOpen) throw new TypeError("invalid host object");
		}
	}

	function isOnBus(data: number, clock: number): boolean {
		return [...open].some((other) => other.data === data && other.clock === clock);
	}

	function busPin(value: unknown, name: string): number {
		const pin = pinOf(value);
		if (isEsp8266 && pin > 16) throw new RangeError(`invalid ${name}`);
		return pin;
	}

	function checkRest(options: Options, data: number, clock: number, address: number): void {
		for (const other of open) {
			if (other.data === data && other.clock === clock && other.address === address) {
				throw new RangeError("duplicate address");
			}
		}
		if (!pins.chip.isOutput(data) || !pins.chip.isOutput(clock)) {
			throw new RangeError("unusable pins");
		}
		const hz = integerOf(options.hz);
		if (hz <= 0 || hz > HIGHEST_HZ) throw new RangeError("invalid hz");
		if ((options.format || "buffer") !== "buffer") throw new RangeError("invalid format");
	}

	return { default: I2C };
}

/** The memory itself, not a copy. */
function bytesOf(buffer: Bytes): Uint8Array {
	if (!ArrayBuffer.isView(buffer)) return new Uint8Array(buffer);
	return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
