/**
 * Stands in for firmware/credentials.ts, which reads the image's resources: here the board brings
 * its certificates and its key along.
 */

import type { Board } from "../world/board";

export function create(board: Pick<Board, "credentials">): object {
	const { authorities, certificate, key } = board.credentials;
	return {
		default: () => ({
			authorities: authorities.map(copied),
			certificate: certificate && copied(certificate),
			key: key && copied(key),
		}),
	};
}

function copied(bytes: Uint8Array): ArrayBuffer {
	return new Uint8Array(bytes).buffer;
}
