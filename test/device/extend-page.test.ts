/** The tsconfig of docs/extend.md: with it the compiler knows what the page's entity is made of. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, test } from "node:test";

const PAGE = readFileSync("docs/extend.md", "utf8");
const folder = mkdtempSync(join(tmpdir(), "fieldmote-tsconfig-"));
after(() => rmSync(folder, { recursive: true }));

function block(language: string, beginning: string): string {
	const all = [...PAGE.matchAll(/```(\w+)\n([\s\S]*?)```/g)];
	const found = all.find(([, name, text]) => name === language && text.startsWith(beginning));
	assert.ok(found, `no ${language} that begins with ${beginning}`);
	return found[2];
}

function compile(site: string): { status: number | null; stdout: string } {
	const tsc = resolve("node_modules/typescript/bin/tsc");
	return spawnSync(process.execPath, [tsc, "-p", site], { encoding: "utf8" });
}

test("an own entity compiles beside the checkout, and its mistakes are seen", () => {
	const site = join(folder, "site");
	mkdirSync(site);
	symlinkSync(resolve("."), join(folder, "fieldmote"));
	writeFileSync(join(site, "tsconfig.json"), block("json", '{\n\t"compilerOptions"'));
	const fan = block("ts", "import");
	writeFileSync(join(site, "fan.ts"), fan);
	const good = compile(site);
	assert.equal(good.stdout, "");
	assert.equal(good.status, 0);
	writeFileSync(join(site, "fan.ts"), fan.replace("io.pwm(", "io.pwn("));
	const bad = compile(site);
	assert.notEqual(bad.status, 0);
	assert.match(bad.stdout, /fan\.ts.*Property 'pwn' does not exist on type 'EntityIo'/);
});
