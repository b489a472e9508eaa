/**
 * Stands in for `preference` where memory is measured. On the boards it is in C and holds no slot;
 * the SDK's module for Linux is JavaScript with a cache. Keeps nothing.
 */

export default Object.freeze({
	get: (_domain: string, _key: string): undefined => undefined,
	set: (_domain: string, _key: string, _value: unknown): void => {},
	delete: (_domain: string, _key: string): void => {},
	keys: (_domain: string): string[] => [],
});
