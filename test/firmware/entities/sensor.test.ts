import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSensor } from "../../../firmware/entities/check-sensor";
import type { SensorDriver } from "../../../firmware/entities/entity";
import { Sensor } from "../../../firmware/entities/sensor";
import { EntityRig, FakePlan, problemsOf } from "./entity-rig";

const TMP117 = "embedded:sensor/Temperature/TMP117";
const READINGS = { readings: { temperature: {} } };

/** What the next samples are: thrown where it is an Error. */
type Script = unknown[];

/** A sensor whose driver follows a script; the last entry for ever. */
function chip(options: object, script: Script): EntityRig & { log: string[] } {
	const rig = Object.assign(new EntityRig(), { log: [] as string[] });
	rig.makeDriver = (driver, bus, address) => {
		rig.log.push(`new ${driver} ${bus} ${address}`);
		const next = () => {
			const entry = script.length > 1 ? script.shift() : script[0];
			if (entry instanceof Error) throw entry;
			return entry as object;
		};
		return {
			configure: (wanted) => void rig.log.push(`configure ${JSON.stringify(wanted)}`),
			sample: next,
			close: () => void rig.log.push("close"),
		} as SensorDriver;
	};
	rig.add(Sensor, { driver: TMP117, intervalMs: 1000, ...READINGS, ...options });
	return rig;
}

test("nothing is made before it is sampled, then once, with bus, address and configuration", () => {
	const configure = { averaging: 8 };
	const rig = chip({ address: 0x49, configure }, [{ temperature: 1 }]);
	assert.deepEqual(rig.log, []);
	rig.pass(3000);
	assert.deepEqual(rig.log, [`new ${TMP117} i2c 73`, 'configure {"averaging":8}']);
	assert.equal(rig.told.length, 4);
	const plain = chip({ bus: "i2c1" }, [{ temperature: 1 }]).pass(0);
	assert.deepEqual((plain as typeof rig).log, [`new ${TMP117} i2c1 undefined`]);
});

test("readings are rounded, found in records, and only those that are configured", () => {
	const readings = {
		temperature: { decimals: 1 },
		humidity: { decimals: 0 },
		gyroscope_x: {},
		x: {},
		proximity: { decimals: 3 },
		near: {},
		gesture: {},
	};
	const rig = chip({ readings }, [
		{
			temperature: 21.4567,
			alert: 0,
			hygrometer: { humidity: 40.6, temperature: 99 },
			accelerometer: { x: 1.005, y: 2 },
			gyroscope: { x: -7.129 },
			proximity: { proximity: 0.12345, near: true },
			gestureDetector: { gesture: "UP" },
			list: [1, 2],
		},
	]).pass(0);
	assert.deepEqual(rig.told, [
		{
			temperature: 21.5,
			humidity: 41,
			gyroscope_x: -7.13,
			x: 1,
			proximity: 0.123,
			near: true,
			gesture: "UP",
		},
	]);
	assert.equal(rig.reports.find(({ leaf }) => leaf === "state")?.retain, true);
	assert.deepEqual(rig.problems, [null]);
});

test("a failure is told once, in the driver's words, tried again each interval, and once when it is back", () => {
	const failure = new Error("i2c read failed");
	const good = { temperature: 5 };
	const rig = chip({}, [good, failure, failure, failure, good, good, failure, good]);
	rig.pass(7000);
	assert.deepEqual(rig.problems, [null, "i2c read failed", null, "i2c read failed", null]);
	assert.deepEqual(
		rig.reports.filter(({ leaf }) => leaf === "state").map(({ at }) => at),
		[0, 4000, 5000, 7000],
	);
	for (const report of rig.reports) assert.equal(report.retain, true);
});

test("what was a problem before the boot is taken back by the first good sample", () => {
	assert.deepEqual(chip({}, [{ temperature: 1 }]).pass(5000).problems, [null]);
	assert.deepEqual(chip({}, [undefined]).pass(5000).problems, ["no sample"]);
});

test("each kind of failure has its words", () => {
	const cases: [unknown, string][] = [
		[undefined, "no sample"],
		[null, "no sample"],
		["Wave", "no sample"],
		[{}, "no value of temperature"],
		[{ temperature: Number.NaN }, "no value of temperature"],
		[{ temperature: Number.POSITIVE_INFINITY }, "no value of temperature"],
		[{ temperature: null }, "no value of temperature"],
		[{ thermometer: {} }, "no value of temperature"],
		[{ thermometer: { temperature: undefined } }, "no value of temperature"],
		[{ temperature: [21] }, "no value of temperature"],
		[new Error(""), "Error"],
		[new TypeError('a "b"'), 'a "b"'],
		[new Error("x".repeat(500)), "x".repeat(120)],
	];
	for (const [sample, problem] of cases) {
		const rig = chip({}, [sample]).pass(10_000);
		assert.deepEqual(rig.problems, [problem]);
		assert.deepEqual(rig.told, []);
	}
	const rig = chip({}, [{ temperature: 1 }]);
	rig.makeDriver = () => ({
		sample: () => {
			throw "a text";
		},
	});
	assert.deepEqual(rig.pass(0).problems, ["a text"]);
});

test("a reading without a value is null, and said once; the others go on", () => {
	const readings = { temperature: {}, humidity: {}, pressure: {} };
	const all = { temperature: 1, humidity: 2, pressure: 3 };
	const some = { temperature: 1, humidity: Number.NaN };
	const rig = chip({ readings }, [all, some, some, {}, some, all]).pass(5000);
	assert.deepEqual(rig.problems, [
		null,
		"no value of humidity, pressure",
		"no value of temperature, humidity, pressure",
		"no value of humidity, pressure",
		null,
	]);
	const partly = { temperature: 1, humidity: null, pressure: null };
	assert.deepEqual(rig.told, [all, partly, partly, partly, all]);
});

test("a driver that cannot be made is tried again at each interval", () => {
	const rig = chip({}, [{ temperature: 3 }]);
	const make = rig.makeDriver;
	let tries = 0;
	rig.makeDriver = (...given) => {
		if (++tries < 4) throw new Error("unexpected sensor");
		return make(...given);
	};
	rig.pass(6000);
	assert.equal(tries, 4);
	assert.deepEqual(rig.problems, ["unexpected sensor", null]);
	assert.deepEqual(
		rig.reports.filter(({ leaf }) => leaf === "state").map(({ at }) => at),
		[3000, 4000, 5000, 6000],
	);
});

test("after a failed sample the driver is closed and made anew; one that cannot be closed is kept", () => {
	const rig = chip({ configure: {} }, [new Error("gone"), { temperature: 3 }]).pass(2000);
	const made = [`new ${TMP117} i2c undefined`, "configure {}"];
	assert.deepEqual((rig as unknown as { log: string[] }).log, [...made, "close", ...made]);
	let count = 0;
	let fails = true;
	const stuck = chip({}, [{}]);
	stuck.makeDriver = () => {
		count++;
		return {
			sample: () => {
				if (fails) throw new Error("gone");
				return { temperature: 1 };
			},
			close: () => {
				throw new Error("read failed");
			},
		} as SensorDriver;
	};
	stuck.pass(3000);
	fails = false;
	stuck.pass(1000);
	assert.equal(count, 1);
	assert.deepEqual(stuck.problems, ["gone", null]);
	// A driver without close().
	let opened = 0;
	const open = chip({}, [{}]);
	open.makeDriver = () => {
		opened++;
		return {
			sample: () => {
				throw new Error("gone");
			},
		};
	};
	open.pass(2000);
	assert.equal(opened, 3);
});

test("a configuration that the driver refuses is a problem, and no driver without it samples", () => {
	const rig = chip({ configure: {} }, [{ temperature: 3 }]);
	rig.makeDriver = () => ({
		configure: () => {
			throw new RangeError("invalid rate");
		},
		sample: () => ({ temperature: 3 }),
	});
	rig.pass(5000);
	assert.deepEqual(rig.problems, ["invalid rate"]);
	assert.deepEqual(rig.told, []);
});

test("delta of a reading goes before the entity's; text counts as changed when it is another", () => {
	const readings = { temperature: { delta: 1 }, humidity: {}, gesture: {} };
	const samples = (values: [number, number, string][]) =>
		values.map(([temperature, humidity, gesture]) => ({ temperature, humidity, gesture }));
	const script: [number, number, string][] = [
		[20, 40, "UP"],
		[20.9, 40, "UP"],
		[21, 40, "UP"],
		[21, 44.9, "UP"],
		[21, 45, "UP"],
		[21, 45, "DOWN"],
		[21, 45, "DOWN"],
	];
	const both = chip({ readings, delta: 5, maximumMs: 86_400_000 }, samples(script)).pass(20_000);
	assert.deepEqual(
		both.reports.filter(({ leaf }) => leaf === "state").map(({ at }) => at),
		[0, 2000, 4000, 5000],
	);
	// Without the entity's, readings that have none do not decide.
	const one = chip({ readings, maximumMs: 86_400_000 }, samples(script)).pass(20_000);
	assert.deepEqual(
		one.reports.filter(({ leaf }) => leaf === "state").map(({ at }) => at),
		[0, 2000],
	);
	// No delta at all: every sample.
	assert.equal(chip({}, [{ temperature: 1 }]).pass(5000).told.length, 6);
});

test("with a delta, a reading that is lost or back is reported, and so is the first after a failure", () => {
	const readings = { temperature: {}, humidity: {} };
	const all = { temperature: 1, humidity: 2 };
	const script = [all, all, { temperature: 1 }, { temperature: 1 }, all, undefined, all, all];
	const rig = chip({ readings, delta: 1 }, script).pass(20_000);
	assert.deepEqual(
		rig.reports.filter(({ leaf }) => leaf === "state").map(({ at }) => at),
		[0, 2000, 4000, 6000],
	);
});

test("an entry that is right, and each thing that can be wrong", () => {
	const has = (name: string) => name === TMP117;
	const good = {
		driver: TMP117,
		bus: "i2c",
		address: 0x48,
		configure: { averaging: 8 },
		readings: {
			temperature: {
				name: "Outside",
				unit: "°C",
				deviceClass: "temperature",
				stateClass: "measurement",
				decimals: 1,
				delta: 0.1,
			},
		},
		intervalMs: 60_000,
	};
	const plan = new FakePlan();
	assert.deepEqual(problemsOf(checkSensor, good, plan, has), []);
	assert.deepEqual(plan.taken, ["i2c it"]);
	const many = Object.fromEntries(Array.from({ length: 13 }, (_, i) => [`r${i}`, {}]));
	const bad: [object, string[]][] = [
		[{ driver: undefined }, [`driver: must be the module of a driver, such as "${TMP117}"`]],
		[
			{ driver: "embedded:sensor/None" },
			['driver: "embedded:sensor/None" is not in the image: its manifest is not part of the build'],
		],
		[{ bus: "spi" }, ['bus: "spi" is no bus of board fake; it has i2c']],
		[{ address: 7 }, ["address: 7 must be a whole number from 8 to 119"]],
		[{ configure: 5 }, ["configure: must be an object"]],
		[{ readings: undefined }, ["readings: must have 1 to 12 readings, such as temperature"]],
		[{ readings: {} }, ["readings: must have 1 to 12 readings, such as temperature"]],
		[{ readings: many }, ["readings: must have 1 to 12 readings, such as temperature"]],
		[
			{ readings: { "a-b": {}, "1a": {}, time: {}, ["x".repeat(33)]: {}, ok: 5, A_1: {} } },
			[
				"readings.a-b: must be 1 to 32 of a-z, A-Z, 0-9 and _, no digit first",
				"readings.1a: must be 1 to 32 of a-z, A-Z, 0-9 and _, no digit first",
				"readings.time: is the time of the report; take record_name",
				`readings.${"x".repeat(33)}: must be 1 to 32 of a-z, A-Z, 0-9 and _, no digit first`,
				'readings.ok: 5 must be an object: {"name", "unit", …}, {} will do',
			],
		],
		[
			{ readings: { t: { decimals: -1, delta: 0, unit: 4, units: "" } } },
			[
				'readings.t.units: unknown key, did you mean "unit"?',
				"readings.t.delta: 0 must be above 0; leave it out to report every sample",
				"readings.t.unit: 4 must be text of at most 24 characters, no NUL",
				"readings.t.decimals: -1 must be a whole number from 0 to 9",
			],
		],
		[{ intervalMs: 0 }, ["intervalMs: 0 must be a whole number from 100 to 86400000"]],
		[{ adress: 72 }, ['adress: unknown key, did you mean "address"?']],
	];
	for (const [options, problems] of bad) {
		const entry = { ...good, ...options };
		assert.deepEqual(problemsOf(checkSensor, entry, new FakePlan(), has), problems);
	}
});
