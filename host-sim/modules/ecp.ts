/** Stands in for the SDK's `ecp` (modules/crypt/arith): a point, in affine coordinates. */

export function create(): object {
	class ECPoint {
		readonly X: bigint;
		readonly Y: bigint;

		constructor(x: bigint, y: bigint) {
			this.X = x;
			this.Y = y;
		}
	}

	return { default: ECPoint };
}
