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

/** One entity of the kind, with nothing but its pin: `npm run measure`. */
export const ENTITY_COSTS: Readonly<Record<string, Cost>> = {
	relay: NOT_MEASURED,
	light: NOT_MEASURED,
	button: NOT_MEASURED,
	binary: NOT_MEASURED,
	analog: NOT_MEASURED,
	pulse: NOT_MEASURED,
	sensor: NOT_MEASURED,
};

/** What a key of the site turns on. */
export const FEATURE_COSTS: Readonly<Record<string, Cost>> = {
	homeAssistant: NOT_MEASURED,
	tasmota: NOT_MEASURED,
	broadcast: NOT_MEASURED,
	remoteConfig: NOT_MEASURED,
};

/** XS memory of an ESP8266 that is left for entities; undefined: not measured. */
export const ENTITY_ROOM_BYTES: number | undefined = undefined;
