/**
 * Names in a certificate: whether subjectAltName covers the host that was asked for (RFC 6125,
 * RFC 9525), and a short readable name for messages. Always holds: the common name is never
 * taken for a host name; what comes out of a certificate is printable ASCII.
 */

import type { Certificate } from "./certificate";
import { DerReader, rangeIs, Tag } from "./der";

const enum Const {
	/** GeneralName tags (RFC 5280 4.2.1.6): [2] dNSName, [7] iPAddress. */
	DNS_NAME = 0x82,
	IP_ADDRESS = 0x87,
	MAXIMUM_SHOWN = 48,
	ASTERISK = 0x2a,
	DOT = 0x2e,
}

const COMMON_NAME = Uint8Array.of(0x55, 0x04, 0x03);

/** The IPv4 address as a number, -1 when the text is none. */
export const parseIpv4 = (text: string): number => {
	let address = 0;
	let part = -1;
	let parts = 0;
	for (let i = 0; i <= text.length; i++) {
		const code = i < text.length ? text.charCodeAt(i) : Const.DOT;
		if (code === Const.DOT) {
			if (part < 0 || ++parts > 4) return -1;
			address = address * 256 + part;
			part = -1;
		} else if (code >= 0x30 && code <= 0x39 && part !== 0) {
			part = (part < 0 ? 0 : part * 10) + code - 0x30;
			if (part > 255) return -1;
		} else return -1;
	}
	return parts === 4 ? address : -1;
};

/**
 * Whether the certificate is for this host: IPv4 literals match iPAddress only, everything else
 * dNSName only, where `*` may stand for the first label.
 */
export const coversHost = (certificate: Certificate, host: string): boolean => {
	const address = parseIpv4(host);
	const name = host.endsWith(".") ? host.slice(0, -1) : host;
	const { bytes, namesStart, namesEnd } = certificate;
	const der = new DerReader(bytes, namesStart, namesEnd);
	while (der.more) {
		der.next();
		if (address >= 0) {
			if (der.tag === Const.IP_ADDRESS && isAddress(bytes, der.start, der.end, address))
				return true;
		} else if (der.tag === Const.DNS_NAME && isName(bytes, der.start, der.end, name)) return true;
	}
	return false;
};

const isAddress = (bytes: Uint8Array, start: number, end: number, address: number): boolean => {
	if (end - start !== 4) return false;
	let value = 0;
	for (let i = start; i < end; i++) value = value * 256 + (bytes[i] ?? 0);
	return value === address;
};

const isName = (bytes: Uint8Array, start: number, end: number, name: string): boolean => {
	let at = 0;
	let from = start;
	if (bytes[start] === Const.ASTERISK) {
		// RFC 6125 6.4.3: the wildcard is the whole first label, and stands for one label.
		at = name.indexOf(".");
		from = start + 1;
		if (at < 1 || bytes[from] !== Const.DOT) return false;
	}
	if (name.length - at !== end - from || end - from < 1) return false;
	for (let i = from; i < end; i++, at++) {
		if (lowerCase(bytes[i] ?? 0) !== lowerCase(name.charCodeAt(at))) return false;
	}
	return true;
};

const lowerCase = (code: number): number => {
	return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
};

/** `CN=…` of the name in [start, end), shortened; `no CN` without one. */
export const describeName = (bytes: Uint8Array, start: number, end: number): string => {
	const der = new DerReader(bytes, start, end);
	der.enter(Tag.Sequence, "name");
	while (der.more) {
		const outer = der.enter(Tag.Set, "name");
		while (der.more) {
			const middle = der.enter(Tag.Sequence, "name");
			der.expect(Tag.ObjectIdentifier, "name");
			const isCommonName = rangeIs(bytes, der.start, der.end, COMMON_NAME);
			der.next();
			if (isCommonName) return `CN=${printable(bytes, der.start, der.end)}`;
			der.leave(middle, "name");
		}
		der.leave(outer, "name");
	}
	return "no CN";
};

const printable = (bytes: Uint8Array, start: number, end: number): string => {
	let text = "";
	for (let i = start; i < end && text.length < Const.MAXIMUM_SHOWN; i++) {
		const code = bytes[i] ?? 0;
		text += code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : "?";
	}
	return text;
};
