/**
 * Made-up lineages of the shape that certbot leaves, and the hook run on them. Keys on P-384 above
 * P-256 and RSA are what Let's Encrypt has.
 */

import { spawnSync } from "node:child_process";
import { KeyObject } from "node:crypto";
import { mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { type Kind, type Made, make, makeKeys, type Plan } from "../support/certificate-maker";
import { SOURCE } from "./staged";

export const HOOK = join(SOURCE, "letsencrypt-deploy.sh");
const DAY_MS = 86_400_000;
export const DATES = {
	from: new Date(Date.now() - DAY_MS),
	to: new Date(Date.now() + 30 * DAY_MS),
};

export function pem(label: string, der: Uint8Array): string {
	const lines = Buffer.from(der)
		.toString("base64")
		.replace(/(.{64})(?=.)/g, "$1\n");
	return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

export interface Hierarchy {
	readonly top: Made;
	readonly intermediate: Made;
}

/** @param dates of the intermediate */
export async function makeHierarchy(kind: Kind, dates = DATES): Promise<Hierarchy> {
	const common = { authority: true, ...DATES };
	const top = await make({ name: "Root X9", keys: await makeKeys(kind), ...common });
	const below = { keys: await makeKeys(kind), issuer: top, pathLength: 0, ...common, ...dates };
	const intermediate = await make({ name: "R99", ...below });
	return { top, intermediate };
}

export const rsa = await makeHierarchy("RSA-2048");
export const ecdsa = await makeHierarchy("P-384");

export interface LineageParts {
	readonly chain: string;
	readonly key: string;
	readonly leaf: Made;
}

export async function makeParts(
	kind: Kind,
	{ intermediate }: Pick<Hierarchy, "intermediate">,
	more: Partial<Plan> = {},
): Promise<LineageParts> {
	const plan = { keys: await makeKeys(kind), issuer: intermediate, names: ["localhost"] };
	const leaf = await make({ name: "", ...plan, ...DATES, ...more });
	return {
		chain: pem("CERTIFICATE", leaf.der) + pem("CERTIFICATE", intermediate.der),
		key: KeyObject.from(plan.keys.privateKey).export({ format: "pem", type: "pkcs8" }).toString(),
		leaf,
	};
}

/** live/NAME with links into archive/NAME, as certbot has it. @returns the former's path */
export function writeLineage(folder: string, { chain, key }: Omit<LineageParts, "leaf">): string {
	const live = join(folder, "live", "localhost");
	mkdirSync(live, { recursive: true });
	mkdirSync(join(folder, "archive", "localhost"), { recursive: true });
	for (const [name, text] of Object.entries({ fullchain: chain, privkey: key })) {
		const count = readdirSync(join(folder, "archive", "localhost")).length;
		const file = join("archive", "localhost", `${name}${count}.pem`);
		writeFileSync(join(folder, file), text, { mode: 0o600 });
		symlinkSync(join("..", "..", file), join(live, `${name}.new`));
		renameSync(join(live, `${name}.new`), join(live, `${name}.pem`));
	}
	return live;
}

export function runHook(environment: Record<string, string>): {
	status: number | null;
	text: string;
} {
	const { PATH = "" } = process.env;
	const env = { PATH, MOSQUITTO_OWNER: userInfo().username, ...environment };
	const { status, stderr, stdout } = spawnSync("sh", [HOOK], { env, encoding: "utf8" });
	return { status, text: stderr + stdout };
}
