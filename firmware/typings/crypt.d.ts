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

declare module "curve" {
	/** A point in affine coordinates; z is 0 for infinity. */
	export interface Point {
		readonly x: bigint;
		readonly y: bigint;
		readonly z: bigint;
	}

	/** A named curve, y² = x³ + ax + b modulo m. */
	export default class Curve {
		/** @param name "secp256r1" */
		constructor(name: string);
		/** Base point. */
		readonly G: Point;
		/** Order of the base point. */
		readonly n: bigint;
		/** The module `ec`; without the underscores it makes one more object of each result. */
		readonly ec: {
			readonly b: bigint;
			readonly m: bigint;
			_mul(point: Point, factor: bigint): Point;
			/** The sum of two products. */
			_mul2(point1: Point, factor1: bigint, point2: Point, factor2: bigint): Point;
		};
	}
}

declare module "mont" {
	/** Montgomery's arithmetic. */
	export default class Mont {
		constructor(dictionary: { m: bigint });
		/** base ^ exponent mod modulus, with a table of 2 ^ (window - 1) numbers */
		_exp_SW(base: bigint, exponent: bigint, modulus: bigint, window: number): bigint;
		/** 1 / value mod modulus */
		_mulinv_general(value: bigint, modulus: bigint): bigint;
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
