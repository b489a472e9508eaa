/** The passphrase of a key, asked for on a real terminal: not shown, asked again, Ctrl-C. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, test } from "node:test";
import { skipWithout } from "../../support/mosquitto";
import { contentOf, Workbench } from "../openssl";

const skip = skipWithout("openssl", "script");
const LIMIT_MS = 30_000;
const SECRET = "correct-horse";
const bench = new Workbench();
after(() => bench.discard());

if (skip === false) {
	bench.write("shared.key", bench.openssl("genrsa 2048"));
	bench.ca("ca");
	bench.leaf("server", "ca", "/CN=localhost", "subjectAltName=DNS:localhost\n");
	bench.openssl(`rsa -in server.key -aes256 -passout pass:${SECRET} -out locked.key`);
}

/** Imports below a terminal; types each text when the next prompt is there. */
async function type(directory: string, texts: readonly string[]) {
	const run = "node --import tsx test/certs/probe/run.ts import --directory";
	const words = `${directory} server ${bench.at("server.crt")} ${bench.at("locked.key")}`;
	const child = spawn("script", ["-qec", `${run} ${words}`, "/dev/null"], {
		stdio: ["pipe", "pipe", "pipe"],
	});
	const timer = setTimeout(() => child.kill(), LIMIT_MS);
	let out = "";
	let typed = 0;
	child.stdout.on("data", (data: Buffer) => {
		out += data.toString();
		const prompts = out.match(/passphrase of \S+: /g)?.length ?? 0;
		if (prompts > typed && typed < texts.length) child.stdin.write(texts[typed++] as string);
	});
	const [code] = await once(child, "close");
	clearTimeout(timer);
	return { code, out };
}

test("a passphrase is not shown, and asked for again when it was wrong", { skip }, async () => {
	const store = bench.newStore();
	await bench.import(store, "broker-ca ca.crt");
	// The last letter of the second is taken back.
	const { code, out } = await type(store.directory, ["mistyped\r", `${SECRET}x\u007f\r`]);
	assert.equal(code, 0, out);
	assert.match(out, /passphrase of \S+locked\.key: \r?\nwrong; passphrase of \S+locked\.key: /);
	assert.match(out, /fullchain\.pem: taken over/);
	assert.doesNotMatch(out, /mistyped|horse/);
});

test("Ctrl-C ends it, and nothing was written", { skip }, async () => {
	const store = bench.newStore();
	await bench.import(store, "broker-ca ca.crt");
	const before = contentOf(store.directory);
	const { code, out } = await type(store.directory, ["corr\u0003"]);
	assert.equal(code, 130, out);
	assert.equal(contentOf(store.directory), before);
	assert.doesNotMatch(out, /corr/);
});
