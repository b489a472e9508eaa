/** `certs probe` as a program: its exit codes, its table, its JSON, and what it says of wrong use. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { make, makeKeys } from "../../support/certificate-maker";
import { freePort, skipWithout, startMosquitto } from "../../support/mosquitto";
import { files, pemOf } from "../../support/tls-brokers";

const folder = mkdtempSync(join(tmpdir(), "fieldmote-probe-cli-"));
after(() => rmSync(folder, { recursive: true }));

interface Result {
	readonly code: number;
	readonly out: string;
	readonly err: string;
}

async function run(...words: string[]): Promise<Result> {
	const args = ["--import", "tsx", "test/certs/probe/run.ts", "probe", ...words];
	const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
	let [out, err] = ["", ""];
	child.stdout.on("data", (data: Buffer) => {
		out += data.toString();
	});
	child.stderr.on("data", (data: Buffer) => {
		err += data.toString();
	});
	const [code] = await once(child, "close");
	return { code, out, err };
}

test("a good broker by the store's CAs, a bad one, as a table and as JSON", {
	skip: skipWithout("mosquitto"),
}, async (context) => {
	const now = Date.now();
	const dates = { from: new Date(now - 86_400_000), to: new Date(now + 90 * 86_400_000) };
	const keys = await makeKeys("P-256");
	const root = await make({ name: "my CA", keys, authority: true, ...dates });
	const plan = { name: "broker", issuer: root, names: ["localhost"], ...dates };
	const leaf = await make({ ...plan, keys: await makeKeys("P-256") });
	const lines = ["allow_anonymous false", ...files(folder, "broker", leaf, root)];
	const broker = await startMosquitto(lines);
	context.after(() => broker.discard());
	// As `certs init` writes it.
	writeFileSync(join(folder, "broker-ca.pem"), pemOf(root));
	const url = `mqtts://localhost:${broker.port}`;
	const good = await run(url, "--directory", folder);
	assert.deepEqual([good.code, good.err], [0, ""]);
	assert.match(good.out, /broker-ca\.pem; without client certificate\n\nok {4}address /);
	assert.match(good.out, /\nok {4}chain {15}CN=broker, signed by CN=my CA, which is trusted/);
	assert.match(good.out, /\n\na node connects to this broker\n$/);
	assert.doesNotMatch(good.out, /FAIL|warn|undefined/);
	for (const line of good.out.split("\n").slice(1)) assert.ok(line.length <= 101, line);

	const bad = await run(url, "--directory", folder, "--name", "shed.example", "--json");
	assert.deepEqual([bad.code, bad.err], [1, ""]);
	const report = JSON.parse(bad.out);
	assert.equal(report.reason, "certificate is not for shed.example (CN=broker)");
	assert.deepEqual([report.good, report.name, report.port], [false, "shed.example", broker.port]);
	const names = report.rules.find((rule: { name: string }) => rule.name === "names");
	assert.deepEqual([names.result, names.found], ["fail", [report.reason]]);

	const table = await run(url, "--directory", folder, "--name", "shed.example");
	assert.equal(table.code, 1);
	assert.match(
		table.out,
		/\nFAIL {2}names {15}certificate is not for shed\.example \(CN=broker\)\n/,
	);
	assert.match(table.out, /\n +change: certfile, keyfile: /);
	assert.match(table.out, /\na node says: tls failed: certificate is not for .*\n1 rule failed\n$/);
});

test("nothing there: exit code 1, and the rules that were not reached in one line", async () => {
	const { code, out, err } = await run(
		`mqtts://127.0.0.1:${await freePort()}`,
		"--directory",
		folder,
	);
	assert.deepEqual([code, err], [1, ""]);
	assert.match(out, /\nFAIL {2}address {13}127\.0\.0\.1:\d+: nothing listens there/);
	assert.match(out, /\n- {5}not reached {9}TLS, version, cipher,/);
});

test("Ctrl-C ends it at once", async (context) => {
	const server = createServer((socket) => socket.on("error", () => undefined));
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	context.after(() => server.close());
	const { port } = server.address() as AddressInfo;
	// The second connection is the one that waits for an answer.
	let connections = 0;
	const args = ["--import", "tsx", "test/certs/probe/run.ts", "probe", "--directory", folder];
	const words = [...args, `mqtts://127.0.0.1:${port}`, "--timeout", "120"];
	const child = spawn(process.execPath, words, { stdio: "ignore" });
	server.on("connection", () => {
		if (++connections === 2) child.kill("SIGINT");
	});
	const [code] = await once(child, "close");
	assert.equal(code, 130);
});

test("wrong use: exit code 2, and what would be right", async () => {
	const wrong: [string[], RegExp][] = [
		[[], /which broker\? mqtts:\/\/HOST\[:PORT\]/],
		[["mqtt://localhost"], /a probe is about TLS: mqtts:/],
		[["localhost:8883"], /must be mqtts:\/\/HOST/],
		[["mqtts://localhost:99999"], /port must be 1 to 65535, not "99999"/],
		[["mqtts://me:secret-word@localhost"], /no user in the URL/],
		[["mqtts://localhost", "extra"], /unexpected word "extra"/],
		[["mqtts://localhost", "--cafile", "x"], /unknown option --cafile; did you mean --ca\?/],
		[["mqtts://localhost", "--cert", "x"], /--cert: needs --key/],
		[["mqtts://localhost", "--ca", "/nowhere.pem"], /--ca \/nowhere\.pem: no such file/],
		[
			["mqtts://localhost", "--timeout", "0"],
			/--timeout "0": must be a whole number from 1 to 120/,
		],
	];
	const results = await Promise.all(wrong.map(([words]) => run(...words)));
	for (const [i, { code, out, err }] of results.entries()) {
		const [words, reason] = wrong[i] as [string[], RegExp];
		assert.deepEqual([code, out], [2, ""], words.join(" "));
		assert.match(err, reason);
		assert.doesNotMatch(err, /secret-word| {4}at /);
	}
	// Nobody listens there: the authority was found.
	const url = `mqtts://127.0.0.1:${await freePort()}`;
	const { code, out } = await run(url, "--ca", "letsencrypt");
	assert.equal(code, 1);
	assert.match(out, /trusted: certs\/public\/isrg-root-x1\.pem/);
	const help = await run("-h");
	assert.equal(help.code, 0);
	assert.match(help.out, /^usage: npm run certs -- probe mqtts:/);
});
