/** PEM (RFC 7468): base64 in lines of 64 characters between two labels. */

import type { KeyObject } from "node:crypto";

/** @param label such as "CERTIFICATE" */
export function toPem(label: string, der: Uint8Array): string {
	const lines =
		Buffer.from(der)
			.toString("base64")
			.match(/.{1,64}/g) ?? [];
	return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** A private key as PKCS#8, without passphrase. */
export function keyToPem(key: KeyObject): string {
	return toPem("PRIVATE KEY", key.export({ format: "der", type: "pkcs8" }));
}

/** A part of a text between two labels. */
export interface PemBlock {
	/** Such as "CERTIFICATE". */
	readonly label: string;
	/** With both lines that carry the label. */
	readonly text: string;
	/** What is between them. */
	readonly inside: string;
}

const DASHES = "-----";
const BEGIN = `${DASHES}BEGIN `;

/** All parts of a text, in their order. The time it takes grows with the length only. */
export function pemBlocks(text: string): PemBlock[] {
	const blocks: PemBlock[] = [];
	let start = text.indexOf(BEGIN);
	while (start >= 0) {
		const labelEnd = text.indexOf(DASHES, start + BEGIN.length);
		if (labelEnd < 0) break;
		const label = text.slice(start + BEGIN.length, labelEnd);
		const insideStart = labelEnd + DASHES.length;
		// Five dashes are in nothing but labels.
		const end = text.indexOf(DASHES, insideStart);
		if (end < 0) break;
		const last = `${DASHES}END ${label}${DASHES}`;
		if (!/^[A-Z0-9 ]+$/.test(label) || !text.startsWith(last, end)) {
			start = text.indexOf(BEGIN, start + BEGIN.length);
			continue;
		}
		const next = end + last.length;
		blocks.push({ label, text: text.slice(start, next), inside: text.slice(insideStart, end) });
		start = text.indexOf(BEGIN, next);
	}
	return blocks;
}

/** DER of all parts of a text that have this label. */
export function fromPem(label: string, text: string): Uint8Array<ArrayBuffer>[] {
	return pemBlocks(text)
		.filter((block) => block.label === label)
		.map(({ inside }) => new Uint8Array(Buffer.from(inside, "base64")));
}
