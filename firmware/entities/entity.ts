/**
 * What every entity is to the rest of the node: an id, a state, commands it takes, a moment at
 * which it wants to be called. Always holds: an entity changes a pin only in its constructor (with
 * the level that its restore mode says), in apply(), handleTimeout(), handleContact() or on its own
 * pin's event; `stateDue` is set after the pin has changed. Must not know topics, sessions, timers
 * or modules: pins and drivers come from EntityIo, the time is an argument.
 */

import type { Json } from "../checker";
import type { Command } from "./command";

/** ECMA-419 Digital, an output. Levels are logical: activeLow is the pin's business. */
export interface DigitalOutput {
	write(value: 0 | 1): void;
}

/** ECMA-419 Digital, an input. */
export interface DigitalInput {
	read(): 0 | 1;
}

/** ECMA-419 PWM: duty from 0 to 2 ** resolution - 1. */
export interface PwmOutput {
	readonly resolution: number;
	write(duty: number): void;
}

/** ECMA-419 Analog: 0 to 2 ** resolution - 1. */
export interface AnalogInput {
	readonly resolution: number;
	read(): number;
}

/** ECMA-419 sensor class pattern, as the SDK's drivers have it. */
export interface SensorDriver {
	configure?(options: object): void;
	/** One number or text per key, or records of them (`{thermometer: {temperature: 21.5}}`). */
	sample(): object | undefined;
}

/** Makes what an entity drives. Pins are the board's labels; each method may throw Error. */
export interface EntityIo {
	/** @param level logical, from the moment on which the pin is an output */
	output(pin: string, activeLow: boolean, level: 0 | 1): DigitalOutput;
	/**
	 * @param pull 0 none, 1 up, 2 down
	 * @param target whose handlePin() is called at each edge, in a turn of its own
	 */
	input(pin: string, activeLow: boolean, pull: number, target: PinTarget): DigitalInput;
	/** Duty is 0 until written; `activeLow` has to be done by the caller. */
	pwm(pin: string, hz: number): PwmOutput;
	analog(pin: string): AnalogInput;
	/**
	 * A driver of `$(MODDABLE)/modules/drivers/sensors` by its module's name, on the board's bus of
	 * that name ("i2c"), with the options given beside address.
	 */
	sensor(driver: string, bus: string, address: number | undefined): SensorDriver;
	/** Default export of a module of the image. */
	load(name: string): unknown;
}

export interface PinTarget {
	handlePin(): void;
}

/** What an entity may ask of and tell to the node. */
export interface EntityOwner {
	/** int32 milliseconds that wrap; for pins' events only, everything else is given the time. */
	now(): number;
	/** Something changed on a pin's event: state, report or next timeout. */
	handleEntityChanged(): void;
	/**
	 * A report at QoS 1 that waits in the outbox: `{members,"time":…,"unix_ms":…}`, null where
	 * there is no time.
	 * @param leaf of the topic: "state" or "problem"
	 * @param members JSON without the braces
	 * @param ageMs how long ago it was
	 */
	report(entity: Entity, leaf: string, members: string, retain: boolean, ageMs?: number): void;
	/** All of the node. */
	readonly entities: readonly Entity[];
	/** The entity with that id, for a button that drives it. */
	find(id: string): Entity | undefined;
}

export abstract class Entity {
	/** As in the site: frozen, in flash, checked; another record where `config` changed it. */
	options: Json;
	/** The state has to be published: it changed, or nobody was told yet. */
	stateDue = true;
	/** Set before anything is called. */
	declare owner: EntityOwner;

	constructor(options: Json) {
		this.options = options;
	}

	get id(): string {
		return this.options.id as string;
	}

	/** The broker may know nothing of it: what it says once is to be said again. */
	forgetPublished(): void {
		this.stateDue = true;
	}

	/** Whether there is a topic to set it. */
	get takesCommands(): boolean {
		return false;
	}

	/** Payload of the state topic (retained); "" for an entity that has only reports. */
	get state(): string {
		return "";
	}

	/** The state in a result: ON or OFF. */
	get word(): string {
		return this.state;
	}

	/** What the state will be in a moment ("ON": it waits for its turn); "" for nothing. */
	get pending(): string {
		return "";
	}

	/** Members of its component in Home Assistant's discovery, `"p"` first; "": not announced. */
	get discovery(): string {
		return "";
	}

	/** What has to be kept over a reboot, printable ASCII, 28 characters at most; "" for nothing. */
	get kept(): string {
		return "";
	}

	/**
	 * Carries out a command that was parsed and may be executed.
	 * @returns "" when it is done, else why it is refused, with what would be allowed
	 */
	apply(_command: Command, _now: number): string {
		return "takes no commands";
	}

	handleTimeout(_now: number): void {}

	/** Milliseconds until handleTimeout() is due, or -1. */
	pollTimeout(_now: number): number {
		return -1;
	}

	/** The connection to the broker came up or went down; the first call is "down" at boot. */
	handleContact(_online: boolean, _now: number): void {}
}
