/**
 * Other questions than a node's: a ClientHello that offers more or something else, and how the
 * broker answers it, so that a refusal can be told from its cause. Always holds: a connection ends
 * with the broker's first flight; nothing is agreed on, nothing secret is sent.
 */

import { createECDH, randomBytes } from "node:crypto";
import { connect, isIPv4 } from "node:net";
import { Observer } from "./observer";

/** TLS_ECDHE_ECDSA and TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: what a node offers. */
const NODE_SUITES = [0xc02b, 0xc02f];

/** Whatever servers of these years have: ECDHE, DHE, RSA; GCM, CBC, ChaCha20. */
const MANY_SUITES = [
	...NODE_SUITES,
	...[0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc023, 0xc027, 0xc024, 0xc028, 0xc009, 0xc013, 0xc00a],
	...[0xc014, 0x009e, 0x009f, 0xccaa, 0x0067, 0x006b, 0x0033, 0x0039, 0x009c, 0x009d, 0x003c],
	...[0x003d, 0x002f, 0x0035, 0x000a],
];
const TLS_1_3_SUITES = [0x1301, 0x1302, 0x1303];
/** P-256, X25519, P-384, P-521. */
const MANY_CURVES = [23, 29, 24, 25];
/** ECDSA, RSA and RSA-PSS with SHA-2, Ed25519, and SHA-1. */
const MANY_SIGNATURES = [
	...[0x0403, 0x0503, 0x0603, 0x0401, 0x0501, 0x0601, 0x0804, 0x0805, 0x0806, 0x0807],
	...[0x0203, 0x0201],
];
const P256 = 23;
const TLS_1_3 = 0x0304;

export interface Question {
	/** TLS 1.2 and below, or 1.3 alone. */
	readonly version: "1.2" | "1.3";
	/** The two that a node offers, or all. */
	readonly suites: "node" | "many";
	/** The one that a node offers, or all. */
	readonly curves: "node" | "many";
	/** For the server name extension. */
	readonly host: string;
}

/** A ClientHello, with its record. */
export function makeHello({ version, suites, curves, host }: Question): Buffer {
	const isLatest = version === "1.3";
	const twelve = suites === "node" ? NODE_SUITES : MANY_SUITES;
	const offered = isLatest ? TLS_1_3_SUITES : [...twelve, 0x00ff];
	const extensions = [
		...(isIPv4(host) ? [] : [extension(0, listOf(Buffer.concat([Buffer.of(0), text(host)])))]),
		extension(10, listOf(numbers(curves === "node" ? [P256] : MANY_CURVES))),
		extension(11, Buffer.of(1, 0)),
		extension(13, listOf(numbers(MANY_SIGNATURES))),
	];
	if (isLatest) {
		extensions.push(extension(43, Buffer.concat([Buffer.of(2), numbers([TLS_1_3])])));
		extensions.push(extension(51, listOf(Buffer.concat([numbers([P256]), text(keyShare())]))));
	}
	const body = Buffer.concat([
		numbers([0x0303]),
		randomBytes(32),
		Buffer.of(0),
		listOf(numbers(offered)),
		Buffer.of(1, 0),
		listOf(Buffer.concat(extensions)),
	]);
	const message = Buffer.concat([Buffer.of(1, 0), numbers([body.length]), body]);
	return Buffer.concat([Buffer.of(22, 3, 1), numbers([message.length]), message]);
}

function keyShare(): Buffer {
	return createECDH("prime256v1").generateKeys();
}

function numbers(values: readonly number[]): Buffer {
	return Buffer.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}

/** With its length in front. */
function listOf(bytes: Buffer): Buffer {
	return Buffer.concat([numbers([bytes.length]), bytes]);
}

function text(value: string | Buffer): Buffer {
	return listOf(Buffer.from(value));
}

function extension(type: number, bytes: Buffer): Buffer {
	return Buffer.concat([numbers([type]), listOf(bytes)]);
}

export interface Answer {
	readonly seen: Observer;
	/** The broker closed, or the limit came. */
	readonly isCut: boolean;
}

/**
 * Sends bytes and listens until the broker's first flight is over, it closes, or the limit.
 * @param isEnough default: at ServerHelloDone, an alert, or TLS 1.3
 */
export function ask(
	address: string,
	port: number,
	bytes: Uint8Array,
	limitMs: number,
	isEnough: (seen: Observer) => boolean = isFlight,
): Promise<Answer> {
	return new Promise((resolve) => {
		const seen = new Observer();
		const socket = connect({ host: address, port });
		const finish = (isCut: boolean) => {
			clearTimeout(timer);
			socket.destroy();
			resolve({ seen, isCut });
		};
		const timer = setTimeout(() => finish(true), limitMs);
		socket.on("error", () => undefined);
		socket.once("close", () => finish(true));
		socket.once("connect", () => socket.write(bytes));
		socket.on("data", (data) => {
			seen.push(data);
			if (isEnough(seen)) finish(false);
		});
	});
}

function isFlight({ isHelloDone, alert, hello }: Observer): boolean {
	return isHelloDone || alert >= 0 || hello?.version === TLS_1_3;
}
