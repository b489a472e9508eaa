import "../../support/xs-globals";
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Packet } from "mqtt-packet";
import { Relay } from "../../../firmware/entities/relay";
import { Event, type SessionOptions, State } from "../../../firmware/mqtt/session";
import type { NodeFacts } from "../../../firmware/profiles/profile";
import { StandardProfile } from "../../../firmware/profiles/standard";
import { nodeTopics } from "../../../firmware/topics";
import { SessionBench } from "../../support/session-bench";

const UNIX_MS = Date.UTC(2026, 10, 21, 4, 9, 52, 123);
const SET = "fieldmote/shed/relay/set";

interface Command {
	text: string;
	qos?: 0 | 1 | 2;
	retain?: boolean;
	dup?: boolean;
	id?: number;
}

/** A profile on a session at a played broker. */
class Shed {
	readonly bench: SessionBench;
	readonly levels: number[] = [];
	readonly profile: StandardProfile;
	clock = "set";
	error = "";
	private sequence = 0;
	private nextId = 100;

	constructor(session: Partial<SessionOptions> = {}) {
		this.bench = new SessionBench(session);
		const { bench } = this;
		const shed = this;
		const facts: NodeFacts = {
			session: bench.session,
			online: () => bench.session.state === State.Up,
			clockState: () => this.clock,
			unixMs: (now) => UNIX_MS + now,
			offsetMs: () => 0.25,
			errorBoundMs: () => 3.14,
			driftPpm: () => 0,
			timeServer: () => 'odd "name"',
			stratum: () => 2,
			uptimeSeconds: (now) => Math.floor(now / 1000),
			reconnects: 0,
			get error() {
				return shed.error;
			},
			rssi: () => -58,
			freeBytes: () => undefined,
			random: () => 0,
			nextSequence: () => ++this.sequence,
		};
		const relay = new Relay("relay", { write: (value) => void this.levels.push(value) });
		this.profile = new StandardProfile(
			{
				topics: nodeTopics("fieldmote", "shed"),
				facts,
				relay,
				timeMinimumMs: 10_000,
				timeMaximumMs: 10_000,
				diagIntervalMs: 60_000,
			},
			0,
		);
		bench.onEvent = (event) => {
			const { session, now } = bench;
			if (event === Event.Connected)
				this.profile.handleConnected(session.event.sessionPresent, now);
			else if (event === Event.Message) this.profile.handleMessage(now);
			else if (event === Event.Skipped) this.profile.handleSkipped(session.event.skippedBytes, now);
			else if (event === Event.Published) this.profile.handlePublished(0, now);
		};
	}

	wait(ms: number): void {
		this.bench.now += ms;
		this.profile.handleTimeout(this.bench.now);
	}

	/** Sends a command and returns the results that were published, and the states. */
	command(command: Command): { results: Record<string, unknown>[]; states: string[] } {
		const { text, qos = 1, retain = false, dup = false } = command;
		const messageId = command.id ?? this.nextId++;
		const head = { cmd: "publish", topic: SET, payload: text, qos, retain, dup } as const;
		this.bench.give(qos === 0 ? head : { ...head, messageId });
		const said = this.bench.acknowledgeAll();
		const results = said.filter((one) => one.topic.endsWith("/result"));
		return {
			results: results.map((one) => JSON.parse(one.text)),
			states: said.filter((one) => one.topic.endsWith("relay/state")).map((one) => one.text),
		};
	}
}

test("after connecting it says online, its state, the time and how it is", () => {
	const shed = new Shed();
	shed.bench.connect();
	const said = shed.bench.acknowledgeAll();
	const byTopic = new Map(said.map((one) => [one.topic.slice("fieldmote/shed/".length), one]));
	assert.deepEqual(byTopic.get("availability"), {
		topic: "fieldmote/shed/availability",
		text: "online",
		retain: true,
		qos: 1,
	});
	assert.equal(byTopic.get("relay/state")?.text, "OFF");
	assert.equal(byTopic.get("relay/state")?.retain, true);
	assert.deepEqual(JSON.parse(byTopic.get("time")?.text ?? ""), {
		seq: 1,
		time: "2026-11-21T04:09:52.123Z",
		unix_ms: UNIX_MS,
		clock: "set",
		offset_ms: 0.3,
		error_ms: 3.1,
		server: 'odd "name"',
		stratum: 2,
		uptime_s: 0,
	});
	const diag = JSON.parse(byTopic.get("diag")?.text ?? "");
	assert.equal(diag.rssi, -58);
	assert.equal(diag.dropped, 0);
	assert.equal(diag.clock, "set");
	assert.equal("heap" in diag, false);
	assert.deepEqual(shed.levels, []);
});

test("a command switches, and gets one result and one state", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	assert.deepEqual(shed.command({ text: "ON" }), {
		results: [{ entity: "relay", done: true, state: "ON" }],
		states: ["ON"],
	});
	assert.deepEqual(shed.command({ text: '{"state":"TOGGLE","id":"a"}', qos: 2 }), {
		results: [{ entity: "relay", id: "a", done: true, state: "OFF" }],
		states: ["OFF"],
	});
	assert.deepEqual(shed.levels, [1, 0]);
});

test("an id is carried out once, at any QoS, and answered the same each time", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	const text = '{"state":"TOGGLE","id":"7"}';
	const first = shed.command({ text });
	for (const qos of [0, 1, 2] as const) {
		assert.deepEqual(shed.command({ text, qos, dup: qos > 0 }).results, first.results);
	}
	assert.deepEqual(shed.levels, [1]);
});

test("a repeat of a packet id at QoS 2 is not carried out", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	assert.equal(shed.command({ text: "TOGGLE", qos: 2, id: 9 }).results.length, 1);
	assert.equal(shed.command({ text: "TOGGLE", qos: 2, id: 9, dup: true }).results.length, 0);
	shed.bench.close();
	shed.bench.connect(true);
	shed.bench.acknowledgeAll();
	assert.equal(shed.command({ text: "TOGGLE", qos: 2, id: 9, dup: true }).results.length, 0);
	assert.deepEqual(shed.levels, [1]);
});

test("what must not switch does not, and the result says why", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	const cases: [Command, RegExp][] = [
		[{ text: "ON", retain: true }, /retained/],
		[{ text: "TOGGLE", dup: true }, /give an id/],
		[{ text: "on" }, /expected ON, OFF, TOGGLE/],
		[{ text: "\ud800" }, /expected/],
		[{ text: `{"state":"ON","id":"${"x".repeat(300)}"}` }, /expected/],
		[{ text: "x".repeat(3000) }, /30\d\d bytes is too large, a command has 256 at most/],
	];
	for (const [command, reason] of cases) {
		const { results, states } = shed.command(command);
		assert.equal(results.length, 1);
		assert.equal(results[0].done, false);
		assert.match(String(results[0].reason), reason);
		assert.deepEqual(states, []);
	}
	assert.deepEqual(shed.levels, []);
});

test("in a session from before the reboot, TOGGLE sent again is refused at QoS 2 too", () => {
	const shed = new Shed();
	shed.bench.connect(true);
	shed.bench.acknowledgeAll();
	const { results } = shed.command({ text: "TOGGLE", qos: 2, dup: true });
	assert.match(String(results[0].reason), /before the reboot/);
	// The first connection may have been lost before the repeat came.
	shed.bench.close();
	shed.bench.connect(true);
	shed.bench.acknowledgeAll();
	const text = '{"state":"TOGGLE","id":"1"}';
	assert.match(String(shed.command({ text, dup: true }).results[0].reason), /before the reboot/);
	assert.equal(shed.command({ text }).results[0].done, true);
	assert.equal(shed.command({ text, dup: true }).results[0].done, true);
	assert.deepEqual(shed.levels, [1]);
});

test("diag goes out with a long error and a full queue, too", () => {
	const shed = new Shed({ transmitBytes: 512 });
	shed.error = `tls: ${"certificate ".repeat(30)}`;
	shed.bench.connect();
	const diag = shed.bench.acknowledgeAll().find((one) => one.topic.endsWith("/diag"));
	assert.match(JSON.parse(diag?.text ?? "{}").last_error, /^tls: certificate/);
	while (shed.bench.session.publish("x", "y".repeat(90), 0, false, shed.bench.now) > 0);
	shed.wait(60_000);
	shed.bench.pump();
	assert.equal(shed.bench.acknowledgeAll().filter((one) => one.topic.endsWith("/diag")).length, 0);
	shed.wait(500);
	shed.bench.pump();
	assert.equal(shed.bench.acknowledgeAll().filter((one) => one.topic.endsWith("/diag")).length, 1);
});

test("a flood waits at the broker: every command gets its result, no report is pushed out", () => {
	const shed = new Shed({ window: 2 });
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	const packets: Packet[] = [];
	for (let id = 1; id <= 100; id++) {
		const text = `{"state":"TOGGLE","id":"${id}"}`;
		const head = { cmd: "publish", topic: SET, payload: text, qos: 1 } as const;
		packets.push({ ...head, messageId: id, dup: false, retain: false });
	}
	shed.wait(10_000);
	shed.bench.offer(...packets);
	assert.ok(shed.levels.length < 20, `${shed.levels.length} at once`);
	const ids: string[] = [];
	let times = 0;
	for (let round = 0; round < 300 && ids.length < 100; round++) {
		for (const one of shed.bench.acknowledgeAll()) {
			if (one.topic.endsWith("/result")) ids.push(JSON.parse(one.text).id);
			if (one.topic.endsWith("/time")) times++;
		}
		shed.bench.offer();
	}
	assert.deepEqual(
		ids,
		packets.map((_, i) => String(i + 1)),
	);
	assert.equal(shed.levels.length, 100);
	assert.equal(times, 1);
});

test("a command that comes while going down is left for the next time", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	shed.profile.handleStop(shed.bench.now);
	const { results } = shed.command({ text: "ON" });
	assert.deepEqual(results, []);
	assert.deepEqual(shed.levels, []);
	assert.equal(shed.bench.sent.filter((packet) => packet.cmd === "puback").length, 0);
});

test("a command is acknowledged, and only after the pin changed", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	const before = shed.bench.onEvent;
	shed.bench.onEvent = (event) => {
		if (event === Event.Message) {
			shed.bench.pump();
			assert.equal(shed.bench.sent.filter((packet) => packet.cmd === "puback").length, 0);
		}
		before(event);
	};
	shed.command({ text: "ON" });
	assert.equal(shed.bench.take("puback").messageId, 100);
});

test("reports wait while there is no connection; too many push out the oldest, counted", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	shed.bench.close();
	for (let i = 0; i < 30; i++) shed.wait(10_000);
	shed.bench.connect(true);
	const said = shed.bench.acknowledgeAll();
	const sequences = said
		.filter((one) => one.topic.endsWith("/time"))
		.map((one) => JSON.parse(one.text).seq);
	// Four were in flight already, sixteen waited, one more came with the connect.
	assert.deepEqual(sequences.slice(0, 4), [2, 3, 4, 5]);
	assert.deepEqual(
		sequences,
		[...sequences].sort((a, b) => a - b),
	);
	assert.equal(sequences.length, 20);
	shed.wait(60_000);
	shed.bench.pump();
	const diags = shed.bench.acknowledgeAll().filter((one) => one.topic.endsWith("/diag"));
	assert.equal(JSON.parse(diags[0].text).dropped, 30 - 20);
});

test("a report that can never go out is dropped and counted, and holds up no other", () => {
	const shed = new Shed({ arenaBytes: 150 });
	shed.bench.connect();
	const said = shed.bench.acknowledgeAll();
	assert.equal(said.filter((one) => one.topic.endsWith("/time")).length, 0);
	assert.equal(said.filter((one) => one.topic.endsWith("availability")).length, 1);
	assert.equal(shed.command({ text: "ON" }).results.length, 1);
	shed.wait(60_000);
	shed.bench.pump();
	const diags = shed.bench.acknowledgeAll().filter((one) => one.topic.endsWith("/diag"));
	assert.equal(JSON.parse(diags[0].text).dropped, 1);
});

test("without any time there is no report, and diag says so", () => {
	const shed = new Shed();
	shed.clock = "";
	shed.bench.connect();
	const said = shed.bench.acknowledgeAll();
	assert.equal(said.filter((one) => one.topic.endsWith("/time")).length, 0);
	const diag = said.find((one) => one.topic.endsWith("/diag"));
	assert.equal(JSON.parse(diag?.text ?? "").clock, "unset");
});

test("a stop says offline and is idle when everything is acknowledged", () => {
	const shed = new Shed();
	shed.bench.connect();
	shed.bench.acknowledgeAll();
	assert.equal(shed.profile.idle, true);
	shed.profile.handleStop(shed.bench.now);
	assert.equal(shed.profile.idle, false);
	const said = shed.bench.acknowledgeAll();
	assert.equal(said.at(-1)?.text, "offline");
	assert.equal(said.at(-1)?.retain, true);
	assert.equal(shed.profile.idle, true);
});
