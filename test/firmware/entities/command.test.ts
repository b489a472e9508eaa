import assert from "node:assert/strict";
import { test } from "node:test";
import { type Arrival, parseCommand, refusal } from "../../../firmware/entities/command";

const NONE = { brightness: -1, color: -1, transitionMs: -1, forMs: -1, expiresMs: 0 };
const FRESH: Arrival = {
	qos: 1,
	retain: false,
	dup: false,
	inherited: false,
	stale: false,
	unixMs: 1_000_000,
};

function refused(text: string, arrival: Partial<Arrival>, options: object = {}): string {
	return refusal(parseCommand(text), { ...FRESH, ...arrival }, { ...options });
}

test("plain words and JSON say the same", () => {
	for (const state of ["ON", "OFF", "TOGGLE"]) {
		const plain = { ...NONE, state, id: "", problem: "" };
		assert.deepEqual(parseCommand(state), plain);
		assert.deepEqual(parseCommand(` ${state}\n`), plain);
		assert.deepEqual(parseCommand(`{"state":"${state}"}`), plain);
		assert.deepEqual(parseCommand(` {"state":"${state}","id":"7"} `), { ...plain, id: "7" });
	}
});

test("JSON may say how bright, in what colour, how slowly, for how long, until when", () => {
	const text =
		'{"state":"ON","brightness":128,"color":{"r":255,"g":1,"b":0},"transition":2.5,"for":0.5,"id":"x","expires":1795234192123}';
	assert.deepEqual(parseCommand(text), {
		state: "ON",
		brightness: 128,
		color: 0xff0100,
		transitionMs: 2500,
		forMs: 500,
		id: "x",
		expiresMs: 1_795_234_192_123,
		problem: "",
	});
	assert.equal(parseCommand('{"brightness":0}').state, "ON");
	assert.equal(parseCommand('{"color":{"r":0,"g":0,"b":0}}').color, 0);
});

test("what is out of range is answered with the range", () => {
	const cases: [string, RegExp][] = [
		['{"state":"ON","brightness":256}', /brightness must be a whole number from 0 to 255/],
		['{"state":"ON","brightness":1.5}', /brightness must be/],
		['{"state":"ON","brightness":"9"}', /brightness must be/],
		['{"state":"ON","color":"red"}', /color must be {"r", "g", "b"}, each from 0 to 255/],
		['{"state":"ON","color":{"r":1,"g":2}}', /color must be/],
		['{"state":"ON","color":{"r":1,"g":2,"b":300}}', /color must be/],
		['{"state":"ON","color":{"r":1,"g":2,"b":3,"w":4}}', /color must be/],
		['{"state":"ON","transition":-1}', /transition must be seconds, 0 to 3600/],
		['{"state":"ON","for":0}', /for must be seconds, above 0 and at most 604800/],
		['{"state":"OFF","for":5}', /for goes with ON or TOGGLE/],
		['{"state":"ON","expires":0}', /expires must be unix time in milliseconds/],
		['{"state":"ON","expires":"tomorrow"}', /expires must be/],
		['{"state":"ON","expires":1e99}', /expires must be/],
		['{"transition":2}', /expected ON, OFF, TOGGLE/],
	];
	for (const [text, problem] of cases) assert.match(parseCommand(text).problem, problem, text);
});

test("anything else is answered with what was expected, and the id if there was one", () => {
	const bad = [
		"",
		"on",
		"1",
		"null",
		"[]",
		"{",
		"{}",
		'{"state":1}',
		'{"state":"on"}',
		'{"id":"a"}',
	];
	for (const text of bad) {
		const command = parseCommand(text);
		assert.match(command.problem, /expected ON, OFF, TOGGLE/, text);
		assert.equal(command.state, "");
	}
	assert.equal(parseCommand('{"state":"up","id":"a"}').id, "a");
	assert.match(parseCommand('{"state":"ON","id":7}').problem, /id must be text/);
	assert.match(parseCommand(`{"state":"ON","id":"${"x".repeat(65)}"}`).problem, /at most 64/);
	assert.match(parseCommand('{"state":"ON","stat":1}').problem, /unknown key.*brightness, color/);
	assert.match(parseCommand(`{"state":${"[".repeat(240)}`).problem, /nested JSON/);
	assert.match(parseCommand('{"state":{"state":{}}}').problem, /nested JSON/);
	assert.match(parseCommand('{"color":{"r":[1]}}').problem, /nested JSON/);
	assert.equal(parseCommand('{"state":"ON","id":"[\\"{"}').problem, "");
});

test("a site's own words stand beside the common ones, in JSON too", () => {
	const words = { on: "Turn On", off: "Turn Off" };
	assert.equal(parseCommand("Turn On", words).state, "ON");
	assert.equal(parseCommand(" Turn Off ", words).state, "OFF");
	assert.equal(parseCommand('{"state":"Turn On","id":"1"}', words).state, "ON");
	assert.equal(parseCommand("TOGGLE", words).state, "TOGGLE");
	assert.match(parseCommand("turn on", words).problem, /expected Turn On, Turn Off or/);
	assert.match(parseCommand("Turn On").problem, /expected ON/);
});

test("a retained command does not switch, unless the entity follows it", () => {
	for (const state of ["ON", "OFF", "TOGGLE"]) {
		assert.equal(refused(state, { retain: true }), "retained commands do not switch");
		assert.match(refused(state, { retain: true }, { restore: "last" }), /retained/);
	}
	const follows = { restore: "retained" };
	assert.equal(refused("ON", { retain: true }, follows), "");
	assert.equal(refused("OFF", { retain: true }, follows), "");
	// They would be done anew after each restart.
	for (const text of ["TOGGLE", '{"state":"ON","for":5}']) {
		assert.match(refused(text, { retain: true }, follows), /must be ON or OFF, without for/);
	}
});

test("a command has an end where it says so, and only with a clock", () => {
	const text = '{"state":"ON","expires":1000000}';
	assert.equal(refused(text, { unixMs: 999_999 }), "");
	assert.equal(refused(text, { unixMs: 1_000_000 }), "expired 0 ms ago");
	assert.equal(refused(text, { unixMs: 1_000_250 }), "expired 250 ms ago");
	assert.match(refused(text, { unixMs: 0 }), /clock is not set/);
	assert.match(refused(text, { unixMs: 0, retain: true }, { restore: "retained" }), /clock/);
	assert.equal(refused("ON", { unixMs: 0 }), "");
});

test("what waited while the node was away needs an end or the site's leave", () => {
	assert.match(refused("ON", { stale: true }), /sent while the node was away/);
	assert.match(refused('{"state":"ON","id":"1"}', { stale: true }), /while the node was away/);
	assert.equal(refused('{"state":"ON","expires":1000001}', { stale: true }), "");
	assert.match(refused('{"state":"ON","expires":999999}', { stale: true }), /expired/);
	assert.equal(refused("ON", { stale: true }, { whileAway: "execute" }), "");
	assert.match(refused("ON", { stale: true }, { whileAway: "refuse" }), /while the node was away/);
	assert.equal(refused("ON", { stale: true, retain: true }, { restore: "retained" }), "");
});

test("a pulse sent again is refused like TOGGLE", () => {
	const again = { dup: true };
	const timed = '{"state":"ON","for":5}';
	assert.match(refused(timed, again), /^a pulse was sent again and may have been done: give an id/);
	assert.match(refused("ON", again, { pulseMs: 500 }), /^a pulse was sent again/);
	assert.equal(refused("OFF", again, { pulseMs: 500 }), "");
	assert.equal(refused(timed, { ...again, qos: 2 }), "");
	assert.match(refused(timed, { ...again, qos: 2, inherited: true }), /before the reboot/);
});

test("of what was sent again, only TOGGLE without identity is refused", () => {
	const again = { dup: true };
	assert.equal(refused("ON", again), "");
	assert.equal(refused("OFF", again), "");
	assert.match(refused("TOGGLE", again), /give an id/);
	assert.equal(refused('{"state":"TOGGLE","id":"1"}', again), "");
	assert.equal(refused("TOGGLE", { ...again, qos: 2 }), "");
	const inherited = { ...again, inherited: true };
	assert.match(refused("TOGGLE", { ...inherited, qos: 2 }), /before the reboot/);
	const named = '{"state":"TOGGLE","id":"1"}';
	assert.match(refused(named, inherited), /before the reboot/);
	assert.equal(refused(named, { ...inherited, dup: false }), "");
	assert.equal(refused("ON", inherited), "");
	assert.equal(refused("TOGGLE", { dup: false }), "");
});
