/** The stand-in behaves as modules/io/socket/lwip/udp.c of the SDK does, over real sockets. */

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { after, before, test } from "node:test";
import type { Datagram, UdpSocket } from "../../../../../../firmware/net/udp";
import { powerOn } from "../../../../../../host-sim/loader";
import { AccessPoint } from "../../../../../../host-sim/world/access-point";
import { buildProgram, makeBoard, type TestBoard } from "../../../../../support/board";

type NetProgram = typeof import("../../../../../support/net-program");

let testBoard: TestBoard;
let net: NetProgram;

before(async () => {
	const accessPoint = new AccessPoint({ networks: [{ ssid: "home" }] });
	testBoard = makeBoard({ name: "udp", accessPoint });
	net = powerOn(testBoard.board, await buildProgram("test/support/net-program.ts")) as NetProgram;
	await new Promise<void>((resolve) => {
		const wifi = new net.WiFi({
			onChanged: (property) => property === "address" && resolve(),
		});
		wifi.connect({ SSID: "home" });
	});
});

after(() => {
	testBoard.board.powerOff();
	assert.deepEqual(testBoard.crashes, []);
});

/** Resolves with what one callback read. */
function receiver() {
	let resolve: (got: (Datagram | undefined)[]) => void = () => {};
	const got = new Promise<(Datagram | undefined)[]>((done) => {
		resolve = done;
	});
	function onReadable(this: UdpSocket<unknown>, count: number): void {
		resolve(Array.from({ length: count + 1 }, () => this.read()));
	}
	return { got, onReadable };
}

test("a datagram there and one back, with address and port; the buffer may be reused at once", async () => {
	const echo = createSocket("udp4");
	echo.on("message", (bytes, { port, address }) => echo.send(bytes, port, address));
	echo.bind(0, "127.0.0.1");
	await once(echo, "listening");
	const { got, onReadable } = receiver();
	const socket = new net.UDP({ target: "mine", onReadable });
	assert.equal(socket.target, "mine");
	const bytes = new Uint8Array([0, 1, 2, 3]).subarray(1);
	socket.write(bytes, "127.0.0.1", echo.address().port);
	bytes.fill(9);
	const [datagram, none] = await got;
	assert.deepEqual([...new Uint8Array(datagram as Datagram)], [1, 2, 3]);
	assert.equal(datagram?.address, "127.0.0.1");
	assert.equal(datagram?.port, echo.address().port);
	assert.equal(none, undefined);
	socket.close();
	socket.close();
	assert.throws(() => socket.read(), /invalid host object/);
	assert.throws(() => socket.write(bytes, "127.0.0.1", 9), /invalid host object/);
	echo.close();
});

test("a port of one's own; one that is taken is replaced", async () => {
	const peer = createSocket("udp4").bind(0, "127.0.0.1");
	await once(peer, "listening");
	const probe = createSocket("udp4").bind(0);
	await once(probe, "listening");
	const { port } = probe.address();
	const taken = new net.UDP({ port, target: undefined, onReadable() {} });
	taken.write(new Uint8Array(1), "127.0.0.1", peer.address().port);
	const [, fromTaken] = await once(peer, "message");
	assert.notEqual(fromTaken.port, port);
	probe.close();
	await once(probe, "close");
	const own = new net.UDP({ port, target: undefined, onReadable() {} });
	own.write(new Uint8Array(1), "127.0.0.1", peer.address().port);
	// What was written leaves although the socket is closed at once.
	own.close();
	const [, fromOwn] = await once(peer, "message");
	assert.equal(fromOwn.port, port);
	taken.close();
	peer.close();
});

test("wrong arguments throw", () => {
	const options = { target: undefined, onReadable() {} };
	assert.throws(() => new net.UDP({ ...options, port: 65536 }), /invalid port/);
	assert.throws(() => new net.UDP({ ...options, port: -1 }), /invalid port/);
	assert.throws(() => new net.UDP({ ...options, onReadable: 1 as never }), /not a function/);
	const socket = new net.UDP(options);
	for (const address of ["localhost", "fe80::1", "1.2.3", "1.2.3.256", ""]) {
		assert.throws(() => socket.write(new Uint8Array(1), address, 9), /invalid IP address/, address);
	}
	socket.close();
});

test("the access point's name server answers with what the machine resolves", async () => {
	const { got, onReadable } = receiver();
	const socket = new net.UDP({ target: undefined, onReadable });
	const question = "12340100000100000000000009" + "6c6f63616c686f7374" + "0000010001";
	socket.write(Buffer.from(question, "hex"), "192.168.4.1", 53);
	const [answer] = await got;
	assert.equal(answer?.address, "192.168.4.1");
	assert.equal(answer?.port, 53);
	const bytes = Buffer.from(answer as ArrayBuffer);
	assert.equal(bytes.readUInt16BE(0), 0x1234);
	assert.deepEqual([...bytes.subarray(-4)], [127, 0, 0, 1]);
	socket.close();
});

test("without an address nothing can be sent", async () => {
	const accessPoint = new AccessPoint();
	const { board } = makeBoard({ name: "lonely", accessPoint });
	const lonely = powerOn(board, await buildProgram("test/support/net-program.ts")) as NetProgram;
	const socket = new lonely.UDP({ target: undefined, onReadable() {} });
	assert.throws(() => socket.write(new Uint8Array(1), "127.0.0.1", 9), /UDP send failed/);
	board.powerOff();
});
