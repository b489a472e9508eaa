/**
 * Stands in for the SDK's `pkcs8` (modules/crypt/etc). What parse() gives is for the SDK's own
 * handshake; the simulator's is Node's, which gets the key itself (socket/tcp/tls.ts).
 */

import { createPrivateKey } from "node:crypto";

export function create(): object {
	const PKCS8 = Object.freeze({
		parse(bytes: Uint8Array): object {
			const key = Buffer.from(bytes);
			return createPrivateKey({ key, format: "der", type: "pkcs8" });
		},
	});
	return { default: PKCS8 };
}
