import { test } from "node:test";
import { liveAll } from "./life";

test("150 nodes live at random: nothing is done twice, lost, stuck or left on", () => {
	liveAll(1, 150);
});
