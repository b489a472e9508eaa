/**
 * The simulator's stdin: keys of a terminal, or lines of orders from a pipe. Always holds: Ctrl-C
 * ends as it does without; a wrong order is said and changes nothing; the terminal is as before
 * when this has stopped. Must not know what orders do.
 */

import { type InputThing, type Stage, StageError } from "../world/stage";
import { keyLines, keysOf, ORDERS, orderOfKey, planOrder } from "./orders";

export interface ConsoleInput {
	readonly isTTY?: boolean;
	setRawMode?(raw: boolean): unknown;
	setEncoding(encoding: "utf8"): unknown;
	on(event: "data", listener: (text: string) => void): unknown;
	on(event: "error", listener: () => void): unknown;
	resume(): unknown;
	destroy(): unknown;
}

export interface ConsoleOwner {
	/** A line for whoever sits there. */
	say(text: string): void;
	/** Shows what is being typed, without a line's end. */
	echo(text: string): void;
	/** Ctrl-C. */
	interrupt(): void;
	/** Ctrl-Z: stops this process until somebody continues it, then calls back. */
	suspend(resumed: () => void): void;
}

const CTRL_C = "\x03";
const CTRL_Z = "\x1a";
const ESCAPE = "\x1b";
const BACKSPACE = ["\x7f", "\b"];
/** A line that goes on for longer is no order. */
const LINE_LIMIT = 1_000;

export class Console {
	private readonly stage: Stage;
	private readonly input: ConsoleInput;
	private readonly owner: ConsoleOwner;
	private readonly keys: ReadonlyMap<string, InputThing>;
	private readonly isTerminal: boolean;
	/** What has been typed of a line; undefined: keys are keys. */
	private typed: string | undefined;
	private isStopped = false;

	constructor(stage: Stage, input: ConsoleInput, owner: ConsoleOwner) {
		this.stage = stage;
		this.input = input;
		this.owner = owner;
		this.keys = keysOf(stage.things);
		this.isTerminal = input.isTTY === true;
		if (!this.isTerminal) this.typed = "";
	}

	/** What there is to do, before anything happens; a line each. */
	get hint(): string[] {
		if (!this.isTerminal) return this.orders;
		return [...keyLines(this.keys), ":  begins an order, Esc drops it; ? lists them, Ctrl-C ends"];
	}

	private get orders(): string[] {
		const names = this.stage.things.map(({ name }) => name).join(", ");
		return [
			...ORDERS.map((order, i) => `${i === 0 ? "orders" : "      "} ${order}`),
			`names  ${names}`,
		];
	}

	start(): void {
		const { input } = this;
		input.setEncoding("utf8");
		input.on("data", (text) => this.take(text));
		// A terminal that has gone; the signal for that comes, too.
		input.on("error", () => undefined);
		if (this.isTerminal) input.setRawMode?.(true);
		input.resume();
	}

	stop(): void {
		if (this.isStopped) return;
		this.isStopped = true;
		if (this.isTerminal) this.input.setRawMode?.(false);
		this.input.destroy();
	}

	private take(text: string): void {
		// An arrow or a function key is a sequence, and not the letters in it.
		if (this.isTerminal && text.startsWith(ESCAPE)) {
			if (text === ESCAPE) this.cancel();
			return;
		}
		for (const letter of text) {
			if (this.isStopped) return;
			if (this.isTerminal && letter === CTRL_C) this.owner.interrupt();
			else if (this.isTerminal && letter === CTRL_Z) this.suspend();
			else if (this.typed === undefined) this.takeKey(letter);
			else this.takeTyped(this.typed, letter);
		}
	}

	private takeKey(key: string): void {
		if (key === "?") this.help();
		else if (key === ":") {
			this.typed = "";
			this.owner.echo(":");
		} else {
			const thing = this.keys.get(key.toLowerCase());
			if (thing !== undefined) {
				this.obey(orderOfKey(this.keys, key, this.stage.isOn(thing.name)));
			} else if (/\S/.test(key)) this.owner.say(`no key "${key}" here; ? lists them`);
		}
	}

	private takeTyped(typed: string, letter: string): void {
		const isEnd = letter === "\n" || letter === "\r";
		if (isEnd) {
			this.typed = this.isTerminal ? undefined : "";
			if (this.isTerminal) this.owner.echo("\n");
			if (typed.trim() !== "") this.obey(typed);
		} else if (this.isTerminal && BACKSPACE.includes(letter)) {
			if (typed !== "") this.owner.echo("\b \b");
			this.typed = typed.slice(0, -1);
		} else if (typed.length < LINE_LIMIT) {
			this.typed = typed + letter;
			if (this.isTerminal) this.owner.echo(letter);
		}
	}

	/** What has been typed of an order is not meant. */
	private cancel(): void {
		if (this.typed === undefined) return;
		this.typed = undefined;
		this.owner.echo("\n");
	}

	private obey(order: string): void {
		if (order.trim() === "help" || order.trim() === "?") {
			this.help();
			return;
		}
		try {
			const done = planOrder(this.stage, order)();
			if (done !== "") this.owner.say(done);
		} catch (error) {
			if (!(error instanceof StageError)) throw error;
			this.owner.say(error.message);
		}
	}

	private help(): void {
		const pins = this.stage.pinNames.join(", ");
		const orders = pins === "" ? this.orders : [...this.orders, `pins   ${pins}`];
		const lines = this.isTerminal ? [...this.hint, ...orders] : orders;
		for (const line of lines) this.owner.say(line);
	}

	private suspend(): void {
		this.input.setRawMode?.(false);
		this.owner.suspend(() => {
			if (!this.isStopped) this.input.setRawMode?.(true);
		});
	}
}
