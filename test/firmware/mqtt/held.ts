/** What an engine or a link holds of bytes and tables, by the names of its fields. */

/** Names of the fields that hold an array of numbers or bytes, but for the record itself. */
export function held(holder: object): string[] {
	const fields = Object.entries(holder).filter(([name, value]) => {
		return name !== "numbers" && ArrayBuffer.isView(value);
	});
	return fields.map(([name]) => name).sort();
}

/** Bytes of all of them. */
export function heldBytes(holder: object): number {
	let bytes = 0;
	for (const name of held(holder)) {
		bytes += ((holder as Record<string, unknown>)[name] as ArrayBufferView).byteLength;
	}
	return bytes;
}
