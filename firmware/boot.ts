/**
 * From power-on to a running node: checks what the build brought along, then puts the parts
 * together. Always holds: outputs have the levels of their restore modes before anything else is
 * started; a wrong configuration is said on the console, no pin is touched and nothing starts.
 * Must not import a class for I/O: all come from main.ts.
 */

import Time from "time";
import { keepAborts } from "./abort";
import type { Json } from "./checker";
import {
	type BoardConfig,
	type BrokerConfig,
	checkBoard,
	checkSite,
	type SiteConfig,
} from "./config";
import { Entities } from "./entities/entities";
import { BoardIo, type DigitalConstructor, type ModulesModule } from "./io";
import { Session } from "./mqtt/session";
import { Clock } from "./net/clock";
import { NameResolver } from "./net/dns";
import type { LinkOwner, TlsIdentity } from "./net/link-options";
import { log } from "./net/log";
import type { TcpConstructor } from "./net/socket";
import type { TlsConstructor } from "./net/tls-guard";
import type { UdpConstructor } from "./net/udp";
import type { WifiConstructor } from "./net/wifi-types";
import PARTS from "./parts/all";
import type { Chip } from "./platform/figures";
import { TRANSMIT_BYTES } from "./profiles/payloads";
import type { Announcement, StandardOwner } from "./profiles/standard";
import { Runtime } from "./runtime";
import { Boots } from "./store/boots";
import { Sequence } from "./store/sequence";
import { type PreferenceModule, Settings } from "./store/settings";
import { States } from "./store/states";
import { KeptText } from "./store/text";
import { broadcastPrefix, type NodeTopics, nodeTopics } from "./topics";

/** What the build and the platform bring along. */
export interface Platform {
	readonly site: Json;
	/** What `{"secret": name}` in the site stands for. */
	readonly secrets: Json;
	readonly board: Json;
	/** What was given to mcconfig as name=value. */
	readonly config: Json;
	readonly identity: TlsIdentity;
	readonly WiFi: WifiConstructor;
	readonly TCP: TcpConstructor;
	readonly TLSSocket: TlsConstructor;
	readonly UDP: UdpConstructor;
	readonly Digital: DigitalConstructor;
	/** Modules that only some configurations need are loaded by name. */
	readonly modules: ModulesModule;
	readonly Preference: PreferenceModule;
	/** Name servers of the network joined. */
	readonly nameServers: () => readonly string[];
	readonly chip: Chip;
}

/** A site with all that a node cannot do without. */
type BootSite = SiteConfig & { readonly broker: BrokerConfig };

const enum Const {
	/** Name, TCP and TLS each; a handshake takes an ESP8266 several seconds. */
	STEP_TIMEOUT_MS = 30_000,
}

/** Until the runtime takes its place. */
const NOBODY: LinkOwner & StandardOwner = Object.freeze({
	handleLinkEvent: () => undefined,
	handleLinkDown: () => undefined,
	certificateTimeMs: () => 0,
	handleProfileChanged: () => undefined,
	now: () => 0,
});

/** Ends the node; `done` is called once. */
export type Stop = (done: () => void) => void;

/** Starts the node. */
export const boot = (platform: Platform): Stop => {
	const boots = startLife(platform);
	const { modules } = platform;
	const board = checkBoard(platform.board);
	const has = (name: string): boolean => modules.has(name);
	const site = checkSite(platform.site, platform.config, platform.secrets, platform.board, has);
	const problems = [...board.problems, ...site.problems];
	if (site.value.wifi.length === 0) {
		problems.push("site.json: wifi: no network; name one, or give mcconfig ssid=… password=…");
	}
	if (site.value.broker === undefined && !isNamed(problems, "site.json: broker.url")) {
		problems.push("site.json: broker.url: is missing: mqtt://host[:port] or mqtts://host[:port]");
	}
	if (site.value.broker?.secure && platform.identity.authorities.length === 0) {
		problems.push("credentials: no CA certificate for the broker; see the README on certificates");
	}
	const node = site.value.node === "" ? nodeFromMac(platform.WiFi) : site.value.node;
	if (node === "") problems.push("site.json: node: is missing, and the radio tells no MAC address");
	addMissing(problems, site.value);
	for (const problem of problems) log("boot", problem);
	if (problems.length > 0 || site.value.broker === undefined) {
		log("boot", "stopped: the configuration has to be mended");
		return (done) => done();
	}
	const { broker } = site.value;
	return start(platform, board.value, { ...site.value, node, broker }, boots);
};

const isNamed = (problems: readonly string[], path: string): boolean => {
	for (const problem of problems) if (problem.startsWith(path)) return true;
	return false;
};

/** What the site asks for and the image has not. */
const addMissing = (problems: string[], site: SiteConfig): void => {
	const { discoveryPrefix, tasmotaTopic, remoteConfig } = site;
	const what: string[] = [];
	if (discoveryPrefix !== "" && PARTS.Discovery === undefined) what.push("homeAssistant");
	if (tasmotaTopic !== "" && PARTS.makeDialect === undefined) what.push("tasmota");
	if (remoteConfig && PARTS.RemoteConfig === undefined) what.push("remoteConfig");
	for (const key of what) problems.push(`site.json: ${key}: is not in this image: PARTS=all`);
};

/** Counts the start, says how the life before ended, and sees to it that the end is kept. */
const startLife = ({ chip, Preference }: Platform): Boots => {
	chip.paintStack();
	const boots = new Boots(Preference, chip.resetKind(), chip.resetName());
	keepAborts(boots);
	const { starts, reset, crashes, lastCrash } = boots;
	log("boot", `start ${starts}${reset === "" ? "" : `, ${reset}`}, crashes ${crashes}`);
	if (reset === "crash") log("boot", `crashed: ${lastCrash}`);
	if (boots.safeMode) log("boot", `safe mode after ${boots.crashesInRow} crashes in a row`);
	return boots;
};

const makeEntities = (platform: Platform, list: readonly Json[], loadsOnly: boolean): Entities => {
	const { board, Digital, modules, Preference } = platform;
	const io = new BoardIo(board, Digital, modules);
	const states = new States(Preference);
	return new Entities(list, io, states, loadsOnly);
};

const start = (platform: Platform, board: BoardConfig, site: BootSite, boots: Boots): Stop => {
	const now = Time.ticks | 0;
	const demo = site.profile === "demo" && !boots.safeMode;
	const { Preference } = platform;
	const { RemoteConfig } = PARTS;
	const remote =
		site.remoteConfig && RemoteConfig !== undefined
			? new RemoteConfig(site.entities, new KeptText(Preference, "config"))
			: undefined;
	if (remote !== undefined && remote.problem !== "") log("config", `not taken: ${remote.problem}`);
	// In safe mode only what switches loads, because the fault may be in the rest.
	const loadsOnly = demo || boots.safeMode;
	const entities = makeEntities(platform, remote?.entities ?? site.entities, loadsOnly);
	const settings = new Settings(Preference);
	const clock = new Clock();
	assumeTime(clock, settings, platform.config, site.allowUnset, now);
	const { node, broker } = site;
	log("boot", `node ${node}, board ${board.name}, profile ${site.profile}`);
	const topics = nodeTopics(site.base, node, site.tasmotaTopic);
	const { WiFi, TCP, TLSSocket, UDP, nameServers, chip } = platform;
	const { random } = Math;
	const runtime = new Runtime({
		session: makeSession(site, board, demo ? undefined : topics),
		clock,
		resolver: new NameResolver({ UDP, nameServers, random }),
		settings,
		sequence: new Sequence(settings),
		topics,
		entities,
		broadcast: site.broadcast ? broadcastPrefix(site.base) : "",
		tasmota: site.tasmotaTopic,
		journal: new KeptText(Preference, "command"),
		remote,
		announcement: announcementOf(platform, site),
		profile: boots.safeMode ? "safe" : site.profile,
		supervisor: site.supervisor,
		needsClock: broker.secure && !site.allowUnset,
		WiFi,
		networks: site.wifi,
		hostname: node,
		UDP,
		servers: site.ntpServers,
		TCP,
		TLSSocket,
		places: broker.places,
		broker: 0,
		host: broker.places[0].host,
		port: broker.places[0].port,
		tls: broker.secure ? platform.identity : undefined,
		stepTimeoutMs: Const.STEP_TIMEOUT_MS,
		recordBytes: board.recordBytes,
		timeMinimumMs: site.timeMinimumMs,
		timeMaximumMs: site.timeMaximumMs,
		diagIntervalMs: site.diagIntervalMs,
		chip,
		boots,
		random,
		owner: NOBODY,
	});
	return (done) => runtime.stop(done);
};

/** What Home Assistant is told of the node, where the site wants it. */
const announcementOf = (platform: Platform, site: BootSite): Announcement | undefined => {
	const { discoveryPrefix, node } = site;
	if (discoveryPrefix === "") return undefined;
	const { board, config, Preference } = platform;
	const store = new KeptText(Preference, "announced");
	const model = String(board.title ?? board.name);
	return { prefix: discoveryPrefix, store, node, model, version: String(config.version ?? "") };
};

const makeSession = (
	site: BootSite,
	board: BoardConfig,
	topics: NodeTopics | undefined,
): Session => {
	const { username, password } = site.broker;
	return new Session({
		clientId: site.node,
		cleanSession: false,
		keepAliveSeconds: site.keepAliveSeconds,
		username,
		password,
		window: board.window,
		transmitBytes: TRANSMIT_BYTES,
		arenaBytes: board.arenaBytes,
		// The broker may still know ids of before the reboot.
		firstPacketId: 1 + Math.floor(Math.random() * 65_535),
		will:
			topics === undefined
				? undefined
				: { topic: topics.availability, payload: topics.offline, qos: 1, retain: true },
	});
};

/** Where the site allows it, the clock starts from the later of build time and last good time. */
const assumeTime = (
	clock: Clock,
	settings: Settings,
	config: Json,
	allowed: boolean,
	now: number,
): void => {
	if (!allowed) return;
	const builtMs = Number(config.built ?? 0) * 1000;
	const lastMs = settings.lastGoodTimeMs();
	const assumedMs = Math.max(Number.isFinite(builtMs) ? builtMs : 0, lastMs);
	if (assumedMs > 0) clock.assume(assumedMs, now);
};

/** `node-aabbcc` from the last three bytes of the MAC address; "" when there is none. */
const nodeFromMac = (WiFi: WifiConstructor): string => {
	const wifi = new WiFi({ onChanged: () => undefined });
	const mac = (wifi.MAC ?? "").split(":").join("").toLowerCase();
	wifi.close();
	return mac.length < 6 ? "" : `node-${mac.slice(-6)}`;
};
