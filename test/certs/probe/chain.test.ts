/**
 * The probe's rules about a chain: for each row of the table of chains, good and bad, the verdict
 * is the firmware's, the rule that fails says the firmware's reason, and a good chain fails none.
 */

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type ChainVerdict, judgeChain } from "../../../certs/probe/chain";
import { loadFirmware } from "../../../certs/probe/load";
import type { RuleName } from "../../../certs/probe/rule";
import { HOST, make, makeKeys, NOW_MS } from "../../support/certificate-maker";
import { makeChains } from "../../support/chains";

const firmware = await loadFirmware();
after(() => firmware.close());
const table = await makeChains();

function failed({ rules }: ChainVerdict): string[] {
	return rules.filter(({ result }) => result === "fail").map(({ found }) => found[0] ?? "");
}

for (const row of table) {
	test(row.title, () => {
		const verdict = judgeChain(firmware, row);
		assert.equal(verdict.reason, row.reason);
		const first = failed(verdict);
		if (row.reason === "") assert.deepEqual(first, []);
		else assert.ok(first.includes(row.reason), `${row.reason} is not among ${first.join("; ")}`);
		for (const { name, result, change, found } of verdict.rules) {
			if (result === "fail") assert.ok(change.length > 0, `nothing to change for ${found[0]}`);
			// Ours would stand beside the firmware's, if they were other words.
			if (result !== "fail" || (name !== "names" && name !== "dates")) continue;
			const about = found.map((text) => /\(CN=.*\)$/.exec(text)?.[0] ?? text);
			assert.equal(new Set(about).size, about.length, found.join("; "));
		}
	});
}

test("each reason belongs to the rule that its name says", () => {
	const rules: Record<string, RuleName> = {
		"wrong name": "names",
		"name only in CN": "names",
		expired: "dates",
		"expired authority": "dates",
		"clock of 1970": "dates",
		"RSA 1024 leaf": "algorithms",
		"RSA 1024 authority": "algorithms",
		"P-384 leaf": "algorithms",
		"ECDSA with SHA-1": "algorithms",
		"leaf as CA": "CAs",
		"path length exceeded": "CAs",
		"issuer without keyCertSign": "CAs",
		"leaf for clients": "usage",
		"leaf for encipherment": "usage",
		"unknown CA": "chain",
		"self-signed": "chain",
		"forged EC leaf": "chain",
		"too many certificates": "chain",
		"version 1": "certificates",
		"truncated DER": "certificates",
		"unknown critical extension": "certificates",
	};
	for (const [title, name] of Object.entries(rules)) {
		const row = table.find((one) => one.title === title);
		assert.ok(row, title);
		const rule = judgeChain(firmware, row).rules.find(({ found }) => found[0] === row.reason);
		assert.equal(rule?.name, name, title);
	}
});

test("what the firmware would come to next is said as well", () => {
	const row = table.find(({ title }) => title === "RSA 1024 leaf");
	assert.ok(row);
	const nowMs = row.nowMs + 2 * 86_400_000;
	const verdict = judgeChain(firmware, { ...row, host: "other.example.com", nowMs });
	assert.match(verdict.reason, /^certificate expired/);
	const names = verdict.rules.filter(({ result }) => result === "fail").map(({ name }) => name);
	assert.deepEqual(names, ["names", "dates", "algorithms"]);
	const dates = verdict.rules.find(({ name }) => name === "dates");
	assert.equal(dates?.found.length, 2);
});

test("a name and dates that are wrong do not hide an unknown authority", () => {
	const row = table.find(({ title }) => title === "unknown CA");
	assert.ok(row);
	const nowMs = row.nowMs + 2 * 86_400_000;
	const { reason, rules } = judgeChain(firmware, { ...row, host: "other.example.com", nowMs });
	assert.match(reason, /^certificate expired/);
	const chain = rules.find(({ name }) => name === "chain");
	assert.deepEqual(chain?.found, [
		row.reason,
		"sent up to CN=leaf, signed by CN=EC root; trusted: CN=RSA root",
	]);
	// And where the authority is known, nothing is said about signatures before they are checked.
	const known = table.find(({ title }) => title === "RSA 1024 leaf");
	assert.ok(known);
	const unsure = judgeChain(firmware, known).rules.find(({ name }) => name === "chain");
	assert.equal(unsure?.result, "skipped");
});

test("the firmware's reason comes first, whatever else is wrong", async () => {
	const root = await make({ name: "small", keys: await makeKeys("RSA-1024"), authority: true });
	const plan = { name: "leaf", names: [HOST], issuer: root, hash: "SHA-1" } as const;
	const leaf = await make({ ...plan, names: [HOST], keys: await makeKeys("P-256") });
	const question = { chain: [leaf.der], authorities: [root.der], host: HOST, nowMs: NOW_MS };
	const { reason, rules } = judgeChain(firmware, question);
	assert.match(reason, /^RSA key of 1024 bits/);
	const algorithms = rules.find(({ name }) => name === "algorithms");
	assert.deepEqual(algorithms?.found, [reason, "signature algorithm is not allowed (CN=leaf)"]);
});

test("an end within 30 days is a warning", () => {
	const row = table.find(({ title }) => title === "EC leaf alone");
	assert.ok(row);
	const rules = judgeChain(firmware, row).rules;
	assert.equal(rules.find(({ name }) => name === "dates")?.result, "warn");
	const long = table.find(({ title }) => title === "from 1999 to 2150");
	assert.ok(long);
	const dates = judgeChain(firmware, { ...long, nowMs: row.nowMs - 10 }).rules;
	assert.match(dates.find(({ name }) => name === "dates")?.found[0] ?? "", /until 2150-01-01/);
});
