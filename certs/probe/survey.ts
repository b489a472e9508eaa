/**
 * Everything that a probe asks a broker, one connection after the other: first as a node would,
 * then what is needed to say why that failed. Always holds: only the firmware's own connection
 * carries a client certificate; no CONNECT, there or in the clear, has user name or password.
 */

import { randomBytes } from "node:crypto";
import { lookup } from "node:dns/promises";
import { connect, isIPv4, isIPv6 } from "node:net";
import type { Credentials } from "../../host-sim/world/board";
import { type Attempt, type ConnectionPlan, connectAsNode } from "./connection";
import { ask, makeHello } from "./hello";
import type { Firmware } from "./load";
import type { Observer } from "./observer";

/** CONNACK. */
const ANSWER_BYTES = 4;
const DISCONNECT = Uint8Array.of(0xe0, 0);
const TLS_1_3 = 0x0304;

export interface Target {
	readonly host: string;
	readonly port: number;
	/** That the certificate must be for. */
	readonly name: string;
	readonly credentials: Credentials;
	readonly recordBytes: number;
	/** Unix milliseconds. */
	readonly nowMs: number;
	/** For each connection. */
	readonly limitMs: number;
}

export interface Survey {
	/** IPv4, the one in use first; empty when there is none. */
	readonly addresses: readonly string[];
	/** Why there is no TCP connection; "" when there is. */
	readonly unreached: string;
	/** As a node. Undefined without TCP. */
	readonly attempt: Attempt | undefined;
	/** The broker's first flight, complete where it could be had, whoever it was for. */
	readonly flight: Observer | undefined;
	/** What the broker says to offers that are wider than a node's; undefined: not asked. */
	readonly wide: Observer | undefined;
	/** The same with a node's ciphers, but any curve and signature; then with a node's curve, too. */
	readonly suites: Observer | undefined;
	readonly curve: Observer | undefined;
	readonly speaks13: boolean;
	/** Plain MQTT is answered on this port; only asked where TLS is not. */
	readonly isPlainMqtt: boolean;
	/** A second connection without client certificate; undefined: not needed. */
	readonly anonymous: Attempt | undefined;
}

const NOTHING: Survey = {
	addresses: [],
	unreached: "",
	attempt: undefined,
	flight: undefined,
	wide: undefined,
	suites: undefined,
	curve: undefined,
	speaks13: false,
	isPlainMqtt: false,
	anonymous: undefined,
};

/** Asks. Rejects never: what fails is in the survey. */
export async function surveyBroker(firmware: Firmware, target: Target): Promise<Survey> {
	const { port, limitMs } = target;
	const { addresses, reason } = await findAddresses(target.host);
	const address = addresses[0];
	if (address === undefined) return { ...NOTHING, unreached: reason };
	const unreached = await reach(address, port, limitMs);
	if (unreached !== "") return { ...NOTHING, addresses, unreached };
	const plan = planFor(target, address);
	const attempt = await connectAsNode(firmware, plan);
	const base = { ...NOTHING, addresses, attempt };
	if (attempt.seen.first.length === 0 || !attempt.seen.isTls) {
		return { ...base, isPlainMqtt: await isPlainMqtt(address, port, limitMs) };
	}
	const question = { host: target.name, version: "1.2", suites: "many", curves: "many" } as const;
	const listen = async (bytes: Uint8Array) => (await ask(address, port, bytes, limitMs)).seen;
	const latest = await listen(makeHello({ ...question, version: "1.3" }));
	const speaks13 = latest.hello?.version === TLS_1_3;
	let { seen: flight } = attempt;
	let wide: Observer | undefined;
	let suites: Observer | undefined;
	let curve: Observer | undefined;
	if (flight.hello === undefined) {
		wide = await listen(makeHello(question));
		suites = await listen(makeHello({ ...question, suites: "node" }));
		curve = await listen(makeHello({ ...question, suites: "node", curves: "node" }));
		flight = wide;
	} else if (!flight.isHelloDone) {
		// A node hangs up at the first thing that is wrong; what comes behind it is of interest.
		const name = isIPv4(target.name) ? "" : target.name;
		flight = await listen(firmware.helloBytes(randomBytes(32), name));
	}
	const asked = attempt.seen.request !== undefined && target.credentials.certificate !== undefined;
	const { certificate: _, key: __, ...others } = target.credentials;
	const anonymous = asked
		? await connectAsNode(firmware, { ...plan, credentials: others, request: NO_BYTES })
		: undefined;
	return { ...base, flight, wide, suites, curve, speaks13, anonymous };
}

const NO_BYTES = new Uint8Array(0);

function planFor(target: Target, address: string): ConnectionPlan {
	const { port, name, credentials, nowMs, recordBytes, limitMs } = target;
	return {
		address,
		port,
		host: name,
		credentials,
		nowMs,
		recordBytes,
		request: connectPacket(),
		answerBytes: ANSWER_BYTES,
		farewell: DISCONNECT,
		limitMs,
	};
}

/** CONNECT of MQTT 3.1.1, a clean session, without user name; the id is nobody else's. */
function connectPacket(): Buffer {
	const id = Buffer.from(`probe-${randomBytes(6).toString("hex")}`);
	const head = Buffer.from("\x00\x04MQTT\x04\x02\x00\x0a", "latin1");
	const body = Buffer.concat([head, Buffer.of(0, id.length), id]);
	return Buffer.concat([Buffer.of(0x10, body.length), body]);
}

/** Of a name those of IPv4: a board has no others. */
async function findAddresses(host: string) {
	if (isIPv6(host)) return { addresses: [], reason: "an IPv6 address; a board speaks IPv4 only" };
	if (isIPv4(host)) return { addresses: [host], reason: "" };
	try {
		const found = await lookup(host, { all: true });
		const addresses = found.filter(({ family }) => family === 4).map((one) => one.address);
		return { addresses, reason: "has IPv6 addresses only; a board speaks IPv4 only" };
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		return { addresses: [], reason: code === "ENOTFOUND" ? "no such name" : `DNS: ${code}` };
	}
}

/** @returns why there is no TCP connection, "" when there is */
function reach(address: string, port: number, limitMs: number): Promise<string> {
	return new Promise((resolve) => {
		const socket = connect({ host: address, port });
		const finish = (reason: string) => {
			clearTimeout(timer);
			socket.destroy();
			resolve(reason);
		};
		const timer = setTimeout(() => finish("no answer in time"), limitMs);
		socket.once("connect", () => finish(""));
		socket.once("error", ({ code }: NodeJS.ErrnoException) =>
			finish(REASONS[code ?? ""] ?? `${code}`),
		);
	});
}

const REASONS: Readonly<Record<string, string>> = {
	ECONNREFUSED: "nothing listens there (connection refused)",
	EHOSTUNREACH: "no way to this address",
	ENETUNREACH: "no way to this network",
	ETIMEDOUT: "no answer in time",
	ECONNRESET: "connection reset",
};

async function isPlainMqtt(address: string, port: number, limitMs: number): Promise<boolean> {
	const isEnough = ({ first }: Observer) => first.length >= ANSWER_BYTES;
	const { seen } = await ask(address, port, connectPacket(), limitMs, isEnough);
	return seen.first[0] === 0x20 && seen.first[1] === 2;
}
