/** Servers of evil-scripts.ts that send what may not come now, or records that are none. */

import {
	ANSWER,
	ECDSA,
	type EvilCase,
	type EvilCast,
	firstFlight,
	SHA256,
	wholeHandshake,
} from "./evil-scripts";
import { Content, Message, type Script } from "./evil-server";

function bad(title: string, reason: string, script: Script): EvilCase {
	return { title, reason, script };
}

/** Goes wrong after a good handshake. */
function later(title: string, reason: string, script: Script): EvilCase {
	return { title, reason, script, isTrusted: true };
}

export function order(cast: EvilCast): EvilCase[] {
	const { chain, sign } = cast;
	const outOfOrder = (type: number) => `handshake message ${type} out of order`;
	const change = "ChangeCipherSpec out of order";
	const data = "broker sent data in the handshake";
	return [
		bad("no certificate", outOfOrder(12), async (peer) => {
			await peer.hello();
			peer.exchange(SHA256, ECDSA, sign);
			peer.done();
			await peer.clientFlight();
			peer.change();
			peer.finished();
		}),
		bad("no key exchange", outOfOrder(14), async (peer) => {
			await peer.hello();
			peer.certificate(chain);
			peer.done();
			await peer.clientFlight();
		}),
		bad("certificate twice", outOfOrder(11), async (peer) => {
			await peer.hello();
			peer.certificate(chain);
			peer.certificate(chain);
		}),
		bad("second exchange, unsigned", outOfOrder(12), async (peer) => {
			await peer.hello();
			peer.certificate(chain);
			peer.exchange(SHA256, ECDSA, sign);
			peer.exchange(0, 0, () => Buffer.alloc(8));
		}),
		bad("second ServerHello", outOfOrder(2), async (peer) => {
			await peer.hello();
			peer.send(Message.ServerHello, Buffer.alloc(38));
		}),
		bad("Finished in the clear", outOfOrder(20), async (peer) => {
			await firstFlight(peer, cast);
			await peer.clientFlight();
			peer.finished();
		}),
		bad("Finished at once", outOfOrder(20), async (peer) => {
			await peer.hello();
			peer.finished(Buffer.alloc(12));
		}),
		bad("ChangeCipherSpec at once", change, async (peer) => {
			await peer.hello();
			peer.change();
		}),
		bad("resumption that was not asked for", change, async (peer) => {
			await peer.hello({ id: Buffer.alloc(32, 1) });
			peer.masterSecret = Buffer.alloc(0);
			peer.prepareKeys();
			peer.change();
			peer.finished();
		}),
		bad("ChangeCipherSpec before our key exchange", change, async (peer) => {
			await peer.hello();
			peer.certificate(chain);
			peer.exchange(SHA256, ECDSA, sign);
			peer.change();
		}),
		bad("wrong Finished", "finished: auth err", async (peer) => {
			await firstFlight(peer, cast);
			await peer.clientFlight();
			peer.change();
			peer.finished(Buffer.alloc(12));
		}),
		bad("HelloRequest for Finished", "broker sent no Finished", async (peer) => {
			await firstFlight(peer, cast);
			await peer.clientFlight();
			peer.change();
			peer.send(Message.HelloRequest, Buffer.alloc(12));
		}),
		bad("data in the handshake", data, async (peer) => {
			await peer.hello();
			peer.sendRecord(Content.Data, Buffer.from(ANSWER));
		}),
		bad("data instead of Finished", data, async (peer) => {
			await firstFlight(peer, cast);
			await peer.clientFlight();
			peer.change();
			peer.sendRecord(Content.Data, Buffer.from(ANSWER));
		}),
		bad("HelloRequest in the handshake", outOfOrder(0), async (peer) => {
			await peer.hello();
			peer.send(Message.HelloRequest, Buffer.alloc(0));
		}),
		bad("session ticket", outOfOrder(4), async (peer) => {
			await firstFlight(peer, cast);
			await peer.clientFlight();
			peer.send(4, Buffer.alloc(10));
		}),
		later("renegotiation", "broker wants to renegotiate", async (peer) => {
			await wholeHandshake(peer, cast);
			await peer.data();
			peer.send(Message.HelloRequest, Buffer.alloc(0));
		}),
	];
}

export function records(cast: EvilCast): EvilCase[] {
	const noTls12 = "broker does not speak TLS 1.2";
	const offered = "broker chose a cipher that was not offered";
	return [
		bad("TLS 1.1", noTls12, (peer) => peer.hello({ version: 0x0302 })),
		bad("TLS 1.0 records", noTls12, async (peer) => {
			peer.sendRecord(Content.Handshake, Buffer.of(2, 0, 0, 0), 0x0301);
		}),
		bad("RSA key exchange", offered, (peer) => peer.hello({ cipher: 0x002f })),
		bad("null cipher", offered, (peer) => peer.hello({ cipher: 0 })),
		bad("CBC", offered, (peer) => peer.hello({ cipher: 0xc027 })),
		bad("compression", "broker chose compression", (peer) => peer.hello({ compression: 1 })),
		bad("no TLS", "broker does not speak TLS", async (peer) => {
			peer.socket.write("HTTP/1.1 400 Bad Request\r\n\r\n");
		}),
		bad("plain MQTT", "broker does not speak TLS", async (peer) => {
			peer.socket.write(Buffer.of(0x20, 2, 0, 0, 0, 0, 0, 0));
		}),
		bad("empty record", "record is too short", async (peer) => {
			await peer.hello();
			peer.sendRecord(Content.Handshake, Buffer.alloc(0));
		}),
		bad("record of 60,000 bytes", "record of 60000 bytes is too long", async (peer) => {
			peer.socket.write(Buffer.of(22, 3, 3, 0xea, 0x60));
		}),
		bad("message of 16 MB", "handshake message is too long", async (peer) => {
			await peer.hello();
			peer.sendRecord(Content.Handshake, Buffer.of(11, 0xff, 0xff, 0xff));
		}),
		bad("certificates longer than the message", "malformed Certificate", async (peer) => {
			await peer.hello();
			peer.send(Message.Certificate, Buffer.of(0, 1, 0, 0, 0, 200, 1, 2, 3));
		}),
		bad("no certificates", "broker sent no certificate", async (peer) => {
			await peer.hello();
			peer.certificate([]);
		}),
		bad("2,000 certificates", "chain of 6 certificates is too long", async (peer) => {
			await peer.hello();
			peer.certificate(Array.from({ length: 2000 }, () => Uint8Array.of(0)));
		}),
		bad("forged certificate", "signature is not from CN=EC root (CN=leaf)", async (peer) => {
			await peer.hello();
			peer.certificate([cast.forged.der, cast.authority.der]);
		}),
		bad("truncated ServerHello", "malformed ServerHello", async (peer) => {
			peer.send(Message.ServerHello, Buffer.of(3, 3, 1, 2, 3));
		}),
		bad("end in the handshake", "connection closed by the other end or lost", async (peer) => {
			await peer.hello();
			peer.socket.end();
		}),
		later("changed data", "recordProtocol auth failed", async (peer) => {
			await wholeHandshake(peer, cast);
			await peer.data();
			peer.socket.write(Buffer.concat([Buffer.of(23, 3, 3, 0, 32), Buffer.alloc(32)]));
		}),
		later("encrypted alert later", "broker sent alert 80, internal error", async (peer) => {
			await wholeHandshake(peer, cast);
			await peer.data();
			peer.alert(80);
		}),
		later("close notify later", "connection closed by the other end or lost", async (peer) => {
			await wholeHandshake(peer, cast);
			await peer.data();
			peer.alert(0, 1);
		}),
	];
}
