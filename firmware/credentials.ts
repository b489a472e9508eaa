/**
 * The certificates and the key that mcconfig put into the image: `authority*.der` (trust anchors
 * for the broker), `certificate.der` and `key.der` (ours). They stay in flash; what is returned
 * are views of it. The simulator has its own module of this name.
 */

import Resource from "Resource";
import type { TlsIdentity } from "./net/link-options";

const AUTHORITIES = Object.freeze(["authority.der", "authority-1.der", "authority-2.der"]);

/** Reads what there is; a missing file is left out. */
export default function credentials(): TlsIdentity {
	const authorities: ArrayBuffer[] = [];
	for (const name of AUTHORITIES) {
		const authority = load(name);
		if (authority !== undefined) authorities.push(authority);
	}
	return { authorities, certificate: load("certificate.der"), key: load("key.der") };
}

const load = (name: string): ArrayBuffer | undefined => {
	// A Resource is a host buffer: an ArrayBuffer in all but its type.
	return Resource.exists(name) ? (new Resource(name) as unknown as ArrayBuffer) : undefined;
};
