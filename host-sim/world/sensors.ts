/**
 * The sensors of a board: what each measures, and whether it works. Always holds: a sensor that
 * works answers on the bus at its address; one that is broken does not, or has nothing to tell.
 * Must not know how drivers talk to it: they look at the bus, and ask for the sample here.
 */

import { DRIVER_PREFIX, type DriverFacts, driverFacts, type Sample } from "./drivers";
import { type I2cBus, RegisterDevice } from "./i2c-bus";

export type Reading = number | boolean;
/** "silent": the bus has no answer; "empty": nothing is ready, ever. */
export type Failure = "" | "silent" | "empty";

export class SimulatedSensor {
	readonly name: string;
	readonly driver: string;
	readonly address: number | undefined;
	readonly device = new RegisterDevice();
	private readonly facts: DriverFacts;
	private readonly values = new Map<string, Reading>();
	private state: Failure = "";

	constructor(name: string, driver: string, facts: DriverFacts, address: number | undefined) {
		this.name = name;
		this.driver = driver;
		this.facts = facts;
		this.address = address ?? facts.address;
		for (const [path, value] of leaves(facts.sample)) this.values.set(path, value);
	}

	/** What can be set: `temperature`, `accelerometer_x`; short where that is clear. */
	get readings(): readonly string[] {
		return [...this.values.keys()].map((path) => this.shortOf(path));
	}

	/** The name in `readings` of a reading that may be named in full; undefined: there is none. */
	nameOf(name: string): string | undefined {
		const path = this.pathOf(name);
		return path === undefined ? undefined : this.shortOf(path);
	}

	get failure(): Failure {
		return this.state;
	}

	set failure(failure: Failure) {
		this.state = failure;
		this.device.isSilent = failure === "silent";
	}

	/** Undefined: there is no such reading. */
	reading(name: string): Reading | undefined {
		return this.values.get(this.pathOf(name) ?? "");
	}

	/** Whether there is such a reading. */
	set(name: string, value: Reading): boolean {
		const path = this.pathOf(name);
		if (path === undefined) return false;
		this.values.set(path, value);
		return true;
	}

	/** As the driver's sample() gives it; undefined while there is nothing to tell. */
	sample(): object | undefined {
		if (this.state === "empty") return undefined;
		return this.shaped(this.facts.sample, "");
	}

	private shaped(shape: Sample, prefix: string): object {
		const entries = Object.entries(shape).map(([name, part]) => {
			const path = prefix + name;
			if (Array.isArray(part)) return [name, Float32Array.from(part as number[])];
			if (typeof part === "object") return [name, this.shaped(part as Sample, `${path}_`)];
			return [name, this.values.get(path)];
		});
		return Object.fromEntries(entries) as object;
	}

	private shortOf(path: string): string {
		const short = lastOf(path);
		return this.pathOf(short) === path ? short : path;
	}

	private pathOf(name: string): string | undefined {
		if (this.values.has(name)) return name;
		const found = [...this.values.keys()].filter((path) => lastOf(path) === name);
		return found.length === 1 ? found[0] : undefined;
	}
}

export class Sensors {
	private readonly bus: I2cBus;
	private readonly sensors: SimulatedSensor[] = [];

	constructor(bus: I2cBus) {
		this.bus = bus;
	}

	/**
	 * Puts a sensor on the bus.
	 * @param driver module's name
	 * @param address missing: the driver's own
	 * @returns undefined when no driver has that name
	 */
	add(name: string, driver: string, address?: number): SimulatedSensor | undefined {
		const facts = driverFacts(driver);
		if (facts === undefined) return undefined;
		const sensor = new SimulatedSensor(name, driver, facts, address);
		this.sensors.push(sensor);
		// Two at one address: the second is not there, whatever the site says.
		if (sensor.address !== undefined && this.bus.at(sensor.address) === undefined) {
			this.bus.attach(sensor.address, sensor.device);
		}
		return sensor;
	}

	/** The sensor that a driver has found; one that nobody has put there appears. */
	find(driver: string, address?: number): SimulatedSensor | undefined {
		const own = address ?? driverFacts(driver)?.address;
		const found = this.sensors.find((one) => one.driver === driver && one.address === own);
		return found ?? this.add(driver.slice(DRIVER_PREFIX.length), driver, address);
	}
}

function lastOf(path: string): string {
	return path.slice(path.lastIndexOf("_") + 1);
}

function leaves(sample: Sample, prefix = ""): [string, Reading][] {
	return Object.entries(sample).flatMap(([name, part]): [string, Reading][] => {
		if (Array.isArray(part)) return [];
		if (typeof part === "object") return leaves(part as Sample, `${prefix}${name}_`);
		return [[prefix + name, part]];
	});
}
