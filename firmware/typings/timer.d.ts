/** Moddable's `timer`, as far as the firmware uses it (modules/base/timer). */
declare module "timer" {
	class Timer {
		private constructor();
		/** Calls back once after `delayMs`, or every `repeatMs` after that. */
		static set(callback: (timer: Timer) => void, delayMs?: number, repeatMs?: number): Timer;
		static repeat(callback: (timer: Timer) => void, intervalMs: number): Timer;
		/** Only for timers that have not fired for good: throws for those. */
		static schedule(timer: Timer, delayMs?: number, repeatMs?: number): void;
		/** Does nothing for undefined and for timers that have fired. */
		static clear(timer: Timer | undefined): void;
		private readonly brand: boolean;
	}

	export { Timer as default };
}
