import assert from "node:assert/strict";
import { test } from "node:test";
import { Shed, type ShedLife } from "../../support/shed";

/** The first diag after a connect, as text. */
function diagText(life: ShedLife, error = ""): string {
	const shed = new Shed({ transmitBytes: 512 }, life);
	shed.error = error;
	shed.bench.connect();
	const diag = shed.bench.acknowledgeAll().find((one) => one.topic.endsWith("/diag"));
	assert.ok(diag !== undefined, "no diag went out");
	return diag.text;
}

const CRASHED = { starts: 12, crashes: 3, lastCrash: "TypeError: get x", reset: "crash" };

test("diag carries every figure that the platform gives, and how the life began", () => {
	const life = {
		heap: [21_000, 15_000, 14_200],
		machine: [5_584, 10_312, 3_376, 5_888],
		boots: CRASHED,
	};
	assert.deepEqual(JSON.parse(diagText(life, "wifi: lost")), {
		uptime_s: 0,
		boots: 12,
		crashes: 3,
		safe_mode: false,
		heap: 21_000,
		heap_min: 15_000,
		heap_block: 14_200,
		xs_slots: 5_584,
		xs_chunks: 10_312,
		xs_stack: 3_376,
		xs_room: 5_888,
		rssi: -58,
		reconnects: 0,
		queue: 1,
		dropped: 0,
		skipped: 0,
		drift_ppm: 0,
		clock: "set",
		reset: "crash",
		last_crash: "TypeError: get x",
		last_error: "wifi: lost",
	});
});

test("what the platform does not tell is not there", () => {
	const diag = JSON.parse(diagText({ heap: [21_000, undefined, 14_200], boots: { reset: "" } }));
	assert.deepEqual(
		["heap", "heap_min", "heap_block", "xs_room", "reset"].map((key) => key in diag),
		[true, false, true, false, false],
	);
});

test("long texts are cut to what there is room for, whatever they are made of", () => {
	// An ESP32 with 8 MB of PSRAM; the longest base, and a node of 32 characters.
	const life = {
		heap: [8_388_608, 8_388_608, 8_388_608],
		machine: [1_000_000, 1_000_000, 16_384, 1_000_000],
		base: "b".repeat(64 + 28),
		boots: { starts: 4_294_967_295, crashes: 100_000, reset: "restart: no broker for 10080 min" },
	};
	for (const character of ["a", '"', "\u0001", "ä", "😀"]) {
		const long = character.repeat(200);
		for (const lastCrash of ["", long]) {
			const boots = { ...life.boots, lastCrash };
			for (const error of ["", long]) JSON.parse(diagText({ ...life, boots }, error));
			const diag = JSON.parse(diagText({ boots: { lastCrash } }, long));
			assert.ok(diag.last_error.length > 10, diag.last_error);
			if (lastCrash !== "") assert.ok(diag.last_crash.length >= 8, diag.last_crash);
		}
	}
});

test("a short error leaves its room to the crash, and the other way round", () => {
	const lastCrash = "x".repeat(61);
	assert.equal(JSON.parse(diagText({ boots: { lastCrash } }, "short")).last_crash, lastCrash);
	const error = "y".repeat(96);
	assert.equal(JSON.parse(diagText({ boots: { lastCrash: "z" } }, error)).last_error, error);
});
