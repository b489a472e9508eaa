/**
 * Makes what entities drive: pins by the board's labels, drivers by their modules' names. Always
 * holds: an output has its level from the moment on which it is one; a module that only some
 * configurations need is loaded when the first entity asks for it, so that the others pay nothing.
 * Must not know entities.
 */

import type { Json } from "./checker";
import type {
	AnalogInput,
	DigitalInput,
	DigitalOutput,
	EntityIo,
	PinTarget,
	PwmOutput,
	SensorDriver,
} from "./entities/entity";
import { pinNumber } from "./pins";

interface DigitalOptions {
	pin: number;
	mode: number;
	activeLow?: boolean;
	initialValue?: 0 | 1;
	edge?: number;
	target?: PinTarget;
	onReadable?: (this: { target: PinTarget }) => void;
}

/** ECMA-419 Digital, as far as it is used. */
export interface DigitalConstructor {
	readonly Input: number;
	readonly InputPullUp: number;
	readonly InputPullDown: number;
	readonly Output: number;
	readonly Rising: number;
	readonly Falling: number;
	new (options: DigitalOptions): DigitalOutput & DigitalInput;
}

/** The SDK's `modules`. */
export interface ModulesModule {
	has(name: string): boolean;
	/** The default export. */
	importNow(name: string): unknown;
}

/** A device on a bus; closing it twice is nothing. */
interface Closable {
	close(): void;
}

const PWM = "embedded:io/pwm";
const ANALOG = "embedded:io/analog";
const SMBUS = "embedded:io/smbus";

/** One function for all pins: their target is whom it is for. */
const PIN_EVENTS = Object.freeze({
	onReadable(this: { target: PinTarget }): void {
		this.target.handlePin();
	},
});

export class BoardIo implements EntityIo {
	private readonly board: Json;
	private readonly Digital: DigitalConstructor;
	private readonly modules: ModulesModule;
	/** What drivers opened last, by bus, driver and address; there with the first sensor. */
	private opened: Record<string, Closable | undefined> | undefined;

	/** @param board checked */
	constructor(board: Json, Digital: DigitalConstructor, modules: ModulesModule) {
		this.board = board;
		this.Digital = Digital;
		this.modules = modules;
	}

	output(pin: string, activeLow: boolean, level: 0 | 1): DigitalOutput {
		const { Digital } = this;
		return new Digital({
			pin: pinNumber(this.board, pin),
			mode: Digital.Output,
			activeLow,
			initialValue: level,
		});
	}

	input(pin: string, activeLow: boolean, pull: number, target: PinTarget): DigitalInput {
		const { Digital } = this;
		const pulled = pull === 1 ? Digital.InputPullUp : Digital.InputPullDown;
		return new Digital({
			pin: pinNumber(this.board, pin),
			mode: pull === 0 ? Digital.Input : pulled,
			activeLow,
			edge: Digital.Rising | Digital.Falling,
			target,
			onReadable: PIN_EVENTS.onReadable,
		});
	}

	pwm(pin: string, hz: number): PwmOutput {
		const Pwm = this.load(PWM) as new (options: { pin: number; hz: number }) => PwmOutput;
		return new Pwm({ pin: pinNumber(this.board, pin), hz });
	}

	analog(pin: string): AnalogInput {
		const Analog = this.load(ANALOG) as new (options: { pin: number }) => AnalogInput;
		return new Analog({ pin: pinNumber(this.board, pin) });
	}

	sensor(driver: string, bus: string, address: number | undefined): SensorDriver {
		const Driver = this.load(driver) as new (options: { sensor: object }) => SensorDriver;
		const Bus = this.load(SMBUS) as new (options: object) => Closable;
		const key = `${bus} ${driver} ${address}`;
		this.opened ??= {};
		const { opened } = this;
		// A driver that gave up has left its device open, and the SDK opens an address only once.
		opened[key]?.close();
		// Drivers say `new io(…)`: no arrow.
		function open(options: object): Closable {
			const device = new Bus(options);
			opened[key] = device;
			return device;
		}
		const buses = this.board.buses as Readonly<Record<string, { data: string; clock: string }>>;
		const { data, clock } = buses[bus];
		const sensor: Record<string, unknown> = {
			io: open,
			data: pinNumber(this.board, data),
			clock: pinNumber(this.board, clock),
		};
		// Missing: the driver's own.
		if (address !== undefined) sensor.address = address;
		return new Driver({ sensor });
	}

	/** Default export of a module of the image; throws Error when it has none by that name. */
	load(name: string): unknown {
		const { modules } = this;
		if (!modules.has(name)) throw new Error(`${name} is not in this image`);
		return modules.importNow(name);
	}
}
