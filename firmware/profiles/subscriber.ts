/**
 * Subscribes after a connect, in packets that the engine's queue takes: a house's own topics may be
 * long. Always holds: the next SUBSCRIBE goes when the last was answered; what was not granted is
 * said with its topic. Must not know who wants them.
 */

import { codeName, type Session } from "../mqtt/session";
import { log } from "../net/log";
import type { Subscription } from "./profile";

/** Whose session it is, and where the last failure is noted. */
interface Facts {
	readonly session: Session;
	error: string;
}

const enum Const {
	/** Characters of topics in a packet; one goes in any case. */
	PACKET_LENGTH = 160,
}

export class Subscriber {
	/** Of the list: what the packet under way begins with, and what comes behind it. */
	private first = 0;
	private next = 0;

	/** CONNACK came: from the beginning. */
	begin(facts: Facts, list: readonly Subscription[], now: number): void {
		this.next = 0;
		if (list.length > 0) this.ask(facts, list, now);
	}

	/**
	 * SUBACK came; session.event has it.
	 * @returns whether it was the last one
	 */
	handleSubscribed(facts: Facts, list: readonly Subscription[], now: number): boolean {
		const { granted, grantedCount } = facts.session.event;
		// None: the connection was lost before it.
		if (grantedCount === 0) return false;
		for (let i = 0; i < grantedCount; i++) {
			const { topic } = list[this.first + i];
			if (granted[i] === 0x80) {
				facts.error = `mqtt: subscription refused by the broker: ${topic}`;
				log("mqtt", `subscription refused by the broker: ${topic}`);
			} else log("mqtt", `subscribed to ${topic} at QoS ${granted[i]}`);
		}
		if (this.next === list.length) return true;
		this.ask(facts, list, now);
		return false;
	}

	private ask(facts: Facts, list: readonly Subscription[], now: number): void {
		this.first = this.next;
		let length = 0;
		do length += list[this.next++].topic.length;
		while (this.next < list.length && length + list[this.next].topic.length <= Const.PACKET_LENGTH);
		const code = facts.session.subscribe(list.slice(this.first, this.next), now);
		if (code >= 0) return;
		facts.error = `mqtt: no subscription: ${codeName(code)}`;
		log("mqtt", `no subscription: ${codeName(code)}`);
	}
}
