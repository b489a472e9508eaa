/**
 * Checks what a sensor's entry has of its own. Pure. Always holds: after no problem each reading
 * can be a member of a JSON record and the name of a value in a template. Apart from sensor.ts
 * because of its length.
 */

import { type Checker, isObject, type Json } from "../checker";
import type { PinPlan } from "../pins";
import { COMMON_KEYS } from "./common";
import { checkDelta, checkReporting, checkValue, REPORTING_KEYS, VALUE_KEYS } from "./reporting";

const KEYS = Object.freeze(["driver", "bus", "address", "configure", "readings"]);
const READING_KEYS = Object.freeze(["name", "deviceClass", "delta"]);

const enum Const {
	DRIVER_LIMIT = 96,
	BUS_LIMIT = 16,
	/** 0 to 7 and 0x78 to 0x7f are reserved: UM10204, 3.1.12. */
	ADDRESS_LEAST = 0x08,
	ADDRESS_LIMIT = 0x77,
	READINGS_LIMIT = 12,
	NAME_LIMIT = 64,
	KEY_LIMIT = 32,
}

/** @param hasModule whether the image has a module of that name */
export const checkSensor = (
	check: Checker,
	options: Json,
	path: string,
	pins: PinPlan,
	hasModule: (name: string) => boolean,
): void => {
	check.keys(options, path, KEYS.concat(REPORTING_KEYS), COMMON_KEYS);
	checkDriver(check, options.driver, `${path}.driver`, hasModule);
	const bus = check.text(options, path, "bus", "i2c", Const.BUS_LIMIT);
	const problem = pins.takeBus(bus, options.id as string);
	if (problem !== "") check.problem(`${path}.bus`, bus, problem);
	check.integer(options, path, "address", 0x40, Const.ADDRESS_LEAST, Const.ADDRESS_LIMIT);
	check.object(options, "configure", path);
	checkReporting(check, options, path);
	checkReadings(check, options, path);
};

const checkDriver = (
	check: Checker,
	driver: unknown,
	path: string,
	hasModule: (name: string) => boolean,
): void => {
	if (typeof driver !== "string" || driver === "" || driver.length > Const.DRIVER_LIMIT) {
		const example = "embedded:sensor/Temperature/TMP117";
		check.problem(path, driver, `must be the module of a driver, such as "${example}"`);
	} else if (!hasModule(driver)) {
		check.problem(path, driver, "is not in the image: its manifest is not part of the build");
	}
};

const checkReadings = (check: Checker, options: Json, path: string): void => {
	const readings = check.object(options, "readings", path);
	const at = `${path}.readings`;
	let count = 0;
	for (const key in readings) {
		count++;
		const reading = readings[key];
		const place = `${at}.${key}`;
		if (!isName(key)) {
			const allowed = `must be 1 to ${Const.KEY_LIMIT} of a-z, A-Z, 0-9 and _, no digit first`;
			check.problem(place, undefined, allowed);
		} else if (key === "time" || key === "unix_ms") {
			check.problem(place, undefined, "is the time of the report; take record_name");
		} else if (!isObject(reading)) {
			check.problem(place, reading, 'must be an object: {"name", "unit", …}, {} will do');
		} else {
			check.keys(reading, place, READING_KEYS, VALUE_KEYS);
			check.text(reading, place, "name", "", Const.NAME_LIMIT);
			check.text(reading, place, "deviceClass", "", Const.NAME_LIMIT);
			checkDelta(check, reading, place);
			checkValue(check, reading, place);
		}
	}
	if (count > 0 && count <= Const.READINGS_LIMIT) return;
	const limit = Const.READINGS_LIMIT;
	check.problem(at, undefined, `must have 1 to ${limit} readings, such as temperature`);
};

const isName = (key: string): boolean => {
	if (key.length < 1 || key.length > Const.KEY_LIMIT) return false;
	for (let i = 0; i < key.length; i++) {
		const c = key.charCodeAt(i);
		const isLetter = (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95;
		if (!isLetter && (i === 0 || c < 48 || c > 57)) return false;
	}
	return true;
};
