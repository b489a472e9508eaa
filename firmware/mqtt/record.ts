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
	/** Whose session the tables are about: number of the broker + 1, 0 before the first CONNACK. */
	SessionBroker = 21,

	// What ends with a connection, or with the event that tells of its end.
	/** One of `State`. */
	ConnectionState = 22,
	/** Bits, `Flag` below. */
	Flags = 23,
	/** When bytes last came, and when the PINGREQ that waits was due. */
	ReceivedAt = 24,
	PingedAt = 25,
	/** deadlines.ts: a bit per deadline that is armed, then when each is due. */
	Armed = 26,
	DueAt = 27,

	/** transmit.ts: one of `Sending`, the row or id that it is about, and what of it is left. */
	SendingKind = 32,
	Subject = 33,
	SendAt = 34,
	SendEnd = 35,
	/** A packet of two or four bytes while it is sent, its first byte uppermost. */
	ShortPacket = 36,
	/** queue.ts: where its records begin and end, and how many there are. */
	QueueHead = 37,
	QueueTail = 38,
	QueueCount = 39,
	/** Answers that need no place in a table and are not sent: type * 65,536 + id, oldest first. */
	ReplyCount = 40,
	Replies = 41,

	/** decode.ts: what came of the last call, a `Decoded` or a code. */
	DecodeResult = 49,
	/** The packet that comes in pieces: bytes of its header that are here, 0 when there is none. */
	HeaderBytes = 50,
	FirstByte = 51,
	/** Its remaining length, complete or not, and how much of its body is here. */
	BodyBytes = 52,
	BodyAt = 53,
	/** Of a packet that is skipped: length of its topic. */
	SkippedTopicBytes = 54,

	/** The last packet, see `Packet` in parse.ts. */
	PacketFirst = 55,
	PacketId = 56,
	TopicStart = 57,
	TopicEnd = 58,
	PayloadEnd = 59,
	ReturnCode = 60,
	Handle = 61,
	PacketLength = 62,

	/** Event of the last packet, not polled yet. */
	PacketEvent = 63,
	/** CONNACK's return code, when it was not 0. */
	Refusal = 64,
	/** Why the connection ended, for `Event.Closed`. */
	CloseCode = 65,
	/** Details of the last event, see `EventRecord` in event.ts. */
	EventCode = 66,
	EventToken = 67,
	/** Published: its QoS. Subscribed: how many filters were answered. */
	EventDetail = 68,
	/** Where the transport leads: number of the broker + 1. */
	Broker = 69,

	RecordPlaces = 70,
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
	/** Not of the connection: the broker's session is older than what is known here of it. */
	Inherited = 4096,
}

/** How many places some of them have. */
export const enum Room {
	FewIds = 4,
	Replies = 8,
}
