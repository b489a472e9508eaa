/** The stand-ins for `embedded:io/i2c` and `embedded:io/smbus`: modules/io/i2c of the SDK. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { create as createI2c } from "../../../../../host-sim/modules/embedded/io/i2c";
import { create as createSmbus } from "../../../../../host-sim/modules/embedded/io/smbus";
import { chipOf } from "../../../../../host-sim/world/chips";
import { I2cBus, RegisterDevice } from "../../../../../host-sim/world/i2c-bus";
import { Pins } from "../../../../../host-sim/world/pins";

interface Bus {
	read(count: number | ArrayBufferView, stop?: boolean): ArrayBuffer | number;
	write(bytes: ArrayBuffer | ArrayBufferView): number | undefined;
	writeRead(bytes: ArrayBufferView, count: number | ArrayBufferView): ArrayBuffer | number;
	close(): void;
}
interface Registers extends Bus {
	readUint8(register: number): number;
	readUint16(register: number, bigEndian?: boolean): number;
	readBuffer(register: number, buffer: number | ArrayBufferView): ArrayBuffer | number;
	writeUint8(register: number, byte: number): void;
	writeUint16(register: number, word: number, bigEndian?: boolean): void;
	writeBuffer(register: number, buffer: ArrayBuffer | ArrayBufferView): void;
	sendByte(command: number): void;
	receiveByte(): number;
	readQuick(): void;
	writeQuick(): void;
}
type Class<T> = new (options: Record<string, unknown>) => T;

const PLACE = { data: 4, clock: 5, address: 0x48, hz: 100_000 };

function make(chip = "esp8266") {
	const pins = new Pins(chipOf({ chip }));
	const i2c = new I2cBus();
	const device = new RegisterDevice();
	i2c.attach(0x48, device);
	const module = createI2c({ pins, i2c }) as { default: Class<Bus> };
	const source = { load: () => module };
	const { default: SMBus } = createSmbus({ pins, i2c }, source) as { default: Class<Registers> };
	return { pins, i2c, device, I2C: module.default, SMBus };
}

test("registers of one and two bytes, little-endian unless asked otherwise", () => {
	const { SMBus, device } = make();
	const bus = new SMBus(PLACE);
	bus.writeUint16(0x10, 0x1234);
	assert.deepEqual([...device.registers.subarray(0x10, 0x12)], [0x34, 0x12]);
	bus.writeUint16(0x12, 0x1234, true);
	assert.deepEqual([...device.registers.subarray(0x12, 0x14)], [0x12, 0x34]);
	assert.equal(bus.readUint16(0x10), 0x1234);
	assert.equal(bus.readUint16(0x12, true), 0x1234);
	bus.writeUint8(0x20, 0x1ff);
	assert.equal(bus.readUint8(0x20), 0xff);
	bus.writeBuffer(0x30, Uint8Array.of(1, 2, 3));
	bus.writeBuffer(0x33, Uint8Array.of(4).buffer);
	assert.throws(() => bus.writeBuffer(0x30, new Uint16Array(1)), TypeError);
	assert.deepEqual([...new Uint8Array(bus.readBuffer(0x30, 4) as ArrayBuffer)], [1, 2, 3, 4]);
	const part = new Uint8Array(4);
	assert.equal(bus.readBuffer(0x31, part.subarray(1, 3)), 2);
	assert.deepEqual([...part], [0, 2, 3, 0]);
	bus.sendByte(0x32);
	assert.equal(bus.receiveByte(), 3);
});

test("reads and writes without a register; the buffer that was given is filled", () => {
	const { I2C, device } = make();
	device.registers.set([7, 8, 9]);
	const bus = new I2C(PLACE);
	bus.write(Uint8Array.of(1));
	const into = new Uint8Array(2);
	assert.equal(bus.read(into), 2);
	assert.deepEqual([...into], [8, 9]);
	assert.deepEqual([...new Uint8Array(bus.writeRead(Uint8Array.of(0), 2) as ArrayBuffer)], [7, 8]);
	assert.equal(bus.write(new ArrayBuffer(0)), undefined, "quick, acknowledged");
});

test("nobody at the address: the SDK's errors, and 1 for quick commands", () => {
	for (const [chip, read, write] of [
		["esp8266", /^Error: i2c read failed$/, /^Error: i2c write failed$/],
		["esp32", /^Error: read failed$/, /^Error: write failed$/],
	] as const) {
		const { I2C, SMBus } = make(chip);
		const bus = new I2C({ ...PLACE, address: 0x49 });
		assert.throws(() => bus.read(1), read);
		assert.throws(() => bus.write(Uint8Array.of(1)), write);
		assert.throws(() => bus.writeRead(Uint8Array.of(1), 1), /^Error: writeRead failed$/);
		assert.equal(bus.read(0), 1);
		assert.equal(bus.write(new ArrayBuffer(0)), 1);
		const registers = new SMBus({ ...PLACE, address: 0x4a });
		assert.throws(() => registers.readUint8(0), /writeRead failed/);
		assert.throws(() => registers.writeUint8(0, 1), write);
	}
});

test("a device that falls silent fails, and comes back", () => {
	const { SMBus, device } = make();
	const bus = new SMBus(PLACE);
	device.isSilent = true;
	assert.throws(() => bus.readUint16(0), /writeRead failed/);
	device.isSilent = false;
	assert.equal(bus.readUint16(0), 0);
});

test("devices share the bus's pins; an address has one user; close frees", () => {
	const { I2C, SMBus, pins } = make();
	const first = new I2C(PLACE);
	assert.throws(() => new SMBus(PLACE), /^RangeError: duplicate address$/);
	const second = new SMBus({ ...PLACE, address: 0x49 });
	assert.throws(() => new I2C({ ...PLACE, data: 12 }), /^RangeError: inUse$/);
	assert.equal(pins.use(4), "bus");
	first.close();
	first.close();
	assert.throws(() => first.read(1), TypeError);
	assert.equal(pins.isFree(4), false);
	second.close();
	assert.ok(pins.isFree(4) && pins.isFree(5));
	assert.throws(() => second.readUint8(0), TypeError);
});

test("wrong options are refused, and leave the pins free", () => {
	const { I2C, pins } = make();
	const wrong: [Record<string, unknown>, RegExp][] = [
		[{ data: undefined }, /^Error: invalid$/],
		[{ data: 17 }, /^RangeError: invalid data$/],
		[{ clock: 17 }, /^RangeError: invalid clock$/],
		[{ address: 128 }, /^RangeError: invalid address$/],
		// A driver's default is lost by it.
		[{ address: undefined }, /^Error: invalid$/],
		[{ hz: 0 }, /^RangeError: invalid hz$/],
		[{ hz: 20_000_001 }, /invalid hz/],
		[{ format: "number" }, /^RangeError: invalid format$/],
	];
	for (const [options, reason] of wrong) {
		assert.throws(() => new I2C({ ...PLACE, ...options }), reason);
	}
	const { data, clock, address } = PLACE;
	assert.throws(() => new I2C({ clock, address }), /^RangeError: data required$/);
	assert.throws(() => new I2C({ data, address }), /^RangeError: address required$/);
	assert.throws(() => new I2C({ data, clock }), /^RangeError: address required$/);
	assert.ok(pins.isFree(4) && pins.isFree(5));
	pins.claimOutput(4, 0);
	assert.throws(() => new I2C(PLACE), /inUse/);
	const esp32 = make("esp32");
	assert.throws(() => new esp32.I2C({ ...PLACE, data: 34 }), /^RangeError: unusable pins$/);
});
