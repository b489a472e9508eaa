/** The same over the SDK's own TLS, which checks the broker's certificate. */

import Resource from "Resource";
import config from "mc/config";
import Client from "mqtt";
import SecureSocket from "securesocket";

const client = new Client({
	host: "localhost",
	port: Number(config.port),
	id: "peer",
	timeout: 60_000,
	Socket: SecureSocket,
	secure: { protocolVersion: 0x303, certificate: new Resource("authority.der") },
});
client.onReady = function () {
	this.subscribe("a/b");
	this.publish("a/b", "hello");
};
client.onMessage = () => trace("ready\n");
