/**
 * What entities and what is beside them cost on an ESP8266. Data only. Always holds: a figure was
 * measured, by what stands beside it; what nobody measured is undefined, and is called so. Flash is
 * not here: an image has all parts or the basic ones (firmware/parts), and no kind is left out by
 * itself; only sensor drivers and own entities make it larger.
 */

/** Bytes; undefined: not measured. */
export interface Cost {
	/** XS slots and chunks, once the node runs. */
	readonly heapBytes: number | undefined;
}

export const NOT_MEASURED: Cost = { heapBytes: undefined };

/** One entity of the kind, with nothing but its pin; a TMP117: `npm run measure -- costs`. */
export const ENTITY_COSTS: Readonly<Record<string, Cost>> = {
	relay: { heapBytes: 472 },
	light: { heapBytes: 456 },
	button: { heapBytes: 332 },
	binary: { heapBytes: 300 },
	analog: { heapBytes: 264 },
	pulse: { heapBytes: 364 },
	sensor: { heapBytes: 964 },
};

/** What a key of the site turns on. */
export const FEATURE_COSTS: Readonly<Record<string, Cost>> = {
	homeAssistant: { heapBytes: 628 },
	tasmota: { heapBytes: 88 },
	broadcast: { heapBytes: 104 },
	remoteConfig: { heapBytes: 348 },
};

/**
 * XS memory of an ESP8266 that is left for entities: of 32,768 what a node with a relay over TLS
 * and a client certificate does not take at its most (22,888, and 256 of stack:
 * docs/footprint.md), and that relay.
 */
export const ENTITY_ROOM_BYTES: number | undefined = 32_768 - 22_888 - 256 + 472;
