/**
 * TLS handshakes on XS with Mosquitto (release build, 32 bit, an ESP8266's creation values): the
 * firmware's client against the SDK's TLSSocket with its own session and certificate manager, for
 * each kind of certificate. The SDK gets ECDHE, as with DHE it can use no client certificate.
 * Time is what is spent in the socket's callbacks, the median of several connections; memory what
 * slots, chunks and the deepest stack of the whole program come to at the peak.
 */

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CREATION } from "../footprint/applications";
import type { Program } from "../footprint/build32";
import { Machine } from "../footprint/machine";
import type { Kind } from "../support/certificate-maker";
import { median, type Row } from "./table";
import { startTlsBroker, type TlsBroker } from "./xs/broker";
import { buildProgram, canMeasure } from "./xs/program";

const COUNT = 9;
const BLOCK_BYTES = 1 << 17;
const LIMIT_MS = 120_000;
const PEER = "SDK";

const KINDS: readonly (readonly [kind: Kind, mutual: boolean, what: string])[] = [
	["P-256", false, "ECDSA broker"],
	["RSA-2048", false, "RSA broker"],
	["P-256", true, "ECDSA broker, client certificate"],
	["RSA-2048", true, "RSA broker, client certificate"],
];

const INCLUDES = ["examples/manifest_base", "examples/manifest_net", "modules/io/manifest"].map(
	(path) => `$(MODDABLE)/${path}.json`,
);
/** Heaps that begin small, so that what they have grown to is what was needed. */
const creation = {
	...CREATION,
	chunk: { initial: 512, incremental: 256 },
	heap: { initial: 128, incremental: 32 },
	stack: 512,
};

const OURS = {
	include: [...INCLUDES, "$(MODDABLE)/modules/crypt/tls_common.json"],
	typescript: {
		tsconfig: {
			compilerOptions: {
				strict: true,
				types: ["build", "crypt", "ssl"].map((name) => `./firmware/typings/${name}`),
			},
		},
	},
	modules: {
		"~": ["$(MODULES)/crypt/ssl/*"],
		...Object.fromEntries(
			[
				"certificate",
				"certificate-chain",
				"certificate-extensions",
				"certificate-names",
				"certificate-signature",
				"certificates",
				"der",
				"socket",
				"tls-alert",
				"tls-guard",
			].map((name) => [`firmware/net/${name}`, `./firmware/net/${name}`]),
		),
		"ssl/*": "./firmware/net/ssl/*",
		"embedded:io/socket/tcp/tls": "./firmware/net/ssl/embedded/tls",
	},
	preload: ["firmware/net/tls-guard", "embedded:io/socket/tcp/tls"],
	creation,
};

const SDK = {
	include: [...INCLUDES, "$(MODDABLE)/examples/io/tcp/tlssocket/manifest.json"],
	config: { tls: { DHE_RSA: false } },
	creation,
};

interface Figures {
	readonly ms: number;
	readonly bytes: number;
}

export async function rows(): Promise<readonly Row[]> {
	if (!canMeasure()) return [];
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-bench-image-"));
	const brokers: TlsBroker[] = [];
	try {
		for (const [i, [kind, mutual]] of KINDS.entries()) {
			brokers.push(await startTlsBroker(kind, mutual, folder, String(i)));
		}
		const ports = brokers.map(({ port }) => port);
		return await measure(ports, { data: { "*": `${folder}/*` } });
	} finally {
		for (const broker of brokers) await broker.discard();
		rmSync(folder, { recursive: true, force: true });
	}
}

function compare(what: string, ours: Figures, peer: Figures): Row[] {
	const row = (name: string, unit: "ms" | "bytes", target: number): Row => {
		const figures = { ours: ours[unit], peer: peer[unit] };
		return { name, ...figures, unit, peerName: PEER, target, lessIsBetter: true };
	};
	// What is wanted is no more than the peer's.
	return [
		row(`XS: computing in a TLS handshake, ${what}`, "ms", peer.ms),
		row(`XS: memory at its peak, ${what}`, "bytes", peer.bytes),
	];
}

/** Both programs, in turns, a fresh machine for each kind of broker. */
async function measure(ports: readonly number[], data: object): Promise<Row[]> {
	let which = 0;
	const control = createServer((socket) => {
		socket.on("error", () => undefined);
		socket.end(String(which));
	});
	control.listen(0, "127.0.0.1");
	await once(control, "listening");
	const values = [
		`control=${(control.address() as AddressInfo).port}`,
		`ports=${ports.join(",")}`,
		`count=${COUNT}`,
	];
	const programs: Program[] = [];
	try {
		const build = async (name: string, manifest: object) => {
			programs.push(await buildProgram({ name, manifest: { ...manifest, ...data }, values }));
			return programs[programs.length - 1] as Program;
		};
		const ours = await build("handshake", OURS);
		const sdk = await build("handshake-sdk", SDK);
		const found: Row[] = [];
		for (; which < ports.length; which++) {
			const [, , what] = KINDS[which] as (typeof KINDS)[number];
			found.push(...compare(what, await run(ours), await run(sdk)));
		}
		return found;
	} finally {
		for (const program of programs) program.discard();
		control.close();
	}
}

async function run(program: Program): Promise<Figures> {
	const machine = new Machine(program, BLOCK_BYTES);
	try {
		await machine.waitFor(/^(end|failed.*)$/, LIMIT_MS);
		const { slots, chunks, stackPeak } = await machine.figures("end");
		const rounds = machine.lines.filter((line) => line.startsWith("round "));
		if (rounds.length !== COUNT) throw new Error(machine.lines.join("\n"));
		const times = rounds.map((line) => Number(line.slice("round ".length)));
		return { ms: median(times), bytes: slots + chunks + stackPeak };
	} finally {
		await machine.stop();
	}
}
