/**
 * What is measured, and how much of a board's 32,768 bytes each may take. Data only.
 */

import type { Security } from "./stage";

/** The block that the manifest gives the whole machine on an ESP8266. */
export const BLOCK_BYTES = 32_768;
/** XS's stack must be larger than the deepest use seen by this much. */
export const STACK_RESERVE_BYTES = 256;

/** What may be mapped into an ESP8266's memory: with it, boards with 1 MB take certificates, too. */
export const IROM0_BYTES = 984_000;
/** The same, built with -d: the linker takes 1,044,464, certificates have to fit in. */
export const IROM0_DEBUG_BYTES = 1_038_000;
/** main.bin has to end below: the preferences begin there (firmware/defaults/esp8266-4m.ld). */
export const BIN_BYTES = 1_110_016;

/** A relay alone; or a relay, a light, two sensors and a button, told to Home Assistant. */
export type SiteName = "relay" | "house";

export interface Configuration {
	readonly name: string;
	readonly what: string;
	readonly security: Security;
	readonly site: SiteName;
	readonly debug: boolean;
	/** Slots, chunks and stack together, at the most that they grow to. */
	readonly budgetBytes: number;
}

/** Time, relay, diag. */
const TODAY_BYTES = 26_880;
/** With all kinds of entities and discovery. */
const HOUSE_BYTES = 29_952;
/** With all that is still to come. */
const FULL_BYTES = 30_976;

export const CONFIGURATIONS: readonly Configuration[] = [
	{
		name: "mutual",
		what: "client certificate, ECDSA broker",
		security: "mutual-ec",
		site: "relay",
		debug: false,
		budgetBytes: TODAY_BYTES,
	},
	{
		name: "mutual-debug",
		what: "the same, built with -d",
		security: "mutual-ec",
		site: "relay",
		debug: true,
		budgetBytes: TODAY_BYTES,
	},
	{
		name: "house",
		what: "as mutual, with a relay, a light, two sensors, a button, and discovery",
		security: "mutual-ec",
		site: "house",
		debug: false,
		budgetBytes: HOUSE_BYTES,
	},
	{
		name: "house-debug",
		what: "the same, built with -d",
		security: "mutual-ec",
		site: "house",
		debug: true,
		budgetBytes: HOUSE_BYTES,
	},
	{
		name: "mutual-rsa",
		what: "client certificate, RSA broker",
		security: "mutual-rsa",
		site: "relay",
		debug: false,
		budgetBytes: FULL_BYTES,
	},
	{
		name: "mutual-public",
		what: "client certificate, RSA broker under a public CA: root of RSA 4,096, one intermediate",
		security: "mutual-public",
		site: "relay",
		debug: false,
		budgetBytes: FULL_BYTES,
	},
	{
		name: "mutual-public-long",
		what: "the same with a second root of RSA 4,096 between, as Let's Encrypt's of 2026",
		security: "mutual-public-long",
		site: "relay",
		debug: false,
		budgetBytes: BLOCK_BYTES,
	},
	{
		name: "tls",
		what: "no client certificate, ECDSA broker",
		security: "tls-ec",
		site: "relay",
		debug: false,
		budgetBytes: TODAY_BYTES,
	},
	{
		name: "plain",
		what: "no TLS",
		security: "plain",
		site: "relay",
		debug: false,
		budgetBytes: TODAY_BYTES,
	},
];

export interface Peer {
	/** Of a file in peers/. */
	readonly name: string;
	readonly what: string;
	readonly security: Security;
	/** Manifests of the SDK's. */
	readonly includes: readonly string[];
}

const MQTT = "$(MODULES)/network/mqtt/manifest.json";
const ECMA_419 = "$(MODDABLE)/examples/io/tcp/mqttclient/manifest_mqttclient.json";

/** The SDK's own modules, each in the smallest program that connects and subscribes. */
export const PEERS: readonly Peer[] = [
	{ name: "nothing", what: "XS and a timer", security: "plain", includes: [] },
	{ name: "sdk-mqtt", what: "SDK's mqtt, QoS 0", security: "plain", includes: [MQTT] },
	{
		name: "sdk-mqtt-tls",
		what: "SDK's mqtt over its TLS, no client certificate",
		security: "tls-ec",
		includes: [MQTT, "$(MODDABLE)/modules/crypt/tls.json"],
	},
	{ name: "ecma-419", what: "SDK's ECMA-419 client", security: "plain", includes: [ECMA_419] },
	{
		name: "ecma-419-tls",
		what: "SDK's ECMA-419 client over its TLS, no client certificate",
		security: "tls-ec",
		includes: [
			ECMA_419,
			"$(MODDABLE)/modules/crypt/tls_419.json",
			"$(MODDABLE)/examples/io/tcp/tlssocket/manifest.json",
		],
	},
];
