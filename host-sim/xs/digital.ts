/**
 * Stands in for `embedded:io/digital` where the SDK has none: on Linux, in the SDK's own
 * simulator. Prints each level that an output takes, so that a test can see it; inputs follow
 * world.ts. Always holds: edges are told in a turn of their own, as by the SDK's interrupt.
 */

import Timer from "timer";
import World from "./world";

type Level = 0 | 1;

interface Options {
	pin: number;
	mode: number;
	activeLow?: boolean;
	initialValue?: Level;
	edge?: number;
	target?: unknown;
	onReadable?: (this: Digital) => void;
}

const used = new Set<number>();

export default class Digital {
	static readonly Input = 0;
	static readonly InputPullUp = 1;
	static readonly InputPullDown = 2;
	static readonly InputPullUpDown = 3;
	static readonly Output = 8;
	static readonly OutputOpenDrain = 9;
	static readonly Rising = 1;
	static readonly Falling = 2;
	target: unknown;
	private readonly pin: number;
	private readonly flip: Level;
	private readonly isOutput: boolean;
	private readonly edge: number;
	private readonly onReadable: Options["onReadable"];
	private level: Level;
	private isPending = false;

	constructor(options: Options) {
		const { pin, mode, target, onReadable } = options;
		if (used.has(pin)) throw new Error("in use");
		this.pin = pin;
		this.target = target;
		this.flip = options.activeLow === true ? 1 : 0;
		this.isOutput = mode >= Digital.Output;
		this.edge = options.edge ?? 0;
		this.onReadable = onReadable;
		this.level = mode === Digital.InputPullUp ? 1 : 0;
		used.add(pin);
		if (this.isOutput) {
			this.level = this.physical(options.initialValue ?? 0);
			this.print();
		} else {
			this.level = World.level(pin) ?? this.level;
			World.listen(pin, (level) => this.follow(level));
		}
	}

	read(): Level {
		if (this.isOutput) throw new Error("can't read output");
		return (this.level ^ this.flip) as Level;
	}

	write(value: Level): void {
		if (!this.isOutput) throw new Error("can't write input");
		this.level = this.physical(value);
		this.print();
	}

	close(): void {
		used.delete(this.pin);
		if (!this.isOutput) World.listen(this.pin, undefined);
	}

	private physical(value: number): Level {
		return ((value === 0 ? 0 : 1) ^ this.flip) as Level;
	}

	private follow(level: Level): void {
		if (level === this.level) return;
		this.level = level;
		const seen = this.read() === 1 ? Digital.Rising : Digital.Falling;
		if (this.onReadable === undefined || (this.edge & seen) === 0 || this.isPending) return;
		this.isPending = true;
		Timer.set(() => {
			this.isPending = false;
			this.onReadable?.call(this);
		});
	}

	private print(): void {
		trace(`pin ${this.pin} is ${this.level === 1 ? "high" : "low"}\n`);
	}
}
