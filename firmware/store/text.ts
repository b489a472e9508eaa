/**
 * A text of some hundred bytes in the SDK's preferences, of which an ESP8266 keeps 62 bytes each.
 * Always holds: read() gives a text that was written whole, or ""; a power cut between the parts is
 * noticed by the checksum. Pure but for the preferences. Must not know what the text means.
 */

import { utf8Bytes } from "../checker";
import type { PreferenceModule } from "./settings";

const DOMAIN = "fieldmote";

const enum Const {
	/** Bytes of a part: 63 with the NUL. */
	PART_BYTES = 62,
	/** Parts at most, the head not counted: about 490 bytes. */
	PARTS = 8,
}

export class KeptText {
	private readonly preference: PreferenceModule;
	private readonly key: string;

	/** @param key up to 14 characters: a digit follows */
	constructor(preference: PreferenceModule, key: string) {
		this.preference = preference;
		this.key = key;
	}

	/** "" when nothing, or nothing whole, was kept. */
	read(): string {
		const head = this.at(0).split(" ");
		const parts = Number(head[0]);
		if (head.length !== 2 || !(parts <= Const.PARTS)) return "";
		let text = "";
		for (let i = 1; i <= parts; i++) text += this.at(i);
		return checksum(text) === Number(head[1]) ? text : "";
	}

	/**
	 * The head goes first: from then on the old text is not whole any more.
	 * @returns whether it fits and was written; otherwise nothing changes, or nothing is kept
	 */
	write(text: string): boolean {
		const parts: string[] = [];
		let part = "";
		let bytes = 0;
		for (const character of text) {
			const length = utf8Bytes(character);
			if (bytes + length > Const.PART_BYTES) {
				parts.push(part);
				part = "";
				bytes = 0;
			}
			part += character;
			bytes += length;
		}
		if (part !== "") parts.push(part);
		if (parts.length > Const.PARTS) return false;
		try {
			const { preference, key } = this;
			preference.set(DOMAIN, `${key}0`, `${parts.length} ${checksum(text)}`);
			for (let i = 0; i < parts.length; i++) preference.set(DOMAIN, `${key}${i + 1}`, parts[i]);
			return true;
		} catch {
			return false;
		}
	}

	private at(index: number): string {
		try {
			return String(this.preference.get(DOMAIN, this.key + index) ?? "");
		} catch {
			return "";
		}
	}
}

/** FNV-1a over code points. */
const checksum = (text: string): number => {
	let hash = 0x811c9dc5 | 0;
	for (const character of text) {
		hash = Math.imul(hash ^ (character.codePointAt(0) as number), 0x01000193);
	}
	return hash >>> 0;
};
