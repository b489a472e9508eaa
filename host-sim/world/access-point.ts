/**
 * The air around the boards: Wi-Fi networks that may come, go, change their password or stop
 * giving addresses, and the name server of those that do. Always holds: a change is told to every
 * station at once. Must not know how a board joins: station.ts does.
 */

import { NameServer } from "./name-server";

export interface AirNetwork {
	readonly ssid: string;
	/** "": open. */
	password: string;
	/** dBm */
	rssi: number;
	channel: number;
	/** In reach and answering. */
	isPresent: boolean;
	/** Joins without being shown by name in a scan. */
	isHidden: boolean;
	/** Has a DHCP server that answers. */
	givesAddress: boolean;
}

export interface AccessPointOptions {
	readonly networks?: readonly (Partial<AirNetwork> & { readonly ssid: string })[];
	/** Missing: answers with what the machine resolves. */
	readonly nameServer?: NameServer;
	/** How long things take, on average less than on a real board. */
	readonly timing?: Partial<AirTiming>;
	/** Like an ESP8266: a station goes on trying until it is told to disconnect. */
	readonly rejoins?: boolean;
}

/** Milliseconds from connect() or scan(). */
export interface AirTiming {
	scanMs: number;
	joinMs: number;
	/** From joined to addressed. */
	addressMs: number;
	/** Until a wrong password is refused. */
	refuseMs: number;
	/** Until it is sure that a network is not there. */
	absentMs: number;
	/** From disconnect() to the event it causes. */
	leaveMs: number;
}

const TIMING: AirTiming = Object.freeze({
	scanMs: 300,
	joinMs: 150,
	addressMs: 100,
	refuseMs: 800,
	absentMs: 600,
	leaveMs: 30,
});

/** The gateway, which is the name server too. */
export const GATEWAY_ADDRESS = "192.168.4.1";
const FIRST_HOST = 2;

export class AccessPoint {
	readonly nameServer: NameServer;
	readonly timing: AirTiming;
	readonly rejoins: boolean;
	private readonly networks = new Map<string, AirNetwork>();
	private readonly listeners = new Set<() => void>();
	private readonly leases = new Map<string, string>();

	constructor(options: AccessPointOptions = {}) {
		this.nameServer = options.nameServer ?? new NameServer();
		this.timing = { ...TIMING, ...options.timing };
		this.rejoins = options.rejoins ?? false;
		for (const { ssid, ...rest } of options.networks ?? []) this.set(ssid, rest);
	}

	/** Adds a network, or changes one. */
	set(ssid: string, changes: Partial<Omit<AirNetwork, "ssid">>): void {
		const network = this.networks.get(ssid) ?? {
			ssid,
			password: "",
			rssi: -60,
			channel: 6,
			isPresent: true,
			isHidden: false,
			givesAddress: true,
		};
		this.networks.set(ssid, Object.assign(network, changes));
		for (const listener of [...this.listeners]) listener();
	}

	/** A network in reach, by name. */
	find(ssid: string): AirNetwork | undefined {
		const network = this.networks.get(ssid);
		return network?.isPresent ? network : undefined;
	}

	/** What a scan sees; hidden networks have no name. */
	scan(): { ssid: string; rssi: number; channel: number; isOpen: boolean }[] {
		const present = [...this.networks.values()].filter((network) => network.isPresent);
		return present.map(({ ssid, rssi, channel, password, isHidden }) => {
			return { ssid: isHidden ? "" : ssid, rssi, channel, isOpen: password === "" };
		});
	}

	/** Calls `listener` after each change; returns what ends that. */
	watch(listener: () => void): () => void {
		this.listeners.add(listener);
		return () => this.listeners.delete(listener);
	}

	/** The address for a station, always the same for the same MAC address. */
	lease(mac: string): string {
		let address = this.leases.get(mac);
		if (address === undefined) {
			address = GATEWAY_ADDRESS.replace(/\d+$/, String(FIRST_HOST + this.leases.size));
			this.leases.set(mac, address);
		}
		return address;
	}
}
