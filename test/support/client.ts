/** `fieldmote client` as a child process: commands in, events out. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export type ClientEvent = Record<string, unknown> & { readonly ev: string };

export class ClientProcess {
	/** All events, oldest first; tests take from it. */
	readonly events: ClientEvent[] = [];
	/** Lines on stdout that are no event. */
	readonly noise: string[] = [];
	stderr = "";
	private readonly child: ChildProcess;
	private wake: () => void = () => undefined;

	constructor() {
		this.child = spawn(process.execPath, ["host-sim/bin.mjs", "client"], {
			stdio: ["pipe", "pipe", "pipe"],
		});
		if (this.child.stdout === null || this.child.stderr === null) throw new Error("no pipes");
		createInterface({ input: this.child.stdout }).on("line", (line) => this.take(line));
		this.child.stderr.on("data", (data: Buffer) => {
			this.stderr += data.toString();
		});
	}

	send(...commands: object[]): void {
		for (const command of commands) this.raw(`${JSON.stringify(command)}\n`);
	}

	raw(text: string): void {
		this.child.stdin?.write(text);
	}

	/** The first event that matches, removed; waits up to limitMs for it. */
	async next(match: Record<string, unknown>, limitMs = 5000): Promise<ClientEvent> {
		const until = Date.now() + limitMs;
		for (;;) {
			const at = this.events.findIndex((event) =>
				Object.entries(match).every(([key, value]) => event[key] === value),
			);
			if (at >= 0) return this.events.splice(at, 1)[0];
			const restMs = until - Date.now();
			if (restMs <= 0) {
				const seen = JSON.stringify(this.events);
				throw new Error(`no ${JSON.stringify(match)} among ${seen} ${this.stderr}`);
			}
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, restMs);
				this.wake = () => {
					clearTimeout(timer);
					resolve();
				};
			});
		}
	}

	/** Closes stdin and waits for the end; the exit code. */
	async end(): Promise<number | null> {
		this.child.stdin?.end();
		return await this.exit();
	}

	/** Waits for the end; the exit code. */
	async exit(): Promise<number | null> {
		if (this.child.exitCode === null) await once(this.child, "exit");
		return this.child.exitCode;
	}

	kill(): void {
		this.child.kill("SIGKILL");
	}

	private take(line: string): void {
		try {
			this.events.push(JSON.parse(line) as ClientEvent);
		} catch {
			this.noise.push(line);
		}
		this.wake();
	}
}
