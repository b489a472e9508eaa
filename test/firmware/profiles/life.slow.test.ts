import { test } from "node:test";
import { liveAll } from "./life";

test("5,000 nodes live at random: nothing is done twice, lost, stuck or left on", () => {
	liveAll(151, 5_150);
});
