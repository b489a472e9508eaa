/** What XS has beyond ECMAScript and the firmware uses. The host simulator provides the same. */
declare function trace(...text: string[]): void;

/** A function in C; only for firmware/platform, and only as `native("name").call(this, …)`. */
declare function native(name: string): { call(target: unknown, ...values: unknown[]): undefined };

interface ArrayBufferConstructor {
	fromString(text: string): ArrayBuffer;
}
