/**
 * What a configuration needs besides itself, for a try on this machine: certificates and passwords,
 * made where they are missing. Always holds: each path of Debian's that a configuration names has
 * one here.
 */

import { join } from "node:path";
import { ensureCertificates } from "../certs/ensure";
import { EDGE, PEOPLE } from "../certs/names";
import { Store } from "../certs/store/store";
import type { Configuration } from "./configurations";
import { ensurePasswords, passwordFile, usersIn } from "./passwords";

const DEBIAN = "/etc/mosquitto";

export interface PreparedFiles {
	/** Path as Debian has it → path here. */
	readonly paths: Readonly<Record<string, string>>;
	/** PEM: who signs for brokers, now and after the next rotation. */
	readonly brokerCas: string;
	/** PEM: certificate and key of a client. */
	certificateOf(user: string): { readonly cert: string; readonly key: string };
	passwordFileOf(user: string): string;
}

/**
 * Makes what is missing.
 * @param source the folder of the configurations
 * @param directory the store of certificates; passwords are below it
 * @param names DNS names and IPv4 addresses under which the broker is reached
 * @param node gets a password or a certificate, as dashboard and logger do
 */
export async function prepareFiles(
	source: string,
	directory: string,
	configurations: readonly Configuration[],
	names: readonly string[],
	node: string,
): Promise<PreparedFiles> {
	const store = new Store(directory);
	const folder = join(directory, "passwords");
	const paths: Record<string, string> = { [`${DEBIAN}/acl`]: join(source, "acl") };
	const certificates = (name: string) => `${DEBIAN}/certs/${name}`;
	if (configurations.some(({ login, forBrowsers }) => login === "password" && !forBrowsers)) {
		paths[`${DEBIAN}/passwords`] = ensurePasswords(folder, "nodes", [
			...new Set([node, ...PEOPLE, ...usersIn(folder)]),
		]);
	}
	if (configurations.some(({ forBrowsers }) => forBrowsers)) {
		paths[`${DEBIAN}/passwords-people`] = ensurePasswords(folder, "people", PEOPLE);
	}
	const users = new Set<string>();
	if (configurations.some(({ login }) => login === "certificate")) {
		for (const user of [node, ...PEOPLE]) users.add(user);
	}
	if (configurations.some(({ hasUpstream }) => hasUpstream)) users.add(EDGE);
	if (configurations.some(({ secure }) => secure) || users.size > 0) {
		const files = await ensureCertificates(directory, { brokerNames: names });
		for (const user of users) {
			await ensureCertificates(directory, { brokerNames: names, node: user });
		}
		const edge = store.device(EDGE);
		Object.assign(paths, {
			[certificates("fullchain.pem")]: files.brokerChain,
			[certificates("privkey.pem")]: files.brokerKey,
			[certificates("device-ca.pem")]: files.deviceCa,
			[certificates("device-crl.pem")]: store.deviceCrl,
			[certificates("broker-cas.pem")]: files.brokerCas,
			[certificates("edge.pem")]: edge.certificate,
			[certificates("edge.key")]: edge.key,
		});
	}
	return {
		paths,
		brokerCas: store.brokerCas,
		certificateOf: (user) => {
			const { certificate, key } = store.device(user);
			return { cert: certificate, key };
		},
		passwordFileOf: (user) => passwordFile(folder, user),
	};
}
