/**
 * What a broker does for the firmware, as the rows of docs/scale.md: a title, and how it is
 * found out. What is found is a few words, the same for the same broker each time.
 */

import type { Bench } from "../support/broker-bench";

export interface Probe {
	readonly title: string;
	run(bench: Bench): Promise<string>;
}

const said = ({ ev, rc }: Record<string, unknown>) => (ev === "refused" ? `refused, ${rc}` : ev);
const yesNo = (value: unknown) => (value === true ? "yes" : "no");

/** Connects, subscribes, leaves; what is published meanwhile; then connects again. */
async function away(bench: Bench, topic: string, clean: boolean, qos: 1 | 2): Promise<string> {
	const command = { id: topic, clean };
	await bench.connect(command);
	await bench.subscribe(topic, 2);
	await bench.disconnect();
	await bench.otherPublishes(topic, "while away", qos);
	const { sp } = await bench.connect(command);
	if (clean) await bench.subscribe(topic, 2);
	const arrived = await bench.hasBefore("while away", topic, 1);
	await bench.disconnect();
	return sp === !clean ? yesNo(arrived) : `session present: ${sp}`;
}

const access: readonly Probe[] = [
	{
		title: "no user name; wrong password",
		run: async (bench) => {
			const nobody = said(await bench.connect({ user: undefined, pass: undefined }));
			const wrong = said(await bench.connect({ pass: "wrong" }));
			if (nobody === "up") await bench.disconnect();
			return `${nobody}; ${wrong}`;
		},
	},
	{
		title: "TLS with a password",
		run: async (bench) => {
			const { ca } = bench.identity;
			const answer = await bench.connect({ port: bench.broker.tlsPort, tls: { ca } });
			if (answer.ev === "up") await bench.disconnect();
			return answer.ev === "up" ? "yes" : `no: ${answer.reason}`;
		},
	},
	{
		title: "TLS with a client certificate instead of it",
		run: async (bench) => {
			const nobody = { user: undefined, pass: undefined };
			const tls = bench.identity;
			const { tlsPort, certificatePort: port = tlsPort } = bench.broker;
			const answer = await bench.connect({ port, tls, ...nobody });
			if (answer.ev === "up") await bench.disconnect();
			return answer.ev === "up" ? "yes" : `no: ${said(answer)}`;
		},
	},
	{
		title: "the same client id again: the newer one stays",
		run: async (bench) => yesNo(await bench.isTakenOver()),
	},
];

const messages: readonly Probe[] = [
	{
		title: "granted to subscriptions at QoS 0, 1, 2",
		run: async (bench) => {
			await bench.connect({});
			const granted: unknown[] = [];
			for (const qos of [0, 1, 2]) granted.push(await bench.subscribe(`granted/${qos}`, qos));
			await bench.disconnect();
			return granted.flat().join(", ");
		},
	},
	{
		title: "answers to a publication at QoS 1",
		run: (bench) => bench.answersTo(1),
	},
	{
		title: "answers to a publication at QoS 2",
		run: (bench) => bench.answersTo(2),
	},
	{
		title: "a command published at QoS 2 arrives at",
		run: async (bench) => {
			await bench.connect({});
			await bench.subscribe("arrives/set", 2);
			await bench.otherPublishes("arrives/set", "on", 2);
			const { qos } = await bench.message("on");
			await bench.disconnect();
			return `QoS ${qos}`;
		},
	},
	{
		title: "a topic with a dot, `a.b/c`, arrives as",
		run: async (bench) => {
			await bench.connect({});
			await bench.subscribe("#", 1);
			await bench.otherPublishes("a.b/c", "dot", 1);
			const { topic } = await bench.message("dot");
			await bench.disconnect();
			return `\`${topic}\``;
		},
	},
];

const retained: readonly Probe[] = [
	{
		title: "retained: the last one, then none when cleared",
		run: async (bench) => {
			const topic = "kept/state";
			await bench.connect({});
			for (const text of ["old", "new"]) await bench.publish(topic, text, 1, true);
			await bench.subscribe(topic, 1);
			const last = await bench.hasBefore("new", topic, 1);
			await bench.disconnect();
			await bench.otherPublishes(topic, "", 1, true);
			await bench.connect({});
			await bench.subscribe(topic, 1);
			const cleared = !(await bench.hasBefore("new", topic, 1));
			await bench.disconnect();
			return last && cleared ? "yes" : `last: ${yesNo(last)}; cleared: ${yesNo(cleared)}`;
		},
	},
	{
		title: "retained, for a subscription with a wildcard",
		run: async (bench) => {
			await bench.otherPublishes("wild/1/state", "kept", 1, true);
			await bench.connect({});
			await bench.subscribe("wild/+/state", 1);
			const arrived = await bench.hasBefore("kept", "wild/2/state", 1);
			await bench.disconnect();
			return yesNo(arrived);
		},
	},
	{
		title: "the will on a cut connection, none after DISCONNECT",
		run: async (bench) => {
			const will = (payload: string) => ({ topic: "will/state", payload, qos: 1, retain: true });
			await bench.otherSubscribes("will/state");
			await bench.connect({ will: will("polite") });
			await bench.disconnect();
			await bench.connect({ will: will("cut") });
			await bench.cut();
			await bench.otherGot(/"cut"/);
			return yesNo(!bench.got.some((line) => line.includes("polite")));
		},
	},
];

const sessions: readonly Probe[] = [
	{
		title: "a session that lasts gets what came at QoS 1 while away",
		run: (bench) => away(bench, "lasting-1", false, 1),
	},
	{
		title: "the same at QoS 2",
		run: (bench) => away(bench, "lasting-2", false, 2),
	},
	{
		title: "a clean session gets it",
		run: (bench) => away(bench, "clean-1", true, 1),
	},
	{
		title: "after a restart of the broker: retained messages; session and its messages",
		run: async (bench) => {
			const command = { id: "restart", clean: false };
			await bench.connect(command);
			await bench.subscribe("restart/set", 1);
			await bench.disconnect();
			await bench.otherPublishes("restart/set", "queued", 1);
			await bench.otherPublishes("restart/state", "kept", 1, true);
			await bench.broker.restart();
			await bench.fresh();
			const { sp } = await bench.connect(command);
			await bench.subscribe("restart/set", 1);
			const queued = await bench.hasBefore("queued", "restart/set", 1);
			await bench.subscribe("restart/state", 1);
			const kept = await bench.hasBefore("kept", "restart/state", 1);
			await bench.disconnect();
			return `${yesNo(kept)}; ${yesNo(sp === true && queued)}`;
		},
	},
];

const node: Probe = {
	title: "the node: reports, a command and its result, its will",
	run: (bench) => bench.playNode(),
};

/** In the order of the table; the restart is last but the node. */
export const PROBES = [...access, ...messages, ...retained, ...sessions, node];
