/**
 * A timeline known from ESP8266 tutorials, to see all three QoS at work: 30 s after power-on MQTT
 * starts (the runtime's part), then the node subscribes to `async-mqtt/ESP8266_Pub`, publishes
 * `test1`, `test2`, `test3` there at QoS 0, 1, 2 and receives its own; 20 s later
 * `async-mqtt/ESP8266_tic` carries date and time, each at a random 10 to 30 s after the last.
 */

import { log } from "../net/log";
import type { NodeFacts, Profile, Subscription } from "./profile";

const PUB_TOPIC = "async-mqtt/ESP8266_Pub";
const TIC_TOPIC = "async-mqtt/ESP8266_tic";
const SUBSCRIPTIONS = Object.freeze([Object.freeze({ topic: PUB_TOPIC, qos: 2 })]);
/** From power-on to the first connection; milliseconds. */
export const DEMO_CONNECT_DELAY_MS = 30_000;

const enum Const {
	FIRST_TIC_MS = 20_000,
	TIC_MINIMUM_MS = 10_000,
	TIC_MAXIMUM_MS = 30_000,
}

export class DemoProfile implements Profile {
	readonly subscriptions: readonly Subscription[] = SUBSCRIPTIONS;
	private readonly facts: NodeFacts;
	/** The next of test1, test2, test3; 4: all said. */
	private nextTest = 1;
	private subscribed = false;
	private accepted = false;
	private ticking = false;
	private ticDue = 0;

	constructor(facts: NodeFacts) {
		this.facts = facts;
	}

	get idle(): boolean {
		return !this.facts.online() || this.facts.session.inFlight === 0;
	}

	handleDisconnected(): void {}

	handleConnected(_sessionPresent: boolean, now: number): void {
		if (this.ticking) return;
		this.ticking = true;
		this.ticDue = (now + Const.FIRST_TIC_MS) | 0;
	}

	handleMessage(now: number): void {
		const { session } = this.facts;
		const { qos, payloadStart, payloadEnd, handle } = session.message;
		log("demo", `${session.messageTopic()} at QoS ${qos}, ${payloadEnd - payloadStart} bytes`);
		if (handle > 0) session.acknowledge(handle, now);
	}

	/** Not before: at QoS 0 it would be gone before the broker knows who wants it. */
	handleSubscribed(now: number): void {
		this.subscribed = true;
		this.sayTests(now);
	}

	handleSkipped(): void {}

	handlePublished(_token: number, now: number): void {
		if (!this.accepted) log("node", "first report accepted by the broker");
		this.accepted = true;
		this.sayTests(now);
	}

	handleTimeout(now: number): void {
		if (!this.ticking || ((now - this.ticDue) | 0) < 0) return;
		const spreadMs = Const.TIC_MAXIMUM_MS - Const.TIC_MINIMUM_MS;
		this.ticDue = (now + Const.TIC_MINIMUM_MS + Math.floor(this.facts.random() * spreadMs)) | 0;
		if (this.facts.clockState() === "") return;
		const date = new Date(this.facts.unixMs(now)).toISOString();
		const text = this.facts.clockState() === "set" ? date : `${date} unset`;
		this.facts.session.publish(TIC_TOPIC, text, 0, false, now);
	}

	pollTimeout(now: number): number {
		return this.ticking ? Math.max(0, (this.ticDue - now) | 0) : -1;
	}

	handleStop(_now: number): void {
		this.ticking = false;
	}

	private sayTests(now: number): void {
		while (this.subscribed && this.nextTest <= 3) {
			const text = `test${this.nextTest}`;
			if (this.facts.session.publish(PUB_TOPIC, text, this.nextTest - 1, false, now) < 0) return;
			this.nextTest++;
		}
	}
}
