/**
 * Says when a node that makes no progress should start anew, for sites that ask for it. Pure.
 * Always holds: each limit counts only while everything before it is there (no broker does not
 * count while there is no Wi-Fi), goes on where it was when that comes back, and begins anew once
 * what was missing has been there; a limit of 0 never ends in a restart. Must not know how to
 * restart.
 */

import type { Checker, Json } from "./checker";

/** After how long without it a node restarts; 0: never. */
export interface SupervisorLimits {
	readonly wifiMinutes: number;
	readonly clockMinutes: number;
	readonly brokerMinutes: number;
}

const KEYS = Object.freeze(["wifiRestartMinutes", "clockRestartMinutes", "brokerRestartMinutes"]);

const enum Const {
	MINUTE_MS = 60_000,
	WEEK_MINUTES = 10_080,
}

/** Reads `supervisor` of a site; undefined: the node never restarts for want of anything. */
export const supervisorLimits = (
	check: Checker,
	supervisor: Json,
): SupervisorLimits | undefined => {
	check.keys(supervisor, "supervisor", KEYS);
	const wifiMinutes = minutes(check, supervisor, KEYS[0]);
	const clockMinutes = minutes(check, supervisor, KEYS[1]);
	const brokerMinutes = minutes(check, supervisor, KEYS[2]);
	if (wifiMinutes + clockMinutes + brokerMinutes === 0) return undefined;
	return { wifiMinutes, clockMinutes, brokerMinutes };
};

/** A round of tries takes minutes: a restart before its end would only make it longer. */
const minutes = (check: Checker, supervisor: Json, key: string): number => {
	const value = supervisor[key] ?? 0;
	if (value === 0) return 0;
	if (typeof value === "number" && Number.isInteger(value) && value >= 10) {
		if (value <= Const.WEEK_MINUTES) return value;
	}
	const allowed = `must be 0 (never) or a whole number from 10 to ${Const.WEEK_MINUTES}`;
	check.problem(`supervisor.${key}`, value, allowed);
	return 0;
};

export class Supervisor {
	private readonly limits: SupervisorLimits;
	private at: number;
	private wifiMs = 0;
	private clockMs = 0;
	private brokerMs = 0;

	constructor(limits: SupervisorLimits, now: number) {
		this.limits = limits;
		this.at = now;
	}

	/**
	 * What is there, from the last call until now. To be called at least once a week: ticks wrap.
	 * @param clock a server has set it
	 * @param ready nothing but the broker itself is in the way of a connection
	 * @returns why to restart, "" for not to
	 */
	update(wifi: boolean, clock: boolean, ready: boolean, broker: boolean, now: number): string {
		const passedMs = (now - this.at) | 0;
		const { limits } = this;
		this.at = now;
		this.wifiMs = wifi ? 0 : this.wifiMs + passedMs;
		if (clock) this.clockMs = 0;
		else if (wifi) this.clockMs += passedMs;
		if (broker) this.brokerMs = 0;
		else if (wifi && ready) this.brokerMs += passedMs;
		if (isOver(this.wifiMs, limits.wifiMinutes)) return cause("Wi-Fi", limits.wifiMinutes);
		if (isOver(this.clockMs, limits.clockMinutes)) return cause("clock", limits.clockMinutes);
		if (isOver(this.brokerMs, limits.brokerMinutes)) return cause("broker", limits.brokerMinutes);
		return "";
	}
}

const isOver = (lackMs: number, limitMinutes: number): boolean => {
	return limitMinutes > 0 && lackMs >= limitMinutes * Const.MINUTE_MS;
};

const cause = (what: string, minutes: number): string => {
	return `no ${what} for ${minutes} min`;
};
