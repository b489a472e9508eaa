/**
 * The world of `npm start`: broker, NTP server, Wi-Fi and one board that runs the firmware.
 * Always holds: what was started is ended by stop(), in an order that lets the node say good-bye.
 * Must not know the terminal: what happens is told to the listener.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readCredentials } from "../key-files";
import { type Program, powerOn } from "../loader";
import type { Access } from "../mosquitto-lines";
import { AccessPoint } from "../world/access-point";
import { SimulatedBoard } from "../world/board";
import { type BrokerEvent, type EmbeddedBroker, startBroker } from "../world/broker";
import { liveClock } from "../world/clock";
import { LiveNetwork } from "../world/network";
import { NtpServer } from "../world/ntp-server";
import type { SwitchThing } from "../world/stage";
import { type BrokerFiles, ensureBrokerFiles } from "./broker-files";
import { FlashFile } from "./flash-file";
import type { StartOptions } from "./options";
import type { PinListener } from "./pin-view";
import { Surroundings } from "./surroundings";

export const BASE_TOPIC = "fieldmote";
const WIFI = Object.freeze({ ssid: "simulated", password: "no secret at all" });
/** Good-bye to the broker, acknowledged; the firmware allows itself 2 s. */
const STOP_TIMEOUT_MS = 3_000;
/** From reset to main: about what an ESP8266 takes. */
const REBOOT_MS = 300;

export interface SimulatorListener extends PinListener {
	/** A line that the firmware traced. */
	onTrace(line: string): void;
	/** The firmware threw; the board starts anew in a moment. */
	onCrash(error: unknown): void;
}

type Firmware = { readonly stop?: (done: () => void) => void };

/** The embedded broker, and the files by which it is trusted. */
interface OwnBroker {
	readonly broker: EmbeddedBroker;
	readonly files: BrokerFiles;
}

export class Simulator {
	/** How to reach the broker from a shell. */
	readonly access: Access;
	/** One, or several with blanks between. */
	readonly brokerUrl: string;
	readonly ntpServer: string;
	readonly surroundings: Surroundings;
	private readonly board: SimulatedBoard;
	private readonly network: LiveNetwork;
	private readonly broker: EmbeddedBroker | undefined;
	private readonly files: BrokerFiles | undefined;
	private readonly ntp: NtpServer | undefined;
	private readonly flash: FlashFile | undefined;
	private program: Program | undefined;
	private firmware: Firmware | undefined;

	/**
	 * Starts everything but the board.
	 * @throws UsageError for files that do not hold what they should
	 */
	static async start(
		options: StartOptions,
		root: string,
		listener: SimulatorListener,
	): Promise<Simulator> {
		const ntp = options.ntp === undefined ? await NtpServer.start() : undefined;
		let own: OwnBroker | undefined;
		try {
			own = options.brokers.length > 0 ? undefined : await startOwn(options, root, listener);
			return new Simulator(options, versionOf(root), listener, ntp, own);
		} catch (error) {
			await own?.broker.close();
			own?.files.discard();
			await ntp?.close();
			throw error;
		}
	}

	private constructor(
		options: StartOptions,
		version: string,
		listener: SimulatorListener,
		ntp: NtpServer | undefined,
		own: OwnBroker | undefined,
	) {
		const { node, profile, username, password, cert, key } = options;
		const ca = own === undefined ? options.ca : [own.files.ca];
		const embedded = { host: "localhost", port: own?.broker.tlsPort ?? 0, secure: true };
		const brokers = own === undefined ? options.brokers : [embedded];
		const { host, port, secure } = brokers[0];
		const urls = brokers.map((one) => `mqtt${secure ? "s" : ""}://${one.host}:${one.port}`);
		this.ntp = ntp;
		this.broker = own?.broker;
		this.files = own?.files;
		this.brokerUrl = urls.join(" ");
		this.ntpServer = ntp?.name ?? `${options.ntp?.host}:${options.ntp?.port}`;
		this.access = {
			// The embedded broker has no IPv6 address, which "localhost" would try first.
			host: own?.broker.host ?? host,
			port,
			ca: ca[0],
			cert,
			key,
			username,
			passwordFile: options.passwordFile,
		};
		const { world } = options;
		this.flash = openFlash(world.flash, listener);
		this.network = new LiveNetwork();
		const air = new AccessPoint({ networks: [WIFI] });
		this.board = new SimulatedBoard({
			name: node,
			clock: liveClock,
			network: this.network,
			accessPoint: air,
			boardFile: options.boardFile,
			config: { version },
			preferences: this.flash?.preferences,
			onPreferences: () => this.flash?.changed(),
			site: {
				...world.site,
				node,
				base: BASE_TOPIC,
				profile,
				wifi: [WIFI],
				ntp: { servers: [this.ntpServer] },
				broker: { url: urls.length === 1 ? urls[0] : urls, username, password },
			},
			credentials: secure ? readCredentials({ ca, cert, key }) : undefined,
			onTrace: (line) => listener.onTrace(line),
			rebootMs: REBOOT_MS,
			onCrash: (error) => listener.onCrash(error),
			onRestart: () => listener.onWorld("board", "restarts"),
		});
		const switches = [
			{ kind: "switch", name: "wifi", turn: (on) => air.set(WIFI.ssid, { isPresent: on }) },
			{ kind: "switch", name: "power", turn: (on) => this.turnPower(on) },
		] satisfies SwitchThing[];
		this.surroundings = new Surroundings(this.board, world, liveClock, listener, switches);
	}

	/** Switches the board on. */
	powerOn(program: Program): void {
		this.program = program;
		this.surroundings.start();
		if (!this.board.isOn) this.turnPower(true);
	}

	private turnPower(on: boolean): void {
		if (!on) this.board.powerOff();
		else if (this.program !== undefined && !this.board.isOn) {
			powerOn(this.board, this.program, (firmware) => {
				this.firmware = firmware;
			});
		}
	}

	/** Lets the node say good-bye, then ends everything. */
	async stop(): Promise<void> {
		await new Promise<void>((resolve) => {
			const timer = setTimeout(resolve, STOP_TIMEOUT_MS);
			const done = () => {
				clearTimeout(timer);
				resolve();
			};
			const stop = this.firmware?.stop;
			if (stop === undefined || !this.board.isOn) done();
			else this.board.run(() => stop(done));
		});
		this.surroundings.stop();
		this.board.powerOff();
		await this.network.close();
		await this.broker?.close();
		await this.ntp?.close();
		this.files?.discard();
	}
}

/** What an image of this checkout would say of itself. */
function versionOf(root: string): string {
	const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
	return `${version}`;
}

function openFlash(file: string | undefined, listener: PinListener): FlashFile | undefined {
	if (file === undefined) return undefined;
	return new FlashFile(file, (text) => listener.onWorld("flash", text));
}

async function startOwn(
	{ username, password }: StartOptions,
	root: string,
	listener: SimulatorListener,
): Promise<OwnBroker> {
	const files = await ensureBrokerFiles(root);
	const tls = { cert: files.certificate, key: files.key };
	const broker = await startBroker({ tls, username, password }, (event) =>
		tellBroker(listener, event),
	);
	return { broker, files };
}

function tellBroker(listener: SimulatorListener, event: BrokerEvent): void {
	if (event.kind === "publish") {
		const { topic, payload, qos, retain } = event;
		const text = payload.toString().replace(/[^\x20-\x7e]/g, "·");
		listener.onWorld("broker", `${topic} ${text} (QoS ${qos}${retain ? ", retained" : ""})`);
	} else if (event.kind === "subscribe") {
		listener.onWorld("broker", `${event.client} subscribes to ${event.topics.join(", ")}`);
	} else {
		listener.onWorld("broker", `${event.client} ${event.kind}`);
	}
}
