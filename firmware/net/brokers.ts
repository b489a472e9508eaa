/**
 * Several brokers, tried in turn: after any failure the next one, after the last the first again,
 * and no change while one works. Always holds: with one broker nothing changes. When to try is the
 * backoff's to say, and the same for any number of brokers, so that all who lose one do not fall
 * upon the next at once. Must not know sockets, or what failed.
 */

import type { Endpoint } from "./endpoint";

/** Which broker is in use or tried next. The link reads host and port when it opens. */
export interface BrokerChoice {
	/** At least one. */
	readonly places: readonly Endpoint[];
	/** Which of them, and where that is. */
	broker: number;
	host: string;
	port: number;
}

/** The broker at hand does not work. */
export const nextBroker = (choice: BrokerChoice): void => {
	const { places } = choice;
	const broker = (choice.broker + 1) % places.length;
	const { host, port } = places[broker];
	choice.broker = broker;
	choice.host = host;
	choice.port = port;
};

/** `host:port` with `end` behind it where there are several brokers, "" where there is but one. */
export const brokerName = (choice: BrokerChoice, end: string): string => {
	return choice.places.length > 1 ? `${choice.host}:${choice.port}${end}` : "";
};
