/**
 * Lines for mosquitto_sub and mosquitto_pub that work as pasted into a shell. Pure. Always
 * holds: paths are absolute and quoted where needed; a password is never in a line.
 */

export interface Access {
	readonly host: string;
	readonly port: number;
	/** PEM files. */
	readonly ca?: string;
	readonly cert?: string;
	readonly key?: string;
	readonly username?: string;
	readonly passwordFile?: string;
}

/** A word as a POSIX shell has to get it. */
export function quote(word: string): string {
	if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word;
	return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Watches everything that a node says. */
export function watchLine(access: Access, ...topics: string[]): string {
	return `mosquitto_sub ${words(access)} -v ${topics.map((one) => `-t ${quote(one)}`).join(" ")}`;
}

/** Sends a command, once and only once. */
export function commandLine(access: Access, topic: string, payload: string): string {
	return `mosquitto_pub ${words(access)} -q 2 -t ${quote(topic)} -m ${quote(payload)}`;
}

function words(access: Access): string {
	const list = ["-h", quote(access.host), "-p", String(access.port)];
	if (access.ca !== undefined) list.push("--cafile", quote(access.ca));
	if (access.cert !== undefined && access.key !== undefined) {
		list.push("--cert", quote(access.cert), "--key", quote(access.key));
	}
	if (access.username !== undefined) {
		list.push("-u", quote(access.username));
		if (access.passwordFile !== undefined) {
			list.push("-P", `"$(head -n 1 ${quote(access.passwordFile)} | tr -d '\\r')"`);
		}
	}
	return list.join(" ");
}
