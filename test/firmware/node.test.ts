import assert from "node:assert/strict";
import { test } from "node:test";
import { Action, Life, NodeLife } from "../../firmware/node";

function actions(life: NodeLife): number[] {
	const list: number[] = [];
	for (;;) {
		const action = life.pollAction();
		if (action === Action.None) return list;
		list.push(action);
	}
}

const SECURE = { needsClock: true, connectDelayMs: 0 };

test("the broker comes after Wi-Fi and clock", () => {
	const life = new NodeLife(SECURE, 0);
	assert.deepEqual(actions(life), []);
	life.handleWifiUp(0, 0);
	assert.deepEqual(actions(life), [Action.StartClock]);
	life.handleClockReady();
	assert.deepEqual(actions(life), [Action.Connect]);
	life.handleLinkUp();
	assert.equal(life.state, Life.Running);
});

test("a plain link does not wait for the clock", () => {
	const life = new NodeLife({ needsClock: false, connectDelayMs: 0 }, 0);
	life.handleWifiUp(0, 0);
	assert.deepEqual(actions(life).sort(), [Action.StartClock, Action.Connect]);
});

test("after a lost link it waits as long as it was told", () => {
	const life = running();
	life.handleLinkDown(500, 1000);
	assert.equal(life.reconnects, 1);
	assert.equal(life.pollTimeout(1200), 300);
	life.handleTimeout(1499);
	assert.deepEqual(actions(life), []);
	life.handleTimeout(1500);
	assert.deepEqual(actions(life), [Action.Connect]);
	// An attempt that never was up is no reconnect.
	life.handleLinkDown(500, 2000);
	assert.equal(life.reconnects, 1);
});

test("lost Wi-Fi drops the link, and what follows begins anew", () => {
	const life = running();
	life.handleWifiDown();
	assert.deepEqual(actions(life), [Action.Drop, Action.StopClock]);
	assert.equal(life.reconnects, 1);
	assert.equal(life.pollTimeout(0), -1);
	life.handleLinkDown(500, 1000);
	assert.equal(life.state, Life.Joining);
	life.handleWifiUp(0, 0);
	// The clock was set before and still is.
	assert.deepEqual(actions(life), [Action.Connect, Action.StartClock]);
});

test("back on Wi-Fi, the clock starts at once and the broker has to wait", () => {
	const life = running();
	life.handleWifiDown();
	actions(life);
	life.handleWifiUp(700, 1000);
	assert.deepEqual(actions(life), [Action.StartClock]);
	assert.equal(life.pollTimeout(1000), 700);
	life.handleTimeout(1699);
	assert.deepEqual(actions(life), []);
	life.handleTimeout(1700);
	assert.deepEqual(actions(life), [Action.Connect]);
});

test("Wi-Fi lost before its actions were done leaves nothing open", () => {
	const life = new NodeLife({ needsClock: false, connectDelayMs: 0 }, 0);
	life.handleWifiUp(0, 0);
	life.handleWifiDown();
	assert.deepEqual(actions(life), [Action.Drop, Action.StopClock]);
});

test("the first connection can be held back, over a wrap of the ticks", () => {
	const start = 0x7fff_ff00 | 0;
	const life = new NodeLife({ needsClock: false, connectDelayMs: 30_000 }, start);
	life.handleWifiUp(0, start);
	assert.deepEqual(actions(life), [Action.StartClock]);
	assert.equal(life.pollTimeout(start), 30_000);
	life.handleTimeout((start + 29_999) | 0);
	assert.deepEqual(actions(life), []);
	life.handleTimeout((start + 30_000) | 0);
	assert.deepEqual(actions(life), [Action.Connect]);
});

test("a stopped node connects no more", () => {
	const life = running();
	life.stop();
	life.handleLinkDown(0, 0);
	life.handleTimeout(10);
	life.handleWifiDown();
	life.handleWifiUp(0, 0);
	assert.deepEqual(actions(life), []);
});

function running(): NodeLife {
	const life = new NodeLife(SECURE, 0);
	life.handleWifiUp(0, 0);
	life.handleClockReady();
	life.handleLinkUp();
	actions(life);
	return life;
}
