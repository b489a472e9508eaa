/** Modules that a program on a simulated board loads by name, in the board's own realm. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { bundleForBoard, bundleStandIns, root } from "../../../host-sim/build.mjs";
import { powerOn, readProgram } from "../../../host-sim/loader";
import { bundleEntities } from "../../../host-sim/start/entity-files";
import { UsageError } from "../../../host-sim/words";
import { makeBoard } from "../../support/board";

type ByName = typeof import("../fixtures/by-name");

const ENTRY = "test/host-sim/fixtures/by-name.ts";
const TMP117 = "embedded:sensor/Temperature/TMP117";

const folder = mkdtempSync(join(tmpdir(), "fieldmote-by-name-"));
after(() => rmSync(folder, { recursive: true }));
const built = Promise.all([
	bundleForBoard(ENTRY, join(folder, "firmware.cjs")),
	bundleStandIns(join(folder, "modules.cjs")),
]);

async function start(files = new Map<string, string>()) {
	await built;
	const program = await bundleEntities(files, (modules) => {
		return readProgram(folder, "firmware", modules);
	});
	const made = makeBoard({ boardFile: { chip: "esp8266" } });
	const program1 = powerOn(made.board, program) as ByName | undefined;
	assert.ok(program1, String(made.crashes[0]));
	return { ...made, byName: program1 };
}

test("drivers of pins and buses are the board's, one class each, and share its pins", async () => {
	const { board, byName } = await start();
	for (const name of ["pwm", "analog", "i2c", "smbus", "digital"]) {
		assert.equal(byName.has(`embedded:io/${name}`), true, name);
	}
	assert.equal(byName.load("embedded:io/pwm"), byName.load("embedded:io/pwm"));
	byName.makeOutput(12);
	assert.throws(() => byName.make("embedded:io/pwm", { pin: 12, hz: 1000 }), /in use/);
	byName.make("embedded:io/pwm", { pin: 14, hz: 1000 }).write(1023);
	assert.equal(board.pins.duty(14), 1);
	assert.deepEqual(JSON.parse(JSON.stringify(byName.sample(TMP117))), {
		temperature: 21.5,
		alert: 0,
	});
	const place = { data: 4, clock: 5, address: 0x48, hz: 1000 };
	assert.throws(() => byName.make("embedded:io/i2c", place), /duplicate address/);
	board.powerOff();
	assert.equal(board.pins.use(4), undefined);
});

test("what the image has not is not found", async () => {
	const { board, byName } = await start();
	assert.equal(byName.has("entity/fan"), false);
	assert.throws(
		() => byName.load("entity/fan"),
		(error) => (error as Error).message === 'module "entity/fan" not found',
	);
	board.powerOff();
});

test("entities of one's own: by relative path or by the names of the image; nothing stays", async () => {
	const named = join(folder, "named.ts");
	writeFileSync(
		named,
		'import { Entity } from "entities/entity";\nexport default class extends Entity {}\n',
	);
	const fan = join(root, "test/host-sim/fixtures/fan.ts");
	const { board, byName } = await start(
		new Map([
			["fan", fan],
			["named", named],
		]),
	);
	for (const kind of ["fan", "named"]) {
		assert.equal(byName.has(`entity/${kind}`), true);
		const io = { output: () => ({ write() {} }) };
		const Own = byName.load(`entity/${kind}`) as new (...values: unknown[]) => { id: string };
		assert.equal(new Own({ id: "mine" }, io, "").id, "mine");
	}
	board.powerOff();
});

test("an entity that does not build is named with file and line", async () => {
	const torn = join(folder, "torn.ts");
	writeFileSync(torn, "\n\nexport default class {");
	const lost = join(folder, "lost.ts");
	writeFileSync(lost, 'import { x } from "./nowhere";\nexport default x;\n');
	for (const [file, reason] of [
		[torn, /^--entity .*torn\.ts:3: Expected /],
		[lost, /^--entity .*lost\.ts.*nowhere/],
	] as const) {
		await assert.rejects(
			bundleEntities(new Map([["own", file]]), () => undefined),
			(error) => error instanceof UsageError && reason.test(error.message),
		);
	}
});
