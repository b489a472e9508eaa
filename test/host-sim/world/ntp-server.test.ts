import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import { answerNtp, NtpServer } from "../../../host-sim/world/ntp-server";

function request(): Uint8Array {
	const bytes = new Uint8Array(48);
	bytes[0] = 0x23;
	bytes.set([1, 2, 3, 4, 5, 6, 7, 8], 40);
	return bytes;
}

test("an ordinary reply: server mode, the echo, the time in three places", () => {
	const reply = Buffer.from(answerNtp(request(), Date.UTC(2026, 0, 1, 0, 0, 0, 500)) ?? []);
	assert.equal(reply.length, 48);
	assert.equal(reply[0], 0x24);
	assert.equal(reply[1], 2);
	assert.deepEqual([...reply.subarray(24, 32)], [1, 2, 3, 4, 5, 6, 7, 8]);
	const seconds = Date.UTC(2026, 0, 1) / 1000 + 2_208_988_800;
	for (const at of [32, 40]) {
		assert.equal(reply.readUInt32BE(at), seconds);
		assert.equal(reply.readUInt32BE(at + 4), 0x80000000);
	}
});

test("what is no request of a client gets no reply", () => {
	assert.equal(answerNtp(request().subarray(0, 47), 0), undefined);
	const broadcast = request();
	broadcast[0] = 0x25;
	assert.equal(answerNtp(broadcast, 0), undefined);
});

test("on a free port; counts requests; silent on demand; gone after close()", async () => {
	const server = await NtpServer.start();
	assert.equal(server.name, `127.0.0.1:${server.port}`);
	const client = createSocket("udp4");
	client.send(request(), server.port, "127.0.0.1");
	const [reply] = await once(client, "message");
	assert.equal(reply.length, 48);
	server.faults.silent = true;
	client.send(request(), server.port, "127.0.0.1");
	while (server.requests < 2) await new Promise((resolve) => setTimeout(resolve, 5));
	client.close();
	await server.close();
});
