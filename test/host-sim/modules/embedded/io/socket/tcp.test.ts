/** The stand-in for the TCP socket against a real server: what the SDK's socket on a board does. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { create } from "../../../../../../host-sim/modules/embedded/io/socket/tcp";
import { LiveNetwork } from "../../../../../../host-sim/world/network";

interface TcpSocket {
	target: unknown;
	format: string;
	read(want?: number | Uint8Array | ArrayBuffer): ArrayBuffer | number | undefined;
	write(value: Uint8Array | ArrayBuffer | number): number | undefined;
	close(): void;
}
interface TcpModule {
	default: new (options: Record<string, unknown>) => TcpSocket;
}

const SEND_BYTES = 100;
const RECEIVE_BYTES = 50;
const ends = new Set<() => void>();
const errors: unknown[] = [];
const network = new LiveNetwork({ sendBytes: SEND_BYTES, receiveBytes: RECEIVE_BYTES });
const { default: TCP } = create({
	network,
	own(end) {
		ends.add(end);
		return () => ends.delete(end);
	},
	run(callback) {
		try {
			callback();
		} catch (error) {
			errors.push(error);
		}
	},
}) as TcpModule;

let server: Server;
let port = 0;
/** The server's end of each connection, in order. */
let accepted: Promise<Socket>;

before(async () => {
	server = createServer({ allowHalfOpen: true }).listen(0, "127.0.0.1");
	await once(server, "listening");
	port = (server.address() as AddressInfo).port;
});

after(async () => {
	server.close();
	await network.close();
	assert.deepEqual(errors, [], "no callback threw");
	assert.equal(ends.size, 0, "each socket was forgotten by the board");
});

/** A connected socket whose events go into a list; and the server's end of it. */
async function connect(more: Record<string, unknown> = {}) {
	const events: string[] = [];
	accepted = once(server, "connection").then(([socket]) => socket as Socket);
	const socket = new TCP({
		address: "127.0.0.1",
		port,
		onReadable: (count: number) => events.push(`readable ${count}`),
		onWritable: (count: number) => events.push(`writable ${count}`),
		onError: () => events.push("error"),
		...more,
	});
	assert.equal(events.length, 0, "nothing is called from inside the constructor");
	const peer = await accepted;
	peer.on("error", () => undefined);
	if (more.onWritable === undefined) await until(() => events.length > 0);
	return { socket, events, peer };
}

async function until(condition: () => boolean, what = "what was waited for"): Promise<void> {
	for (let i = 0; !condition(); i++) {
		assert.ok(i < 400, `${what} did not come`);
		await new Promise((resolve) => setTimeout(resolve, 5));
	}
}

function text(bytes: ArrayBuffer | number | undefined): string {
	return Buffer.from(bytes as ArrayBuffer).toString();
}

test("connects, writes and reads; all of it, some of it, into a buffer", async () => {
	const { socket, events, peer } = await connect();
	assert.deepEqual(events, [`writable ${SEND_BYTES}`]);
	assert.equal(socket.write(Buffer.from("hello")), SEND_BYTES - 5);
	const [got] = (await once(peer, "data")) as [Buffer];
	assert.equal(got.toString(), "hello");
	peer.write("0123456789");
	await until(() => events.includes("readable 10"), "onReadable(10)");
	assert.equal(text(socket.read(4)), "0123");
	const buffer = new Uint8Array(3);
	assert.equal(socket.read(buffer), 3);
	assert.equal(Buffer.from(buffer).toString(), "456");
	assert.throws(() => socket.read(4), /invalid/, "more than there is");
	assert.throws(() => socket.read(new Uint8Array(4)), /invalid/);
	assert.equal(text(socket.read()), "789");
	assert.equal(socket.read(), undefined);
	socket.close();
	peer.end();
});

test("power-off: nothing of it is told, though the next life has begun", async () => {
	const { events, peer } = await connect();
	peer.resume();
	events.length = 0;
	for (const end of ends) end();
	ends.clear();
	peer.once("end", () => peer.end());
	// Until the connection has said that it has closed.
	await network.close();
	assert.deepEqual(events, []);
});

test("write throws beyond the send buffer, and onWritable tells of room again", async () => {
	const { socket, events, peer } = await connect();
	assert.throws(() => socket.write(new Uint8Array(SEND_BYTES + 1)), /would block/);
	assert.equal(socket.write(new Uint8Array(SEND_BYTES)), 0);
	assert.throws(() => socket.write(new Uint8Array(1)), /would block/);
	events.length = 0;
	peer.resume();
	await until(() => events.includes(`writable ${SEND_BYTES}`), "room again");
	socket.close();
	peer.end();
});

test("keeps no more than its receive buffer; the rest waits in the network", async () => {
	const { socket, events, peer } = await connect();
	peer.write(Buffer.alloc(4 * RECEIVE_BYTES, "x"));
	await until(() => events.includes(`readable ${RECEIVE_BYTES}`), "a full buffer");
	let total = 0;
	while (total < 4 * RECEIVE_BYTES) {
		await until(() => events.some((event) => event.startsWith("readable")), "more");
		events.length = 0;
		const bytes = socket.read() as ArrayBuffer | undefined;
		assert.ok((bytes?.byteLength ?? 0) <= RECEIVE_BYTES);
		total += bytes?.byteLength ?? 0;
	}
	assert.equal(total, 4 * RECEIVE_BYTES);
	socket.close();
	peer.end();
});

test("the other side's end is an error, after what came before it was read", async () => {
	const { socket, events, peer } = await connect();
	peer.end("bye");
	await until(() => events.includes("readable 3"), "the last bytes");
	await new Promise((resolve) => setTimeout(resolve, 20));
	assert.ok(!events.includes("error"), "not yet");
	assert.equal(text(socket.read()), "bye");
	await until(() => events.includes("error"), "the error");
	assert.throws(() => socket.write(new Uint8Array(1)), /not ready/);
	await new Promise((resolve) => setTimeout(resolve, 20));
	assert.equal(events.filter((event) => event === "error").length, 1, "told once");
	socket.close();
});

test("a reset is an error", async () => {
	const { socket, events, peer } = await connect();
	peer.resetAndDestroy();
	await until(() => events.includes("error"), "the error");
	socket.close();
});

test("nobody listens: an error, and nothing else", async () => {
	const closed = createServer().listen(0, "127.0.0.1");
	await once(closed, "listening");
	const { port: nobody } = closed.address() as AddressInfo;
	closed.close();
	await once(closed, "close");
	const events: string[] = [];
	const socket = new TCP({
		address: "127.0.0.1",
		port: nobody,
		onWritable: () => events.push("writable"),
		onError: () => events.push("error"),
	});
	await until(() => events.length > 0);
	assert.deepEqual(events, ["error"]);
	socket.close();
});

test("close lets out what was written, and nothing is called after it", {
	timeout: 5_000,
}, async () => {
	const { socket, events, peer } = await connect();
	const received: Buffer[] = [];
	let reset = false;
	peer.once("error", () => {
		reset = true;
	});
	peer.on("data", (bytes: Buffer) => received.push(bytes));
	socket.write(Buffer.from("last words"));
	socket.close();
	events.length = 0;
	peer.write("too late");
	await once(peer, "end");
	for (let i = 0; i < 2; i++) {
		await new Promise((resolve) => setTimeout(resolve, 10));
		peer.write("later still");
	}
	assert.equal(Buffer.concat(received).toString(), "last words");
	peer.end();
	await once(peer, "close");
	assert.equal(reset, false, "what came too late was thrown away, not answered with a reset");
	assert.deepEqual(events, []);
	assert.throws(() => socket.write(new Uint8Array(1)), TypeError);
	assert.throws(() => socket.read(), TypeError);
	socket.close();
});

test("a close while connecting leaves nothing behind", async () => {
	const seen = once(server, "connection");
	const socket = new TCP({ address: "127.0.0.1", port, onError: () => assert.fail("called") });
	socket.close();
	// Whether the kernel was faster is open; if it was, the connection ends.
	const peer = await Promise.race([seen, new Promise((resolve) => setTimeout(resolve, 30))]);
	if (Array.isArray(peer)) (peer[0] as Socket).on("error", () => undefined).destroy();
});

test("callbacks get the socket as this, with target, and may close it", async () => {
	const target = { calls: [] as string[] };
	const { socket, peer } = await connect({
		target,
		onWritable(this: TcpSocket, count: number) {
			(this.target as typeof target).calls.push(`writable ${count}`);
		},
		onReadable(this: TcpSocket) {
			(this.target as typeof target).calls.push("readable");
			this.close();
		},
		onError: () => target.calls.push("error"),
		format: "buffer",
	});
	peer.end("x");
	await until(() => target.calls.includes("readable"));
	await new Promise((resolve) => setTimeout(resolve, 20));
	assert.deepEqual(target.calls, [`writable ${SEND_BYTES}`, "readable"]);
	assert.equal(socket.target, target);
});

test("format number: a byte at a time", async () => {
	const { socket, events, peer } = await connect({ format: "number" });
	assert.equal(socket.format, "number");
	socket.write(0x41);
	assert.equal(String(((await once(peer, "data")) as [Buffer])[0]), "A");
	peer.write("BC");
	await until(() => events.includes("readable 2"));
	assert.equal(socket.read(), 0x42);
	socket.format = "buffer";
	assert.equal(text(socket.read()), "C");
	socket.close();
	peer.end();
});

test("wrong options are refused as the SDK does", () => {
	const wrong: [Record<string, unknown>, RegExp][] = [
		[{ address: "localhost", port }, /invalid address/],
		[{ address: "::1", port }, /invalid address/],
		[{ address: "127.0.0.1" }, /invalid/],
		[{ address: "127.0.0.1", port: 65536 }, /invalid port/],
		[{ address: "127.0.0.1", port, format: "string" }, /unimplemented/],
		[{ address: "127.0.0.1", port, onReadable: 1 }, /not a function/],
	];
	for (const [options, reason] of wrong) assert.throws(() => new TCP(options), reason);
});
