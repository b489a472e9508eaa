/**
 * The numbers of a session: one Int32Array, and here what each of its places is for. A field of an
 * object takes 16 bytes on a board, a place here takes 4, and nothing is made when one changes.
 * Two regions: what survives a connection, and behind it what ends with one. What is counted per
 * message is not here but at the head of the table that holds the messages (outgoing.ts,
 * incoming.ts, requests.ts), and exists only as long as one does. Data only.
 */

// What survives a connection: first the settings, which never change.
export const KeepAliveSeconds = 0;
export const Window = 1;
export const ArenaBytes = 2;
export const IncomingWindow = 3;
export const ReceiveBytes = 4;
export const TransmitBytes = 5;
export const RequestWindow = 6;
export const ConnectTimeoutMs = 7;
export const ResponseTimeoutMs = 8;
/** 0 or 1 */
export const CleanSession = 9;

/** Numbers what was accepted, in order; 31 bits, never 0. */
export const LastToken = 10;
/** The packet id that was given out last; the next one follows it. */
export const LastPacketId = 11;
/** Counts incoming messages with QoS > 0, 15 bits, so that an old handle is noticed. */
export const Generation = 12;
/** Ids in the set of idset.ts, and the places for the first of them. */
export const IdCount = 13;
export const FewIds = 14;
export const FewIdPlaces = 4;

/** For whoever wants to know: see the getters of Session. */
export const Skipped = 18;
export const Repeated = 19;
export const Strays = 20;

// What ends with a connection, or with the event that tells of its end.
/** One of `State`. */
export const ConnectionState = 21;
/** Bits, `Flag` below. */
export const Flags = 22;
/** When bytes last came, and when the PINGREQ that waits was due. */
export const ReceivedAt = 23;
export const PingedAt = 24;
/** deadlines.ts: a bit per deadline that is armed, then when each is due. */
export const Armed = 25;
export const DueAt = 26;

/** transmit.ts: one of `Sending`, the row or id that it is about, and what of it is left. */
export const SendingKind = 31;
export const Subject = 32;
export const SendAt = 33;
export const SendEnd = 34;
/** A packet of two or four bytes while it is sent, its first byte uppermost. */
export const ShortPacket = 35;
/** queue.ts: where its records begin and end, and how many there are. */
export const QueueHead = 36;
export const QueueTail = 37;
export const QueueCount = 38;
/** Answers that need no place in a table and are not sent: type * 65,536 + id, oldest first. */
export const ReplyCount = 39;
export const Replies = 40;
export const ReplyPlaces = 8;

/** decode.ts: what came of the last call, a `Decoded` or a code. */
export const DecodeResult = 48;
/** The packet that comes in pieces: bytes of its header that are here, 0 when there is none. */
export const HeaderBytes = 49;
export const FirstByte = 50;
/** Its remaining length, complete or not, and how much of its body is here. */
export const BodyBytes = 51;
export const BodyAt = 52;
/** Of a packet that is skipped: length of its topic. */
export const SkippedTopicBytes = 53;

/** The last packet, see `Packet` in parse.ts. */
export const PacketFirst = 54;
export const PacketId = 55;
export const TopicStart = 56;
export const TopicEnd = 57;
export const PayloadEnd = 58;
export const ReturnCode = 59;
export const Handle = 60;
export const PacketLength = 61;

/** Event of the last packet, not polled yet. */
export const PacketEvent = 62;
/** CONNACK's return code, when it was not 0. */
export const Refusal = 63;
/** Why the connection ended, for `Event.Closed`. */
export const CloseCode = 64;
/** Details of the last event, see `EventRecord` in event.ts. */
export const EventCode = 65;
export const EventToken = 66;
/** Published: its QoS. Subscribed: how many filters were answered. */
export const EventDetail = 67;

export const RecordPlaces = 68;

/** Bits of `Flags`. */
export const Flag = Object.freeze({
	/** A transport is open, as far as the application said. */
	Attached: 1,
	ConnectStarted: 2,
	PingDue: 4,
	DisconnectDue: 8,
	/** Input waits because of us: silence of the peer proves nothing. */
	Stalled: 16,
	/** Event.Refused, Event.Closed wait to be polled. */
	RefusedPending: 32,
	ClosePending: 64,
	/** The last packet is the message that was polled last. */
	HasMessage: 128,
	/** The header of the packet in pieces is complete. */
	InBody: 256,
	/** The packet in pieces, or the last packet, is too long to be taken. */
	Skipping: 512,
	PacketSkipped: 1024,
	/** CONNACK's */
	SessionPresent: 2048,
} as const);
