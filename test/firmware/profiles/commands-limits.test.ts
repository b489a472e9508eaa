/** What bounds commands: the nonce that tells old from new, and so many in so long. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Shed, UNIX_MS } from "../../support/shed";
import { takeTrace } from "../../support/xs-globals";

const SYNC = "fieldmote/shed/sync";
const QUIET = { silent: true, intervalMs: 3_600_000 };
const LATE = "sent while the node was away: give expires, or whileAway in the site";

function nonces(said: { topic: string; text: string }[]): string[] {
	return said.filter((one) => one.topic === SYNC).map((one) => one.text);
}

test("each connect has a nonce of its own; that of the last one counts for nothing", () => {
	let chance = 0.25;
	const shed = new Shed({}, { silent: true, random: () => chance });
	const [first] = nonces(shed.up(true));
	shed.bench.close();
	chance = 0.75;
	const [second] = nonces(shed.up(true));
	assert.deepEqual([first, second], [`${2 ** 30}`, `${3 * 2 ** 30}`]);
	shed.sync(SYNC, first);
	assert.equal(shed.command({ text: "ON" }).results[0].reason, LATE);
	shed.sync(SYNC, second);
	assert.equal(shed.command({ text: "ON" }).results[0].done, true);
});

test("a nonce for which there is no room goes out when there is", () => {
	const shed = new Shed({ window: 1 }, QUIET);
	shed.bench.connect(true);
	// Availability fills the window.
	const topics = shed.bench.sent.map((one) => (one.cmd === "publish" ? one.topic : ""));
	assert.deepEqual([topics.includes(SYNC), shed.profile.idle], [false, false]);
	assert.equal(nonces(shed.bench.acknowledgeAll()).length, 1);
	assert.equal(shed.profile.idle, true);
});

test("a nonce goes out once a connect", () => {
	const shed = new Shed({ window: 1 }, QUIET);
	const said = shed.up(true);
	said.push(...shed.pass(20_000));
	shed.command({ text: "ON" });
	said.push(...shed.pass(20_000));
	assert.equal(nonces(said).length, 1);
});

test("where the nonce does not come back, the node wakes up for it after 30 s", () => {
	const shed = new Shed({}, QUIET);
	shed.up(true);
	shed.pass(29_000);
	takeTrace();
	shed.pass(1_000);
	assert.match(takeTrace().join(), /fieldmote\/shed\/sync did not come back/);
	assert.equal(shed.command({ text: "ON" }).results[0].done, true);
});

test("ten minutes behind the connect all is new, however often commands come", () => {
	const shed = new Shed({}, QUIET);
	shed.up(true);
	for (let i = 0; i < 59; i++) {
		assert.equal(shed.command({ text: "ON" }).results[0].reason, LATE);
		shed.pass(10_000);
	}
	shed.pass(10_000);
	assert.equal(shed.command({ text: "ON" }).results[0].done, true);
});

test("at so many commands in so long each entity counts for itself", () => {
	const rate = { commands: 3, perMs: 1_000 };
	const entities = ["relay", "pump"].map((id) => ({ kind: "relay", id, pin: id, rate }));
	const shed = new Shed({}, { entities });
	shed.up();
	for (let i = 0; i < 4; i++) {
		for (const { id } of entities) {
			const { results } = shed.command({ text: "TOGGLE", topic: `fieldmote/shed/${id}/set` });
			assert.equal(results[0].done, i < 3, `${id} ${i}`);
		}
	}
});

test("only what reaches the entity counts; what the entity refuses does", () => {
	const rate = { commands: 3, perMs: 60_000 };
	const shed = new Shed({}, { entities: [{ kind: "relay", id: "relay", pin: "D1", rate }] });
	shed.up();
	const early = JSON.stringify({ state: "ON", expires: UNIX_MS - 1 });
	for (let i = 0; i < 10; i++) {
		for (const command of [{ text: "ON", retain: true }, { text: "what" }, { text: early }]) {
			assert.doesNotMatch(String(shed.command(command).results[0].reason), /more than/);
		}
		// The same answer again is no work.
		assert.equal(shed.command({ text: '{"state":"ON","id":"1"}' }).results[0].done, true);
	}
	const dim = '{"state":"ON","brightness":9}';
	assert.match(String(shed.command({ text: dim }).results[0].reason), /a relay takes/);
	assert.equal(shed.command({ text: "OFF" }).results[0].done, true);
	assert.match(String(shed.command({ text: "ON" }).results[0].reason), /more than 3 commands/);
});

test("commands are counted after 26 days of silence as before", () => {
	const rate = { commands: 3, perMs: 1_000 };
	const entities = [{ kind: "relay", id: "relay", pin: "D1", rate }];
	const shed = new Shed({}, { entities, intervalMs: 86_400_000 });
	shed.up();
	shed.command({ text: "ON" });
	for (let i = 0; i < 26; i++) shed.pass(86_400_000);
	const dones: unknown[] = [];
	for (let i = 0; i < 10; i++) {
		dones.push(shed.command({ text: "TOGGLE" }).results[0].done);
		shed.pass(1_000);
	}
	assert.deepEqual(dones, Array(10).fill(true));
});
