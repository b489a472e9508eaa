/**
 * How the pins of a board lie, for its picture: the rows of its two headers as printed, seen from
 * above, power pins included, and what has no pin to get at. Data. Always holds: what a row names
 * is a label of the board, or a power pin. Must not know anything electrical: boards/ has that.
 */

export interface Layout {
	/** Labels from top to bottom, with a space between. */
	readonly left: string;
	readonly right: string;
	/** What is only reached by a soldered part. */
	readonly inside: string;
}

/** By the board's name; a board that is not here has its pins in two rows, in the file's order. */
export const LAYOUTS: Readonly<Record<string, Layout>> = {
	"nodemcu-v2": {
		left: "A0 RSV RSV SD3 SD2 SD1 CMD SD0 CLK GND 3V3 EN RST GND Vin",
		right: "D0 D1 D2 D3 D4 3V3 GND D5 D6 D7 D8 RX TX GND 3V3",
		inside: "",
	},
	"d1-mini-relay": {
		left: "RST A0 D0 D5 D6 D7 D8 3V3",
		right: "TX RX D1 D2 D3 D4 G 5V",
		inside: "",
	},
	"esp01s-relay": { left: "GND GPIO2 GPIO0 RX", right: "TX CH_PD RST VCC", inside: "" },
	"sonoff-basic-r2": { left: "3V3 RX TX GND IO2", right: "", inside: "GPIO12 GPIO0 GPIO13" },
	"shelly-1": { left: "GPIO0 RX TX", right: "", inside: "GPIO4 GPIO5" },
	"esp32-devkitc": {
		left: "3V3 EN VP VN IO34 IO35 IO32 IO33 IO25 IO26 IO27 IO14 IO12 GND IO13 D2 D3 CMD 5V",
		right: "GND IO23 IO22 TX RX IO21 GND IO19 IO18 IO5 IO17 IO16 IO4 IO0 IO2 IO15 D1 D0 CLK",
		inside: "",
	},
	"m5atom-lite": {
		left: "3V3 G22 G19 G23 G33",
		right: "G21 G25 5V GND G26 G32",
		inside: "G39 G27 G12",
	},
	"esp32-c3-devkitm-1": {
		left: "GND 3V3 3V3 IO2 IO3 GND RST GND IO0 IO1 IO10 GND 5V 5V GND",
		right: "GND TX RX GND IO9 IO8 GND IO7 IO6 IO5 IO4 GND IO18 IO19 GND",
		inside: "",
	},
	"lolin-c3-mini": {
		left: "EN 3 2 1 0 4 5 3V3",
		right: "TX RX 10 8 7 6 GND VBUS",
		inside: "9",
	},
	"xiao-esp32c3": { left: "D0 D1 D2 D3 D4 D5 D6", right: "5V GND 3V3 D10 D9 D8 D7", inside: "" },
	"esp32-s3-devkitc-1": {
		left: "3V3 3V3 RST 4 5 6 7 15 16 17 18 8 3 46 9 10 11 12 13 14 5V G",
		right: "G TX RX 1 2 42 41 40 39 38 37 36 35 0 45 48 47 21 20 19 G G",
		inside: "",
	},
};
