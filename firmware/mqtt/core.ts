/**
 * The records that the parts of the engine work on. What survives a connection (`SessionState`)
 * and what does not (`Connection`) are two records; `Core` holds both and the event to report.
 * Data with little behaviour: receiving, sending and requesting are in their own files.
 * Must not know the transport.
 */

import { Code, Event, State } from "./codes";
import type { Settings } from "./connect";
import { Deadline, Deadlines } from "./deadlines";
import { Decoder } from "./decode";
import { Incoming } from "./incoming";
import { Outgoing } from "./outgoing";
import { Requests } from "./requests";
import { ByteRing } from "./ring";

/** Answers that need no place in a table, at most so many not yet sent. */
const ReplyMaximum = 16;

/** What is being handed to the transport. */
export const Sending = Object.freeze({
	Nothing: 0,
	/** CONNECT, SUBSCRIBE, UNSUBSCRIBE, PUBLISH QoS 0 */
	Queue: 1,
	Publish: 2,
	Release: 3,
	/** PUBACK and PUBREC in their turn */
	Answer: 4,
	/** PUBCOMP, and PUBREL for an unknown id */
	Reply: 5,
	Ping: 6,
	Disconnect: 7,
} as const);

/** Details of the last event. */
export class EventRecord {
	/** Closed, Refused, and lost requests: why. */
	code: number = Code.None;
	/** Published, Subscribed, Unsubscribed: what the request returned. */
	token = 0;
	/** Published: the flow that ended, 1 or 2. */
	qos = 0;
	/** Connected */
	sessionPresent = false;
	/** Subscribed: per filter 0, 1, 2 or 0x80 (refused), in the order asked. */
	granted: Uint8Array = new Uint8Array(0);
	grantedCount = 0;
	/** Skipped: length of the whole packet. */
	skippedBytes = 0;
}

/** What the client keeps between connections (MQTT 3.1.1, section 3.1.2.4) [MQTT-4.1.0-1]. */
export class SessionState {
	readonly outgoing: Outgoing;
	readonly incoming: Incoming;
	/** Numbers what was accepted, in order; 31 bits, never 0. */
	lastToken = 0;

	constructor(settings: Settings) {
		this.outgoing = new Outgoing(settings.window, settings.arenaBytes, settings.firstPacketId);
		this.incoming = new Incoming(settings.incomingWindow);
	}

	takeToken(): number {
		this.lastToken = this.lastToken === 0x7fffffff ? 1 : this.lastToken + 1;
		return this.lastToken;
	}
}

/** What ends with the transport. */
export class Connection {
	state: number = State.Closed;
	readonly decoder: Decoder;
	readonly requests: Requests;
	/** Records: token (4 bytes), packet. */
	readonly queue: ByteRing;
	readonly deadlines = new Deadlines();

	connectStarted = false;
	pingDue = false;
	disconnectDue = false;
	/** Input waits because of us: silence of the peer proves nothing. */
	stalled = false;
	/** When bytes last came, and when the PINGREQ that waits was due. */
	receivedAt = 0;
	pingedAt = 0;

	/**
	 * What is being sent: bytes[at, end), and the slot or id that it is about. Of a PUBLISH with
	 * QoS > 0 `at` and `end` count from where its packet is, which may move.
	 */
	sending: number = Sending.Nothing;
	subject = 0;
	bytes: Uint8Array;
	at = 0;
	end = 0;
	/** Holds the packets of two and four bytes. */
	readonly scratch = new Uint8Array(4);

	/** Ring of type * 65,536 + id. */
	private readonly replies = new Int32Array(ReplyMaximum);
	private replyHead = 0;
	replyCount = 0;

	constructor(settings: Settings, queueBytes: number) {
		this.decoder = new Decoder(settings.receiveBytes);
		this.requests = new Requests(settings.requestWindow);
		this.queue = new ByteRing(queueBytes);
		this.bytes = this.scratch;
	}

	get hasReplyRoom(): boolean {
		return this.replyCount < ReplyMaximum;
	}

	pushReply(type: number, packetId: number): void {
		this.replies[(this.replyHead + this.replyCount) % ReplyMaximum] = (type << 16) | packetId;
		this.replyCount += 1;
	}

	/** type * 65,536 + id */
	takeReply(): number {
		const reply = this.replies[this.replyHead] as number;
		this.replyHead = (this.replyHead + 1) % ReplyMaximum;
		this.replyCount -= 1;
		return reply;
	}

	/** As before the transport opened. */
	reset(): void {
		this.state = State.Closed;
		this.decoder.reset();
		this.requests.handleLost();
		this.queue.clear();
		this.deadlines.clear();
		this.connectStarted = false;
		this.pingDue = false;
		this.disconnectDue = false;
		this.stalled = false;
		this.sending = Sending.Nothing;
		this.replyCount = 0;
	}
}

export class Core {
	readonly settings: Settings;
	readonly kept: SessionState;
	readonly connection: Connection;
	readonly event = new EventRecord();
	/** Whether a transport is open, as far as the application said. */
	attached = false;
	/** Event of the last packet, not yet polled. */
	packetEvent: number = Event.None;
	/** The decoder's record is the message that was polled last. */
	hasMessage = false;
	/** Return code of a refusal not yet polled, or 0. */
	refusal = 0;
	closePending = false;
	closeCode: number = Code.None;

	/** Packet id of the request being written. */
	requestId = 0;

	skipped = 0;
	repeated = 0;
	strays = 0;

	constructor(settings: Settings, queueBytes: number) {
		this.settings = settings;
		this.kept = new SessionState(settings);
		this.connection = new Connection(settings, queueBytes);
	}

	/** Ends the connection: nothing more is sent or taken, and the application is told to close. */
	fail(code: number): void {
		const connection = this.connection;
		connection.state = State.Closed;
		connection.sending = Sending.Nothing;
		connection.deadlines.clear();
		connection.stalled = false;
		this.closePending = true;
		this.closeCode = code;
	}

	/** An answer came, or something that needs one went: the peer has time again. */
	armAnswer(now: number, again: boolean): void {
		const { deadlines, requests } = this.connection;
		if (this.kept.outgoing.waiting + requests.waiting === 0) deadlines.disarm(Deadline.Answer);
		else if (again || !deadlines.isArmed(Deadline.Answer)) {
			deadlines.arm(Deadline.Answer, now, this.settings.responseTimeoutMs);
		}
	}
}
