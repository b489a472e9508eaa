/** The engine and the link on plain TCP, connected, with one subscription at QoS 2 and at rest. */

import TCP from "embedded:io/socket/tcp";
import config from "mc/config";
import Timer from "timer";
import { Event, Session } from "../../../firmware/mqtt/session";
import { Link } from "../../../firmware/net/link";

const SETTLE_MS = 500;

const session = new Session({
	clientId: "rest",
	cleanSession: true,
	keepAliveSeconds: 60,
	window: 8,
	arenaBytes: 1024,
	transmitBytes: 512,
});

const owner = {
	handleLinkEvent(event: number): void {
		if (event === Event.Connected) session.subscribe([{ topic: "a/b", qos: 2 }], 0);
		if (event === Event.Subscribed) session.publish("a/b", "hello", 2, false, 0);
		if (event === Event.Message) session.acknowledge(session.message.handle, 0);
		if (event === Event.Published) Timer.set(() => trace("ready\n"), SETTLE_MS);
	},
	handleLinkDown(step: string, reason: string): void {
		trace(`down: ${step}: ${reason}\n`);
	},
	certificateTimeMs: () => 0,
};

const link = new Link({
	session,
	host: "127.0.0.1",
	port: Number(config.port),
	tls: undefined,
	TCP,
	TLSSocket: undefined,
	resolver: {
		resolve: (host, target, done) => void Timer.set(() => done.call(target, "", [host])),
		cancel: () => undefined,
	},
	owner,
	stepTimeoutMs: 30_000,
});
link.open();
