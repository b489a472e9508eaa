/**
 * A chip on a bus, by its driver of the SDK's `modules/drivers/sensors` (ECMA-419 sensor class
 * pattern: constructor, configure(), sample()). Always holds: what a driver throws ends here; a
 * sensor that fails says so once, in its own words, and once when it is back; a reading without a
 * value is null. What cannot be helped: a sample that does not return stops the node. Must not know
 * buses or topics.
 */

import type { Json } from "../checker";
import type { EntityIo, SensorDriver } from "./entity";
import { differs, rounded, SampledEntity } from "./reporting";

const enum Const {
	DECIMALS = 2,
	TEXT_LIMIT = 64,
	PROBLEM_LIMIT = 120,
}

/** How much of it fails. */
const enum Trouble {
	/** Nothing was said since the boot; a problem from before it may stand at the broker. */
	Unknown = -1,
	None = 0,
	Some = 1,
	All = 2,
}

type Value = number | string | boolean | null;
type Values = Record<string, Value>;

/** Some drivers have it. */
interface Closable {
	close?(): void;
}

export class Sensor extends SampledEntity<Values> {
	private readonly io: EntityIo;
	private driver: SensorDriver | undefined;
	private trouble: number = Trouble.Unknown;

	constructor(options: Json, io: EntityIo, _kept: string) {
		super(options);
		this.io = io;
	}

	protected override get hasDelta(): boolean {
		const readings = this.options.readings as Json;
		for (const key in readings) if (this.deltaOf(key) !== undefined) return true;
		return false;
	}

	protected override sample(): Values | undefined {
		let found: unknown;
		try {
			this.driver ??= this.open();
			found = this.driver.sample();
		} catch (error) {
			this.drop();
			this.say(Trouble.All, messageOf(error));
			return undefined;
		}
		if (typeof found !== "object" || found === null) {
			this.say(Trouble.All, "no sample");
			return undefined;
		}
		return this.valuesOf(found as Json);
	}

	protected override isChanged(values: Values, reported: Values): boolean {
		for (const key in values) {
			const value = values[key];
			const before = reported[key];
			const delta = this.deltaOf(key);
			if (delta === undefined) continue;
			const isNumber = typeof value === "number" && typeof before === "number";
			if (isNumber ? differs(value, before, delta) : value !== before) return true;
		}
		return false;
	}

	protected override membersOf(values: Values): string {
		let members = "";
		for (const key in values) {
			if (members !== "") members += ",";
			members += `"${key}":${JSON.stringify(values[key])}`;
		}
		return members;
	}

	override forgetPublished(): void {
		super.forgetPublished();
		this.trouble = Trouble.Unknown;
	}

	private deltaOf(key: string): number | undefined {
		return (this.readingOf(key).delta ?? this.options.delta) as number | undefined;
	}

	private readingOf(key: string): Json {
		return (this.options.readings as Json)[key] as Json;
	}

	private open(): SensorDriver {
		const { address, bus, configure, driver } = this.options;
		const opened = this.io.sensor(
			driver as string,
			(bus as string | undefined) ?? "i2c",
			address as number | undefined,
		);
		// Kept at once: a bus gives an address to one driver at a time.
		this.driver = opened;
		if (configure !== undefined) opened.configure?.(configure as object);
		return opened;
	}

	/** A new driver sets up a chip that lost its power; one that cannot be closed is used again. */
	private drop(): void {
		try {
			(this.driver as Closable | undefined)?.close?.();
			this.driver = undefined;
		} catch {}
	}

	/** Values of all readings, or undefined where there is none. */
	private valuesOf(found: Json): Values | undefined {
		const values: Values = {};
		let missing = "";
		let isAll = true;
		for (const key in this.options.readings as Json) {
			const value = this.valueOfReading(found, key);
			values[key] = value;
			if (value !== null) isAll = false;
			else missing += missing === "" ? key : `, ${key}`;
		}
		if (missing === "") this.say(Trouble.None, "");
		else this.say(isAll ? Trouble.All : Trouble.Some, `no value of ${missing}`);
		return isAll ? undefined : values;
	}

	private valueOfReading(found: Json, key: string): Value {
		const value = find(found, key);
		if (typeof value === "string") return value.slice(0, Const.TEXT_LIMIT);
		if (typeof value === "boolean") return value;
		if (typeof value !== "number" || !Number.isFinite(value)) return null;
		const { decimals } = this.readingOf(key);
		return rounded(value, (decimals as number | undefined) ?? Const.DECIMALS);
	}

	private say(trouble: number, text: string): void {
		if (trouble === this.trouble) return;
		this.trouble = trouble;
		const problem = trouble === Trouble.None ? "null" : JSON.stringify(text);
		this.owner.report(this, "problem", `"problem":${problem}`, true);
	}
}

/**
 * The reading of that name in a sample: of its own, else in one of the sample's records, else
 * `record_name` where records have the same names (`gyroscope_x`).
 */
const find = (sample: Json, key: string): unknown => {
	if (!isRecord(sample[key]) && sample[key] !== undefined) return sample[key];
	for (const name in sample) {
		const record = sample[name];
		if (!isRecord(record)) continue;
		if (record[key] !== undefined) return record[key];
		if (key.startsWith(`${name}_`)) return record[key.slice(name.length + 1)];
	}
	return undefined;
};

const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null;

const messageOf = (error: unknown): string => {
	const text = error instanceof Error && error.message !== "" ? error.message : `${error}`;
	return text.slice(0, Const.PROBLEM_LIMIT);
};
