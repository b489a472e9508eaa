/** Moddable's TLS, as far as the firmware extends it (modules/crypt/ssl). */
declare module "ssl/constants" {
	export const AES: number;
	export const ECDHE_RSA: number;
	export const GCM: number;
	export const SHA256: number;
}

declare module "ssl/record" {
	const recordProtocol: {
		/** Decrypts a record and handles what is in it. */
		unpacketize(session: import("ssl/session-sdk").default, record: ArrayBuffer): void;
	};
	export default recordProtocol;
}

/** The SDK's session_419.js under another name: ours has taken its place. */
declare module "ssl/session-sdk" {
	/** What TLSSocket's `secure` may hold, and what TLSSocket adds. */
	export interface SessionOptions {
		guard: import("../net/tls-guard").TlsGuard;
		serverName?: string;
		tls_server_name?: string;
		tls_max_fragment_length?: number;
		maximumRecordBytes?: number;
		cache?: boolean;
	}

	/** The TCP connection with the counts that TLSSocket keeps in it. */
	export interface SessionSocket {
		readable: number;
		writable: number;
		read(buffer: Uint8Array): unknown;
		write(buffer: Uint8Array): unknown;
	}

	export default class SdkSession {
		constructor(options: SessionOptions);
		options: SessionOptions;
		/** Set by an alert that came, or is to be sent. */
		alert: { level: number; description: number } | undefined;
		/** Type of the message that was handled last. */
		handshakeProcess: number;
		/** For what we send; null until our ChangeCipherSpec. */
		clientCipher: object | null;
		/** For what the other end sends; null until its ChangeCipherSpec. */
		serverCipher: object | null;
		/** One step; true when the handshake is over. */
		handshake(socket: SessionSocket): boolean;
		/** Application data; undefined when there is none, null after close_notify. */
		read(socket: SessionSocket): Uint8Array | null | undefined;
		/** A whole record with its header, undefined while it is not complete. */
		readPacket(socket: SessionSocket): ArrayBuffer | undefined;
	}
}
