/**
 * Stands in for the SDK's `ecdsa` (modules/crypt/etc). It takes digests, which OpenSSL through
 * Node does not, so the curve is computed here: as the SDK does it, nothing about r and s is
 * checked. Not in constant time, and need not be: everything that is verified is public.
 */

interface Point {
	readonly X: bigint;
	readonly Y: bigint;
}

interface Curve {
	readonly G: Point;
	/** Order of G. */
	readonly n: bigint;
	/** Prime of the field. */
	readonly m: bigint;
}

/** Jacobian coordinates: x = X / Z², y = Y / Z³; Z = 0 is infinity. */
type Jacobian = readonly [X: bigint, Y: bigint, Z: bigint];

const INFINITY: Jacobian = [1n, 1n, 0n];
const SCALAR_BYTES = 32;

export function create(): object {
	class ECDSA {
		private readonly key: Point;
		private readonly curve: Curve;

		constructor(key: Point, curve: Curve) {
			this.key = key;
			this.curve = curve;
		}

		/** FIPS 186-5 section 6.4.2, steps 4 to 8. */
		verify(digest: ArrayBuffer, signature: ArrayBuffer): boolean {
			const { G, n, m } = this.curve;
			const r = integer(signature.slice(0, SCALAR_BYTES));
			const s = integer(signature.slice(SCALAR_BYTES));
			const inverse = invert(s, n);
			const u1 = (integer(digest) * inverse) % n;
			const u2 = (r * inverse) % n;
			const [X, , Z] = addJacobian(multiply(G, u1, m), multiply(this.key, u2, m), m);
			const zInverse = invert(Z, m);
			return mod(X * zInverse * zInverse, m) === r;
		}
	}

	return { default: ECDSA };
}

function integer(buffer: ArrayBuffer): bigint {
	return BigInt(`0x${Buffer.from(buffer).toString("hex")}`);
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

function multiply(point: Point, scalar: bigint, m: bigint): Jacobian {
	let sum = INFINITY;
	const base: Jacobian = [point.X, point.Y, 1n];
	for (const bit of scalar.toString(2)) {
		sum = double(sum, m);
		if (bit === "1") sum = addJacobian(sum, base, m);
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
