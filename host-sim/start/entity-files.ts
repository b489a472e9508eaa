/**
 * Entities of a user's own for the simulator: their files become the modules `entity/<kind>` that
 * the image of a board would have. Always holds: nothing is left behind; what does not build is
 * said with file and line.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleEntity } from "../build.mjs";
import { UsageError } from "../words";

/**
 * Bundles files.
 * @param files paths by kind
 * @param use reads the bundles, by the modules' names; they are gone afterwards
 */
export async function bundleEntities<T>(
	files: ReadonlyMap<string, string>,
	use: (modules: ReadonlyMap<string, string>) => T,
): Promise<T> {
	if (files.size === 0) return use(new Map());
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-entities-"));
	try {
		const modules = new Map<string, string>();
		for (const [kind, file] of files) {
			const outfile = join(folder, `${kind}.cjs`);
			const problem = await bundleEntity(file, outfile);
			if (problem !== "") throw new UsageError(`--entity ${problem}`);
			modules.set(`entity/${kind}`, outfile);
		}
		return use(modules);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}
