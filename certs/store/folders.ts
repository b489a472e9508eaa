/**
 * Folders below the store's own, by names that come from certificates and command lines. Always
 * holds: none of them is outside, neither by its name nor by a link. Must not know what is in them.
 */

import { existsSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { StoreError } from "./read";

const FOLDER_MODE = 0o700;

/** A name as one part of a path; throws StoreError for what is none, or hidden. */
export function partOf(name: string): string {
	if (/^[^./\0][^/\0]*$/.test(name)) return name;
	throw new StoreError(`${JSON.stringify(name)}: cannot be the name of a folder in the store`);
}

/**
 * Makes a folder, and those above it. Throws StoreError where one of them, below the store's own,
 * is a link: what is written there would be somewhere else.
 */
export function makeFolder(directory: string, path: string): void {
	let at = directory;
	for (const part of relative(directory, path).split(sep)) {
		at = join(at, part);
		if (at === directory || !isLink(at)) continue;
		throw new StoreError(`${at}: is a link; the store is written to where it is; move it here`);
	}
	makeFolders(path);
}

/**
 * Makes a folder, and those above it, for its owner only. One after the other: mkdir of Node 20
 * with `recursive` has no end where nothing can be made, such as in /proc.
 * @returns whether it was not there before
 */
export function makeFolders(path: string): boolean {
	if (existsSync(path)) return false;
	try {
		return makeOne(path);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
		makeFolders(dirname(path));
		return makeOne(path);
	}
}

function makeOne(path: string): boolean {
	try {
		mkdirSync(path, { mode: FOLDER_MODE });
		return true;
	} catch (error) {
		// Somebody else was quicker.
		if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
		throw error;
	}
}

/** Throws StoreError for a store that is somebody else's, which would look empty. */
export function refuseUnreadable(directory: string): void {
	try {
		readdirSync(directory);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== "EACCES") return;
		throw new StoreError(`${directory}: may not be read by you; whose is it?`);
	}
}

/** Names of folders in a folder, sorted; not of hidden ones, nor of links. */
export function foldersIn(folder: string): string[] {
	return entriesOf(folder)
		.filter((entry) => entry.isDirectory())
		.map(({ name }) => name)
		.sort();
}

/** Paths of links in a folder, sorted; the folder itself if it is one. */
export function linksIn(folder: string): string[] {
	if (isLink(folder)) return [folder];
	return entriesOf(folder)
		.filter((entry) => entry.isSymbolicLink())
		.map(({ name }) => join(folder, name))
		.sort();
}

function entriesOf(folder: string) {
	// What is behind a link is not the store's.
	if (!existsSync(folder) || isLink(folder)) return [];
	return readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith("."));
}

function isLink(path: string): boolean {
	return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}
