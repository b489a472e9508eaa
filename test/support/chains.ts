/**
 * The table of certificate chains, good and bad, with what the firmware must say of each. The
 * same table runs on XS (test/xs/units.test.ts) and on simulated boards
 * (test/firmware/net/certificate-chain.test.ts). Made anew each time; keys are random.
 */

import { HOST, type Made, make, makeKeys, NOW_MS, type Plan, usage } from "./certificate-maker";
import type { TextCase } from "./chain-checker";
import { forgeries } from "./chains-forged";
import { malformed } from "./chains-malformed";

export interface ChainCase {
	readonly title: string;
	readonly chain: readonly Uint8Array[];
	readonly authorities: readonly Uint8Array[];
	readonly host: string;
	readonly nowMs: number;
	/** "" when it is good. */
	readonly reason: string;
}

/** With DER in hexadecimal. */
export function asText(row: ChainCase): TextCase {
	const hex = (der: Uint8Array) => Buffer.from(der).toString("hex");
	return { ...row, chain: row.chain.map(hex), authorities: row.authorities.map(hex) };
}

export type AddCase = (
	title: string,
	chain: readonly (Made | Uint8Array)[],
	reason: string,
	more?: { authorities?: readonly Made[]; host?: string; nowMs?: number },
) => void;

/** What the cases are made of. */
export interface Cast {
	readonly add: AddCase;
	readonly ecRoot: Made;
	readonly rsaRoot: Made;
	/** Keys of leaves. */
	readonly ecKeys: Made["keys"];
	readonly rsaKeys: Made["keys"];
	leaf(plan?: Partial<Plan>): Promise<Made>;
	middle(plan?: Partial<Plan>): Promise<Made>;
}

export async function makeChains(): Promise<ChainCase[]> {
	const cases: ChainCase[] = [];
	const ecRoot = await make({ name: "EC root", keys: await makeKeys("P-256"), authority: true });
	const rsaRoot = await make({
		name: "RSA root",
		keys: await makeKeys("RSA-2048"),
		authority: true,
	});
	const [ecKeys, rsaKeys] = [await makeKeys("P-256"), await makeKeys("RSA-2048")];
	const middleKeys = await makeKeys("P-256");
	const cast: Cast = {
		add: (title, chain, reason, more = {}) => {
			const { authorities = [ecRoot], host = HOST, nowMs = NOW_MS } = more;
			const ders = chain.map((one) => (ArrayBuffer.isView(one) ? one : one.der));
			const trusted = authorities.map((one) => one.der);
			cases.push({ title, chain: ders, authorities: trusted, host, nowMs, reason });
		},
		ecRoot,
		rsaRoot,
		ecKeys,
		rsaKeys,
		leaf: (plan = {}) =>
			make({ name: "leaf", keys: ecKeys, issuer: ecRoot, names: [HOST], ...plan }),
		middle: (plan = {}) =>
			make({ name: "middle", keys: middleKeys, issuer: ecRoot, authority: true, ...plan }),
	};
	await goodChains(cast);
	await names(cast);
	await dates(cast);
	await usages(cast);
	await authorities(cast);
	await forgeries(cast);
	await malformed(cast);
	return cases;
}

async function goodChains({ add, ecRoot, rsaRoot, rsaKeys, leaf, middle }: Cast): Promise<void> {
	const ec = await leaf();
	add("EC leaf alone", [ec], "");
	add("EC leaf with the authority itself", [ec, ecRoot], "");
	add("second of two authorities", [ec], "", { authorities: [rsaRoot, ecRoot] });
	const rsa = await leaf({ keys: rsaKeys, issuer: rsaRoot });
	const trustRsa = { authorities: [rsaRoot] };
	add("RSA leaf alone", [rsa], "", trustRsa);
	add("RSA leaf with the authority itself", [rsa, rsaRoot], "", trustRsa);
	add("RSA leaf of an EC authority", [await leaf({ keys: rsaKeys })], "");
	add("EC leaf of an RSA authority", [await leaf({ issuer: rsaRoot })], "", trustRsa);
	const below = await middle();
	const deep = await leaf({ issuer: below });
	add("intermediate, without the authority", [deep, below], "");
	add("intermediate and authority", [deep, below, ecRoot], "");
	add("intermediate as authority", [deep], "", { authorities: [below] });
	add("leaf of the authority, then what does not matter", [ec, rsaRoot], "");
	for (const hash of ["SHA-384", "SHA-512"] as const) {
		add(`ECDSA with ${hash}`, [await leaf({ hash })], "");
		add(`RSA with ${hash}`, [await leaf({ hash, issuer: rsaRoot })], "", trustRsa);
	}
	const namesake = await make({ name: "EC root", keys: rsaKeys, authority: true });
	add("two authorities of one name", [ec], "", { authorities: [namesake, ecRoot] });
	const self = await leaf({ issuer: undefined, authority: true, keyUsage: null });
	add("self-signed broker that is an authority", [self], "", { authorities: [self] });
	add("without key usage", [await leaf({ keyUsage: null })], "");
	const any = "2.5.29.37.0";
	add("any extended key usage", [await leaf({ extendedKeyUsage: [any] })], "");
}

async function names({ add, leaf }: Cast): Promise<void> {
	const wild = await leaf({ names: ["*.example.com"] });
	add("wildcard", [wild], "");
	add("wildcard is not two labels", [wild], "certificate is not for a.b.example.com (CN=leaf)", {
		host: "a.b.example.com",
	});
	add("wildcard is not no label", [wild], "certificate is not for example.com (CN=leaf)", {
		host: "example.com",
	});
	const inner = "certificate is not for broker.example.com (CN=leaf)";
	add("wildcard inside a label", [await leaf({ names: ["b*.example.com"] })], inner);
	add("wildcard in another label", [await leaf({ names: ["broker.*.com"] })], inner);
	add("upper case", [await leaf({ names: ["Broker.EXAMPLE.com"] })], "", {
		host: "bROKER.example.com",
	});
	add("dot at the end of the host", [await leaf()], "", { host: `${HOST}.` });
	const address = await leaf({ names: ["other.example.com", "192.0.2.7"] });
	add("IPv4", [address], "", { host: "192.0.2.7" });
	add("another IPv4", [address], "certificate is not for 192.0.2.8 (CN=leaf)", {
		host: "192.0.2.8",
	});
	add("second name", [await leaf({ names: ["x.example.com", HOST] })], "");
	add("wrong name", [await leaf({ names: ["other.example.com"] })], inner);
	add("name is only a prefix", [await leaf({ names: [`${HOST}.evil.test`] })], inner);
	const common = `certificate is not for ${HOST} (CN=${HOST})`;
	add("name only in CN", [await leaf({ name: HOST, names: undefined })], common);
	add("name in CN, another in SAN", [await leaf({ name: HOST, names: ["x.test"] })], common);
}

async function dates({ add, ecRoot, leaf, middle }: Cast): Promise<void> {
	const past = { from: new Date(NOW_MS - 172_800_000), to: new Date(NOW_MS - 86_400_000) };
	const future = { from: new Date(NOW_MS + 3_600_000), to: new Date(NOW_MS + 86_400_000) };
	const expired = "certificate expired 2026-05-31T00:00:00Z";
	const early = "certificate is not valid before 2026-06-01T01:00:00Z";
	add("expired", [await leaf(past), ecRoot], `${expired} (CN=leaf)`);
	add("not valid yet", [await leaf(future)], `${early} (CN=leaf)`);
	const oldMiddle = await middle(past);
	const oldLeaf = await leaf({ issuer: oldMiddle });
	add("expired intermediate", [oldLeaf, oldMiddle], `${expired} (CN=middle)`);
	const { keys } = ecRoot;
	const oldRoot = await make({ name: "EC root", keys, authority: true, ...past });
	const newRoot = await make({ name: "EC root", keys, authority: true, ...future });
	const trusted = await leaf();
	add("expired authority", [trusted], `${expired} (CN=EC root)`, { authorities: [oldRoot] });
	add("expired authority, sent too", [trusted, oldRoot], `${expired} (CN=EC root)`, {
		authorities: [oldRoot],
	});
	add("authority not valid yet", [trusted], `${early} (CN=EC root)`, { authorities: [newRoot] });
	add("expired authority and its successor", [trusted], "", { authorities: [oldRoot, ecRoot] });
	add(
		"clock of 1970",
		[trusted],
		"certificate is not valid before 2026-05-31T00:00:00Z (CN=leaf)",
		{
			nowMs: 0,
		},
	);
	const long = { from: new Date(Date.UTC(1999, 11, 31)), to: new Date(Date.UTC(2150, 0, 1)) };
	add("from 1999 to 2150", [await leaf(long)], "");
	add("at its last moment", [trusted], "", { nowMs: NOW_MS + 86_400_000 });
	const over = "certificate expired 2026-06-02T00:00:00Z (CN=leaf)";
	add("after its last moment", [trusted], over, { nowMs: NOW_MS + 86_400_001 });
}

async function usages({ add, leaf, middle }: Cast): Promise<void> {
	const noSignature = "key usage without digitalSignature (CN=leaf)";
	add("leaf for encipherment", [await leaf({ keyUsage: usage.keyEncipherment })], noSignature);
	add("leaf for signing certificates", [await leaf({ keyUsage: usage.keyCertSign })], noSignature);
	const client = ["1.3.6.1.5.5.7.3.2"];
	const noServer = "extended key usage without serverAuth";
	add("leaf for clients", [await leaf({ extendedKeyUsage: client })], `${noServer} (CN=leaf)`);
	const server = ["1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1"];
	add("leaf for clients and servers", [await leaf({ extendedKeyUsage: server })], "");
	const cannot = await middle({ keyUsage: usage.cRLSign });
	const below = await leaf({ issuer: cannot });
	add("issuer without keyCertSign", [below, cannot], "key usage without keyCertSign (CN=middle)");
	const clients = await middle({ extendedKeyUsage: client });
	add("issuer for clients", [await leaf({ issuer: clients }), clients], `${noServer} (CN=middle)`);
}

async function authorities({ add, ecRoot, rsaRoot, rsaKeys, leaf, middle }: Cast) {
	const unknown = { authorities: [rsaRoot] };
	add("unknown CA", [await leaf()], "unknown authority CN=EC root", unknown);
	add("unknown CA, sent too", [await leaf(), ecRoot], "unknown authority CN=EC root", unknown);
	add("no authorities", [await leaf(), ecRoot], "unknown authority CN=EC root", {
		authorities: [],
	});
	const self = await leaf({ issuer: undefined });
	add("self-signed", [self], "unknown authority CN=leaf");
	add("self-signed, trusted, no authority", [self], "issuer is no authority (CN=leaf)", {
		authorities: [self],
	});
	const asIssuer = await make({ name: "middle", keys: rsaKeys, issuer: ecRoot, names: [HOST] });
	const victim = await leaf({ issuer: asIssuer });
	add("leaf as CA", [victim, asIssuer], "issuer is no authority (CN=middle)");
	const plain = await middle({ authority: null, keyUsage: usage.keyCertSign });
	const ofPlain = await leaf({ issuer: plain });
	add("issuer without basicConstraints", [ofPlain, plain], "issuer is no authority (CN=middle)");
	const { keys } = ecRoot;
	const short = await make({ name: "EC root", keys, authority: true, pathLength: 0 });
	const below = await middle();
	const deep = await leaf({ issuer: below });
	add("path length 0, leaf", [await leaf()], "", { authorities: [short] });
	add("path length exceeded", [deep, below], "path length exceeded (CN=EC root)", {
		authorities: [short],
	});
	const lower = await make({ name: "lower", keys: rsaKeys, issuer: below, authority: true });
	const deepest = await leaf({ issuer: lower });
	add("two intermediates", [deepest, lower, below], "");
	add("wrong order", [deepest, below, lower], "unknown authority CN=lower");
	add("intermediate is missing", [deepest, lower], "unknown authority CN=middle");
	const six = [deepest, lower, below, ecRoot, rsaRoot, self];
	add("too many certificates", six, "chain of 6 certificates is too long");
	add("no certificate", [], "broker sent no certificate");
}
