/**
 * What is around the simulator's board: the things that its entities see, what happens to them by
 * script or by themselves, and what the pins do, in words. Always holds: what was started is ended
 * by stop(). Must not know the firmware, nor the terminal.
 */

import { UsageError } from "../words";
import type { SimulatedBoard } from "../world/board";
import type { WorldClock } from "../world/clock";
import { Script, ScriptError } from "../world/script";
import { Stage, type SwitchThing } from "../world/stage";
import { Walk } from "../world/walk";
import { type PinListener, PinView } from "./pin-view";
import { entitiesOf, type Load, labelsOf, loadOf, thingsOf } from "./things";
import type { WorldChoices } from "./world-options";

export class Surroundings {
	readonly stage: Stage;
	/** What is connected to the board, a line each. */
	readonly rows: readonly string[];
	/** The entries that the firmware takes. */
	readonly entities: readonly Readonly<Record<string, unknown>>[];
	/** What can be switched; undefined: nothing. */
	readonly load: Load | undefined;
	private readonly clock: WorldClock;
	private readonly view: PinView;
	private readonly script: Script | undefined;
	private readonly walk: Walk | undefined;

	/**
	 * @param switches what can be turned besides what the entities see
	 * @throws UsageError for a script that cannot be played
	 */
	constructor(
		board: SimulatedBoard,
		choices: Pick<WorldChoices, "script" | "seed">,
		clock: WorldClock,
		listener: PinListener,
		switches: readonly SwitchThing[],
	) {
		this.clock = clock;
		const entities = entitiesOf(board.site, board.boardFile);
		this.entities = entities;
		const things = thingsOf(entities, board.boardFile, board.pins, board.sensors);
		const names = new Set(things.map(({ name }) => name));
		const others = switches.filter(({ name }) => !names.has(name));
		const labels = labelsOf(board.boardFile, board.pins);
		this.stage = new Stage(board.pins, clock, [...things, ...others], labels);
		this.view = new PinView(board, entities, clock, listener);
		this.load = loadOf(entities);
		this.rows = this.view.rows(entities);
		this.script = readScript(choices.script, this.stage);
		const { seed } = choices;
		this.walk = seed === undefined ? undefined : new Walk(this.stage, board.pins, seed);
	}

	/** Before the board is on, so that what is due at 0 is so from the beginning. */
	start(): void {
		this.script?.start(this.clock);
		this.walk?.start(this.clock);
	}

	stop(): void {
		this.script?.stop();
		this.walk?.stop();
		this.stage.close();
		this.view.close();
	}
}

function readScript(given: WorldChoices["script"], stage: Stage): Script | undefined {
	if (given === undefined) return undefined;
	try {
		return new Script(given.text, given.name, stage);
	} catch (error) {
		if (error instanceof ScriptError) throw new UsageError(`--world ${error.message}`);
		throw error;
	}
}
