/** The certificates of one connection: no key without a chain that was checked. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { table, walk } from "../../support/firmware-chains";

test("a key comes out only for the certificate that was accepted", () => {
	const row = table.find(({ title }) => title === "EC leaf with the authority itself");
	assert.ok(row);
	const not = "certificate was not verified";
	const otherKind = "key exchange is signed with another kind of key";
	assert.deepEqual(
		{ ...walk(JSON.stringify(row)) },
		{
			before: not,
			authenticate: "",
			wrongKind: otherKind,
			outOfRange: "signature out of range",
			malformed: "malformed DER: truncated",
			wrong: "serverKeyExchange: failed to verify signature",
			again: "key usage without digitalSignature (CN=EC root)",
			afterFailure: not,
			own: "",
			key: "no client key",
		},
	);
});
