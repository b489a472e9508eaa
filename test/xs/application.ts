/**
 * A Moddable application for a test: a main module of test/xs, cases as JSON, and the parts of the
 * firmware that check certificates and guard TLS. Lives in a temporary folder.
 */

import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildXs, runXs } from "./xs";

const root = join(import.meta.dirname, "../..");

const CHECK = [
	"firmware/net/certificate",
	"firmware/net/certificate-chain",
	"firmware/net/certificate-extensions",
	"firmware/net/certificate-names",
	"firmware/net/certificate-signature",
	"firmware/net/der",
	"test/support/hex",
];
const TLS = [
	"firmware/net/certificates",
	"firmware/net/socket",
	"firmware/net/tls-alert",
	"firmware/net/tls-guard",
	"test/support/tls-attempt",
];

export interface TestApplication {
	/** Folder in test/xs with main.ts and modules.d.ts. */
	readonly name: "chains" | "tls";
	readonly cases: readonly object[];
	/** The last line that it traces. */
	readonly last: RegExp;
	readonly limitMs: number;
}

/** Builds and runs it; resolves with what it traced. */
export async function runApplication(options: TestApplication): Promise<readonly string[]> {
	const { name, cases, last, limitMs } = options;
	const folder = mkdtempSync(join(tmpdir(), `fieldmote-${name}-`));
	try {
		writeFileSync(join(folder, "cases.json"), JSON.stringify(cases));
		writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest(name)));
		copyFileSync(join(import.meta.dirname, name, "main.ts"), join(folder, "main.ts"));
		const application = await buildXs({ folder });
		const run = await runXs(application);
		try {
			await run.waitFor(last, limitMs);
			return run.lines;
		} finally {
			await run.stop();
			application.discard();
		}
	} finally {
		rmSync(folder, { recursive: true });
	}
}

function manifest(name: TestApplication["name"]): object {
	const at = (path: string) => join(root, path);
	const types = ["firmware/typings/build", "firmware/typings/crypt", "firmware/typings/ssl"];
	const own = name === "tls" ? [...CHECK, ...TLS] : [...CHECK, "test/support/chain-checker"];
	const base = name === "tls" ? ["examples/manifest_net", "modules/io/manifest"] : [];
	const included = ["examples/manifest_base", ...base, "modules/crypt/tls_common"];
	return {
		include: included.map((path) => `$(MODDABLE)/${path}.json`),
		typescript: {
			tsconfig: {
				compilerOptions: {
					strict: true,
					types: [...types, "test/xs/cases", `test/xs/${name}/modules`].map(at),
				},
			},
		},
		modules: {
			"~": ["$(MODULES)/crypt/ssl/*"],
			"*": "./main",
			cases: "./cases",
			// Under their paths, which is where relative imports lead to.
			...Object.fromEntries(own.map((path) => [path, at(path)])),
			...(name === "tls" ? tlsModules(at) : { "ssl/numbers": at("firmware/net/ssl/numbers") }),
		},
		// As on the ESP8266.
		creation: { stack: 320 },
		preload: ["firmware/*", "firmware/net/*", "ssl/*"],
	};
}

function tlsModules(at: (path: string) => string): Record<string, string> {
	return {
		"ssl/*": at("firmware/net/ssl/*"),
		"embedded:io/socket/tcp/tls": at("firmware/net/ssl/embedded/tls"),
	};
}
