/**
 * The ECMA-419 Wi-Fi class of the SDK, as far as it is used, with what its C code really does
 * (modules/io/wifi/esp and esp32). Types only.
 */

export interface WifiFound {
	readonly SSID: string;
	readonly RSSI: number;
}

/** Like the SDK's class, an instance takes further properties: `target` is ours, not the SDK's. */
export interface Wifi {
	target?: unknown;
	/** Throws "already scanning", or "scan failed" (on the ESP32: while connecting). */
	scan(options: {
		onFound(this: Wifi, found: WifiFound): void;
		onComplete(this: Wifi): void;
	}): void;
	/** Throws "already connecting"; on the ESP32 "connect failed" too. */
	connect(options: { SSID: string; password?: string }): void;
	/** No callback of its own, but the event it causes may arrive later and call onChanged. */
	disconnect(): void;
	configure(options: { hostname?: string }): void;
	close(): void;
	/** 200 idle, 300 connecting, 400 joined, 500 joined and addressed. */
	readonly connection: number;
	readonly address: string | undefined;
	/** "aa:bb:cc:dd:ee:ff" */
	readonly MAC: string | undefined;
	readonly SSID: string | undefined;
	/** dBm */
	readonly RSSI: number | undefined;
}

export type WifiConstructor = new (options: {
	onChanged(this: Wifi, property: string): void;
}) => Wifi;
