/**
 * All deadlines of a connection in one table, indexed by what they are for. Time is int32
 * milliseconds that wrap: only differences count. Must not know what happens when one is due.
 */

export const Deadline = Object.freeze({
	/** CONNACK has to be here. */
	Connect: 0,
	/** Something has to be sent, else PINGREQ [MQTT-3.1.2-23]. */
	Ping: 1,
	/** PINGRESP has to be here. */
	Pong: 2,
	/** Some acknowledgement has to be here. */
	Answer: 3,
	/** DISCONNECT has to be sent. */
	Close: 4,
} as const);

const DeadlineCount = 5;

export class Deadlines {
	private readonly at = new Int32Array(DeadlineCount);
	/** A bit per deadline. */
	private armed = 0;

	arm(which: number, now: number, delayMs: number): void {
		this.at[which] = (now + delayMs) | 0;
		this.armed |= 1 << which;
	}

	disarm(which: number): void {
		this.armed &= ~(1 << which);
	}

	isArmed(which: number): boolean {
		return (this.armed & (1 << which)) !== 0;
	}

	/** Whether it is due; then it is disarmed. */
	takeDue(which: number, now: number): boolean {
		if (!this.isArmed(which) || (((this.at[which] as number) - now) | 0) > 0) return false;
		this.disarm(which);
		return true;
	}

	/** Milliseconds to the next one, 0 when one is due, -1 when none is armed. */
	next(now: number): number {
		let least = -1;
		for (let which = 0; which < DeadlineCount; which++) {
			if (!this.isArmed(which)) continue;
			const left = Math.max(((this.at[which] as number) - now) | 0, 0);
			if (least < 0 || left < least) least = left;
		}
		return least;
	}

	clear(): void {
		this.armed = 0;
	}
}
