/**
 * Stands in for the SDK's `embedded:network/interface/wifi` (modules/io/wifi/esp, esp32), over the
 * board's radio. As there: connect() while connecting throws, and while joined does nothing but
 * look busy; each instance has its own view of the connection, made of the events that it saw;
 * disconnect() resets the view at once and calls nothing, but its event comes later; callbacks
 * come in turns of their own with the instance as `this`; onChanged("address") comes after
 * onChanged("connection"); exceptions out of onFound are swallowed, out of others they are fatal;
 * no reason is given for anything.
 */

import type { Board } from "../../../../world/board";
import { type StationEvent, stationOf } from "../../../../world/station";

interface Options {
	onChanged?: ((this: object, property: string) => void) | null;
}

interface ScanOptions {
	onFound?: ((this: object, found: object) => void) | null;
	onComplete?: ((this: object) => void) | null;
}

type WifiBoard = Pick<
	Board,
	"name" | "accessPoint" | "setTimer" | "own" | "run" | "network" | "trace"
>;

const MAX_SSID_BYTES = 32;
const MAX_PASSWORD_BYTES = 64;

export function create(board: WifiBoard): object {
	const station = stationOf(board);
	/** gScan of the C code: one scan at a time, whoever began it. */
	let scanning: WiFi | undefined;

	class WiFi {
		private readonly onChanged: Options["onChanged"];
		private connecting = false;
		private connected: boolean;
		private gotAddress: boolean;
		private closed = false;
		private readonly listener: (event: StationEvent) => void;

		constructor(options: Options) {
			this.onChanged = callback(options.onChanged);
			this.connected = station.network !== undefined;
			this.gotAddress = station.address !== "";
			// Posted to the machine, and delivered in a turn of its own.
			this.listener = (event) => {
				board.setTimer(() => this.deliver(event), 0);
			};
			station.listeners.add(this.listener);
		}

		close(): void {
			if (this.closed) return;
			this.closed = true;
			if (scanning === this) scanning = undefined;
			station.listeners.delete(this.listener);
		}

		scan(options: ScanOptions): void {
			this.checkOpen();
			if (scanning !== undefined) throw new Error("already scanning");
			const onFound = callback(options.onFound);
			if (onFound === undefined) throw new Error("onFound required");
			const onComplete = callback(options.onComplete);
			// ESP_ERR_WIFI_STATE on the ESP32.
			if (station.isBusy) throw new Error("scan failed");
			scanning = this;
			board.setTimer(() => {
				if (scanning !== this) return;
				scanning = undefined;
				for (const { ssid, rssi, channel, isOpen } of board.accessPoint.scan()) {
					const security = isOpen ? "none" : "wpa2_psk";
					try {
						onFound.call(this, { SSID: ssid, RSSI: rssi, channel, security });
					} catch {}
				}
				onComplete?.call(this);
			}, board.accessPoint.timing.scanMs);
		}

		connect(options: { SSID?: string; password?: string }): void {
			this.checkOpen();
			if (this.connecting) throw new Error("already connecting");
			if (options.SSID === undefined) throw new Error("SSID required");
			const ssid = limited(options.SSID, MAX_SSID_BYTES);
			const password = limited(options.password ?? "", MAX_PASSWORD_BYTES);
			this.connecting = true;
			station.connect(ssid, password);
		}

		disconnect(): void {
			this.checkOpen();
			station.disconnect();
			this.connecting = false;
			this.connected = false;
			this.gotAddress = false;
		}

		configure(options: { hostname?: string; static?: unknown }): void {
			this.checkOpen();
			if (options.static !== undefined) throw new Error("not simulated: static addresses");
		}

		get connection(): number {
			this.checkOpen();
			if (this.connected) return this.gotAddress ? 500 : 400;
			return this.connecting ? 300 : 200;
		}

		get address(): string | undefined {
			this.checkOpen();
			return station.address === "" ? undefined : station.address;
		}

		get MAC(): string {
			this.checkOpen();
			return station.mac;
		}

		get SSID(): string | undefined {
			this.checkOpen();
			return station.network?.ssid;
		}

		get RSSI(): number | undefined {
			this.checkOpen();
			return station.network?.rssi;
		}

		get channel(): number | undefined {
			this.checkOpen();
			return station.network?.channel;
		}

		/** wifiConnectDeliver() of the SDK. */
		private deliver(event: StationEvent): void {
			if (this.closed) return;
			const before = this.connection;
			const { connecting, gotAddress } = this;
			if (event === "connected") {
				this.connecting = false;
				this.connected = true;
			} else if (event === "disconnected") {
				this.connecting = false;
				this.connected = false;
				this.gotAddress = false;
			} else {
				this.connected = true;
				this.gotAddress = true;
			}
			const hasChanged = before !== this.connection || connecting !== this.connecting;
			if (hasChanged) this.onChanged?.call(this, "connection");
			if (!gotAddress && this.gotAddress && !this.closed) this.onChanged?.call(this, "address");
		}

		private checkOpen(): void {
			if (this.closed) throw new TypeError("invalid host object");
		}
	}

	return { default: WiFi };
}

function callback<T>(value: T | null | undefined): T | undefined {
	if (value === undefined || value === null) return undefined;
	if (typeof value !== "function") throw new Error("not a function");
	return value;
}

function limited(text: string, mostBytes: number): string {
	if (Buffer.byteLength(text) > mostBytes) throw new RangeError("cannot get string buffer");
	return text;
}
