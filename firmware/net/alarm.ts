/**
 * One deadline of a long-lived object on Moddable's timer: set it as often as needed, it fires
 * once. Always holds: no closure and no object of its own; the timer carries its owner, and the
 * owner's field tells whether one is set. On XS a closure per deadline would be 12 slots.
 */

import Timer from "timer";

export interface AlarmOwner {
	/** The alarm that is set, undefined when none is. Written by this file only. */
	alarm: OwnedTimer | undefined;
	handleAlarm(): void;
}

/** The SDK's timer is an object of ours to extend, and is what its callback gets. */
export interface OwnedTimer extends Timer {
	owner?: AlarmOwner;
}

/** Fires once after `delayMs` (0 or more), instead of when it would have. */
export const setAlarm = (owner: AlarmOwner, delayMs: number): void => {
	Timer.clear(owner.alarm);
	const alarm: OwnedTimer = Timer.set(fire, Math.ceil(delayMs));
	alarm.owner = owner;
	owner.alarm = alarm;
};

export const clearAlarm = (owner: AlarmOwner): void => {
	Timer.clear(owner.alarm);
	owner.alarm = undefined;
};

const fire = (alarm: OwnedTimer): void => {
	const { owner } = alarm;
	// A timer that has fired is gone: it may be neither rescheduled nor kept.
	if (owner?.alarm !== alarm) return;
	owner.alarm = undefined;
	owner.handleAlarm();
};
