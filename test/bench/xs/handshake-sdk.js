/** The same by the SDK's TLSSocket with its own session and certificate manager. */

import Resource from "Resource";
import TCP from "embedded:io/socket/tcp";
import TLSSocket from "embedded:io/socket/tcp/tls";
import config from "mc/config";
import Time from "time";
import Timer from "timer";

const PAUSE_MS = 50;

const find = (name) => (Resource.exists(name) ? new Resource(name) : undefined);
let authority;
let certificate;
let key;
let port;

/** The runner tells which broker: a digit on its own connection. */
new TCP({
	address: "127.0.0.1",
	port: Number(config.control),
	onReadable() {
		const which = this.read(1);
		const digit = String.fromArrayBuffer(which);
		this.close();
		authority = new Resource(`authority-${digit}.der`);
		certificate = find(`certificate-${digit}.der`);
		key = find(`key-${digit}.der`);
		port = Number(config.ports.split(",")[digit]);
		open(Number(config.count));
	},
});

/** Adds up the time in callbacks: the socket itself looks for bytes every 20 ms only. */
class TimedTCP extends TCP {
	constructor(options) {
		const { onReadable, onWritable } = options;
		super({
			...options,
			onReadable(count) {
				const start = Time.ticks;
				onReadable.call(this, count);
				busyMs += Time.delta(start, Time.ticks);
			},
			onWritable(count) {
				const start = Time.ticks;
				onWritable.call(this, count);
				busyMs += Time.delta(start, Time.ticks);
			},
		});
	}
}
let busyMs = 0;

function open(left) {
	let isOpen = false;
	busyMs = 0;
	const socket = new TLSSocket({
		address: "127.0.0.1",
		port,
		host: "localhost",
		nodelay: true,
		TCP: { io: TimedTCP },
		secure: {
			serverName: "localhost",
			certificate: authority,
			clientCertificates: certificate === undefined ? undefined : [certificate],
			clientKey: key,
			cache: config.cache === "yes",
		},
		onWritable() {
			if (isOpen) return;
			isOpen = true;
			Timer.set(() => {
				trace(`round ${busyMs}\n`);
				socket.close();
				if (left > 1) Timer.set(() => open(left - 1), PAUSE_MS);
				else trace("end\n");
			});
		},
		onError() {
			trace("failed\n");
		},
	});
}
