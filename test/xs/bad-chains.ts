/**
 * Servers with bad certificate chains, for the whole firmware: OpenSSL's TLS as Node has it, which
 * sends what it is given. What the firmware must say of each is what the table of chains
 * (test/support/chains.ts) expects of the same fault.
 */

import { KeyObject } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { type Made, make, makeKeys, type Plan, usage } from "../support/certificate-maker";
import { pemOf } from "../support/tls-brokers";

const DAY_MS = 86_400_000;
const NAMES = ["localhost", "127.0.0.1"];

export interface BadChain {
	readonly title: string;
	/** Without the common name, in the firmware's words. */
	readonly reason: string;
	readonly leaf: Made;
	readonly rest: readonly Made[];
}

export interface ChainCast {
	/** What the image trusts. */
	readonly authority: Made;
	readonly good: Made;
	readonly chains: readonly BadChain[];
}

/** Everything is made anew, around the machine's own time. */
export async function makeBadChains(): Promise<ChainCast> {
	const now = Date.now();
	const dates = { from: new Date(now - DAY_MS), to: new Date(now + DAY_MS) };
	const past = { from: new Date(now - 3 * DAY_MS), to: new Date(now - 2 * DAY_MS) };
	const future = { from: new Date(now + DAY_MS), to: new Date(now + 2 * DAY_MS) };
	const keys = await makeKeys("P-256");
	const root = (name: string, more: Partial<Plan> = {}) =>
		make({ name, keys, authority: true, ...dates, ...more });
	const authority = await root("our CA", { keys: await makeKeys("P-256") });
	const other = await root("other CA");
	const impostor = await root("our CA");
	const leaf = (more: Partial<Plan> = {}) =>
		make({ name: "broker", keys, issuer: authority, names: NAMES, ...dates, ...more });
	const middle = (more: Partial<Plan> = {}) =>
		make({ name: "middle", keys, issuer: authority, authority: true, ...dates, ...more });
	const good = await leaf();
	const chains: BadChain[] = [];
	const add = (title: string, reason: string, first: Made, ...rest: Made[]) =>
		chains.push({ title, reason, leaf: first, rest });

	add("wrong CA", "unknown authority CN=other CA", await leaf({ issuer: other }), other);
	const forged = "signature is not from CN=our CA";
	add("forged, with the genuine CA", forged, await leaf({ issuer: impostor }), authority);
	add("forged leaf alone", forged, await leaf({ issuer: impostor }));
	add("forged, with its own CA of that name", forged, await leaf({ issuer: impostor }), impostor);
	add("forged, with a foreign CA", forged, await leaf({ issuer: impostor }), other);
	const self = await leaf({ issuer: undefined });
	add("self-signed leaf alone", "unknown authority CN=broker", self);
	add("self-signed leaf, with the genuine CA", "unknown authority CN=broker", self, authority);
	const noName = "certificate is not for localhost";
	add("wrong name", noName, await leaf({ names: ["other.example"] }), authority);
	add("name in CN only", noName, await leaf({ name: "localhost", names: undefined }), authority);
	add("expired", "certificate expired ", await leaf(past), authority);
	add("not valid yet", "certificate is not valid before ", await leaf(future), authority);
	const old = await middle(past);
	add("expired intermediate", "certificate expired ", await leaf({ issuer: old }), old);
	const unsent = await leaf({ issuer: await middle() });
	add("intermediate is missing", "unknown authority CN=middle", unsent, authority);
	const noCa = await make({ name: "middle", keys, issuer: authority, names: NAMES, ...dates });
	add("leaf as CA", "issuer is no authority", await leaf({ issuer: noCa }), noCa);
	const clients = { extendedKeyUsage: ["1.3.6.1.5.5.7.3.2"] };
	add("for clients", "extended key usage without serverAuth", await leaf(clients), authority);
	// OpenSSL itself would refuse an ECDSA key for that.
	const rsa = { keys: await makeKeys("RSA-2048"), keyUsage: usage.keyEncipherment };
	add("for encipherment", "key usage without digitalSignature", await leaf(rsa), authority);
	const sha1 = await leaf({ hash: "SHA-1" });
	add("SHA-1", "signature algorithm is not allowed", sha1, authority);
	const small = await leaf({ keys: await makeKeys("RSA-1024") });
	add("RSA of 1024 bits", "RSA key of 1024 bits", small, authority);
	return { authority, good, chains };
}

/** A server that takes no client further than its certificate. */
export interface ChainServer {
	readonly port: number;
	/** What its TLS said of each client that left. */
	readonly ends: string[];
	/** Bytes that a client sent behind a whole handshake: there must be none. */
	readonly taken: Buffer[];
	/** Handshakes that were completed: there must be none. */
	readonly completed: TLSSocket[];
	close(): Promise<void>;
}

export async function startChainServer({ leaf, rest }: BadChain): Promise<ChainServer> {
	const server: Server = createServer({
		cert: [leaf, ...rest].map(pemOf).join(""),
		key: KeyObject.from(leaf.keys.privateKey).export({ format: "pem", type: "pkcs8" }),
		maxVersion: "TLSv1.2",
		// Weak ones are wanted here.
		ciphers: "DEFAULT@SECLEVEL=0",
	});
	const ends: string[] = [];
	const taken: Buffer[] = [];
	const completed: TLSSocket[] = [];
	server.on("tlsClientError", (error: Error & { code?: string }) => {
		ends.push(error.code ?? error.message);
	});
	server.on("secureConnection", (socket) => {
		completed.push(socket);
		socket.on("data", (bytes) => taken.push(bytes));
		socket.on("error", () => undefined);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const address = server.address();
	if (address === null || typeof address === "string") throw new Error("no port");
	const close = async () => {
		for (const socket of completed) socket.destroy();
		server.close();
		await once(server, "close");
	};
	return { port: address.port, ends, taken, completed, close };
}
