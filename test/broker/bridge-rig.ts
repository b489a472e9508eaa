/** The edge broker of bridge.conf below mutual.conf, and clients at both. */

import { readFileSync } from "node:fs";
import { before } from "node:test";
import type { MqttClient } from "mqtt";
import { ensureCertificates } from "../../certs/ensure";
import { skipWithout } from "../support/mosquitto";
import { connect, makeDirectory, type Staged, type StagedOptions, startStaged } from "./staged";

const skip = skipWithout("mosquitto", "mosquitto_passwd");
export const options = { skip, timeout: 120_000 };
export const directory = makeDirectory();
export const names = { brokerNames: ["localhost", "127.0.0.1"] };
/** Who signs for brokers, in bridge.conf. */
export const CAS = "/etc/mosquitto/certs/broker-cas.pem";
/** bridge.conf waits up to a minute; a test has less patience. */
export const SOONER = { restart_timeout: "1" };

before(async () => {
	if (skip !== false) return;
	await ensureCertificates(directory, { ...names, node: "edge" });
});

/** @param more for both, in the place of the usual; but `replace` is for upstream alone */
export async function startBoth(
	more: StagedOptions = {},
): Promise<{ upstream: Staged; edge: Staged }> {
	const usual = { directory, ...more };
	const upstream = await startStaged(["mutual"], usual);
	const at = { host: "localhost", port: upstream.ports.mutual as number };
	const edge = await startStaged(["bridge"], { ...usual, upstream: at, replace: SOONER });
	await isUp(upstream);
	return { upstream, edge };
}

/** Waits until the edge is at the broker upstream. */
export async function isUp(upstream: Staged, from = 0): Promise<void> {
	await upstream.until(/New bridge connected from \S+ as edge .*u'edge'/, from);
}

export function above(
	{ ports, files }: Staged,
	user: string,
	onMessage?: (topic: string, payload: string) => void,
	session = false,
): Promise<MqttClient> {
	const { cert, key } = files.certificateOf(user);
	const tls = {
		ca: readFileSync(files.brokerCas),
		cert: readFileSync(cert),
		key: readFileSync(key),
	};
	const login = { protocol: "mqtts", clientId: user, clean: !session, ...tls } as const;
	return connect(ports.mutual as number, login, onMessage);
}

export function below(
	{ ports, password }: Staged,
	username: string,
	session = false,
	onMessage?: (topic: string, payload: string) => void,
): Promise<MqttClient> {
	const login = { username, password: password(username), clientId: username, clean: !session };
	return connect(ports.bridge as number, login, onMessage);
}
