/** A standard profile with a relay, on a session at a played broker. */

import "./xs-globals";
import { Relay } from "../../firmware/entities/relay";
import { Event, type SessionOptions, State } from "../../firmware/mqtt/session";
import type { Chip } from "../../firmware/platform/figures";
import type { NodeFacts, Profile } from "../../firmware/profiles/profile";
import { SafeProfile } from "../../firmware/profiles/safe";
import { StandardProfile } from "../../firmware/profiles/standard";
import type { Boots } from "../../firmware/store/boots";
import { nodeTopics } from "../../firmware/topics";
import { SessionBench } from "./session-bench";

export const UNIX_MS = Date.UTC(2026, 10, 21, 4, 9, 52, 123);
export const SET = "fieldmote/shed/relay/set";

export interface Command {
	text: string;
	qos?: 0 | 1 | 2;
	retain?: boolean;
	dup?: boolean;
	id?: number;
}

/** What a shed's chip and boots say, where they say it; and whether it is in safe mode. */
export interface ShedLife {
	readonly heap?: readonly (number | undefined)[];
	readonly machine?: readonly (number | undefined)[];
	readonly boots?: Partial<Boots>;
	readonly base?: string;
}

/** A profile on a session at a played broker. */
export class Shed {
	readonly bench: SessionBench;
	readonly levels: number[] = [];
	readonly profile: Profile;
	clock = "set";
	error = "";
	private sequence = 0;
	private nextId = 100;

	constructor(session: Partial<SessionOptions> = {}, life: ShedLife = {}) {
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
			chip: chipOf(life),
			boots: bootsOf(life),
			random: () => 0,
			nextSequence: () => ++this.sequence,
		};
		const relay = new Relay("relay", { write: (value) => void this.levels.push(value) });
		const options = {
			topics: nodeTopics(life.base ?? "fieldmote", "shed"),
			relay,
			timeMinimumMs: 10_000,
			timeMaximumMs: 10_000,
			diagIntervalMs: 60_000,
		};
		const isSafe = life.boots?.safeMode === true;
		this.profile = new (isSafe ? SafeProfile : StandardProfile)(options, facts, 0);
		bench.onEvent = (event) => {
			const { session, now } = bench;
			if (event === Event.Connected) this.profile.handleConnected(now);
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

function chipOf({ heap = [], machine = [] }: ShedLife): Chip {
	return {
		heapFigure: (which) => heap[which],
		machineFigure: (which) => machine[which],
		paintStack: () => undefined,
		resetKind: () => 1,
		resetName: () => "power-on",
		restart: () => undefined,
	};
}

function bootsOf({ boots }: ShedLife): Boots {
	const first = { starts: 1, crashes: 0, lastCrash: "", reset: "power-on", safeMode: false };
	return { ...first, crashesInRow: 0, ...boots } as Boots;
}
