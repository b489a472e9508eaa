/**
 * The ways to a Mosquitto on which flows are played: in the clear, and over TLS with a password,
 * with a client certificate, with both. One broker for each, so that nothing of one is left for
 * the next; each has an open listener besides, for the second client.
 */

import { execFileSync } from "node:child_process";
import { KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Made, make, makeKeys } from "./certificate-maker";
import type { Way } from "./flow-stage";
import { findProgram, freePort, startMosquitto } from "./mosquitto";
import { files, pemOf } from "./tls-brokers";

export const USER = "greenhouse-1";
export const PASSWORD = "correct horse battery staple";
const DAY_MS = 86_400_000;

export interface Ways {
	readonly plain: Way;
	readonly password: Way;
	readonly tls: Way;
	readonly tlsPassword: Way;
	readonly mutual: Way;
	discard(): Promise<void>;
}

/** Paths, PEM. */
export interface ServerFiles {
	/** The broker's certificate with its CA's behind it. */
	readonly chain: string;
	readonly key: string;
	readonly clientCa: string;
}

/**
 * Starts the brokers.
 * @param folder for certificates and the password file
 * @param keyLog file of --tls-keylog, of the process that will connect
 */
export async function startWays(folder: string, keyLog: string): Promise<Ways> {
	const passwords = makePasswords(folder);
	const { ca, serverLines, mutualLines, identity } = await makeCertificates(folder);
	const user = { user: USER, pass: PASSWORD };
	const userSuffix = ` user=${USER} password of ${PASSWORD.length} bytes`;
	const strict = ["allow_anonymous false", `password_file ${passwords}`];
	const open = ["allow_anonymous true"];
	const start = async (lines: string[], way: Pick<Way, "title" | "access" | "suffix">) => {
		const openPort = await freePort();
		const more = [`listener ${openPort} 127.0.0.1`, "allow_anonymous true"];
		const broker = await startMosquitto([...lines, ...more], ["per_listener_settings true"]);
		return { ...way, broker, openPort };
	};
	const overTls = async (lines: string[], way: Pick<Way, "title" | "access" | "suffix">) => {
		return { ...(await start(lines, way)), keyLog };
	};
	const ways = {
		plain: await start(open, { title: "in the clear", access: {}, suffix: "" }),
		password: await start(strict, { title: "password", access: user, suffix: userSuffix }),
		tls: await overTls([...serverLines, ...open], {
			title: "TLS",
			access: { tls: { ca } },
			suffix: "",
		}),
		tlsPassword: await overTls([...serverLines, ...strict], {
			title: "TLS and password",
			access: { tls: { ca }, ...user },
			suffix: userSuffix,
		}),
		mutual: await overTls(mutualLines, {
			title: "client certificate",
			access: { tls: { ca, ...identity } },
			suffix: "",
		}),
	};
	const discard = async () => {
		for (const { broker } of Object.values(ways)) await broker.discard();
	};
	return { ...ways, discard };
}

/** Debian's program hashes what is in the file; a password is never an argument. */
export function makePasswords(folder: string): string {
	const path = join(folder, "passwords");
	writeFileSync(path, `${USER}:${PASSWORD}\n`, { mode: 0o600 });
	execFileSync(findProgram("mosquitto_passwd") ?? "mosquitto_passwd", ["-U", path]);
	return path;
}

/** A broker for localhost and a device whose common name is USER, under two CAs. */
export async function makeCertificates(folder: string) {
	const now = Date.now();
	const dates = { from: new Date(now - DAY_MS), to: new Date(now + DAY_MS) };
	const root = { authority: true, ...dates };
	const brokers = await make({ name: "brokers", keys: await makeKeys("P-256"), ...root });
	const devices = await make({ name: "devices", keys: await makeKeys("P-256"), ...root });
	const leaf = { name: "broker", names: ["localhost"], issuer: brokers, ...dates };
	const server = await make({ ...leaf, keys: await makeKeys("P-256") });
	const keys = await makeKeys("RSA-2048");
	const device = await make({ name: USER, keys, issuer: devices, ...dates });
	const ca = join(folder, "brokers.pem");
	writeFileSync(ca, pemOf(brokers));
	const mutualFiles = files(folder, "mutual", server, brokers, devices);
	const at = (name: string) => join(folder, name);
	const serverFiles: ServerFiles = {
		chain: at("mutual.crt"),
		key: at("mutual.key"),
		clientCa: at("mutual.ca"),
	};
	return {
		ca,
		serverFiles,
		serverLines: files(folder, "server", server, brokers),
		mutualLines: [...mutualFiles, ...["require_certificate true", "use_identity_as_username true"]],
		identity: identityFiles(folder, device),
	};
}

function identityFiles(folder: string, device: Made): { cert: string; key: string } {
	const [cert, key] = [join(folder, "device.pem"), join(folder, "device.key")];
	writeFileSync(cert, pemOf(device));
	const secret = KeyObject.from(device.keys.privateKey).export({ format: "pem", type: "pkcs8" });
	writeFileSync(key, secret, { mode: 0o600 });
	return { cert, key };
}
