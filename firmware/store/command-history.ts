/**
 * The last commands that carried an `id`, and what became of each, so that a repeat is answered
 * and not executed again. Pure, a ring of fixed size; the oldest is forgotten first.
 */

export class CommandHistory {
	private readonly ids: string[];
	private readonly results: string[];
	private next = 0;

	/** @param size ids remembered, 1 or more */
	constructor(size: number) {
		this.ids = new Array<string>(size).fill("");
		this.results = new Array<string>(size).fill("");
	}

	/** The result given for this id, or "" when it was not seen. `key` is never empty. */
	find(key: string): string {
		const at = this.ids.indexOf(key);
		return at < 0 ? "" : this.results[at];
	}

	remember(key: string, result: string): void {
		this.ids[this.next] = key;
		this.results[this.next] = result;
		this.next = (this.next + 1) % this.ids.length;
	}
}
