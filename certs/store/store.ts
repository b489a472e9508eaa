/**
 * The store of keys and certificates, certs/generated: where each file is, and how it is read and
 * written. Always holds: a file is there wholly or not at all; a key is never overwritten unless
 * that is asked for by name, and only its owner can read it; nothing outside the directory is
 * touched. Must not know what makes a certificate good, nor how one is made.
 */

import { randomUUID } from "node:crypto";
import {
	chmodSync,
	closeSync,
	existsSync,
	fsyncSync,
	linkSync,
	openSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	writeSync,
} from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";
import { foldersIn, linksIn, makeFolder, partOf } from "./folders";

export {
	LIST_LIMIT_BYTES,
	readBounded,
	readCertificate,
	readCertificates,
	readIfThere,
	readKey,
	StoreError,
} from "./read";

/** Paths of an authority. */
export interface AuthorityFiles {
	/** PEM. That of devices' authorities holds older ones behind the one in use. */
	readonly certificate: string;
	/** PEM, PKCS#8. */
	readonly key: string;
}

/** Paths of a broker's authority: boards take DER. */
export interface BrokerAuthorityFiles extends AuthorityFiles {
	readonly der: string;
}

/** Paths of a broker's files, named as certbot names them; PEM. */
export interface ServerFiles {
	readonly folder: string;
	/** The broker's certificate, then its authority's. */
	readonly chain: string;
	readonly key: string;
}

/** Paths of a device's files. */
export interface DevicePaths {
	readonly folder: string;
	/** PEM, for programs on a computer. */
	readonly certificate: string;
	readonly key: string;
	/** All files in this folder go into the board's image; DER, the key PKCS#8. */
	readonly image: string;
	readonly imageCertificate: string;
	readonly imageKey: string;
	/** The broker's authority, its successor, and perhaps a public one. */
	readonly imageAuthorities: readonly [string, string, string];
}

const SECRET_MODE = 0o600;
const PUBLIC_MODE = 0o644;

export class Store {
	/** As it was given. */
	readonly directory: string;
	readonly brokerCa: BrokerAuthorityFiles;
	/** The successor of brokerCa. */
	readonly brokerCaNext: BrokerAuthorityFiles;
	/** Both of them in one file, PEM: what programs trust, so that a rotation strands none. */
	readonly brokerCas: string;
	readonly deviceCa: AuthorityFiles;
	/** The one that takes its place, while that is going on and only then. */
	readonly deviceCaNext: AuthorityFiles;
	/** Revocation lists of all authorities in deviceCa.certificate; PEM. */
	readonly deviceCrl: string;
	readonly ledger: string;
	/** What was replaced. */
	readonly retired: string;

	constructor(directory: string) {
		const at = (name: string) => join(directory, name);
		const authority = (name: string) => ({
			certificate: at(`${name}.pem`),
			der: at(`${name}.der`),
			key: at(`${name}.key`),
		});
		this.directory = directory;
		this.brokerCa = authority("broker-ca");
		this.brokerCaNext = authority("broker-ca-next");
		this.brokerCas = at("broker-cas.pem");
		this.deviceCa = { certificate: at("device-ca.pem"), key: at("device-ca.key") };
		this.deviceCaNext = {
			certificate: at("device-ca-next.pem"),
			key: at("device-ca-next.key"),
		};
		this.deviceCrl = at("device-crl.pem");
		this.ledger = at("ledger.jsonl");
		this.retired = at("retired");
	}

	/** @param name the first name of the broker's certificate; throws for what is no folder's name */
	server(name: string): ServerFiles {
		// An asterisk in a path would be the shell's.
		const folder = join(this.directory, "brokers", partOf(name.replace(/^\*/, "_")));
		return {
			folder,
			chain: join(folder, "fullchain.pem"),
			key: join(folder, "privkey.pem"),
		};
	}

	/** @param id the node's id, isId() of firmware/topics.ts; throws for what is no folder's name */
	device(id: string): DevicePaths {
		const folder = join(this.directory, "devices", partOf(id));
		const image = join(folder, "image");
		return {
			folder,
			certificate: join(folder, "certificate.pem"),
			key: join(folder, "key.pem"),
			image,
			imageCertificate: join(image, "certificate.der"),
			imageKey: join(image, "key.der"),
			imageAuthorities: [
				join(image, "authority.der"),
				join(image, "authority-1.der"),
				join(image, "authority-2.der"),
			],
		};
	}

	/** Names of the folders of brokers, sorted; as server() takes them. */
	servers(): string[] {
		return foldersIn(join(this.directory, "brokers"));
	}

	/** Ids of the devices, sorted. */
	devices(): string[] {
		return foldersIn(join(this.directory, "devices"));
	}

	/** Paths of links where folders of brokers and devices should be; none is followed. */
	links(): string[] {
		return ["brokers", "devices"].flatMap((name) => linksIn(join(this.directory, name)));
	}

	/** Whether `init` has been here. */
	get isThere(): boolean {
		return existsSync(this.brokerCa.certificate) && existsSync(this.deviceCa.certificate);
	}

	/** Writes a key where there is none. @returns false when there is a file already */
	writeNewKey(path: string, content: string | Uint8Array): boolean {
		return this.putNew(path, content, SECRET_MODE);
	}

	/** Writes a key over another one, or where there is none. */
	replaceKey(path: string, content: string | Uint8Array): void {
		this.put(path, content, SECRET_MODE);
	}

	/** Writes what anybody may read where there is none. @returns false when there is a file */
	writeNew(path: string, content: string | Uint8Array): boolean {
		return this.putNew(path, content, PUBLIC_MODE);
	}

	/** Writes what anybody may read. @returns false when the very same is there already */
	replace(path: string, content: string | Uint8Array): boolean {
		if (isSame(path, Buffer.from(content))) return false;
		this.put(path, content, PUBLIC_MODE);
		return true;
	}

	/**
	 * Moves a file that is to be replaced to retired/, whatever it is; nothing when it is not there.
	 * @param name what it is to be called there; a number is put before its ending if need be
	 */
	retire(path: string, name: string): void {
		if (!existsSync(path)) return;
		this.changing(path);
		this.makeFolder(this.retired);
		const [, stem = name, ending = ""] = /^(.*?)(\.[a-z]+)?$/.exec(name) ?? [];
		for (let count = 1; ; count++) {
			const target = join(this.retired, `${stem}${count === 1 ? "" : `-${count}`}${ending}`);
			if (existsSync(target)) continue;
			if (moveNew(path, target)) return;
		}
	}

	/** Removes a file that is of no use any more; nothing when it is not there. */
	discard(path: string): void {
		this.changing(path);
		rmSync(path, { force: true });
	}

	/** Called before each change of a file: for tests that stop a command before any of them. */
	changing(_path: string): void {}

	/** Makes a folder of the store, and those above it; throws StoreError where a link is. */
	makeFolder(path: string): void {
		makeFolder(this.directory, path);
	}

	/** A path as messages show it: from the folder of the store's parents that the user is in. */
	shown(path: string): string {
		const short = relative(process.cwd(), path);
		return short.startsWith("..") || isAbsolute(short) ? path : short;
	}

	private put(path: string, content: string | Uint8Array, mode: number): void {
		const temporary = this.temporary(path, content, mode);
		try {
			renameSync(temporary, path);
		} finally {
			rmSync(temporary, { force: true });
		}
	}

	private putNew(path: string, content: string | Uint8Array, mode: number): boolean {
		if (existsSync(path)) return false;
		const temporary = this.temporary(path, content, mode);
		try {
			// link() fails where a file is, rename() would replace it.
			linkSync(temporary, path);
			return true;
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
			return false;
		} finally {
			rmSync(temporary, { force: true });
		}
	}

	/** In the store's own folder: mcconfig takes every file in an image's. */
	private temporary(path: string, content: string | Uint8Array, mode: number): string {
		this.changing(path);
		this.makeFolder(dirname(path));
		const temporary = join(this.directory, `.${randomUUID()}.new`);
		const file = openSync(temporary, "wx", mode);
		try {
			const bytes = Buffer.from(content);
			if (writeSync(file, bytes) !== bytes.length) throw new Error(`${path}: the disk is full`);
			// A name for a file whose content the power cut took would be half a file.
			if (mode === SECRET_MODE) fsyncSync(file);
		} catch (error) {
			rmSync(temporary, { force: true });
			throw error;
		} finally {
			closeSync(file);
		}
		// The umask may have taken some of it.
		chmodSync(temporary, mode);
		return temporary;
	}
}

function isSame(path: string, content: Buffer): boolean {
	const status = statSync(path, { throwIfNoEntry: false });
	if (status?.isFile() !== true || status.size !== content.length) return false;
	return readFileSync(path).equals(content);
}

/** @returns false when something is there by now; true also when somebody else has moved it */
function moveNew(path: string, target: string): boolean {
	try {
		if (statSync(path).isDirectory()) renameSync(path, target);
		else {
			linkSync(path, target);
			rmSync(path);
		}
		return true;
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		if (code === "EEXIST" || code === "ENOTEMPTY") return false;
		if (code === "ENOENT") return true;
		throw error;
	}
}
