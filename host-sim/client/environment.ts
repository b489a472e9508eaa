/**
 * What the driver of `fieldmote client` is given: the firmware's parts, and ways to the outside.
 * Types only.
 */

import type { LinkOwner, TlsIdentity } from "../../firmware/net/link-options";
import type { ConnectCommand } from "./commands";

export type Engine = typeof import("./engine");
export type Session = InstanceType<Engine["Session"]>;
export type Link = InstanceType<Engine["Link"]>;

/** An event, as it is printed. */
export type ClientEvent = Readonly<Record<string, unknown>>;

export interface DriverOptions {
	readonly engine: Engine;
	/** Makes a link for a session; host and TLS are the command's. */
	makeLink(
		command: ConnectCommand,
		session: Session,
		tls: TlsIdentity | undefined,
		owner: LinkOwner,
	): Link;
	/** Reads the files that a connect command names. Throws with what is wrong. */
	loadTls(command: ConnectCommand): TlsIdentity | undefined;
	ticks(): number;
	setTimer(callback: () => void, delayMs: number): () => void;
	emit(event: ClientEvent): void;
	/** Unix milliseconds, for the dates in certificates. */
	unixMs(): number;
}
