import { test } from "node:test";
import { fuzz } from "./fuzz";
import { Random } from "./random";

test("random and broken bytes never throw, for long", () => {
	for (let seed = 1001; seed <= 4000; seed++) fuzz(new Random(seed), 500);
});
