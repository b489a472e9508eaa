/**
 * The publish, subscribe and unsubscribe commands of `fieldmote client` on their way: what waits
 * for room, and what waits for the broker. Always holds: each gets exactly one `done`; they reach
 * the session in the order given. Must not know connections.
 */

import type { Command, PublishCommand, Tag } from "./commands";
import type { DriverOptions, Session } from "./environment";

export type Request = Extract<Command, { tag: Tag }>;
/** up: CONNACK came; trying: it may still come; none: nobody tries. */
export type Readiness = "up" | "trying" | "none";

export class Requests {
	private readonly options: DriverOptions;
	private readonly waiting: Request[] = [];
	private readonly tags = new Map<number, Tag>();

	constructor(options: DriverOptions) {
		this.options = options;
	}

	/** Nothing waits for anything. */
	get idle(): boolean {
		return this.waiting.length === 0 && this.tags.size === 0;
	}

	push(request: Request): void {
		this.waiting.push(request);
	}

	/** Gives to the session what waits, in order, until one finds no room or no connection. */
	flush(session: Session | undefined, readiness: Readiness): void {
		const { engine } = this.options;
		while (this.waiting.length > 0) {
			const request = this.waiting[0];
			const code = this.submit(request, session, readiness);
			if (code === engine.Code.Full) return;
			if (code === engine.Code.NotConnected && readiness === "trying") return;
			this.waiting.shift();
			if (code < 0) this.finish(request.tag, engine.codeName(code));
			else if (request.op === "publish" && request.qos === 0) this.finish(request.tag, undefined);
			else this.tags.set(code, request.tag);
		}
	}

	/** The broker has answered, or the connection was lost; code 0: all is well. */
	done(token: number, code: number, granted?: readonly number[]): void {
		const tag = this.tags.get(token);
		this.tags.delete(token);
		if (code === 0) this.finish(tag, undefined, granted);
		else this.finish(tag, this.options.engine.codeName(code));
	}

	/** What the session had in flight will never be known to be done. */
	forget(reason: string): void {
		for (const tag of this.tags.values()) this.finish(tag, reason);
		this.tags.clear();
	}

	private submit(request: Request, session: Session | undefined, readiness: Readiness): number {
		const now = this.options.ticks();
		// Before CONNACK only what survives a lost connection is handed over.
		const lasting = request.op === "publish" && request.qos > 0 && readiness === "trying";
		if (session === undefined || (readiness !== "up" && !lasting)) {
			return this.options.engine.Code.NotConnected;
		}
		if (request.op === "subscribe") return session.subscribe(request.subs, now);
		if (request.op === "unsubscribe") return session.unsubscribe(request.topics, now);
		const { topic, payload, qos, retain } = request as PublishCommand;
		return session.publish(topic, payload, qos, retain, now);
	}

	private finish(tag: Tag, error: string | undefined, granted?: readonly number[]): void {
		this.options.emit({ ev: "done", tag, err: error ?? null, granted });
	}
}
