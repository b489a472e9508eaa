/** The link's failures, its patience, and what it leaves behind. */

import assert from "node:assert/strict";
import { test } from "node:test";
import mqttPacket from "mqtt-packet";
import { freePort } from "../../support/mosquitto";
import { accepting, ends, listen, makeRig } from "./link-rig";

test("each failure says its step and its reason, once", async () => {
	const closed = await freePort();
	const refused = await makeRig(closed);
	refused.link.open();
	await refused.down();
	const unknown = await makeRig(1, { addresses: [] });
	unknown.link.open();
	await unknown.down();
	assert.deepEqual(unknown.downs, ["dns: 127.0.0.1: no such name"]);
	const silent = await makeRig((await listen((socket) => ends.push(() => socket.destroy()))).port);
	silent.link.open();
	await silent.down();
	assert.deepEqual(silent.downs, ["mqtt: no CONNACK in time"]);
	const hangUp = await makeRig((await listen((socket) => socket.end())).port);
	hangUp.link.open();
	await hangUp.down();
	assert.deepEqual(hangUp.downs, ["mqtt: connection closed by the other end or lost"]);
	await new Promise((resolve) => setTimeout(resolve, 400));
	assert.deepEqual(refused.downs, [`tcp: 127.0.0.1:${closed}: no connection`]);
	assert.equal(silent.downs.length, 1);
	assert.equal(hangUp.downs.length, 1);
});

test("an address that gives no answer is left for the next one", async () => {
	const { port } = await listen(accepting(() => undefined));
	// Nobody listens on 127.0.0.9.
	const rig = await makeRig(port, { addresses: ["127.0.0.9", "127.0.0.1"] });
	rig.link.open();
	await rig.up();
	assert.equal(rig.downs.length, 0);
	assert.match(
		rig.lines.join("\n"),
		/tcp failed: 127\.0\.0\.9:\d+: no connection; next try in 0\.0 s/,
	);
	rig.link.close();
});

test("a refusal that comes with the end of the connection is seen", async () => {
	const { port } = await listen((socket) => {
		socket.once("data", () => socket.end(Buffer.from([0x20, 2, 0, 5])));
	});
	const rig = await makeRig(port);
	let code = 0;
	rig.onEvent = (event) => {
		if (event === rig.engine.Event.Refused) code = rig.session.event.code;
	};
	rig.link.open();
	await rig.down();
	assert.equal(code, 5);
	assert.deepEqual(rig.downs, [
		"mqtt: connection refused: not authorized: unknown user, wrong password or not allowed",
	]);
});

const brokenWrites: [what: string, write: () => number | undefined][] = [
	[
		"throws",
		() => {
			throw new Error("not ready");
		},
	],
	// The SDK's sockets when they have ended.
	["gives nothing", () => undefined],
];
for (const [what, write] of brokenWrites) {
	test(`a socket that ${what} at a write is a lost connection`, async () => {
		const { port } = await listen(
			accepting((socket) => {
				const head = { cmd: "publish", topic: "t", qos: 1, dup: false, retain: false } as const;
				socket.write(mqttPacket.generate({ ...head, payload: "x", messageId: 1 }));
			}),
		);
		const rig = await makeRig(port);
		const { prototype } = rig.engine.TCP as unknown as { prototype: { write: typeof write } };
		rig.onEvent = (event) => {
			if (event !== rig.engine.Event.Message) return;
			prototype.write = write;
			rig.session.acknowledge(rig.session.message.handle, 0);
		};
		rig.link.open();
		await rig.down();
		assert.deepEqual(rig.downs, ["mqtt: connection closed by the other end or lost"]);
	});
}

test("while the application holds messages nothing is read, and nothing is lost", async () => {
	const count = 60;
	const { port } = await listen(
		accepting((socket) => {
			const packets: Buffer[] = [];
			for (let id = 1; id <= count; id++) {
				const head = { cmd: "publish", topic: "t", qos: 1, dup: false, retain: false } as const;
				const payload = "x".repeat(200) + String(id);
				packets.push(mqttPacket.generate({ ...head, payload, messageId: id }));
			}
			socket.write(Buffer.concat(packets));
		}),
	);
	const rig = await makeRig(port, { readBytes: 64 });
	const handles: number[] = [];
	const ids: number[] = [];
	rig.onEvent = (event) => {
		if (event !== rig.engine.Event.Message) return;
		handles.push(rig.session.message.handle);
		ids.push(Number(rig.session.messageText()?.slice(200)));
	};
	rig.link.open();
	await rig.up();
	await new Promise((resolve) => setTimeout(resolve, 50));
	assert.equal(ids.length, 2);
	for (let guard = 0; ids.length < count && guard < 1000; guard++) {
		const handle = handles.shift();
		if (handle !== undefined) rig.session.acknowledge(handle, 0);
		rig.link.pump();
		await new Promise((resolve) => setImmediate(resolve));
	}
	assert.deepEqual(
		ids,
		Array.from({ length: count }, (_, i) => i + 1),
	);
	rig.link.close();
	assert.equal(rig.downs.length, 0);
});

test("a thousand connections, one after the other, leave nothing behind", async () => {
	const { port } = await listen(
		accepting((socket) => {
			socket.on("data", () => undefined);
		}),
	);
	const rig = await makeRig(port);
	const { Event } = rig.engine;
	let connects = 0;
	const done = new Promise<void>((resolve) => {
		rig.onEvent = (event) => {
			if (event !== Event.Connected) return;
			connects++;
			// Closing from inside an event must be safe.
			rig.link.close();
			if (connects === 1000) resolve();
			else rig.link.open();
		};
	});
	rig.link.open();
	await done;
	assert.equal(rig.downs.length, 0);
});

test("what was accepted while there was no connection is sent at the next one", async () => {
	const topics: string[] = [];
	let seen = (): void => undefined;
	const { port } = await listen((socket) => {
		ends.push(() => socket.destroy());
		const parser = mqttPacket.parser();
		parser.on("packet", (packet) => {
			if (packet.cmd === "connect") socket.write(Buffer.from([0x20, 2, 0, 0]));
			if (packet.cmd !== "publish") return;
			topics.push(packet.topic);
			socket.write(mqttPacket.generate({ cmd: "puback", messageId: packet.messageId }));
			seen();
		});
		socket.on("data", (data) => parser.parse(data));
	});
	const rig = await makeRig(port, { writeBytes: 16 });
	assert.ok(rig.session.publish("early", "p".repeat(100), 1, false, 0) > 0);
	const arrived = new Promise<void>((resolve) => {
		seen = resolve;
	});
	rig.link.open();
	await arrived;
	assert.deepEqual(topics, ["early"]);
	rig.link.close();
});
