/** What is known of sensor drivers: as the simulator's drivers do, and as the page says. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { DRIVER_PREFIX, DRIVERS, driverOf, gives, readingsOf } from "../../../device/site/drivers";
import { DRIVER_NAMES, driverFacts, type Sample } from "../../../host-sim/world/drivers";

/** Names by record, without lists: no reading can be one. */
function shapeOf(sample: Sample): object {
	const shape: Record<string, unknown> = {};
	for (const [name, value] of Object.entries(sample)) {
		if (Array.isArray(value)) continue;
		shape[name] = typeof value === "object" ? Object.keys(value).sort() : "";
	}
	return shape;
}

test("they are the simulator's, with the same addresses and the same samples", () => {
	const names = Object.keys(DRIVERS).map((name) => DRIVER_PREFIX + name);
	assert.deepEqual(names.sort(), [...DRIVER_NAMES].sort());
	for (const name of names) {
		const facts = driverFacts(name);
		const driver = driverOf(name);
		assert.ok(facts !== undefined && driver !== undefined, name);
		assert.equal(driver.address, facts.address, name);
		const units = Object.entries(driver.sample).map(([key, value]) => {
			return [key, typeof value === "string" ? "" : Object.keys(value).sort()];
		});
		assert.deepEqual(Object.fromEntries(units), shapeOf(facts.sample), name);
		assert.equal(driver.isBroken === true, facts.defect !== undefined, name);
	}
});

test("a reading has its short name where one record has it, else the record's before it", () => {
	const climate = driverOf(`${DRIVER_PREFIX}Humidity-Temperature/SHT3x`);
	const motion = driverOf(`${DRIVER_PREFIX}Accelerometer-Gyroscope/MPU6886`);
	assert.ok(climate !== undefined && motion !== undefined);
	assert.deepEqual(Object.fromEntries(readingsOf(climate)), { temperature: "°C", humidity: "%" });
	assert.deepEqual([...readingsOf(motion).keys()].slice(0, 4), [
		"accelerometer_x",
		"accelerometer_y",
		"accelerometer_z",
		"gyroscope_x",
	]);
	for (const name of readingsOf(motion).keys()) assert.ok(gives(motion, name), name);
	for (const name of ["x", "thermometer_temperature"]) assert.ok(gives(motion, name), name);
	for (const name of ["humidity", "thermometer", "thermometer_x", ""]) {
		assert.ok(!gives(motion, name), name);
	}
	assert.equal(driverOf("Temperature/TMP117"), undefined);
	assert.equal(driverOf(`${DRIVER_PREFIX}toString`), undefined);
});

test("the table of the page is up to date: node docs/entities.mjs", async () => {
	const { pageWithDrivers } = (await import("../../../docs/entities.mjs" as string)) as {
		pageWithDrivers(page: string): Promise<string>;
	};
	const page = readFileSync("docs/entities.md", "utf8");
	assert.equal(await pageWithDrivers(page), page);
});
