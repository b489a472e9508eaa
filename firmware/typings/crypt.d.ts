/** Moddable's cryptographic modules, as far as the firmware uses them (modules/crypt). */
declare module "ecp" {
	/** A point of an elliptic curve. */
	export default class ECPoint {
		constructor(x: bigint, y: bigint);
		readonly X: bigint;
		readonly Y: bigint;
	}
}

declare module "curve" {
	import type ECPoint from "ecp";

	/** A named curve. */
	export default class Curve {
		/** @param name "secp256r1" */
		constructor(name: string);
		/** Base point. */
		readonly G: ECPoint;
		/** Order of the base point. */
		readonly n: bigint;
	}
}

declare module "ecdsa" {
	import type Curve from "curve";
	import type ECPoint from "ecp";

	export default class ECDSA {
		constructor(key: ECPoint, curve: Curve);
		/**
		 * @param digest no longer than the curve's order
		 * @param signature r and s, each as long as the curve's order, from 1 to n - 1
		 */
		verify(digest: ArrayBuffer, signature: ArrayBuffer): boolean;
	}
}

declare module "rsa" {
	export default class RSA {
		constructor(exponent: bigint, modulus: bigint);
		/** value ^ exponent mod modulus */
		process(value: bigint): bigint;
	}
}

declare module "pkcs8" {
	const PKCS8: {
		/** The RSA key in a PrivateKeyInfo; other kinds of key throw or give nonsense. */
		parse(bytes: Uint8Array): object;
	};

	export default PKCS8;
}

/** XS: the big-endian number in a buffer. */
interface BigIntConstructor {
	fromArrayBuffer(buffer: ArrayBuffer): bigint;
}
