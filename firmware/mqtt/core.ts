/**
 * What the parts of the engine work on: the numbers of a session (record.ts), and the tables and
 * bytes that exist only while they hold something. What survives a connection and what ends with
 * one are kept apart. With nothing in flight there is this object and one array; nothing of a
 * connection is allocated before `handleOpened` or after `handleClosed`.
 * Data with little behaviour: receiving, sending and requesting are in their own files.
 * Must not know the transport.
 */

import { Event, State } from "./codes";
import { type SessionOptions, storeSettings, type Will } from "./connect";
import { arm, Deadline, disarm, disarmAll, isArmed } from "./deadlines";
import { resetDecoder } from "./decode";
import { outgoingWaiting } from "./outgoing";
import type { PieceSource } from "./pieces";
import { clearQueue } from "./queue";
import { Flag, Place, Room } from "./record";
import { loseRequests, requestsWaiting } from "./requests";

/** What is being handed to the transport. */
export const enum Sending {
	Nothing = 0,
	/** CONNECT, SUBSCRIBE, UNSUBSCRIBE, PUBLISH QoS 0 */
	Queue = 1,
	Publish = 2,
	Release = 3,
	/** PUBACK and PUBREC in their turn */
	Answer = 4,
	/** PUBCOMP, and PUBREL for an unknown id */
	Reply = 5,
	Ping = 6,
	Disconnect = 7,
}

export class Core {
	readonly numbers = new Int32Array(Place.RecordPlaces);
	readonly clientId: string;
	// Only where they were given: a field takes its 16 bytes whatever is in it.
	declare readonly username?: string;
	declare readonly password?: string | Uint8Array;
	declare readonly will?: Will;

	// What the client keeps between connections (MQTT 3.1.1, section 3.1.2.4) [MQTT-4.1.0-1].
	/** outgoing.ts */
	outgoing: Int32Array | undefined = undefined;
	packets: Uint8Array | undefined = undefined;
	/** pieces.ts; only where it was ever given. */
	declare pieces?: PieceSource | undefined;
	/** incoming.ts */
	incoming: Int32Array | undefined = undefined;
	/** idset.ts */
	pages: Uint8Array | undefined = undefined;

	// What ends with the transport.
	/** requests.ts */
	requests: Int32Array | undefined = undefined;
	/** queue.ts */
	queue: Uint8Array | undefined = undefined;
	/** parse.ts, decode.ts */
	source: Uint8Array | undefined = undefined;

	/** Throws RangeError naming option, value and allowed range. */
	constructor(options: SessionOptions) {
		storeSettings(this.numbers, options);
		this.clientId = options.clientId;
		if (options.username !== undefined) this.username = options.username;
		if (options.password !== undefined) this.password = options.password;
		if (options.will !== undefined) this.will = options.will;
	}

	get cleanSession(): boolean {
		return this.numbers[Place.CleanSession] !== 0;
	}

	get keepAliveSeconds(): number {
		return this.numbers[Place.KeepAliveSeconds] as number;
	}
}

export const hasFlag = (core: Core, flag: number): boolean => {
	return ((core.numbers[Place.Flags] as number) & flag) !== 0;
};

export const setFlag = (core: Core, flag: number): void => {
	core.numbers[Place.Flags] = (core.numbers[Place.Flags] as number) | flag;
};

export const clearFlag = (core: Core, flag: number): void => {
	core.numbers[Place.Flags] = (core.numbers[Place.Flags] as number) & ~flag;
};

/** Adds one to a counter. */
export const tally = (core: Core, place: number): void => {
	core.numbers[place] = (core.numbers[place] as number) + 1;
};

export const takeToken = (core: Core): number => {
	const last = core.numbers[Place.LastToken] as number;
	const token = last === 0x7fffffff ? 1 : last + 1;
	core.numbers[Place.LastToken] = token;
	return token;
};

export const hasReplyRoom = (core: Core): boolean => {
	return (core.numbers[Place.ReplyCount] as number) < Room.Replies;
};

export const pushReply = (core: Core, type: number, packetId: number): void => {
	const { numbers } = core;
	const count = numbers[Place.ReplyCount] as number;
	numbers[Place.Replies + count] = (type << 16) | packetId;
	numbers[Place.ReplyCount] = count + 1;
};

/** type * 65,536 + id */
export const takeReply = (core: Core): number => {
	const { numbers } = core;
	const reply = numbers[Place.Replies] as number;
	numbers.copyWithin(Place.Replies, Place.Replies + 1, Place.Replies + Room.Replies);
	numbers[Place.ReplyCount] = (numbers[Place.ReplyCount] as number) - 1;
	return reply;
};

/** Ends the connection: nothing more is sent or taken, and the application is told to close. */
export const fail = (core: Core, code: number): void => {
	const { numbers } = core;
	numbers[Place.ConnectionState] = State.Closed;
	numbers[Place.SendingKind] = Sending.Nothing;
	disarmAll(numbers);
	clearFlag(core, Flag.Stalled);
	setFlag(core, Flag.ClosePending);
	numbers[Place.CloseCode] = code;
};

/** As before the transport opened: nothing of the connection is held. */
export const resetConnection = (core: Core): void => {
	const { numbers } = core;
	numbers[Place.ConnectionState] = State.Closed;
	resetDecoder(numbers);
	loseRequests(core);
	clearQueue(core);
	disarmAll(numbers);
	clearFlag(core, Flag.ConnectStarted | Flag.PingDue | Flag.DisconnectDue | Flag.Stalled);
	numbers[Place.SendingKind] = Sending.Nothing;
	numbers[Place.ReplyCount] = 0;
	// The event of the last packet may still be read.
	if (numbers[Place.PacketEvent] === Event.None) core.source = undefined;
};

/** An answer came, or something that needs one went: the peer has time again. */
export const armAnswer = (core: Core, now: number, again: boolean): void => {
	const { numbers } = core;
	if (outgoingWaiting(core) + requestsWaiting(core) === 0) disarm(numbers, Deadline.Answer);
	else if (again || !isArmed(numbers, Deadline.Answer)) {
		arm(numbers, Deadline.Answer, now, numbers[Place.ResponseTimeoutMs] as number);
	}
};
