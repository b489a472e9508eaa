/**
 * Results of commands on their way out, and the acknowledgements that wait for them. Always
 * holds: a command that came with a handle is acknowledged after its result was handed to the
 * engine; so there are no more of these than the engine lets through unacknowledged. The engine
 * never stops reading for want of PUBACKs, which may be behind the very commands that it does not
 * read: from HELD_LIMIT on results go out at QoS 0. Results of commands at QoS 0 are bounded here:
 * the newest is dropped, and counted.
 */

import { Code } from "../mqtt/codes";
import type { Session } from "../mqtt/session";

const enum Const {
	/** Commands held from which on their results no longer wait; below the engine's window of 8. */
	HELD_LIMIT = 6,
}

export class ResultQueue {
	/** Results given up unsent. */
	dropped = 0;
	private readonly limit: number;
	private readonly payloads: string[] = [];
	private readonly handles: number[] = [];
	/** Handles that are not 0. */
	private held = 0;

	/** @param limit from how many waiting ones on a result without a handle is dropped */
	constructor(limit: number) {
		this.limit = limit;
	}

	get length(): number {
		return this.payloads.length;
	}

	/**
	 * The commands must not wait for room in the window: those held here, or others that the engine
	 * has let through, are so many that it reads no more.
	 */
	isUrgent(session: Session): boolean {
		if (this.payloads.length === 0) return false;
		return this.held >= Const.HELD_LIMIT || session.pendingIncoming >= Const.HELD_LIMIT;
	}

	/** @param handle of the message that asked for it; 0: nothing to acknowledge */
	push(payload: string, handle: number): void {
		if (handle === 0 && this.payloads.length >= this.limit) {
			this.dropped++;
			return;
		}
		this.payloads.push(payload);
		this.handles.push(handle);
		if (handle > 0) this.held++;
	}

	/** Hands over what the engine has room for; true when nothing is left. */
	flush(session: Session, topic: string, now: number): boolean {
		while (this.payloads.length > 0) {
			let code = session.publish(topic, this.payloads[0], 1, false, now);
			if (code === Code.Full && this.isUrgent(session)) {
				code = session.publish(topic, this.payloads[0], 0, false, now);
			}
			if (code === Code.Full) return false;
			if (code < 0) this.dropped++;
			const handle = this.handles[0];
			// Unknown when the broker lost the session meanwhile: then nobody waits for it.
			if (handle > 0) {
				this.held--;
				session.acknowledge(handle, now);
			}
			this.payloads.shift();
			this.handles.shift();
		}
		return true;
	}
}
