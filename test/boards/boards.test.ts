/** Every board file: by the schema, by a pin plan, by the chip; each kind of fact with a source. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { Ajv } from "ajv";
import { isSoldered, pinWarning } from "../../device/check/pin-warnings";
import { PinPlan, PinUse } from "../../firmware/pins";

interface Pin {
	readonly gpio?: number;
	readonly adc?: number;
	readonly volts?: readonly [number, number];
	readonly never?: string;
	readonly inputOnly?: true;
	readonly pwm?: false;
	readonly interrupt?: false;
	readonly pull?: string;
	readonly strap?: string;
	readonly reset?: string;
}

interface Board {
	readonly [key: string]: unknown;
	readonly name: string;
	readonly chip: string;
	readonly flashBytes?: number;
	readonly pull?: string;
	readonly sources: Readonly<Record<string, string>>;
	readonly platforms: Readonly<Record<string, unknown>>;
	readonly pins: Readonly<Record<string, Pin>>;
	readonly buses?: Readonly<Record<string, { data: string; clock: string }>>;
	readonly parts?: Readonly<Record<string, { pin: string; activeLow?: true }>>;
	readonly entities: readonly Readonly<Record<string, string | boolean>>[];
}

const FILES = readdirSync("boards").filter((file) => file !== "schema.json");
const read = (file: string): Board => JSON.parse(readFileSync(`boards/${file}`, "utf8"));
const BOARDS = FILES.map(read);
const board = (name: string): Board => read(`${name}.json`);

/** GPIO numbers that a chip has, from its datasheet's pin table. */
const GPIOS: Readonly<Record<string, (gpio: number) => boolean>> = {
	esp8266: (gpio) => gpio <= 16,
	esp8285: (gpio) => gpio <= 16,
	esp32: (gpio) => gpio <= 39 && gpio !== 20 && gpio !== 24 && !(gpio >= 28 && gpio <= 31),
	esp32c3: (gpio) => gpio <= 21,
	esp32s3: (gpio) => gpio <= 48 && !(gpio >= 22 && gpio <= 25),
	host: (gpio) => gpio <= 33,
};
/** Of ADC1, the one that Wi-Fi leaves alone: channel by GPIO; SDK, modules/io/analog/esp32. */
const CHANNELS: Readonly<Record<string, Readonly<Record<number, number>>>> = {
	esp32: { 36: 0, 37: 1, 38: 2, 39: 3, 32: 4, 33: 5, 34: 6, 35: 7 },
	esp32c3: { 0: 0, 1: 1, 2: 2, 3: 3, 4: 4 },
	esp32s3: { 1: 0, 2: 1, 3: 2, 4: 3, 5: 4, 6: 5, 7: 6, 8: 7, 9: 8, 10: 9 },
};
/** What each kind of fact is under in `sources`. */
const SOURCE_OF: Readonly<Record<string, string>> = {
	never: "pins",
	inputOnly: "limits",
	pwm: "limits",
	interrupt: "limits",
	pull: "limits",
	adc: "adc",
	strap: "strap",
	reset: "reset",
};

test("the schema takes every board and refuses what is no board", () => {
	const schema = JSON.parse(readFileSync("boards/schema.json", "utf8"));
	const validate = new Ajv({ strict: true }).compile(schema);
	for (const one of BOARDS)
		assert.ok(validate(one), `${one.name}: ${JSON.stringify(validate.errors)}`);
	const good = board("nodemcu-v2");
	const wrong: readonly object[] = [
		{ ...good, chip: "esp9000" },
		{ ...good, sources: {} },
		{ ...good, pins: {} },
		{ ...good, pins: { D1: {} } },
		{ ...good, pins: { D1: { gpio: 5, boot: "high" } } },
		{ ...good, pins: { A0: { adc: 0 } } },
		{ ...good, pins: { "D 1": { gpio: 5 } } },
		{ ...good, parts: { relay: {} } },
		{ ...good, buses: { i2c: { data: "D1" } } },
		{ ...good, platforms: { "esp/nodemcu": {} } },
	];
	for (const one of wrong) assert.ok(!validate(one), JSON.stringify(one).slice(0, 200));
});

test("the boards that were promised are there", () => {
	assert.deepEqual(FILES.map((file) => file.slice(0, -5)).sort(), [
		"d1-mini-relay",
		"esp01s-relay",
		"esp32-c3-devkitm-1",
		"esp32-devkitc",
		"esp32-s3-devkitc-1",
		"host",
		"lolin-c3-mini",
		"m5atom-lite",
		"nodemcu-v2",
		"shelly-1",
		"sonoff-basic-r2",
		"xiao-esp32c3",
	]);
});

test("labels and GPIOs are unique, and the chip has them", () => {
	for (const { name, chip, pins } of BOARDS) {
		const gpios = Object.values(pins).map((pin) => pin.gpio);
		const known = gpios.filter((gpio) => gpio !== undefined);
		assert.equal(new Set(known).size, known.length, name);
		for (const [label, pin] of Object.entries(pins)) {
			assert.ok(pin.gpio !== undefined || pin.adc !== undefined, `${name} ${label}`);
			if (pin.gpio !== undefined) assert.ok(GPIOS[chip](pin.gpio), `${name} ${label}`);
			// GPIO<n> means that GPIO on every board.
			if (label.startsWith("GPIO")) assert.equal(label, `GPIO${pin.gpio}`, name);
			if (pin.adc !== undefined && CHANNELS[chip] !== undefined) {
				assert.equal(CHANNELS[chip][pin.gpio as number], pin.adc, `${name} ${label}`);
			}
			if (pin.volts !== undefined) assert.ok(pin.volts[0] < pin.volts[1], `${name} ${label}`);
		}
	}
});

test("every kind of fact in a file has its source there", () => {
	for (const { name, sources, pins, pull, ...rest } of BOARDS) {
		const needed = new Set(["pins"]);
		for (const pin of Object.values(pins)) {
			for (const key of Object.keys(pin)) if (key in SOURCE_OF) needed.add(SOURCE_OF[key]);
		}
		if (pull !== undefined) needed.add("limits");
		for (const key of ["buses", "parts"]) if (rest[key] !== undefined) needed.add(key);
		if (rest.flashBytes !== undefined) needed.add("flash");
		for (const key of needed) {
			// A document with its address, a file of the SDK, a choice, or another source of the file.
			assert.match(sources[key] ?? "", /https:\/\/|^Moddable SDK|^ours|^as /, `${name}: ${key}`);
		}
	}
});

test("strapping pins of the chip are known to be such, whatever their label", () => {
	const straps: Readonly<Record<string, readonly number[]>> = {
		esp8266: [0, 2, 15],
		esp8285: [0, 2, 15],
		esp32: [0, 2, 12, 15],
		esp32c3: [2, 8, 9],
		esp32s3: [0, 45, 46],
	};
	for (const { name, chip, pins } of BOARDS) {
		for (const [label, { gpio, strap }] of Object.entries(pins)) {
			const isStrap = straps[chip]?.includes(gpio ?? -1) ?? false;
			assert.equal(strap !== undefined, isStrap, `${name} ${label}`);
		}
	}
});

test("what a chip cannot do is said of its pins, whatever their label", () => {
	for (const { name, chip, pins } of BOARDS) {
		for (const [label, pin] of Object.entries(pins)) {
			const { gpio = -1, inputOnly, pwm, interrupt, pull, never } = pin;
			const where = `${name} ${label}`;
			const isEsp8266 = chip === "esp8266" || chip === "esp8285";
			// GPIO16 belongs to the clock's part of an ESP8266; 34 to 39 of an ESP32 have no driver.
			const isWeak = isEsp8266 && gpio === 16;
			const isInput = chip === "esp32" && gpio >= 34;
			assert.deepEqual([pwm, interrupt], isWeak ? [false, false] : [undefined, undefined], where);
			assert.equal(inputOnly, isInput ? true : undefined, where);
			assert.equal(pull, isWeak || isInput ? "none" : undefined, where);
			const isFlash = (isEsp8266 || chip === "esp32") && gpio >= 6 && gpio <= 11;
			if (isFlash) assert.equal(never, "wired to the flash", where);
			else if (chip !== "esp32s3") assert.equal(never, undefined, where);
		}
	}
	for (const { chip, pull, name } of BOARDS) {
		assert.equal(pull, chip.startsWith("esp82") ? "up" : undefined, name);
	}
});

test("parts, buses and default entities are on pins that the plan gives", () => {
	const uses: Readonly<Record<string, PinUse>> = { relay: PinUse.Output, button: PinUse.Input };
	for (const one of BOARDS) {
		for (const { pin } of Object.values(one.parts ?? {})) assert.ok(pin in one.pins, one.name);
		const plan = new PinPlan(one);
		for (const { kind, id, pin, pull = "up" } of one.entities) {
			assert.equal(plan.take(String(pin), uses[String(kind)], String(id)), "", one.name);
			if (kind === "button") assert.equal(plan.checkPull(String(pin), String(pull)), "", one.name);
		}
		const fresh = new PinPlan(one);
		for (const bus of Object.keys(one.buses ?? {}))
			assert.equal(fresh.takeBus(bus, "x"), "", one.name);
	}
});

test("what is soldered on is what the default entities drive, with its level", () => {
	for (const { name, parts, entities } of BOARDS) {
		const ids = entities.map((entity) => entity.id);
		assert.equal(new Set(ids).size, ids.length, name);
		for (const kind of ["relay", "button"]) {
			const part = parts?.[kind];
			const entity = entities.find((one) => one.kind === kind);
			// The boot buttons of development boards with a relay wired on are left alone.
			if (part === undefined || (entity === undefined && kind === "button")) continue;
			assert.equal(entity?.pin, part.pin, name);
			const isLow = entity?.activeLow ?? kind === "button";
			assert.equal(isLow, part.activeLow ?? false, name);
		}
		const button = entities.find((entity) => entity.kind === "button");
		if (parts?.relay !== undefined && button !== undefined) assert.equal(button.controls, "relay");
	}
	const defaults = ["nodemcu-v2", "esp32-devkitc", "host"].map((name) => board(name).entities);
	assert.deepEqual(
		defaults.map((list) => list.map((entity) => [entity.kind, entity.id, entity.pin])),
		["D1", "IO26", "GPIO5"].map((pin) => [["relay", "relay", pin]]),
	);
});

test("a board of an ESP8266 takes less than 4 KB of the image", () => {
	/** 16 bytes for a property and an instance, text with its NUL. */
	const bytes = (value: unknown): number => {
		if (typeof value === "string") return Math.ceil((value.length + 1) / 4) * 4;
		if (typeof value !== "object" || value === null) return 0;
		const start = Array.isArray(value) ? 32 : 16;
		return Object.values(value).reduce((sum: number, one) => sum + 16 + bytes(one), start);
	};
	for (const one of BOARDS.filter(({ chip }) => chip.startsWith("esp82"))) {
		assert.ok(bytes(one) < 4096, `${one.name}: ${bytes(one)}`);
	}
});

test("boards below 4 MB bring the layout of 1 MB along", () => {
	for (const { name, chip, flashBytes, platforms } of BOARDS) {
		const isSmall = chip.startsWith("esp82") && (flashBytes as number) < 4 << 20;
		const layout = { FLASH_SIZE: "1M", FLASH_LAYOUT: "eagle.flash.1m.ld", FLASH_MODE: "dout" };
		if (chip.startsWith("esp82")) {
			assert.deepEqual(platforms["esp/nodemcu"], isSmall ? { build: layout } : {}, name);
		}
	}
});

test("what will happen at reset is said for what it concerns", () => {
	const nodemcu = board("nodemcu-v2");
	assert.equal(pinWarning(nodemcu, "D1", PinUse.Output, "relay"), "");
	assert.equal(
		pinWarning(nodemcu, "D0", PinUse.Output, "relay"),
		"at each reset it is high, and the relay with it",
	);
	assert.equal(
		pinWarning(nodemcu, "GPIO0", PinUse.Pwm, "light"),
		"at each reset it pulses, then is high, and the light with it; at each reset it has to be " +
			"high, else it waits for a serial download; what the light has on it must not pull it elsewhere",
	);
	assert.equal(
		pinWarning(nodemcu, "D3", PinUse.Input, "button"),
		"at each reset it has to be high, else it waits for a serial download; " +
			"the button must not pull it elsewhere",
	);
	assert.equal(pinWarning(nodemcu, "D5", PinUse.Input, "button"), "");
	assert.equal(pinWarning(nodemcu, "nowhere", PinUse.Output, "relay"), "");
});

test("soldered parts are the maker's business, but for a relay that moves at reset", () => {
	assert.ok(isSoldered(board("sonoff-basic-r2"), "GPIO12"));
	assert.ok(isSoldered(board("sonoff-basic-r2"), "GPIO0"));
	assert.ok(!isSoldered(board("sonoff-basic-r2"), "IO2"));
	assert.ok(!isSoldered(board("esp01s-relay"), "GPIO0"));
	assert.ok(isSoldered(board("d1-mini-relay"), "GPIO5"));
});
