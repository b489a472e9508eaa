/** The page of all keys against the schema, and its examples against the checks. Node only. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
// @ts-expect-error: plain JavaScript, as the other makers of pages.
import { pageWithTables } from "../../docs/configuration.mjs";
import type { Json } from "../../firmware/checker";
import { RemoteConfig } from "../../firmware/profiles/remote-config";

const page = readFileSync("docs/configuration.md", "utf8");

test("the tables are what the schema says: node docs/configuration.mjs", () => {
	assert.equal((pageWithTables as (page: string) => string)(page), page);
});

test("every key of the schema stands in the page", () => {
	const schema = JSON.parse(readFileSync("site.schema.json", "utf8")) as {
		properties: object;
		definitions: Record<string, { properties?: object }>;
	};
	const keys = new Set(Object.keys(schema.properties));
	for (const { properties } of Object.values(schema.definitions)) {
		for (const key of Object.keys(properties ?? {})) keys.add(key);
	}
	// Of a whole entry, and of a reference.
	for (const key of ["kind", "secret"]) keys.delete(key);
	const missing = [...keys].filter(
		(key) => !new RegExp(`^\\| \`[^\`]*\\b${key.replace("$", "\\$")}\``, "m").test(page),
	);
	assert.deepEqual(
		missing.filter((key) => key !== "$schema"),
		[],
	);
});

test("the example of a remote configuration is taken by a node with that entity", () => {
	const text = /-m '(\{.*\})'/.exec(page)?.[1] ?? "";
	const { entities } = JSON.parse(readFileSync("site.example.json", "utf8")) as {
		entities: Json[];
	};
	const config = new RemoteConfig(entities, { read: () => "", write: () => true });
	assert.equal(config.handleText(text), '{"config":true,"done":true}');
	assert.equal(config.optionsOf("climate")?.name, "Shed");
});
