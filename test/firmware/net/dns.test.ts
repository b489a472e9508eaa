import assert from "node:assert/strict";
import { test } from "node:test";
import { AccessPoint } from "../../../host-sim/world/access-point";
import { NameServer, RCODE } from "../../../host-sim/world/name-server";
import { makeNetBoard, type NetBoard, NOBODY, type Service } from "../../support/virtual-world";

type Resolver = InstanceType<NetBoard["net"]["NameResolver"]>;

const SERVER_A = "192.0.2.53";
const SERVER_B = "192.0.2.54";

interface Setup {
	world: NetBoard;
	resolver: Resolver;
	/** Asks and waits until there is an answer; "reason" or "address address". */
	ask(host: string): Promise<string>;
	/** Names of services asked, in order. */
	asked: string[];
}

async function setUp(
	services: Record<string, NameServer | Service>,
	servers: string[] = [SERVER_A, SERVER_B],
): Promise<Setup> {
	let seed = 1;
	const random = () => {
		seed = (seed * 16807) % 2147483647;
		return seed / 2147483647;
	};
	const world = await makeNetBoard({ air: new AccessPoint({ networks: [{ ssid: "home" }] }) });
	const asked: string[] = [];
	for (const [name, service] of Object.entries(services)) {
		const at = name.includes(":") ? name : `${name}:53`;
		world.network.services.set(at, (bytes, reply, from) => {
			asked.push(name);
			if (service instanceof NameServer) {
				void service.answer(bytes).then((answer) => answer && reply(answer));
			} else service(bytes, reply, from);
		});
	}
	let resolver: Resolver | undefined;
	world.run(() => {
		const { WiFi, WifiStation } = world.net;
		new WifiStation({ WiFi, networks: [{ ssid: "home" }], random }, NOBODY);
		resolver = new world.net.NameResolver({
			UDP: world.net.UDP,
			nameServers: () => servers,
			random,
		});
	});
	await world.clock.advance(1000);
	const ready = resolver as Resolver;
	const ask = async (host: string) => {
		const answers: string[] = [];
		world.run(() =>
			ready.resolve(host, answers, function (reason, addresses) {
				this.push(reason === "" ? addresses.join(" ") : reason);
			}),
		);
		assert.deepEqual(answers, [], "never before resolve() has returned");
		await world.clock.advance(20_000);
		assert.equal(answers.length, 1);
		assert.equal(world.network.open, 0, "no socket is left open");
		assert.deepEqual(world.crashes, []);
		return answers[0];
	};
	return { world, resolver: ready, ask, asked };
}

const GOOD = new NameServer({
	"broker.example": ["192.0.2.7", "192.0.2.8"],
	"alias.example": { alias: "broker.example" },
	"empty.example": [],
});

test("addresses and localhost need no name server", async () => {
	const { ask, asked, world } = await setUp({ [SERVER_A]: GOOD });
	assert.equal(await ask("localhost"), "127.0.0.1");
	assert.equal(await ask("LocalHost"), "127.0.0.1");
	assert.equal(await ask("192.0.2.200"), "192.0.2.200");
	assert.deepEqual(asked, []);
	assert.deepEqual(world.network.ports, []);
});

test("all addresses of a name, over aliases", async () => {
	const { ask } = await setUp({ [SERVER_A]: GOOD });
	assert.equal(await ask("broker.example"), "192.0.2.7 192.0.2.8");
	assert.equal(await ask("Alias.Example."), "192.0.2.7 192.0.2.8");
});

test("each question from another random port, with another id", async () => {
	const ids = new Set<number>();
	const { ask, world } = await setUp({
		[SERVER_A]: (bytes) => void ids.add((bytes[0] << 8) | bytes[1]),
		[SERVER_B]: (bytes) => void ids.add((bytes[0] << 8) | bytes[1]),
	});
	await ask("broker.example");
	assert.equal(ids.size, 4);
	assert.ok(new Set([...ids].map((id) => id & 255)).size > 1);
	assert.ok(new Set([...ids].map((id) => id >> 8)).size > 1);
	assert.equal(new Set(world.network.ports).size, 4);
	for (const port of world.network.ports) assert.ok(port >= 49152 && port <= 65535);
});

const FAILURES: [string, string, Record<string, NameServer>][] = [
	["no such name", "none.example", { [SERVER_A]: GOOD }],
	["name has no IPv4 address", "empty.example", { [SERVER_A]: GOOD }],
	["no answer from name server", "broker.example", {}],
	[
		"name server failure (192.0.2.54)",
		"x.example",
		{
			[SERVER_A]: new NameServer({ "x.example": { rcode: RCODE.refused } }),
			[SERVER_B]: new NameServer({ "x.example": { rcode: RCODE.serverFailure } }),
		},
	],
	[
		"refused by name server (192.0.2.53)",
		"x.example",
		{ [SERVER_A]: new NameServer({ "x.example": { rcode: RCODE.refused } }) },
	],
	["not a host name", "a..b", {}],
	["not a host name", "", {}],
	["no host answers to this name", "node.local", {}],
];

for (const [reason, host, services] of FAILURES) {
	test(`failure: ${reason} ("${host}")`, async () => {
		const { ask } = await setUp(services);
		assert.equal(await ask(host), reason);
	});
}

test("no name server known, and one whose name is no address", async () => {
	assert.equal(await (await setUp({}, [])).ask("x.example"), "no name server known");
	const { ask } = await setUp({}, ["fe80::1"]);
	assert.match(await ask("x.example"), /^cannot ask fe80::1: invalid IP address$/);
});

test("the next server is asked when one is silent, fails, or cannot be asked", async () => {
	const silent = await setUp({ [SERVER_B]: GOOD });
	assert.equal(await silent.ask("broker.example"), "192.0.2.7 192.0.2.8");
	const failing = await setUp({
		[SERVER_A]: new NameServer({ "broker.example": { rcode: RCODE.serverFailure } }),
		[SERVER_B]: GOOD,
	});
	assert.equal(await failing.ask("broker.example"), "192.0.2.7 192.0.2.8");
	assert.deepEqual(failing.asked, [SERVER_A, SERVER_B]);
	const odd = await setUp({ [SERVER_B]: GOOD }, ["fe80::1", SERVER_B]);
	assert.equal(await odd.ask("broker.example"), "192.0.2.7 192.0.2.8");
});

test("a server on another port", async () => {
	const { ask } = await setUp({ "192.0.2.1:5300": GOOD }, ["192.0.2.1:5300"]);
	assert.equal(await ask("broker.example"), "192.0.2.7 192.0.2.8");
});

test("answers from elsewhere, with another id or to another question do not count", async () => {
	const forge: Service = (bytes, reply) => {
		void GOOD.answer(bytes).then((answer) => {
			const forged = Buffer.from(answer ?? []);
			forged.set([6, 6, 6, 6], forged.length - 4);
			reply(forged, { address: "198.51.100.1", port: 53 });
			reply(forged, { address: SERVER_A, port: 54 });
			const otherId = Buffer.from(forged);
			otherId[0] ^= 1;
			reply(otherId);
			const otherName = Buffer.from(forged);
			otherName[13] ^= 1;
			reply(otherName);
			reply(forged.subarray(0, 11));
			reply(Buffer.from(answer ?? []));
			// The socket is closed by now.
			reply(forged);
		});
	};
	const { ask } = await setUp({ [SERVER_A]: forge });
	assert.equal(await ask("broker.example"), "192.0.2.7 192.0.2.8");
});

test("a late answer to the first question is not taken for the second one's", async () => {
	let late: (() => void) | undefined;
	const { ask } = await setUp({
		[SERVER_A]: (bytes, reply) => {
			void GOOD.answer(bytes).then((answer) => {
				late = () => reply(answer ?? new Uint8Array(0));
			});
		},
		[SERVER_B]: () => late?.(),
	});
	assert.equal(await ask("broker.example"), "no answer from name server");
});

test(".local by mDNS: whoever has the name answers", async () => {
	const { ask, asked } = await setUp({
		"224.0.0.251:5353": (bytes, reply) => {
			void new NameServer({ "desk.local": ["192.168.4.9"] }).answer(bytes).then((answer) => {
				reply(answer ?? new Uint8Array(0), { address: "192.168.4.9", port: 5353 });
			});
		},
	});
	assert.equal(await ask("desk.local"), "192.168.4.9");
	assert.deepEqual(asked, ["224.0.0.251:5353"]);
});

test("one at a time; a target's new question replaces its old one; cancel() is silent", async () => {
	const { world, resolver } = await setUp({ [SERVER_A]: GOOD });
	const said: string[] = [];
	const first = {};
	const second = {};
	const third = {};
	world.run(() => {
		resolver.resolve("none.example", first, () => said.push("first, old"));
		resolver.resolve("broker.example", second, (_reason, [address]) =>
			said.push(`second ${address}`),
		);
		resolver.resolve("localhost", third, () => said.push("third"));
		resolver.resolve("alias.example", first, (_reason, [address]) => said.push(`first ${address}`));
		resolver.cancel(third);
	});
	await world.clock.advance(10_000);
	assert.deepEqual(said, ["second 192.0.2.7", "first 192.0.2.7"]);
	world.run(() => {
		resolver.resolve("broker.example", first, () => said.push("after close"));
		resolver.close();
	});
	await world.clock.advance(10_000);
	assert.equal(said.length, 2);
	world.run(() => resolver.resolve("localhost", first, () => said.push("usable again")));
	await world.clock.advance(1);
	assert.equal(said.length, 3);
});

test("a question may be asked from inside an answer", async () => {
	const { world, resolver } = await setUp({ [SERVER_A]: GOOD });
	const said: string[] = [];
	const again = (left: number) => {
		resolver.resolve("localhost", said, () => {
			said.push("done");
			if (left > 1) again(left - 1);
		});
	};
	world.run(() => again(5));
	await world.clock.advance(100);
	assert.equal(said.length, 5);
});

test("without a network: the reason is that nothing can be sent", async () => {
	const { ask, world } = await setUp({ [SERVER_A]: GOOD });
	world.air.set("home", { isPresent: false });
	await world.clock.advance(10);
	assert.match(await ask("broker.example"), /^cannot ask 192\.0\.2\.5[34]: UDP send failed$/);
});
