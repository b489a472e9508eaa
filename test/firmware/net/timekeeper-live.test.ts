/** The time keeper over real sockets: against chrony, and against our own NTP server. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { powerOn } from "../../../host-sim/loader";
import { AccessPoint } from "../../../host-sim/world/access-point";
import { SimulatedBoard } from "../../../host-sim/world/board";
import { liveClock } from "../../../host-sim/world/clock";
import { LiveNetwork } from "../../../host-sim/world/network";
import { NtpServer } from "../../../host-sim/world/ntp-server";
import { buildProgram } from "../../support/board";
import { measureWithChrony, startChrony } from "../../support/chrony";
import { skipWithout } from "../../support/mosquitto";

type NetProgram = typeof import("../../support/net-program");

const skip = skipWithout("chronyd");
const program = buildProgram("test/support/net-program.ts");

interface Live {
	readonly lines: string[];
	/** Waits for a line. */
	line(pattern: RegExp): Promise<string>;
	/** Published time minus the machine's, and what the clock says that it is at most. */
	compare(): { missMs: number; boundMs: number };
	stop(): void;
}

async function runLive(servers: readonly string[]): Promise<Live> {
	const lines: string[] = [];
	let look = () => {};
	const crash = (error: unknown) => lines.push(`crash: ${error}`);
	const board = new SimulatedBoard({
		name: "live",
		clock: liveClock,
		network: new LiveNetwork(),
		accessPoint: new AccessPoint({ networks: [{ ssid: "home" }] }),
		boardFile: {},
		site: {},
		onTrace: (line) => {
			lines.push(line);
			look();
		},
		onCrash: crash,
	});
	const net = powerOn(board, await program) as NetProgram;
	const clock = new net.Clock();
	board.run(() => {
		const { NameResolver, Net, TimeKeeper, UDP, WiFi, WifiStation } = net;
		const random = Math.random;
		const keeper = new TimeKeeper({
			UDP,
			resolver: new NameResolver({ UDP, nameServers: () => Net.get("DNS") ?? [], random }),
			servers,
			clock,
			random,
		});
		const networks = [{ ssid: "home" }];
		const owner = { handleWifiUp: () => keeper.start(), handleWifiDown() {} };
		new WifiStation({ WiFi, networks, random }, owner);
	});
	return {
		lines,
		line: (pattern) =>
			new Promise((resolve, reject) => {
				const timer = setTimeout(() => reject(new Error(lines.join("\n"))), 15_000);
				look = () => {
					const found = lines.find((line) => pattern.test(line));
					if (found === undefined) return;
					clearTimeout(timer);
					resolve(found);
				};
				look();
			}),
		compare: () => {
			const ticks = board.ticks();
			return { missMs: clock.unixMs(ticks) - Date.now(), boundMs: clock.errorBoundMs(ticks) };
		},
		stop: () => board.powerOff(),
	};
}

test("chrony sets the clock, by name, within the bound", { skip }, async () => {
	const chrony = await startChrony(["local stratum 3"]);
	const live = await runLive([`localhost:${chrony.port}`]);
	try {
		const line = await live.line(/^clock: set/);
		assert.match(line, /error ±\d+\.\d ms, server localhost:\d+ \(127\.0\.0\.1\), stratum 3$/);
		const { missMs, boundMs } = live.compare();
		assert.ok(Math.abs(missMs) <= boundMs, `${missMs} of ${boundMs}`);
		assert.ok(boundMs < 100, String(boundMs));
	} finally {
		live.stop();
		await chrony.stop();
	}
});

test("a chrony that is not synchronised is refused, the next server sets it", {
	skip,
}, async () => {
	const chrony = await startChrony([]);
	const server = await NtpServer.start();
	const live = await runLive([`127.0.0.1:${chrony.port}`, server.name]);
	try {
		await live.line(/^clock: set/);
		assert.match(live.lines.join("\n"), /clock failed: .* server is not synchronised/);
	} finally {
		live.stop();
		await chrony.stop();
		await server.close();
	}
});

test("chrony takes our NTP server for one, and finds its offset", { skip }, async () => {
	const server = await NtpServer.start({ faults: { offsetMs: 2500 } });
	try {
		const seconds = await measureWithChrony(server.port);
		assert.ok(Math.abs(seconds - 2.5) < 0.1, String(seconds));
	} finally {
		await server.close();
	}
});

test("a server that takes long: within the bound all the same", async () => {
	const server = await NtpServer.start({ faults: { requestDelayMs: 150, replyDelayMs: 0 } });
	const live = await runLive([server.name]);
	try {
		await live.line(/^clock: set/);
		const { missMs, boundMs } = live.compare();
		assert.ok(Math.abs(missMs) > 30, "the delay is one-sided");
		assert.ok(Math.abs(missMs) <= boundMs, `${missMs} of ${boundMs}`);
	} finally {
		live.stop();
		await server.close();
	}
});
