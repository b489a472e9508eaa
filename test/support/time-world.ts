/**
 * A time keeper on a simulated board whose time is moved by hand, with time servers whose faults
 * may be changed on the way.
 */

import { AccessPoint } from "../../host-sim/world/access-point";
import { NameServer } from "../../host-sim/world/name-server";
import { answerNtp, type NtpFaults } from "../../host-sim/world/ntp-server";
import { seeded } from "./seeded";
import { makeNetBoard, type NetBoard, NOBODY } from "./virtual-world";

type Keeper = InstanceType<NetBoard["net"]["TimeKeeper"]>;
type Clock = InstanceType<NetBoard["net"]["Clock"]>;

export const START_MS = Date.UTC(2026, 10, 21, 4, 0, 0);
/** Addresses for servers; "time.example" is A. */
export const A = "192.0.2.1";
export const B = "192.0.2.2";

export interface Setup {
	world: NetBoard;
	clock: Clock;
	keeper: Keeper;
	/** When each server was asked, in milliseconds of the world. */
	asked: { server: string; atMs: number }[];
	sets: number[];
	/** True time minus published time. */
	missMs(): number;
	boundMs(): number;
}

/** A board that has joined; the keeper is not started yet. */
export async function setUp(
	servers: Record<string, NtpFaults>,
	options: { names?: string[]; resyncMs?: number; seed?: number } = {},
): Promise<Setup> {
	const random = seeded(options.seed ?? 1);
	const air = new AccessPoint({
		networks: [{ ssid: "home" }],
		nameServer: new NameServer({ "time.example": [A], "two.example": [A, B] }),
	});
	const world = await makeNetBoard({ air, random });
	const asked: { server: string; atMs: number }[] = [];
	const trueMs = () => START_MS + world.clock.nowMs();
	for (const [server, faults] of Object.entries(servers)) {
		world.network.services.set(`${server}:123`, (bytes, reply) => {
			asked.push({ server, atMs: world.clock.nowMs() });
			world.clock.setTimer(() => {
				const answer = answerNtp(bytes, trueMs(), faults);
				world.clock.setTimer(() => answer && reply(answer), faults.replyDelayMs ?? 3);
			}, faults.requestDelayMs ?? 3);
		});
	}
	const sets: number[] = [];
	let clock: Clock | undefined;
	let keeper: Keeper | undefined;
	world.run(() => {
		const { Clock, NameResolver, Net, TimeKeeper, UDP, WiFi, WifiStation } = world.net;
		clock = new Clock();
		const owner = { handleClockSet: () => void sets.push(world.clock.nowMs()) };
		const keeping = {
			UDP,
			resolver: new NameResolver({ UDP, nameServers: () => Net.get("DNS") ?? [], random }),
			servers: options.names ?? Object.keys(servers),
			clock,
			random,
			resyncMs: options.resyncMs,
		};
		keeper = new TimeKeeper(keeping, owner);
		new WifiStation({ WiFi, networks: [{ ssid: "home" }], random }, NOBODY);
	});
	await world.clock.advance(1000);
	world.lines.length = 0;
	const ready = clock as Clock;
	return {
		world,
		clock: ready,
		keeper: keeper as Keeper,
		asked,
		sets,
		missMs: () => trueMs() - ready.unixMs(world.board.ticks()),
		boundMs: () => ready.errorBoundMs(world.board.ticks()),
	};
}

/** As the node does when it has an address. */
export function start({ world, keeper }: Setup): void {
	world.run(() => keeper.start());
}
