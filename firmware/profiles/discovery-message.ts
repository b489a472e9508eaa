/**
 * The message with which a node tells Home Assistant what it has: device discovery, one component
 * for each thing that is switched or read. It is several kilobytes and never there as a whole: the
 * pieces are made again from the entities' options each time they are asked for. Always holds: the
 * same bytes for the same offset as long as the options stay as they are, and as many bytes as
 * asked for in any case. Must not know when it is sent.
 */

import type { PieceSource } from "../mqtt/session";
import { utf8Bytes, writeUtf8 } from "../mqtt/wire";
import {
	componentCount,
	componentOf,
	headOf,
	type NodeCard,
	receptionOf,
	removalOf,
	uptimeOf,
} from "./discovery-components";

const enum Const {
	/** Pieces in front of the entities: the node, its uptime, its reception. */
	FIRST_PIECES = 3,
	SPACE = 0x20,
}

export class DiscoveryMessage implements PieceSource {
	/** Of the publication that it is in. */
	token = 0;
	/** Keys of components that are no more, with blanks between; "" for none. */
	readonly removed: string;
	private readonly card: NodeCard;
	/** The piece that was asked for last, and where it begins. */
	private index = 0;
	private begin = 0;

	constructor(card: NodeCard, removed: string) {
		this.card = card;
		this.removed = removed;
	}

	/** Length of the whole. */
	get bytes(): number {
		let bytes = 0;
		for (let index = 0; ; index++) {
			const text = this.piece(index);
			if (text === "") return bytes;
			bytes += utf8Bytes(text);
		}
	}

	write(target: Uint8Array, start: number, end: number, offset: number): void {
		if (offset < this.begin) {
			this.index = 0;
			this.begin = 0;
		}
		let at = start;
		while (at < end) {
			const text = this.piece(this.index);
			if (text === "") {
				// The options have changed and it became shorter: JSON takes blanks behind its end.
				target.fill(Const.SPACE, at, end);
				return;
			}
			const bytes = utf8Bytes(text);
			const skipped = offset + at - start - this.begin;
			if (skipped < bytes) {
				const taken = Math.min(bytes - skipped, end - at);
				if (taken === bytes) writeUtf8(target, at, text);
				else {
					const all = new Uint8Array(bytes);
					writeUtf8(all, 0, text);
					target.set(all.subarray(skipped, skipped + taken), at);
				}
				at += taken;
				if (skipped + taken < bytes) return;
			}
			this.index++;
			this.begin += bytes;
		}
	}

	/** The whole as pieces in order; "" behind the last. */
	private piece(index: number): string {
		const { card, removed } = this;
		if (index === 0) return headOf(card);
		if (index === 1) return uptimeOf(card);
		if (index === 2) return receptionOf(card);
		let left = index - Const.FIRST_PIECES;
		for (const entity of card.entities) {
			const count = componentCount(entity);
			if (left < count) return componentOf(card, entity, left);
			left -= count;
		}
		if (left === 0) return removed === "" ? "}}" : removalOf(removed);
		return left === 1 && removed !== "" ? "}}" : "";
	}
}
