/** The table of certificate chains on XS: the same answers as on a simulated board. */

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { asText, makeChains } from "../chains";
import { buildXs, runXs, whyNoXs } from "./xs";

const SOURCES = [
	"certificate",
	"certificate-chain",
	"certificate-extensions",
	"certificate-names",
	"certificate-signature",
	"der",
];

const root = join(import.meta.dirname, "../..");
const why = whyNoXs();
if (why !== "") console.log(`certificate chains on XS: skipped, ${why}`);
const limits = { skip: why !== "" && why, timeout: 300_000 };

test("each chain of the table gets the same answer on XS", limits, async () => {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-chains-"));
	const table = await makeChains();
	writeFileSync(join(folder, "cases.json"), JSON.stringify(table.map(asText)));
	writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest()));
	copyFileSync(join(import.meta.dirname, "chains/main.ts"), join(folder, "main.ts"));
	try {
		const application = await buildXs({ folder });
		const run = await runXs(application);
		try {
			await run.waitFor(/^end of the table$/, 120_000);
			for (const { title, reason } of table) {
				const line = run.lines.find((one) => one.startsWith(`${title}: `));
				assert.equal(line, `${title}: ${reason}`);
			}
		} finally {
			await run.stop();
			application.discard();
		}
	} finally {
		rmSync(folder, { recursive: true });
	}
});

function manifest(): object {
	const at = (path: string) => join(root, path);
	return {
		include: [
			"$(MODDABLE)/examples/manifest_base.json",
			"$(MODDABLE)/modules/crypt/tls_common.json",
		],
		typescript: {
			tsconfig: {
				compilerOptions: {
					strict: true,
					types: [
						at("firmware/typings/build"),
						at("firmware/typings/crypt"),
						at("firmware/typings/ssl"),
						at("test/xs/chains/modules"),
					],
				},
			},
		},
		modules: {
			"~": ["$(MODULES)/crypt/ssl/*"],
			"*": "./main",
			cases: "./cases",
			// Where its relative imports lead to from.
			"test/support/chain-checker": at("test/support/chain-checker"),
			...Object.fromEntries(
				SOURCES.map((name) => [`firmware/net/${name}`, at(`firmware/net/${name}`)]),
			),
		},
		preload: ["firmware/net/*"],
	};
}
