import "../../support/xs-globals";
import assert from "node:assert/strict";
import { test } from "node:test";
import { plainCommand } from "../../../firmware/entities/command";
import { Entities } from "../../../firmware/entities/entities";
import type { EntityIo, PinTarget } from "../../../firmware/entities/entity";
import type { PreferenceModule } from "../../../firmware/store/settings";
import { States } from "../../../firmware/store/states";
import { memory } from "../../support/shed";

const ON = plainCommand("ON");
const OFF = plainCommand("OFF");

/** What was made, and how often the flash was written. */
class Life {
	readonly made: string[] = [];
	readonly entities: Entities;
	writes = 0;
	now = 1_000;

	constructor(preference: PreferenceModule, list: object[], loadsOnly = false) {
		const io = {
			output: (pin: string) => {
				this.made.push(pin);
				return { write: () => undefined };
			},
			input: (pin: string, _activeLow: boolean, _pull: number, _target: PinTarget) => {
				this.made.push(pin);
				return { read: () => 0 };
			},
		};
		const counting: PreferenceModule = {
			get: preference.get,
			set: (domain, key, value) => {
				this.writes++;
				preference.set(domain, key, value);
			},
		};
		const states = new States(counting);
		this.entities = new Entities(list as never, io as unknown as EntityIo, states, loadsOnly);
		this.entities.handleContact(false, this.now);
	}

	wait(ms: number): void {
		const end = this.now + ms;
		for (;;) {
			const waitMs = this.entities.pollTimeout(this.now);
			if (waitMs < 0 || this.now + waitMs > end) break;
			this.now += waitMs;
			this.entities.handleTimeout(this.now);
		}
		this.now = end;
	}

	states(): string[] {
		return this.entities.entities.map(({ id, state }) => `${id} ${state}`);
	}

	set(id: string, command: typeof ON): void {
		assert.equal(this.entities.find(id)?.apply(command, this.now), "");
		this.wait(20_000);
	}
}

const relay = (id: string, more = {}) => ({ kind: "relay", id, pin: id, restore: "last", ...more });

test("entities in another order have their own states, and so after that", () => {
	const preference = memory();
	const [a, b] = [relay("a"), relay("b")];
	const first = new Life(preference, [a, b]);
	first.set("a", ON);
	const turned = new Life(preference, [b, a]);
	assert.deepEqual(turned.states(), ["b OFF", "a ON"]);
	turned.set("b", ON);
	turned.set("a", OFF);
	assert.deepEqual(new Life(preference, [b, a]).states(), ["b ON", "a OFF"]);
	assert.deepEqual(new Life(preference, [a, b]).states(), ["a OFF", "b ON"]);
});

test("only one of two that changed places changes: the other is not lost", () => {
	const preference = memory();
	const [a, b] = [relay("a"), relay("b")];
	new Life(preference, [a, b]).set("a", ON);
	const turned = new Life(preference, [b, a]);
	turned.set("b", ON);
	assert.deepEqual(new Life(preference, [b, a]).states(), ["b ON", "a ON"]);
});

test("an entity keeps its state when others before it are taken out of the site", () => {
	const preference = memory();
	const many = Array.from({ length: 16 }, (_, place) => relay(`r${place}`));
	new Life(preference, many).set("r15", ON);
	assert.deepEqual(new Life(preference, [many[15]]).states(), ["r15 ON"]);
});

test("a state that stays is written once in an hour, one that goes to and fro every 10 s", () => {
	const life = new Life(memory(), [relay("a")]);
	life.set("a", ON);
	const before = life.writes;
	life.wait(3_600_000);
	assert.equal(life.writes, before);
	for (let i = 0; i < 600; i++) {
		life.entities.entities[0].apply(i % 2 === 0 ? OFF : ON, life.now);
		life.wait(1_000);
	}
	assert.ok(life.writes - before <= 61, `${life.writes - before} writes`);
	assert.ok(life.writes - before >= 30, `${life.writes - before} writes`);
});

test("what is kept is written before a restart, however short the life was", () => {
	const preference = memory();
	const life = new Life(preference, [relay("a")]);
	life.set("a", ON);
	life.entities.entities[0].apply(OFF, life.now);
	life.entities.entities[0].apply(ON, life.now);
	life.entities.entities[0].apply(OFF, life.now);
	life.entities.write(life.now);
	assert.deepEqual(new Life(preference, [relay("a")]).states(), ["a OFF"]);
});

test("in safe mode there are only loads", () => {
	const list = [
		{ kind: "binary", id: "door", pin: "D" },
		relay("a", { restore: "on" }),
		{ kind: "button", id: "key", pin: "K" },
		{ kind: "light", id: "lamp", pin: "L", dimmable: false },
	];
	const safe = new Life(memory(), list, true);
	assert.deepEqual(safe.made, ["a", "L"]);
	assert.deepEqual(
		safe.entities.entities.map(({ id, word }) => `${id} ${word}`),
		["a ON", "lamp OFF"],
	);
	assert.deepEqual(new Life(memory(), list).made, ["D", "a", "K", "L"]);
});
