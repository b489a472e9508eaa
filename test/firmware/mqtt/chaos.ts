/**
 * A session and the model broker over a line that splits bytes at random and breaks at any byte.
 * One seed gives one run. At the end the line heals, everything settles, and it is checked what
 * must always hold. Faults are counted, so that a run without any can be told.
 */

import assert from "node:assert/strict";
import { Code, Event, State } from "../../../firmware/mqtt/codes";
import { Session, type SessionOptions } from "../../../firmware/mqtt/session";
import { ModelBroker } from "./model-broker";
import { TextPieces } from "./pieces";
import { Random } from "./random";

export interface ChaosOptions extends Partial<SessionOptions> {
	/** The broker forgets its session once in so many connections; 0: never. */
	forgetEvery?: number;
	marksRepeats?: boolean;
	/** Each connection leads to one of so many brokers, at random; default 1. */
	brokers?: number;
	deliversAtRelease?: boolean;
}

export class Chaos {
	readonly brokers: ModelBroker[] = [];
	readonly faults = {
		drops: 0,
		cutPackets: 0,
		stalls: 0,
		lateAcknowledgements: 0,
		changes: 0,
		pieces: 0,
	};
	readonly changed = { staleHandles: 0, deliveredAgain: 0 };
	/** Which broker the connection leads to, and whose session was used last. */
	private at = 0;
	private last = -1;
	private readonly random: Random;
	private readonly session: Session;
	private readonly forgetEvery: number;
	private readonly clean: boolean;

	private now = 0x7ffff000;
	private open = false;
	/** Bytes under way in each direction. */
	private up: Buffer = Buffer.alloc(0);
	private down: Buffer = Buffer.alloc(0);
	private readonly accepted: { payload: string; qos: number }[] = [];
	private readonly done = new Set<number>();
	private readonly tokens: number[] = [];
	/** By the number in the payload. */
	private readonly sentDown: { payload: string; qos: number; by: number }[] = [];
	readonly delivered: string[] = [];
	private held: number[] = [];

	constructor(seed: number, options: ChaosOptions = {}) {
		const { forgetEvery = 0, marksRepeats = true, brokers = 1, ...more } = options;
		const { deliversAtRelease = false, ...rest } = more;
		this.random = new Random(seed);
		this.forgetEvery = forgetEvery;
		const published: string[] = [];
		for (let i = 0; i < brokers; i++) {
			this.brokers.push(new ModelBroker(published));
			this.at = i;
			this.broker.marksRepeats = marksRepeats;
			this.broker.deliversAtRelease = deliversAtRelease;
		}
		this.clean = rest.cleanSession ?? false;
		this.session = new Session({
			clientId: "chaos",
			cleanSession: false,
			keepAliveSeconds: 60,
			window: 1 + this.random.below(6),
			arenaBytes: 64 + this.random.below(200),
			incomingWindow: 1 + this.random.below(4),
			receiveBytes: 32,
			firstPacketId: 65_530,
			...rest,
		});
	}

	private get broker(): ModelBroker {
		return this.brokers[this.at] as ModelBroker;
	}

	run(steps: number): void {
		for (let step = 0; step < steps; step++) this.step();
		this.settle();
		for (let i = 0; i < this.brokers.length; i++) {
			if (this.brokers.every(({ unfinished }) => unfinished === 0)) break;
			this.drop();
			this.connect((this.at + 1) % this.brokers.length);
			this.settle();
		}
		this.check();
	}

	private step(): void {
		const { random } = this;
		this.now = (this.now + random.below(3)) | 0;
		switch (random.below(12)) {
			case 0:
			case 1:
				this.publish();
				break;
			case 2:
				if (this.sentDown.length < 3 + this.delivered.length) this.publishDown();
				break;
			case 3:
				this.acknowledgeOne();
				break;
			case 4:
				if (!this.open) this.connect();
				else if (random.once(6)) this.drop();
				break;
			case 5:
			case 6:
			case 7:
				this.transmit(1 + random.below(30));
				break;
			case 8:
			case 9:
				this.deliverUp(1 + random.below(40));
				break;
			default:
				this.deliverDown(1 + random.below(40));
		}
	}

	private publish(): void {
		if (this.random.once(6)) {
			this.publishPieces();
			return;
		}
		const qos = this.random.below(3);
		const payload = `u${this.accepted.length}${"x".repeat(this.random.below(30))}`;
		const token = this.session.publish("up", payload, qos, false, this.now);
		if (token < 0) {
			assert.ok(token === Code.Full || token === Code.NotConnected, String(token));
			return;
		}
		this.accepted.push({ payload, qos });
		this.tokens.push(token);
	}

	/** A payload that is larger than the arena. */
	private publishPieces(): void {
		const qos = 1 + this.random.below(2);
		const payload = `u${this.accepted.length}${"y".repeat(this.random.below(500))}`;
		const source = new TextPieces(payload);
		const bytes = payload.length;
		const token = this.session.publishPieces("up", bytes, qos, false, source, this.now);
		if (token < 0) {
			assert.equal(token, Code.Full);
			return;
		}
		this.faults.pieces += 1;
		this.accepted.push({ payload, qos });
		this.tokens.push(token);
	}

	private publishDown(): void {
		const qos = this.random.once(2) ? 1 : 2;
		const payload = `d${this.sentDown.length}`;
		const by = this.anyBroker();
		this.sentDown.push({ payload, qos, by });
		this.brokers[by]?.publish(payload, qos);
		this.gather();
	}

	private gather(): void {
		this.down = Buffer.concat([this.down, this.broker.output]);
		this.broker.output = Buffer.alloc(0);
	}

	private anyBroker(): number {
		return this.brokers.length === 1 ? 0 : this.random.below(this.brokers.length);
	}

	private connect(at = this.anyBroker()): void {
		this.at = at;
		if (this.forgetEvery > 0 && this.random.once(this.forgetEvery)) this.broker.forget();
		this.open = true;
		this.broker.open();
		this.session.handleOpened(this.now, at);
	}

	private drop(): void {
		this.faults.drops += 1;
		if (this.up.length > 0 || this.down.length > 0) this.faults.cutPackets += 1;
		this.open = false;
		this.up = Buffer.alloc(0);
		this.down = Buffer.alloc(0);
		this.broker.connected = false;
		this.session.handleClosed(this.now);
		this.poll();
	}

	private transmit(room: number): void {
		if (!this.open) return;
		const bytes = Buffer.alloc(room);
		const count = this.session.pollTransmit(bytes, 0, room, this.now);
		this.up = Buffer.concat([this.up, bytes.subarray(0, count)]);
	}

	private deliverUp(most: number): void {
		if (!this.open) return;
		const count = Math.min(most, this.up.length);
		this.broker.read(this.up.subarray(0, count));
		this.up = this.up.subarray(count);
		this.gather();
	}

	private deliverDown(most: number): void {
		const count = Math.min(most, this.down.length);
		if (!this.open || count === 0) return;
		const taken = this.session.handleBytes(this.down, 0, count, this.now);
		if (this.session.stalled) this.faults.stalls += 1;
		this.poll();
		this.down = this.down.subarray(taken);
	}

	private poll(): void {
		const { session } = this;
		for (;;) {
			const event = session.pollEvent();
			if (event === Event.None) return;
			if (event === Event.Message) {
				this.takeMessage(session.messageText() ?? "?");
			} else if (event === Event.Published) {
				assert.ok(!this.done.has(session.event.token), "published twice");
				this.done.add(session.event.token);
			} else if (event === Event.Connected) {
				this.takeConnected(session.event.sessionPresent);
			} else {
				assert.fail(`event ${event}, code ${session.event.code}`);
			}
		}
	}

	private takeMessage(text: string): void {
		const { session } = this;
		if (this.delivered.includes(text) && this.sentDown[this.indexOf(text)]?.qos === 2) {
			this.changed.deliveredAgain += 1;
			assert.ok(session.inherited && session.message.dup, `${text} again, and it is not said`);
		}
		this.delivered.push(text);
		this.held.push(session.message.handle);
	}

	/** In another session, nothing that was held can be acknowledged. */
	private takeConnected(sessionPresent: boolean): void {
		if (this.last >= 0 && this.last !== this.at) this.faults.changes += 1;
		if (!sessionPresent || this.last !== this.at) {
			for (const handle of this.held.splice(0)) {
				this.changed.staleHandles += 1;
				assert.equal(this.session.acknowledge(handle, this.now), Code.UnknownHandle);
			}
		}
		this.last = this.at;
	}

	private acknowledgeOne(): void {
		if (this.held.length === 0) return;
		if (!this.open) this.faults.lateAcknowledgements += 1;
		const [handle] = this.held.splice(this.random.below(this.held.length), 1) as [number];
		assert.equal(this.session.acknowledge(handle, this.now), 0);
	}

	/** The line heals; until nothing moves any more. */
	private settle(): void {
		if (!this.open) this.connect();
		for (let idle = 0; idle < 3; idle++) {
			const before = this.up.length + this.down.length + this.held.length;
			this.transmit(10_000);
			this.deliverUp(10_000);
			this.deliverDown(10_000);
			while (this.held.length > 0) this.acknowledgeOne();
			const moving = before + this.up.length + this.down.length + this.held.length > 0;
			if (moving || this.session.wantsTransmit) idle = -1;
		}
	}

	private check(): void {
		const { session, broker, brokers } = this;
		assert.equal(session.state, State.Up);
		assert.equal(session.inFlight, 0);
		for (const { unfinished } of brokers) assert.equal(unfinished, 0);
		const wanted = this.accepted.filter(({ qos }) => qos > 0);
		for (const { payload, qos } of wanted) {
			const times = broker.delivered.filter((other) => other === payload).length;
			assert.ok(times >= 1, `lost ${payload}`);
			const mayRepeat = qos === 1 || this.forgetEvery > 0 || this.clean || brokers.length > 1;
			if (!mayRepeat) assert.equal(times, 1, `${payload} ${times} times`);
		}
		const first = [...new Set(broker.delivered)].map((payload) => this.indexOf(payload));
		const sorted = wanted.map(({ payload }) => this.indexOf(payload));
		// Not between QoS 1 and 2 then.
		if (!broker.deliversAtRelease)
			assert.deepEqual(
				first.filter((index) => (this.accepted[index]?.qos ?? 0) > 0),
				sorted,
				"order of publications",
			);
		this.tokens.forEach((token, index) => {
			assert.equal(this.done.has(token), (this.accepted[index]?.qos ?? 0) > 0, "told as done");
		});
		if (this.forgetEvery === 0 && !this.clean) {
			const sent = this.sentDown.map(({ payload }) => payload);
			for (let by = 0; by < brokers.length; by++) {
				const isIts = (text: string) => this.sentDown[this.indexOf(text)]?.by === by;
				const first = [...new Set(this.delivered)].filter(isIts);
				assert.deepEqual(first, sent.filter(isIts), "order of messages");
			}
			assert.equal(session.pendingIncoming, 0);
			if (brokers.length > 1) return;
			const exactly = this.delivered.filter((text) => this.sentDown[this.indexOf(text)]?.qos === 2);
			assert.deepEqual(exactly, [...new Set(exactly)], "QoS 2 delivered once");
		}
	}

	private indexOf(payload: string): number {
		return Number.parseInt(payload.slice(1), 10);
	}
}
