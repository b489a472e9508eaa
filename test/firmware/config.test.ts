import assert from "node:assert/strict";
import { test } from "node:test";
import { splitAddress } from "../../firmware/checker";
import { checkBoard, checkSite } from "../../firmware/config";

const WIFI = [{ ssid: "garden", password: "eight chars" }];
const GOOD = { wifi: WIFI, broker: { url: "mqtts://broker:8884", username: "u", password: "p" } };

function problemsOf(site: object, overrides: object = {}): readonly string[] {
	return checkSite(site as never, overrides as never).problems;
}

test("a site with what is needed gets the defaults", () => {
	const { value, problems } = checkSite(GOOD, {});
	assert.deepEqual(problems, []);
	assert.equal(value.base, "fieldmote");
	assert.equal(value.timeMinimumMs, 10_000);
	assert.equal(value.timeMaximumMs, 10_000);
	assert.deepEqual(value.ntpServers, ["pool.ntp.org"]);
	assert.deepEqual(value.broker, {
		secure: true,
		places: [{ host: "broker", port: 8884 }],
		username: "u",
		password: "p",
	});
});

test("what mcconfig was given comes first", () => {
	const { value, problems } = checkSite(GOOD, {
		ssid: "other",
		password: "other pass",
		broker: "mqtt://10.0.0.1",
		node: "x-1",
		ntp: "10.0.0.2:1123",
	});
	assert.deepEqual(problems, []);
	assert.deepEqual(value.wifi[0], { ssid: "other", password: "other pass" });
	assert.deepEqual(value.broker?.places, [{ host: "10.0.0.1", port: 1883 }]);
	assert.equal(value.broker?.secure, false);
	assert.equal(value.node, "x-1");
	assert.deepEqual(value.ntpServers, ["10.0.0.2:1123"]);
});

test("an unknown key is named, with the nearest right one", () => {
	assert.deepEqual(problemsOf({ ...GOOD, brokr: 1 }), [
		'site.json: brokr: unknown key, did you mean "broker"?',
	]);
	assert.deepEqual(problemsOf({ ...GOOD, time: { interval: 1 } }), [
		'site.json: time.interval: unknown key, did you mean "intervalMs"?',
	]);
});

test("a value out of range is named with file, path, value and what is allowed", () => {
	const cases: [object, string][] = [
		[
			{ time: { intervalMs: 5 } },
			"site.json: time.intervalMs: 5 must be a whole number from 1000 to 86400000",
		],
		[
			{ time: { minimumMs: 9000, maximumMs: 2000 } },
			"site.json: time.maximumMs: 2000 must be at least time.minimumMs (9000)",
		],
		[{ node: "Shed 1" }, 'site.json: node: "Shed 1" must be 1 to 32 of a-z, 0-9 and -'],
		[
			{ base: "a//b" },
			'site.json: base: "a//b" must be levels of A-Z, a-z, 0-9, _ and -, 64 at most',
		],
		[{ profile: "x" }, 'site.json: profile: "x" must be one of node, demo'],
		[
			{ broker: { url: "http://x" } },
			'site.json: broker.url: "http://x" must be mqtt://host[:port] or mqtts://host[:port]',
		],
		[
			{ broker: { url: "mqtt://x:70000" } },
			'site.json: broker.url: "mqtt://x:70000" must be mqtt://host[:port] or mqtts://host[:port]',
		],
		[{ ntp: { allowUnset: "yes" } }, 'site.json: ntp.allowUnset: "yes" must be true or false'],
		[{ wifi: "garden" }, 'site.json: wifi: must be a list of {"ssid", "password"}'],
		[{ wifi: [{ ssid: "" }] }, 'site.json: wifi[0].ssid: "" must be text of 1 to 32 bytes'],
	];
	for (const [part, expected] of cases) {
		const problems = problemsOf({ ...GOOD, ...part });
		assert.ok(problems.includes(expected), `${JSON.stringify(part)} gave ${problems.join("; ")}`);
	}
});

test("there may be up to four brokers, all with TLS or all without", () => {
	const urls = (...url: unknown[]) => checkSite({ ...GOOD, broker: { url } } as never, {});
	const { value, problems } = urls("mqtts://a", "mqtts://b:8884", "mqtts://10.0.0.1");
	assert.deepEqual(problems, []);
	assert.equal(value.broker?.secure, true);
	assert.deepEqual(value.broker?.places, [
		{ host: "a", port: 8883 },
		{ host: "b", port: 8884 },
		{ host: "10.0.0.1", port: 8883 },
	]);
	const [a, b] = ["mqtt://a", "mqtt://b:1884"];
	assert.deepEqual(urls(a, b, a, b).problems, []);
	const wrongUrl = "must be mqtt://host[:port] or mqtts://host[:port]";
	const wrongCount = "site.json: broker.url: must be one broker or a list of 1 to 4";
	const mixed = "site.json: broker.url: must be all mqtts:// or all mqtt://";
	const cases: [unknown[], string[]][] = [
		[[], [wrongCount]],
		[[a, b, a, b, a], [wrongCount]],
		[[a, "mqtts://b"], [mixed]],
		[["mqtts://b", a, b], [mixed]],
		[[a, "tcp://b"], [`site.json: broker.url[1]: "tcp://b" ${wrongUrl}`]],
		[[5, a], [`site.json: broker.url[0]: 5 ${wrongUrl}`]],
		[[a, "mqtt://u:secret@b"], [`site.json: broker.url[1]: ${wrongUrl}`]],
	];
	for (const [given, expected] of cases) assert.deepEqual(urls(...given).problems, expected);
	assert.deepEqual(problemsOf({ ...GOOD, broker: { url: 5 } }), [
		`site.json: broker.url: 5 ${wrongUrl}`,
	]);
});

test("what mcconfig was given takes the place of a whole list", () => {
	const site = { ...GOOD, broker: { url: ["mqtts://a", "mqtts://b"] } };
	const { value } = checkSite(site as never, { broker: "mqtt://c" } as never);
	assert.deepEqual(value.broker?.places, [{ host: "c", port: 1883 }]);
});

test("no problem shows a password", () => {
	const secret = "s3cr3t!";
	const sites = [
		{ wifi: [{ ssid: "a", password: secret }] },
		{ broker: { url: `mqtts://u:${secret}@host` } },
		{ broker: { url: "mqtt://h", password: secret } },
		{ broker: { url: "mqtt://h", username: "u", password: secret.repeat(50) } },
		{ wifi: [{ ssid: "a", password: secret.repeat(20) }] },
	];
	for (const site of sites) {
		const problems = problemsOf(site);
		assert.notEqual(problems.length, 0);
		assert.ok(!problems.join().includes(secret), problems.join());
	}
});

test("what stands in secrets.json is taken, checked and never shown", () => {
	const reference = (secret: string) => ({ secret });
	const site = {
		wifi: [{ ssid: reference("name"), password: reference("wifi") }],
		broker: { url: "mqtts://h", username: reference("user"), password: reference("broker") },
	};
	const secrets = { name: "garden", wifi: "eight chars", user: "u", broker: "p" };
	const { value, problems } = checkSite(site, {}, secrets);
	assert.deepEqual(problems, []);
	assert.deepEqual(value.wifi, [{ ssid: "garden", password: "eight chars" }]);
	assert.equal(value.broker?.username, "u");
	assert.equal(value.broker?.password, "p");
	assert.deepEqual(checkSite(site, {}, {}).problems, [
		'site.json: wifi[0].ssid: "name" is not in secrets.json',
		'site.json: wifi[0].password: "wifi" is not in secrets.json',
		'site.json: broker.username: "user" is not in secrets.json',
		'site.json: broker.password: "broker" is not in secrets.json',
	]);
	const wrong = { name: "s3cr3t!".repeat(5), wifi: "s3cr3t!", user: 5, broker: ["s3cr3t!"] };
	assert.deepEqual(checkSite(site, {}, wrong as never).problems, [
		'site.json: wifi[0].ssid: "name" must be text of at most 32 characters in secrets.json',
		"site.json: wifi[0].password: must have 8 to 63 bytes",
		'site.json: broker.username: "user" must be text of at most 255 characters in secrets.json',
		'site.json: broker.password: "broker" must be text of at most 255 characters in secrets.json',
	]);
	const long = checkSite(site, {}, { ...secrets, name: "ä".repeat(17) }).problems;
	assert.deepEqual(long, ["site.json: wifi[0].ssid: must be text of 1 to 32 bytes"]);
	const nameless = { wifi: [{ ssid: { secrets: "name" } }] };
	assert.deepEqual(checkSite(nameless, {}, secrets).problems, [
		'site.json: wifi[0].ssid: must be text or {"secret": a name in secrets.json}',
	]);
});

test("discovery, dialect and broadcast are off unless the site turns them on", () => {
	const { value } = checkSite(GOOD, {});
	assert.equal(value.discoveryPrefix, "");
	assert.equal(value.tasmotaTopic, "");
	assert.equal(value.broadcast, false);
	assert.equal(value.remoteConfig, false);
	const all = {
		...GOOD,
		homeAssistant: true,
		tasmota: { topic: "shed" },
		broadcast: true,
		remoteConfig: true,
	};
	const on = checkSite(all, {});
	assert.deepEqual(on.problems, []);
	assert.equal(on.value.discoveryPrefix, "homeassistant");
	assert.equal(on.value.tasmotaTopic, "shed");
	assert.equal(on.value.broadcast, true);
	assert.equal(on.value.remoteConfig, true);
	const own = checkSite({ ...GOOD, homeAssistant: { prefix: "ha/x" } }, {});
	assert.equal(own.value.discoveryPrefix, "ha/x");
	assert.deepEqual(problemsOf({ ...GOOD, homeAssistant: { prefix: "a/#" }, tasmota: {} }), [
		'site.json: homeAssistant.prefix: "a/#" must be levels of A-Z, a-z, 0-9, _ and -, 64 at most',
		'site.json: tasmota.topic: "" must be levels of A-Z, a-z, 0-9, _ and -, 64 at most',
	]);
	assert.deepEqual(problemsOf({ ...GOOD, node: "all" }), [
		'site.json: node: "all" stands for all nodes; take another id',
	]);
});

test("what mcconfig was given is checked as well", () => {
	const given = { ssid: "ä".repeat(17), password: "short" };
	const problems = problemsOf(GOOD, given);
	assert.equal(problems.length, 2);
	assert.match(problems[0], /^site\.json: mcconfig\.ssid: ".*" must be text of 1 to 32 bytes$/);
	assert.equal(problems[1], "site.json: mcconfig.password: must have 8 to 63 bytes");
	const nul = { ...GOOD, broker: { url: "mqtt://h", username: "a\0b" } };
	assert.match(problemsOf(nul).join(), /broker\.username: .* no NUL/);
});

test("a board's values are checked", () => {
	assert.deepEqual(checkBoard({ name: "x", session: { window: 0 } }).problems, [
		"boards/x.json: session.window: 0 must be a whole number from 1 to 64",
	]);
	assert.deepEqual(checkBoard({ name: "x", sesion: {} }).problems, [
		'boards/x.json: sesion: unknown key, did you mean "session"?',
	]);
	assert.deepEqual(checkBoard({}).problems, [
		"boards/?.json: name: must be 1 to 32 of a-z, 0-9 and -",
	]);
});

test("addresses are host or host:port", () => {
	assert.deepEqual(splitAddress("h", 123), { host: "h", port: 123 });
	assert.deepEqual(splitAddress("h:1", 123), { host: "h", port: 1 });
	for (const bad of ["", ":1", "h:", "h:0", "h:65536", "h:x", "a b", "u@h", "h/x"]) {
		assert.equal(splitAddress(bad, 123), undefined, bad);
	}
});
