/** The same firmware at ejabberd's MQTT, from Debian's package: what works and what does not. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Bench } from "../support/broker-bench";
import { startEjabberd } from "../support/erlang-brokers";
import { makeCertificates, PASSWORD, USER } from "../support/flow-ways";
import { skipWithout } from "../support/mosquitto";
import { compareWithPage } from "./table";

const skip = skipWithout("ejabberdctl", "erl");

test("the table of docs/scale.md: ejabberd 23.01", { skip, timeout: 500_000 }, async (t) => {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-ejabberd-files-"));
	t.after(() => rmSync(folder, { recursive: true }));
	const { ca, identity, serverFiles } = await makeCertificates(folder);
	const who = { user: USER, pass: PASSWORD };
	const broker = await startEjabberd(who, serverFiles);
	t.after(() => broker.discard());
	const bench = new Bench(broker, who, { ca, ...identity });
	t.after(() => bench.close());
	await compareWithPage(t, "ejabberd 23.01", bench);
});
