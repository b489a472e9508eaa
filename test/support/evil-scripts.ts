/**
 * What a server can do wrong in a TLS handshake, and what the firmware must say of it. The server
 * has the broker's genuine certificate, as everybody can; its key only where the entry says so.
 */

import { createSign, KeyObject } from "node:crypto";
import { element, type Made } from "./certificate-maker";
import { order, records } from "./evil-order";
import { Content, type Peer, type Script } from "./evil-server";

export interface EvilCase {
	readonly title: string;
	/** "" when an answer arrives. */
	readonly reason: string;
	/** The handshake is good; what goes wrong comes later. */
	readonly isTrusted?: boolean;
	readonly script: Script;
}

/** What good clients send, and what they get for it. */
export const REQUEST = "CONNECT with password";
export const ANSWER = "CONNACK";

export const SHA256 = 4;
const RSA = 1;
export const ECDSA = 3;

/** @param forged for the right name, signed by nobody's authority */
export function evilCases(leaf: Made, rsaLeaf: Made, forged: Made, authority: Made): EvilCase[] {
	const chain = [leaf.der, authority.der];
	const sign = (signed: Buffer) => signWith(leaf, signed);
	const cast = { chain, sign, rsaLeaf, forged, authority };
	return [...good(cast), ...unsigned(cast), ...alerts(cast), ...order(cast), ...records(cast)];
}

export interface EvilCast {
	readonly chain: readonly Uint8Array[];
	readonly rsaLeaf: Made;
	readonly forged: Made;
	readonly authority: Made;
	sign(signed: Buffer): Buffer;
}

function signWith(made: Made, signed: Buffer, hash = "sha256"): Buffer {
	return createSign(hash).update(signed).sign(KeyObject.from(made.keys.privateKey));
}

/** The server's first flight as it should be. */
export async function firstFlight(peer: Peer, { chain, sign }: EvilCast): Promise<void> {
	await peer.hello();
	peer.certificate(chain);
	peer.exchange(SHA256, ECDSA, sign);
	peer.done();
}

export async function wholeHandshake(peer: Peer, cast: EvilCast): Promise<void> {
	await firstFlight(peer, cast);
	await peer.clientFlight();
	peer.change();
	// Nobody splits a message of 16 bytes.
	peer.fragmentBytes = 16_384;
	peer.finished();
}

async function serve(peer: Peer): Promise<void> {
	await peer.data();
	peer.sendRecord(Content.Data, Buffer.from(ANSWER));
}

function good(cast: EvilCast): EvilCase[] {
	const split = (fragmentBytes: number): EvilCase => ({
		title: `messages in records of ${fragmentBytes}`,
		reason: "",
		script: async (peer) => {
			peer.fragmentBytes = fragmentBytes;
			await wholeHandshake(peer, cast);
			await serve(peer);
		},
	});
	return [
		split(16_384),
		split(512),
		split(100),
		split(1),
		{
			title: "RSA",
			reason: "",
			script: async (peer) => {
				await peer.hello({ cipher: 0xc02f, id: Buffer.alloc(32, 7) });
				peer.certificate([cast.rsaLeaf.der]);
				peer.exchange(SHA256, RSA, (signed) => signWith(cast.rsaLeaf, signed));
				peer.done();
				await peer.clientFlight();
				peer.change();
				peer.finished();
				await serve(peer);
			},
		},
		{
			title: "empty records before the answer",
			reason: "",
			script: async (peer) => {
				await wholeHandshake(peer, cast);
				await peer.data();
				peer.sendRecord(Content.Data, Buffer.alloc(0));
				peer.sendRecord(Content.Data, Buffer.from(ANSWER));
			},
		},
	];
}

/** Without the key: whoever has seen the broker's certificate. */
function unsigned({ chain, rsaLeaf, sign }: EvilCast): EvilCase[] {
	const exchange = (
		title: string,
		reason: string,
		hash: number,
		algorithm: number,
		signature: (signed: Buffer) => Buffer,
	): EvilCase => ({
		title,
		reason,
		script: async (peer) => {
			await peer.hello();
			peer.certificate(chain);
			peer.exchange(hash, algorithm, signature);
			peer.done();
			await peer.clientFlight();
			peer.change();
			peer.finished();
			await serve(peer);
		},
	});
	const none = () => Buffer.alloc(8);
	const zero = element(0x02, Buffer.of(0));
	const one = element(0x02, Buffer.of(1));
	const integers = (value: Buffer) => element(0x30, Buffer.concat([value, value]));
	const unsignedHash = "key exchange is not signed with SHA-256";
	const failed = "serverKeyExchange: failed to verify signature";
	return [
		exchange("exchange without a hash", unsignedHash, 0, ECDSA, none),
		exchange("anonymous exchange", "key exchange is not signed", SHA256, 0, none),
		exchange("exchange with nothing", unsignedHash, 0, 0, none),
		exchange("exchange with an unknown algorithm", "key exchange is not signed", SHA256, 9, none),
		exchange("exchange with MD5", unsignedHash, 1, ECDSA, sign),
		exchange("exchange with SHA-1", unsignedHash, 2, ECDSA, sign),
		exchange("exchange with SHA-512", unsignedHash, 6, ECDSA, sign),
		exchange("signature of zeros", "signature out of range", SHA256, ECDSA, () => integers(zero)),
		exchange("signature of ones", failed, SHA256, ECDSA, () => integers(one)),
		exchange("signature of other parameters", failed, SHA256, ECDSA, () => sign(Buffer.from("x"))),
		exchange(
			"signature of another kind",
			"key exchange is signed with another kind of key",
			SHA256,
			RSA,
			(signed) => signWith(rsaLeaf, signed),
		),
	];
}

function alerts(cast: EvilCast): EvilCase[] {
	const alert = (title: string, reason: string, description: number, level = 2): EvilCase => ({
		title,
		reason,
		script: async (peer) => {
			await peer.hello();
			peer.alert(description, level);
		},
	});
	return [
		alert("close notify in the handshake", "broker sent alert 0, close notify", 0, 1),
		alert(
			"fatal alert in the handshake",
			"broker sent alert 40, handshake failure: no ECDHE with AES-GCM there, or it wants a client certificate",
			40,
		),
		alert("alert without a name", "broker sent alert 99", 99),
		{
			title: "close notify instead of ServerHello",
			reason: "broker sent alert 0, close notify",
			script: async (peer) => peer.alert(0, 1),
		},
		{
			title: "alert after our Finished",
			reason: "broker sent alert 42, bad certificate: it does not take ours",
			script: async (peer) => {
				await firstFlight(peer, cast);
				await peer.clientFlight();
				peer.alert(42);
			},
		},
		{
			title: "encrypted close notify instead of Finished",
			reason: "broker closed the connection in the handshake",
			script: async (peer) => {
				await firstFlight(peer, cast);
				await peer.clientFlight();
				peer.change();
				peer.alert(0, 1);
			},
		},
		{
			title: "encrypted alert instead of Finished",
			reason: "broker sent alert 51, decrypt error",
			script: async (peer) => {
				await firstFlight(peer, cast);
				await peer.clientFlight();
				peer.change();
				peer.alert(51);
			},
		},
	];
}
