import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parseLine } from "../../host-sim/client/commands";
import { ClientProcess } from "../support/client";
import { freePort, type Mosquitto, skipWithout, startMosquitto } from "../support/mosquitto";

const skip = skipWithout("mosquitto");
let broker: Mosquitto;
const clients: ClientProcess[] = [];

before(async () => {
	if (skip === false) broker = await startMosquitto();
});

after(async () => {
	for (const client of clients) client.kill();
	await broker?.discard();
});

function start(): ClientProcess {
	const client = new ClientProcess();
	clients.push(client);
	return client;
}

async function connected(options: object = {}): Promise<ClientProcess> {
	const client = start();
	client.send({ op: "connect", port: broker.port, id: `t${clients.length}`, ...options });
	await client.next({ ev: "up" });
	return client;
}

test("publishes and receives at QoS 0, 1 and 2, text and bytes", { skip }, async () => {
	const client = await connected();
	client.send({ op: "subscribe", subs: [{ topic: "t/#", qos: 2 }], tag: "s" });
	assert.deepEqual((await client.next({ ev: "done", tag: "s" })).granted, [2]);
	for (const qos of [0, 1, 2]) {
		client.send({ op: "publish", topic: `t/${qos}`, payload: `häll${qos}`, qos, tag: qos });
		assert.equal((await client.next({ ev: "done", tag: qos })).err, null);
		const message = await client.next({ ev: "msg", topic: `t/${qos}` });
		assert.deepEqual(message, {
			ev: "msg",
			topic: `t/${qos}`,
			payload: `häll${qos}`,
			qos,
			retain: false,
			dup: false,
		});
	}
	client.send({ op: "publish", topic: "t/b", payloadB64: "/wD+", qos: 1, tag: 9 });
	assert.equal((await client.next({ ev: "msg", topic: "t/b" })).payloadB64, "/wD+");
	client.send({ op: "unsubscribe", topics: ["t/#"], tag: "u" });
	assert.equal((await client.next({ ev: "done", tag: "u" })).err, null);
	client.send({ op: "disconnect" });
	await client.next({ ev: "ended" });
	assert.equal(await client.end(), 0);
	assert.deepEqual(client.noise, []);
});

test("a pipe that ends at once still gets its work done", { skip }, async () => {
	const listener = await connected();
	listener.send({ op: "subscribe", subs: [{ topic: "pipe", qos: 1 }], tag: 1 });
	await listener.next({ ev: "done", tag: 1 });
	const client = start();
	client.send(
		{ op: "connect", port: broker.port },
		{ op: "publish", topic: "pipe", qos: 1, tag: 1 },
	);
	assert.equal(await client.end(), 0);
	await listener.next({ ev: "msg", topic: "pipe" });
	assert.equal(await listener.end(), 0);
});

test("connect, publish, disconnect, connect in one go: in that order, nothing left out", {
	skip,
}, async () => {
	const client = start();
	const connect = { op: "connect", port: broker.port, id: "onego" };
	client.send(connect, { op: "publish", topic: "a", qos: 2, tag: 1 }, { op: "disconnect" });
	client.send(connect, { op: "publish", topic: "a", qos: 1, tag: 2 }, { op: "exit" });
	assert.equal(await client.exit(), 0);
	assert.deepEqual(
		client.events.map((event) =>
			event.ev === "done" ? `done ${event.tag} ${event.err}` : event.ev,
		),
		["up", "done 1 null", "ended", "up", "done 2 null", "ended"],
	);
});

test("what a dropped connection leaves undone is said", { skip }, async () => {
	const client = await connected();
	client.send({ op: "publish", topic: "a", qos: 2, tag: 1 }, { op: "abort" });
	assert.equal((await client.next({ ev: "done", tag: 1 })).err, "connection ended");
	assert.equal(await client.end(), 0);
});

test("many more publishes than the window are done in order", { skip }, async () => {
	const client = await connected({ window: 5 });
	client.send({ op: "subscribe", subs: [{ topic: "many", qos: 2 }], tag: "s" });
	await client.next({ ev: "done", tag: "s" });
	for (let i = 0; i < 200; i++) {
		client.send({ op: "publish", topic: "many", payload: String(i), qos: 1 + (i % 2), tag: i });
	}
	for (let i = 0; i < 200; i++) await client.next({ ev: "done", tag: i });
	const got: unknown[] = [];
	for (let i = 0; i < 200; i++) got.push((await client.next({ ev: "msg" })).payload);
	assert.equal(new Set(got).size, 200);
	assert.equal(await client.end(), 0);
});

test("an aborted persistent session goes on: what was queued arrives", { skip }, async () => {
	const options = { id: "lasting", clean: false, reconnectMs: 100 };
	const client = await connected(options);
	client.send({ op: "subscribe", subs: [{ topic: "later", qos: 2 }], tag: 1 });
	await client.next({ ev: "done", tag: 1 });
	client.send({ op: "abort" });
	await client.next({ ev: "down" });
	const other = await connected();
	other.send({ op: "publish", topic: "later", payload: "x", qos: 2, tag: 1 });
	await other.next({ ev: "done", tag: 1 });
	assert.equal((await client.next({ ev: "up" })).sp, true);
	assert.equal((await client.next({ ev: "msg", topic: "later" })).qos, 2);
	assert.equal(await client.end(), 0);
	assert.equal(await other.end(), 0);
});

test("the will is sent when the socket is dropped, not after a disconnect", { skip }, async () => {
	const listener = await connected();
	listener.send({ op: "subscribe", subs: [{ topic: "wills/#", qos: 1 }], tag: 1 });
	await listener.next({ ev: "done", tag: 1 });
	const polite = await connected({ will: { topic: "wills/polite", payload: "w", qos: 1 } });
	polite.send({ op: "disconnect" });
	await polite.next({ ev: "ended" });
	const rude = await connected({ will: { topic: "wills/rude", payload: "w", qos: 1 } });
	rude.send({ op: "abort" });
	assert.equal((await listener.next({ ev: "msg" })).topic, "wills/rude");
	for (const client of [listener, polite, rude]) assert.equal(await client.end(), 0);
});

test("no broker, refused, wrong lines: one event each, and the process goes on", async () => {
	const client = start();
	const port = await freePort();
	client.send({ op: "publish", topic: "a", qos: 1, tag: "early" });
	assert.equal((await client.next({ ev: "done", tag: "early" })).err, "not connected");
	client.send({ op: "connect", port });
	assert.match(String((await client.next({ ev: "down" })).reason), /^tcp: .*: no connection/);
	client.send({ op: "connect", host: "localhost", port });
	assert.match(String((await client.next({ ev: "down" })).reason), /^tcp: 127\.0\.0\.1:\d+: /);
	client.send({ op: "connect", host: "nowhere.invalid", port });
	const unknown = await client.next({ ev: "down" });
	assert.equal(unknown.reason, "dns: nowhere.invalid: no such name");
	const lines: [string, RegExp][] = [
		['{"op":"connect","pass":"hunter2"', /^not JSON, a line of 32 characters$/],
		['{"op":"connect","host":""}', /host: expected/],
		['{"op":"publish","topic":"a","payload":"\\ud800"}', /payload: expected well-formed/],
		['{"op":"publish","topic":"a","payloadB64":"A"}', /base64/],
		["[]", /expected an object/],
		['{"op":"conect"}', /expected one of connect/],
		['{"op":"publish"}', /topic: expected text/],
		['{"op":"publish","topic":"a","qos":3}', /qos: expected a whole number from 0 to 2/],
		['{"op":"publish","topic":"a","payloadB64":"%"}', /base64/],
		['{"op":"subscribe","subs":[]}', /subs: expected a list/],
		['{"op":"connect","ver":5}', /ver: expected a whole number from 4 to 4/],
		['{"op":"connect","hots":"x"}', /hots: unknown/],
		['{"op":"connect","tls":{"ca":"/nowhere.pem"}}', /nowhere\.pem/],
		['{"op":"disconnect"}', /not connected/],
	];
	for (const [line, pattern] of lines) {
		client.raw(`${line}\n`);
		assert.match(String((await client.next({ ev: "error" })).msg), pattern, line);
	}
	assert.equal(await client.end(), 0);
	assert.deepEqual(client.noise, []);
});

test("misuse is refused by the engine, with its reason", { skip }, async () => {
	const client = await connected();
	client.send({ op: "publish", topic: "a/+", tag: 1 });
	assert.match(String((await client.next({ ev: "done", tag: 1 })).err), /topic/);
	client.send({ op: "subscribe", subs: [{ topic: "a/#/b", qos: 0 }], tag: 2 });
	assert.match(String((await client.next({ ev: "done", tag: 2 })).err), /filter/);
	client.send({ op: "exit" });
	assert.equal(await client.exit(), 0);
});

test("wrong credentials are refused with the broker's code", { skip }, async () => {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-passwords-"));
	const strict = await startMosquitto(["allow_anonymous false"]);
	try {
		const client = start();
		client.send({ op: "connect", port: strict.port, user: "u", pass: "p" });
		const refused = await client.next({ ev: "refused" });
		assert.ok(refused.rc === 4 || refused.rc === 5, JSON.stringify(refused));
		assert.equal(await client.end(), 0);
		assert.ok(!client.events.some((event) => event.ev === "down"));
	} finally {
		await strict.discard();
		rmSync(folder, { recursive: true });
	}
});

test("a line is parsed into a command with its defaults", () => {
	assert.deepEqual(parseLine('{"op":"connect","id":"x"}'), {
		op: "connect",
		host: "127.0.0.1",
		port: 1883,
		id: "x",
		clean: true,
		keepalive: 60,
		user: undefined,
		pass: undefined,
		will: undefined,
		reconnectMs: 0,
		connectTimeoutMs: 3000,
		window: 20,
		tls: undefined,
	});
});
