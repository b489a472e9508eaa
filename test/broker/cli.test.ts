/** `fieldmote broker` as a user runs it: processes, printed lines pasted into a shell, ends. */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { findProgram, startBroker } from "../../broker/mosquitto";
import { root } from "../../host-sim/build.mjs";
import { freePort, skipWithout } from "../support/mosquitto";
import { paste, type Running, startSimulator } from "../support/simulator";
import { connect, makeDirectory } from "./staged";

const skip = skipWithout("mosquitto", "mosquitto_passwd", "mosquitto_sub", "mosquitto_pub");
const options = { skip, timeout: 90_000 };
const directory = makeDirectory();

/** Starts it; resolves when it has printed its lines. It ends with the test, and Mosquitto too. */
async function start(t: TestContext, ...words: string[]): Promise<Running> {
	const broker = await startSimulator("broker", ...words, "--directory", directory);
	t.after(async () => {
		broker.kill("SIGINT");
		await broker.ended();
	});
	await broker.until(/Ctrl-C ends it/, 40_000);
	return broker;
}

/** The printed line that begins so. */
function lineOf(broker: Running, beginning: string): string {
	const found = broker
		.out()
		.split("\n")
		.find((line) => line.startsWith(`  ${beginning}`));
	assert.ok(found, `no line ${beginning} in:\n${broker.out()}`);
	return found.trim().replace(/^npm start --/, `${process.execPath} host-sim/bin.mjs start`);
}

function noSecrets(text: string): void {
	for (const name of readdirSync(join(directory, "passwords"))) {
		if (!name.endsWith(".txt")) continue;
		const secret = readFileSync(join(directory, "passwords", name), "utf8").trim();
		assert.ok(secret.length >= 24);
		assert.ok(!text.includes(secret), `the password of ${name} is printed`);
	}
}

for (const name of ["plain", "password", "tls", "mutual"]) {
	test(`${name}: the printed lines work as pasted`, options, async (t) => {
		const broker = await start(t, name, "--port", String(await freePort()));
		// exec: what is ended is the program, not its shell.
		const watching = lineOf(broker, "mosquitto_sub");
		// A program that somebody makes of this line outlives the next rotation.
		if (["tls", "mutual"].includes(name)) assert.match(watching, /broker-cas\.pem/);
		const watcher = paste(`exec ${watching} -W 40`);
		const node = paste(`exec ${lineOf(broker, "npm start")}`);
		await node.until(/first report accepted/);
		await watcher.until(/^fieldmote\/sim-1\/relay\/state OFF$/m);
		const command = paste(lineOf(broker, "mosquitto_pub"));
		assert.equal(await command.ended(), 0, command.err());
		await watcher.until(/^fieldmote\/sim-1\/relay\/state ON$/m);
		for (const one of [watcher, node]) one.kill("SIGINT");
		await node.ended();
		broker.kill("SIGINT");
		assert.equal(await broker.ended(), 0, broker.err());
		if (name !== "plain" && name !== "mutual") noSecrets(broker.out() + broker.err());
	});
}

test("websockets: MQTT.js's own program, pasted", options, async (t) => {
	const broker = await start(t, "websockets", "--port", String(await freePort()));
	const watch = lineOf(broker, "npx mqtt sub").replace("fieldmote/#", "$SYS/broker/version");
	const watcher = paste(
		`exec ${watch}`.replace("npx mqtt", join(root, "node_modules", ".bin", "mqtt")),
	);
	await watcher.until(/mosquitto version/);
	watcher.kill("SIGKILL");
	broker.kill("SIGTERM");
	assert.equal(await broker.ended(), 0, broker.err());
	noSecrets(broker.out());
});

test(
	"keys and passwords are their owner's only; a second run keeps them and the state",
	options,
	async (t) => {
		const port = String(await freePort());
		const first = await start(t, "password", "--port", port);
		const file = join(directory, "passwords", "sim-1.txt");
		const secret = readFileSync(file, "utf8");
		for (const name of readdirSync(join(directory, "passwords"))) {
			const { mode } = statSync(join(directory, "passwords", name));
			assert.equal(mode & 0o777, 0o600, name);
		}
		const login = { username: "sim-1", password: secret.trim() };
		const node = await connect(Number(port), login);
		const topic = "fieldmote/sim-1/availability";
		await node.publishAsync(topic, "online", { qos: 1, retain: true });
		await node.endAsync();
		first.kill("SIGINT");
		assert.equal(await first.ended(), 0);

		const second = await start(t, "password", "--port", port);
		assert.equal(readFileSync(file, "utf8"), secret);
		const watcher = paste(`${lineOf(second, "mosquitto_sub")} -C 1 -W 20`);
		assert.equal(await watcher.ended(), 0, watcher.err());
		assert.equal(watcher.out().trim(), `${topic} online`);
		second.kill("SIGINT");
		await second.ended();

		// A board that is added does not take the others' passwords away.
		const third = await start(t, "password", "--port", port, "--node", "shed-1");
		assert.match(lineOf(third, "npm start"), /--node shed-1 .*--username shed-1 /);
		assert.match(lineOf(third, "mosquitto_pub"), / fieldmote\/shed-1\/relay\/set /);
		await (await connect(Number(port), login)).endAsync();
		const shed = readFileSync(join(directory, "passwords", "shed-1.txt"), "utf8").trim();
		await (await connect(Number(port), { username: "shed-1", password: shed })).endAsync();
		third.kill("SIGINT");
		await third.ended();
	},
);

test("wrong use is 2, what fails is 1, each with one line", options, async () => {
	const run = async (...words: string[]) => {
		const broker = await startSimulator("broker", ...words, "--directory", directory);
		return { code: await broker.ended(), err: broker.err().trim(), out: broker.out() };
	};
	const wrong = await run("mutal");
	assert.deepEqual(wrong, {
		code: 2,
		err: 'fieldmote broker: no configuration "mutal"; did you mean "mutual"?',
		out: "",
	});
	const server = createServer().listen(0, "127.0.0.1");
	await new Promise((resolve) => server.once("listening", resolve));
	const { port } = server.address() as { port: number };
	const taken = await run("plain", "--port", String(port));
	server.close();
	assert.equal(taken.code, 1);
	const line = new RegExp(`^fieldmote broker: port ${port} on 127.0.0.1 is in use; .*--port .*$`);
	assert.match(taken.err, line);
	const elsewhere = await run("plain", "--address", "203.0.113.7");
	assert.equal(elsewhere.code, 1);
	const missing =
		/^fieldmote broker: port 1883 on 203\.0\.113\.7: this machine has no such address; /;
	assert.match(elsewhere.err, missing);
	const file = join(makeDirectory(), "file");
	writeFileSync(file, "");
	const words = ["password", "--port", String(port), "--directory", `${file}/x`];
	const refused = await startSimulator("broker", ...words);
	assert.equal(await refused.ended(), 1);
	assert.match(refused.err(), /^fieldmote broker: .*file\/x.*: cannot be read or written by you$/m);
	const list = await run("--list");
	assert.equal(list.code, 0);
	assert.match(list.out, /^ {2}mutual {6}8883 {2}TLS with client certificates/m);
});

test("Mosquitto that is not installed is said so", () => {
	assert.throws(() => findProgram("mosquitto-x", "/nowhere"), {
		message: "mosquitto-x is not installed: sudo apt-get install mosquitto",
	});
});

test("a Mosquitto that forgets to end is asked again, and saves", { timeout: 60_000 }, async () => {
	const folder = makeDirectory();
	const program = join(folder, "forgetful");
	const lines = [
		"asked=0",
		"trap 'asked=$((asked + 1)); [ \"$asked\" -lt 2 ] || { : >saved; exit 0; }' TERM",
		"echo '00:00:00: mosquitto version 9 running' >&2",
		"while :; do sleep 0.05; done",
	];
	writeFileSync(program, `#!/bin/sh\n${lines.join("\n")}\n`, { mode: 0o755 });
	const broker = await startBroker(program, join(folder, "mosquitto.conf"), () => undefined);
	await broker.stop();
	assert.ok(existsSync(join(folder, "saved")), "was killed");
});

test("a Mosquitto that dies takes the runner with it, with its last words", options, async (t) => {
	const port = String(await freePort());
	const broker = await start(t, "plain", "--port", port, "--verbose");
	const pidFile = join(directory, "state", `plain-${port}`, "mosquitto.pid");
	process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL");
	assert.equal(await broker.ended(), 1);
	assert.match(broker.err(), /^fieldmote broker: mosquitto ended: /m);
});
