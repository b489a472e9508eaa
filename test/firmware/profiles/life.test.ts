import { test } from "node:test";
import { rounds } from "../../support/rounds";
import { liveAll } from "./life";

test("nodes live at random: nothing is done twice, lost, stuck or left on", () => {
	liveAll(1, rounds(150));
});
