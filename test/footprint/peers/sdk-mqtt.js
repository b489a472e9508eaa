/** The SDK's mqtt module (QoS 0), connected, one subscription, one message received. */

import config from "mc/config";
import Client from "mqtt";

const client = new Client({ host: "127.0.0.1", port: Number(config.port), id: "peer" });
client.onReady = function () {
	this.subscribe("a/b");
	this.publish("a/b", "hello");
};
client.onMessage = () => trace("ready\n");
