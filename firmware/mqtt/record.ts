/**
 * The numbers of a session: one Int32Array, and here what each of its places is for. A field of an
 * object takes 16 bytes on a board, a place here takes 4, and nothing is made when one changes.
 * Two regions: what survives a connection, and behind it what ends with one. What is counted per
 * message is not here but at the head of the table that holds the messages (outgoing.ts,
 * incoming.ts, requests.ts), and exists only as long as one does. Data only.
 *
 * A const enum, because it costs nothing on a board: the compiler writes the numbers in their
 * places. An imported constant would take a slot of the stack in each function that uses it.
 */

export const enum Place {
	// What survives a connection: first the settings, which never change.
	KeepAliveSeconds = 0,
	Window = 1,
	ArenaBytes = 2,
	IncomingWindow = 3,
	ReceiveBytes = 4,
	TransmitBytes = 5,
	RequestWindow = 6,
	ConnectTimeoutMs = 7,
	ResponseTimeoutMs = 8,
	/** 0 or 1 */
	CleanSession = 9,

	/** Numbers what was accepted, in order; 31 bits, never 0. */
	LastToken = 10,
	/** The packet id that was given out last; the next one follows it. */
	LastPacketId = 11,
	/** Counts incoming messages with QoS > 0, 15 bits, so that an old handle is noticed. */
	Generation = 12,
	/** Ids in the set of idset.ts, and the places for the first of them. */
	IdCount = 13,
	FewIds = 14,

	/** For whoever wants to know: see the getters of Session. */
	Skipped = 18,
	Repeated = 19,
	Strays = 20,

	// What ends with a connection, or with the event that tells of its end.
	/** One of `State`. */
	ConnectionState = 21,
	/** Bits, `Flag` below. */
	Flags = 22,
	/** When bytes last came, and when the PINGREQ that waits was due. */
	ReceivedAt = 23,
	PingedAt = 24,
	/** deadlines.ts: a bit per deadline that is armed, then when each is due. */
	Armed = 25,
	DueAt = 26,

	/** transmit.ts: one of `Sending`, the row or id that it is about, and what of it is left. */
	SendingKind = 31,
	Subject = 32,
	SendAt = 33,
	SendEnd = 34,
	/** A packet of two or four bytes while it is sent, its first byte uppermost. */
	ShortPacket = 35,
	/** queue.ts: where its records begin and end, and how many there are. */
	QueueHead = 36,
	QueueTail = 37,
	QueueCount = 38,
	/** Answers that need no place in a table and are not sent: type * 65,536 + id, oldest first. */
	ReplyCount = 39,
	Replies = 40,

	/** decode.ts: what came of the last call, a `Decoded` or a code. */
	DecodeResult = 48,
	/** The packet that comes in pieces: bytes of its header that are here, 0 when there is none. */
	HeaderBytes = 49,
	FirstByte = 50,
	/** Its remaining length, complete or not, and how much of its body is here. */
	BodyBytes = 51,
	BodyAt = 52,
	/** Of a packet that is skipped: length of its topic. */
	SkippedTopicBytes = 53,

	/** The last packet, see `Packet` in parse.ts. */
	PacketFirst = 54,
	PacketId = 55,
	TopicStart = 56,
	TopicEnd = 57,
	PayloadEnd = 58,
	ReturnCode = 59,
	Handle = 60,
	PacketLength = 61,

	/** Event of the last packet, not polled yet. */
	PacketEvent = 62,
	/** CONNACK's return code, when it was not 0. */
	Refusal = 63,
	/** Why the connection ended, for `Event.Closed`. */
	CloseCode = 64,
	/** Details of the last event, see `EventRecord` in event.ts. */
	EventCode = 65,
	EventToken = 66,
	/** Published: its QoS. Subscribed: how many filters were answered. */
	EventDetail = 67,

	RecordPlaces = 68,
}

/** Bits of `Flags`. */
export const enum Flag {
	/** A transport is open, as far as the application said. */
	Attached = 1,
	ConnectStarted = 2,
	PingDue = 4,
	DisconnectDue = 8,
	/** Input waits because of us: silence of the peer proves nothing. */
	Stalled = 16,
	/** Event.Refused, Event.Closed wait to be polled. */
	RefusedPending = 32,
	ClosePending = 64,
	/** The last packet is the message that was polled last. */
	HasMessage = 128,
	/** The header of the packet in pieces is complete. */
	InBody = 256,
	/** The packet in pieces, or the last packet, is too long to be taken. */
	Skipping = 512,
	PacketSkipped = 1024,
	/** CONNACK's */
	SessionPresent = 2048,
}

/** How many places some of them have. */
export const enum Room {
	FewIds = 4,
	Replies = 8,
}
