/**
 * The embedded broker: aedes on loopback, plain and over TLS. Always holds: it listens on
 * 127.0.0.1 only; ports are the usual ones where they are free; after close() nothing of it is
 * left. Must not know boards.
 */

import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { Aedes, type AuthenticateError } from "aedes";
import { mendStore } from "./mended-store";

const HOST = "127.0.0.1";
/** CONNACK: bad user name or password (MQTT 3.1.1, table 3.1). */
const BAD_CREDENTIALS = 4;

export interface BrokerOptions {
	/** PEM: the certificate, followed by its CA's, and its key. Missing: plain MQTT only. */
	readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
	/** Missing: everybody may connect. */
	readonly username?: string;
	readonly password?: string;
	/** 0: any free port. Default: the usual ones, or any free ones where these are taken. */
	readonly port?: number;
	readonly tlsPort?: number;
}

/** What happens at the broker, told as text. */
export type BrokerListener = (event: BrokerEvent) => void;

export type BrokerEvent =
	| { readonly kind: "connected" | "disconnected"; readonly client: string }
	/** A publish that the broker has taken at the client's QoS: PUBACK or PUBCOMP is due. */
	| {
			readonly kind: "publish";
			readonly client: string;
			readonly topic: string;
			readonly payload: Buffer;
			readonly qos: number;
			readonly retain: boolean;
	  }
	| { readonly kind: "subscribe"; readonly client: string; readonly topics: readonly string[] };

export interface EmbeddedBroker {
	readonly host: string;
	readonly port: number;
	/** 0 without TLS. */
	readonly tlsPort: number;
	close(): Promise<void>;
}

export async function startBroker(
	options: BrokerOptions,
	listener: BrokerListener,
): Promise<EmbeddedBroker> {
	const aedes = await Aedes.createBroker({
		authenticate: (_client, username, password, done) => {
			if (options.username === undefined) return done(null, true);
			const good = username === options.username && password?.toString() === options.password;
			if (good) return done(null, true);
			const error: Partial<AuthenticateError> = new Error("bad user name or password");
			error.returnCode = BAD_CREDENTIALS;
			done(error as AuthenticateError, false);
		},
	});
	mendStore(aedes);
	tell(aedes, listener);
	const servers: Server[] = [];
	const plain = await listen(createServer(aedes.handle), options.port ?? 1883, servers);
	let tlsPort = 0;
	if (options.tls !== undefined) {
		const server = createTlsServer({ ...options.tls, minVersion: "TLSv1.2" }, aedes.handle);
		// A handshake that fails is the client's to report.
		server.on("tlsClientError", () => undefined);
		tlsPort = await listen(server, options.tlsPort ?? 8883, servers);
	}
	return {
		host: HOST,
		port: plain,
		tlsPort,
		close: async () => {
			const closed = servers.map((server) => once(server, "close"));
			for (const server of servers) server.close();
			await new Promise<void>((resolve) => aedes.close(() => resolve()));
			await Promise.all(closed);
		},
	};
}

function tell(aedes: Aedes, listener: BrokerListener): void {
	aedes.on("clientReady", (client) => listener({ kind: "connected", client: client.id }));
	aedes.on("clientDisconnect", (client) => listener({ kind: "disconnected", client: client.id }));
	aedes.on("subscribe", (subscriptions, client) => {
		const topics = subscriptions.map((one) => one.topic);
		listener({ kind: "subscribe", client: client.id, topics });
	});
	aedes.on("publish", (packet, client) => {
		// Without a client it is the broker's own, such as its $SYS topics.
		if (client === null) return;
		const { topic, qos, retain } = packet;
		const payload = Buffer.from(packet.payload);
		listener({ kind: "publish", client: client.id, topic, payload, qos, retain });
	});
}

/** Listens on the port, or on a free one when it is taken. */
async function listen(server: Server, port: number, servers: Server[]): Promise<number> {
	servers.push(server);
	try {
		server.listen(port, HOST);
		await once(server, "listening");
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (port === 0 || (code !== "EADDRINUSE" && code !== "EACCES")) throw error;
		server.listen(0, HOST);
		await once(server, "listening");
	}
	return (server.address() as AddressInfo).port;
}
