/**
 * What a site brings along for the image: sensor drivers, own entities and secrets, as mcconfig is
 * told of them by `fieldmote device`, and by its lines pasted into a shell.
 */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Bench, SITE as SECURE } from "../bench";

/** Without TLS: no keys have to be made. */
const SITE = { ...SECURE, broker: { ...SECURE.broker, url: "mqtt://broker.lan" } };
const GIVEN = ["--board", "nodemcu-v2", "--node", "shed-1"];
const AHT10 = "embedded:sensor/Humidity-Temperature/AHT10";
const ENTITIES = [
	{ kind: "sensor", id: "climate", driver: AHT10, readings: { temperature: {} } },
	{ kind: "fan", id: "fan", module: "./fan.ts" },
];

let bench: Bench;
let manifest: string;

before(() => {
	bench = new Bench();
	manifest = join(bench.root, "dist/device/shed-1/drivers.json");
	const driver = join(bench.sdk, "modules/drivers/sensors/aht10");
	mkdirSync(driver, { recursive: true });
	writeFileSync(join(driver, "manifest.json"), JSON.stringify({ modules: { [AHT10]: "./aht10" } }));
	writeFileSync(join(bench.root, "fan.ts"), "");
});

after(() => bench.discard());

function expected(): object {
	return {
		include: ["$(MODDABLE)/modules/drivers/sensors/aht10/manifest.json"],
		modules: { "entity/fan": join(bench.root, "fan") },
		preload: ["entity/fan"],
	};
}

test("a build takes the site's drivers and own entities with it", () => {
	bench.site({ ...SITE, entities: ENTITIES });
	const { status, stderr } = bench.run([...GIVEN, "--build-only"]);
	assert.equal(status, 0, stderr);
	assert.equal(bench.calls()[0].variables.DRIVERS, manifest);
	assert.deepEqual(JSON.parse(readFileSync(manifest, "utf8")), expected());
});

test("the lines of a dry run make the same manifest", () => {
	const { status, stdout } = bench.run([...GIVEN, "--dry-run"]);
	assert.equal(status, 0);
	rmSync(manifest);
	const { status: pasted, stderr } = bench.paste(stdout);
	assert.equal(pasted, 0, stderr);
	assert.equal(bench.calls()[0].variables.DRIVERS, manifest);
	assert.deepEqual(JSON.parse(readFileSync(manifest, "utf8")), expected());
});

test("another driver is another build: nothing of the one before is left", () => {
	const left = join(bench.root, "dist/device/shed-1/left");
	writeFileSync(left, "");
	assert.equal(bench.run([...GIVEN, "--build-only"]).status, 0);
	assert.ok(existsSync(left));
	bench.site({ ...SITE, entities: [ENTITIES[1]] });
	assert.equal(bench.run([...GIVEN, "--build-only"]).status, 0);
	assert.ok(!existsSync(left));
	assert.deepEqual(JSON.parse(readFileSync(manifest, "utf8")).include, []);
});

test("a site without drivers has the manifest's own", () => {
	bench.site({ ...SITE, entities: [] });
	const { status, stdout } = bench.run([...GIVEN, "--build-only"]);
	assert.equal(status, 0);
	assert.equal(bench.calls()[0].variables.DRIVERS, undefined);
	assert.match(stdout, /^warning: entities: none; the node says the time/m);
});

test("another site has the secrets beside it, and never those of the checkout", () => {
	const place = join(bench.folder, "elsewhere");
	mkdirSync(place);
	const site = join(place, "shed.json");
	const broker = { ...SITE.broker, password: { secret: "broker" } };
	writeFileSync(site, JSON.stringify({ ...SITE, broker }));
	const values = JSON.stringify({ broker: "s3cr3t" });
	writeFileSync(join(bench.root, "secrets.json"), values, { mode: 0o600 });
	const words = [...GIVEN, "--build-only", "--site", site];
	const refused = bench.run(words);
	assert.equal(refused.status, 1);
	assert.match(refused.stderr, /shed\.json: broker\.password: "broker" is not in secrets\.json$/m);
	writeFileSync(join(place, "secrets.json"), values, { mode: 0o644 });
	const { status, stdout, stderr } = bench.run(words);
	assert.equal(status, 0, stderr);
	const { variables } = bench.calls()[0];
	assert.equal(variables.SITE, join(place, "shed"));
	assert.equal(variables.SECRETS, join(place, "secrets"));
	assert.match(stdout, /^warning: secrets\.json: others on this machine can read it: chmod 600 /m);
	assert.ok(!`${stdout}${stderr}${JSON.stringify(bench.calls())}`.includes("s3cr3t"));
	rmSync(join(place, "secrets.json"));
	writeFileSync(site, JSON.stringify(SITE));
	assert.equal(bench.run(words).status, 0);
	assert.equal(bench.calls()[0].variables.SECRETS, "./firmware/defaults/secrets");
});

test("an image for 1 MB of flash has its own limit", () => {
	bench.site(SITE);
	const words = ["--board", "sonoff-basic-r2", "--node", "shed-1", "--build-only"];
	const fits = bench.run(words, { FAKE_SIZE: "1024000" });
	assert.equal(fits.status, 0, fits.stderr);
	assert.match(fits.stdout, /main\.bin, 1024000 of 1024000 bytes$/m);
	const { status, stderr } = bench.run(words, { FAKE_SIZE: "1024001" });
	assert.equal(status, 1);
	assert.match(stderr, /1024001 bytes, 1 more than there are .* saved \(1024000\)/);
	assert.equal(bench.run([...GIVEN, "--build-only"], { FAKE_SIZE: "1024001" }).status, 0);
});
