/**
 * The flows of flows.ts and sessions.ts between the firmware and Mosquitto, in the clear and over
 * TLS with a password: the same packets each time. Over TLS the wire is recorded as it is, and
 * opened with the key log of the firmware's side.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ClientProcess } from "../support/client";
import { Stage, type Way } from "../support/flow-stage";
import { PASSWORD, startWays, USER, type Ways } from "../support/flow-ways";
import { skipWithout } from "../support/mosquitto";
import { FLOWS, type Flow } from "./flows";
import { SESSION_FLOWS } from "./sessions";

const skip = skipWithout("mosquitto", "mosquitto_passwd");
const options = { skip, timeout: 60_000 };
const folder = mkdtempSync(join(tmpdir(), "fieldmote-flows-"));
const keyLog = join(folder, "keys.log");

let ways: Ways;
let node: ClientProcess;

before(async () => {
	if (skip !== false) return;
	ways = await startWays(folder, keyLog);
	node = startNode();
});

function startNode(): ClientProcess {
	process.env.NODE_OPTIONS = `--tls-keylog=${keyLog}`;
	const started = new ClientProcess();
	delete process.env.NODE_OPTIONS;
	return started;
}

after(async () => {
	node?.kill();
	await ways?.discard();
	rmSync(folder, { recursive: true });
});

/** The lines of a flow as it is written down. */
function plainLines(text: string): string {
	return text.replace(/^\t+/gm, "").trim();
}

async function play(flow: Pick<Flow, "level" | "play">, way: Way) {
	const stage = await Stage.open(node, way, `${flow.level}/#`);
	try {
		await flow.play(stage);
		const found = await stage.finish();
		// Nothing came twice, and no error that nobody waited for.
		assert.deepEqual(node.events, []);
		assert.deepEqual(node.noise, []);
		const { recordings } = stage.recorder;
		return {
			...found,
			wires: recordings.map(({ wire }) => Buffer.concat(wire)),
			handshakes: recordings.map(({ handshake }) => handshake.join("\n")),
		};
	} catch (error) {
		// What this one has left behind is not the next one's affair.
		node.kill();
		node = startNode();
		throw error;
	} finally {
		await stage.close();
	}
}

function check(flow: Flow, { wire, got }: { wire: string; got: string }): void {
	assert.equal(wire, plainLines(flow.wire));
	assert.equal(got, plainLines(flow.got));
}

/** What is secret is nowhere on the wire; that it is all TLS was seen when it was opened. */
function checkSealed(wires: readonly Buffer[], secrets: readonly string[]): void {
	assert.ok(wires.length > 0);
	for (const wire of wires) {
		for (const secret of secrets) {
			assert.ok(!wire.includes(secret), `${secret} is on the wire`);
		}
	}
}

for (const flow of [...FLOWS, ...SESSION_FLOWS]) {
	test(flow.title, options, async () => {
		check(flow, await play(flow, ways.plain));
		const sealed = await play(flow, ways.tlsPassword);
		check(flow, sealed);
		checkSealed(sealed.wires, [PASSWORD, USER, `${flow.level}/`, "MQTT"]);
	});
}

/** One in each direction, at QoS 2. */
const both = FLOWS.filter(({ level }) => level === "out-2" || level === "in-2");

const refusal = {
	level: "refused",
	play: (stage: Stage) => stage.connect({ id: "lamp" }, "refused"),
};

test("user name and password: accepted, or refused with 5", options, async () => {
	for (const way of [ways.password, ways.tlsPassword]) {
		for (const flow of both) check(flow, await play(flow, way));
		const nobody = { user: undefined, pass: undefined };
		for (const wrong of [{ pass: "Correct Horse" }, { user: "somebody" }, nobody]) {
			const { wire } = await play(refusal, {
				...way,
				access: { ...way.access, ...wrong },
				suffix: "",
			});
			const [connect, ...rest] = wire.split("\n");
			const who = wrong === nobody ? /$/ : / user=\S+ password of \d+ bytes$/;
			assert.match(connect, new RegExp(`^> CONNECT clean id=lamp keepalive=60${who.source}`));
			assert.deepEqual(rest, ["< CONNACK refused 5: not authorized"]);
		}
	}
});

// Node's TLS asks for a session ticket; a board does not, and gets none.
const ONE_WAY = `
	> ClientHello
	< ServerHello
	< Certificate
	< ServerKeyExchange
	< ServerHelloDone
	> ClientKeyExchange
	> ChangeCipherSpec
	> Finished
	< NewSessionTicket
	< ChangeCipherSpec
	< Finished`;

const MUTUAL = `
	> ClientHello
	< ServerHello
	< Certificate
	< ServerKeyExchange
	< CertificateRequest
	< ServerHelloDone
	> Certificate
	> ClientKeyExchange
	> CertificateVerify
	> ChangeCipherSpec
	> Finished
	< NewSessionTicket
	< ChangeCipherSpec
	< Finished`;

test("TLS one-way and mutual: the handshake, then the same packets", options, async () => {
	const table = [
		[ways.tls, ONE_WAY, "c1, k60"],
		[ways.mutual, MUTUAL, `c1, k60, u'${USER}'`],
	] as const;
	for (const [way, handshake, user] of table) {
		for (const flow of both) {
			const found = await play(flow, way);
			check(flow, found);
			// TLS 1.2 shows a client certificate, and with it the node's id, to who listens.
			checkSealed(found.wires, [`${flow.level}/`, "MQTT"]);
			assert.deepEqual(found.handshakes, [plainLines(handshake)]);
		}
		assert.ok(way.broker.log().includes(`as lamp (p2, ${user})`), way.broker.log());
	}
});
