/** The lines by which the tests on XS tell what became of them. */

export const REGISTERED = "units registered: ";
export const STARTED = "unit: ";
/** Before a UnitResult as JSON. */
export const RESULT = "unit result: ";
export const END = "units ended";

export interface UnitResult {
	readonly file: string;
	readonly title: string;
	/** Missing: passed. */
	readonly error?: string;
}
