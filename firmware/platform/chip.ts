/**
 * The chip, as it tells of itself and is restarted: the thin side of the C in esp/, esp32/, lin/
 * and machine.c. Always holds: asking for a figure makes no garbage. The simulator has its own
 * module of this name.
 */

import { type Chip, Reset } from "./figures";

/**
 * By the codes that the C gives: first what is clean, then software, then what is a crash. A
 * brownout is one: a relay that pulls the supply down would do it again and again.
 */
const NAMES = Object.freeze([
	"",
	"power-on",
	"reset pin",
	"wake-up",
	"USB",
	"JTAG",
	"restart",
	"exception",
	"panic",
	"watchdog",
	"software watchdog",
	"interrupt watchdog",
	"task watchdog",
	"brownout",
	"power glitch",
	"CPU lock-up",
	"eFuse error",
]);

const enum Const {
	SOFTWARE = 6,
	EXCEPTION = 7,
}

function heapFigure(this: unknown, which: number): number | undefined {
	return native("xs_fieldmote_heap").call(this, which);
}

function machineFigure(this: unknown, which: number): number | undefined {
	return native("xs_fieldmote_machine").call(this, which);
}

function paintStack(this: unknown): void {
	native("xs_fieldmote_paint").call(this);
}

function restart(this: unknown): void {
	native("xs_fieldmote_restart").call(this);
}

function resetDetail(this: unknown, which: number): number | undefined {
	return native("xs_fieldmote_reset").call(this, which);
}

const resetKind = (): number => {
	const code = resetDetail(0) ?? 0;
	if (code === 0) return Reset.Unknown;
	if (code < Const.SOFTWARE) return Reset.Clean;
	return code === Const.SOFTWARE ? Reset.Software : Reset.Crash;
};

/** An ESP8266's exception with its cause and the address where it was. */
const resetName = (): string => {
	const code = resetDetail(0) ?? 0;
	const name = NAMES[code] ?? "";
	if (code !== Const.EXCEPTION) return name;
	return `${name} ${resetDetail(1)} at 0x${(resetDetail(2) ?? 0).toString(16)}`;
};

const chip: Chip = Object.freeze({
	heapFigure,
	machineFigure,
	paintStack,
	resetKind,
	resetName,
	restart,
});

export default chip;
