import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSite } from "../../firmware/config";
import { Supervisor } from "../../firmware/supervisor";

const MINUTE_MS = 60_000;
/** Just before the ticks wrap. */
const START = 0x7fffffff - 5 * MINUTE_MS;
const ALL = { wifiMinutes: 20, clockMinutes: 30, brokerMinutes: 60 };

/** A supervisor that is told once a minute what is there. */
class Watched {
	/** Minutes since the start. */
	minute = 0;
	private readonly supervisor: Supervisor;

	constructor(limits = ALL) {
		this.supervisor = new Supervisor(limits, START);
	}

	/** So many minutes with what is named; why it would restart, with the minute. */
	pass(minutes: number, there: string): string {
		const has = (what: string) => there.includes(what);
		for (let i = 0; i < minutes; i++) {
			this.minute++;
			const now = (START + this.minute * MINUTE_MS) | 0;
			const ready = has("clock") || has("ready");
			const cause = this.supervisor.update(has("wifi"), has("clock"), ready, has("broker"), now);
			if (cause !== "") return `${this.minute}: ${cause}`;
		}
		return "";
	}
}

test("each lack has its own limit", () => {
	assert.equal(new Watched().pass(100, ""), "20: no Wi-Fi for 20 min");
	assert.equal(new Watched().pass(100, "wifi"), "30: no clock for 30 min");
	assert.equal(new Watched().pass(100, "wifi clock"), "60: no broker for 60 min");
	assert.equal(new Watched().pass(10_000, "wifi clock broker"), "");
});

test("a limit of 0 never ends in a restart", () => {
	const never = { wifiMinutes: 0, clockMinutes: 0, brokerMinutes: 0 };
	for (const there of ["", "wifi", "wifi clock"]) {
		assert.equal(new Watched(never).pass(20_000, there), "");
	}
	const forWifi = { ...never, wifiMinutes: 10 };
	assert.equal(new Watched(forWifi).pass(20_000, "wifi clock"), "");
});

test("no broker does not count while there is no Wi-Fi, and goes on afterwards", () => {
	const watched = new Watched({ ...ALL, wifiMinutes: 0 });
	assert.equal(watched.pass(59, "wifi clock"), "");
	assert.equal(watched.pass(500, "clock"), "");
	assert.equal(watched.pass(5, "wifi clock"), "560: no broker for 60 min");
});

test("no clock does not count while there is no Wi-Fi", () => {
	const watched = new Watched({ ...ALL, wifiMinutes: 0 });
	assert.equal(watched.pass(29, "wifi"), "");
	assert.equal(watched.pass(500, ""), "");
	assert.equal(watched.pass(5, "wifi"), "530: no clock for 30 min");
});

test("no broker does not count before the clock where a certificate needs it, else it does", () => {
	const forBroker = { wifiMinutes: 0, clockMinutes: 0, brokerMinutes: 10 };
	assert.equal(new Watched(forBroker).pass(1000, "wifi"), "");
	assert.equal(new Watched(forBroker).pass(1000, "wifi ready"), "10: no broker for 10 min");
});

test("what was there for a moment begins anew", () => {
	const watched = new Watched();
	for (let i = 0; i < 10; i++) {
		assert.equal(watched.pass(59, "wifi clock"), "");
		assert.equal(watched.pass(1, "wifi clock broker"), "");
		assert.equal(watched.pass(19, "clock"), "");
	}
});

test("a site asks for it; without, or with 0, there is none", () => {
	const limits = (supervisor?: object) => {
		const checked = checkSite({ supervisor }, {});
		return checked.problems.length > 0 ? checked.problems : checked.value.supervisor;
	};
	assert.equal(limits(), undefined);
	assert.equal(limits({}), undefined);
	assert.equal(limits({ wifiRestartMinutes: 0, brokerRestartMinutes: 0 }), undefined);
	assert.deepEqual(limits({ wifiRestartMinutes: 10, brokerRestartMinutes: 10_080 }), {
		wifiMinutes: 10,
		clockMinutes: 0,
		brokerMinutes: 10_080,
	});
	const wrong = "must be 0 (never) or a whole number from 10 to 10080";
	for (const bad of [9, -1, 10.5, 10_081]) {
		assert.deepEqual(limits({ clockRestartMinutes: bad }), [
			`site.json: supervisor.clockRestartMinutes: ${bad} ${wrong}`,
		]);
	}
	assert.deepEqual(limits({ clockRestartMinutes: "60" }), [
		`site.json: supervisor.clockRestartMinutes: "60" ${wrong}`,
	]);
	assert.deepEqual(limits({ wifiMinutes: 60 }), [
		"site.json: supervisor.wifiMinutes: unknown key; there are wifiRestartMinutes, " +
			"clockRestartMinutes, brokerRestartMinutes",
	]);
});
