/**
 * The Wi-Fi radio of one board, as the SDK's C code finds it: joins, is thrown out, gets an
 * address, and says so by three events, each in a turn of its own. Always holds: what was asked
 * last counts; disconnect() causes an event too, a little later. Must not know the SDK's class.
 */

import { createHash } from "node:crypto";
import { type AccessPoint, type AirNetwork, GATEWAY_ADDRESS } from "./access-point";
import type { Board } from "./board";

/** As on the ESP8266; the ESP32's names differ, their meaning does not. */
export type StationEvent = "connected" | "disconnected" | "got address";

type Radio = Pick<Board, "name" | "accessPoint" | "setTimer" | "own">;

const stations = new WeakMap<Radio, Station>();

/** The board's radio: one, however many modules ask for it. Anew after each power-on. */
export function stationOf(board: Radio): Station {
	let station = stations.get(board);
	if (station === undefined) {
		station = new Station(board);
		stations.set(board, station);
		board.own(() => stations.delete(board));
	}
	return station;
}

export class Station {
	/** "02:xx:xx:xx:xx:xx", locally administered, from the board's name. */
	readonly mac: string;
	/** Receives events; each listener in the order of its coming. */
	readonly listeners = new Set<(event: StationEvent) => void>();
	private readonly board: Radio;
	private readonly air: AccessPoint;
	private wanted: { ssid: string; password: string } | undefined;
	private isJoined = false;
	private isTrying = false;
	private leased = "";
	private cancelStep: () => void = () => undefined;

	constructor(board: Radio) {
		this.board = board;
		this.air = board.accessPoint;
		const hash = createHash("sha1").update(board.name).digest("hex");
		this.mac = `02:${(hash.slice(0, 10).match(/../g) ?? []).join(":")}`;
		const unwatch = this.air.watch(() => this.look());
		board.own(() => {
			unwatch();
			this.listeners.clear();
		});
	}

	/** The network joined. */
	get network(): AirNetwork | undefined {
		return this.isJoined && this.wanted ? this.air.find(this.wanted.ssid) : undefined;
	}

	/** "" while there is none. */
	get address(): string {
		return this.leased;
	}

	/** Name servers told by DHCP. */
	get nameServers(): string[] {
		return this.leased === "" ? [] : [GATEWAY_ADDRESS];
	}

	get isBusy(): boolean {
		return this.isTrying;
	}

	/** While joined, only the configuration changes: so it is on the boards. */
	connect(ssid: string, password: string): void {
		this.wanted = { ssid, password };
		if (!this.isJoined) this.tryToJoin();
	}

	disconnect(): void {
		const wasActive = this.isJoined || this.isTrying;
		this.wanted = undefined;
		this.leave();
		if (wasActive) this.board.setTimer(() => this.emit("disconnected"), this.air.timing.leaveMs);
	}

	private tryToJoin(): void {
		const { timing } = this.air;
		this.isTrying = true;
		const network = this.wanted && this.air.find(this.wanted.ssid);
		if (network === undefined) this.after(timing.absentMs, () => this.refuse());
		else if (network.password !== this.wanted?.password) {
			this.after(timing.refuseMs, () => this.refuse());
		} else {
			this.after(timing.joinMs, () => this.join());
		}
	}

	private join(): void {
		const network = this.wanted && this.air.find(this.wanted.ssid);
		if (network === undefined || network.password !== this.wanted?.password) {
			this.refuse();
			return;
		}
		this.isTrying = false;
		this.isJoined = true;
		this.emit("connected");
		this.after(this.air.timing.addressMs, () => this.takeAddress());
	}

	private takeAddress(): void {
		if (!this.network?.givesAddress || this.leased !== "") return;
		this.leased = this.air.lease(this.mac);
		this.emit("got address");
	}

	private refuse(): void {
		this.leave();
		this.emit("disconnected");
		if (this.air.rejoins && this.wanted !== undefined) this.after(1000, () => this.tryToJoin());
	}

	/** The air changed. */
	private look(): void {
		if (!this.isJoined) return;
		const { network } = this;
		if (network === undefined || network.password !== this.wanted?.password) this.refuse();
		else this.after(this.air.timing.addressMs, () => this.takeAddress());
	}

	private leave(): void {
		this.cancelStep();
		this.isJoined = false;
		this.isTrying = false;
		this.leased = "";
	}

	private after(delayMs: number, step: () => void): void {
		this.cancelStep();
		this.cancelStep = this.board.setTimer(step, delayMs);
	}

	private emit(event: StationEvent): void {
		for (const listener of [...this.listeners]) listener(event);
	}
}
