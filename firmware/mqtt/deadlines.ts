/**
 * All deadlines of a connection in one table, indexed by what they are for; in the numbers of the
 * session. Time is int32 milliseconds that wrap: only differences count. Must not know what happens
 * when one is due.
 */

import { Place } from "./record";

export const enum Deadline {
	/** CONNACK has to be here. */
	Connect = 0,
	/** Something has to be sent, else PINGREQ [MQTT-3.1.2-23]. */
	Ping = 1,
	/** PINGRESP has to be here. */
	Pong = 2,
	/** Some acknowledgement has to be here. */
	Answer = 3,
	/** DISCONNECT has to be sent. */
	Close = 4,
}

const enum Const {
	DeadlineCount = 5,
}

export const arm = (numbers: Int32Array, which: number, now: number, delayMs: number): void => {
	numbers[Place.DueAt + which] = (now + delayMs) | 0;
	numbers[Place.Armed] = (numbers[Place.Armed] as number) | (1 << which);
};

export const disarm = (numbers: Int32Array, which: number): void => {
	numbers[Place.Armed] = (numbers[Place.Armed] as number) & ~(1 << which);
};

export const disarmAll = (numbers: Int32Array): void => {
	numbers[Place.Armed] = 0;
};

export const isArmed = (numbers: Int32Array, which: number): boolean => {
	return ((numbers[Place.Armed] as number) & (1 << which)) !== 0;
};

/** Whether it is due; then it is disarmed. */
export const takeDue = (numbers: Int32Array, which: number, now: number): boolean => {
	if (!isArmed(numbers, which)) return false;
	if ((((numbers[Place.DueAt + which] as number) - now) | 0) > 0) return false;
	disarm(numbers, which);
	return true;
};

/** Milliseconds to the next one, 0 when one is due, -1 when none is armed. */
export const nextDeadlineMs = (numbers: Int32Array, now: number): number => {
	let least = -1;
	for (let which = 0; which < Const.DeadlineCount; which++) {
		if (!isArmed(numbers, which)) continue;
		const left = Math.max(((numbers[Place.DueAt + which] as number) - now) | 0, 0);
		if (least < 0 || left < least) least = left;
	}
	return least;
};
