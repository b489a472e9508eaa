/**
 * A relay as the broker sees it. Always holds: `on` is what was last written to the output; the
 * constructor writes nothing, because the output was made with its restore level before it
 * became an output. Must not know topics or payloads.
 */

/** A pin that takes logical levels; ECMA-419 Digital with `activeLow` done by the pin. */
export interface Output {
	write(value: 0 | 1): void;
}

export class Relay {
	readonly id: string;
	on = false;
	private readonly output: Output;

	/** @param output made with level 0 (off) */
	constructor(id: string, output: Output) {
		this.id = id;
		this.output = output;
	}

	/**
	 * Carries out ON, OFF or TOGGLE.
	 * @returns whether the level changed
	 */
	apply(state: string): boolean {
		const on = state === "TOGGLE" ? !this.on : state === "ON";
		if (on === this.on) return false;
		this.output.write(on ? 1 : 0);
		this.on = on;
		return true;
	}
}
