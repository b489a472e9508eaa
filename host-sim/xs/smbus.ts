/**
 * Stands in for `embedded:io/smbus` where the SDK has none: on Linux, in the SDK's own simulator.
 * What answers is a TMP117 (TI SNOSD82, 7.6: registers of 16 bits, the high byte first), so that
 * the SDK's own driver works on it; its temperature is world.ts's.
 */

import World from "./world";

interface Options {
	data: number;
	clock: number;
	address: number;
	hz: number;
}

const TEMPERATURE = 0x00;
const CONFIGURATION = 0x01;
const DEVICE_ID = 0x0f;
const ID = 0x0117;
const CONFIGURATION_AT_RESET = 0x0220;
const SOFT_RESET = 0x0002;
const DATA_READY = 0x2000;
const CELSIUS_PER_BIT = 0.0078125;

const used = new Set<number>();
const registers = new Map<number, number>();

export default class SMBus {
	private readonly address: number;

	constructor(options: Options) {
		const { address, hz } = options;
		for (const name of ["data", "clock", "address"]) {
			if (!(name in options)) throw new RangeError(`${name} required`);
		}
		if (!(address >= 0 && address <= 127)) throw new RangeError("invalid address");
		if (used.has(address)) throw new RangeError("duplicate address");
		if (!(hz > 0)) throw new RangeError("invalid hz");
		used.add(address);
		this.address = address;
	}

	close(): void {
		used.delete(this.address);
	}

	readUint8(register: number): number {
		return this.get(register) >> 8;
	}

	readUint16(register: number, bigEndian?: boolean): number {
		const word = this.get(register);
		return bigEndian ? word : swapped(word);
	}

	writeUint16(register: number, word: number, bigEndian?: boolean): void {
		if (!World.answers(this.address)) throw new Error("write failed");
		const value = (bigEndian ? word : swapped(word)) & 0xffff;
		const isReset = register === CONFIGURATION && (value & SOFT_RESET) !== 0;
		registers.set(register, isReset ? CONFIGURATION_AT_RESET : value);
	}

	private get(register: number): number {
		if (!World.answers(this.address)) throw new Error("writeRead failed");
		if (register === DEVICE_ID) return ID;
		if (register === TEMPERATURE) {
			return Math.round(World.temperature(this.address) / CELSIUS_PER_BIT) & 0xffff;
		}
		const value = registers.get(register) ?? 0;
		return register === CONFIGURATION ? value | DATA_READY : value;
	}
}

function swapped(word: number): number {
	return ((word & 0xff) << 8) | ((word >> 8) & 0xff);
}
