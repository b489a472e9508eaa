/**
 * @peculiar/x509, made to load: its dependency tsyringe refuses to start without the metadata
 * functions of a decorator proposal, but nothing here uses decorators. Import it from here.
 */

const known = new WeakMap<object, Map<unknown, unknown>>();

Object.assign(Reflect, {
	getMetadata: (key: unknown, target: object) => known.get(target)?.get(key),
	getOwnMetadata: (key: unknown, target: object) => known.get(target)?.get(key),
	defineMetadata: (key: unknown, value: unknown, target: object) => {
		const values = known.get(target) ?? new Map();
		known.set(target, values.set(key, value));
	},
});

type X509 = typeof import("@peculiar/x509");

/** The library; loaded when first asked for, because it takes 150 ms. */
export async function loadX509(): Promise<X509> {
	return import("@peculiar/x509");
}
