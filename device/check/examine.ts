/**
 * Reads a site and a board and lets the firmware's own checks decide (firmware/config.ts, and the
 * questions that firmware/boot.ts adds); beside what is wrong it knows what goes into the image.
 * Always holds: all problems are found at once; no message shows a password.
 */

import { dirname } from "node:path";
import type { Json } from "../../firmware/checker";
import { checkBoard, checkSite, type SiteConfig } from "../../firmware/config";
import { type Extras, findExtras, hasModule } from "../site/extras";
import { platformOf, readBoard, readSite, type SiteFiles } from "../site/files";

const NO_SECRET = / is not in secrets\.json$/;

/** What is to be looked at. */
export interface Request {
	/** Undefined: the root's site.json. */
	readonly site: string | undefined;
	readonly board: string;
	/** Empty: the site's. */
	readonly node: string;
	/** `name=value` for mc/config. */
	readonly values: Readonly<Record<string, string>>;
	readonly root: string;
	/** Folder of the SDK; it need not be there. */
	readonly sdk: string;
}

/** A site on a board, and all that is wrong or noteworthy about the two. */
export interface Examined {
	readonly files: SiteFiles;
	readonly board: Json;
	readonly platform: string;
	/** Only to be used when there are no problems. */
	readonly site: SiteConfig;
	/** Names of the networks, as they may be shown. */
	readonly networks: readonly string[];
	readonly extras: Extras;
	/** What the firmware would stop for, and what the build would: file, path, value, allowed. */
	readonly problems: readonly string[];
	readonly warnings: readonly string[];
}

/** Reads and checks everything; throws UsageError for names of files and boards. */
export function examine(request: Request): Examined {
	const { root, values, node } = request;
	const board = readBoard(request.board, root);
	const files = readSite(request.site, root);
	const { json, secrets, name } = files;
	const entities = json.entities ?? board.entities;
	const folder = files.file === undefined ? root : dirname(files.file);
	const extras = findExtras(entities, folder, name, request.sdk);
	const overrides = node === "" ? values : { ...values, node };
	const checked = checkSite(json, overrides, secrets, board, (module) => hasModule(extras, module));
	const problems = [...checkBoard(board).problems, ...files.problems];
	// What could not be read has no more to say.
	if (files.readable) {
		const known = checked.problems.filter((one) => files.secretsReadable || !NO_SECRET.test(one));
		problems.push(...known.map((problem) => problem.replace(/^site\.json/, name)));
		problems.push(
			...extras.problems,
			...missing(checked.value, name, files.file !== undefined, checked.problems),
		);
	}
	return {
		files,
		board,
		platform: platformOf(board, request.board),
		site: checked.value,
		networks: networksOf(json, values),
		extras,
		problems,
		warnings: [...files.warnings, ...extras.warnings],
	};
}

/** @param known what was said already: something wrong is not missing */
function missing(
	site: SiteConfig,
	name: string,
	isThere: boolean,
	known: readonly string[],
): string[] {
	const problems: string[] = [];
	const isKnown = (pattern: RegExp) => known.some((problem) => pattern.test(problem));
	if (!isThere) problems.push(`${name}: is not there; cp site.example.json site.json, edit it`);
	if (site.wifi.length === 0 && !isKnown(/^site\.json: wifi\b/)) {
		problems.push(`${name}: wifi: no network; [{"ssid": "…", "password": "…"}]`);
	}
	if (site.broker === undefined && !isKnown(/^site\.json: broker(\.url(\[\d\])?)?:/)) {
		problems.push(`${name}: broker.url: is missing: mqtt://host[:port] or mqtts://host[:port]`);
	}
	// With values for all that is needed, no file is.
	return problems.length === 1 && !isThere ? [] : problems;
}

/** A name that stands with the secrets is not shown. */
function networksOf(json: Json, values: Readonly<Record<string, string>>): string[] {
	const list = Array.isArray(json.wifi) ? (json.wifi as { ssid?: unknown }[]) : [];
	const names = list.map((network) => {
		const ssid = network?.ssid;
		return typeof ssid === "string" ? ssid : "(secret)";
	});
	return values.ssid ? [values.ssid, ...names] : names;
}
