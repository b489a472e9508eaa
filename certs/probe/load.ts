/**
 * Starts firmware.ts on this machine: bundles it as it is bundled for a board, and gives it
 * the primitives of primitives.ts, the simulator's `timer`, and TCP with the buffers of an
 * ESP8266. Always holds: what runs is the firmware's source as it is in the tree. Must not know
 * what is probed.
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Script } from "node:vm";
import type { TcpConstructor } from "../../firmware/net/socket";
import { bundleForBoard } from "../../host-sim/build.mjs";
import { create as createTcp } from "../../host-sim/modules/embedded/io/socket/tcp";
import { create as createNumbers } from "../../host-sim/modules/ssl/numbers";
import { create as createTimer } from "../../host-sim/modules/timer";
import { liveClock } from "../../host-sim/world/clock";
import { LiveNetwork } from "../../host-sim/world/network";
import { PRIMITIVES, XsArrayBuffer, XsBigInt } from "./primitives";

const ENTRY = "certs/probe/firmware.ts";

/** The firmware's parts, and a class for TCP that they take. */
export type Firmware = typeof import("./firmware") & {
	readonly TCP: TcpConstructor;
	/** Waits until connections that were closed have ended. */
	close(): Promise<void>;
};

/** @throws Error when the firmware does not build */
export async function loadFirmware(): Promise<Firmware> {
	bundled ??= bundle();
	const code = await bundled;
	const network = new LiveNetwork();
	const board = {
		network,
		own: () => () => undefined,
		run: (callback: () => void) => callback(),
		setTimer: (callback: () => void, delayMs: number) => liveClock.setTimer(callback, delayMs),
	};
	const { default: TCP } = createTcp(board) as { default: TcpConstructor };
	const modules: Record<string, object> = {
		...PRIMITIVES,
		timer: createTimer(board),
		"ssl/numbers": createNumbers(),
	};
	const require = (name: string): object => {
		const found = modules[name];
		if (found === undefined) throw new Error(`the firmware imports "${name}": no such primitive`);
		return { __esModule: true, ...found };
	};
	const module = { exports: {} };
	code(require, module, module.exports, XsBigInt, XsArrayBuffer);
	const parts = module.exports as typeof import("./firmware");
	return {
		...parts,
		inspect: (der) => parts.inspect(plain(der)),
		checkChain: (chain, authorities, host, nowMs) =>
			parts.checkChain(chain.map(plain), authorities.map(plain), host, nowMs),
		TCP,
		close: () => network.close(),
	};
}

/** Not a Buffer: slice() of those copies nothing, and the firmware relies on it. */
function plain(bytes: ArrayBuffer | Uint8Array): Uint8Array {
	return Uint8Array.from(ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes));
}

type Code = (...values: unknown[]) => void;

const PARAMETERS = ["require", "module", "exports", "BigInt", "ArrayBuffer"];

/** Once for all that a program asks. */
let bundled: Promise<Code> | undefined;

async function bundle(): Promise<Code> {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-probe-"));
	const path = join(folder, "probe.cjs");
	try {
		await bundleForBoard(ENTRY, path);
		const head = `(function (${PARAMETERS.join(", ")}) {`;
		const text = `${head}${readFileSync(path, "utf8")}\n})`;
		const script = new Script(text, { filename: ENTRY, columnOffset: -head.length });
		return script.runInThisContext() as Code;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
