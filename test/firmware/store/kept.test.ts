import assert from "node:assert/strict";
import { test } from "node:test";
import { States } from "../../../firmware/store/states";
import { KeptText } from "../../../firmware/store/text";
import { memory } from "../../support/shed";

test("a state is given back to its own entity, also from another place", () => {
	const preference = memory();
	const before = new States(preference);
	before.write(0, "pump", "ON");
	before.write(1, "lamp", "OFF 128");
	const after = new States(preference);
	assert.equal(after.read(0, "pump"), "ON");
	assert.equal(after.read(0, "lamp"), "OFF 128");
	assert.equal(after.read(2, "lam"), "");
	assert.equal(after.read(0, "pump ON"), "");
});

test("a text is kept whole or not at all, wherever the power failed", () => {
	const texts = ["", "short", "x".repeat(62), "y".repeat(63), "ä€😀".repeat(40), "z".repeat(490)];
	for (const old of texts) {
		for (const text of texts) {
			for (let cut = 0; cut < 11; cut++) {
				const preference = memory();
				assert.ok(new KeptText(preference, "test").write(old));
				let writes = 0;
				const failing = new KeptText(
					{
						get: preference.get,
						set: (domain, key, value) => {
							if (writes++ === cut) throw new Error("power cut");
							assert.ok(Buffer.byteLength(value) <= 62, `${key}: ${value}`);
							preference.set(domain, key, value);
						},
					},
					"test",
				);
				const written = failing.write(text);
				const read = new KeptText(preference, "test").read();
				assert.ok([old, text, ""].includes(read), read);
				if (written) assert.equal(read, text);
			}
		}
	}
});

test("a text that does not fit is refused, and the old one stays", () => {
	const text = new KeptText(memory(), "test");
	text.write("old");
	assert.equal(text.write("x".repeat(500)), false);
	assert.equal(text.read(), "old");
});
