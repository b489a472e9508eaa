/** What XS has beyond ECMAScript and the firmware uses. The host simulator provides the same. */
declare function trace(...text: string[]): void;

interface ArrayBufferConstructor {
	fromString(text: string): ArrayBuffer;
}
