/**
 * Starts a program on a simulated board: the firmware, or another bundle for boards. A bundle is
 * compiled once and evaluated for each power-on in a realm (vm context) of its own, together
 * with its stand-ins for the SDK's modules. So two boards share no object, not even a prototype,
 * and firmware sees the globals of ECMAScript and of XS, not Node's. Must not know what the
 * firmware does.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Context, constants, createContext, Script } from "node:vm";
import type { SimulatedBoard } from "./world/board";

type Namespace = { readonly default: unknown };
/** The modules of one power-on. */
interface ModuleSource {
	has(name: string): boolean;
	load(name: string): Namespace;
}
type StandIn = { create(board: SimulatedBoard, source: ModuleSource): object };
type StandIns = Record<string, () => StandIn>;
type Evaluate = (...values: unknown[]) => void;

/** A board's program and the stand-ins, compiled. */
export interface Program {
	readonly bundle: Script;
	readonly standIns: Script;
	/** Modules of the image that are loaded by name only. */
	readonly modules?: ReadonlyMap<string, Script>;
}

/** Names that the stand-ins, not the firmware, may use besides ECMAScript's. */
const HOST_NAMES = [
	"Buffer",
	"process",
	"console",
	"URL",
	"TextEncoder",
	"TextDecoder",
	"setTimeout",
	"clearTimeout",
	"setImmediate",
	"clearImmediate",
	"queueMicrotask",
] as const;

const PARAMETERS = ["require", "module", "exports"];

const requireOfHost = createRequire(import.meta.url);

/**
 * Reads a program.
 * @param folder what ensureBuilt() of build.mjs gave
 * @param name bundle for boards in that folder, without .cjs
 * @param modules more modules of the image: bundles for boards by the modules' names
 */
export function readProgram(
	folder: string,
	name = "firmware",
	modules: ReadonlyMap<string, string> = new Map(),
): Program {
	return {
		bundle: compile(join(folder, `${name}.cjs`), PARAMETERS),
		standIns: compile(join(folder, "modules.cjs"), [...PARAMETERS, ...HOST_NAMES]),
		modules: new Map([...modules].map(([module, path]) => [module, compile(path, PARAMETERS)])),
	};
}

/**
 * Powers a board on and runs a program on it; so does each restart of the board. An exception is
 * a crash of the board, as later.
 * @param onStart called with what the program exports, at each start that came so far
 * @returns what the program exports at this start; undefined when it crashed
 */
export function powerOn(
	board: SimulatedBoard,
	program: Program,
	onStart?: (exported: object) => void,
): object | undefined {
	let exported: object | undefined;
	let realm: Context | undefined;
	board.powerOn({
		start() {
			exported = undefined;
			realm = makeRealm(board);
			const standIns = evaluate<StandIns>(realm, program.standIns, requireOfHost, hostValues());
			const require = requireFor(board, realm, standIns, program.modules);
			exported = evaluate<object>(realm, program.bundle, require, []);
			onStart?.(exported);
		},
		abort(why, exception) {
			if (realm !== undefined) (CALL_ABORT.runInContext(realm) as Evaluate)(why, exception);
		},
	});
	return exported;
}

/** XS calls it with the global object as `this`. */
const CALL_ABORT = new Script("(function (...values) { globalThis.abort?.(...values); })");

function compile(path: string, parameters: readonly string[]): Script {
	const head = `(function (${parameters.join(", ")}) {`;
	const code = `${head}${readFileSync(path, "utf8")}\n})`;
	return new Script(code, { filename: path, columnOffset: -head.length });
}

function evaluate<T>(
	realm: Context,
	script: Script,
	require: (name: string) => unknown,
	more: readonly unknown[],
): T {
	const module = { exports: {} };
	(script.runInContext(realm) as Evaluate)(require, module, module.exports, ...more);
	return module.exports as T;
}

function hostValues(): unknown[] {
	return HOST_NAMES.map((name) => globalThis[name]);
}

/** `require` as the firmware's bundle sees it: each module once per power-on. */
function requireFor(
	board: SimulatedBoard,
	realm: Context,
	standIns: StandIns,
	modules: ReadonlyMap<string, Script> = new Map(),
): (name: string) => unknown {
	const loaded = new Map<string, Namespace>();
	const source: ModuleSource = {
		has: (name) => Object.hasOwn(standIns, name) || modules.has(name),
		load(name) {
			let namespace = loaded.get(name);
			if (namespace === undefined) {
				const script = modules.get(name);
				namespace = script
					? evaluate<Namespace>(realm, script, source.load, [])
					: standInOf(name, board, standIns, source);
				loaded.set(name, namespace);
			}
			return namespace;
		},
	};
	return source.load;
}

function standInOf(
	name: string,
	board: SimulatedBoard,
	standIns: StandIns,
	source: ModuleSource,
): Namespace {
	if (!Object.hasOwn(standIns, name)) {
		const path = name.replace(/^embedded:/, "embedded/");
		throw new Error(
			`the firmware imports "${name}", which has no stand-in: host-sim/modules/${path}.ts`,
		);
	}
	const made = standIns[name]().create(board, source) as Namespace;
	// __esModule: `default` is the default export, not the whole.
	return { __esModule: true, ...made } as Namespace;
}

/**
 * Gives a realm what XS has and takes away what it has not. Runs inside the realm, so that what
 * it makes is of the realm. Only primitives and functions come from outside.
 */
const PREPARE = new Script(`(function (unixMs, random, traceText, encode, decode) {
	"use strict";
	const define = (target, name, value) =>
		Object.defineProperty(target, name, { value, writable: true, configurable: true });
	const HostDate = Date;
	function BoardDate(...values) {
		if (new.target === undefined) return new HostDate(unixMs()).toString();
		if (values.length === 0) values.push(unixMs());
		return Reflect.construct(HostDate, values, new.target);
	}
	Object.setPrototypeOf(BoardDate, HostDate);
	Object.defineProperty(BoardDate, "prototype", { value: HostDate.prototype });
	define(HostDate.prototype, "constructor", BoardDate);
	define(BoardDate, "now", () => unixMs());
	define(globalThis, "Date", BoardDate);
	define(Math, "random", () => random());
	define(globalThis, "trace", (...values) => traceText(values.map(String).join("")));
	define(ArrayBuffer, "fromString", (text) => {
		const bytes = new Uint8Array(encode(String(text)));
		return bytes.buffer;
	});
	// Only what the firmware uses: unsigned, the most significant byte first.
	define(BigInt, "fromArrayBuffer", (buffer) => {
		if (!(buffer instanceof ArrayBuffer))
			throw new TypeError("argument: not an ArrayBuffer instance");
		if (buffer.byteLength === 0) throw new SyntaxError("argument: invalid ArrayBuffer instance");
		let digits = "0x";
		for (const byte of new Uint8Array(buffer)) digits += byte.toString(16).padStart(2, "0");
		return BigInt(digits);
	});
	define(String, "fromArrayBuffer", (buffer, start = 0, length = buffer.byteLength - start) => {
		if (!(buffer instanceof ArrayBuffer || buffer instanceof SharedArrayBuffer))
			throw new TypeError("argument: not an ArrayBuffer instance");
		if (start < 0 || start > buffer.byteLength) throw new RangeError("invalid byteOffset " + start);
		if (length < 0 || start + length > buffer.byteLength)
			throw new RangeError("invalid byteLength " + length);
		const text = decode(new Uint8Array(buffer, start, length));
		if (text === undefined) throw new TypeError("invalid UTF-8");
		return text;
	});
	for (const name of ["console", "WebAssembly", "Intl"])
		delete globalThis[name];
})`);

function makeRealm(board: SimulatedBoard): Context {
	// Not contextified: through an interceptor each global costs a hundred times as much. Node
	// before 20.18 does not know that; there it is slow, and right all the same.
	const realm = createContext(constants?.DONT_CONTEXTIFY as unknown as Context);
	const encoder = new TextEncoder();
	const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
	const prepare = PREPARE.runInContext(realm) as Evaluate;
	prepare(
		() => board.unixMs(),
		() => board.random(),
		(text: string) => board.trace(text),
		(text: string) => encoder.encode(text),
		(bytes: Uint8Array) => {
			try {
				return decoder.decode(bytes);
			} catch {
				return undefined;
			}
		},
	);
	return realm;
}
