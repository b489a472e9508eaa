/**
 * Lines to try a broker with, which work as pasted into a shell. Always holds: no password is in a
 * line, only the file that it is read from. Pure.
 */

import { type Access, commandLine, quote, watchLine } from "../host-sim/mosquitto-lines";
import type { Endpoint } from "../host-sim/words";
import type { Configuration } from "./configurations";
import type { PreparedFiles } from "./files";

/** What acl allows a logger. */
const WATCHED = "fieldmote/#";

export interface Reached {
	readonly host: string;
	readonly port: number;
	readonly upstream: Endpoint;
	/** Id of the node to try with. */
	readonly node: string;
}

/** What to print for a configuration that runs. */
export function linesToTry(
	configuration: Configuration,
	files: PreparedFiles,
	reached: Reached,
): string[] {
	if (configuration.forBrowsers) return browserLines(files, reached);
	const { upstream, node } = reached;
	const command = [`fieldmote/${node}/relay/set`, "TOGGLE"] as const;
	const access = (user: string) => accessOf(configuration, files, reached, user);
	const lines = [
		"a node:",
		`  ${nodeLine(configuration, access(node), node)}`,
		"watch it, and switch its relay:",
		`  ${watchLine(access("logger"), WATCHED)}`,
		`  ${commandLine(access("dashboard"), ...command)}`,
	];
	if (!configuration.hasUpstream) return lines;
	const above = (user: string): Access => {
		return { ...upstream, ca: files.brokerCas, ...files.certificateOf(user) };
	};
	return [
		`upstream is ${upstream.host}:${upstream.port}: npm run broker -- mutual in another terminal`,
		...lines,
		"the same from upstream:",
		`  ${watchLine(above("logger"), WATCHED)}`,
		`  ${commandLine(above("dashboard"), ...command)}`,
	];
}

function accessOf(
	{ secure, login }: Configuration,
	files: PreparedFiles,
	{ host, port }: Reached,
	user: string,
): Access {
	return {
		host,
		port,
		...(secure && { ca: files.brokerCas }),
		...(login === "certificate" && files.certificateOf(user)),
		...(login === "password" && { username: user, passwordFile: files.passwordFileOf(user) }),
	};
}

function nodeLine({ secure }: Configuration, access: Access, node: string): string {
	const { host, port, ca, cert, key, username, passwordFile } = access;
	const words = ["--broker", `${secure ? "mqtts" : "mqtt"}://${host}:${port}`, "--node", node];
	if (ca !== undefined) words.push("--ca", quote(ca));
	if (cert !== undefined && key !== undefined) {
		words.push("--cert", quote(cert), "--key", quote(key));
	}
	if (username !== undefined && passwordFile !== undefined) {
		words.push("--username", username, "--password-file", quote(passwordFile));
	}
	return `npm start -- ${words.join(" ")}`;
}

function browserLines(files: PreparedFiles, { host, port }: Reached): string[] {
	const password = quote(files.passwordFileOf("dashboard"));
	const words = `-l wss -h ${host} -p ${port} --ca ${quote(files.brokerCas)} -u dashboard`;
	return [
		`in a page, with MQTT.js: mqtt.connect("wss://${host}:${port}", { username, password })`,
		`  user dashboard, password in ${files.passwordFileOf("dashboard")};`,
		`  the browser has to trust ${files.brokerCas}`,
		"the same in a terminal:",
		`  npx mqtt sub ${words} -P "$(head -n 1 ${password})" -v -t ${quote(WATCHED)}`,
	];
}
