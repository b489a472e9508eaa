/** The same over the SDK's own TLSSocket, which checks the broker's certificate. */

import Resource from "Resource";
import TCP from "embedded:io/socket/tcp";
import TLSSocket from "embedded:io/socket/tcp/tls";
import UDP from "embedded:io/socket/udp";
import Resolver from "embedded:network/dns/resolver/udp";
import MQTTClient from "embedded:network/mqtt/client";
import config from "mc/config";

new MQTTClient({
	dns: { io: Resolver, servers: ["127.0.0.1"], socket: { io: UDP } },
	socket: {
		io: TLSSocket,
		TCP: { io: TCP },
		secure: { serverName: "localhost", certificate: new Resource("authority.der") },
	},
	host: "127.0.0.1",
	port: Number(config.port),
	id: "peer",
	onControl(message) {
		if (message.operation === MQTTClient.CONNACK) {
			const items = [{ topic: "a/b", QoS: 1 }];
			this.write(null, { operation: MQTTClient.SUBSCRIBE, items });
		}
		if (message.operation === MQTTClient.SUBACK) trace("ready\n");
	},
});
