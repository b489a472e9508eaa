/** docs/simulator.md: its script plays, its orders are orders, its options are the program's. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { planOrder } from "../../../host-sim/start/orders";
import { WORLD_OPTIONS } from "../../../host-sim/start/world-options";
import { DRIVER_NAMES } from "../../../host-sim/world/drivers";
import { Script } from "../../../host-sim/world/script";
import { Stage } from "../../../host-sim/world/stage";
import { makeStage } from "../../support/stage";

const page = readFileSync("docs/simulator.md", "utf8");

function section(title: string): string {
	const text = page.split(`\n## ${title}\n`)[1];
	assert.ok(text, title);
	return text.split("\n## ")[0];
}

/** The page has the power as well. */
function stage(): Stage {
	const { stage: made, pins, clock } = makeStage();
	const power = { kind: "switch", name: "power", turn: () => undefined } as const;
	const labels = [
		{ kind: "pin", name: "D1", pin: 5, key: -1 },
		{ kind: "pin", name: "A0", pin: -1, key: 0 },
	] as const;
	return new Stage(pins, clock, [...made.things, power], labels);
}

test("the script plays, and so does a value of each kind", () => {
	const script = /```json\n([\s\S]*?)```/.exec(section("Scripts"))?.[1] ?? "";
	assert.equal(new Script(script, "page", stage()).length, 6);
	const row = section("Scripts")
		.split("\n")
		.find((line) => line.startsWith("| `value`"));
	const words = [...(row ?? "").matchAll(/`([^`]+)`/g)].slice(1).map((match) => match[1]);
	assert.equal(words.length, 8);
	for (const word of words) {
		const what = word.startsWith("break") || word === "mend" ? "climate" : "button";
		stage().plan(what, word);
	}
});

test("every order of the table is one", () => {
	const cells = section("Orders")
		.split("\n")
		.filter((line) => line.startsWith("| `"))
		.map((line) => line.split("|")[1]);
	const orders = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1]));
	assert.ok(orders.length > 15);
	for (const order of orders) if (order !== "help") planOrder(stage(), order);
});

test("options and drivers are as many as there are", () => {
	const named = [...page.matchAll(/^\| `--([a-z]+)/gm)].map((match) => match[1]);
	assert.deepEqual(named, ["board", ...Object.keys(WORLD_OPTIONS)]);
	assert.ok(page.includes(`${DRIVER_NAMES.length} of them`), `${DRIVER_NAMES.length}`);
});
