/**
 * Composition root: the only module that names the platform's modules, and the only one that is
 * not preloaded. Everything else happens in boot.ts.
 */

import Digital from "embedded:io/digital";
import TCP from "embedded:io/socket/tcp";
import TLSSocket from "embedded:io/socket/tcp/tls";
import UDP from "embedded:io/socket/udp";
import WiFi from "embedded:network/interface/wifi";
import board from "board" with { type: "json" };
import credentials from "credentials";
import config from "mc/config";
import Modules from "modules";
import Net from "net";
import chip from "platform/chip";
import Preference from "preference";
import secrets from "secrets" with { type: "json" };
import site from "site" with { type: "json" };
import { boot, type Platform } from "./boot";

/** Ends the node: good-bye to the broker, then `done`. For the simulator and for tests. */
export const stop = boot({
	site,
	secrets,
	board,
	config,
	identity: credentials(),
	WiFi,
	TCP,
	TLSSocket,
	// The SDK types a datagram without its address.
	UDP: UDP as unknown as Platform["UDP"],
	// The SDK types a callback's `this` as the pin alone, without its target.
	Digital: Digital as unknown as Platform["Digital"],
	modules: Modules,
	Preference,
	chip,
	nameServers: () => Net.get("DNS") ?? [],
});
