/**
 * A chain as public CAs give it out, Let's Encrypt's for example: a root of RSA 4096 that is the
 * trust anchor, an intermediate of RSA 2048, or another root of RSA 4096 and one of RSA 2048, and a
 * leaf of RSA 2048. As long as real ones: what is missing here of what CAs write into certificates
 * is made up for by an extension.
 */

import {
	type Kind,
	type Made,
	make,
	makeKeys,
	type Plan,
	RawExtension,
	usage,
} from "./certificate-maker";

/** Signed certificate timestamps (RFC 6962 3.3), which nobody looks into here. */
const TIMESTAMPS = "1.3.6.1.4.1.11129.2.4.2";
/** Let's Encrypt's R10 has 1,289 bytes, a leaf for one name about 1,300. */
const CERTIFICATE_BYTES = 1_300;
/** What a key of RSA 4096 has more than one of 2048. */
const LONG_KEY_BYTES = 256;

const DAY_MS = 86_400_000;
const keyUsage = usage.keyCertSign | usage.cRLSign;

/** Good from yesterday until tomorrow. */
const dates = { from: new Date(Date.now() - DAY_MS), to: new Date(Date.now() + DAY_MS) };

export async function makePublicRoot(): Promise<Made> {
	const keys = await makeKeys("RSA-4096");
	return await make({ name: "public root", keys, authority: true, keyUsage, ...dates });
}

/**
 * The leaf first, without the root.
 * @param intermediates kinds of their keys, the one that the root has signed first
 */
export async function makePublicChain(
	root: Made,
	names: string[],
	intermediates: readonly Kind[],
): Promise<readonly Made[]> {
	const chain: Made[] = [];
	let issuer = root;
	for (const [i, kind] of intermediates.entries()) {
		const name = `intermediate ${i + 1}`;
		const keys = await makeKeys(kind);
		const pathLength = intermediates.length - 1 - i;
		const plan = { name, keys, issuer, authority: true, pathLength, keyUsage, ...dates };
		issuer = await padded(plan, kind === "RSA-4096" ? LONG_KEY_BYTES : 0);
		chain.unshift(issuer);
	}
	const keys = await makeKeys("RSA-2048");
	chain.unshift(await padded({ name: names[0], keys, issuer, names, ...dates }));
	return chain;
}

async function padded(plan: Plan, more = 0): Promise<Made> {
	const bare = await make(plan);
	// Its own header, and longer lengths around it.
	const length = Math.max(0, CERTIFICATE_BYTES + more - bare.der.length - 24);
	const padding = new RawExtension(TIMESTAMPS, false, new Uint8Array(length));
	return await make({ ...plan, more: [...(plan.more ?? []), padding] });
}
