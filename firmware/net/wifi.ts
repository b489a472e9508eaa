/**
 * Joins one of several Wi-Fi networks and stays joined. The first network is tried at once; a scan
 * comes after a failure, or first where there is a choice, and tells which networks are in reach
 * (those first, in the order given, then the others, which may be hidden). Always holds: it goes
 * on for ever, with backoff; each failure says which network, why, and when the next try is; the
 * owner hears of up and down in turn. The SDK tells no reason (modules/io/wifi/esp, esp32): a
 * wrong password is a network that a scan saw and that could not be joined; no address is one
 * that was joined (400) and never got to 500. Must not know what runs over the network.
 */

import Time from "time";
import { type AlarmOwner, clearAlarm, type OwnedTimer, setAlarm } from "./alarm";
import { Backoff } from "./backoff";
import { log, logFailure } from "./log";
import { WifiChoice, type WifiNetwork } from "./wifi-choice";
import type { Wifi, WifiConstructor, WifiFound } from "./wifi-types";

const enum Const {
	/** From connect() to joined. An ESP32 scans all channels first (about 3 s). */
	JOIN_TIMEOUT_MS = 15_000,
	/** From joined to addressed: DHCP asks again after 2, 4 and 8 s. */
	ADDRESS_TIMEOUT_MS = 20_000,
	SCAN_TIMEOUT_MS = 10_000,
	/**
	 * disconnect() causes an event that comes later. The next connect() waits for it, or it would be
	 * taken for that one's failure.
	 */
	SETTLE_MS = 500,
	/** How often the address is looked at: no event tells that it was lost (ESP32). */
	CHECK_MS = 30_000,
	IDLE = 200,
	JOINED = 400,
	ADDRESSED = 500,
}

const RETRY = Object.freeze({ baseMs: 2000, capMs: 60_000, stableMs: 60_000 });
const NOT_JOINED = "not joined";

const enum Step {
	/** The alarm starts what comes next. */
	Waiting = 0,
	Scanning = 1,
	Joining = 2,
	Addressing = 3,
	Up = 4,
	Closed = 5,
}

export interface WifiStationOptions {
	readonly WiFi: WifiConstructor;
	/** Best first. */
	readonly networks: readonly WifiNetwork[];
	/** In [0, 1). */
	random(): number;
	readonly hostname?: string;
}

/** Who is told; the two alternate. */
export interface WifiOwner {
	handleWifiUp(): void;
	handleWifiDown(reason: string): void;
}

export class WifiStation implements AlarmOwner {
	alarm: OwnedTimer | undefined;
	private readonly options: WifiStationOptions;
	private readonly owner: WifiOwner;
	private readonly wifi: Wifi;
	private readonly backoff = new Backoff(RETRY);
	private step: number = Step.Waiting;
	private readonly choice: WifiChoice;
	/** The current network could not be joined, and only a scan can say why. */
	private isUnexplained = false;

	/** Starts at once; callbacks come later. */
	constructor(options: WifiStationOptions, owner: WifiOwner) {
		this.options = options;
		this.owner = owner;
		const { WiFi, networks } = options;
		this.choice = new WifiChoice(networks);
		this.wifi = new WiFi({ onChanged });
		this.wifi.target = this;
		this.configure(options.hostname);
		setAlarm(this, this.leaveOld() ? Const.SETTLE_MS : 0);
	}

	get up(): boolean {
		return this.step === Step.Up;
	}

	/** IPv4 address, "" while there is none. */
	get address(): string {
		return this.up ? (this.wifi.address ?? "") : "";
	}

	/** Name of the network joined, "" while there is none. */
	get ssid(): string {
		return this.up ? this.choice.current.ssid : "";
	}

	/** Signal in dBm, undefined while not joined. */
	get rssi(): number | undefined {
		return this.up ? this.wifi.RSSI : undefined;
	}

	/** "aabbccddeeff" */
	get mac(): string {
		return (this.wifi.MAC ?? "").split(":").join("").toLowerCase();
	}

	/** Leaves the network for good; the owner is not told. */
	close(): void {
		if (this.step === Step.Closed) return;
		this.step = Step.Closed;
		clearAlarm(this);
		this.wifi.disconnect();
		this.wifi.close();
	}

	/** From the SDK: connection or address changed. */
	changed(): void {
		const { connection } = this.wifi;
		if (this.step === Step.Up) {
			if (connection < Const.ADDRESSED) this.lost("connection lost");
		} else if (this.step === Step.Joining || this.step === Step.Addressing) {
			if (connection >= Const.ADDRESSED) this.joined();
			else if (connection >= Const.JOINED) this.addressing();
			else if (connection <= Const.IDLE) this.failed();
		}
	}

	/** From the SDK: one access point. */
	found(found: WifiFound): void {
		this.choice.handleFound(found.SSID, found.RSSI);
	}

	/** From the SDK: the scan is over. */
	scanned(): void {
		if (this.step !== Step.Scanning) return;
		this.step = Step.Waiting;
		const { isUnexplained } = this;
		this.isUnexplained = false;
		this.choice.finishScan(isUnexplained);
		if (isUnexplained) this.report(this.explain());
		else this.connect();
	}

	handleAlarm(): void {
		switch (this.step) {
			case Step.Waiting:
				this.next();
				break;
			case Step.Scanning:
				this.goWithoutScan("it did not end");
				break;
			case Step.Joining:
			case Step.Addressing:
				this.failed();
				break;
			case Step.Up:
				if (this.wifi.connection < Const.ADDRESSED) this.lost("connection lost");
				else if (this.wifi.address === undefined) this.lost("address lost");
				else setAlarm(this, Const.CHECK_MS);
				break;
		}
	}

	/** From waiting: a scan where it helps, the current network otherwise. */
	private next(): void {
		const { choice } = this;
		if (choice.hasScan || !(this.isUnexplained || choice.hasChoice)) {
			this.connect();
			return;
		}
		this.step = Step.Scanning;
		setAlarm(this, Const.SCAN_TIMEOUT_MS);
		choice.startScan();
		try {
			this.wifi.scan({ onFound, onComplete });
		} catch (error) {
			this.goWithoutScan((error as Error).message);
		}
	}

	/** In the order given, and with less to say about failures. */
	private goWithoutScan(reason: string): void {
		this.step = Step.Waiting;
		clearAlarm(this);
		log("wifi", `no scan: ${reason}`);
		if (this.isUnexplained) this.report(NOT_JOINED);
		else this.connect();
	}

	private connect(): void {
		const { ssid, password } = this.choice.current;
		this.step = Step.Joining;
		setAlarm(this, Const.JOIN_TIMEOUT_MS);
		try {
			if (password) this.wifi.connect({ SSID: ssid, password });
			else this.wifi.connect({ SSID: ssid });
		} catch (error) {
			this.give(`cannot connect: ${(error as Error).message}`);
		}
	}

	private addressing(): void {
		if (this.step === Step.Addressing) return;
		this.step = Step.Addressing;
		setAlarm(this, Const.ADDRESS_TIMEOUT_MS);
	}

	private joined(): void {
		this.step = Step.Up;
		this.backoff.handleUp(Time.ticks | 0);
		setAlarm(this, Const.CHECK_MS);
		log("wifi", `joined "${this.ssid}", address ${this.address}, signal ${this.rssi ?? "?"} dBm`);
		this.owner.handleWifiUp();
	}

	private lost(reason: string): void {
		const text = `"${this.choice.current.ssid}": ${reason}`;
		this.backoff.handleDown(Time.ticks | 0);
		// Without this an ESP8266 keeps joining by itself, at the same time as we do.
		this.wifi.disconnect();
		const delayMs = this.waitForNextRound();
		logFailure("wifi", text, delayMs);
		this.owner.handleWifiDown(reason);
	}

	/** The attempt ended without an address. */
	private failed(): void {
		if (this.step === Step.Joining) this.give(NOT_JOINED);
		else if (this.wifi.connection >= Const.JOINED) this.give("joined, but no address (DHCP)");
		else this.give("joined, but lost before there was an address");
	}

	private give(reason: string): void {
		this.step = Step.Waiting;
		this.wifi.disconnect();
		if (reason !== NOT_JOINED) this.report(reason);
		else if (this.choice.hasScan) this.report(this.explain());
		else {
			this.isUnexplained = true;
			setAlarm(this, Const.SETTLE_MS);
		}
	}

	/** What the scan says about a network that could not be joined. */
	private explain(): string {
		const { signal } = this.choice;
		if (signal === 0) return "no such network in reach";
		return `in reach (${signal} dBm) but not joined; wrong password?`;
	}

	/** Says what went wrong with the current network and goes on with the next. */
	private report(reason: string): void {
		const text = `"${this.choice.current.ssid}": ${reason}`;
		this.isUnexplained = false;
		let delayMs = Const.SETTLE_MS;
		if (this.choice.advance()) setAlarm(this, delayMs);
		else delayMs = this.waitForNextRound();
		logFailure("wifi", text, delayMs);
	}

	private waitForNextRound(): number {
		const delayMs = Const.SETTLE_MS + this.backoff.nextDelayMs(this.options.random());
		this.step = Step.Waiting;
		this.choice.startRound();
		setAlarm(this, delayMs);
		return delayMs;
	}

	/** An ESP8266 joins its last network by itself at power-on, and then refuses to be told. */
	private leaveOld(): boolean {
		const isBusy = this.wifi.connection > Const.IDLE;
		if (isBusy) this.wifi.disconnect();
		return isBusy;
	}

	private configure(hostname: string | undefined): void {
		if (hostname === undefined) return;
		try {
			this.wifi.configure({ hostname });
		} catch (error) {
			log("wifi", `no hostname: ${(error as Error).message}`);
		}
	}
}

function onChanged(this: Wifi): void {
	(this.target as WifiStation | undefined)?.changed();
}

function onFound(this: Wifi, found: WifiFound): void {
	(this.target as WifiStation).found(found);
}

function onComplete(this: Wifi): void {
	(this.target as WifiStation).scanned();
}
