/**
 * What a link is told and whom it tells. Types only.
 */

import type { Session } from "../mqtt/session";
import type { Resolved } from "./dns";
import type { TcpConstructor } from "./socket";
import type { TlsConstructor } from "./tls-guard";

/** What the TLS handshake needs, besides the broker's name. DER, all of them. */
export interface TlsIdentity {
	/** Trust anchors for the broker's certificate. */
	readonly authorities: readonly ArrayBuffer[];
	/** Our certificate and its key (PKCS#8, RSA): both or none. */
	readonly certificate?: ArrayBuffer;
	readonly key?: ArrayBuffer;
	/** Expected name in the broker's certificate, when it is not the host. */
	readonly name?: string;
}

/** Who uses a link. */
export interface LinkOwner {
	/** Session events other than Closed; details in the session. */
	handleLinkEvent(event: number): void;
	/**
	 * The connection or the attempt has ended and is cleaned up.
	 * @param step dns, tcp, tls or mqtt
	 * @param reason what happened, "" when it was asked for
	 */
	handleLinkDown(step: string, reason: string): void;
	/** Unix milliseconds for the dates in certificates. */
	certificateTimeMs(): number;
}

/** Names to addresses; NameResolver in dns.ts is one. */
export interface Resolver {
	resolve<T>(host: string, target: T, done: Resolved<T>): void;
	/** The target's `done` is not called any more. */
	cancel(target: unknown): void;
}

export interface LinkOptions {
	readonly session: Session;
	/** Read at each open(): the owner may lead the link to another broker between two. */
	readonly host: string;
	readonly port: number;
	/** Which of several brokers that is, from 0: each has its own session. */
	readonly broker?: number;
	/** Undefined: plain TCP. */
	readonly tls: TlsIdentity | undefined;
	readonly TCP: TcpConstructor;
	/** Needed with `tls`. */
	readonly TLSSocket: TlsConstructor | undefined;
	readonly resolver: Resolver;
	readonly owner: LinkOwner;
	/** For TCP and for TLS each; milliseconds. */
	readonly stepTimeoutMs: number;
	/** Longest TLS record taken; default 16,384. What a board cannot hold must not be allocated. */
	readonly recordBytes?: number;
	/** Bytes read from the socket at once. */
	readonly readBytes?: number;
	/** Bytes written to the socket at once. */
	readonly writeBytes?: number;
}
