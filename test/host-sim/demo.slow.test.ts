/** The demo's timeline as a user sees it, against the embedded broker. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { startSimulator } from "../support/simulator";

test("the demo connects after 30 s and receives its own tests, at QoS 0 too", async () => {
	const startMs = Date.now();
	const simulator = await startSimulator("start", "--profile", "demo");
	await simulator.until(/mqtt: connected/, 45_000);
	assert.ok(Date.now() - startMs >= 29_000, "MQTT starts 30 s after power-on");
	for (const qos of [0, 1, 2]) {
		await simulator.until(new RegExp(`demo: async-mqtt/ESP8266_Pub at QoS ${qos}, 5 bytes`));
	}
	assert.match(simulator.out(), /mosquitto_sub .* -t 'async-mqtt\/#'/);
	simulator.kill("SIGINT");
	assert.equal(await simulator.ended(), 0);
});
