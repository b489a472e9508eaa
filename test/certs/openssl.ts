/**
 * The openssl command line as tutorials use it, in a folder of its own, and a store to import into.
 * The lines are those of mosquitto-tls(7) and of the scripts that go around.
 */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runImport } from "../../certs/import/import";
import { Store } from "../../certs/store/store";

/** Words of `openssl req` for a new key; EC is made faster. */
export const RSA = "-newkey rsa:2048";
const EC = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1";

export class Workbench {
	readonly folder = mkdtempSync(join(tmpdir(), "fieldmote-import-"));
	private count = 0;

	/** A file in the folder. */
	at(name: string): string {
		return join(this.folder, name);
	}

	write(name: string, text: string | Uint8Array): string {
		writeFileSync(this.at(name), text);
		return this.at(name);
	}

	/** Runs openssl with the words of a line; file names are those in the folder. */
	openssl(line: string): string {
		const options = { cwd: this.folder, stdio: "pipe", encoding: "utf8" } as const;
		return execFileSync("openssl", line.split(" "), options);
	}

	/** CA key and certificate, without passphrase. @param key kind of key */
	ca(name: string, subject = `/CN=${name}`, key = EC): void {
		const files = `-keyout ${name}.key -out ${name}.crt`;
		this.openssl(`req -new -x509 -days 3650 -nodes ${key} ${files} -subj ${subject}`);
	}

	/**
	 * A key with a certificate.
	 * @param extensions lines for -extfile; "": without one
	 * @param genkey what writes the key; making one takes a while, so most leaves have the same
	 */
	leaf(
		name: string,
		ca: string,
		subject: string,
		extensions: string,
		{ genkey = "pkey -in shared.key", more = "-sha256" } = {},
	): void {
		this.write(`${name}.key`, this.openssl(genkey));
		this.openssl(`req -new -out ${name}.csr -key ${name}.key -subj ${subject}`);
		this.write(`${name}.ext`, extensions);
		const extfile = extensions === "" ? "" : ` -extfile ${name}.ext`;
		const signer = `-CA ${ca}.crt -CAkey ${ca}.key -CAcreateserial`;
		const out = `-out ${name}.crt -days 365 ${more}${extfile}`;
		this.openssl(`x509 -req -in ${name}.csr ${signer} ${out}`);
	}

	newStore(): Store {
		return new Store(this.at(`store-${this.count++}`));
	}

	/** Imports; words that name a file of the folder stand for its path. */
	async import(store: Store, line: string, nowMs = Date.now()): Promise<string[]> {
		const names = readdirSync(this.folder);
		const words = line.split(" ").map((word) => (names.includes(word) ? this.at(word) : word));
		const said: string[] = [];
		const say = (text: string) => said.push(text);
		await runImport(words, { store, nowMs, say, isInterrupted: () => false });
		return said;
	}

	/** What the import is refused for, line by line, without the first. */
	async refused(store: Store, line: string, nowMs = Date.now()): Promise<string[]> {
		const before = contentOf(store.directory);
		let lines: string[] | undefined;
		try {
			await this.import(store, line, nowMs);
		} catch (error) {
			lines = (error as Error).message.replaceAll(`${this.folder}/`, "").split("\n");
		}
		if (lines === undefined) throw new Error(`${line}: was not refused`);
		if (contentOf(store.directory) !== before) throw new Error(`${line}: something was written`);
		return lines.length > 1 ? lines.slice(1) : lines;
	}

	discard(): void {
		rmSync(this.folder, { recursive: true });
	}
}

/** Names, modes and contents below a folder. */
export function contentOf(folder: string): string {
	let names: string[];
	try {
		names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
	} catch {
		return "";
	}
	return names
		.map((name) => {
			const path = join(folder, name);
			const status = statSync(path);
			const content = status.isFile() ? readFileSync(path, "hex") : "";
			return `${name} ${(status.mode & 0o777).toString(8)} ${content}`;
		})
		.join("\n");
}
