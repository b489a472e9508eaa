/**
 * One simulated board: what a module's stand-in may touch of the world, and the life of the board
 * from power-on to power-off. Always holds: firmware code is entered through run() only; after
 * power-off nothing of the board runs any more; preferences survive power-off and restarts, nothing
 * else does. Must not know the firmware: the loader brings it.
 */

import type { AccessPoint } from "./access-point";
import { chipOf } from "./chips";
import type { WorldClock } from "./clock";
import { I2cBus } from "./i2c-bus";
import type { Network } from "./network";
import { Pins } from "./pins";
import { Sensors } from "./sensors";

/** What `preference` can keep. */
export type PreferenceValue = string | number | boolean | ArrayBuffer;
/** By domain, then by key. */
export type Preferences = Map<string, Map<string, PreferenceValue>>;

/** Certificates as the firmware takes them: DER; the key PKCS#8, RSA. */
export interface Credentials {
	readonly authorities: readonly Uint8Array[];
	readonly certificate?: Uint8Array;
	readonly key?: Uint8Array;
}

/** How the board's life began, as its chip knows it. */
export type ResetCause = "power-on" | "software";

/** What runs on a board, and is started anew by each power-on and restart. */
export interface BoardProgram {
	/** Called by run(). */
	start(): void;
	/** What XS calls before it gives up: the program's global abort(), if it has one. */
	abort(why: string, exception: unknown): void;
}

/** A board as the stand-ins see it. */
export interface Board {
	readonly name: string;
	/** Milliseconds since power-on as an int32 that wraps. */
	ticks(): number;
	/** What Date.now() says: counts from 1970 until setUnixMs(). */
	unixMs(): number;
	setUnixMs(unixMs: number): void;
	/** 0 inclusive to 1 exclusive; a stream of this board's own. */
	random(): number;
	/** Calls back once, by run(); returns what cancels it. */
	setTimer(callback: () => void, delayMs: number): () => void;
	trace(text: string): void;
	readonly network: Network;
	readonly accessPoint: AccessPoint;
	readonly pins: Pins;
	readonly i2c: I2cBus;
	readonly sensors: Sensors;
	readonly preferences: Preferences;
	/** To be called by what has changed them. */
	preferencesChanged(): void;
	/** `end` is called at power-off; returns what makes it forgotten. */
	own(end: () => void): () => void;
	/** Enters firmware code. An exception out of it is a crash. */
	run(callback: () => void): void;
	readonly resetCause: ResetCause;
	/** From the firmware: all of it ends here. */
	restart(): void;
	/** Modules mc/config, board, site, secrets and credentials. */
	readonly config: object;
	readonly boardFile: object;
	readonly site: object;
	readonly secrets: object;
	readonly credentials: Credentials;
}

export interface BoardOptions {
	readonly name: string;
	readonly clock: WorldClock;
	readonly network: Network;
	readonly accessPoint: AccessPoint;
	readonly boardFile: object;
	readonly site: object;
	readonly secrets?: object;
	readonly config?: object;
	readonly credentials?: Credentials;
	/** What an earlier board has kept. Missing: nothing. */
	readonly preferences?: Preferences;
	/** The firmware has changed them. */
	readonly onPreferences?: () => void;
	/** Missing: Math.random. */
	readonly random?: () => number;
	/** Ticks at power-on; just below 2^31 shows code that cannot take a wrap. Default 0. */
	readonly firstTicks?: number;
	/**
	 * After a crash or restart() the program starts anew, so many milliseconds later. Missing: the
	 * board stays off.
	 */
	readonly rebootMs?: number;
	/** One line that the firmware traced, without its end. */
	readonly onTrace: (line: string) => void;
	/** The firmware threw; the board is off already. */
	readonly onCrash: (error: unknown) => void;
	/** The firmware restarts the board; it is off already. */
	readonly onRestart?: () => void;
}

export class SimulatedBoard implements Board {
	readonly name: string;
	readonly network: Network;
	readonly accessPoint: AccessPoint;
	readonly pins: Pins;
	readonly i2c = new I2cBus();
	readonly sensors = new Sensors(this.i2c);
	readonly preferences: Preferences;
	readonly config: object;
	readonly boardFile: object;
	readonly site: object;
	readonly secrets: object;
	readonly credentials: Credentials;
	private readonly options: BoardOptions;
	private readonly ends = new Set<() => void>();
	private program: BoardProgram | undefined;
	private cancelReboot: (() => void) | undefined;
	private powered = false;
	private life = 0;
	private cause: ResetCause = "power-on";
	private poweredAtMs = 0;
	private unixOffsetMs = 0;
	private line = "";

	constructor(options: BoardOptions) {
		this.options = options;
		this.pins = new Pins(chipOf(options.boardFile));
		this.name = options.name;
		this.network = options.network;
		this.accessPoint = options.accessPoint;
		this.preferences = options.preferences ?? new Map();
		this.config = options.config ?? {};
		this.boardFile = options.boardFile;
		this.site = options.site;
		this.secrets = options.secrets ?? {};
		this.credentials = options.credentials ?? { authorities: [] };
	}

	get isOn(): boolean {
		return this.powered;
	}

	get resetCause(): ResetCause {
		return this.cause;
	}

	/** @param program what runs from now on, after a crash and a restart too */
	powerOn(program?: BoardProgram): void {
		if (this.powered) throw new Error(`board ${this.name} is on already`);
		this.cancelReboot?.();
		this.program = program;
		this.begin("power-on");
	}

	powerOff(): void {
		this.cancelReboot?.();
		this.cancelReboot = undefined;
		if (this.powered) this.end();
	}

	restart(): void {
		if (!this.powered) return;
		this.end();
		this.options.onRestart?.();
		this.rebootLater();
	}

	ticks(): number {
		return ((this.options.firstTicks ?? 0) + Math.floor(this.elapsedMs())) | 0;
	}

	unixMs(): number {
		return Math.floor(this.unixOffsetMs + this.elapsedMs());
	}

	setUnixMs(unixMs: number): void {
		this.unixOffsetMs = unixMs - this.elapsedMs();
	}

	random(): number {
		return this.options.random === undefined ? Math.random() : this.options.random();
	}

	setTimer(callback: () => void, delayMs: number): () => void {
		const { life } = this;
		const cancel = this.options.clock.setTimer(() => {
			forget();
			// What a life left behind while it ended is not the next one's.
			if (life === this.life) this.run(callback);
		}, delayMs);
		const forget = this.own(cancel);
		return () => {
			forget();
			cancel();
		};
	}

	trace(text: string): void {
		const lines = (this.line + text).split("\n");
		this.line = lines.pop() ?? "";
		for (const line of lines) this.options.onTrace(line);
	}

	preferencesChanged(): void {
		this.options.onPreferences?.();
	}

	own(end: () => void): () => void {
		// Each call has its own entry, even for one function owned twice.
		const entry = () => end();
		this.ends.add(entry);
		return () => this.ends.delete(entry);
	}

	run(callback: () => void): void {
		if (!this.powered) return;
		const { life } = this;
		try {
			callback();
		} catch (error) {
			// After a restart() the rest of the call is of nobody's interest.
			if (life !== this.life) return;
			this.abort(error);
			this.end();
			this.options.onCrash(error);
			this.rebootLater();
		}
	}

	private begin(cause: ResetCause): void {
		this.powered = true;
		this.life++;
		this.cause = cause;
		this.poweredAtMs = this.options.clock.nowMs();
		this.unixOffsetMs = 0;
		this.run(() => this.program?.start());
	}

	private end(): void {
		this.powered = false;
		this.life++;
		for (const end of this.ends) end();
		this.ends.clear();
		this.pins.releaseAll();
		this.flushTrace();
	}

	/** As XS does: what goes wrong in there is nobody's business any more. */
	private abort(error: unknown): void {
		try {
			this.program?.abort("unhandled exception", error);
		} catch {
			// It ends all the same.
		}
	}

	private rebootLater(): void {
		const { rebootMs, clock } = this.options;
		if (rebootMs === undefined || this.program === undefined) return;
		this.cancelReboot = clock.setTimer(() => {
			this.cancelReboot = undefined;
			this.begin("software");
		}, rebootMs);
	}

	private elapsedMs(): number {
		return this.options.clock.nowMs() - this.poweredAtMs;
	}

	private flushTrace(): void {
		if (this.line !== "") this.options.onTrace(this.line);
		this.line = "";
	}
}
