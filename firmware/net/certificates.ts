/**
 * Certificates of one TLS connection: checks the broker's chain and keeps our own certificate and
 * key. Has the shape that the SDK's handshake expects of `ssl/cert`, whose place it takes because
 * the SDK's own accepts forged certificates. Always holds: no key of the broker comes out before
 * authenticate() has accepted exactly the certificate that it belongs to.
 */

import PKCS8 from "pkcs8";
import { KeyKind, readCertificate } from "./certificate";
import { checkChain } from "./certificate-chain";
import { type PublicKey, publicKey, readEcdsaSignature } from "./certificate-signature";
import { DerReader, rangeIs, sameBytes, Tag } from "./der";

type Bytes = ArrayBuffer | Uint8Array;

/** CertificateRequest's type for RSA, as the SDK numbers it (ssl/constants). */
const CERT_RSA = 0;
/** rsaEncryption. */
const RSA_ENCRYPTION = Uint8Array.of(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01);

const NOT_VERIFIED = "certificate was not verified";

/** Key of the broker, or our own private one. */
export type Key = PublicKey | object;

export interface CertificatesOptions {
	/** Trust anchors, DER. */
	readonly authorities: readonly Bytes[];
	/** DNS name or IPv4 address that the broker's certificate must be for. */
	readonly name: string;
	/** Unix milliseconds. */
	readonly nowMs: number;
	/** Our certificate (DER) and its key (PKCS#8 DER, RSA): both or none. */
	readonly certificate?: Bytes;
	readonly key?: Bytes;
}

export class Certificates {
	private readonly options: CertificatesOptions;
	/** The broker's certificate once its chain is good. */
	private accepted: Uint8Array | undefined;
	/** What the broker signed its key exchange with: KeyKind. */
	private exchangeKind: number = KeyKind.Other;

	/** @throws Error when the key is not RSA in PKCS#8 */
	constructor(options: CertificatesOptions) {
		if ((options.certificate === undefined) !== (options.key === undefined)) {
			throw new Error("client certificate and key: one of them is missing");
		}
		if (options.key !== undefined) checkPrivateKey(view(options.key));
		this.options = options;
	}

	/**
	 * Checks the broker's chain, its own certificate first.
	 * @throws Error with the reason when the chain is not good
	 */
	authenticate(chain: readonly Uint8Array[]): void {
		this.accepted = undefined;
		const { authorities, name, nowMs } = this.options;
		const reason = checkChain(chain, authorities, name, nowMs);
		if (reason !== "") throw new Error(reason);
		this.accepted = chain[0];
	}

	/** The SDK's handshake asks here; the session has had the chain checked before. */
	verify(chain: readonly Uint8Array[]): true {
		const first = chain[0];
		if (first === undefined || !this.isAccepted(first)) throw new Error(NOT_VERIFIED);
		return true;
	}

	/** The SDK's handshake hands over its copy of the certificate that was verified. */
	register(certificate: Bytes): void {
		const bytes = view(certificate);
		if (!this.isAccepted(bytes)) throw new Error(NOT_VERIFIED);
		// Ours points into the whole message, which can go now.
		this.accepted = bytes;
	}

	/**
	 * The handshake is about to check the broker's signature on its key exchange with the SDK's
	 * verifiers, which take an ECDSA signature of zeros.
	 * @throws Error when the signature in [start, end) is one for no key
	 */
	expectExchange(kind: number, bytes: Uint8Array, start: number, end: number): void {
		if (kind === KeyKind.P256) readEcdsaSignature(bytes, start, end);
		this.exchangeKind = kind;
	}

	/** Key of the broker's certificate, or our private key for our own certificate. */
	getKey(certificate: Bytes): Key {
		const bytes = view(certificate);
		const own = this.options.certificate;
		if (own !== undefined && this.options.key !== undefined && areSame(bytes, view(own))) {
			return PKCS8.parse(view(this.options.key));
		}
		if (!this.isAccepted(bytes)) throw new Error(NOT_VERIFIED);
		const read = readCertificate(bytes);
		if (read.keyKind !== this.exchangeKind) {
			throw new Error("key exchange is signed with another kind of key");
		}
		return publicKey(read);
	}

	/** Our certificate when the broker asks for one that may be RSA; none otherwise. */
	findPreferredCert(types: readonly number[]): Bytes[] {
		const own = this.options.certificate;
		return own !== undefined && types.includes(CERT_RSA) ? [own] : [];
	}

	private isAccepted(bytes: Uint8Array): boolean {
		return this.accepted !== undefined && areSame(bytes, this.accepted);
	}
}

function view(bytes: Bytes): Uint8Array {
	return ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes);
}

function areSame(left: Uint8Array, right: Uint8Array): boolean {
	return sameBytes(left, 0, left.length, right, 0, right.length);
}

/** PrivateKeyInfo (RFC 5208) with an RSA key: the SDK can sign with nothing else. */
function checkPrivateKey(bytes: Uint8Array): void {
	let isRsa = false;
	try {
		const der = new DerReader(bytes, 0, bytes.length);
		der.enter(Tag.Sequence, "key");
		der.expect(Tag.Integer, "version");
		const outer = der.enter(Tag.Sequence, "algorithm");
		der.expect(Tag.ObjectIdentifier, "algorithm");
		isRsa = rangeIs(bytes, der.start, der.end, RSA_ENCRYPTION);
		der.at = der.limit;
		der.leave(outer, "algorithm");
		der.expect(Tag.OctetString, "key");
	} catch {
		throw new Error("client key is not PKCS#8 DER");
	}
	if (!isRsa) throw new Error("client key is not RSA");
}
