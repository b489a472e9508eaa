/** Stands in for the SDK's `curve` (modules/crypt/etc): the constants of P-256 (SEC 2, 2.4.2). */

const P256 = Object.freeze({
	m: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
	X: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
	Y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
	n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
});

export function create(): object {
	class Curve {
		readonly G: object = { X: P256.X, Y: P256.Y };
		readonly n = P256.n;
		readonly m = P256.m;
		readonly orderSize = 32;

		constructor(name: string) {
			if (name !== "secp256r1") throw new Error(`host-sim: no curve ${name}`);
		}
	}

	return { default: Curve };
}
