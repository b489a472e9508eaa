/** The stand-ins for `modules` and for the SDK's sensor drivers. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { create as createSmbus } from "../../../host-sim/modules/embedded/io/smbus";
import { create } from "../../../host-sim/modules/modules";
import { DRIVER_NAMES, driverFacts } from "../../../host-sim/world/drivers";
import { I2cBus } from "../../../host-sim/world/i2c-bus";
import { Pins } from "../../../host-sim/world/pins";
import { Sensors } from "../../../host-sim/world/sensors";

interface Driver {
	configure(options: object): void;
	sample(): object | undefined;
	close(): void;
}
type DriverClass = new (options: { sensor: object }) => Driver;
interface Modules {
	has(name: string): boolean;
	importNow(name: string): unknown;
}

const TMP117 = "embedded:sensor/Temperature/TMP117";
const SHT3X = "embedded:sensor/Humidity-Temperature/SHT3x";

function make() {
	const pins = new Pins();
	const i2c = new I2cBus();
	const sensors = new Sensors(i2c);
	const own = { default: "mine" };
	const source = { has: (name: string) => name === "entity/fan", load: () => own };
	const { default: modules } = create({ sensors }, source) as { default: Modules };
	const { default: io } = createSmbus({ pins, i2c }) as { default: unknown };
	const at = (address?: number) => {
		const sensor = { io, data: 4, clock: 5 };
		return { sensor: address === undefined ? sensor : { ...sensor, address } };
	};
	return { sensors, modules, at };
}

test("modules of the image are there by name; others are not found, as XS says it", () => {
	const { modules } = make();
	assert.equal(modules.importNow("entity/fan"), "mine");
	assert.equal(modules.has("entity/fan"), true);
	assert.equal(modules.has(TMP117), true);
	assert.equal(modules.importNow(TMP117), modules.importNow(TMP117));
	for (const name of ["entity/fam", "embedded:sensor/Temperature/TMP118", "toString"]) {
		assert.equal(modules.has(name), false);
		assert.throws(
			() => modules.importNow(name),
			(error) => error instanceof ReferenceError && error.message === `module "${name}" not found`,
		);
	}
});

test("a driver samples what the world measures, in the shape of the SDK's", () => {
	const { modules, sensors, at } = make();
	const warm = sensors.add("warm", TMP117);
	const damp = sensors.add("damp", SHT3X, 0x45);
	const thermometer = new (modules.importNow(TMP117) as DriverClass)(at());
	const hygrometer = new (modules.importNow(SHT3X) as DriverClass)(at(0x45));
	thermometer.configure({ averaging: 8 });
	assert.equal(warm?.set("temperature", -3.25), true);
	assert.deepEqual(thermometer.sample(), { temperature: -3.25, alert: 0 });
	damp?.set("humidity", 80);
	damp?.set("thermometer_temperature", 4);
	assert.deepEqual(hygrometer.sample(), {
		hygrometer: { humidity: 80 },
		thermometer: { temperature: 4 },
	});
	assert.equal(damp?.set("pressure", 1), false);
	thermometer.close();
	assert.throws(() => thermometer.sample(), TypeError);
});

test("a broken sensor fails with the bus's error, or has nothing; mended it works on", () => {
	const { modules, sensors, at } = make();
	const sensor = sensors.add("warm", TMP117);
	assert.ok(sensor);
	const driver = new (modules.importNow(TMP117) as DriverClass)(at());
	sensor.failure = "silent";
	assert.throws(() => driver.sample(), /^Error: writeRead failed$/);
	sensor.failure = "empty";
	assert.equal(driver.sample(), undefined);
	sensor.failure = "";
	assert.deepEqual(driver.sample(), { temperature: 21.5, alert: 0 });
});

test("a driver whose sensor is not there leaves its bus open, as the SDK's do", () => {
	const { modules, sensors, at } = make();
	const sensor = sensors.add("warm", TMP117);
	assert.ok(sensor);
	sensor.failure = "silent";
	const Tmp117 = modules.importNow(TMP117) as DriverClass;
	assert.throws(() => new Tmp117(at()), /writeRead failed/);
	sensor.failure = "";
	assert.throws(() => new Tmp117(at()), /duplicate address/);
});

test("readings are named shortly where that is clear", () => {
	const { sensors } = make();
	const names = (driver: string) => sensors.add("x", `embedded:sensor/${driver}`)?.readings;
	assert.deepEqual(names("Humidity-Temperature/SHT3x"), ["humidity", "temperature"]);
	assert.deepEqual(names("Accelerometer-Gyroscope/MPU6050")?.slice(0, 2), [
		"accelerometer_x",
		"accelerometer_y",
	]);
});

const drivers = join(
	process.env.MODDABLE ?? join(homedir(), ".local", "share", "moddable"),
	"modules/drivers/sensors",
);
const skip = existsSync(drivers) ? false : "no Moddable SDK on this machine";

test("names and addresses are the SDK's", { skip }, () => {
	const found = new Map<string, string>();
	for (const folder of readdirSync(drivers)) {
		const path = join(drivers, folder, "manifest.json");
		if (!existsSync(path)) continue;
		for (const [, name, file] of readFileSync(path, "utf8").matchAll(
			/"(embedded:sensor\/[^"]+)":\s*"([^"]+)"/g,
		)) {
			found.set(name, join(drivers, folder, `${file.split("/").at(-1)}.js`));
		}
	}
	assert.ok(found.size > 30);
	for (const name of DRIVER_NAMES) {
		const path = found.get(name);
		assert.ok(path, `${name} is no driver of the SDK`);
		const text = readFileSync(path, "utf8");
		const address = driverFacts(name)?.address ?? -1;
		assert.match(text, new RegExp(`0x0?${address.toString(16)}\\b`, "i"), `${name}: ${address}`);
		for (const reading of Object.keys(driverFacts(name)?.sample ?? {})) {
			assert.match(text, new RegExp(`\\b${reading}\\b`), `${name}: ${reading}`);
		}
	}
});
