/**
 * Drives one node: wires Wi-Fi, clock, link and profile to the life in node.ts, and keeps the
 * timers. Always holds: what happens next is node.ts's to say; this file only does it. Must not
 * know which modules stand behind the classes it was given: main.ts chooses them.
 */

import Time from "time";
import type { BrokerConfig, SiteConfig } from "./config";
import { Facts } from "./facts";
import { codeName, Event, type Session } from "./mqtt/session";
import { Alarm } from "./net/alarm";
import { Backoff } from "./net/backoff";
import type { Clock } from "./net/clock";
import type { NameResolver } from "./net/dns";
import { Link } from "./net/link";
import type { LinkOwner, TlsIdentity } from "./net/link-options";
import { log, logFailure } from "./net/log";
import type { TcpConstructor } from "./net/socket";
import { TimeKeeper } from "./net/timekeeper";
import type { TlsConstructor } from "./net/tls-guard";
import type { UdpConstructor } from "./net/udp";
import { WifiStation } from "./net/wifi";
import type { WifiConstructor } from "./net/wifi-types";
import { Action, NodeLife } from "./node";
import type { NodeFacts, Profile } from "./profiles/profile";
import type { Sequence } from "./store/sequence";

/** Reconnects: 0 to 1 s at first, 0 to 2 min in the end; up for a minute counts as recovered. */
const RECONNECT_BASE_MS = 1_000;
const RECONNECT_CAP_MS = 120_000;
const STABLE_MS = 60_000;
/** Name, TCP and TLS each; a handshake takes an ESP8266 several seconds. */
const STEP_TIMEOUT_MS = 30_000;
/** After a stop: how long the good-bye may take. */
const STOP_TIMEOUT_MS = 2_000;

export interface RuntimeOptions {
	readonly site: SiteConfig;
	readonly broker: BrokerConfig;
	readonly identity: TlsIdentity;
	readonly session: Session;
	readonly clock: Clock;
	readonly resolver: NameResolver;
	readonly sequence: Sequence;
	readonly connectDelayMs: number;
	/** Longest TLS record taken. */
	readonly recordBytes: number;
	readonly hostname: string;
	readonly WiFi: WifiConstructor;
	readonly TCP: TcpConstructor;
	readonly TLSSocket: TlsConstructor;
	readonly UDP: UdpConstructor;
	readonly freeBytes: () => number | undefined;
	/** Called whenever a server has set the clock; for what wants to be remembered. */
	readonly onClockSet: (unixMs: number) => void;
	readonly makeProfile: (facts: NodeFacts, now: number) => Profile;
}

export class Runtime implements LinkOwner {
	readonly session: Session;
	private readonly options: RuntimeOptions;
	private readonly life: NodeLife;
	private readonly backoff: Backoff;
	private readonly wifi: WifiStation;
	private readonly keeper: TimeKeeper;
	private readonly link: Link;
	private readonly profile: Profile;
	private readonly alarm: Alarm;
	private readonly facts: Facts;
	private joined = false;
	private stopped: (() => void) | undefined;
	private readonly stopAlarm: Alarm;

	constructor(options: RuntimeOptions) {
		const { site, broker, session, resolver } = options;
		const now = Time.ticks | 0;
		this.options = options;
		this.session = session;
		const needsClock = broker.secure && !site.allowUnset;
		this.life = new NodeLife({ needsClock, connectDelayMs: options.connectDelayMs }, now);
		this.alarm = new Alarm(() => this.handleAlarm());
		this.stopAlarm = new Alarm(() => this.finish());
		this.backoff = new Backoff({
			baseMs: RECONNECT_BASE_MS,
			capMs: RECONNECT_CAP_MS,
			stableMs: STABLE_MS,
			random: Math.random,
		});
		this.keeper = new TimeKeeper({
			UDP: options.UDP,
			resolver,
			servers: site.ntpServers,
			clock: options.clock,
			random: Math.random,
			target: this,
			onSet: handleClockSet,
		});
		this.link = new Link({
			session,
			host: broker.host,
			port: broker.port,
			tls: broker.secure ? options.identity : undefined,
			TCP: options.TCP,
			TLSSocket: options.TLSSocket,
			resolver,
			owner: this,
			stepTimeoutMs: STEP_TIMEOUT_MS,
			recordBytes: options.recordBytes,
		});
		this.wifi = new WifiStation({
			WiFi: options.WiFi,
			networks: site.wifi,
			random: Math.random,
			hostname: options.hostname,
			target: this,
			onUp: handleWifiUp,
			onDown: handleWifiDown,
		});
		const { clock, sequence, freeBytes } = options;
		this.facts = new Facts({ session, clock, sequence, freeBytes, wifi: this.wifi }, now);
		this.profile = options.makeProfile(this.facts, now);
		this.advance();
	}

	/** Says good-bye to the broker and ends; `done` is called once, within about two seconds. */
	stop(done: () => void): void {
		this.stopped = done;
		this.life.stop();
		if (!this.facts.online()) {
			this.finish();
			return;
		}
		this.stopAlarm.set(STOP_TIMEOUT_MS);
		this.profile.handleStop(Time.ticks | 0);
		this.link.pump();
		this.disconnectWhenIdle();
	}

	handleLinkEvent(event: number): void {
		const now = Time.ticks | 0;
		const { session } = this;
		if (event === Event.Connected) {
			this.linkUp(session.event.sessionPresent, now);
		} else if (event === Event.Message) {
			this.profile.handleMessage(now);
		} else if (event === Event.Published) {
			this.profile.handlePublished(session.event.token, now);
		} else if (event === Event.Subscribed) {
			this.subscribed(now);
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
		this.backoff.handleDown(now);
		const delayMs = this.backoff.nextDelayMs();
		this.facts.error = `${step}: ${reason}`;
		logFailure(step, reason, delayMs);
		this.life.handleLinkDown(delayMs, now);
		this.facts.reconnects = this.life.reconnects;
		this.advance();
	}

	certificateTimeMs(): number {
		return this.options.clock.estimateMs(Time.ticks | 0);
	}

	wifiUp(): void {
		// At power-on nobody has lost anything yet: no delay.
		const delayMs = this.joined ? this.backoff.nextDelayMs() : 0;
		this.joined = true;
		this.life.handleWifiUp(delayMs, Time.ticks | 0);
		this.advance();
	}

	wifiDown(reason: string): void {
		this.facts.error = `wifi: ${reason}`;
		this.backoff.handleDown(Time.ticks | 0);
		this.life.handleWifiDown();
		this.facts.reconnects = this.life.reconnects;
		this.advance();
	}

	clockSet(): void {
		this.options.onClockSet(this.options.clock.estimateMs(Time.ticks | 0));
		this.life.handleClockReady();
		this.advance();
	}

	/** Life or profile has something due. */
	private handleAlarm(): void {
		const now = Time.ticks | 0;
		this.facts.uptimeSeconds(now);
		this.life.handleTimeout(now);
		this.profile.handleTimeout(now);
		this.link.pump();
		this.advance();
	}

	private linkUp(sessionPresent: boolean, now: number): void {
		log("mqtt", `connected, session ${sessionPresent ? "resumed" : "new"}`);
		this.backoff.handleUp(now);
		this.life.handleLinkUp();
		const { subscriptions } = this.profile;
		if (subscriptions.length > 0) {
			const code = this.session.subscribe(subscriptions, now);
			if (code < 0) {
				this.facts.error = `mqtt: no subscription: ${codeName(code)}`;
				log("mqtt", `no subscription: ${codeName(code)}`);
			}
		}
		this.profile.handleConnected(sessionPresent, now);
	}

	private subscribed(now: number): void {
		const { granted, grantedCount } = this.session.event;
		for (let i = 0; i < grantedCount; i++) {
			const { topic } = this.profile.subscriptions[i];
			if (granted[i] === 0x80) {
				this.facts.error = `mqtt: subscription refused by the broker: ${topic}`;
				log("mqtt", `subscription refused by the broker: ${topic}`);
			} else log("mqtt", `subscribed to ${topic} at QoS ${granted[i]}`);
		}
		if (grantedCount > 0) this.profile.handleSubscribed(now);
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
		let waitMs = lifeMs;
		if (waitMs < 0 || (profileMs >= 0 && profileMs < waitMs)) waitMs = profileMs;
		if (waitMs >= 0 && this.stopped === undefined) this.alarm.set(waitMs);
		else this.alarm.clear();
	}

	/** While stopping: DISCONNECT once everything is acknowledged [MQTT-3.14.4-3]. */
	private disconnectWhenIdle(): void {
		if (this.stopped === undefined || !this.facts.online() || !this.profile.idle) return;
		this.session.disconnect(Time.ticks | 0);
		this.link.pump();
	}

	private finish(): void {
		const done = this.stopped;
		this.stopped = undefined;
		if (done === undefined) return;
		this.stopAlarm.clear();
		this.alarm.clear();
		this.link.close();
		this.keeper.close();
		this.wifi.close();
		this.options.resolver.close();
		log("node", "stopped");
		done();
	}
}

function handleWifiUp(this: Runtime): void {
	this.wifiUp();
}

function handleWifiDown(this: Runtime, reason: string): void {
	this.wifiDown(reason);
}

function handleClockSet(this: Runtime): void {
	this.clockSet();
}
