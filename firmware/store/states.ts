/**
 * What entities keep over a reboot: one short text each, in the SDK's preferences. Always holds: a
 * text is only given back to the entity that it is from, also when the configuration changed; what
 * cannot be read counts as missing. An ESP8266 erases the old value before it writes the new one,
 * so a power cut in that moment loses it. Must not know entities.
 */

import type { PreferenceModule } from "./settings";

const DOMAIN = "fieldmote";
/** With a number behind it: an ESP32's names have 15 characters, an id may have 32. */
const KEY = "state";

const enum Const {
	/** An ESP8266 keeps 63 bytes, with the NUL. */
	VALUE_LIMIT = 62,
	/** Entities that a site may have. */
	PLACES = 16,
}

export class States {
	private readonly preference: PreferenceModule;

	constructor(preference: PreferenceModule) {
		this.preference = preference;
	}

	/** @param place where it is expected; searched elsewhere too. "" when there is none. */
	read(place: number, id: string): string {
		const head = `${id} `;
		let text = this.at(place);
		for (let i = 0; i < Const.PLACES && !text.startsWith(head); i++) text = this.at(i);
		return text.startsWith(head) ? text.slice(head.length) : "";
	}

	isAt(place: number, id: string): boolean {
		return this.at(place).startsWith(`${id} `);
	}

	write(place: number, id: string, text: string): void {
		try {
			this.preference.set(DOMAIN, KEY + place, `${id} ${text}`.slice(0, Const.VALUE_LIMIT));
		} catch {
			// Full or worn: the node goes on without.
		}
	}

	private at(place: number): string {
		try {
			return String(this.preference.get(DOMAIN, KEY + place) ?? "");
		} catch {
			return "";
		}
	}
}
