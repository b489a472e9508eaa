import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCommand, refusal } from "../../../firmware/entities/command";

test("plain words and JSON say the same", () => {
	for (const state of ["ON", "OFF", "TOGGLE"]) {
		assert.deepEqual(parseCommand(state), { state, id: "", problem: "" });
		assert.deepEqual(parseCommand(` ${state}\n`), { state, id: "", problem: "" });
		assert.deepEqual(parseCommand(`{"state":"${state}"}`), { state, id: "", problem: "" });
		assert.deepEqual(parseCommand(` {"state":"${state}","id":"7"} `), {
			state,
			id: "7",
			problem: "",
		});
	}
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
	assert.match(parseCommand('{"state":"ON","stat":1}').problem, /unknown key/);
	assert.match(parseCommand(`{"state":${"[".repeat(240)}`).problem, /nested JSON/);
	assert.match(parseCommand('{"state":{"state":"ON"}}').problem, /nested JSON/);
	assert.equal(parseCommand('{"state":"ON","id":"[\\"{"}').problem, "");
});

test("a retained command does not switch", () => {
	const arrival = { qos: 1, retain: true, dup: false, inherited: false };
	for (const state of ["ON", "OFF", "TOGGLE"]) {
		assert.equal(refusal(parseCommand(state), arrival), "retained commands do not switch");
	}
});

test("of what was sent again, only TOGGLE without identity is refused", () => {
	const again = { qos: 1, retain: false, dup: true, inherited: false };
	assert.equal(refusal(parseCommand("ON"), again), "");
	assert.equal(refusal(parseCommand("OFF"), again), "");
	assert.match(refusal(parseCommand("TOGGLE"), again), /give an id/);
	assert.equal(refusal(parseCommand('{"state":"TOGGLE","id":"1"}'), again), "");
	assert.equal(refusal(parseCommand("TOGGLE"), { ...again, qos: 2 }), "");
	const inherited = { ...again, inherited: true };
	assert.match(refusal(parseCommand("TOGGLE"), { ...inherited, qos: 2 }), /before the reboot/);
	const named = parseCommand('{"state":"TOGGLE","id":"1"}');
	assert.match(refusal(named, inherited), /before the reboot/);
	assert.equal(refusal(named, { ...inherited, dup: false }), "");
	assert.equal(refusal(parseCommand("ON"), inherited), "");
	assert.equal(refusal(parseCommand("TOGGLE"), { ...again, dup: false }), "");
});
