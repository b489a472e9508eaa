/**
 * The life of a node: boot, join, set the clock, connect, run, recover. A state machine without
 * I/O: facts go in through handle…(), what to do next comes out of pollAction(), time is an
 * argument. Always holds: the broker is never contacted before the clock is good enough for the
 * certificates (unless the site allows it or the link is plain), and there is at most one
 * connection at a time. Must not know sockets, timers, topics or pins.
 *
 *            wifi up            delay over          clock ready            link up
 *   Joining ---------> Waiting ------------> Timing ------------> Connecting -------> Running
 *      ^                  ^                                           |                  |
 *      | wifi down,       |                                 link down |                  |
 *      | from anywhere    +-------------------------------------------+------------------+
 */

export const enum Life {
	Joining = 0,
	Timing = 1,
	Connecting = 2,
	Running = 3,
	Waiting = 4,
	Stopped = 5,
}

export const enum Action {
	None = 0,
	/** Start asking for the time, and go on doing so. */
	StartClock = 1,
	/** The network is gone: no use in asking. */
	StopClock = 2,
	/** Open the connection to the broker. */
	Connect = 3,
	/** Drop the connection to the broker at once. */
	Drop = 4,
}

export interface LifeOptions {
	/** The broker's certificate is checked, so the clock comes first. */
	readonly needsClock: boolean;
	/** The first connection waits this long after power-on; milliseconds. */
	readonly connectDelayMs: number;
}

export class NodeLife {
	state: number = Life.Joining;
	/** Connections that were up and went down. */
	reconnects = 0;
	private readonly needsClock: boolean;
	private readonly connectDelayMs: number;
	private readonly bootedAt: number;
	private clockReady = false;
	private clockRunning = false;
	private linkOpen = false;
	private heldBack: boolean;
	private waitingSince = 0;
	private waitMs = 0;
	private pending = 0;

	constructor(options: LifeOptions, now: number) {
		this.needsClock = options.needsClock;
		this.connectDelayMs = options.connectDelayMs;
		this.bootedAt = now;
		this.heldBack = options.connectDelayMs > 0;
	}

	/**
	 * The network is there.
	 * @param delayMs how long to hold back the connection to the broker, in milliseconds: all the
	 *   nodes of an access point come back with it at the same moment
	 */
	handleWifiUp(delayMs: number, now: number): void {
		if (this.state !== Life.Joining) return;
		if (!this.clockRunning) {
			this.clockRunning = true;
			this.push(Action.StartClock);
		}
		this.wait(delayMs, now);
		this.handleTimeout(now);
	}

	handleWifiDown(): void {
		if (this.state === Life.Stopped) return;
		if (this.state === Life.Running) this.reconnects++;
		if (this.linkOpen) this.push(Action.Drop);
		if (this.clockRunning) this.push(Action.StopClock);
		this.clockRunning = false;
		this.linkOpen = false;
		this.state = Life.Joining;
	}

	/** The clock is set, or the site allows to go on without. */
	handleClockReady(): void {
		this.clockReady = true;
		this.advance();
	}

	handleLinkUp(): void {
		if (this.state === Life.Connecting) this.state = Life.Running;
	}

	/**
	 * The connection, or the attempt at one, has ended.
	 * @param delayMs how long to wait before the next one, in milliseconds
	 */
	handleLinkDown(delayMs: number, now: number): void {
		if (this.state === Life.Running) this.reconnects++;
		this.linkOpen = false;
		if (this.state !== Life.Running && this.state !== Life.Connecting) return;
		this.wait(delayMs, now);
	}

	handleTimeout(now: number): void {
		if (this.heldBack && ((now - this.bootedAt) | 0) >= this.connectDelayMs) {
			this.heldBack = false;
			this.advance();
		}
		if (this.state === Life.Waiting && ((now - this.waitingSince) | 0) >= this.waitMs) {
			this.state = Life.Timing;
			this.advance();
		}
	}

	/** No more connections. What is open stays to its owner. */
	stop(): void {
		this.state = Life.Stopped;
	}

	/** Milliseconds until handleTimeout() is due, or -1. */
	pollTimeout(now: number): number {
		let dueMs = -1;
		if (this.heldBack) dueMs = this.connectDelayMs - ((now - this.bootedAt) | 0);
		if (this.state === Life.Waiting) {
			const restMs = this.waitMs - ((now - this.waitingSince) | 0);
			if (dueMs < 0 || restMs < dueMs) dueMs = restMs;
		}
		if (dueMs < 0) return this.heldBack || this.state === Life.Waiting ? 0 : -1;
		return dueMs;
	}

	/** The next thing to do, or Action.None. Drop comes before Connect. */
	pollAction(): number {
		for (let action = Action.Drop as number; action > 0; action--) {
			const bit = 1 << action;
			if ((this.pending & bit) === 0) continue;
			this.pending &= ~bit;
			return action;
		}
		return Action.None;
	}

	private wait(delayMs: number, now: number): void {
		this.state = Life.Waiting;
		this.waitingSince = now;
		this.waitMs = delayMs;
	}

	private advance(): void {
		if (this.state !== Life.Timing || this.heldBack) return;
		if (this.needsClock && !this.clockReady) return;
		this.state = Life.Connecting;
		this.linkOpen = true;
		this.push(Action.Connect);
	}

	private push(action: number): void {
		if (action === Action.Drop) this.pending &= ~(1 << Action.Connect);
		if (action === Action.StopClock) this.pending &= ~(1 << Action.StartClock);
		if (action === Action.StartClock) this.pending &= ~(1 << Action.StopClock);
		this.pending |= 1 << action;
	}
}
