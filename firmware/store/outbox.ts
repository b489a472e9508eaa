/**
 * Reports that wait for room in the in-flight window, oldest first. Pure, in memory only.
 * Always holds: never more than the limits given; what does not fit pushes out the oldest, and
 * each one pushed out is counted. What was taken out is the engine's and no longer ours.
 */

export class Outbox {
	/** Reports given up unsent: pushed out by newer ones, or refused for good by the engine. */
	dropped = 0;
	private readonly limit: number;
	/** Topic, payload and "" or "retain" in turn, oldest first. */
	private readonly reports: string[] = [];

	/** @param limit most reports held, 1 or more */
	constructor(limit: number) {
		this.limit = limit;
	}

	get length(): number {
		return this.reports.length / 3;
	}

	push(topic: string, payload: string, retain: boolean): void {
		if (this.length === this.limit) {
			this.shift();
			this.dropped++;
		}
		this.reports.push(topic, payload, retain ? "retain" : "");
	}

	/** Topic of the oldest report; only while length > 0. */
	firstTopic(): string {
		return this.reports[0];
	}

	/** Payload of the oldest report; only while length > 0. */
	firstPayload(): string {
		return this.reports[1];
	}

	/** Whether the oldest report is to be retained; only while length > 0. */
	firstRetain(): boolean {
		return this.reports[2] !== "";
	}

	/** Removes the oldest. */
	shift(): void {
		this.reports.shift();
		this.reports.shift();
		this.reports.shift();
	}
}
