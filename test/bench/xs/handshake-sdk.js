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

function open(left) {
	let start = Time.ticks;
	const socket = new TLSSocket({
		address: "127.0.0.1",
		port,
		host: "localhost",
		nodelay: true,
		TCP: { io: TCP },
		secure: {
			serverName: "localhost",
			certificate: authority,
			clientCertificates: certificate === undefined ? undefined : [certificate],
			clientKey: key,
			cache: config.cache === "yes",
		},
		onWritable() {
			if (start === undefined) return;
			trace(`round ${Time.delta(start, Time.ticks)}\n`);
			start = undefined;
			Timer.set(() => {
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
