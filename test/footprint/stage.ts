/**
 * What a measured node talks to: Mosquitto, a time server, certificates, and a proxy in front of the
 * broker that can cut the connection. Always holds: all on loopback, on free ports; close() ends it.
 */

import { KeyObject } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DeviceFiles, ensureCertificates } from "../../certs/ensure";
import { NtpServer } from "../../host-sim/world/ntp-server";
import { freePort, type Mosquitto, startMosquitto } from "../support/mosquitto";
import { makePublicChain, makePublicRoot } from "../support/public-chain";
import { pemOf } from "../support/tls-brokers";

export const NODE = "measured";

/**
 * "plain", or the key of the broker's certificate, with or without a client certificate. `public`: a
 * chain of a public CA's, RSA, with one intermediate or, `public-long`, with a second root between.
 */
export type Security =
	| "plain"
	| "tls-ec"
	| "tls-rsa"
	| "mutual-ec"
	| "mutual-rsa"
	| "mutual-public"
	| "mutual-public-long";

const NAMES = ["localhost"];

export class Stage {
	readonly security: Security;
	private readonly folder = mkdtempSync(join(tmpdir(), "fieldmote-stage-"));
	private broker: Mosquitto | undefined;
	private ntp: NtpServer | undefined;
	private proxy: Server | undefined;
	private sockets: Socket[] = [];
	private proxyPort = 0;
	private plainPort = 0;

	private constructor(security: Security) {
		this.security = security;
	}

	static async open(security: Security): Promise<Stage> {
		const stage = new Stage(security);
		await stage.start();
		return stage;
	}

	/** Folder with the image's DER files. */
	get credentials(): string {
		return join(this.folder, "image");
	}

	/** name=value for mcconfig. */
	get values(): string[] {
		const scheme = this.security === "plain" ? "mqtt" : "mqtts";
		const broker = `broker=${scheme}://localhost:${this.proxyPort}`;
		return ["ssid=lin", broker, `node=${NODE}`, `ntp=${this.ntp?.name}`];
	}

	/** Port of the listener that is measured, behind the proxy. */
	get nodePort(): number {
		return this.proxyPort;
	}

	/** Port of a plain listener, for a client of ours. */
	get clientPort(): number {
		return this.plainPort;
	}

	/** The node's connections end as when the broker goes down. */
	cut(): void {
		for (const socket of this.sockets.splice(0)) socket.destroy();
	}

	async close(): Promise<void> {
		this.cut();
		this.proxy?.close();
		await this.broker?.discard();
		await this.ntp?.close();
		rmSync(this.folder, { recursive: true, force: true });
	}

	private async start(): Promise<void> {
		const brokerPort = await freePort();
		this.plainPort = await freePort();
		const lines = this.security === "plain" ? ["allow_anonymous true"] : await this.tlsLines();
		const plain = ["allow_anonymous true", `listener ${this.plainPort} 127.0.0.1`];
		this.broker = await startMosquitto(lines, plain, brokerPort);
		this.ntp = await NtpServer.start();
		this.proxyPort = await this.startProxy(brokerPort);
	}

	private async tlsLines(): Promise<string[]> {
		const files = await ensureCertificates(join(this.folder, "pki"), {
			brokerNames: NAMES,
			brokerKeyKind: this.security.endsWith("rsa") ? "RSA" : "P-256",
			node: NODE,
		});
		this.writeImage(files);
		const mutual = this.security.startsWith("mutual");
		const [chain, key] = this.security.startsWith("mutual-public")
			? await this.writePublicChain()
			: [files.brokerChain, files.brokerKey];
		return [
			`cafile ${files.deviceCa}`,
			`certfile ${chain}`,
			`keyfile ${key}`,
			...(mutual ? ["require_certificate true", "use_identity_as_username true"] : []),
		];
	}

	/** Paths of chain and key; the root is what the image trusts. */
	private async writePublicChain(): Promise<[string, string]> {
		const root = await makePublicRoot();
		const second = this.security.endsWith("long") ? (["RSA-4096"] as const) : [];
		const made = await makePublicChain(root, NAMES, [...second, "RSA-2048"]);
		const paths: [string, string] = [join(this.folder, "chain.pem"), join(this.folder, "key.pem")];
		writeFileSync(paths[0], made.map(pemOf).join(""));
		const key = KeyObject.from(made[0].keys.privateKey);
		writeFileSync(paths[1], key.export({ format: "pem", type: "pkcs8" }));
		writeFileSync(join(this.credentials, "authority.der"), root.der);
		return paths;
	}

	private writeImage(files: DeviceFiles): void {
		mkdirSync(this.credentials);
		copyFileSync(files.brokerCaDer, join(this.credentials, "authority.der"));
		if (!this.security.startsWith("mutual")) return;
		copyFileSync(files.deviceCertificateDer, join(this.credentials, "certificate.der"));
		copyFileSync(files.deviceKeyDer, join(this.credentials, "key.der"));
	}

	private startProxy(brokerPort: number): Promise<number> {
		const proxy = createServer((socket) => {
			const upstream = connect(brokerPort, "127.0.0.1");
			this.sockets.push(socket, upstream);
			for (const end of [socket, upstream]) end.on("error", () => end.destroy()).setNoDelay();
			socket.pipe(upstream).pipe(socket);
		});
		this.proxy = proxy;
		return new Promise((resolve) => {
			proxy.listen(0, "127.0.0.1", () => {
				const address = proxy.address();
				if (typeof address === "object" && address !== null) resolve(address.port);
			});
		});
	}
}
