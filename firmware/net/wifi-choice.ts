/**
 * Which of several Wi-Fi networks to try next: in the order given, but those that a scan saw
 * before those that it did not see, which may be hidden. Always holds: a round gives each network
 * once. Pure.
 */

export interface WifiNetwork {
	readonly ssid: string;
	/** Missing or empty: an open network. */
	readonly password?: string;
}

export class WifiChoice {
	/** A scan of this round is in the signals. */
	hasScan = false;
	private readonly networks: readonly WifiNetwork[];
	/** Best signal by network; missing: not seen. */
	private signals: number[] = [];
	/** Indices of networks in the order to try. */
	private order: number[] = [];
	private at = 0;

	/** @param networks best first, at least one */
	constructor(networks: readonly WifiNetwork[]) {
		this.networks = networks;
		this.startRound();
	}

	get current(): WifiNetwork {
		return this.networks[this.order[this.at]];
	}

	/** Signal of the current network in dBm; 0: the scan did not see it. */
	get signal(): number {
		return this.signals[this.order[this.at]] ?? 0;
	}

	get hasChoice(): boolean {
		return this.networks.length > 1;
	}

	/** All networks, in the order given, nothing seen. */
	startRound(): void {
		this.hasScan = false;
		this.at = 0;
		this.order = this.networks.map((_network, index) => index);
	}

	/** Moves to the next network; false when the round is over. */
	advance(): boolean {
		this.at++;
		return this.at < this.order.length;
	}

	startScan(): void {
		this.signals = [];
	}

	/** The scan saw an access point; a network may have several. */
	handleFound(ssid: string, rssi: number): void {
		for (let i = 0; i < this.networks.length; i++) {
			if (this.networks[i].ssid !== ssid) continue;
			// 0 means not seen to those who ask, and no receiver is that close.
			const signal = Math.max(-127, Math.min(-1, rssi));
			if (signal > (this.signals[i] ?? -128)) this.signals[i] = signal;
		}
	}

	/** The scan is over. @param isTried the current network failed already: it stays current */
	finishScan(isTried: boolean): void {
		this.hasScan = true;
		const tried = isTried ? this.order[this.at] : -1;
		const order: number[] = isTried ? [tried] : [];
		for (const wantSeen of [true, false]) {
			for (let i = 0; i < this.networks.length; i++) {
				if (i !== tried && (this.signals[i] !== undefined) === wantSeen) order.push(i);
			}
		}
		this.order = order;
		this.at = 0;
	}
}
