/**
 * Server names as people write them: "host", "host:port", and IPv4 addresses. Pure.
 */

export interface Endpoint {
	readonly host: string;
	readonly port: number;
}

/** Splits "host:port"; without a valid port (1 to 65535) the text is all host. */
export const parseEndpoint = (text: string, defaultPort: number): Endpoint => {
	const colon = text.lastIndexOf(":");
	const port = colon < 0 ? 0 : parseDecimal(text, colon + 1, text.length, 65535);
	// More than one colon is an IPv6 address.
	if (port <= 0 || text.indexOf(":") !== colon) return { host: text, port: defaultPort };
	return { host: text.slice(0, colon), port };
};

/** The address as an unsigned 32-bit number, -1 when it is not four decimal numbers to 255. */
export const parseIpv4 = (text: string): number => {
	let address = 0;
	let start = 0;
	for (let part = 0; part < 4; part++) {
		const dot = part < 3 ? text.indexOf(".", start) : text.length;
		const value = dot < 0 ? -1 : parseDecimal(text, start, dot, 255);
		if (value < 0) return -1;
		address = address * 256 + value;
		start = dot + 1;
	}
	return address;
};

/** "192.0.2.1" from parseIpv4's number; "" from -1. */
export const formatIpv4 = (address: number): string => {
	if (address < 0) return "";
	const high = Math.floor(address / 0x1000000);
	return `${high}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
};

const parseDecimal = (text: string, start: number, end: number, most: number): number => {
	if (end <= start || end - start > 5) return -1;
	let value = 0;
	for (let at = start; at < end; at++) {
		const digit = text.charCodeAt(at) - 0x30;
		if (digit < 0 || digit > 9) return -1;
		value = value * 10 + digit;
	}
	return value <= most ? value : -1;
};
