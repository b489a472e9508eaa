/**
 * Stands in for the SDK's `net` (modules/network/net/esp): name servers of the network joined.
 */

import type { Board } from "../world/board";
import { stationOf } from "../world/station";

export function create(board: Pick<Board, "name" | "accessPoint" | "setTimer" | "own">): object {
	const Net = {
		get(what: string): string[] | string | undefined {
			const station = stationOf(board);
			if (what === "DNS") return [...station.nameServers];
			if (what === "IP") return station.address === "" ? undefined : station.address;
			if (what === "MAC") return station.mac.toUpperCase();
			return undefined;
		},
	};
	return { default: Net };
}
