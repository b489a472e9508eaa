/** Stands in for net/tls-guard in the engine's program, which has no TLS. */

export function openTls(): never {
	throw new Error("no TLS in this program");
}
