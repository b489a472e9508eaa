/**
 * The QoS flows as tables: what each packet, acknowledgement or loss of the connection does to a
 * message in either direction. All decisions about duplicates are here; `outgoing.ts` and
 * `incoming.ts` only look up and obey. docs/qos.md is made from these tables.
 * Must not know buffers, time or the wire.
 *
 * Going out. A publication is Queued until its first byte is handed to the transport, then Sent.
 * From that moment on the broker may have it, so that after a lost connection it is Again: it goes
 * out once more, in its old place, with DUP. At QoS 1 PUBACK ends it. At QoS 2 PUBREC says that
 * the broker has it, and from then on PUBREL goes instead of PUBLISH [MQTT-4.3.3-1]: Release until
 * its first byte is out, then Released, and PUBCOMP ends it. The packet is kept to the very end,
 * although PUBREC would allow to forget it, because a broker that loses its session (Forgotten)
 * may have lost the message between PUBREC and PUBREL; then everything that is not done starts
 * anew under another id, as a new publication. So it is, too, when another broker accepts us: what
 * the one before has, with PUBREC but without PUBREL, nobody may ever get.
 *
 * An acknowledgement of something never sent, or of the wrong kind, is a violation. One for an id
 * that is not in use is ignored and counted: brokers send such after a takeover. But a PUBREC for
 * an unknown id gets a PUBREL, so that the broker can forget the id. A PUBACK for a QoS 2
 * publication is taken for its end: brokers without QoS 2 answer so (RabbitMQ 3), and to insist
 * would mean to send it for ever.
 *
 * Coming in. A message is Delivered until the application acknowledges it, then Ready until those
 * that arrived before it are ready as well; its PUBACK or PUBREC leaves in its Turn [MQTT-4.6.0-2]
 * [MQTT-4.6.0-3]. A repeat meanwhile is dropped: the answer is on its way already.
 * At QoS 1 that is the end: what comes later under that id is a new message [MQTT-4.3.2-2].
 * At QoS 2 the id stays Received until PUBREL, and every repeat is answered with PUBREC and not
 * delivered, with or without DUP, also on later connections [MQTT-4.3.3-2].
 *
 * When the connection is lost, a message that the application still holds is Held: the broker
 * will send it again [MQTT-4.4.0-1], and then it takes its place in the new order without being
 * delivered twice. One that the application has acknowledged but whose answer did not leave is
 * Done at QoS 1 (its repeat is answered and not delivered; the entry gives way when its place is
 * needed, which risks a duplicate, never a loss) and Received at QoS 2.
 */

/** States of an outgoing publication. */
export const enum Out {
	None = 0,
	Queued1 = 1,
	Sent1 = 2,
	Again1 = 3,
	Queued2 = 4,
	Sent2 = 5,
	Again2 = 6,
	Release = 7,
	Released = 8,
}

/** What can happen to it. */
export const enum OutInput {
	Begin = 0,
	Puback = 1,
	Pubrec = 2,
	Pubcomp = 3,
	Lost = 4,
	Forgotten = 5,
}

/** What has to be done about it. */
export const enum OutAction {
	Nothing = 0,
	/** Report it as done and free its place. */
	Complete = 1,
	/** PUBREL goes out. */
	Release = 2,
	/** PUBREL goes out for an id that is not in use. */
	Answer = 3,
	/** Ignore and count. */
	Stray = 4,
	/** Close the connection [MQTT-4.8.0-1]. */
	Violation = 5,
}

/** States of an incoming message. */
export const enum In {
	None = 0,
	Delivered1 = 1,
	Ready1 = 2,
	Held1 = 3,
	Done1 = 4,
	Delivered2 = 5,
	Ready2 = 6,
	Held2 = 7,
	Repeated2 = 8,
	Received2 = 9,
}

export const enum InInput {
	Publish1 = 0,
	Publish2 = 1,
	Pubrel = 2,
	Acknowledge = 3,
	Turn = 4,
	Lost = 5,
	Forgotten = 6,
}

export const enum InAction {
	Nothing = 0,
	/** Give it to the application; it is last in the order of arrival. */
	Deliver = 1,
	/** Do not deliver; it is last in the order of arrival. */
	Rejoin = 2,
	/** PUBCOMP goes out, whatever else the id stands for [MQTT-4.3.3-2]. */
	Answer = 3,
	/** Close the connection [MQTT-4.8.0-1]. */
	Violation = 4,
}

/**
 * A row for each state, in it a character for each input. As texts, because a number in an array
 * takes 16 bytes of a board's flash, and a character one.
 */
export type Flow = readonly string[];

const enum Const {
	/** What a cell is above in its character, so that none is NUL. */
	CharacterBase = 32,
}

/** A cell: the next state and what is to be done. */
const to = (state: number, action: number): number => {
	return state | (action << 4);
};

/** Makes rows of characters from rows of cells. */
const tableOf = (rows: readonly (readonly number[])[]): Flow => {
	const texts: string[] = [];
	for (let state = 0; state < rows.length; state++) {
		const row = rows[state] as readonly number[];
		let text = "";
		for (let input = 0; input < row.length; input++) {
			text += String.fromCharCode((row[input] as number) + Const.CharacterBase);
		}
		texts.push(text);
	}
	return Object.freeze(texts);
};

const Complete = to(Out.None, OutAction.Complete);
const Stray = to(Out.None, OutAction.Stray);
const Bad = to(Out.None, OutAction.Violation);

/** Rows by `Out`, columns by `OutInput`. */
export const OutgoingFlow: Flow = tableOf([
	// Begin, PUBACK, PUBREC, PUBCOMP, Lost, Forgotten
	[Bad, Stray, to(Out.None, OutAction.Answer), Stray, Out.None, Out.None],
	[Out.Sent1, Bad, Bad, Bad, Out.Queued1, Out.Queued1],
	[Bad, Complete, Bad, Bad, Out.Again1, Out.Queued1],
	[Out.Sent1, Complete, Bad, Bad, Out.Again1, Out.Queued1],
	[Out.Sent2, Bad, Bad, Bad, Out.Queued2, Out.Queued2],
	[Bad, Complete, to(Out.Release, OutAction.Release), Bad, Out.Again2, Out.Queued2],
	[Out.Sent2, Complete, to(Out.Release, OutAction.Release), Bad, Out.Again2, Out.Queued2],
	[Out.Released, Bad, Out.Release, Complete, Out.Release, Out.Queued2],
	[Bad, Bad, to(Out.Release, OutAction.Release), Complete, Out.Release, Out.Queued2],
]);

const Deliver1 = to(In.Delivered1, InAction.Deliver);
const Deliver2 = to(In.Delivered2, InAction.Deliver);
const Answer = to(In.None, InAction.Answer);
const Wrong = to(In.None, InAction.Violation);

/** Rows by `In`, columns by `InInput`. */
export const IncomingFlow: Flow = tableOf([
	// PUBLISH QoS 1, PUBLISH QoS 2, PUBREL, Acknowledge, Turn, Lost, Forgotten
	[Deliver1, Deliver2, Answer, In.None, Wrong, In.None, In.None],
	[In.Delivered1, Wrong, to(In.Delivered1, InAction.Answer), In.Ready1, Wrong, In.Held1, In.None],
	[In.Ready1, Wrong, to(In.Ready1, InAction.Answer), In.Ready1, In.None, In.Done1, In.None],
	[
		to(In.Delivered1, InAction.Rejoin),
		Wrong,
		to(In.Held1, InAction.Answer),
		In.Done1,
		Wrong,
		In.Held1,
		In.None,
	],
	[
		to(In.Ready1, InAction.Rejoin),
		Deliver2,
		to(In.Done1, InAction.Answer),
		In.Done1,
		Wrong,
		In.Done1,
		In.None,
	],
	[Wrong, In.Delivered2, Wrong, In.Ready2, Wrong, In.Held2, In.None],
	[Wrong, In.Ready2, Wrong, In.Ready2, In.Received2, In.Received2, In.None],
	[Wrong, to(In.Delivered2, InAction.Rejoin), Wrong, In.Received2, Wrong, In.Held2, In.None],
	[Wrong, In.Repeated2, Answer, In.Repeated2, In.Received2, In.Received2, In.None],
	[Deliver1, to(In.Repeated2, InAction.Rejoin), Answer, In.Received2, Wrong, In.Received2, In.None],
]);

/** The cell for a state and an input. */
export const step = (flow: Flow, state: number, input: number): number => {
	return (flow[state] as string).charCodeAt(input) - Const.CharacterBase;
};

/** The state that a cell leads to. */
export const stateOf = (cell: number): number => {
	return cell & 0x0f;
};

/** What a cell asks for. */
export const actionOf = (cell: number): number => {
	return cell >> 4;
};
