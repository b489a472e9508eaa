/** The part of the table of chains that is odd, or no DER at all. */

import {
	children,
	element,
	type Made,
	make,
	makeKeys,
	RawExtension,
	resign,
} from "./certificate-maker";
import type { Cast } from "./chains";

export async function malformed({ add, ecRoot, leaf, middle }: Cast): Promise<void> {
	const good = await leaf();
	const truncated = "malformed DER: truncated";
	add("truncated DER", [good.der.slice(0, -1)], truncated);
	add("truncated in the middle", [good.der.slice(0, 200)], truncated);
	add("truncated length", [good.der.slice(0, 2)], truncated);
	add("empty", [new Uint8Array(0)], "malformed DER: no certificate");
	add(
		"bytes behind it",
		[Uint8Array.of(...good.der, 0)],
		"malformed DER: bytes behind the certificate",
	);
	add("no DER", [new TextEncoder().encode("-----BEGIN")], truncated);
	const random = Uint8Array.from({ length: 300 }, (_, i) => (i * 7919) & 0xff);
	add("nonsense", [Uint8Array.of(0x30, 0x82, 1, 0x2c, ...random)], "malformed DER: bad length");
	add("indefinite length", [Uint8Array.of(0x30, 0x80, 0, 0)], "malformed DER: bad length");
	add("padded length", [Uint8Array.of(0x30, 0x81, 2, 5, 0)], "malformed DER: padded length");
	add("too long", [new Uint8Array(7000)], "certificate is too long");
	const broken = await middle();
	const below = await leaf({ issuer: broken });
	add("truncated intermediate", [below, broken.der.slice(0, -9)], truncated);
	const bad = { ...ecRoot, der: ecRoot.der.slice(0, -1) };
	add("truncated authority", [good], truncated, { authorities: [bad] });
	await extensions({ add, ecRoot, leaf });
	await fields({ add, ecRoot, leaf });
}

async function extensions({ add, ecRoot, leaf }: Pick<Cast, "add" | "ecRoot" | "leaf">) {
	const unknown = (critical: boolean) => new RawExtension("1.2.3.4", critical, Uint8Array.of(5, 0));
	add(
		"unknown critical extension",
		[await leaf({ more: [unknown(true)] })],
		"unknown critical extension",
	);
	add("unknown extension", [await leaf({ more: [unknown(false)] })], "");
	const twice = [unknown(false), unknown(false)];
	add("extension twice", [await leaf({ more: twice })], "extension appears twice");
	const usage = new RawExtension("2.5.29.15", false, Uint8Array.of(3, 2, 7, 0x80));
	add("key usage twice", [await leaf({ more: [usage] })], "extension appears twice");
	const many = Array.from({ length: 24 }, (_, i) => {
		return new RawExtension(`1.2.3.${i}`, false, Uint8Array.of(5, 0));
	});
	add("too many extensions", [await leaf({ more: many })], "too many extensions");
	const constraint = new RawExtension("2.5.29.30", false, Uint8Array.of(0x30, 0));
	const { keys } = ecRoot;
	const limited = await make({ name: "EC root", keys, authority: true, more: [constraint] });
	add("name constraints", [await leaf()], "name constraints are not supported", {
		authorities: [limited],
	});
	const empty = new RawExtension("2.5.29.37", false, Uint8Array.of(0x30, 0));
	const noServer = "extended key usage without serverAuth (CN=leaf)";
	add("empty extended key usage", [await leaf({ more: [empty] })], noServer);
	const odd = new RawExtension("2.5.29.37", false, Uint8Array.of(0x30, 3, 6, 9, 1));
	add("truncated extension", [await leaf({ more: [odd] })], "malformed DER: truncated");
	const bits = new RawExtension("2.5.29.15", true, Uint8Array.of(3, 1, 0));
	const badUsage = "malformed DER: bad keyUsage";
	add("key usage of no bits", [await leaf({ keyUsage: null, more: [bits] })], badUsage);
}

async function fields({ add, ecRoot, leaf }: Pick<Cast, "add" | "ecRoot" | "leaf">) {
	const good = await leaf();
	const change = (title: string, reason: string, edit: (tbs: Buffer) => Buffer) => {
		add(title, [resign(good, ecRoot, edit)], reason);
	};
	const version = "not an X.509 version 3 certificate";
	change("version 2", version, (tbs) => replaceBytes(tbs, "a003020102", "a003020101"));
	change("version 1", version, (tbs) => {
		const [, ...rest] = children(tbs);
		return element(0x30, Buffer.concat(rest));
	});
	change("another algorithm inside", "certificate names two signature algorithms", (tbs) => {
		return replaceBytes(tbs, "06082a8648ce3d040302", "06082a8648ce3d040303");
	});
	const badDate = "bad date";
	const from = Buffer.from("260531000000Z").toString("hex");
	const date = (text: string) => Buffer.from(text).toString("hex");
	change("date with month 13", badDate, (tbs) => replaceBytes(tbs, from, date("261331000000Z")));
	change("31st of June", badDate, (tbs) => replaceBytes(tbs, from, date("260631000000Z")));
	change("date with letters", badDate, (tbs) => replaceBytes(tbs, from, date("26053100000xZ")));
	change("date with another zone", badDate, (tbs) =>
		replaceBytes(tbs, from, date("260531000000+")),
	);
	change("compressed point", "P-256 key is not an uncompressed point", (tbs) => {
		return replaceBytes(tbs, "034200", "034200", (at) => {
			tbs[at + 3] = 2;
		});
	});
	const keys = await makeKeys("P-256");
	const strange: Made = await leaf({ name: "\u0007é€😀", keys });
	const named = Buffer.byteLength("\u0007é€😀");
	add(
		"name that is not printable",
		[strange],
		`certificate is not for x.test (CN=${"?".repeat(named)})`,
		{ host: "x.test" },
	);
}

function replaceBytes(
	tbs: Buffer,
	from: string,
	to: string,
	more: (at: number) => void = () => undefined,
): Buffer {
	const at = tbs.indexOf(Buffer.from(from, "hex"));
	if (at < 0) throw new Error(`no ${from} in the certificate`);
	tbs.set(Buffer.from(to, "hex"), at);
	more(at);
	return tbs;
}
