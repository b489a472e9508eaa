/**
 * The node's own flow, from its first packet to its good-bye: `fieldmote start` over TLS with a
 * password at Mosquitto, recorded as it is and opened with the key log. Each direction by itself,
 * because the two do not wait for each other.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import mqtt from "mqtt";
import { PASSWORD, startWays, USER } from "../support/flow-ways";
import { skipWithout } from "../support/mosquitto";
import { startRecorder } from "../support/packet-recorder";
import { startSimulator } from "../support/simulator";

const NODE = "shed";
const skip = skipWithout("mosquitto", "mosquitto_passwd");
const folder = mkdtempSync(join(tmpdir(), "fieldmote-node-flow-"));
after(() => rmSync(folder, { recursive: true }));

const SENT = [
	'> CONNECT lasting id=shed keepalive=60 will retain q1 "fieldmote/shed/availability" "offline"' +
		` user=${USER} password of ${PASSWORD.length} bytes`,
	'> SUBSCRIBE 1 "fieldmote/shed/+/set" q2, "fieldmote/shed/sync" q1',
	'> PUBLISH retain q1 id=2 "fieldmote/shed/availability" "online"',
	'> PUBLISH retain q1 id=3 "fieldmote/shed/relay/state" "OFF"',
	"> PUBREC 1",
	'> PUBLISH retain q1 id=4 "fieldmote/shed/relay/state" "ON"',
	'> PUBLISH q1 id=5 "fieldmote/shed/result" "{"entity":"relay","done":true,"state":"ON"}"',
	"> PUBCOMP 1",
	'> PUBLISH retain q1 id=6 "fieldmote/shed/availability" "offline"',
	"> DISCONNECT",
];

const RECEIVED = [
	"< CONNACK accepted",
	"< SUBACK 1 granted 2, 1",
	"< PUBACK 2",
	"< PUBACK 3",
	'< PUBLISH q2 id=1 "fieldmote/shed/relay/set" "ON"',
	"< PUBREL 1",
	"< PUBACK 4",
	"< PUBACK 5",
	"< PUBACK 6",
];

/** Without the reports, which come with the clock; and ids from 1, which begin by chance. */
function numbered(lines: readonly string[]): string[] {
	const others = new Set<string>();
	const ids = new Map<string, number>();
	const kept: string[] = [];
	for (const line of lines) {
		const own = /^(?:> PUBLISH .*id=|> SUBSCRIBE |< PUBACK |< SUBACK )(\d+)/.exec(line)?.[1] ?? "";
		if (/^> .*\/(time|diag)" /.test(line)) {
			if (own !== "") others.add(own);
		} else if (own === "") kept.push(line);
		else if (!others.has(own)) {
			const id = ids.get(own) ?? ids.size + 1;
			ids.set(own, id);
			kept.push(line.replace(new RegExp(`(id=| )${own}\\b`), `$1${id}`));
		}
	}
	return kept;
}

test("the life of a node: its packets over TLS with a password", {
	skip,
	timeout: 90_000,
}, async (t) => {
	const keyLog = join(folder, "keys.log");
	const ways = await startWays(folder, keyLog);
	t.after(() => ways.discard());
	const { broker, openPort } = ways.tlsPassword;
	const recorder = await startRecorder(broker.port, keyLog);
	t.after(() => recorder.close());
	const passwordFile = join(folder, "password");
	writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
	const other = await mqtt.connectAsync(`mqtt://127.0.0.1:${openPort}`);
	t.after(() => other.endAsync(true));
	process.env.NODE_OPTIONS = `--tls-keylog=${keyLog}`;
	const words = ["--broker", `mqtts://localhost:${recorder.port}`];
	words.push("--ca", join(folder, "brokers.pem"), "--node", NODE);
	words.push("--username", USER, "--password-file", passwordFile);
	const node = await startSimulator(...words);
	delete process.env.NODE_OPTIONS;
	t.after(() => node.kill("SIGKILL"));
	await node.until(/first report accepted/);
	await recorder.until(/^< SUBACK/);
	await other.publishAsync(`fieldmote/${NODE}/relay/set`, "ON", { qos: 2 });
	await recorder.until(/result" /);
	await recorder.until(/^> PUBCOMP/);
	node.kill("SIGINT");
	assert.equal(await node.ended(), 0);
	await recorder.quiet();
	assert.equal(recorder.recordings.length, 1);
	const lines = numbered(recorder.recordings[0].lines);
	assert.deepEqual(
		lines.filter((line) => line.startsWith(">")),
		SENT,
	);
	assert.deepEqual(
		lines.filter((line) => line.startsWith("<")),
		RECEIVED,
	);
});
