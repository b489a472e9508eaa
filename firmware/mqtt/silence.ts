/**
 * What happens when a deadline is due: PINGREQ goes out, or the peer has been silent for too long.
 * Must not know what armed the deadline.
 */

import { Code, State } from "./codes";
import { armAnswer, type Core, fail, hasFlag, setFlag } from "./core";
import { arm, Deadline, isArmed, takeDue } from "./deadlines";
import { Flag, Place } from "./record";

export const meetDeadlines = (core: Core, now: number): void => {
	const { numbers } = core;
	const responseTimeoutMs = numbers[Place.ResponseTimeoutMs] as number;
	if (takeDue(numbers, Deadline.Connect, now)) fail(core, Code.ConnectTimeout);
	if (takeDue(numbers, Deadline.Close, now)) fail(core, Code.None);
	if (takeDue(numbers, Deadline.Ping, now) && numbers[Place.ConnectionState] !== State.Opening) {
		setFlag(core, Flag.PingDue);
		if (!isArmed(numbers, Deadline.Pong)) {
			numbers[Place.PingedAt] = now | 0;
			arm(numbers, Deadline.Pong, now, responseTimeoutMs);
		}
	}
	if (takeDue(numbers, Deadline.Pong, now)) handleSilence(core, now);
	if (takeDue(numbers, Deadline.Answer, now)) {
		if (hasFlag(core, Flag.Stalled)) armAnswer(core, now, true);
		else fail(core, Code.AckTimeout);
	}
};

/**
 * PINGRESP is late. While we take no input ourselves that proves nothing; while other packets
 * come it may be behind them, but not for longer than another keep-alive period.
 */
const handleSilence = (core: Core, now: number): void => {
	const { numbers, keepAliveSeconds } = core;
	const responseTimeoutMs = numbers[Place.ResponseTimeoutMs] as number;
	const silentMs = (now - (numbers[Place.ReceivedAt] as number)) | 0;
	const pingingMs = (now - (numbers[Place.PingedAt] as number)) | 0;
	const patienceMs = keepAliveSeconds * 1000 + responseTimeoutMs;
	const stalled = hasFlag(core, Flag.Stalled);
	if (stalled || (silentMs < responseTimeoutMs && pingingMs < patienceMs)) {
		const waitMs = stalled ? responseTimeoutMs : responseTimeoutMs - silentMs;
		arm(numbers, Deadline.Pong, now, waitMs);
	} else {
		fail(core, Code.PingTimeout);
	}
};
