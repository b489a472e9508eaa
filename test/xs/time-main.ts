/**
 * Sets a clock on XS, with the SDK's own timer, time and UDP: names by NameResolver, time by
 * TimeKeeper. mc/config has `dns` ("address:port") and `ntp` ("name:port name:port …"). Prints how far
 * the clock is from the machine's, which Date tells on Linux, and what it says that it is at most.
 */

import UDP from "embedded:io/socket/udp";
import config from "mc/config";
import Time from "time";
import Timer from "timer";
import { Clock } from "../../firmware/net/clock";
import { NameResolver } from "../../firmware/net/dns";
import { TimeKeeper } from "../../firmware/net/timekeeper";
import type { UdpConstructor } from "../../firmware/net/udp";

const values = config as Record<string, string>;
const clock = new Clock();
const options = {
	// The SDK types a datagram without its address.
	UDP: UDP as unknown as UdpConstructor,
	nameServers: () => [values.dns],
	random: Math.random,
};
const resolver = new NameResolver(options);

class Names {
	constructor(hosts: string[]) {
		for (const host of hosts) resolver.resolve(host, { host }, printName);
	}
}

function printName(this: { host: string }, reason: string, addresses: readonly string[]): void {
	trace(`name ${this.host}: ${reason === "" ? addresses.join(" ") : reason}\n`);
}

function compare(this: Clock): void {
	const ticks = Time.ticks | 0;
	const missMs = this.unixMs(ticks) - Date.now();
	trace(
		`miss ${missMs} bound ${this.errorBoundMs(ticks)} at ${new Date(this.unixMs(ticks)).toISOString()}\n`,
	);
}

new Names(["localhost", "two.test", "alias.test", "none.test", "bad.test", "192.0.2.9"]);
const keeper = new TimeKeeper(
	{ ...options, resolver, servers: values.ntp.split(" "), clock },
	{ handleClockSet: () => compare.call(clock) },
);
keeper.start();
Timer.repeat(() => compare.call(clock), 500);
