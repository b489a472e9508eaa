/**
 * Stands in for `preference` where memory is measured. On the boards it is in C and holds no slot;
 * the SDK's module for Linux is JavaScript with a cache. Keeps nothing.
 */

export default class Preference {
	static get(_domain: string, _key: string): undefined {
		return undefined;
	}
	static set(_domain: string, _key: string, _value: unknown): void {}
	static delete(_domain: string, _key: string): void {}
	static keys(_domain: string): string[] {
		return [];
	}
}
