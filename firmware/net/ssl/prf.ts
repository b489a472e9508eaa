/** Secrets from secrets: the pseudorandom function of TLS 1.2 with SHA-256 (RFC 5246 section 5). */

import { Digest } from "crypt";

const enum Const {
	HASH_BYTES = 32,
	BLOCK_BYTES = 64,
}

/** Fills `target`. @param secret no longer than 64 bytes */
export const prf = (
	secret: Uint8Array,
	label: string,
	seed: Uint8Array,
	target: Uint8Array,
): void => {
	const digest = new Digest("SHA256");
	const inner = padded(secret, 0x36);
	const outer = padded(secret, 0x5c);
	const text = new Uint8Array(label.length + seed.length);
	for (let i = 0; i < label.length; i++) text[i] = label.charCodeAt(i);
	text.set(seed, label.length);
	let chained = hmac(digest, inner, outer, text);
	for (let at = 0; ; ) {
		const part = new Uint8Array(hmac(digest, inner, outer, chained, text));
		const count = Math.min(Const.HASH_BYTES, target.length - at);
		for (let i = 0; i < count; i++) target[at++] = part[i] ?? 0;
		if (at === target.length) return;
		chained = hmac(digest, inner, outer, chained);
	}
};

/** RFC 2104, over one text or two. */
const hmac = (
	digest: Digest,
	inner: Uint8Array,
	outer: Uint8Array,
	first: ArrayBuffer | Uint8Array,
	second?: Uint8Array,
): ArrayBuffer => {
	digest.reset();
	digest.write(inner);
	digest.write(first);
	if (second !== undefined) digest.write(second);
	const sum = digest.close();
	digest.reset();
	digest.write(outer);
	digest.write(sum);
	return digest.close();
};

const padded = (secret: Uint8Array, pad: number): Uint8Array => {
	const block = new Uint8Array(Const.BLOCK_BYTES).fill(pad);
	for (let i = 0; i < secret.length; i++) block[i] = (secret[i] ?? 0) ^ pad;
	return block;
};
