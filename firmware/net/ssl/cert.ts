/**
 * Takes the place of the SDK's `ssl/cert`: where the SDK's session would make a manager of
 * certificates of its own, it gets the one that came with the connection (tls-guard.ts).
 */

import type { SessionOptions } from "ssl/session-sdk";

export default class CertificateManager {
	constructor(options: SessionOptions) {
		// biome-ignore lint/correctness/noConstructorReturn: the SDK calls this with `new`
		return options.guard.certificates as object as CertificateManager;
	}
}
