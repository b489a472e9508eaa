/**
 * Certificates of one TLS connection: checks the broker's chain and its signature on the key
 * exchange, and keeps our own certificate and key. Always holds: no signature is good before
 * authenticate() has accepted the chain; of the broker's certificates nothing is kept but the key.
 */

import { HashKind, KeyKind, readCertificate } from "./certificate";
import { checkChain } from "./certificate-chain";
import { isEcdsaSignature, isRsaSignature } from "./certificate-signature";
import { DerReader, rangeIs, Tag } from "./der";

type Bytes = ArrayBuffer | Uint8Array;

/** rsaEncryption. */
const RSA_ENCRYPTION = Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01);

export interface Identity {
	/** Trust anchors, DER. */
	readonly authorities: readonly Bytes[];
	/** Our certificate (DER) and its key (PKCS#8 DER, RSA): both or none. */
	readonly certificate?: ArrayBuffer;
	readonly key?: ArrayBuffer;
}

export class Certificates {
	private readonly identity: Identity;
	private readonly name: string;
	private readonly nowMs: number;
	/** Key of the broker's certificate once its chain is good: modulus, or X and Y. */
	private key: Uint8Array | undefined;
	private keyKind: number = KeyKind.Other;
	private exponent = 0;

	/**
	 * @param name DNS name or IPv4 address that the broker's certificate must be for
	 * @param nowMs unix milliseconds
	 * @throws Error when our key is not RSA in PKCS#8
	 */
	constructor(identity: Identity, name: string, nowMs: number) {
		if ((identity.certificate === undefined) !== (identity.key === undefined)) {
			throw new Error("client certificate and key: one of them is missing");
		}
		if (identity.key !== undefined) openPrivateKey(identity.key);
		this.identity = identity;
		this.name = name;
		this.nowMs = nowMs;
	}

	/** Our own, undefined without. */
	get certificate(): ArrayBuffer | undefined {
		return this.identity.certificate;
	}

	/** PKCS#8, undefined without. */
	get privateKey(): ArrayBuffer | undefined {
		return this.identity.key;
	}

	/**
	 * Checks the broker's chain, its own certificate first.
	 * @throws Error with the reason when the chain is not good
	 */
	authenticate(chain: readonly Uint8Array[]): void {
		this.key = undefined;
		const reason = checkChain(chain, this.identity.authorities, this.name, this.nowMs);
		if (reason !== "") throw new Error(reason);
		const leaf = readCertificate(chain[0] as Uint8Array);
		this.keyKind = leaf.keyKind;
		this.exponent = leaf.exponent;
		this.key = leaf.bytes.slice(leaf.keyStart, leaf.keyEnd);
	}

	/**
	 * Checks the broker's signature on its key exchange.
	 * @param isRsa what kind of signature it says it is
	 * @param digest SHA-256
	 * @throws Error with the reason when it is not good
	 */
	verifyExchange(isRsa: boolean, digest: ArrayBuffer, signature: Uint8Array): void {
		const { key, exponent } = this;
		if (key === undefined) throw new Error("certificate was not verified");
		if (this.keyKind !== (isRsa ? KeyKind.Rsa : KeyKind.P256)) {
			throw new Error("key exchange is signed with another kind of key");
		}
		const isGood = isRsa
			? isRsaSignature(key, exponent, HashKind.Sha256, digest, signature)
			: isEcdsaSignature(key, digest, signature);
		if (!isGood) throw new Error("serverKeyExchange: failed to verify signature");
	}

	/**
	 * A number of our RSA key, by its place in RSAPrivateKey (RFC 8017 A.1.2): 1 is the modulus.
	 * @throws Error when it is not there
	 */
	keyNumber(index: number): bigint {
		const { key } = this.identity;
		if (key === undefined) throw new Error("no client key");
		const der = openPrivateKey(key);
		der.enter(Tag.OctetString, "key");
		der.enter(Tag.Sequence, "RSA key");
		for (let i = 0; i <= index; i++) der.expect(Tag.Integer, "number of the RSA key");
		return BigInt.fromArrayBuffer(der.bytes.slice(der.start, der.end).buffer as ArrayBuffer);
	}
}

/**
 * Opens a PrivateKeyInfo (RFC 5208) with an RSA key, the only kind that is signed with.
 * @returns a reader that stands before the key itself
 */
const openPrivateKey = (key: ArrayBuffer): DerReader => {
	const bytes = new Uint8Array(key);
	const der = new DerReader(bytes, 0, bytes.length);
	let isRsa = false;
	try {
		der.enter(Tag.Sequence, "key");
		der.expect(Tag.Integer, "version");
		const outer = der.enter(Tag.Sequence, "algorithm");
		der.expect(Tag.ObjectIdentifier, "algorithm");
		isRsa = rangeIs(bytes, der.start, der.end, RSA_ENCRYPTION);
		der.at = der.limit;
		der.leave(outer, "algorithm");
		if (der.peek() !== Tag.OctetString) throw new Error("no key");
	} catch {
		throw new Error("client key is not PKCS#8 DER");
	}
	if (!isRsa) throw new Error("client key is not RSA");
	return der;
};
