/** Many commands at a broker that sends its acknowledgements behind them, and connections lost. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Packet } from "mqtt-packet";
import { SET, Shed, UNIX_MS } from "../../support/shed";

const ENTITIES = [{ kind: "relay", id: "relay", pin: "D1", rate: { commands: 1000 } }];

function command(messageId: number, qos: 1 | 2, dup: boolean): Packet {
	const payload = `{"state":"ON","id":"${messageId}","expires":${UNIX_MS * 2}}`;
	return { cmd: "publish", topic: SET, payload, qos, messageId, dup, retain: false };
}

/** What a broker answers to what the node has sent; ids of commands that are done are noted. */
function answers(sent: Packet[], done: Set<number>): Packet[] {
	const packets: Packet[] = [];
	for (const one of sent) {
		const messageId = one.messageId as number;
		if (one.cmd === "puback" || one.cmd === "pubcomp") done.add(messageId);
		else if (one.cmd === "pubrec") packets.push({ cmd: "pubrel", messageId });
		else if (one.cmd === "publish" && one.qos === 1) packets.push({ cmd: "puback", messageId });
	}
	return packets;
}

/** All are sent, the connection is lost before anything of the node's arrived, all come again. */
function survives(window: number, count: number, flows: (1 | 2)[]): void {
	const shed = new Shed({ window }, { entities: ENTITIES, silent: true });
	shed.up();
	const ids = Array.from({ length: count }, (_, i) => i + 1);
	const packets = (dup: boolean, but: Set<number>): Packet[] =>
		ids.filter((id) => !but.has(id)).map((id) => command(id, flows[id % flows.length], dup));
	const done = new Set<number>();
	shed.bench.offer(...packets(false, done));
	shed.wait(100);
	shed.bench.pump();
	for (let lost = 0; lost < 2 && done.size < count; lost++) {
		shed.bench.close();
		shed.bench.sent.length = 0;
		shed.bench.connect(true);
		shed.bench.offer(...packets(true, done));
		for (let i = 0; i < 40 && done.size < count; i++) {
			shed.wait(100);
			shed.bench.offer(...answers(shed.bench.sent.splice(0), done));
		}
	}
	assert.equal(done.size, count, `window ${window}, ${count} commands at QoS ${flows}`);
}

test("commands that come again behind a lost connection never stop what is read", () => {
	for (const window of [1, 2, 4]) {
		for (const count of [7, 8, 9, 12, 20]) {
			for (const flows of [[1], [2], [1, 2], [1, 1, 2]] as (1 | 2)[][]) {
				survives(window, count, flows);
			}
		}
	}
});

test("with a transport that takes nothing, results are tried again soon and not with a report", () => {
	const session = { window: 1, transmitBytes: 128 };
	const shed = new Shed(session, { entities: ENTITIES, intervalMs: 3_600_000 });
	shed.up();
	const { bench, profile } = shed;
	assert.ok(profile.pollTimeout(bench.now) > 1_000_000);
	bench.pump = () => undefined;
	bench.offer(...Array.from({ length: 8 }, (_, i) => command(i + 1, 1, false)));
	assert.equal(profile.pollTimeout(bench.now), 50);
});
