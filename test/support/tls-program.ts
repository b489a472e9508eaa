/** A board's program for tests: TLS cases on the desktop's stand-ins. */

import TCP from "embedded:io/socket/tcp";
import TLSSocket from "embedded:io/socket/tcp/tls";
import type { TcpConstructor } from "../../firmware/net/socket";
import { attempt } from "./tls-attempt";

/** @param json cases of tls-attempt.ts */
export function run(json: string): void {
	attempt({ cases: JSON.parse(json), TCP: TCP as unknown as TcpConstructor, TLSSocket });
}
