/**
 * What a session is configured with: defaults, ranges, and the CONNECT packet made of it.
 * A value out of range throws a RangeError that names the option, its value and what is allowed;
 * secrets are never in that text. Must not know the state of a session.
 */

import { Code, PacketType } from "./codes";
import { packetBytes, writeString } from "./encode";
import { QueueTokenBytes } from "./queue";
import { Place } from "./record";
import { payloadBytes, textBytes, topicNameBytes } from "./validate";
import { Maximum, writeUint16, writeVarint } from "./wire";

export interface Will {
	topic: string;
	payload: string | Uint8Array;
	qos: 0 | 1 | 2;
	retain: boolean;
}

export interface SessionOptions {
	/** At most 65,535 bytes; empty only with `cleanSession` [MQTT-3.1.3-7]. */
	clientId: string;
	cleanSession: boolean;
	/** 0 to 65,535; 0 is off. */
	keepAliveSeconds: number;
	username?: string;
	/** Only with `username` [MQTT-3.1.2-22]. */
	password?: string | Uint8Array;
	will?: Will;
	/** Outgoing publications with QoS > 0 that are not done, 1 to 65,000; default 4. */
	window?: number;
	/** Bytes for the packets of these, 16 to 268,435,460; default 1,024. */
	arenaBytes?: number;
	/** Incoming messages with QoS > 0 that the application holds, 1 to 65,000; default 8. */
	incomingWindow?: number;
	/** Largest incoming packet that is taken whole, 16 to 268,435,460; default 512. */
	receiveBytes?: number;
	/** Requests and QoS 0 not yet sent, 32 to 268,435,460; default 256; grows to hold CONNECT. */
	transmitBytes?: number;
	/** SUBSCRIBE and UNSUBSCRIBE not yet answered, 1 to 255; default 4. */
	requestWindow?: number;
	/** CONNECT to CONNACK, 1 to 3,600,000; default 10,000. */
	connectTimeoutMs?: number;
	/** PINGREQ to PINGRESP, and any acknowledgement, 1 to 3,600,000; default 10,000. */
	responseTimeoutMs?: number;
	/** 1 to 65,535; default 1. A node that forgot its session at boot takes a random one. */
	firstPacketId?: number;
}

/** What CONNECT is made of. */
export type ConnectOptions = Pick<
	SessionOptions,
	"clientId" | "cleanSession" | "keepAliveSeconds" | "username" | "password" | "will"
>;

const enum Const {
	MaximumPacketBytes = 268_435_460,
	MaximumTimeoutMs = 3_600_000,
	DefaultTimeoutMs = 10_000,
}

/** Of CONNECT (section 3.1.2.3). */
const enum ConnectFlag {
	Username = 0x80,
	Password = 0x40,
	WillRetain = 0x20,
	Will = 0x04,
	CleanSession = 0x02,
}

/** Checks the options and puts their numbers, with defaults, into a record. Throws RangeError. */
export const storeSettings = (numbers: Int32Array, options: SessionOptions): void => {
	checkTexts(options);
	const { window, arenaBytes, incomingWindow, receiveBytes, transmitBytes } = options;
	const { keepAliveSeconds, requestWindow, firstPacketId } = options;
	const { connectTimeoutMs, responseTimeoutMs } = options;
	numbers[Place.KeepAliveSeconds] = number(
		"keepAliveSeconds",
		keepAliveSeconds,
		undefined,
		0,
		65_535,
	);
	numbers[Place.CleanSession] = options.cleanSession ? 1 : 0;
	numbers[Place.Window] = number("window", window, 4, 1, 65_000);
	numbers[Place.ArenaBytes] = number("arenaBytes", arenaBytes, 1024, 16, Const.MaximumPacketBytes);
	numbers[Place.IncomingWindow] = number("incomingWindow", incomingWindow, 8, 1, 65_000);
	numbers[Place.ReceiveBytes] = number(
		"receiveBytes",
		receiveBytes,
		512,
		16,
		Const.MaximumPacketBytes,
	);
	const queueBytes = number("transmitBytes", transmitBytes, 256, 32, Const.MaximumPacketBytes);
	numbers[Place.TransmitBytes] = Math.max(queueBytes, connectBytes(options) + QueueTokenBytes);
	numbers[Place.RequestWindow] = number("requestWindow", requestWindow, 4, 1, 255);
	numbers[Place.ConnectTimeoutMs] = timeout("connectTimeoutMs", connectTimeoutMs);
	numbers[Place.ResponseTimeoutMs] = timeout("responseTimeoutMs", responseTimeoutMs);
	const first = number("firstPacketId", firstPacketId, 1, 1, 65_535);
	numbers[Place.LastPacketId] = first === 1 ? 65_535 : first - 1;
};

const timeout = (name: string, given: number | undefined): number => {
	return number(name, given, Const.DefaultTimeoutMs, 1, Const.MaximumTimeoutMs);
};

const checkTexts = (options: SessionOptions): void => {
	const { clientId, username, password, will } = options;
	if (textBytes(clientId) < 0) {
		throw new RangeError("clientId: at most 65,535 bytes of UTF-8 without NUL");
	}
	if (clientId === "" && !options.cleanSession) {
		throw new RangeError('clientId "": only with cleanSession true');
	}
	if (username !== undefined && textBytes(username) < 0) {
		throw new RangeError("username: at most 65,535 bytes of UTF-8 without NUL");
	}
	if (password !== undefined) {
		if (username === undefined) throw new RangeError("password: only with a username");
		contentBytes("password", password);
	}
	if (will === undefined) return;
	if (topicNameBytes(will.topic) < 0) {
		throw new RangeError(
			`will.topic "${will.topic}": 1 to 65,535 bytes of UTF-8 without wildcard or NUL`,
		);
	}
	contentBytes("will.payload", will.payload);
	number("will.qos", will.qos, undefined, 0, 2); // [MQTT-3.1.2-14]
};

const contentBytes = (name: string, content: string | Uint8Array): number => {
	const bytes = payloadBytes(content);
	if (bytes >= 0 && bytes <= Maximum.TextBytes) return bytes;
	throw new RangeError(`${name}: at most 65,535 bytes, text as valid Unicode`);
};

const number = (
	name: string,
	given: number | undefined,
	fallback: number | undefined,
	minimum: number,
	maximum: number,
): number => {
	const value = given === undefined ? fallback : given;
	if (value !== undefined && Number.isInteger(value) && value >= minimum && value <= maximum) {
		return value;
	}
	throw new RangeError(`${name} ${value}: an integer from ${minimum} to ${maximum}`);
};

/** Length of the whole CONNECT packet. */
export const connectBytes = (options: ConnectOptions): number => {
	return packetBytes(connectLength(options));
};

const connectLength = (options: ConnectOptions): number => {
	const { will, username, password } = options;
	let length = 10 + 2 + textBytes(options.clientId);
	if (will) length += 4 + topicNameBytes(will.topic) + payloadBytes(will.payload);
	if (username !== undefined) length += 2 + textBytes(username);
	if (password !== undefined) length += 2 + payloadBytes(password);
	return length;
};

/**
 * Writes CONNECT into target[start, end); returns the offset behind it or `Code.TooLong`.
 * Fields in the order of [MQTT-3.1.3-1]; flags agree with the fields that are there
 * [MQTT-3.1.2-9] [MQTT-3.1.2-11] [MQTT-3.1.2-18] to [MQTT-3.1.2-22].
 */
export const encodeConnect = (
	target: Uint8Array,
	start: number,
	end: number,
	options: ConnectOptions,
): number => {
	const { will, username, password } = options;
	const length = connectLength(options);
	if (packetBytes(length) > end - start) return Code.TooLong;
	let flags = options.cleanSession ? ConnectFlag.CleanSession : 0;
	if (will)
		flags |= ConnectFlag.Will | (will.qos << 3) | (will.retain ? ConnectFlag.WillRetain : 0);
	if (username !== undefined) flags |= ConnectFlag.Username;
	if (password !== undefined) flags |= ConnectFlag.Password;

	target[start] = PacketType.Connect << 4;
	let at = writeVarint(target, start + 1, length);
	at = writeString(target, at, "MQTT"); // [MQTT-3.1.2-1]
	target[at++] = 4; // protocol level of 3.1.1 [MQTT-3.1.2-2]
	target[at++] = flags;
	at = writeUint16(target, at, options.keepAliveSeconds);
	at = writeString(target, at, options.clientId);
	if (will) {
		at = writeString(target, at, will.topic);
		at = writeString(target, at, will.payload);
	}
	if (username !== undefined) at = writeString(target, at, username);
	if (password !== undefined) at = writeString(target, at, password);
	return at;
};
