/**
 * Stands in for the SDK's `preference` (modules/files/preference), with the limits of both
 * boards at once: names as short as on an ESP32, values as short as on an ESP8266. Values are
 * kept by the board, over power cuts.
 */

import type { Board, PreferenceValue } from "../world/board";

/** NVS_KEY_NAME_MAX_SIZE of the ESP-IDF without the NUL. */
const NAME_LENGTH = 15;
/** modPreferenceSet() of the ESP8266: 63 bytes, a string's NUL among them. */
const VALUE_BYTES = 63;

type Owner = Pick<Board, "preferences" | "preferencesChanged">;

export function create(board: Owner): object {
	const Preference = {
		get(domain: string, key: string): PreferenceValue | undefined {
			const value = board.preferences.get(domain)?.get(key);
			return typeof value === "object" ? copied(value) : value;
		},

		set(domain: string, key: string, value: PreferenceValue): void {
			if (domain.length > NAME_LENGTH || key.length > NAME_LENGTH) throw new Error("too long");
			const stored = checked(value);
			let values = board.preferences.get(domain);
			if (values === undefined) {
				values = new Map();
				board.preferences.set(domain, values);
			}
			// Erased first, then written at the end: the order of keys() follows.
			values.delete(key);
			values.set(key, stored);
			board.preferencesChanged();
		},

		delete(domain: string, key: string): void {
			if (board.preferences.get(domain)?.delete(key)) board.preferencesChanged();
		},

		keys(domain: string): string[] {
			return [...(board.preferences.get(domain)?.keys() ?? [])];
		},
	};
	return { default: Preference };
}

function checked(value: PreferenceValue): PreferenceValue {
	if (typeof value === "boolean") return value;
	if (typeof value === "number") {
		if ((value | 0) !== value) throw new Error("float unsupported");
		return value;
	}
	if (typeof value === "string") {
		if (Buffer.byteLength(value) + 1 > VALUE_BYTES) throw new Error("can't save prefs");
		return value;
	}
	if (!(value instanceof ArrayBuffer)) throw new Error("unsupported type");
	if (value.byteLength > VALUE_BYTES) throw new Error("can't save prefs");
	return copied(value);
}

/** A copy of this module's own realm: the value may have been stored by an earlier life. */
function copied(value: ArrayBuffer): ArrayBuffer {
	return new Uint8Array(new Uint8Array(value)).buffer;
}
