/**
 * What `fieldmote client` uses of the firmware: the same engine and link that a board runs,
 * with the socket classes of the board it is loaded on.
 */

export { default as TCP } from "embedded:io/socket/tcp";
export { default as TLSSocket } from "embedded:io/socket/tcp/tls";
export { Code, codeName, Event, Session, State } from "../../firmware/mqtt/session";
export { Link } from "../../firmware/net/link";
