import assert from "node:assert/strict";
import { test } from "node:test";
import { partsBeyondBasic, partsOf } from "../../../device/site/parts";
import type { SiteConfig } from "../../../firmware/config";
import basic from "../../../firmware/parts/basic";

const NONE = { entities: [], discoveryPrefix: "", tasmotaTopic: "", remoteConfig: false };

function site(changes: object): SiteConfig {
	return { ...NONE, ...changes } as unknown as SiteConfig;
}

test("a site of relays, buttons and contacts needs the basic parts only", () => {
	const entities = Object.keys(basic.classes).map((kind) => ({ kind }));
	assert.deepEqual(
		entities.map(({ kind }) => kind),
		["relay", "button", "binary"],
	);
	assert.equal(partsOf(site({ entities })), "basic");
});

test("what is beyond is named as the site names it, once", () => {
	const entities = [{ kind: "light" }, { kind: "relay" }, { kind: "light" }, { kind: "fan" }];
	const all = { entities, discoveryPrefix: "ha", tasmotaTopic: "plug", remoteConfig: true };
	assert.deepEqual(partsBeyondBasic(site(all)), [
		"light",
		"fan",
		"homeAssistant",
		"tasmota",
		"remoteConfig",
	]);
	assert.equal(partsOf(site({ tasmotaTopic: "plug" })), "all");
});
