/**
 * Arithmetic with big numbers on the SDK's primitives: powers, and points of P-256. The simulator
 * has its own module of this name, with what certificates need. Makes as few objects as
 * it can: this is where the heaps of an ESP8266 are fullest.
 */

import Curve from "curve";
import Mont from "mont";

export const SCALAR_BYTES = 32;

/** Made when the image is built: they are in flash. */
const CURVE = Object.freeze(new Curve("secp256r1"));
const FIELD = Object.freeze(CURVE.ec);
const BASE = Object.freeze(CURVE.G);
/** Its functions take the modulus with each call. */
const MONTGOMERY = Object.freeze(new Mont({ m: 0n }));

const enum Const {
	/** From here on two bits of an exponent are taken at once: a tenth less time. */
	LONG_EXPONENT_BITS = 64,
}

/** Order of the base point. */
export const ORDER = CURVE.n;

/** base ^ exponent mod modulus, which is odd. */
export const power = (base: bigint, exponent: bigint, modulus: bigint): bigint => {
	if (BigInt.bitLength(exponent) >= Const.LONG_EXPONENT_BITS) {
		return MONTGOMERY._exp_SW(base, exponent, modulus, 2);
	}
	// The SDK's holds more numbers at once, which counts with a modulus of 512 bytes.
	let result = base;
	for (let bit = BigInt.bitLength(exponent) - 2; bit >= 0; bit--) {
		result = (result * result) % modulus;
		if (((exponent >> BigInt(bit)) & 1n) === 1n) result = (result * base) % modulus;
	}
	return result;
};

/** y² = x³ - 3x + b, both in range. */
export const isOnCurve = (x: bigint, y: bigint): boolean => {
	if (x >= FIELD.m || y >= FIELD.m) return false;
	return (y * y - (x * x - 3n) * x - FIELD.b) % FIELD.m === 0n;
};

/** The base point times `factor`. */
export const multiplyBase = (factor: bigint): { readonly x: bigint; readonly y: bigint } => {
	return FIELD._mul(BASE, factor);
};

/** x of the point (x, y), which is on the curve, times `factor`. */
export const multiply = (x: bigint, y: bigint, factor: bigint): bigint => {
	return FIELD._mul({ x, y, z: 1n }, factor).x;
};

/**
 * FIPS 186-5 section 6.4.2, steps 4 to 8, for P-256.
 * @param x and y of the key, which is on the curve
 * @param digest no longer than 32 bytes
 * @param r and s from 1 to n - 1
 */
export const isSignature = (
	x: bigint,
	y: bigint,
	digest: ArrayBuffer,
	r: bigint,
	s: bigint,
): boolean => {
	const inverse = MONTGOMERY._mulinv_general(s, ORDER);
	const first = (BigInt.fromArrayBuffer(digest) * inverse) % ORDER;
	const second = (r * inverse) % ORDER;
	const sum = FIELD._mul2(BASE, first, { x, y, z: 1n }, second);
	return sum.z !== 0n && sum.x % ORDER === r;
};
