/** What the topic `config` may change, what is refused and why, and what is left of it at boot. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../../../firmware/checker";
import { RemoteConfig } from "../../../firmware/profiles/remote-config";

const CLIMATE: Json = Object.freeze({
	kind: "sensor",
	id: "climate",
	name: "Shed",
	intervalMs: 10_000,
	maximumMs: 60_000,
	delta: 0.5,
	driver: "d",
});
const PUMP: Json = Object.freeze({ kind: "relay", id: "pump", pin: "D1" });
/** In flash: whoever writes to it throws. */
const SITE = Object.freeze([CLIMATE, PUMP]);
const DONE = '{"config":true,"done":true}';

class Store {
	text = "";
	writes = 0;
	hasRoom = true;

	read(): string {
		return this.text;
	}

	write(text: string): boolean {
		this.writes++;
		if (this.hasRoom) this.text = text;
		return this.hasRoom;
	}
}

function make(kept = ""): { config: RemoteConfig; store: Store } {
	const store = new Store();
	store.text = kept;
	return { config: new RemoteConfig(SITE, store), store };
}

function reasonOf(result: string): string {
	const { config, done, reason } = JSON.parse(result);
	assert.equal(config, true);
	assert.equal(done, false);
	return reason as string;
}

test("without a text the site's values hold, and the very same records", () => {
	const { config, store } = make();
	assert.equal(config.timeMs, 0);
	assert.equal(config.diagMs, 0);
	assert.equal(config.entities, SITE);
	assert.equal(config.optionsOf("climate"), CLIMATE);
	assert.equal(config.optionsOf("nobody"), undefined);
	assert.equal(config.problem, "");
	assert.equal(store.writes, 0);
});

test("a text changes what it names and nothing else", () => {
	const { config, store } = make();
	const text = JSON.stringify({
		time: { intervalMs: 30_000 },
		diag: { intervalMs: 90_000 },
		entities: { climate: { intervalMs: 20_000, delta: 1.5 }, pump: { name: "Pump" } },
	});
	assert.equal(config.handleText(text), DONE);
	assert.equal(config.timeMs, 30_000);
	assert.equal(config.diagMs, 90_000);
	const climate = config.optionsOf("climate") as Json;
	assert.equal(climate.intervalMs, 20_000);
	assert.equal(climate.delta, 1.5);
	assert.equal(climate.maximumMs, 60_000);
	assert.equal(climate.name, "Shed");
	assert.equal(climate.driver, "d");
	assert.equal(config.optionsOf("pump")?.name, "Pump");
	assert.equal(CLIMATE.intervalMs, 10_000);
	assert.equal(store.text, text);
	assert.equal(config.entities.length, SITE.length);
});

test("the same text again does nothing; another takes the place of the whole", () => {
	const { config, store } = make();
	const first = '{"time":{"intervalMs":30000}}';
	assert.equal(config.handleText(first), DONE);
	assert.equal(config.handleText(first), "");
	assert.equal(store.writes, 1);
	assert.equal(config.handleText('{"diag":{"intervalMs":30000}}'), DONE);
	assert.equal(config.timeMs, 0);
	assert.equal(config.diagMs, 30_000);
});

test("an empty text takes everything back, over a reboot too", () => {
	const { config, store } = make('{"entities":{"climate":{"name":"Attic"}}}');
	assert.equal(config.optionsOf("climate")?.name, "Attic");
	assert.equal(config.handleText(""), DONE);
	assert.equal(config.entities, SITE);
	assert.equal(store.text, "");
	assert.equal(config.handleText(""), "");
});

test("what was kept holds from the boot on, and the retained message is no news", () => {
	const { store } = make();
	const kept = '{"time":{"intervalMs":30000}}';
	const before = new RemoteConfig(SITE, store);
	assert.equal(before.handleText(kept), DONE);
	const after = new RemoteConfig(SITE, store);
	assert.equal(after.timeMs, 30_000);
	assert.equal(after.handleText(kept), "");
	assert.equal(store.writes, 1);
});

test("what was kept is checked again: another firmware, or another site, may refuse it", () => {
	const { config, store } = make('{"entities":{"gone":{"name":"x"}}}');
	assert.equal(config.problem, "config: entities.gone: there is no such entity");
	assert.equal(config.entities, SITE);
	assert.equal(store.writes, 0);
	for (const damaged of ["{", "null", '{"time":{"intervalMs":1}}', "\0"]) {
		const { config: other } = make(damaged);
		assert.notEqual(other.problem, "", damaged);
		assert.equal(other.timeMs, 0);
		assert.equal(other.entities, SITE);
	}
});

const REFUSED: readonly (readonly [text: string, reason: RegExp])[] = [
	["x", /^is no JSON$/],
	["5", /^must be an object$/],
	["null", /^must be an object$/],
	['{"time":{"intervalMs":30000}', /^is no JSON$/],
	['{"tim":{}}', /^config: tim: unknown key, did you mean "time"\?$/],
	['{"time":5}', /^config: time: must be an object$/],
	['{"time":{"minimumMs":5000}}', /^config: time\.minimumMs: unknown key/],
	['{"time":{"intervalMs":999}}', /^config: time\.intervalMs: 999 must be .* 1000 to 86400000$/],
	['{"time":{"intervalMs":"30000"}}', /^config: time\.intervalMs: "30000" must be a whole number/],
	['{"diag":{"intervalMs":86400001}}', /^config: diag\.intervalMs: 86400001 must be/],
	['{"entities":{"nobody":{}}}', /^config: entities\.nobody: there is no such entity$/],
	['{"entities":{"constructor":{}}}', /^config: entities\.constructor: there is no such entity$/],
	['{"entities":{"climate":5}}', /^config: entities\.climate: must be an object$/],
	['{"entities":{"climate":{"driver":"x"}}}', /^config: entities\.climate\.driver: unknown key/],
	[
		'{"entities":{"climate":{"pin":"D1"}}}',
		/^config: entities\.climate\.pin: unknown key; there are name, intervalMs, delta, minimumMs, max/,
	],
	['{"entities":{"climate":{"__proto__":{}}}}', /^must be records in records, three deep/],
	[
		'{"entities":{"climate":{"__proto__":5}}}',
		/^config: entities\.climate\.__proto__: unknown key/,
	],
	['{"entities":{"pump":{"intervalMs":5000}}}', /^config: entities\.pump\.intervalMs: unknown key/],
	['{"entities":{"climate":{"intervalMs":1}}}', /entities\.climate\.intervalMs: 1 must be/],
	// The site says 60000 for the maximum.
	['{"entities":{"climate":{"intervalMs":70000}}}', /entities\.climate\.maximumMs: 60000 must not/],
	['{"entities":{"climate":{"minimumMs":60001}}}', /entities\.climate\.minimumMs: 60001 must not/],
	['{"entities":{"climate":{"delta":0}}}', /entities\.climate\.delta: 0 must be above 0/],
	[`{"entities":{"climate":{"name":"${"x".repeat(65)}"}}}`, /climate\.name: "x.* at most 64/],
	[`{"entities":{"climate":{"name":5}}}`, /climate\.name: 5 must be text/],
	['{"entities":[]}', /^must be records in records, three deep at most, without lists$/],
	["[".repeat(400), /^must be records in records/],
	['{"a":'.repeat(90), /^must be records in records/],
	[`{"${"x".repeat(480)}":1}`, /^must be at most 480 bytes$/],
	[`{"${"ä".repeat(240)}":1}`, /^must be at most 480 bytes$/],
];
for (const [text, reason] of REFUSED) {
	test(`refused as a whole: ${text.slice(0, 50)}`, () => {
		const { config, store } = make();
		const good = '{"diag":{"intervalMs":90000},"entities":{"pump":{"name":"P"}}}';
		assert.equal(config.handleText(good), DONE);
		const result = config.handleText(text);
		assert.match(reasonOf(result), reason);
		assert.ok(result.length < 250, result);
		assert.equal(config.diagMs, 90_000);
		assert.equal(config.timeMs, 0);
		assert.equal(config.optionsOf("pump")?.name, "P");
		assert.equal(config.optionsOf("climate"), CLIMATE);
		assert.equal(store.text, good);
		// The good one is still what holds.
		assert.equal(config.handleText(good), "");
	});
}

test("braces and brackets in a name are no depth", () => {
	const { config } = make();
	const name = '[{{{{"[{{{{\\';
	const text = JSON.stringify({ entities: { pump: { name } } });
	assert.equal(config.handleText(text), DONE);
	assert.equal(config.optionsOf("pump")?.name, name);
});

test("one wrong value refuses the right ones beside it", () => {
	const { config } = make();
	const text =
		'{"time":{"intervalMs":30000},"entities":{"pump":{"name":"P"},"climate":{"delta":-1}}}';
	assert.match(reasonOf(config.handleText(text)), /delta: -1 must be/);
	assert.equal(config.timeMs, 0);
	assert.equal(config.entities, SITE);
});

test("what cannot be kept is refused, and the text before holds", () => {
	const { config, store } = make('{"time":{"intervalMs":30000}}');
	store.hasRoom = false;
	const result = config.handleText('{"time":{"intervalMs":40000}}');
	assert.equal(reasonOf(result), "there is no room to keep it over a reboot");
	assert.equal(config.timeMs, 30_000);
	assert.match(config.handleText(""), /no room/);
	assert.equal(config.timeMs, 30_000);
});

test("an entity of one's own may have a name and an interval, and any id", () => {
	const store = new Store();
	const site = [{ kind: "fan", id: "constructor", intervalMs: 5000 }];
	const config = new RemoteConfig(site, store);
	assert.equal(config.handleText('{"time":{"intervalMs":30000}}'), DONE);
	const text = '{"entities":{"constructor":{"name":"Fan","intervalMs":6000}}}';
	assert.equal(config.handleText(text), DONE);
	assert.equal(config.optionsOf("constructor")?.intervalMs, 6000);
});
