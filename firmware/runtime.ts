/**
 * Drives one node: wires Wi-Fi, clock, link and profile to the life in node.ts, and keeps the
 * timers. Always holds: what happens next is node.ts's to say; this file only does it. Must not
 * know which modules stand behind the classes it was given: main.ts chooses them.
 */

import Time from "time";
import { type FactSources, Facts } from "./facts";
import { Event } from "./mqtt/session";
import { type AlarmOwner, clearAlarm, type OwnedTimer, setAlarm } from "./net/alarm";
import { Backoff } from "./net/backoff";
import { type BrokerChoice, brokerName, nextBroker } from "./net/brokers";
import { Quality } from "./net/clock";
import type { NameResolver } from "./net/dns";
import { Link } from "./net/link";
import type { LinkOptions, LinkOwner } from "./net/link-options";
import { log, logFailure } from "./net/log";
import { TimeKeeper, type TimeKeeperOptions, type TimeKeeperOwner } from "./net/timekeeper";
import { type WifiOwner, WifiStation, type WifiStationOptions } from "./net/wifi";
import { Action, NodeLife } from "./node";
import { DEMO_CONNECT_DELAY_MS, DemoProfile } from "./profiles/demo";
import type { Profile } from "./profiles/profile";
import { SafeProfile } from "./profiles/safe";
import { type StandardOptions, type StandardOwner, StandardProfile } from "./profiles/standard";
import { Subscriber } from "./profiles/subscriber";
import { SAFE_MODE_OVER } from "./store/boots";
import type { Settings } from "./store/settings";
import { Supervisor, type SupervisorLimits } from "./supervisor";

/** 0 to 1 s at first, 0 to 2 min in the end; up for a minute counts as recovered. */
const RECONNECT = Object.freeze({ baseMs: 1_000, capMs: 120_000, stableMs: 60_000 });
const enum Const {
	/** Uptime, supervisor and safe mode are looked at as often, at least. */
	WATCH_MS = 60_000,
	/** After a stop: how long the good-bye may take. */
	STOP_TIMEOUT_MS = 2_000,
}

/**
 * What a node is made of. One flat record that all parts share, because a record of options for
 * each would cost an ESP8266 a kilobyte.
 */
export interface Wiring
	extends TimeKeeperOptions,
		WifiStationOptions,
		Omit<LinkOptions, keyof BrokerChoice>,
		BrokerChoice,
		FactSources,
		StandardOptions {
	readonly resolver: NameResolver;
	readonly settings: Settings;
	/** "node", "demo" or "safe". */
	readonly profile: string;
	/** Undefined: no restart for want of anything. */
	readonly supervisor: SupervisorLimits | undefined;
	/** The broker's certificate is checked: the clock comes first. */
	readonly needsClock: boolean;
	/** Set by the runtime. */
	owner: LinkOwner & StandardOwner;
}

export class Runtime implements LinkOwner, StandardOwner, WifiOwner, TimeKeeperOwner, AlarmOwner {
	alarm: OwnedTimer | undefined;
	private readonly wiring: Wiring;
	private readonly life: NodeLife;
	private readonly backoff = new Backoff(RECONNECT);
	private readonly wifi: WifiStation;
	private readonly keeper: TimeKeeper;
	private readonly link: Link;
	private readonly profile: Profile;
	private readonly facts: Facts;
	private readonly subscriber = new Subscriber();
	private readonly supervisor: Supervisor | undefined;
	private watchDue: number;
	private joined = false;
	/** Stopping: who is told, and until when the good-bye may take. */
	private stopped: (() => void) | undefined;
	private stopDue = 0;
	constructor(wiring: Wiring) {
		const now = Time.ticks | 0;
		const demo = wiring.profile === "demo";
		wiring.owner = this;
		this.watchDue = now;
		this.wiring = wiring;
		const connectDelayMs = demo ? DEMO_CONNECT_DELAY_MS : 0;
		this.life = new NodeLife({ needsClock: wiring.needsClock, connectDelayMs }, now);
		this.keeper = new TimeKeeper(wiring, this);
		this.link = new Link(wiring);
		this.wifi = new WifiStation(wiring, this);
		this.facts = new Facts(wiring, this.wifi, now);
		const { supervisor } = wiring;
		if (wiring.profile === "safe") this.profile = new SafeProfile(wiring, this.facts, now);
		else if (demo) this.profile = new DemoProfile(this.facts);
		else this.profile = new StandardProfile(wiring, this.facts, now);
		if (supervisor !== undefined) this.supervisor = new Supervisor(supervisor, now);
		this.advance();
	}

	/** Says good-bye to the broker and ends; `done` is called once, within about two seconds. */
	stop(done: () => void): void {
		this.stopped = done;
		this.life.stop();
		const now = Time.ticks | 0;
		this.profile.handleStop(now);
		if (!this.facts.online()) {
			this.finish();
			return;
		}
		this.stopDue = (now + Const.STOP_TIMEOUT_MS) | 0;
		this.reschedule(now);
		this.link.pump();
		this.disconnectWhenIdle();
	}

	handleLinkEvent(event: number): void {
		const now = Time.ticks | 0;
		const { session } = this.wiring;
		if (event === Event.Connected) {
			this.linkUp(session.event.sessionPresent, now);
		} else if (event === Event.Message) {
			this.profile.handleMessage(now);
		} else if (event === Event.Published) {
			this.profile.handlePublished(session.event.token, now);
		} else if (event === Event.Subscribed) {
			const { subscriptions } = this.profile;
			const isLast = this.subscriber.handleSubscribed(this.facts, subscriptions, now);
			if (isLast) this.profile.handleSubscribed(now);
		} else if (event === Event.Skipped) {
			const { skippedBytes } = session.event;
			log("mqtt", `a message of ${skippedBytes} bytes is too large: skipped`);
			this.profile.handleSkipped(skippedBytes, now);
		} else if (event === Event.Refused) {
			const code = session.event.code;
			// Bad credentials do not get better by asking often: 4, 5 of [MQTT 3.1.1 table 3.1].
			if (code === 4 || code === 5) this.backoff.slow();
		}
		this.disconnectWhenIdle();
		this.reschedule(now);
	}

	handleLinkDown(step: string, reason: string): void {
		const now = Time.ticks | 0;
		if (this.stopped !== undefined) {
			this.finish();
			return;
		}
		this.profile.handleDisconnected(now);
		this.backoff.handleDown(now);
		const delayMs = this.backoff.nextDelayMs(this.wiring.random());
		// Of the other steps the address is in the reason.
		const why = step === "mqtt" ? `${brokerName(this.wiring, ": ")}${reason}` : reason;
		this.facts.error = `${step}: ${why}`;
		logFailure(step, why, delayMs);
		nextBroker(this.wiring);
		this.life.handleLinkDown(delayMs, now);
		this.facts.reconnects = this.life.reconnects;
		this.advance();
	}

	now(): number {
		return Time.ticks | 0;
	}

	/** A pin's event. */
	handleProfileChanged(): void {
		this.link.pump();
		this.disconnectWhenIdle();
		this.reschedule(Time.ticks | 0);
	}

	certificateTimeMs(): number {
		return this.wiring.clock.estimateMs(Time.ticks | 0);
	}

	handleWifiUp(): void {
		// At power-on nobody has lost anything yet.
		const delayMs = this.joined ? this.backoff.nextDelayMs(this.wiring.random()) : 0;
		this.joined = true;
		this.life.handleWifiUp(delayMs, Time.ticks | 0);
		this.advance();
	}

	handleWifiDown(reason: string): void {
		this.facts.error = `wifi: ${reason}`;
		const now = Time.ticks | 0;
		this.profile.handleDisconnected(now);
		this.backoff.handleDown(now);
		this.life.handleWifiDown();
		this.facts.reconnects = this.life.reconnects;
		this.advance();
	}

	handleClockSet(): void {
		this.wiring.settings.rememberTime(this.wiring.clock.estimateMs(Time.ticks | 0));
		this.life.handleClockReady();
		this.advance();
	}

	/** Life or profile has something due. */
	handleAlarm(): void {
		const now = Time.ticks | 0;
		if (this.stopped !== undefined) {
			this.finish();
			return;
		}
		this.watch(now);
		if (this.stopped !== undefined) return;
		this.life.handleTimeout(now);
		this.profile.handleTimeout(now);
		this.link.pump();
		this.advance();
	}

	/** Restarts where safe mode is over or the supervisor says so. */
	private watch(now: number): void {
		const { boots, clock, needsClock } = this.wiring;
		this.watchDue = (now + Const.WATCH_MS) | 0;
		const isOver = boots.handleUptime(this.facts.uptimeSeconds(now));
		if (isOver) this.restart(SAFE_MODE_OVER);
		if (isOver || this.supervisor === undefined) return;
		const isSet = clock.quality === Quality.Set;
		const ready = isSet || !needsClock;
		const why = this.supervisor.update(this.wifi.up, isSet, ready, this.facts.online(), now);
		if (why !== "") this.restart(why);
	}

	private restart(why: string): void {
		log("supervisor", `${why}: restart`);
		this.wiring.boots.keepRestart(why);
		this.stop(this.wiring.chip.restart);
	}

	private linkUp(sessionPresent: boolean, now: number): void {
		const isNew = sessionPresent ? "session resumed" : "session new";
		log("mqtt", `connected, ${brokerName(this.wiring, ", ")}${isNew}`);
		this.backoff.handleUp(now);
		this.life.handleLinkUp();
		this.subscriber.begin(this.facts, this.profile.subscriptions, now);
		this.profile.handleConnected(sessionPresent, now);
	}

	/** Does what node.ts asks for, until it asks for nothing. */
	private advance(): void {
		for (;;) {
			const action = this.life.pollAction();
			if (action === Action.None) break;
			if (action === Action.StartClock) this.keeper.start();
			else if (action === Action.StopClock) this.keeper.stop();
			else if (action === Action.Connect) this.link.open();
			else if (action === Action.Drop) this.link.close();
		}
		this.reschedule(Time.ticks | 0);
	}

	private reschedule(now: number): void {
		const lifeMs = this.life.pollTimeout(now);
		const profileMs = this.profile.pollTimeout(now);
		let waitMs = Math.max(0, (this.watchDue - now) | 0);
		if (lifeMs >= 0 && lifeMs < waitMs) waitMs = lifeMs;
		if (profileMs >= 0 && profileMs < waitMs) waitMs = profileMs;
		if (this.stopped !== undefined) waitMs = Math.max(0, (this.stopDue - now) | 0);
		setAlarm(this, waitMs);
	}

	/** While stopping: DISCONNECT once everything is acknowledged [MQTT-3.14.4-3]. */
	private disconnectWhenIdle(): void {
		if (this.stopped === undefined || !this.facts.online() || !this.profile.idle) return;
		this.wiring.session.disconnect(Time.ticks | 0);
		this.link.pump();
	}

	private finish(): void {
		const { stopped: done } = this;
		this.stopped = undefined;
		if (done === undefined) return;
		clearAlarm(this);
		this.link.close();
		this.keeper.close();
		this.wifi.close();
		this.wiring.resolver.close();
		log("node", "stopped");
		done();
	}
}
