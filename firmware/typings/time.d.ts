/** Moddable's `time`, as far as the firmware uses it (modules/base/time). */
declare module "time" {
	const Time: {
		/**
		 * Milliseconds since some start. An int32 that wraps on boards, but a number of
		 * milliseconds since 1970 on Linux: only `(a - b) | 0` means something on both.
		 */
		readonly ticks: number;
	};

	export { Time as default };
}
