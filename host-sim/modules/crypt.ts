/** Stands in for the SDK's `crypt` (modules/crypt/digest): digests by OpenSSL. */

import { createHash } from "node:crypto";

type Bytes = ArrayBuffer | Uint8Array;

export function create(): object {
	class Digest {
		private readonly name: string;

		constructor(name: string) {
			this.name = name.toLowerCase();
			createHash(this.name);
		}

		process(...data: Bytes[]): ArrayBuffer {
			const hash = createHash(this.name);
			for (const bytes of data) {
				hash.update(ArrayBuffer.isView(bytes) ? bytes : Buffer.from(bytes));
			}
			// A buffer of this realm.
			return Uint8Array.from(hash.digest()).buffer;
		}
	}

	return { Digest, default: Object.freeze({ Digest }) };
}
