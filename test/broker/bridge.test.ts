/**
 * The bridge: a simulated node at the edge broker, its reports upstream, commands from there, and
 * the certificates between the two. With upstream away: bridge.slow.test.ts.
 */

import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { passwordFile } from "../../broker/passwords";
import { main as certs } from "../../certs/cli";
import { ensureCertificates } from "../../certs/ensure";
import { Store } from "../../certs/store/store";
import { startSimulator } from "../support/simulator";
import {
	above,
	below,
	CAS,
	directory,
	isUp,
	names,
	options,
	SOONER,
	startBoth,
} from "./bridge-rig";
import { eventually, makeDirectory, SOURCE, servedCertificate, startStaged } from "./staged";

test("a node's reports go up, a command comes down to its relay", options, async () => {
	const { upstream, edge } = await startBoth();
	const seen = new Map<string, string>();
	const logger = await above(upstream, "logger", (topic, payload) => seen.set(topic, payload));
	await logger.subscribeAsync("fieldmote/#", { qos: 1 });
	const secret = passwordFile(`${directory}/passwords`, "sim-1");
	const node = await startSimulator(
		...["--broker", `mqtt://localhost:${edge.ports.bridge}`, "--node", "sim-1"],
		...["--username", "sim-1", "--password-file", secret],
	);
	await node.until(/first report accepted/);
	const at = (name: string) => seen.get(`fieldmote/sim-1/${name}`);
	await eventually("the report", () => at("time"));
	assert.equal(JSON.parse(at("time") as string).clock, "set");
	assert.equal(await eventually("its presence", () => at("availability")), "online");
	assert.equal(await eventually("its relay", () => at("relay/state")), "OFF");
	assert.equal(
		await eventually("the line's state", () => seen.get("fieldmote/edge/connected")),
		"1",
	);

	const dashboard = await above(upstream, "dashboard");
	await dashboard.publishAsync("fieldmote/sim-1/relay/set", '{"state":"ON","id":"7"}', { qos: 2 });
	await node.until(/relay: .*ON/);
	const result = JSON.parse(await eventually("the result", () => at("result")));
	assert.deepEqual(result, { entity: "relay", id: "7", done: true, state: "ON" });
	assert.equal(at("relay/state"), "ON");
	node.kill("SIGINT");
	await node.ended();
	process.kill(edge.pid(), "SIGKILL");
	await eventually(
		"the line's end",
		() => seen.get("fieldmote/edge/connected") === "0" || undefined,
	);
	await edge.stop();
	await edge.start();
	await eventually("it is back", () => seen.get("fieldmote/edge/connected") === "1" || undefined);
	await edge.stop();
	await eventually("its good-bye", () => seen.get("fieldmote/edge/connected") === "0" || undefined);
	for (const client of [logger, dashboard]) await client.endAsync();
	await upstream.stop();
});

test("commands wait upstream; what is said at the edge stays there", options, async () => {
	const { upstream, edge } = await startBoth();
	const dashboard = await above(upstream, "dashboard");
	const heard: string[] = [];
	dashboard.on("message", (topic) => heard.push(topic));
	// The node has a session at the edge, as the firmware has.
	const first = await below(edge, "sim-1", true);
	await first.subscribeAsync("fieldmote/sim-1/+/set", { qos: 1 });
	await first.endAsync();
	await edge.stop();
	await dashboard.subscribeAsync("fieldmote/#", { qos: 1 });
	await dashboard.publishAsync("fieldmote/sim-1/relay/set", "ON", { qos: 1 });
	await edge.start();
	const commands: string[] = [];
	const node = await below(edge, "sim-1", true, (_topic, payload) => commands.push(payload));
	await eventually("the command that waited", () => commands.includes("ON") || undefined);

	const local = await below(edge, "dashboard");
	await local.publishAsync("fieldmote/sim-1/relay/set", "TOGGLE", { qos: 1 });
	await eventually("the local command", () => commands.includes("TOGGLE") || undefined);
	await node.publishAsync("fieldmote/sim-1/private", "x", { qos: 1 });
	await node.publishAsync("fieldmote/sim-1/time", "1", { qos: 1 });
	await eventually("the report", () => heard.includes("fieldmote/sim-1/time") || undefined);
	assert.ok(!heard.includes("fieldmote/sim-1/private"), "was not to go up");
	assert.equal(heard.filter((topic) => topic.endsWith("/set")).length, 1, "own command only");
	for (const client of [node, local, dashboard]) await client.endAsync();
	await edge.stop();
	await upstream.stop();
});

test("what upstream sends is in, whatever the edge's ACL says", options, async () => {
	// An upstream that means harm: it has the edge's session hold more than the edge asked for.
	const acl = ["user edge", "topic read #", "user dashboard", "topic write #"];
	const upstream = await startStaged(["mutual"], { directory, acl });
	const planted = await above(upstream, "edge", undefined, true);
	await planted.subscribeAsync(["house/#", "fieldmote/#"], { qos: 1 });
	await planted.endAsync();
	const at = { host: "localhost", port: upstream.ports.mutual as number };
	const usual = { paths: { "/etc/mosquitto/acl": join(SOURCE, "acl") }, replace: SOONER };
	const edge = await startStaged(["bridge"], { directory, upstream: at, ...usual });
	await isUp(upstream);
	const heard = new Map<string, string>();
	const local = await below(edge, "dashboard", false, (topic, payload) => {
		heard.set(topic, payload);
	});
	await local.subscribeAsync("#", { qos: 1 });
	const evil = await above(upstream, "dashboard");
	const topics = ["house/door", "fieldmote/sim-1/availability"];
	for (const topic of topics) await evil.publishAsync(topic, "x", { qos: 1 });
	for (const topic of topics) await eventually(topic, () => heard.get(topic));
	for (const client of [local, evil]) await client.endAsync();
	await edge.stop();
	await upstream.stop();
});

test("a certificate of another CA is refused, at the edge and upstream", options, async () => {
	const upstream = await startStaged(["mutual"], { directory });
	const other = makeDirectory();
	await ensureCertificates(other, { ...names, node: "edge" });
	const theirs = new Store(other).device("edge");
	const at = { host: "localhost", port: upstream.ports.mutual as number };
	const foreign = {
		"/etc/mosquitto/certs/edge.pem": theirs.certificate,
		"/etc/mosquitto/certs/edge.key": theirs.key,
	};
	const edge = await startStaged(["bridge"], {
		directory,
		upstream: at,
		paths: foreign,
		replace: SOONER,
	});
	// Upstream's log is the one that says it each time.
	await upstream.until(/certificate verify failed/);
	await edge.stop();
	// And the other way round: a broker of another CA is no upstream.
	const wrongCa = { [CAS]: new Store(other).brokerCas };
	const careful = await startStaged(["bridge"], {
		directory,
		upstream: at,
		paths: wrongCa,
		replace: SOONER,
	});
	await careful.until(/certificate verify failed/i);
	await careful.stop();
	await upstream.stop();
	assert.doesNotMatch(upstream.log(), /New bridge connected/);
});

test(
	"upstream's authority is replaced: the edge comes back with the file it has",
	options,
	async () => {
		const folder = makeDirectory();
		await ensureCertificates(folder, { ...names, node: "edge" });
		// A copy, as on the edge's own machine.
		const copy = join(makeDirectory(), "broker-cas.pem");
		copyFileSync(new Store(folder).brokerCas, copy);
		const { upstream, edge } = await startBoth({ directory: folder, paths: { [CAS]: copy } });
		const before = await servedCertificate(upstream.ports.mutual as number);
		await certs(["renew", "broker-ca", "--directory", folder]);
		for (const one of [upstream, edge]) {
			const from = upstream.log().length;
			await one.stop();
			await one.start();
			await isUp(upstream, from);
		}
		assert.notEqual(await servedCertificate(upstream.ports.mutual as number), before);
		await edge.stop();
		await upstream.stop();
	},
);
