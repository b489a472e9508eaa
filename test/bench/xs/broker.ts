/**
 * Mosquitto with certificates that the SDK's own TLS takes, too: it wants subject and authority key
 * identifiers in every certificate, the authority's own included.
 */

import { KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadX509 } from "../../../certs/signing/x509";
import { type Kind, type Made, make, makeKeys, type Plan } from "../../support/certificate-maker";
import { startMosquitto } from "../../support/mosquitto";

const DAY_MS = 86_400_000;

export interface TlsBroker {
	readonly port: number;
	discard(): Promise<void>;
}

/**
 * Starts one, and writes what a client of it needs: authority-LABEL.der and, where the broker wants
 * a certificate, certificate-LABEL.der and key-LABEL.der.
 * @param kind of the broker's key and its authority's; the client's is RSA under an ECDSA CA
 */
export async function startTlsBroker(
	kind: Kind,
	mutual: boolean,
	credentials: string,
	label: string,
): Promise<TlsBroker> {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-bench-broker-"));
	const root = await identified({ name: "brokers", keys: await makeKeys(kind), authority: true });
	const names = ["localhost"];
	const leaf = await identified({
		name: "broker",
		keys: await makeKeys(kind),
		names,
		issuer: root,
	});
	const devices = await identified({
		name: "devices",
		keys: await makeKeys("P-256"),
		authority: true,
	});
	const keys = await makeKeys("RSA-2048");
	const device = await identified({ name: "bench", keys, issuer: devices });
	const file = (name: string) => join(credentials, `${name}-${label}.der`);
	writeFileSync(file("authority"), root.der);
	if (mutual) {
		writeFileSync(file("certificate"), device.der);
		writeFileSync(file("key"), keyOf(device).export(PKCS8), { mode: 0o600 });
	}
	const at = (name: string) => join(folder, name);
	writeFileSync(at("chain.pem"), pemOf(leaf) + pemOf(root));
	writeFileSync(at("devices.pem"), pemOf(devices));
	const key = keyOf(leaf).export({ format: "pem", type: "pkcs8" });
	writeFileSync(at("broker.key"), key, { mode: 0o600 });
	const broker = await startMosquitto([
		`certfile ${at("chain.pem")}`,
		`cafile ${at("devices.pem")}`,
		`keyfile ${at("broker.key")}`,
		// The SDK would be given a key exchange without forward secrecy, which takes less.
		"ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256",
		...(mutual ? ["require_certificate true"] : []),
		"allow_anonymous true",
	]);
	const discard = async () => {
		await broker.discard();
		rmSync(folder, { recursive: true, force: true });
	};
	return { port: broker.port, discard };
}

const PKCS8 = { format: "der", type: "pkcs8" } as const;

async function identified(plan: Plan): Promise<Made> {
	const x509 = await loadX509();
	const now = Date.now();
	const issuer = plan.issuer?.keys ?? plan.keys;
	return make({
		...plan,
		from: new Date(now - DAY_MS),
		to: new Date(now + DAY_MS),
		more: [
			await x509.SubjectKeyIdentifierExtension.create(plan.keys.publicKey),
			await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
		],
	});
}

function keyOf(made: Made): KeyObject {
	return KeyObject.from(made.keys.privateKey);
}

function pemOf({ der }: Made): string {
	const text =
		Buffer.from(der)
			.toString("base64")
			.match(/.{1,64}/g) ?? [];
	return `-----BEGIN CERTIFICATE-----\n${text.join("\n")}\n-----END CERTIFICATE-----\n`;
}
