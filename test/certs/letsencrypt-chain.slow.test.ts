/**
 * A chain of the shape that Let's Encrypt's brokers show in 2026, made up: RSA 4096 roots, RSA 2048
 * intermediates, and what the firmware's own check says of it. Slow: keys of 4096 bits.
 */

import assert from "node:assert/strict";
import { test } from "node:test";
import { powerOn } from "../../host-sim/loader";
import { buildProgram, makeBoard } from "../support/board";
import { type Kind, type Made, make, makeKeys, NOW_MS } from "../support/certificate-maker";

const HOST = "broker.example.com";
const LIMIT_MS = 120_000;

/** A certificate of Let's Encrypt's hierarchy in 2026, by shape: kind of key, usage, path length. */
async function authority(name: string, kind: string, issuer?: Made, as?: Made): Promise<Made> {
	const isIntermediate = issuer !== undefined && as === undefined;
	return make({
		name,
		keys: as?.keys ?? (await makeKeys(kind as Kind)),
		issuer,
		authority: true,
		hash: "SHA-256",
		...(isIntermediate ? { pathLength: 0 } : {}),
		...(issuer === undefined ? {} : { extendedKeyUsage: ["1.3.6.1.5.5.7.3.1"] }),
	});
}

async function leafOf(issuer: Made, kind: Kind): Promise<Made> {
	return make({
		name: HOST,
		keys: await makeKeys(kind),
		issuer,
		names: [HOST],
		extendedKeyUsage: ["1.3.6.1.5.5.7.3.1"],
		// Of RSA leaves of theirs: digitalSignature and keyEncipherment.
		keyUsage: 0x05,
	});
}

test("a chain of Let's Encrypt's RSA shape is taken under ISRG Root X1 alone; P-384 is not", {
	timeout: LIMIT_MS,
}, async (context) => {
	const [x1, yr] = await Promise.all([authority("X1", "RSA-4096"), authority("YR", "RSA-4096")]);
	const yrByX1 = await authority("YR", "", x1, yr);
	const [yr1, r13] = [
		await authority("YR1", "RSA-2048", yr),
		await authority("R13", "RSA-2048", x1),
	];
	const e7 = await authority("E7", "P-384", x1);
	const [byYr1, byR13] = [await leafOf(yr1, "RSA-2048"), await leafOf(r13, "RSA-2048")];
	const byE7 = await leafOf(e7, "P-256");
	const program = await buildProgram("test/support/chain-checker.ts");
	const firmware = powerOn(makeBoard().board, program) as { checkText(json: string): string };
	const hex = ({ der }: Made) => Buffer.from(der).toString("hex");
	const ask = (authorities: Made[], ...chain: Made[]) => {
		const given = { chain: chain.map(hex), authorities: authorities.map(hex) };
		return firmware.checkText(JSON.stringify({ ...given, host: HOST, nowMs: NOW_MS }));
	};
	const size = [byYr1, yr1, yrByX1].reduce((sum, { der }) => sum + der.length + 3, 7);
	context.diagnostic(`Certificate message of leaf, YR1, YR under X1: ${size} bytes`);
	assert.equal(ask([x1], byYr1, yr1, yrByX1), "");
	assert.equal(ask([x1], byR13, r13), "");
	assert.equal(ask([yr], byYr1, yr1), "");
	assert.equal(ask([yr], byYr1, yr1, yrByX1), "");
	assert.equal(ask([x1], byYr1, yr1), "unknown authority CN=YR");
	assert.equal(ask([x1], byE7, e7), "key is neither RSA nor P-256 (CN=E7)");
});
