/**
 * Relays of a node with what is kept over a reboot, on pins that write down what happens, and a
 * clock that a test turns; starts just before the ticks wrap.
 */

import "../../support/xs-globals";
import { parseCommand } from "../../../firmware/entities/command";
import { Entities } from "../../../firmware/entities/entities";
import type { EntityIo } from "../../../firmware/entities/entity";
import type { Relay } from "../../../firmware/entities/relay";

/** Just before the ticks wrap. */
const START = 0x7fffffff - 20;

export class Bench {
	now = START;
	/** `pin level` from the moment on which a pin is an output. */
	readonly levels: string[] = [];
	readonly entities: Entities;
	readonly kept = new Map<string, string>();

	constructor(list: object[], kept: Record<string, string> = {}) {
		for (const id in kept) this.kept.set(id, kept[id]);
		const io = {
			output: (pin: string, _activeLow: boolean, level: number) => {
				this.levels.push(`${pin} ${level}`);
				return { write: (next: number) => void this.levels.push(`${pin} ${next}`) };
			},
		} as unknown as EntityIo;
		const store = {
			read: (_place: number, id: string) => this.kept.get(id) ?? "",
			isAt: () => true,
			write: (_place: number, id: string, text: string) => void this.kept.set(id, text),
		};
		const entries = list.map((entry, place) => ({ kind: "relay", id: `r${place}`, ...entry }));
		this.entities = new Entities(entries as never, io, store, false);
		this.entities.handleContact(false, this.now);
	}

	relay(place = 0): Relay {
		return this.entities.entities[place] as Relay;
	}

	command(text: string, place = 0): string {
		return this.relay(place).apply(parseCommand(text), this.now);
	}

	/** As the runtime does: called when due, with the time of then. */
	wait(ms: number): void {
		const end = (this.now + ms) | 0;
		for (let calls = 0; ; calls++) {
			if (calls > 10_000) throw new Error("due without an end");
			const waitMs = this.entities.pollTimeout(this.now);
			if (waitMs < 0 || waitMs > ((end - this.now) | 0)) break;
			this.now = (this.now + waitMs) | 0;
			this.entities.handleTimeout(this.now);
		}
		this.now = end;
	}

	contact(online: boolean): void {
		this.entities.handleContact(online, this.now);
	}
}
