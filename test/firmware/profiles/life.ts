/**
 * A node lives at random at a broker that is played: commands at QoS 1 and 2, a button in the
 * house, connections that break at any moment with what was on its way, acknowledgements that
 * come late. What has to hold all the time is checked all the time, the rest when all is quiet.
 */

import assert from "node:assert/strict";
import type { Packet } from "mqtt-packet";
import type { Command } from "../../../firmware/entities/command";
import { seeded } from "../../support/seeded";
import { Shed, UNIX_MS } from "../../support/shed";

const STEPS = 400;
const RATE = { rate: { commands: 1000 } };
const GROUP = { kind: "relay", interlock: "motor", interlockDelayMs: 300, ...RATE };
const LOADS = ["relay", "b", "c"];
const ENTITIES = [
	{ ...GROUP, id: "relay", pin: "relay", minimumOnMs: 400 },
	{
		...{ ...GROUP, id: "b", pin: "b", minimumOffMs: 200 },
		onLossOfContact: { state: "off", afterMs: 2_000 },
	},
	{
		...{ kind: "relay", id: "c", pin: "c", pulseMs: 700, ...RATE },
		onLossOfContact: { state: "on", afterMs: 3_000 },
	},
	{ kind: "button", id: "key", pin: "key", controls: "relay", doubleMs: 0, debounceMs: 10 },
];

type Publish = Extract<Packet, { cmd: "publish" }>;

/** A command on its way; `packet` undefined: PUBREL is what is sent again. */
interface Flow {
	packet: Publish | undefined;
}

class Life {
	private readonly random: () => number;
	private readonly shed: Shed;
	/** Last state by topic. */
	private readonly states: Record<string, string> = {};
	/** How often each command with an id was carried out. */
	private readonly done: Record<string, number> = {};
	/** `for` of the last command that each entity took, -1 for none. */
	private readonly forMs: Record<string, number> = {};
	private readonly flows = new Map<number, Flow>();
	private readonly acks: Packet[] = [];
	private readonly syncs: string[] = [];
	private isUp = false;
	private nextId = 500;
	private commands = 0;

	constructor(seed: number) {
		this.random = seeded(seed);
		const window = 1 + this.below(4);
		const session = { window, arenaBytes: 1024, transmitBytes: 512 };
		this.shed = new Shed(session, { entities: ENTITIES, silent: true, random: this.random });
		for (const entity of this.shed.entities.entities) {
			const apply = entity.apply.bind(entity);
			const watched = (command: Command, now: number) => {
				const problem = apply(command, now);
				if (problem !== "") return problem;
				this.forMs[entity.id] = command.forMs;
				const key = `${entity.id}/${command.id}`;
				this.done[key] = (this.done[key] ?? 0) + 1;
				if (command.id !== "") assert.equal(this.done[key], 1, `${key} done twice`);
				return "";
			};
			// On XS what an object inherits from flash cannot be assigned over.
			Object.defineProperty(entity, "apply", { value: watched });
		}
	}

	run(): void {
		for (let i = 0; i < STEPS; i++) {
			this.act(i > 5);
			this.move(this.below(150));
			if (i % 3 === 0) this.exchange(0.5);
		}
		if (!this.isUp) this.connect(true);
		for (let i = 0; i < 60; i++) {
			this.exchange(1);
			this.move(200);
		}
		this.exchange(1);
		this.checkRest();
	}

	private below(limit: number): number {
		return Math.floor(this.random() * limit);
	}

	private act(mayResume: boolean): void {
		const chance = this.random();
		if (!this.isUp) {
			if (chance < 0.2) this.connect(mayResume && this.random() < 0.7);
		} else if (chance < 0.04) this.cut();
		else if (chance < 0.35 && this.flows.size < 8) this.command();
		else if (chance < 0.45) this.shed.edge("key", this.shed.pins.key === 1 ? 0 : 1);
	}

	private command(): void {
		const state = ["ON", "OFF", "TOGGLE"][this.below(3)];
		const command: Record<string, unknown> = { state, id: `${++this.commands}` };
		if (state !== "OFF" && this.random() < 0.3) command.for = 1.5;
		if (this.random() < 0.5) command.expires = UNIX_MS * 2;
		const topic = `fieldmote/shed/${LOADS[this.below(3)]}/set`;
		const qos = this.random() < 0.5 ? 1 : 2;
		const messageId = ++this.nextId;
		const head = { cmd: "publish", topic, qos, messageId, retain: false, dup: false } as const;
		const packet = { ...head, payload: JSON.stringify(command) };
		this.flows.set(messageId, { packet });
		this.shed.bench.offer(packet);
	}

	private connect(present: boolean): void {
		const { bench } = this.shed;
		bench.connect(present);
		this.isUp = true;
		if (!present) this.flows.clear();
		for (const [messageId, { packet }] of this.flows) {
			bench.offer(packet ? { ...packet, dup: true } : { cmd: "pubrel", messageId });
		}
	}

	private cut(): void {
		const { bench } = this.shed;
		bench.close();
		bench.sent.length = 0;
		this.acks.length = 0;
		this.syncs.length = 0;
		this.isUp = false;
	}

	/** Time passes at once, as when the node is busy; then all that is due, as the runtime does. */
	private move(ms: number): void {
		const { shed } = this;
		shed.wait(ms);
		for (let calls = 0; shed.profile.pollTimeout(shed.bench.now) === 0; calls++) {
			assert.ok(calls < 50, "due without an end");
			shed.profile.handleTimeout(shed.bench.now);
		}
		const { relay, b } = shed.pins;
		assert.ok(relay === 0 || b === 0, "two of a group are on");
	}

	/** Reads what the node has sent, and answers some of it. */
	private exchange(chance: number): void {
		const { bench } = this.shed;
		bench.pump();
		for (const packet of bench.sent.splice(0)) this.read(packet);
		if (!this.isUp) return;
		while (this.acks.length > 0 && this.random() < chance) bench.offer(this.acks.shift() as Packet);
		while (this.syncs.length > 0 && this.random() < chance) {
			const payload = this.syncs.shift() as string;
			const head = { cmd: "publish", topic: "fieldmote/shed/sync", payload } as const;
			const messageId = ++this.nextId;
			bench.offer({ ...head, qos: 1, messageId, retain: false, dup: false });
		}
	}

	private read(packet: Packet): void {
		const messageId = packet.messageId as number;
		if (packet.cmd === "publish") {
			const [leaf, id] = packet.topic.split("/").reverse();
			if (leaf === "state") this.states[id] = packet.payload.toString();
			if (leaf === "sync") this.syncs.push(packet.payload.toString());
			if (packet.qos === 1) this.acks.push({ cmd: "puback", messageId });
		} else if (packet.cmd === "pubrec") {
			const flow = this.flows.get(messageId);
			if (flow !== undefined) flow.packet = undefined;
			this.acks.push({ cmd: "pubrel", messageId });
		} else if (packet.cmd === "puback" || packet.cmd === "pubcomp") this.flows.delete(messageId);
	}

	private checkRest(): void {
		const { pins, profile } = this.shed;
		for (const id of LOADS) {
			assert.equal(this.states[id], pins[id] === 1 ? "ON" : "OFF", `the state of ${id}`);
			if ((this.forMs[id] ?? -1) > 0) assert.equal(pins[id], 0, `${id} stays on after for`);
		}
		assert.equal(pins.c, 0, "a pulse stays on");
		assert.equal(this.flows.size, 0, "a command is not acknowledged");
		assert.equal(profile.idle, true, "something waits");
	}
}

/** Lives of the seeds from first to last; throws with the seed of the first that goes wrong. */
export function liveAll(first: number, last: number): void {
	for (let seed = first; seed <= last; seed++) {
		try {
			new Life(seed).run();
		} catch (error) {
			throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
		}
	}
}
