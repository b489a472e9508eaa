/**
 * The codec on XS (release build, 32 bit) against the SDK's `mqtt` module and its ECMA-419 client:
 * a PUBLISH with QoS 1 of 64 bytes, in turns in one process, the median of several rounds.
 */

import { median, type Row } from "./table";
import { buildProgram, canMeasure, runProgram } from "./xs/program";

const TARGET = 3;
const BLOCK_BYTES = 1 << 24;
const LIMIT_MS = 300_000;

const MANIFEST = {
	include: [
		"$(MODDABLE)/examples/manifest_base.json",
		"$(MODDABLE)/examples/manifest_net.json",
		"$(MODULES)/network/mqtt/manifest.json",
		"$(MODDABLE)/examples/io/tcp/mqttclient/manifest_mqttclient.json",
	],
	typescript: { tsconfig: { compilerOptions: { strict: true } } },
	modules: {
		"firmware/mqtt/*": "./firmware/mqtt/*",
		"test/firmware/mqtt/decoder": "./test/firmware/mqtt/decoder",
	},
	preload: ["firmware/mqtt/*", "mqtt", "embedded:network/mqtt/client"],
	// Garbage is seldom collected: it would cost the others more.
	creation: {
		static: 0,
		chunk: { initial: 1 << 20, incremental: 65_536 },
		heap: { initial: 262_144, incremental: 4096 },
		stack: 512,
	},
};

const PEERS = [
	["mqtt", "SDK mqtt"],
	["ecma-419", "SDK ECMA-419"],
] as const;

export async function rows(): Promise<readonly Row[]> {
	if (!canMeasure()) return [];
	const program = await buildProgram({ name: "codec", manifest: MANIFEST });
	try {
		const lines = await runProgram(program, BLOCK_BYTES, LIMIT_MS);
		const perSecond = (name: string) => 1e9 / median(roundsOf(lines, name));
		const result: Row[] = [];
		const add = (what: string, ours: string, kind: string) => {
			for (const [peer, peerName] of PEERS) {
				result.push({
					name: `XS: ${what} PUBLISH QoS 1, packet of 64 bytes`,
					ours: perSecond(ours),
					peer: perSecond(`${kind} ${peer}`),
					unit: "packets/s",
					peerName,
					target: TARGET,
				});
			}
		};
		add("encode", "encode ours", "encode");
		add("decode", "decode ours", "decode");
		add("decode and copy", "decode copies", "decode");
		return result;
	} finally {
		program.discard();
	}
}

function roundsOf(lines: readonly string[], name: string): number[] {
	const start = `round ${name} `;
	const found = lines.filter((line) => line.startsWith(start));
	if (found.length === 0) throw new Error(`codec.js printed no round of ${name}`);
	return found.map((line) => Number(line.slice(start.length)));
}
