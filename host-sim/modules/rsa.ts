/** Stands in for the SDK's `rsa` (modules/crypt/etc), with public keys only. */

export function create(): object {
	class RSA {
		private readonly exponent: bigint;
		private readonly modulus: bigint;

		constructor(exponent: bigint, modulus: bigint) {
			this.exponent = exponent;
			this.modulus = modulus;
		}

		process(value: bigint): bigint {
			let result = 1n;
			for (const bit of this.exponent.toString(2)) {
				result = (result * result) % this.modulus;
				if (bit === "1") result = (result * value) % this.modulus;
			}
			return result;
		}
	}

	return { default: RSA };
}
