/**
 * Stands in for firmware/net/ssl/numbers.ts, which is on the SDK's primitives: powers, and the
 * signatures of P-256. Node's OpenSSL takes no digests, so the curve is computed here; as there,
 * nothing about r and s is checked. Not in constant time, and need not be: everything that is
 * verified is public.
 */

/** P-256 (SEC 2, 2.4.2): the field's prime, b, the base point and its order. */
const PRIME = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const BASE_X = 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n;
const BASE_Y = 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n;

/** Jacobian coordinates: x = X / Z², y = Y / Z³; Z = 0 is infinity. */
type Jacobian = readonly [X: bigint, Y: bigint, Z: bigint];

const INFINITY: Jacobian = [1n, 1n, 0n];

export function create(): object {
	return { ORDER, power, isOnCurve, isSignature };
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
	let result = 1n;
	for (const bit of exponent.toString(2)) {
		result = (result * result) % modulus;
		if (bit === "1") result = (result * base) % modulus;
	}
	return result;
}

function isOnCurve(x: bigint, y: bigint): boolean {
	return x < PRIME && y < PRIME && (y * y - (x * x - 3n) * x - B) % PRIME === 0n;
}

/** FIPS 186-5 section 6.4.2, steps 4 to 8. */
function isSignature(x: bigint, y: bigint, digest: ArrayBuffer, r: bigint, s: bigint): boolean {
	const inverse = invert(s, ORDER);
	const hash = BigInt(`0x${Buffer.from(digest).toString("hex")}`);
	const first = multiply([BASE_X, BASE_Y, 1n], (hash * inverse) % ORDER);
	const second = multiply([x, y, 1n], (r * inverse) % ORDER);
	const [X, , Z] = addJacobian(first, second, PRIME);
	const zInverse = invert(Z, PRIME);
	return Z !== 0n && mod(X * zInverse * zInverse, PRIME) % ORDER === r;
}

function mod(value: bigint, m: bigint): bigint {
	const rest = value % m;
	return rest < 0n ? rest + m : rest;
}

/** 0 for 0. */
function invert(value: bigint, m: bigint): bigint {
	let [a, b, x, y] = [mod(value, m), m, 1n, 0n];
	while (a !== 0n) {
		const quotient = b / a;
		[a, b, x, y] = [b % a, a, y - quotient * x, x];
	}
	return mod(y, m);
}

function multiply(base: Jacobian, scalar: bigint): Jacobian {
	let sum = INFINITY;
	for (const bit of scalar.toString(2)) {
		sum = double(sum, PRIME);
		if (bit === "1") sum = addJacobian(sum, base, PRIME);
	}
	return sum;
}

/** "dbl-2001-b" for a = -3. */
function double([X, Y, Z]: Jacobian, m: bigint): Jacobian {
	if (Z === 0n || Y === 0n) return INFINITY;
	const delta = (Z * Z) % m;
	const gamma = (Y * Y) % m;
	const beta = (X * gamma) % m;
	const alpha = mod(3n * (X - delta) * (X + delta), m);
	const x = mod(alpha * alpha - 8n * beta, m);
	const z = mod((Y + Z) * (Y + Z) - gamma - delta, m);
	return [x, mod(alpha * (4n * beta - x) - 8n * gamma * gamma, m), z];
}

/** "add-2007-bl". */
function addJacobian(left: Jacobian, right: Jacobian, m: bigint): Jacobian {
	if (left[2] === 0n) return right;
	if (right[2] === 0n) return left;
	const [X1, Y1, Z1] = left;
	const [X2, Y2, Z2] = right;
	const ZZ1 = (Z1 * Z1) % m;
	const ZZ2 = (Z2 * Z2) % m;
	const U1 = (X1 * ZZ2) % m;
	const S1 = (Y1 * Z2 * ZZ2) % m;
	const H = mod(X2 * ZZ1 - U1, m);
	const R = mod(Y2 * Z1 * ZZ1 - S1, m);
	if (H === 0n) return R === 0n ? double(left, m) : INFINITY;
	const HH = (H * H) % m;
	const HHH = (H * HH) % m;
	const V = (U1 * HH) % m;
	const x = mod(R * R - HHH - 2n * V, m);
	return [x, mod(R * (V - x) - S1 * HHH, m), mod(Z1 * Z2 * H, m)];
}
