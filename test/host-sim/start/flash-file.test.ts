/** The simulator's flash in a file: what comes back, how it is written, what is refused. */

import assert from "node:assert/strict";
import {
	chmodSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { create } from "../../../host-sim/modules/preference";
import { FlashFile } from "../../../host-sim/start/flash-file";
import { UsageError } from "../../../host-sim/words";

const folder = mkdtempSync(join(tmpdir(), "fieldmote-flash-"));
after(() => rmSync(folder, { recursive: true }));

interface Preference {
	get(domain: string, key: string): unknown;
	set(domain: string, key: string, value: unknown): void;
	delete(domain: string, key: string): void;
	keys(domain: string): string[];
}

function open(path: string) {
	const problems: string[] = [];
	const file = new FlashFile(path, (text) => problems.push(text));
	const { preferences } = file;
	const owner = { preferences, preferencesChanged: () => file.changed() };
	const { default: preference } = create(owner) as { default: Preference };
	return { file, preference, problems };
}

test("texts, numbers, flags and bytes come back, in their order; a deleted one does not", () => {
	const path = join(folder, "flash.json");
	const { preference, problems } = open(path);
	assert.deepEqual(readdirSync(folder), [], "nothing is written before there is something");
	preference.set("fieldmote", "state0", 'fan "51"\nü');
	preference.set("fieldmote", "gone", 1);
	preference.set("fieldmote", "number", -2147483648);
	preference.set("other", "flag", false);
	preference.set("other", "bytes", new Uint8Array([0, 255, 7]).buffer);
	preference.delete("fieldmote", "gone");
	// No stop, as after kill -9.
	const again = open(path);
	assert.deepEqual(again.preference.keys("fieldmote"), ["state0", "number"]);
	assert.equal(again.preference.get("fieldmote", "state0"), 'fan "51"\nü');
	assert.equal(again.preference.get("fieldmote", "number"), -2147483648);
	assert.equal(again.preference.get("other", "flag"), false);
	const bytes = again.preference.get("other", "bytes") as ArrayBuffer;
	assert.deepEqual([...new Uint8Array(bytes)], [0, 255, 7]);
	assert.deepEqual(problems, []);
});

test("the file is its owner's only, whatever it was, and nothing is left beside it", () => {
	const path = join(folder, "mode.json");
	const { preference } = open(path);
	preference.set("a", "x", 1);
	assert.equal(statSync(path).mode & 0o777, 0o600);
	chmodSync(path, 0o644);
	preference.set("a", "x", 2);
	assert.equal(statSync(path).mode & 0o777, 0o600);
	assert.deepEqual(
		readdirSync(folder).filter((name) => name.startsWith("mode")),
		["mode.json"],
	);
});

test("a file that cannot be written is said, and the simulator goes on", () => {
	const place = join(folder, "place");
	mkdirSync(place);
	const { preference, problems } = open(join(place, "flash.json"));
	rmSync(place, { recursive: true });
	preference.set("a", "x", 1);
	assert.equal(problems.length, 1);
	assert.match(problems[0], /flash\.json: not written: ENOENT/);
	assert.equal(preference.get("a", "x"), 1);
});

test("what is no flash is refused and stays as it is", () => {
	const path = join(folder, "site.json");
	const texts = ['{"broker": {"password": "hush"}}', "{", "[]", "null", '{"flash": 2}'];
	texts.push('{"flash": 1, "preferences": {"a": {"x": 1.5}}}');
	texts.push('{"flash": 1, "preferences": {"a": {"x": {"hex": "00"}}}}', "");
	for (const text of texts) {
		writeFileSync(path, text);
		assert.throws(
			() => open(path),
			(error) => {
				assert.ok(error instanceof UsageError, String(error));
				assert.match(error.message, /^--flash .*site\.json: is not what a simulator has kept/);
				assert.doesNotMatch(error.message, /hush/);
				return true;
			},
			text,
		);
		assert.equal(readFileSync(path, "utf8"), text);
	}
	assert.throws(() => open(folder), /^Error: --flash .*: is no file$/);
	assert.throws(() => open(join(folder, "no", "f")), /: its folder is not there$/);
});
