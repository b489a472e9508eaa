/**
 * Stands in for the SDK's `embedded:io/smbus` (modules/io/i2c/smbus.js): registers of one or two
 * bytes over `embedded:io/i2c`, little-endian unless asked otherwise. Errors are the bus's.
 */

import type { Board } from "../../../world/board";
import { create as createI2c } from "./i2c";

type Bytes = ArrayBuffer | ArrayBufferView;

interface I2cObject {
	close(): void;
	read(count: number | Bytes, stop?: boolean): ArrayBuffer | number;
	write(buffer: Bytes, stop?: boolean): number | undefined;
	writeRead(buffer: Bytes, count: number | Bytes, stop?: boolean): ArrayBuffer | number;
}

type I2cClass = new (options: object) => I2cObject;
/** Of the same power-on: the two modules know of each other's devices. */
interface ModuleSource {
	load(name: string): object;
}

export function create(board: Pick<Board, "pins" | "i2c">, source?: ModuleSource): object {
	const module = source?.load("embedded:io/i2c") ?? createI2c(board);
	const I2C = (module as { default: I2cClass }).default;

	class SMBus {
		private io: I2cObject | undefined;
		private readonly stop: boolean | undefined;

		constructor(options: { stop?: boolean }) {
			this.io = new I2C(options);
			if (options.stop) this.stop = true;
		}

		get format(): string {
			return "buffer";
		}

		set format(value: string) {
			if (value !== "buffer") throw new RangeError();
		}

		close(): void {
			this.io?.close();
			this.io = undefined;
		}

		readUint8(register: number): number {
			return this.registers(register, 1)[0];
		}

		readUint16(register: number, bigEndian?: boolean): number {
			const [first, second] = this.registers(register, 2);
			return bigEndian ? (first << 8) | second : (second << 8) | first;
		}

		readBuffer(register: number, buffer: number | Bytes): ArrayBuffer | number {
			return this.bus().writeRead(Uint8Array.of(register), buffer, this.stop);
		}

		writeUint8(register: number, byte: number): void {
			this.bus().write(Uint8Array.of(register, byte));
		}

		writeUint16(register: number, word: number, bigEndian?: boolean): void {
			const [high, low] = [word >> 8, word];
			const bytes = bigEndian ? [register, high, low] : [register, low, high];
			this.bus().write(Uint8Array.of(...bytes));
		}

		writeBuffer(register: number, buffer: Bytes): void {
			if (ArrayBuffer.isView(buffer) && (buffer as Uint8Array).BYTES_PER_ELEMENT > 1) {
				throw new TypeError();
			}
			const bytes = ArrayBuffer.isView(buffer) ? (buffer as Uint8Array) : new Uint8Array(buffer);
			this.bus().write(Uint8Array.of(register, ...bytes));
		}

		sendByte(command: number): void {
			this.bus().write(Uint8Array.of(command));
		}

		receiveByte(): number {
			const byte = new Uint8Array(1);
			this.bus().read(byte);
			return byte[0];
		}

		readQuick(): void {
			this.bus().read(0);
		}

		writeQuick(): void {
			this.bus().write(new ArrayBuffer(0));
		}

		read(count: number | Bytes, stop = true): ArrayBuffer | number {
			return this.bus().read(count, stop);
		}

		write(buffer: Bytes, stop = true): number | undefined {
			return this.bus().write(buffer, stop);
		}

		writeRead(buffer: Bytes, count: number | Bytes, stop = true): ArrayBuffer | number {
			return this.bus().writeRead(buffer, count, stop);
		}

		private registers(register: number, count: number): Uint8Array {
			const bytes = new Uint8Array(count);
			this.bus().writeRead(Uint8Array.of(register), bytes, this.stop);
			return bytes;
		}

		private bus(): I2cObject {
			// As in the SDK, where a closed one is an undefined member.
			if (this.io === undefined) throw new TypeError("cannot coerce undefined to object");
			return this.io;
		}
	}

	return { default: SMBus };
}
