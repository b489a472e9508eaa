/**
 * A retained command upstream and a bridge whose line is cut: what docs/brokers.md says of it, and
 * the way around it that is there. The line is a TCP proxy, so that the brokers go on.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { passwordFile } from "../../broker/passwords";
import { root } from "../../host-sim/build.mjs";
import { quote } from "../../host-sim/mosquitto-lines";
import { paste, startSimulator } from "../support/simulator";
import { above, below, directory, options, SOONER } from "./bridge-rig";
import { eventually, type Staged, startStaged } from "./staged";

const RELAY = "fieldmote/sim-1/relay";
const PAGE = readFileSync(join(root, "docs", "brokers.md"), "utf8");

const lines: Line[] = [];
after(() => {
	for (const line of lines) line.close();
});

interface Line {
	readonly port: number;
	/** Cuts it; who comes next is let through. */
	cut(): void;
	close(): void;
}

async function lay(toPort: number): Promise<Line> {
	const sockets = new Set<Socket>();
	const cut = () => {
		for (const socket of sockets) socket.destroy();
		sockets.clear();
	};
	const server = createServer((near) => {
		const far = connectTcp(toPort, "127.0.0.1");
		for (const [one, other] of [
			[near, far],
			[far, near],
		] as const) {
			sockets.add(one);
			one.pipe(other);
			one.on("error", () => undefined);
			one.on("close", () => other.destroy());
		}
	}).listen(0, "127.0.0.1");
	await once(server, "listening");
	const line: Line = {
		port: (server.address() as AddressInfo).port,
		cut,
		close: () => {
			server.close();
			cut();
		},
	};
	lines.push(line);
	return line;
}

/** Waits until the edge is at the broker upstream, which takes it for a client in some settings. */
async function isThere(upstream: Staged, from = 0): Promise<void> {
	await upstream.until(/New (bridge|client) connected from \S+ as edge .*u'edge'/, from);
}

/** Both brokers with a line between them, with nothing of an earlier test. */
async function startLine(more: Record<string, string> = {}) {
	rmSync(join(directory, "state"), { recursive: true, force: true });
	const upstream = await startStaged(["mutual"], { directory });
	const line = await lay(upstream.ports.mutual as number);
	const at = { host: "localhost", port: line.port };
	const replace = { ...SOONER, ...more };
	const edge = await startStaged(["bridge"], { directory, upstream: at, replace });
	await isThere(upstream);
	const stop = async () => {
		line.close();
		await edge.stop();
		await upstream.stop();
	};
	return { upstream, edge, line, stop };
}

/** Cuts the line and waits until the edge is back. */
async function cutOnce(upstream: Staged, line: Line): Promise<void> {
	const from = upstream.log().length;
	line.cut();
	await isThere(upstream, from);
}

/** A line of the page that begins so, for these brokers. */
function lineOfPage(beginning: string, { ports, files }: Staged): string {
	const found = PAGE.split("\n").find((line) => line.startsWith(beginning));
	assert.ok(found, `docs/brokers.md has no line ${beginning}`);
	const store = join(files.brokerCas, "..");
	return found
		.replace("broker.example -p 8883", `localhost -p ${ports.mutual}`)
		.replaceAll("certs/generated", quote(store))
		.replaceAll("greenhouse-1", "sim-1");
}

test("a retained command switches again whenever the line comes back", options, async () => {
	const { upstream, edge, line, stop } = await startLine();
	const secret = passwordFile(`${directory}/passwords`, "sim-1");
	const node = await startSimulator(
		...["--broker", `mqtt://localhost:${edge.ports.bridge}`, "--node", "sim-1"],
		...["--username", "sim-1", "--password-file", secret],
	);
	await node.until(/first report accepted/);
	const states: string[] = [];
	const results: Record<string, unknown>[] = [];
	let last = "";
	let told = 0;
	// The edge, too, says what it has retained once more when it is back: changes count.
	const logger = await above(upstream, "logger", (topic, payload) => {
		if (topic.endsWith("/state")) {
			told++;
			if (payload !== last) states.push(payload);
			last = payload;
		} else results.push(JSON.parse(payload));
	});
	await logger.subscribeAsync([`${RELAY}/state`, "fieldmote/sim-1/result"], { qos: 1 });
	const dashboard = await above(upstream, "dashboard");
	const retained = { qos: 1, retain: true } as const;
	await dashboard.publishAsync(`${RELAY}/set`, "TOGGLE", retained);
	const switched = async (...wanted: readonly string[]) => {
		await eventually(wanted.join(), () => states.at(-1) === wanted.at(-1) || undefined);
		assert.deepEqual(states.splice(0), wanted);
	};
	await switched("OFF", "ON");
	await cutOnce(upstream, line);
	await switched("OFF");
	await cutOnce(upstream, line);
	await switched("ON");

	// The page's lines find it and remove it; the node answers the empty message with its state.
	const find = paste(lineOfPage("mosquitto_sub -h broker.example", upstream));
	await find.ended();
	assert.equal(find.out().trim(), `${RELAY}/set TOGGLE`, find.err());
	const before = told;
	const clear = paste(lineOfPage("mosquitto_pub -h broker.example", upstream));
	assert.equal(await clear.ended(), 0, clear.err());
	await eventually("the state, said once more", () => told > before || undefined);
	await cutOnce(upstream, line);
	assert.deepEqual(states, []);

	// With an id it is done once. One user name, one connection: the lines have ended the first.
	const again = await above(upstream, "dashboard");
	const command = JSON.stringify({ state: "TOGGLE", id: "7" });
	await again.publishAsync(`${RELAY}/set`, command, retained);
	await switched("OFF");
	const count = () => results.filter(({ id }) => id === "7").length;
	await eventually("its result", () => count() === 1 || undefined);
	await cutOnce(upstream, line);
	await eventually("another result, or none", () => count() === 2 || undefined);
	assert.deepEqual(states, []);
	node.kill("SIGINT");
	await node.ended();
	for (const client of [logger, again]) await client.endAsync();
	await stop();
});

const SETTINGS: readonly Record<string, string>[] = [
	{ bridge_protocol_version: "mqttv50" },
	{ cleansession: "true" },
	{ remote_clientid: "edge\ntry_private false" },
];
for (const setting of SETTINGS) {
	const name = Object.entries(setting).flat().join(" ").replace("\n", ", ");
	test(`the same with ${name}`, options, async () => {
		const { upstream, edge, line, stop } = await startLine(setting);
		const commands: string[] = [];
		const node = await below(edge, "sim-1");
		node.on("message", (_topic, payload, { retain }) => commands.push(`${payload} ${retain}`));
		await node.subscribeAsync(`${RELAY}/set`, { qos: 1 });
		const dashboard = await above(upstream, "dashboard");
		const retained = { qos: 1, retain: true } as const;
		await dashboard.publishAsync(`${RELAY}/set`, "TOGGLE", retained);
		await eventually("the command", () => commands[0]);
		await cutOnce(upstream, line);
		await eventually("the command once more", () => commands[1]);
		assert.deepEqual(commands, ["TOGGLE false", "TOGGLE false"]);
		await dashboard.publishAsync(`${RELAY}/set`, "", retained);
		for (const client of [node, dashboard]) await client.endAsync();
		await stop();
	});
}
