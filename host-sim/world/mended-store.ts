/**
 * Mends what aedes 1.2.0 keeps of the QoS 2 flows to clients with a session. Always holds: a PUBREC
 * turns the message of its own packet id into a PUBREL, and no other; one for a message that was
 * not kept is answered all the same, and its PUBREL is kept. Must not know who is connected.
 *
 * Its own store throws for a retained message, which it never kept, and aedes then closes the
 * connection (github.com/moscajs/aedes/issues/1003); of two messages under way it takes the first
 * PUBREL for the second's, and sends the second message again at the next connect.
 */

import type { Aedes, Client } from "aedes";

interface Kept {
	cmd: string;
	messageId?: number;
}

/** What of aedes-persistence is used; aedes has no type for it. */
interface Store {
	outgoingUpdate(client: Client, packet: Kept): Promise<void>;
	outgoingEnqueue(subscription: { clientId: string }, packet: Kept): Promise<void>;
	/** In the order in which they were kept; the store's own records. */
	outgoingStream(client: Client): AsyncIterable<Kept>;
}

/** Changes a broker's store in place, before anybody connects. */
export function mendStore(aedes: Aedes): void {
	const { persistence } = aedes as unknown as { persistence: Store };
	const update = persistence.outgoingUpdate.bind(persistence);
	/** The first that fits; [MQTT-2.3.1-2]: an id is one message's until its flow is over. */
	const find = async (client: Client, fits: (kept: Kept) => boolean) => {
		for await (const kept of persistence.outgoingStream(client)) {
			if (fits(kept)) return kept;
		}
		return undefined;
	};
	persistence.outgoingUpdate = async (client, packet) => {
		const { cmd, messageId } = packet;
		if (cmd !== "pubrel") return update(client, packet);
		let kept = await find(client, (one) => one.messageId === messageId);
		if (kept === undefined) {
			await persistence.outgoingEnqueue({ clientId: client.id }, packet);
			kept = await find(client, (one) => one.cmd === cmd && one.messageId === undefined);
		}
		if (kept !== undefined) Object.assign(kept, { cmd, messageId });
	};
}
