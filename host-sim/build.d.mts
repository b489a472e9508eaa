/** Types of build.mjs, for tests and for programs in TypeScript. */

/** The checkout. */
export const root: string;

/** Builds dist/ unless it is of these sources already; returns its path. */
export function ensureBuilt(): Promise<string>;

/** Bundles code for a board, from a file relative to the root. */
export function bundleForBoard(entry: string, outfile: string): Promise<void>;

/** Bundles an entity of a user's own; what is wrong with it, "" for nothing. */
export function bundleEntity(file: string, outfile: string): Promise<string>;

/** Bundles the stand-ins for the SDK's modules. */
export function bundleStandIns(outfile: string): Promise<void>;
