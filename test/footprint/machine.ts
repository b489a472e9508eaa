/**
 * One machine under way in host.c: its lines, its figures, its end. Must not know what runs in it.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Program } from "./build32";

/** Bytes. */
export interface Figures {
	readonly name: string;
	/** What the slot heap has grown to, what of it is used, and the most that was. */
	readonly slots: number;
	readonly slotsUsed: number;
	readonly slotsPeak: number;
	readonly chunks: number;
	readonly chunksUsed: number;
	readonly chunksPeak: number;
	/** Of the stack as the manifest gives it, and the deepest use. */
	readonly stack: number;
	readonly stackPeak: number;
	/** Of the machine's block: chunks, slots and stack with what they waste. */
	readonly block: number;
	/** Property names made at run time. */
	readonly keys: number;
	/** Deepest use of the C stack below main(), GLib's part included; x86, not the board's. */
	readonly cStackPeak: number;
}

export class Machine {
	readonly lines: string[] = [];
	private readonly child: ChildProcess;
	private rest = "";
	private wake: (() => void)[] = [];
	private ended = "";

	/**
	 * @param blockBytes the block that it gets, as `static` in a board's creation
	 * @param stackSlots undefined: what the manifest says
	 */
	constructor(program: Program, blockBytes: number, stackSlots?: number) {
		const words = [blockBytes, ...(stackSlots === undefined ? [] : [stackSlots])].map(String);
		this.child = spawn(program.path, words, {
			stdio: ["pipe", "pipe", "inherit"],
			env: { ...process.env, ...program.environment, XSBUG_PORT: "1" },
		});
		this.child.stdout?.on("data", (bytes) => this.take(String(bytes)));
		this.child.stdin?.on("error", () => undefined);
		this.child.on("error", (error) => this.finish(error.message));
		this.child.on("exit", (code, signal) => this.finish(`ended (${signal ?? code})`));
	}

	/** The first line from index `from` on that matches. Rejects after `limitMs`, or at the end. */
	async waitFor(pattern: RegExp, limitMs = 30_000, from = 0): Promise<RegExpExecArray> {
		const deadline = Date.now() + limitMs;
		for (let at = from; ; at++) {
			while (at >= this.lines.length) {
				if (this.ended !== "" || Date.now() >= deadline) {
					const last = this.lines.slice(-30).join("\n");
					throw new Error(`no line matches ${pattern} (${this.ended || "timed out"}):\n${last}`);
				}
				await this.more(deadline - Date.now());
			}
			const match = pattern.exec(this.lines[at] as string);
			if (match !== null) return match;
		}
	}

	/** Figures now, after a garbage collection where wanted. */
	async figures(name: string, collect = false): Promise<Figures> {
		const from = this.lines.length;
		this.child.stdin?.write(`${collect ? "collect" : "figures"} ${name}\n`);
		const [, json] = await this.waitFor(new RegExp(`^@figures (.*"${name}".*)`), 10_000, from);
		return JSON.parse(json as string) as Figures;
	}

	/** What holds the slots, by class, most first. */
	async census(): Promise<readonly string[]> {
		const from = this.lines.length;
		this.child.stdin?.write("census\n");
		await this.figures("census-end");
		const rows = this.lines.slice(from).filter((line) => line.startsWith("@census"));
		const count = (row: string) => Number.parseInt(row.slice(8), 10);
		return rows.sort((a, b) => count(b) - count(a)).map((row) => row.slice(8));
	}

	/** Turns what is around the board: see stand-ins/board-io.c. */
	world(what: "level" | "celsius" | "gone", value: number): void {
		this.child.stdin?.write(`world ${what} ${value}\n`);
	}

	resetPeaks(): void {
		this.child.stdin?.write("reset\n");
	}

	async stop(): Promise<void> {
		if (this.ended !== "") return;
		this.child.stdin?.end();
		const hard = setTimeout(() => this.child.kill("SIGKILL"), 2000);
		if (this.child.exitCode === null) await once(this.child, "exit");
		clearTimeout(hard);
	}

	private more(limitMs: number): Promise<void> {
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, limitMs);
			this.wake.push(() => {
				clearTimeout(timer);
				resolve();
			});
		});
	}

	private take(text: string): void {
		const lines = (this.rest + text).split("\n");
		this.rest = lines.pop() ?? "";
		this.lines.push(...lines);
		this.wakeAll();
	}

	private finish(reason: string): void {
		this.ended = reason;
		this.wakeAll();
	}

	private wakeAll(): void {
		for (const wake of this.wake.splice(0)) wake();
	}
}
