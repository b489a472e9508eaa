/** The part of the table of chains that somebody would make who has no authority's key. */

import { constants, createHash, KeyObject, privateEncrypt, type webcrypto } from "node:crypto";
import { children, element, HOST, type Made, make, makeKeys, resign } from "./certificate-maker";
import type { Cast } from "./chains";

type JsonWebKey = webcrypto.JsonWebKey;
type ImportParams = webcrypto.RsaHashedImportParams | webcrypto.EcKeyImportParams;

const { subtle } = globalThis.crypto;

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

export async function forgeries(cast: Cast): Promise<void> {
	const { add, ecRoot, rsaRoot, leaf, middle } = cast;
	const impostor = await make({ name: "EC root", keys: await makeKeys("P-256"), authority: true });
	const forged = await leaf({ issuer: impostor });
	const notEc = "signature is not from CN=EC root (CN=leaf)";
	add("forged EC leaf, genuine CA", [forged, ecRoot], notEc);
	add("forged EC leaf", [forged], notEc);
	add(
		"forged EC leaf, its own CA",
		[forged, impostor],
		"signature is not from CN=EC root (CN=EC root)",
	);
	const rsaKeys = await makeKeys("RSA-2048");
	const rsaImpostor = await make({ name: "RSA root", keys: rsaKeys, authority: true });
	const rsaForged = await leaf({ issuer: rsaImpostor });
	const trustRsa = { authorities: [rsaRoot] };
	const notRsa = "signature is not from CN=RSA root (CN=leaf)";
	add("forged RSA leaf, genuine CA", [rsaForged, rsaRoot], notRsa, trustRsa);
	const self = await leaf({ issuer: undefined });
	add("self-signed leaf, genuine CA", [self, ecRoot], "unknown authority CN=leaf");
	const renamed = await leaf({ issuer: undefined, issuerName: "EC root" });
	add("self-signed leaf that names the CA", [renamed, ecRoot], notEc);
	const below = await middle();
	const misnamed = await leaf({ issuer: below, issuerName: "somebody" });
	add("issuer has another name", [misnamed, below], "unknown authority CN=somebody");
	const good = await leaf();
	add("broken signature, EC", [flipped(good.der, good.der.length - 1), ecRoot], notEc);
	const rsa = await leaf({ issuer: rsaRoot });
	const last = rsa.der.length - 1;
	add("broken signature, RSA", [flipped(rsa.der, last), rsaRoot], notRsa, trustRsa);
	const at = Buffer.from(good.der).indexOf(HOST);
	const other = { host: "bsoker.example.com" };
	const changed = flipped(good.der, at + 1, 1);
	add("changed after signing", [changed], notEc, other);
	const zero = element(0x02, Buffer.of(0));
	const range = "signature out of range";
	add("ECDSA signature of zeros", [withSignature(good, [zero, zero])], range);
	const order = Buffer.from(`00${P256_ORDER.toString(16)}`, "hex");
	const n = element(0x02, order);
	add("ECDSA signature of the order", [withSignature(good, [n, n])], range);
	const one = element(0x02, Buffer.of(1));
	add("ECDSA signature of ones", [withSignature(good, [one, one])], notEc);
	const lax = laxPadding(rsa, rsaRoot);
	add("RSA signature with short padding", [lax], notRsa, trustRsa);
	add("RSA signature that names another hash", [otherHash(rsa, rsaRoot)], notRsa, trustRsa);
	add("short r", [shortInteger(good, ecRoot, 0)], "");
	add("short s", [shortInteger(good, ecRoot, 1)], "");
	await badKeys(cast);
	await trapKeys(cast);
}

/**
 * Issuers whose keys are made to end a machine that computes with them: numbers of ever new
 * lengths, for each of which the SDK's arithmetic keeps a buffer; it aborts when it has 30.
 */
async function trapKeys({ add, rsaKeys, ecKeys, leaf, ecRoot }: Cast): Promise<void> {
	const impostor: Made = { ...ecRoot, keys: ecKeys };
	const notRoot = "signature is not from CN=EC root (CN=trap)";
	const trap = async (jwk: JsonWebKey, kind: ImportParams, keys: Made["keys"]): Promise<Made> => {
		const publicKey = await subtle.importKey("jwk", jwk, kind, true, ["verify"]);
		const trapKeys = { ...keys, publicKey };
		const made = await make({ name: "trap", keys: trapKeys, issuer: impostor, authority: true });
		return { ...made, keys };
	};
	// All its bits are ones.
	const modulus = Buffer.alloc(375, 0xff).fill(0x07, 0, 1);
	const rsa = { kty: "RSA", n: modulus.toString("base64url"), e: "AQAB" };
	const rsaTrap = await trap(rsa, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, rsaKeys);
	const power = Buffer.from((1n << 1395n).toString(16).padStart(750, "0"), "hex");
	const byRsa = withRawSignature(await leaf({ issuer: rsaTrap }), power);
	add("RSA key that is a trap", [byRsa, rsaTrap], notRoot);
	const x = "cKiUUtcGoalDUt08er8A1QqxQSBAJJLwOVsqgtggXMw";
	const y = "EUZowJNphj9gFqErZ-lC_plFX1HbkSOgM9zYkAkDLNo";
	const p256 = { name: "ECDSA", namedCurve: "P-256" };
	const ecTrap = await trap({ kty: "EC", crv: "P-256", x, y }, p256, ecKeys);
	const below = await leaf({ issuer: ecTrap });
	// So that the base point is taken once, and the key many times.
	const s = BigInt(`0x${digestOf(children(Buffer.from(below.der))[0]).toString("hex")}`);
	const integer = (value: bigint) => {
		const digits = value.toString(16);
		return element(0x02, Buffer.from(digits.padStart(66, "0"), "hex"));
	};
	const r = ((1n << 254n) * s) % P256_ORDER;
	const byEc = withSignature(below, [integer(r), integer(s % P256_ORDER)]);
	add("EC key that is a trap", [byEc, ecTrap], notRoot);
}

async function badKeys({ add, ecRoot, rsaRoot, rsaKeys, leaf }: Cast): Promise<void> {
	const small = await makeKeys("RSA-1024");
	const bits = "RSA key of 1024 bits, 2048 to 4096 allowed";
	add("RSA 1024 leaf", [await leaf({ keys: small })], `${bits} (CN=leaf)`);
	const smallRoot = await make({ name: "small root", keys: small, authority: true });
	const ofSmall = await leaf({ issuer: smallRoot });
	add("RSA 1024 authority", [ofSmall], `${bits} (CN=small root)`, { authorities: [smallRoot] });
	const p384 = await makeKeys("P-384");
	const kind = "key is neither RSA nor P-256";
	add("P-384 leaf", [await leaf({ keys: p384 })], `${kind} (CN=leaf)`);
	const p384Root = await make({ name: "P-384 root", keys: p384, authority: true });
	const ofP384 = await leaf({ issuer: p384Root, hash: "SHA-384" });
	add("P-384 authority", [ofP384], `${kind} (CN=P-384 root)`, { authorities: [p384Root] });
	const weak = "signature algorithm is not allowed (CN=leaf)";
	add("ECDSA with SHA-1", [await leaf({ hash: "SHA-1" })], weak);
	const sha1 = await leaf({ hash: "SHA-1", issuer: rsaRoot });
	add("RSA with SHA-1", [sha1], weak, { authorities: [rsaRoot] });
	const rsaLeaf = await leaf({ keys: rsaKeys });
	const exponent = resign(rsaLeaf, ecRoot, (tbs) => {
		const at = tbs.indexOf(Buffer.of(0x02, 0x03, 1, 0, 1));
		tbs.set([0x02, 0x03, 0, 0, 3], at);
		return tbs;
	});
	add("RSA with exponent 3", [exponent], "RSA exponent 3 (CN=leaf)");
	const off = resign(await leaf(), ecRoot, (tbs) => {
		const point = tbs.indexOf(Buffer.of(0x03, 0x42, 0x00, 0x04));
		tbs[point + 40] ^= 1;
		return tbs;
	});
	add("key is not on the curve", [off], "key is not on the curve (CN=leaf)");
}

function flipped(der: Uint8Array, at: number, mask = 0x80): Uint8Array {
	const copy = Uint8Array.from(der);
	copy[at] = (copy[at] ?? 0) ^ mask;
	return copy;
}

function withSignature(made: Made, integers: Buffer[]): Uint8Array {
	return withRawSignature(made, element(0x30, Buffer.concat(integers)));
}

function withRawSignature(made: Made, signature: Buffer): Uint8Array {
	const [tbs, algorithm] = children(Buffer.from(made.der));
	const bits = element(0x03, Buffer.concat([Buffer.of(0), signature]));
	return Uint8Array.from(element(0x30, Buffer.concat([tbs, algorithm, bits])));
}

/** Signs again until r (0) or s (1) has a zero in front: one time in 128. */
function shortInteger(made: Made, issuer: Made, which: 0 | 1): Uint8Array {
	for (;;) {
		const again = resign(made, issuer, (tbs) => tbs);
		const [, , bits] = children(Buffer.from(again.der));
		const integers = children(bits.subarray(3));
		if (integers[which][1] < 32) return again.der;
	}
}

const SHA256_INFO = Buffer.from("3031300d060960864801650304020105000420", "hex");

function laxPadding(made: Made, issuer: Made): Uint8Array {
	const [tbs] = children(Buffer.from(made.der));
	const digest = digestOf(tbs);
	const head = Buffer.concat([Buffer.of(0, 1, 255, 255, 255, 255, 255, 255, 255, 255, 0)]);
	const block = Buffer.alloc(256, 0x5a);
	Buffer.concat([head, SHA256_INFO, digest]).copy(block);
	return withRawSignature(made, rawRsa(issuer, block));
}

function otherHash(made: Made, issuer: Made): Uint8Array {
	const [tbs] = children(Buffer.from(made.der));
	const info = Buffer.from(SHA256_INFO);
	info[14] = 4;
	const block = Buffer.alloc(256, 0xff);
	block.set([0, 1]);
	Buffer.concat([Buffer.of(0), info, digestOf(tbs)]).copy(block, 256 - 52);
	return withRawSignature(made, rawRsa(issuer, block));
}

function digestOf(bytes: Buffer): Buffer {
	return createHash("sha256").update(bytes).digest();
}

/** The private operation on a whole block, whatever is in it. */
function rawRsa(issuer: Made, block: Buffer): Buffer {
	const key = KeyObject.from(issuer.keys.privateKey);
	return privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, block);
}
