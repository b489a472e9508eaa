/**
 * The plain constants of the MQTT engine: packet types, states, events and the codes that say why
 * something was refused or why a connection ended, with a stable English name for each code.
 * Holds data only. Must not know how any of it comes about.
 */

/** Control packet types, the upper four bits of the first byte (MQTT 3.1.1, table 2.1). */
export const enum PacketType {
	Connect = 1,
	Connack = 2,
	Publish = 3,
	Puback = 4,
	Pubrec = 5,
	Pubrel = 6,
	Pubcomp = 7,
	Subscribe = 8,
	Suback = 9,
	Unsubscribe = 10,
	Unsuback = 11,
	Pingreq = 12,
	Pingresp = 13,
	Disconnect = 14,
}

/** What `Session.state` says. */
export const enum State {
	/** No transport, or the transport is about to be closed by the application. */
	Closed = 0,
	/** Transport open, CONNACK not seen yet. */
	Opening = 1,
	/** CONNACK accepted us. */
	Up = 2,
	/** `disconnect` was called, DISCONNECT not sent yet. */
	Closing = 3,
}

/** What `Session.pollEvent` returns. */
export const enum Event {
	None = 0,
	/** CONNACK accepted us; `event.sessionPresent`. */
	Connected = 1,
	/** CONNACK refused us; `event.code` is its return code, 1 to 255. `Closed` follows. */
	Refused = 2,
	/** A message arrived; see `session.message`. */
	Message = 3,
	/** A QoS 1 or 2 publication is done; `event.token`, `event.qos`. There is room for another. */
	Published = 4,
	/** SUBACK; `event.token`, `event.granted`, or `event.code` when the connection was lost. */
	Subscribed = 5,
	/** UNSUBACK; `event.token`, or `event.code` when the connection was lost. */
	Unsubscribed = 6,
	/** A PUBLISH over `receiveBytes` was skipped and acknowledged; `event.skippedBytes`. */
	Skipped = 7,
	/** Close the transport now; `event.code` says why, `Code.None` when asked for. */
	Closed = 8,
}

/**
 * Why something failed. Three families: the peer broke a rule or went silent (-1xx), a table or
 * buffer is full (-2xx), the application or its configuration asked for what cannot be (-3xx).
 */
export const enum Code {
	None = 0,

	ReservedType = -101,
	ReservedFlags = -102,
	RemainingLengthOverflow = -103,
	WrongLength = -104,
	PublishQos3 = -105,
	PacketIdZero = -106,
	TopicEmpty = -107,
	TopicWildcard = -108,
	TopicNul = -109,
	TopicUtf8 = -110,
	SubackCode = -111,
	SubackCount = -112,
	ClientPacket = -113,
	BeforeConnack = -114,
	SecondConnack = -115,
	ConnackFlags = -116,
	SessionPresent = -117,
	Refused = -118,
	UnexpectedAck = -119,
	PacketIdInUse = -120,
	ConnectTimeout = -130,
	PingTimeout = -131,
	AckTimeout = -132,
	ConnectionLost = -133,

	Full = -201,
	PacketTooLong = -202,

	NotConnected = -301,
	InvalidQos = -302,
	InvalidTopic = -303,
	InvalidFilter = -304,
	InvalidText = -305,
	NoFilters = -306,
	TooLong = -307,
	UnknownHandle = -308,
}

/** Why a code was given, by code. Kept as one function so that a board holds it in flash only. */
export const codeName = (code: number): string => {
	if (code > 0) return returnCodeName(code);
	if (code <= -300) return configurationName(code);
	switch (code) {
		case Code.None:
			return "no error";
		case Code.Full:
			return "window or buffer full";
		case Code.PacketTooLong:
			return "packet longer than the receive buffer";
		case Code.ConnectTimeout:
			return "no CONNACK in time";
		case Code.PingTimeout:
			return "no PINGRESP in time";
		case Code.AckTimeout:
			return "no acknowledgement in time";
		case Code.ConnectionLost:
			return "connection lost";
		case Code.Refused:
			return "connection refused";
		default:
			return violationName(code);
	}
};

/**
 * Why a connection has ended: "" when that was asked for, of a refusal also what CONNACK said.
 */
export const endReason = (code: number, returnCode: number): string => {
	if (code === Code.None) return "";
	if (code !== Code.Refused) return codeName(code);
	const reason = `${codeName(code)}: ${codeName(returnCode)}`;
	// Brokers say so of each of these alike, Mosquitto too.
	return returnCode === 5 ? `${reason}: unknown user, wrong password or not allowed` : reason;
};

/** MQTT 3.1.1, table 3.1; the last line also covers brokers that invent codes (aedes: 6). */
const returnCodeName = (code: number): string => {
	switch (code) {
		case 1:
			return "unacceptable protocol version";
		case 2:
			return "identifier rejected";
		case 3:
			return "server unavailable";
		case 4:
			return "bad user name or password";
		case 5:
			return "not authorized";
		default:
			return `reserved return code ${code}`;
	}
};

const configurationName = (code: number): string => {
	switch (code) {
		case Code.NotConnected:
			return "not connected";
		case Code.InvalidQos:
			return "QoS out of range";
		case Code.InvalidTopic:
			return "topic empty, with wildcard or NUL";
		case Code.InvalidFilter:
			return "invalid topic filter";
		case Code.InvalidText:
			return "text is not valid Unicode";
		case Code.NoFilters:
			return "no topic filter";
		case Code.TooLong:
			return "packet too long for its buffer";
		case Code.UnknownHandle:
			return "unknown message handle";
		default:
			return `unknown code ${code}`;
	}
};

const violationName = (code: number): string => {
	switch (code) {
		case Code.ReservedType:
			return "reserved packet type";
		case Code.ReservedFlags:
			return "reserved header flags";
		case Code.RemainingLengthOverflow:
			return "remaining length over four bytes";
		case Code.WrongLength:
			return "packet length does not fit its type";
		case Code.PublishQos3:
			return "PUBLISH with QoS 3";
		case Code.PacketIdZero:
			return "packet id 0";
		case Code.TopicEmpty:
			return "empty topic received";
		case Code.TopicWildcard:
			return "wildcard in a received topic";
		case Code.TopicNul:
			return "NUL in a received topic";
		case Code.TopicUtf8:
			return "ill-formed UTF-8 in a received topic";
		case Code.SubackCode:
			return "unknown return code in SUBACK";
		case Code.SubackCount:
			return "wrong number of return codes in SUBACK";
		case Code.ClientPacket:
			return "packet that only a client may send";
		case Code.BeforeConnack:
			return "packet before CONNACK";
		case Code.SecondConnack:
			return "second CONNACK";
		case Code.ConnackFlags:
			return "reserved flags in CONNACK";
		case Code.SessionPresent:
			return "session present on a clean session";
		case Code.UnexpectedAck:
			return "acknowledgement that fits nothing sent";
		case Code.PacketIdInUse:
			return "packet id reused while in use";
		default:
			return `unknown code ${code}`;
	}
};
