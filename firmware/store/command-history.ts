/**
 * The last commands that carried an `id`, and what became of each, so that a repeat is
 * answered the same and not executed again. Pure, bounded; the oldest is forgotten first. Takes
 * no memory before the first command.
 */

export class CommandHistory {
	private readonly size: number;
	/** Id and outcome in turn, oldest first. */
	private readonly entries: string[] = [];

	/** @param size ids remembered, 1 or more */
	constructor(size: number) {
		this.size = size;
	}

	/** What was remembered with this id, or "" when it was not seen. `key` is never empty. */
	find(key: string): string {
		const { entries } = this;
		for (let i = 0; i < entries.length; i += 2) if (entries[i] === key) return entries[i + 1];
		return "";
	}

	remember(key: string, outcome: string): void {
		const { entries } = this;
		if (entries.length === 2 * this.size) {
			entries.shift();
			entries.shift();
		}
		entries.push(key, outcome);
	}
}
