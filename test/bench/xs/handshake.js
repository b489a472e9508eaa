/**
 * TLS connections one after the other, by the firmware's client. Prints `round MILLISECONDS` for
 * each, from the call that opens it to when data may be written, then `end`.
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

function open(left) {
	let start = Time.ticks;
	const socket = openTls({
		TLSSocket,
		TCP,
		address: "127.0.0.1",
		port,
		host: "localhost",
		identity: { authorities: [authority], certificate, key },
		nowMs: Date.now(),
		target: {
			socketConnected() {},
			socketReadable() {},
			socketWritable() {
				if (start === undefined) return;
				trace(`round ${Time.delta(start, Time.ticks)}\n`);
				start = undefined;
				Timer.set(() => {
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
