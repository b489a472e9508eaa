/**
 * Which boards nobody has noted as flashed: of those a rotation knows the image folder, and not
 * what they carry. Reads only.
 */

import { existsSync } from "node:fs";
import { hasOwnRights } from "./names";
import { readLedger } from "./store/ledger";
import { readCertificate, type Store } from "./store/store";

/** A line on boards that were flashed by other means, or not at all; "" when there are none. */
export function unflashedLine(store: Store): string {
	const { flashed, revoked } = readLedger(store);
	const count = store.devices().filter((id) => {
		if (flashed.has(id) || hasOwnRights(id)) return false;
		return !revoked.has(serialIn(store.device(id).certificate));
	}).length;
	if (count === 0) return "";
	if (count === 1) return "1 board is not noted as flashed; judged by its image folder";
	return `${count} boards are not noted as flashed; judged by their image folders`;
}

/** Of a file that cannot be read, which `check` names, "". */
function serialIn(path: string): string {
	try {
		return existsSync(path) ? readCertificate(path).serialNumber : "";
	} catch {
		return "";
	}
}
