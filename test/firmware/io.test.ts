import assert from "node:assert/strict";
import { test } from "node:test";
import type { PinTarget } from "../../firmware/entities/entity";
import { BoardIo, type DigitalConstructor } from "../../firmware/io";

const BOARD = {
	pins: { D1: { gpio: 5 }, D2: { gpio: 4 }, A0: { adc: 0 } },
	buses: { i2c: { data: "D2", clock: "D1" } },
};

class Pin {
	static readonly Input = 0;
	static readonly InputPullUp = 1;
	static readonly InputPullDown = 2;
	static readonly Output = 8;
	static readonly Rising = 1;
	static readonly Falling = 2;
	readonly options: Record<string, unknown>;
	target: unknown;
	constructor(options: Record<string, unknown>) {
		this.options = options;
		this.target = options.target;
	}
}

const Digital = Pin as unknown as DigitalConstructor;

/** As the SDK's: an address is opened once. */
function bus() {
	const open = new Set<number>();
	class Bus {
		readonly options: { address: number };
		constructor(options: { address: number }) {
			if (open.has(options.address)) throw new RangeError("duplicate address");
			open.add(options.address);
			this.options = options;
		}
		close(): void {
			open.delete(this.options.address);
		}
	}
	return { Bus, open };
}

function ioWith(modules: Record<string, unknown>): BoardIo {
	return new BoardIo(BOARD, Digital, {
		has: (name) => name in modules,
		importNow: (name) => modules[name],
	});
}

test("pins are the board's, with the level from the first moment", () => {
	const io = ioWith({});
	const output = io.output("D1", true, 1) as unknown as Pin;
	assert.deepEqual(output.options, { pin: 5, mode: 8, activeLow: true, initialValue: 1 });
	let edges = 0;
	const target: PinTarget = { handlePin: () => void edges++ };
	for (const [pull, mode] of [
		[0, 0],
		[1, 1],
		[2, 2],
	]) {
		const input = io.input("D2", false, pull, target) as unknown as Pin;
		assert.deepEqual([input.options.pin, input.options.mode, input.options.edge], [4, mode, 3]);
		(input.options.onReadable as () => void).call(input);
	}
	assert.equal(edges, 3);
});

test("a module that the image has not is named", () => {
	const io = ioWith({});
	assert.throws(() => io.pwm("D1", 1000), /embedded:io\/pwm is not in this image/);
	assert.throws(() => io.load("entity/fan"), /entity\/fan is not in this image/);
});

test("a sensor gets the bus's pins, its address or the driver's own, and comes back", () => {
	const { Bus, open } = bus();
	let isThere = false;
	class Driver {
		readonly device: InstanceType<typeof Bus>;
		constructor({ sensor }: { sensor: { io: typeof Bus; address?: number } }) {
			// As the SDK's drivers do it.
			this.device = new sensor.io({ hz: 100, address: 0x48, ...sensor } as never);
			if (!isThere) throw new Error("no answer");
		}
		sample(): object {
			return {};
		}
	}
	const io = ioWith({ driver: Driver, "embedded:io/smbus": Bus });
	for (let i = 0; i < 3; i++) {
		assert.throws(() => io.sensor("driver", "i2c", undefined), /no answer/);
	}
	isThere = true;
	const made = io.sensor("driver", "i2c", undefined) as Driver;
	const { address, data, clock } = made.device.options as Record<string, unknown>;
	assert.deepEqual([address, data, clock], [0x48, 4, 5]);
	io.sensor("driver", "i2c", 0x49);
	assert.deepEqual([...open].sort(), [0x48, 0x49]);
});
