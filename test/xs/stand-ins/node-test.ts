/**
 * `node:test` on XS, as much as the unit tests use: collects the tests of each file, runs them one
 * after the other and traces a line of JSON for each. Must not know what is tested.
 */

import { END, REGISTERED, RESULT, STARTED, type UnitResult } from "./protocol";

interface Registered {
	readonly file: string;
	readonly title: string;
	readonly run: () => unknown;
}

const registered: Registered[] = [];
// A test may put a trace of its own in place of XS's.
const say = trace;

/** The `test` function of one file. */
export function testsOf(file: string): (title: string, ...rest: unknown[]) => void {
	return (title, ...rest) => {
		const run = rest.pop();
		// Options such as `skip` have no meaning here: a file that needs them is not for XS.
		if (rest.length > 0 || typeof run !== "function" || run.length > 0) {
			throw new Error(`${file}: ${title}: only test(title, () => …) is known here`);
		}
		registered.push({ file, title, run: run as () => unknown });
	};
}

/** Runs what was registered. */
export async function runTests(): Promise<void> {
	say(`${REGISTERED}${registered.length}\n`);
	for (const { file, title, run } of registered) {
		say(`${STARTED}${file}: ${title}\n`);
		let error: string | undefined;
		try {
			await run();
		} catch (thrown) {
			error = describe(thrown);
		}
		say(`${RESULT}${JSON.stringify({ file, title, error } satisfies UnitResult)}\n`);
	}
	say(`${END}\n`);
}

function describe(thrown: unknown): string {
	if (!(thrown instanceof Error)) return String(thrown);
	const cause = thrown.cause === undefined ? "" : `\ncaused by ${describe(thrown.cause)}`;
	return `${thrown.stack ?? thrown}${cause}`;
}
