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

test("what mcconfig was given is checked as well", () => {
	const given = { ssid: "ä".repeat(17), password: "short" };
	const problems = problemsOf(GOOD, given);
	assert.equal(problems.length, 2);
	assert.match(problems[0], /^site\.json: mcconfig\.ssid: ".*" must be text of 1 to 32 bytes$/);
	assert.equal(problems[1], "site.json: mcconfig.password: must have 8 to 63 characters");
	const nul = { ...GOOD, broker: { url: "mqtt://h", username: "a\0b" } };
	assert.match(problemsOf(nul).join(), /broker\.username: .* no NUL/);
});

test("a board's values are checked", () => {
	assert.deepEqual(checkBoard({ name: "x", relay: { pin: 99 } }).problems, [
		"boards/x.json: relay.pin: 99 must be a whole number from 0 to 48",
	]);
	assert.deepEqual(checkBoard({ name: "x", relay: {} }).problems, [
		"boards/x.json: relay.pin: is missing",
	]);
	assert.equal(checkBoard({ name: "x" }).value.relay, undefined);
	assert.deepEqual(checkBoard({ name: "x", realy: { pin: 5 } }).problems, [
		'boards/x.json: realy: unknown key, did you mean "relay"?',
	]);
});

test("addresses are host or host:port", () => {
	assert.deepEqual(splitAddress("h", 123), { host: "h", port: 123 });
	assert.deepEqual(splitAddress("h:1", 123), { host: "h", port: 1 });
	for (const bad of ["", ":1", "h:", "h:0", "h:65536", "h:x", "a b", "u@h", "h/x"]) {
		assert.equal(splitAddress(bad, 123), undefined, bad);
	}
});
