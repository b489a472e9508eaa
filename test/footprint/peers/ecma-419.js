/** The SDK's ECMA-419 MQTT client, connected, one subscription at QoS 1. */

import TCP from "embedded:io/socket/tcp";
import UDP from "embedded:io/socket/udp";
import Resolver from "embedded:network/dns/resolver/udp";
import MQTTClient from "embedded:network/mqtt/client";
import config from "mc/config";

new MQTTClient({
	dns: { io: Resolver, servers: ["127.0.0.1"], socket: { io: UDP } },
	socket: { io: TCP },
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
