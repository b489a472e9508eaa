/** XS's globals that firmware code uses, for tests that run it on Node without the simulator. */

const lines: string[] = [];

/** What firmware code has printed since the last call. */
export function takeTrace(): string[] {
	return lines.splice(0);
}

Object.assign(globalThis, {
	trace: (text: string) => void lines.push(text.trimEnd()),
});
