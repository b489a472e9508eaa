/** Moddable's cryptographic modules, as far as the firmware uses them (modules/crypt). */
declare module "crypt" {
	type Bytes = ArrayBuffer | Uint8Array;

	interface Digest {
		write(data: Bytes): void;
		/** @param isOpen true: more may be written */
		close(isOpen?: boolean): ArrayBuffer;
		/** Begins anew. */
		reset(): void;
	}

	/** The hash of GCM (NIST SP 800-38D). */
	export class GHASH {
		constructor(key: ArrayBuffer);
		/** Begins anew with a key and what is authenticated besides. */
		_init(key: ArrayBuffer, additional: ArrayBuffer): void;
		write(data: Bytes): void;
		close(): ArrayBuffer;
	}

	export class BlockCipher {
		/** @param name "AES" */
		constructor(name: string, key: ArrayBuffer);
	}

	/** Holds on to its cipher. */
	export class Mode {
		/** @param name "CTR" */
		constructor(name: string, cipher: BlockCipher);
		/** The first block of the counter. */
		setIV(block: ArrayBuffer): void;
		/** In counter mode the same as encryption, but takes a part of a buffer as its target. */
		decrypt(data: Bytes, target: Bytes): Bytes;
	}
}

declare module "rng" {
	const RNG: {
		get(count: number): ArrayBuffer;
	};
	export default RNG;
}

declare module "ecp" {
	/** A point of an elliptic curve. */
	export default class ECPoint {
		constructor(x: bigint, y: bigint);
		readonly X: bigint;
		readonly Y: bigint;
	}
}

declare module "ec" {
	import type ECPoint from "ecp";

	/** y² = x³ + ax + b modulo m. */
	export default class EC {
		readonly b: bigint;
		readonly m: bigint;
		mul(point: ECPoint, factor: bigint): ECPoint;
	}
}

declare module "curve" {
	import type EC from "ec";
	import type ECPoint from "ecp";

	/** A named curve. */
	export default class Curve {
		/** @param name "secp256r1" */
		constructor(name: string);
		/** Base point. */
		readonly G: ECPoint;
		/** Order of the base point. */
		readonly n: bigint;
		readonly ec: EC;
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

declare module "mont" {
	/** Montgomery's arithmetic. */
	export default class Mont {
		constructor(dictionary: { m: bigint });
		/** base ^ exponent mod modulus, with a table of 2 ^ (window - 1) numbers */
		_exp_SW(base: bigint, exponent: bigint, modulus: bigint, window: number): bigint;
	}
}

/** XS: big-endian numbers. */
interface BigIntConstructor {
	fromArrayBuffer(buffer: ArrayBuffer): bigint;
	bitLength(value: bigint): number;
}

interface ArrayBufferConstructor {
	/** No shorter than `minimumBytes`. */
	fromBigInt(value: bigint, minimumBytes: number): ArrayBuffer;
}
