/**
 * What `fieldmote client` uses of the firmware: the same engine, link and resolver that a board
 * runs, bundled by the simulator's loader.
 */

export { Code, codeName, Event, Session, State } from "../../firmware/mqtt/session";
export { NameResolver } from "../../firmware/net/dns";
export { Link } from "../../firmware/net/link";
