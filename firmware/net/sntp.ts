/**
 * One SNTP exchange as bytes: the request, and what a reply is worth (RFC 5905 sections 7 and 8,
 * RFC 4330 section 5). Always holds: a reply that does not echo our random transmit timestamp
 * says nothing at all; a sample's errorMs bounds its error even when the whole delay was on one
 * way. Pure: bytes and ticks in, a record out; never throws on what the network sent.
 */

export const NTP_PORT = 123;
export const NTP_BYTES = 48;

const enum Const {
	/** Seconds from 1900 (NTP) to 1970 (Unix). */
	UNIX_EPOCH_SECONDS = 2_208_988_800,
	ERA_SECONDS = 4_294_967_296,
	FRACTION = 4_294_967_296,
	/** RFC 5905 section 7.2: MAXDIST is 1 s; ntpd allows 1.5 s, and so do we. */
	MAX_ROOT_DISTANCE_MS = 1500,
	/** What both oscillators may gain on each other during the exchange. */
	EXCHANGE_DRIFT = 200e-6,
	/** Each end's ticks are whole milliseconds, rounded down. */
	TICK_MS = 1,
	/** No server's clock is before this firmware: 2025-01-01. */
	EARLIEST_UNIX_MS = 1_735_689_600_000,
}

/** What a reply said. One record is used again and again. */
export interface SntpReply {
	/** It is an answer to our request, and not just a packet from somewhere. */
	isEcho: boolean;
	/** Kiss code (RFC 5905 section 7.4), e.g. "RATE"; "" for an ordinary reply. */
	kiss: string;
	stratum: number;
	/** Round trip without the time in the server. */
	delayMs: number;
	/** Milliseconds since 1970 when the reply came; true time was within errorMs of it. */
	unixMs: number;
	errorMs: number;
}

export const createSntpReply = (): SntpReply => {
	return { isEcho: false, kiss: "", stratum: 0, delayMs: 0, unixMs: 0, errorMs: 0 };
};

/**
 * Writes a request of 48 bytes. The transmit timestamp is random: the server only echoes it,
 * and neither our time nor a guessable number leaves the node.
 * @param nonce two unsigned 32-bit numbers, not both 0
 */
export const encodeRequest = (target: Uint8Array, nonce: Uint32Array): void => {
	target.fill(0, 0, NTP_BYTES);
	target[0] = (4 << 3) | 3; // version 4, mode 3: client
	putUint32(target, 40, nonce[0]);
	putUint32(target, 44, nonce[1]);
};

/**
 * Reads a reply into `reply`.
 * @param nonce what was sent in the request
 * @param sentTick ticks when the request left
 * @param receivedTick ticks when the reply came
 * @returns "" or why it does not count. `reply.kiss` is set for a kiss-o'-death, whose reason is
 *   "kiss-o'-death" and its code. Beyond these two and isEcho, `reply` means nothing unless ""
 *   is returned.
 */
export const decodeReply = (
	bytes: Uint8Array,
	nonce: Uint32Array,
	sentTick: number,
	receivedTick: number,
	reply: SntpReply,
): string => {
	reply.isEcho = false;
	reply.kiss = "";
	if (bytes.length < NTP_BYTES) return "reply too short";
	if (uint32(bytes, 24) !== nonce[0] || uint32(bytes, 28) !== nonce[1]) {
		return "reply does not echo the request";
	}
	reply.isEcho = true;
	if ((bytes[0] & 7) !== 4) return `mode ${bytes[0] & 7} instead of 4`;
	const version = (bytes[0] >> 3) & 7;
	if (version < 3 || version > 4) return `version ${version}`;
	reply.stratum = bytes[1];
	if (reply.stratum === 0) {
		reply.kiss = kissCode(bytes);
		if (reply.kiss !== "") return `kiss-o'-death ${reply.kiss}`;
	}
	if (bytes[0] >> 6 === 3) return "server is not synchronised (leap alarm)";
	if (reply.stratum === 0 || reply.stratum > 15) {
		return `server is not synchronised (stratum ${reply.stratum})`;
	}
	return measure(bytes, (receivedTick - sentTick) | 0, reply);
};

const measure = (bytes: Uint8Array, exchangeMs: number, reply: SntpReply): string => {
	const rootDistanceMs = shortMs(bytes, 4) / 2 + shortMs(bytes, 8);
	if (rootDistanceMs > Const.MAX_ROOT_DISTANCE_MS) {
		const most = Const.MAX_ROOT_DISTANCE_MS;
		return `root distance ${Math.round(rootDistanceMs)} ms, more than ${most}`;
	}
	if (isZero(bytes, 40) || isZero(bytes, 32)) return "server sent no time";
	const receiveMs = timestampMs(bytes, 32);
	const transmitMs = timestampMs(bytes, 40);
	const inServerMs = transmitMs - receiveMs;
	const slackMs = Const.TICK_MS + 1 + exchangeMs * Const.EXCHANGE_DRIFT;
	if (exchangeMs < 0 || inServerMs < 0 || inServerMs > exchangeMs + slackMs) {
		return "timestamps out of order";
	}
	if (transmitMs < Const.EARLIEST_UNIX_MS) return "server's time lies before this firmware";
	const precision = (bytes[3] << 24) >> 24;
	if (precision > 0) return `precision of 2^${precision} s`;
	// RFC 5905 section 8: theta = ((T2 - T1) + (T3 - T4)) / 2, delta = (T4 - T1) - (T3 - T2).
	// At T4 the time is T4 + theta = T3 + delta / 2.
	reply.delayMs = Math.max(0, exchangeMs - inServerMs);
	reply.unixMs = transmitMs + reply.delayMs / 2;
	reply.errorMs =
		reply.delayMs / 2 +
		rootDistanceMs +
		2 ** precision * 1000 +
		Const.TICK_MS +
		exchangeMs * Const.EXCHANGE_DRIFT;
	return "";
};

/**
 * Milliseconds since 1970. The top bit tells the era (RFC 4330 section 3): set, 1968 to 2036;
 * clear, 2036-02-07 to 2104.
 */
const timestampMs = (bytes: Uint8Array, at: number): number => {
	let seconds = uint32(bytes, at);
	if (seconds < 0x80000000) seconds += Const.ERA_SECONDS;
	return (
		(seconds - Const.UNIX_EPOCH_SECONDS) * 1000 + (uint32(bytes, at + 4) / Const.FRACTION) * 1000
	);
};

/** Unsigned 16.16 seconds, in milliseconds. */
const shortMs = (bytes: Uint8Array, at: number): number => {
	return (uint32(bytes, at) / 65536) * 1000;
};

/** Four letters or digits in the reference id; "" when there is something else. */
const kissCode = (bytes: Uint8Array): string => {
	let code = "";
	for (let at = 12; at < 16; at++) {
		const byte = bytes[at];
		const isUpper = byte >= 0x41 && byte <= 0x5a;
		const isDigit = byte >= 0x30 && byte <= 0x39;
		if (!isUpper && !isDigit) return "";
		code += String.fromCharCode(byte);
	}
	return code;
};

const isZero = (bytes: Uint8Array, at: number): boolean => {
	return uint32(bytes, at) === 0 && uint32(bytes, at + 4) === 0;
};

const uint32 = (bytes: Uint8Array, at: number): number => {
	return bytes[at] * 0x1000000 + ((bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]);
};

const putUint32 = (bytes: Uint8Array, at: number, value: number): void => {
	bytes[at] = value >>> 24;
	bytes[at + 1] = value >>> 16;
	bytes[at + 2] = value >>> 8;
	bytes[at + 3] = value;
};
