/** A board's world for tests without a board: pins, bus, sensors, and a clock moved by hand. */

import { I2cBus } from "../../host-sim/world/i2c-bus";
import { Pins } from "../../host-sim/world/pins";
import { Sensors } from "../../host-sim/world/sensors";
import { Stage, type Thing } from "../../host-sim/world/stage";
import { VirtualClock } from "./virtual-world";

/** Soil at ADC 0, a button at pin 0 (low when pressed), a door at 4, a meter at 5, two sensors. */
export function makeStage() {
	const clock = new VirtualClock();
	const pins = new Pins();
	const sensors = new Sensors(new I2cBus());
	const climate = sensors.add("climate", "embedded:sensor/Humidity-Temperature/SHT3x");
	const motion = sensors.add("motion", "embedded:sensor/Accelerometer-Gyroscope/MPU6050");
	if (climate === undefined || motion === undefined) throw new Error("no such driver");
	const turned: boolean[] = [];
	const things: Thing[] = [
		{ kind: "analog", name: "soil", key: 0 },
		{ kind: "button", name: "button", pin: 0, active: 0 },
		{ kind: "binary", name: "door", pin: 4, active: 1, isPulledOutside: true },
		{ kind: "pulse", name: "meter", pin: 5, active: 1 },
		{ kind: "sensor", name: "climate", sensor: climate },
		{ kind: "sensor", name: "motion", sensor: motion },
		{ kind: "switch", name: "wifi", turn: (on) => turned.push(on) },
	];
	const stage = new Stage(pins, clock, things);
	return { clock, pins, climate, motion, stage, turned };
}

/** What an input sees, as `ms:level`, from the first moment on. */
export function watchInput(pins: Pins, pin: number, rest: 0 | 1, clock: VirtualClock): string[] {
	const seen: string[] = [];
	pins.claimInput(pin, rest, (level) => seen.push(`${clock.nowMs()}:${level}`));
	return seen;
}
