/** Values that wander: the same for the same seed, in their range, and not where somebody set them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Walk } from "../../../host-sim/world/walk";
import { makeStage } from "../../support/stage";

async function walk(seed: number, hours: number): Promise<string[]> {
	const { stage, pins, clock, climate } = makeStage();
	const walk = new Walk(stage, pins, seed);
	walk.start(clock);
	const seen: string[] = [];
	for (let i = 0; i < hours; i++) {
		await clock.advance(60_000);
		const [soil, temperature] = [pins.voltage(0), Number(climate.reading("temperature"))];
		assert.ok(soil >= 0.05 && soil <= 0.95, `${soil}`);
		assert.ok(temperature >= 15 && temperature <= 30, `${temperature}`);
		seen.push(`${soil.toFixed(6)} ${temperature.toFixed(6)} ${climate.reading("humidity")}`);
	}
	walk.stop();
	assert.equal(clock.pending, 0);
	return seen;
}

test("one seed, one walk; another seed, another walk", async () => {
	const first = await walk(7, 20);
	assert.deepEqual(await walk(7, 20), first);
	assert.notDeepEqual(await walk(8, 20), first);
	assert.equal(new Set(first).size, 20, "it moves");
});

test("what was set stays, the rest wanders on; settings and zeros do not run away", async () => {
	const { stage, pins, clock, climate, motion } = makeStage();
	stage.plan("soil", 0.3)();
	stage.plan("climate", { temperature: 4 })();
	new Walk(stage, pins, 1).start(clock);
	await clock.advance(600_000);
	assert.equal(pins.voltage(0), 0.3);
	assert.equal(climate.reading("temperature"), 4);
	assert.notEqual(climate.reading("humidity"), 45);
	const x = Number(motion.reading("accelerometer_x"));
	assert.ok(Math.abs(x) <= 0.1, `${x}`);
});

test("at the edge of its range a value turns back", async () => {
	for (const [soil, degrees] of [
		[0.05, 15],
		[0.95, 30],
	]) {
		const { stage, pins, clock, climate } = makeStage();
		pins.applyVoltage(0, soil);
		climate.set("temperature", degrees);
		new Walk(stage, pins, 3).start(clock);
		for (let i = 0; i < 50; i++) {
			await clock.advance(1_000);
			assert.ok(pins.voltage(0) >= 0.05 && pins.voltage(0) <= 0.95, `${pins.voltage(0)}`);
			const now = Number(climate.reading("temperature"));
			assert.ok(now >= 15 && now <= 30, `${now}`);
		}
	}
});
