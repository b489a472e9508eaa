/** A standard profile with a relay, on a session at a played broker. */

import "./xs-globals";
import { Entities } from "../../firmware/entities/entities";
import type { EntityIo, PinTarget, SensorDriver } from "../../firmware/entities/entity";
import { Event, type SessionOptions, State } from "../../firmware/mqtt/session";
import type { Chip } from "../../firmware/platform/figures";
import type { NodeFacts, Profile } from "../../firmware/profiles/profile";
import type { RemoteConfig } from "../../firmware/profiles/remote-config";
import { SafeProfile } from "../../firmware/profiles/safe";
import { type Announcement, StandardProfile } from "../../firmware/profiles/standard";
import type { Boots } from "../../firmware/store/boots";
import type { PreferenceModule } from "../../firmware/store/settings";
import { States } from "../../firmware/store/states";
import { KeptText } from "../../firmware/store/text";
import { broadcastPrefix, nodeTopics } from "../../firmware/topics";
import { SessionBench } from "./session-bench";

export const UNIX_MS = Date.UTC(2026, 10, 21, 4, 9, 52, 123);
export const SET = "fieldmote/shed/relay/set";
const RELAY = Object.freeze({ kind: "relay", id: "relay", pin: "D1" });

export interface Command {
	text: string;
	/** Missing: the relay's. */
	topic?: string;
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
	readonly entities?: readonly Readonly<Record<string, unknown>>[];
	readonly preference?: PreferenceModule;
	readonly tasmota?: string;
	readonly broadcast?: boolean;
	readonly remote?: RemoteConfig;
	/** The node's own nonce does not come back by itself. */
	readonly silent?: boolean;
	readonly random?: () => number;
	readonly announcement?: Announcement;
	/** Of time and diag; missing: 10 s and 60 s. */
	readonly intervalMs?: number;
	readonly driver?: () => SensorDriver;
}

/** What a broker was told. */
export interface Said {
	readonly topic: string;
	readonly text: string;
	readonly retain: boolean;
	readonly qos: number;
}

/** A profile on a session at a played broker. */
export class Shed {
	readonly bench: SessionBench;
	/** What was written to pins after the first level. */
	readonly levels: number[] = [];
	/** `pin level`, active low marked by `!`, with the first level. */
	readonly made: string[] = [];
	/** What each pin has. */
	readonly pins: Record<string, number> = {};
	private readonly targets: Record<string, PinTarget> = {};
	readonly profile: Profile;
	readonly entities: Entities;
	/** Called before a pin changes. */
	onWrite: () => void = () => undefined;
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
			random: life.random ?? (() => 0),
			nextSequence: () => ++this.sequence,
		};
		const preference = life.preference ?? memory();
		const list = life.entities ?? [RELAY];
		const states = new States(preference);
		const isSafe = life.boots?.safeMode === true;
		this.entities = new Entities(list, this.io(life.driver), states, isSafe);
		const options = {
			topics: nodeTopics(life.base ?? "fieldmote", "shed", life.tasmota),
			entities: this.entities,
			broadcast: life.broadcast === true ? broadcastPrefix(life.base ?? "fieldmote") : "",
			tasmota: life.tasmota ?? "",
			journal: new KeptText(preference, "command"),
			remote: life.remote,
			announcement: life.announcement,
			owner: { now: () => bench.now, handleProfileChanged: () => undefined },
			timeMinimumMs: life.intervalMs ?? 10_000,
			timeMaximumMs: life.intervalMs ?? 10_000,
			diagIntervalMs: life.intervalMs ?? 60_000,
		};
		this.profile = new (isSafe ? SafeProfile : StandardProfile)(options, facts, 0);
		const close = bench.close.bind(bench);
		bench.close = () => {
			close();
			this.profile.handleDisconnected(bench.now);
		};
		bench.onPublished = (topic, text) => {
			if (!life.silent && topic.endsWith("/sync")) this.sync(topic, text);
		};
		bench.onEvent = (event) => {
			const { session, now } = bench;
			if (event === Event.Connected) {
				this.profile.handleConnected(session.event.sessionPresent, now);
				this.alarm();
			} else if (event === Event.Message) {
				this.profile.handleMessage(now);
				this.alarm();
			} else if (event === Event.Skipped)
				this.profile.handleSkipped(session.event.skippedBytes, now);
			else if (event === Event.Published) this.profile.handlePublished(session.event.token, now);
		};
	}

	/** As the runtime's, at once. */
	private alarm(): void {
		const { now } = this.bench;
		if (this.profile.pollTimeout(now) === 0) this.profile.handleTimeout(now);
	}

	/** Pins that keep what was written. */
	private io(driver: (() => SensorDriver) | undefined): EntityIo {
		const io = {
			output: (pin: string, activeLow: boolean, level: number) => {
				this.made.push(`${activeLow ? "!" : ""}${pin} ${level}`);
				this.pins[pin] = level;
				const write = (value: number): void => {
					this.onWrite();
					this.pins[pin] = value;
					this.levels.push(value);
				};
				return { write };
			},
			input: (pin: string, _activeLow: boolean, _pull: number, target: PinTarget) => {
				this.targets[pin] = target;
				return { read: () => this.pins[pin] ?? 0 };
			},
			sensor: driver,
		};
		return io as unknown as EntityIo;
	}

	/** An input changes. */
	edge(pin: string, level: 0 | 1): void {
		this.pins[pin] = level;
		this.targets[pin].handlePin();
	}

	/** The broker sends the node's nonce back. */
	sync(topic: string, text: string): void {
		const head = { cmd: "publish", qos: 1, dup: false, retain: false } as const;
		this.bench.give({ ...head, topic, payload: text, messageId: this.nextId++ });
	}

	wait(ms: number): void {
		this.bench.now += ms;
		this.profile.handleTimeout(this.bench.now);
	}

	/** As the runtime: called when it said; all that was said meanwhile, acknowledged at once. */
	pass(ms: number): Said[] {
		const { bench, profile } = this;
		const end = (bench.now + ms) | 0;
		const said: Said[] = [];
		for (let calls = 0; ; calls++) {
			said.push(...this.said());
			const waitMs = profile.pollTimeout(bench.now);
			if (waitMs < 0 || waitMs > ((end - bench.now) | 0)) break;
			if (waitMs > 0) calls = 0;
			else if (calls > 50) throw new Error("due without an end");
			bench.now = (bench.now + waitMs) | 0;
			profile.handleTimeout(bench.now);
		}
		bench.now = end;
		return said;
	}

	/** What waits to be said, where there is a connection. */
	said(): Said[] {
		return this.bench.session.state === State.Up ? this.bench.acknowledgeAll() : [];
	}

	/** Connects, and says what it says then; the time goes on by a moment. */
	up(sessionPresent = false, broker = 0): Said[] {
		this.bench.connect(sessionPresent, broker);
		return this.pass(1);
	}

	/** Sends a command and returns the results that were published, and the states. */
	command(command: Command): { results: Record<string, unknown>[]; states: string[] } {
		const { text, qos = 1, retain = false, dup = false } = command;
		const messageId = command.id ?? this.nextId++;
		const { topic = SET } = command;
		const head = { cmd: "publish", topic, payload: text, qos, retain, dup } as const;
		this.bench.give(qos === 0 ? head : { ...head, messageId });
		const said = this.bench.acknowledgeAll();
		const results = said.filter((one) => one.topic.endsWith("/result"));
		return {
			results: results.map((one) => JSON.parse(one.text)),
			states: said.filter((one) => one.topic.endsWith("relay/state")).map((one) => one.text),
		};
	}
}

/** Preferences that are kept as long as the object. */
export function memory(): PreferenceModule {
	const values = new Map<string, string>();
	return {
		get: (domain, key) => values.get(`${domain}/${key}`),
		set: (domain, key, value) => void values.set(`${domain}/${key}`, value),
	};
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
