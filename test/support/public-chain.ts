/**
 * A chain as public CAs give it out, Let's Encrypt's for example: a root of RSA 4096 that is the
 * trust anchor, one or two intermediates and the leaf of RSA 2048. As long as real ones: what is
 * missing here of what CAs write into certificates is made up for by an extension.
 */

import { type Made, make, makeKeys, type Plan, RawExtension, usage } from "./certificate-maker";

/** Signed certificate timestamps (RFC 6962 3.3), which nobody looks into here. */
const TIMESTAMPS = "1.3.6.1.4.1.11129.2.4.2";
/** Let's Encrypt's in 2026: R10 has 1,289 bytes, a leaf for one name about 1,300. */
const CERTIFICATE_BYTES = 1_300;

const DAY_MS = 86_400_000;
const keyUsage = usage.keyCertSign | usage.cRLSign;

/** Good from yesterday until tomorrow. */
const dates = { from: new Date(Date.now() - DAY_MS), to: new Date(Date.now() + DAY_MS) };

export async function makePublicRoot(): Promise<Made> {
	const keys = await makeKeys("RSA-4096");
	return await make({ name: "public root", keys, authority: true, keyUsage, ...dates });
}

/** The leaf first, without the root. */
export async function makePublicChain(
	root: Made,
	names: string[],
	intermediates: number,
): Promise<readonly Made[]> {
	const chain: Made[] = [];
	let issuer = root;
	for (let left = intermediates; left > 0; left--) {
		const name = `intermediate ${left}`;
		const keys = await makeKeys("RSA-2048");
		const plan = { name, keys, issuer, authority: true, pathLength: left - 1, keyUsage, ...dates };
		issuer = await padded(plan);
		chain.unshift(issuer);
	}
	const keys = await makeKeys("RSA-2048");
	chain.unshift(await padded({ name: names[0], keys, issuer, names, ...dates }));
	return chain;
}

async function padded(plan: Plan): Promise<Made> {
	const bare = await make(plan);
	// Its own header, and longer lengths around it.
	const length = Math.max(0, CERTIFICATE_BYTES - bare.der.length - 24);
	const padding = new RawExtension(TIMESTAMPS, false, new Uint8Array(length));
	return await make({ ...plan, more: [...(plan.more ?? []), padding] });
}
