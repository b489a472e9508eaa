/**
 * `fieldmote check`: what it says of a site on a board, to people and to programs, what it warns
 * of, and what each error asks for.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { check } from "../../../device/check/cli";
import { examine } from "../../../device/check/examine";
import { type Report, reportOf } from "../../../device/check/report";
import { checkText } from "../../../device/check/text";

const ROOT = resolve(".");
const TMP117 = "embedded:sensor/Temperature/TMP117";
const BASIC = {
	node: "shed-1",
	wifi: [{ ssid: "garden", password: "secret-of-wifi" }],
	broker: { url: "mqtts://broker.lan", username: "me", password: "secret-of-broker" },
};
const PUMP = { kind: "relay", id: "pump", pin: "D1" };

let folder: string;
let sdk: string;

before(() => {
	folder = mkdtempSync(join(tmpdir(), "fieldmote-check-"));
	sdk = join(folder, "sdk");
	for (const [name, module] of [
		["tmp117", TMP117],
		["gt911", "embedded:sensor/Touch/GT911"],
	]) {
		const place = join(sdk, "modules/drivers/sensors", name);
		mkdirSync(place, { recursive: true });
		const manifest = { modules: { [module]: `./${name}` }, preload: [module] };
		writeFileSync(join(place, "manifest.json"), JSON.stringify(manifest));
	}
});

after(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: unknown): string {
	const path = join(folder, name);
	writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
	return path;
}

/** Of a site in a file of its own. */
function reportOn(site: unknown, board = "nodemcu-v2", folderOfSdk = sdk): Report {
	const path = write("site.json", site);
	const values = {};
	const request = { site: path, board, node: "", values, root: ROOT, sdk: folderOfSdk };
	return reportOf(examine(request), board);
}

interface Answer {
	status: number;
	stdout: string;
	stderr: string;
}

function run(words: readonly string[]): Answer {
	const answer = { status: 0, stdout: "", stderr: "" };
	answer.status = check(words, {
		out: (text) => {
			answer.stdout += text;
		},
		err: (text) => {
			answer.stderr += text;
		},
		environment: { MODDABLE: sdk },
		root: ROOT,
	});
	return answer;
}

test("is a program with an exit code", () => {
	const program = join(import.meta.dirname, "run-check.ts");
	const words = ["--import", "tsx", program, ROOT, "site.example.json", "--board", "nodemcu"];
	const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
	assert.equal(status, 2);
	assert.equal(stdout, "");
	assert.match(stderr, /^fieldmote check: --board "nodemcu": .*did you mean nodemcu-v2\?\n$/);
});

test("says the entities with their pins, what they do at boot and without contact", () => {
	const { ok, entities, problems, picture } = reportOn({
		...BASIC,
		entities: [
			{ ...PUMP, restore: "last", onLossOfContact: { state: "off", afterMs: 90_000 } },
			{ kind: "light", id: "lamp", pins: { red: "D5", green: "D6", blue: "D7" } },
			{ kind: "binary", id: "door", pin: "GPIO2" },
		],
	});
	assert.deepEqual(problems, []);
	assert.equal(ok, true);
	assert.equal(picture, "docs/boards/nodemcu-v2.svg");
	const facts = entities.map(({ id, kind, pins, atBoot, withoutContact }) => {
		return [id, kind, pins.map((pin) => `${pin.label}=${pin.gpio}`).join(), atBoot, withoutContact];
	});
	assert.deepEqual(facts, [
		["pump", "relay", "D1=5", "last", "off after 90 s"],
		["lamp", "light", "D5=14,D6=12,D7=13", "off", "as it is"],
		["door", "binary", "GPIO2=2", "", ""],
	]);
});

test("says every topic: one's own, broadcasts, Home Assistant's and the dialect's", () => {
	const topics = { set: "Room1/Light", state: "Room1/Light/is" };
	const own = reportOn({ ...BASIC, broadcast: true, entities: [{ ...PUMP, topics }] });
	assert.deepEqual(own.entities[0].topics, [
		{ what: "set", topic: "Room1/Light" },
		{ what: "set", topic: "fieldmote/shed-1/pump/set" },
		{ what: "set", topic: "fieldmote/all/pump/set" },
		{ what: "state", topic: "Room1/Light/is" },
	]);
	const more = { homeAssistant: true, tasmota: { topic: "shed" }, remoteConfig: true };
	const { entities, topics: node } = reportOn({ ...BASIC, ...more, entities: [PUMP] });
	assert.deepEqual(
		entities[0].topics.map(({ topic }) => topic),
		["fieldmote/shed-1/pump/set", "cmnd/shed/POWER", "stat/shed/POWER"],
	);
	const all = node.map(({ direction, topic }) => `${direction} ${topic}`);
	for (const topic of [
		"out tele/shed/LWT",
		"in fieldmote/shed-1/config",
		"out homeassistant/device/shed-1/config",
		"in homeassistant/status",
	]) {
		assert.ok(all.includes(topic), all.join("\n"));
	}
});

test("a board's own entities are said where the site names none", () => {
	const { entities, ok } = reportOn(BASIC, "sonoff-basic-r2");
	assert.equal(ok, true);
	assert.ok(entities.some(({ kind }) => kind === "relay"));
});

test("without a node's id the topics say where it will come from", () => {
	const { node, entities } = reportOn({ ...BASIC, node: undefined, entities: [PUMP] });
	assert.equal(node, "node-<MAC>");
	assert.equal(entities[0].topics[0].topic, "fieldmote/node-<MAC>/pump/set");
});

test("drivers and own entities are named, with the manifest for a build", () => {
	writeFileSync(join(folder, "fan.ts"), "");
	const drivers = join(folder, "drivers.json");
	const path = write("sensors.json", {
		...BASIC,
		entities: [
			{ kind: "sensor", id: "climate", driver: TMP117, readings: { temperature: {} } },
			{ kind: "fan", id: "fan", module: "./fan.ts" },
		],
	});
	const { status, stdout, stderr } = run([path, "--board", "nodemcu-v2", "--drivers", drivers]);
	assert.equal(status, 0, stderr);
	assert.match(stdout, /^modules +embedded:io\/smbus, embedded:sensor\/Temperature\/TMP117$/m);
	assert.match(stdout, /^own +entity\/fan$/m);
	assert.deepEqual(JSON.parse(readFileSync(drivers, "utf8")), {
		include: ["$(MODDABLE)/modules/drivers/sensors/tmp117/manifest.json"],
		modules: { "entity/fan": join(folder, "fan") },
		preload: ["entity/fan"],
	});
});

test("a driver that the SDK has not, or that is none of a bus, is a problem", () => {
	const sensor = (driver: string, folderOfSdk = sdk) => {
		const entry = { kind: "sensor", id: "s", driver, readings: { temperature: {} } };
		return reportOn({ ...BASIC, entities: [entry] }, "nodemcu-v2", folderOfSdk);
	};
	assert.deepEqual(sensor("TMP117").problems, [
		'site.json: entities[0].driver: "TMP117" is no module of the SDK\'s sensor drivers; ' +
			`did you mean "${TMP117}"?`,
	]);
	assert.match(
		sensor("embedded:sensor/Touch/GT911").problems.join(),
		/cannot be used: .*no reading/,
	);
	const elsewhere = sensor("TMP117", join(folder, "nowhere"));
	assert.deepEqual(elsewhere.problems, []);
	assert.match(elsewhere.warnings.join("\n"), /^drivers cannot be looked up: no SDK in .*nowhere/m);
});

test("an own kind without its module's file is a problem", () => {
	const own = (more: object) =>
		reportOn({ ...BASIC, entities: [{ kind: "vane", id: "v", ...more }] });
	assert.match(
		own({}).problems.join("\n"),
		/^site\.json: entities\[0\]\.kind: "vane" must be relay,/m,
	);
	const gone = own({ module: "./vane.ts" }).problems.join("\n");
	// That there is no such kind in the image follows from it, and is not said as well.
	assert.equal(
		gone,
		`site.json: entities[0].module: "./vane.ts": no such file (${join(folder, "vane.ts")})`,
	);
	writeFileSync(join(folder, "vane.txt"), "");
	assert.match(
		own({ module: "./vane.txt" }).problems.join("\n"),
		/^site\.json: entities\[0\]\.module: "\.\/vane\.txt" must be a \.ts or \.js file, seen from the site$/,
	);
	assert.match(
		own({ module: 5 }).problems.join("\n"),
		/\.module: must be the name of a \.ts or \.js/,
	);
});

test("an own kind and another entity on one pin: refused, with both", () => {
	writeFileSync(join(folder, "fan.ts"), "");
	const fan = { kind: "fan", id: "fan", module: "./fan.ts", pin: "D1" };
	assert.deepEqual(reportOn({ ...BASIC, entities: [fan, { ...PUMP, pin: "D2" }] }).problems, []);
	const { problems } = reportOn({ ...BASIC, entities: [fan, PUMP] });
	assert.equal(problems.length, 1, problems.join("\n"));
	assert.match(problems[0], /entities\[1\]\.pin: "D1" is used by fan already/);
	const stepper = { ...fan, pin: "fast", pins: ["D5", "D6", "none", 5] };
	const { pins } = reportOn({ ...BASIC, entities: [stepper, PUMP] }).entities[0];
	assert.deepEqual(
		pins.map(({ label, gpio, part }) => [label, gpio, part]),
		[
			["D5", 14, "0"],
			["D6", 12, "1"],
		],
	);
});

test("what is wrong is not said to be missing as well", () => {
	const broker = (url: unknown) => reportOn({ ...BASIC, broker: { url } }).problems.join("\n");
	const right = "must be mqtt://host[:port] or mqtts://host[:port]";
	assert.equal(broker("http://x"), `site.json: broker.url: "http://x" ${right}`);
	assert.equal(broker(["http://x"]), `site.json: broker.url[0]: "http://x" ${right}`);
	assert.match(broker(undefined), /^site\.json: broker\.url: is missing: mqtt:\/\/host\[:port\]/);
	assert.match(broker(""), /^site\.json: broker\.url: is missing/);
	assert.deepEqual(reportOn({ ...BASIC, broker: [] }).problems, [
		"site.json: broker: must be an object",
	]);
	assert.deepEqual(reportOn({ ...BASIC, wifi: {} }).problems, [
		'site.json: wifi: must be a list of {"ssid", "password"}',
	]);
	const typo = reportOn({ ...BASIC, broker: { ulr: "mqtt://h" } }).problems;
	assert.equal(typo.length, 2, typo.join("\n"));
});

test("warns of a reading that a known driver does not give, and of a driver that gives none", () => {
	const warnings = (driver: string, readings: object) => {
		const sensor = { kind: "sensor", id: "s", driver, readings };
		const on = reportOn({ ...BASIC, entities: [sensor] }, "nodemcu-v2", join(folder, "nowhere"));
		return on.warnings.filter((text) => text.startsWith("entities["));
	};
	assert.deepEqual(warnings(TMP117, { temperature: {}, alert: {} }), []);
	assert.deepEqual(warnings(TMP117, { temprature: {} }), [
		"entities[0] (s): readings.temprature: is null, the driver gives temperature, alert",
	]);
	assert.deepEqual(warnings("embedded:sensor/Own/Thing", { anything: {} }), []);
	assert.match(
		warnings("embedded:sensor/Humidity-Temperature/HTU21D", { humidity: {} }).join(),
		/driver: its sample\(\) always throws/,
	);
});

const WARNINGS: readonly (readonly [site: object, board: string, warning: RegExp])[] = [
	[
		{ entities: [{ ...PUMP, pin: "D4" }] },
		"nodemcu-v2",
		/^entities\[0\] \(pump\): pin D4: at each/,
	],
	[{ entities: [{ ...PUMP, restore: "last" }] }, "nodemcu-v2", /restore "last" writes flash/],
	[{ entities: [{ ...PUMP, restore: "retained" }] }, "nodemcu-v2", /retained at its set topic/],
	[{ entities: [{ ...PUMP, whileAway: "execute" }] }, "nodemcu-v2", /sent while the node was away/],
	[{ ntp: { allowUnset: true } }, "nodemcu-v2", /commands with expires are refused/],
	[{ broker: { url: "mqtt://h" } }, "nodemcu-v2", /mqtt:\/\/ is not encrypted/],
	[{ entities: [] }, "nodemcu-v2", /^entities: none/],
	[{}, "sonoff-basic-r2", /its image may have 1024000 bytes/],
	[{ entities: [{ kind: "pulse", id: "m", pin: "D1" }] }, "nodemcu-v2", /count is kept in flash/],
];
for (const [site, board, warning] of WARNINGS) {
	test(`warns of ${JSON.stringify(site).slice(0, 60)} on ${board}`, () => {
		const { warnings, ok, problems } = reportOn({ ...BASIC, ...site }, board);
		assert.ok(ok, problems.join("\n"));
		assert.ok(
			warnings.some((text) => warning.test(text)),
			warnings.join("\n"),
		);
	});
}

test("warns of nothing where there is nothing", () => {
	const entities = [
		PUMP,
		// Off at high, which is what the pin does at reset; and the board's own button.
		{ ...PUMP, id: "fan", pin: "D5", activeLow: true },
		{ kind: "button", id: "button", pin: "D3" },
	];
	assert.deepEqual(reportOn({ ...BASIC, entities }).warnings, []);
});

test("what was not measured is said to be so", () => {
	const report = reportOn({ ...BASIC, entities: [PUMP] });
	assert.ok(report.memory !== null);
	const { neededBytes } = report.memory;
	const text = checkText(report);
	if (neededBytes === null) assert.match(text, /^memory .*not measured/m);
	else assert.match(text, new RegExp(`^memory .*about ${neededBytes} bytes`, "m"));
	const large = reportOn({ ...BASIC, entities: [] }, "esp32-devkitc");
	assert.equal(large.memory, null);
	assert.doesNotMatch(checkText(large), /^memory/m);
});

test("an input of the converter is shown with its channel, where it is no GPIO", () => {
	const level = { kind: "analog", id: "level" };
	const text = (pin: string, board: string) => {
		return checkText(reportOn({ ...BASIC, entities: [{ ...level, pin }] }, board));
	};
	assert.match(text("A0", "nodemcu-v2"), /^level +analog +A0 \(ADC0\)/m);
	assert.match(text("IO34", "esp32-devkitc"), /^level +analog +IO34 \(GPIO34\)/m);
});

test("secrets are read from beside the site, and never shown", () => {
	const inner = mkdtempSync(join(folder, "secrets-"));
	const site = join(inner, "shed.json");
	const secrets = join(inner, "secrets.json");
	const reference = (secret: string) => ({ secret });
	writeFileSync(
		site,
		JSON.stringify({
			node: "shed-1",
			wifi: [{ ssid: reference("name"), password: reference("wifi") }],
			broker: { url: "mqtts://h", username: "u", password: reference("broker") },
			entities: [PUMP],
		}),
	);
	const values = { name: "s3cr3t-name", wifi: "s3cr3t-wifi", broker: "s3cr3t-broker" };
	writeFileSync(secrets, JSON.stringify(values), { mode: 0o600 });
	const good = run([site, "--board", "nodemcu-v2"]);
	assert.equal(good.status, 0, good.stderr);
	assert.ok(!`${good.stdout}${good.stderr}`.includes("s3cr3t"), good.stdout);
	assert.match(good.stdout, /^Wi-Fi +\(secret\)$/m);
	assert.ok(!good.stdout.includes("chmod"), good.stdout);
	chmodSync(secrets, 0o644);
	const open = reportOf(
		examine({ site, board: "nodemcu-v2", node: "", values: {}, root: ROOT, sdk }),
		"nodemcu-v2",
	);
	assert.match(
		open.warnings.join(),
		/secrets\.json: others .* can read it: chmod 600 .*secrets\.json/,
	);
	const plain = join(inner, "plain.json");
	writeFileSync(plain, JSON.stringify({ ...BASIC, entities: [PUMP] }));
	const unused = run([plain, "--board", "nodemcu-v2"]);
	assert.equal(unused.status, 0, unused.stderr);
	assert.ok(!unused.stdout.includes("chmod"), unused.stdout);
	writeFileSync(secrets, '{"name": "s3cr3t-name", "wifi": "s3cr3t-wifi" "broker": "x"}');
	const broken = run([site, "--board", "nodemcu-v2"]);
	assert.equal(broken.status, 1);
	assert.equal(
		broken.stderr,
		'fieldmote check: secrets.json: is no JSON: line 1, column 47: expected "," or "}"\n',
	);
	rmSync(secrets);
	const gone = run([site, "--board", "nodemcu-v2"]);
	assert.equal(gone.status, 1);
	assert.match(gone.stderr, /shed\.json: wifi\[0\]\.ssid: "name" is not in secrets\.json/);
	assert.match(gone.stderr, /shed\.json: broker\.password: "broker" is not in secrets\.json/);
});

test("several problems are said at once, in the site, its entities and what is missing", () => {
	const path = write("many.json", {
		node: "Shed",
		brokr: {},
		entities: [
			{ ...PUMP, pin: "D99" },
			{ ...PUMP, pin: "D2" },
		],
	});
	const { status, stdout, stderr } = run([path, "--board", "nodemcu-v2", "--json"]);
	assert.equal(status, 1);
	assert.equal(stderr, "");
	const { ok, problems } = JSON.parse(stdout) as Report;
	assert.equal(ok, false);
	assert.deepEqual(
		problems.map((problem) => problem.split(":").slice(0, 2).join(":")),
		[
			"many.json: brokr",
			"many.json: node",
			"many.json: entities[0].pin",
			"many.json: entities[1].id",
			"many.json: wifi",
			"many.json: broker.url",
		],
	);
});

test("JSON that is none: line and column, exit code 1", () => {
	const path = write("broken.json", '{\n\t"node": "x",\n\t"password": "s3cr3t",\n}\n');
	const { status, stderr } = run([path, "--board", "nodemcu-v2"]);
	assert.equal(status, 1);
	assert.equal(
		stderr,
		'fieldmote check: broken.json: is no JSON: line 3, column 22: JSON has no "," before "}"\n',
	);
});

const WRONG_USE: readonly (readonly [words: readonly string[], text: RegExp])[] = [
	[["site.example.json"], /--board: is missing/],
	[["site.example.json", "--board", "nodemcu"], /--board "nodemcu": .*did you mean nodemcu-v2\?/],
	[["nowhere.json", "--board", "nodemcu-v2"], /nowhere\.json: no such file/],
	[["a.json", "b.json", "--board", "nodemcu-v2"], /unexpected word "b\.json"/],
	[["site.example.json", "--bord", "x"], /unknown option --bord; did you mean --board\?/],
	[["site.example.json", "--board", "nodemcu-v2", "--node", "A B"], /--node "A B": must be/],
];
for (const [words, text] of WRONG_USE) {
	test(`wrong use: ${words.join(" ")}`, () => {
		const { status, stdout, stderr } = run(words);
		assert.equal(status, 2, stderr);
		assert.equal(stdout, "");
		assert.match(stderr, text);
		assert.equal(stderr.trim().split("\n").length, 1, stderr);
	});
}

test("what is written for the image or the eye writes over nobody's file", () => {
	const path = write("precious.json", { ...BASIC, entities: [PUMP] });
	const before = readFileSync(path, "utf8");
	const cases: [string, RegExp][] = [
		["--picture", /^fieldmote check: --picture .*precious\.json: must end with \.svg\n$/],
		["--drivers", /^fieldmote check: --drivers .*precious\.json: is there, and no manifest/],
	];
	for (const [option, reason] of cases) {
		const { status, stderr } = run([path, "--board", "nodemcu-v2", option, path]);
		assert.equal(status, 2);
		assert.match(stderr, reason);
		assert.equal(readFileSync(path, "utf8"), before);
	}
	// Its own may be made again.
	const drivers = join(folder, "again.json");
	for (let i = 0; i < 2; i++) {
		assert.equal(run([path, "--board", "nodemcu-v2", "--drivers", drivers]).status, 0);
	}
});

test("--picture draws the board with the site's entities on its pins", () => {
	const picture = join(folder, "board.svg");
	const path = write("pictured.json", { ...BASIC, entities: [PUMP] });
	assert.equal(run([path, "--board", "nodemcu-v2", "--picture", picture]).status, 0);
	assert.match(readFileSync(picture, "utf8"), /^<svg .*pump \(relay\).*<\/svg>\s*$/s);
	const nowhere = join(folder, "no/such/folder.svg");
	const { status, stderr } = run([path, "--board", "nodemcu-v2", "--picture", nowhere]);
	assert.equal(status, 1);
	assert.match(stderr, /^fieldmote check: --picture .*: cannot be written \(ENOENT\)\n$/);
});

test("the example of a site can be built for the board that the README flashes", () => {
	const path = resolve("site.example.json");
	const values = {};
	const request = { site: path, board: "nodemcu-v2", node: "", values, root: ROOT, sdk: "/none" };
	assert.deepEqual(examine(request).problems, []);
});
