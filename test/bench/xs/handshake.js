/**
 * TLS connections one after the other, by the firmware's client. Prints `round MILLISECONDS` for
 * each: what was computed from the first byte to when data may be written; then `end`.
 */

import Resource from "Resource";
import TCP from "embedded:io/socket/tcp";
import TLSSocket from "embedded:io/socket/tcp/tls";
import { openTls } from "firmware/net/tls-guard";
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
	const socket = openTls({
		TLSSocket,
		TCP: TimedTCP,
		address: "127.0.0.1",
		port,
		host: "localhost",
		identity: { authorities: [authority], certificate, key },
		nowMs: Date.now(),
		target: {
			socketConnected() {},
			socketReadable() {},
			socketWritable() {
				if (isOpen) return;
				isOpen = true;
				Timer.set(() => {
					trace(`round ${busyMs}\n`);
					socket.close();
					if (left > 1) Timer.set(() => open(left - 1), PAUSE_MS);
					else trace("end\n");
				});
			},
			socketError(reason) {
				trace(`failed: ${reason}\n`);
			},
		},
	});
}
