/**
 * The name server that an access point tells its stations: answers questions for IPv4 addresses
 * from a table, or with what the machine itself resolves (its hosts file included). Always holds:
 * what is no question gets no answer, as from a real server. Has its own coding of DNS, so that
 * the firmware's is not tested against itself.
 */

import { lookup } from "node:dns/promises";

export const RCODE = Object.freeze({ ok: 0, serverFailure: 2, noSuchName: 3, refused: 5 });

/** What a name has: IPv4 addresses, another name, or a failure by its code. */
export type NameEntry = readonly string[] | { alias: string } | { rcode: number } | "silent";

const HEADER_BYTES = 12;
const TYPE_A = 1;
const TYPE_CNAME = 5;
const TTL_SECONDS = 60;
/** A table may hold a circle. */
const MAX_ALIASES = 8;
/** RFC 1035 section 4.2.1: without more than that over UDP. */
const MAX_BYTES = 512;

export class NameServer {
	/** Questions answered or not, as "name". */
	readonly asked: string[] = [];
	private readonly table: ReadonlyMap<string, NameEntry> | undefined;

	/** @param table names in lower case; missing: the machine resolves */
	constructor(table?: Readonly<Record<string, NameEntry>>) {
		this.table = table === undefined ? undefined : new Map(Object.entries(table));
	}

	/** The answer to a datagram, undefined when there is none. */
	async answer(query: Uint8Array): Promise<Uint8Array | undefined> {
		const question = readQuestion(query);
		if (question === undefined) return undefined;
		this.asked.push(question.name);
		const records: Buffer[] = [];
		let name = question.name.toLowerCase();
		let owner: Buffer = Buffer.from([0xc0, HEADER_BYTES]);
		for (let aliases = 0; aliases <= MAX_ALIASES; aliases++) {
			const entry = await this.find(name);
			if (entry === "silent") return undefined;
			if ("rcode" in entry) return reply(query, question.end, entry.rcode, records);
			if ("alias" in entry) {
				const target = encodeName(entry.alias);
				records.push(encodeRecord(owner, TYPE_CNAME, target));
				owner = target;
				name = entry.alias.toLowerCase();
				continue;
			}
			for (const address of entry) {
				records.push(encodeRecord(owner, TYPE_A, Buffer.from(address.split(".").map(Number))));
			}
			break;
		}
		return reply(query, question.end, RCODE.ok, records);
	}

	private async find(name: string): Promise<NameEntry> {
		if (this.table !== undefined) return this.table.get(name) ?? { rcode: RCODE.noSuchName };
		try {
			const found = await lookup(name, { all: true, family: 4 });
			return found.map(({ address }) => address);
		} catch (error) {
			const { code } = error as NodeJS.ErrnoException;
			return { rcode: code === "ENOTFOUND" ? RCODE.noSuchName : RCODE.serverFailure };
		}
	}
}

/** The one question, for an A record of class IN; undefined when it is anything else. */
function readQuestion(query: Uint8Array): { name: string; end: number } | undefined {
	if (query.length < HEADER_BYTES || (query[2] & 0xf8) !== 0 || query[5] !== 1) return undefined;
	const labels: string[] = [];
	let at = HEADER_BYTES;
	while (at < query.length && query[at] !== 0) {
		const end = at + 1 + query[at];
		if (query[at] > 63 || end > query.length) return undefined;
		labels.push(Buffer.from(query.subarray(at + 1, end)).toString("latin1"));
		at = end;
	}
	const end = at + 5;
	if (end > query.length) return undefined;
	const isAddress = query[at + 2] === TYPE_A && query[at + 4] === 1;
	return isAddress ? { name: labels.join("."), end } : undefined;
}

function reply(
	query: Uint8Array,
	questionEnd: number,
	rcode: number,
	records: readonly Buffer[],
): Uint8Array {
	const head = Buffer.from(query.subarray(0, questionEnd));
	head[2] = 0x80 | (query[2] & 1); // an answer, RD as asked
	head[3] = 0x80 | rcode; // RA
	head.writeUInt16BE(records.length, 6);
	head.fill(0, 8, HEADER_BYTES);
	const whole = Buffer.concat([head, ...records]);
	if (whole.length <= MAX_BYTES) return whole;
	whole[2] |= 2; // TC
	return whole.subarray(0, MAX_BYTES);
}

function encodeRecord(owner: Buffer, type: number, data: Buffer): Buffer {
	const fixed = Buffer.alloc(10);
	fixed.writeUInt16BE(type, 0);
	fixed.writeUInt16BE(1, 2);
	fixed.writeUInt32BE(TTL_SECONDS, 4);
	fixed.writeUInt16BE(data.length, 8);
	return Buffer.concat([owner, fixed, data]);
}

function encodeName(name: string): Buffer {
	const labels = name.split(".").map((label) => Buffer.from(`${" "}${label}`, "latin1"));
	for (const label of labels) label[0] = label.length - 1;
	return Buffer.concat([...labels, Buffer.from([0])]);
}
