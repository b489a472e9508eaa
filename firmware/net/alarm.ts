/**
 * One deadline of a long-lived object on Moddable's timer: set it as often as needed, it fires
 * once. Always holds: one closure per object, made with it, so that setting the alarm costs no
 * more than the timer itself.
 */

import Timer from "timer";

export class Alarm {
	private readonly fire: () => void;
	private timer: Timer | undefined;

	constructor(callback: () => void) {
		this.fire = () => {
			// A timer that has fired is gone: it may be neither rescheduled nor kept.
			this.timer = undefined;
			callback();
		};
	}

	get isSet(): boolean {
		return this.timer !== undefined;
	}

	/** Fires once after `delayMs` (0 or more), instead of when it would have. */
	set(delayMs: number): void {
		Timer.clear(this.timer);
		this.timer = Timer.set(this.fire, Math.ceil(delayMs));
	}

	clear(): void {
		Timer.clear(this.timer);
		this.timer = undefined;
	}
}
