/**
 * Classes that stand in for the SDK's sensor drivers (modules/drivers/sensors, the sensor class
 * pattern of ECMA-419): constructor, configure(), sample(), close(). Always holds: they open and
 * use the bus as the driver would, so that a sensor that does not answer fails with the bus's
 * error. What is measured is the world's.
 */

import type { Board } from "../world/board";
import { type DriverFacts, driverFacts } from "../world/drivers";
import type { SimulatedSensor } from "../world/sensors";

interface Bus {
	writeRead(buffer: Uint8Array, count: number): unknown;
	close(): void;
}

interface Options {
	sensor: { io: new (options: object) => Bus; address?: number };
	onError?: (message: string) => void;
}

const HZ = 100_000;
/** Of the first register of any sensor. */
const PROBE = 0;

/** Undefined: there is no such driver. */
export function driverClass(board: Pick<Board, "sensors">, module: string): unknown {
	const facts = driverFacts(module);
	return facts === undefined ? undefined : makeClass(board, module, facts);
}

function makeClass(board: Pick<Board, "sensors">, module: string, facts: DriverFacts): unknown {
	return class Driver {
		private io: Bus | undefined;
		private readonly sensor: SimulatedSensor | undefined;

		constructor(options: Options) {
			const own = facts.address === undefined ? {} : { address: facts.address };
			const all = { hz: HZ, ...own, ...options.sensor };
			this.sensor = board.sensors.find(module, (all as { address?: number }).address);
			this.io = new options.sensor.io(all);
			// As in the SDK: when it fails here, the bus stays open, and the address taken.
			this.probe();
		}

		configure(_options: object): void {
			this.probe();
		}

		sample(): object | undefined {
			this.probe();
			if (facts.defect !== undefined) throw new TypeError(facts.defect);
			return this.sensor?.sample();
		}

		close(): void {
			this.io?.close();
			this.io = undefined;
		}

		private probe(): void {
			if (this.io === undefined) throw new TypeError("cannot coerce undefined to object");
			this.io.writeRead(Uint8Array.of(PROBE), 1);
		}
	};
}
