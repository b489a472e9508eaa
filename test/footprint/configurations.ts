/**
 * What is measured, and how much of a board's 32,768 bytes each may take. Data only.
 */

import type { Security } from "./stage";

/** The block that the manifest gives the whole machine on an ESP8266. */
export const BLOCK_BYTES = 32_768;
/** XS's stack must be larger than the deepest use seen by this much. */
export const STACK_RESERVE_BYTES = 256;

export interface Configuration {
	readonly name: string;
	readonly what: string;
	readonly security: Security;
	readonly debug: boolean;
	/** Slots, chunks and stack together, at the most that they grow to. */
	readonly budgetBytes: number;
}

/** What the firmware does today: time, relay, diag. */
const TODAY_BYTES = 26_880;
/** With all that is still to come. */
const FULL_BYTES = 30_976;

export const CONFIGURATIONS: readonly Configuration[] = [
	{
		name: "mutual",
		what: "client certificate, ECDSA broker",
		security: "mutual-ec",
		debug: false,
		budgetBytes: TODAY_BYTES,
	},
	{
		name: "mutual-debug",
		what: "the same, built with -d",
		security: "mutual-ec",
		debug: true,
		budgetBytes: TODAY_BYTES,
	},
	{
		name: "mutual-rsa",
		what: "client certificate, RSA broker",
		security: "mutual-rsa",
		debug: false,
		budgetBytes: FULL_BYTES,
	},
	{
		name: "tls",
		what: "no client certificate, ECDSA broker",
		security: "tls-ec",
		debug: false,
		budgetBytes: TODAY_BYTES,
	},
	{
		name: "plain",
		what: "no TLS",
		security: "plain",
		debug: false,
		budgetBytes: TODAY_BYTES,
	},
];

export interface Peer {
	readonly name: string;
	readonly what: string;
	readonly source: string;
	readonly includes: readonly string[];
}

/** The SDK's own modules, each in the smallest program that does the same. */
export const PEERS: readonly Peer[] = [
	{
		name: "nothing",
		what: "an empty program with a timer",
		source: `import Timer from "timer";
trace("ready\\n");
Timer.repeat(() => {}, 1000);
`,
		includes: [],
	},
	{
		name: "sdk-mqtt",
		what: "the SDK's mqtt module, QoS 0",
		source: `import Client from "mqtt";
import config from "mc/config";
const client = new Client({ host: "127.0.0.1", port: Number(config.port), id: "peer" });
client.onReady = function () {
	this.subscribe("a/b");
	this.publish("a/b", "hello");
};
client.onMessage = () => trace("ready\\n");
`,
		includes: ["$(MODULES)/network/mqtt/manifest.json"],
	},
];
