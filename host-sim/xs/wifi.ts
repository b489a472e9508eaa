/**
 * Stands in for `embedded:network/interface/wifi` where the SDK has none: on Linux, in the SDK's
 * own simulator. Always joins at once, because the machine is on its network already.
 */

import Timer from "timer";

interface Options {
	onChanged?(this: WiFi, property: string): void;
}

interface ScanOptions {
	onFound(this: WiFi, found: { SSID: string; RSSI: number }): void;
	onComplete?(this: WiFi): void;
}

export default class WiFi {
	connection = 200;
	address: string | undefined;
	SSID: string | undefined;
	MAC = "02:00:00:00:00:01";
	RSSI: number | undefined;
	target: unknown;
	private readonly onChanged: Options["onChanged"];

	constructor(options: Options) {
		this.onChanged = options.onChanged;
	}

	connect(options: { SSID: string }): void {
		this.SSID = options.SSID;
		this.connection = 300;
		Timer.set(() => {
			if (this.connection !== 300) return;
			this.connection = 500;
			this.address = "127.0.0.1";
			this.onChanged?.call(this, "connection");
			this.onChanged?.call(this, "address");
		});
	}

	scan(options: ScanOptions): void {
		Timer.set(() => options.onComplete?.call(this));
	}

	configure(_options: { hostname?: string }): void {}

	disconnect(): void {
		this.connection = 200;
		this.address = undefined;
	}

	close(): void {
		this.connection = 0;
	}
}
