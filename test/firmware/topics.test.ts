import assert from "node:assert/strict";
import { test } from "node:test";
import {
	broadcastPrefix,
	configTopic,
	entityOf,
	isBase,
	isId,
	leafTopic,
	nodeTopics,
	setTopic,
	syncTopic,
} from "../../firmware/topics";

test("topics are <base>/<node>/<rest>", () => {
	const topics = nodeTopics("site/fieldmote", "shed-1");
	assert.equal(topics.availability, "site/fieldmote/shed-1/availability");
	assert.equal(topics.time, "site/fieldmote/shed-1/time");
	assert.equal(topics.diag, "site/fieldmote/shed-1/diag");
	assert.equal(topics.result, "site/fieldmote/shed-1/result");
	assert.equal(leafTopic(topics, "relay", "state"), "site/fieldmote/shed-1/relay/state");
	assert.equal(setTopic(topics, "relay"), "site/fieldmote/shed-1/relay/set");
	assert.equal(syncTopic(topics), "site/fieldmote/shed-1/sync");
	assert.equal(configTopic(topics), "site/fieldmote/shed-1/config");
});

test("a node that speaks Tasmota's dialect has Tasmota's will", () => {
	const { availability, online, offline } = nodeTopics("fieldmote", "shed", "plug");
	assert.deepEqual([availability, online, offline], ["tele/plug/LWT", "Online", "Offline"]);
});

test("a command topic names its entity", () => {
	assert.equal(entityOf("fieldmote/shed/relay/set", "fieldmote/shed/"), "relay");
	assert.equal(entityOf("fieldmote/all/relay/set", broadcastPrefix("fieldmote")), "relay");
	for (const other of ["fieldmote/shed/relay/state", "fieldmote/hut/relay/set", "set", "/set"]) {
		assert.equal(entityOf(other, "fieldmote/shed/"), "", other);
	}
});

test("an id is a-z0-9- of 1 to 32 characters", () => {
	for (const good of ["a", "node-1", "0", "x".repeat(32)]) assert.ok(isId(good), good);
	for (const bad of ["", "A", "a/b", "a+b", "#", "ä", "x".repeat(33), "a b", "a_b"]) {
		assert.ok(!isId(bad), bad);
	}
});

test("a base is levels without wildcards, none of them empty", () => {
	for (const good of ["fieldmote", "a/b/c", "Home_1"]) assert.ok(isBase(good), good);
	for (const bad of ["", "/", "a/", "/a", "a//b", "a/+", "#", "a b", "$SYS", "x".repeat(65)]) {
		assert.ok(!isBase(bad), bad);
	}
});
