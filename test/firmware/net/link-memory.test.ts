/** A link holds bytes only while they wait for the session. */

import assert from "node:assert/strict";
import { test } from "node:test";
import mqttPacket from "mqtt-packet";
import { held } from "../mqtt/held";
import { accepting, listen, makeRig } from "./link-rig";

test("nothing is held before the connection stands, at rest, and after the end", async () => {
	const { port } = await listen(accepting(() => undefined));
	const rig = await makeRig(port);
	const nothing = () => [...held(rig.link), ...held(rig.session)];
	assert.deepEqual(nothing(), []);
	rig.link.open();
	assert.deepEqual(nothing(), []);
	await rig.up();
	await new Promise((resolve) => setTimeout(resolve, 20));
	assert.deepEqual(nothing(), []);
	rig.link.close();
	assert.deepEqual(nothing(), []);
});

test("bytes that the session does not take are held until it does, or the link closes", async () => {
	const packets = [1, 2, 3, 4].map((messageId) => {
		const head = { cmd: "publish", topic: "t", qos: 1, dup: false, retain: false } as const;
		return mqttPacket.generate({ ...head, payload: "x", messageId });
	});
	const { port } = await listen(accepting((socket) => socket.write(Buffer.concat(packets))));
	for (const acknowledge of [true, false]) {
		const rig = await makeRig(port);
		const { Event } = rig.engine;
		const handles: number[] = [];
		rig.onEvent = (event) => {
			if (event === Event.Message) handles.push(rig.session.message.handle);
		};
		rig.link.open();
		await rig.until(() => handles.length === 2);
		await new Promise((resolve) => setTimeout(resolve, 20));
		assert.deepEqual(held(rig.link), ["input"]);
		if (acknowledge) {
			for (const handle of handles) rig.session.acknowledge(handle, 0);
			rig.link.pump();
			assert.equal(handles.length, 4);
			assert.deepEqual(held(rig.link), []);
		}
		rig.link.close();
		assert.deepEqual(held(rig.link), []);
	}
});
