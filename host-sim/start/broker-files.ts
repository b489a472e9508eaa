/**
 * The embedded broker's certificate, its key and its CA: in certs/generated, made on the first
 * start. Where the checkout cannot be written, in a folder for this run only.
 */

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureCertificates } from "../../certs/ensure";
import { Store } from "../../certs/store/store";

export interface BrokerFiles {
	/** PEM: certificate and its CA's. */
	readonly certificate: Buffer;
	/** PEM. */
	readonly key: Buffer;
	/** Path of a file with the CA and its successor, PEM. */
	readonly ca: string;
	/** Removes what was made for this run only. */
	discard(): void;
}

/** How the broker is reached, on this machine. */
const NAMES = ["localhost", "127.0.0.1"];

/** Makes what is missing. @param root the checkout */
export async function ensureBrokerFiles(root: string): Promise<BrokerFiles> {
	const folder = join(root, "certs", "generated");
	try {
		return await ensureIn(folder, () => undefined);
	} catch (error) {
		// ENOENT is what mkdir() of Node says on a read-only file system.
		const { code = "" } = error as NodeJS.ErrnoException;
		if (!["EROFS", "EACCES", "EPERM", "ENOENT"].includes(code)) throw error;
		// A key that is there but not ours to read is no reason to make others.
		if (existsSync(new Store(folder).brokerCa.key)) throw error;
	}
	const temporary = mkdtempSync(join(tmpdir(), "fieldmote-certs-"));
	return ensureIn(temporary, () => rmSync(temporary, { recursive: true, force: true }));
}

async function ensureIn(folder: string, discard: () => void): Promise<BrokerFiles> {
	const paths = await ensureCertificates(folder, { brokerNames: NAMES });
	return {
		certificate: readFileSync(paths.brokerChain),
		key: readFileSync(paths.brokerKey),
		ca: paths.brokerCas,
		discard,
	};
}
