/** Hexadecimal text to bytes and back, without anything that XS lacks. */

export function fromHex(text: string): Uint8Array {
	const bytes = new Uint8Array(text.length / 2);
	for (let index = 0; index < bytes.length; index++) {
		bytes[index] = Number.parseInt(text.slice(2 * index, 2 * index + 2), 16);
	}
	return bytes;
}

export function toHex(bytes: Uint8Array, start = 0, end = bytes.length): string {
	let text = "";
	for (let at = start; at < end; at++) text += (bytes[at] as number).toString(16).padStart(2, "0");
	return text;
}
