/**
 * The I2C bus of a board and what is on it. Always holds: an address has at most one device; what
 * nobody acknowledges is `undefined` or `false`, never made-up bytes. Must not know the SDK's
 * classes, nor which pins the bus is on.
 */

export interface I2cDevice {
	/** Whether it acknowledges. */
	write(bytes: Uint8Array): boolean;
	/** Undefined: it does not acknowledge. */
	read(count: number): Uint8Array | undefined;
}

export class I2cBus {
	private readonly devices = new Map<number, I2cDevice>();

	/** @param address 7 bits; @throws Error where there is a device already */
	attach(address: number, device: I2cDevice): void {
		if (this.devices.has(address)) throw new Error(`two devices at ${hex(address)}`);
		this.devices.set(address, device);
	}

	at(address: number): I2cDevice | undefined {
		return this.devices.get(address);
	}

	write(address: number, bytes: Uint8Array): boolean {
		return this.devices.get(address)?.write(bytes) ?? false;
	}

	read(address: number, count: number): Uint8Array | undefined {
		return this.devices.get(address)?.read(count);
	}
}

/** 0x48 */
export function hex(address: number): string {
	return `0x${address.toString(16).padStart(2, "0")}`;
}

const REGISTERS = 256;

/**
 * A device as most are: the first byte written is a register, the others go there and behind;
 * reading goes on from that register.
 */
export class RegisterDevice implements I2cDevice {
	readonly registers = new Uint8Array(REGISTERS);
	/** Acknowledges nothing. */
	isSilent = false;
	private pointer = 0;

	write(bytes: Uint8Array): boolean {
		if (this.isSilent) return false;
		if (bytes.length > 0) this.pointer = bytes[0];
		for (const byte of bytes.subarray(1)) this.registers[this.advance()] = byte;
		return true;
	}

	read(count: number): Uint8Array | undefined {
		if (this.isSilent) return undefined;
		return Uint8Array.from({ length: count }, () => this.registers[this.advance()]);
	}

	private advance(): number {
		const { pointer } = this;
		this.pointer = (pointer + 1) % REGISTERS;
		return pointer;
	}
}
