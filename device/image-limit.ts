/**
 * How large an image of an ESP8266 may be. Always holds: what is flashed ends before the block in
 * which settings are saved; the SDK's linker script does not see it, and the first setting saved
 * would end a larger image.
 */

import type { Json } from "../firmware/checker";

/** From 0x1000, where main.bin is flashed, to the preferences (firmware/defaults/esp8266-4m.ld). */
export const IMAGE_BYTES = 1_110_016;
/** To 0xFB000 (eagle.flash.1m.ld), which boards with less than 4 MB bring along. */
const SMALL_IMAGE_BYTES = 1_024_000;
const LARGE_FLASH_BYTES = 4_194_304;

export function isEsp8266(board: Json): boolean {
	return board.chip === "esp8266" || board.chip === "esp8285";
}

/** Bytes of main.bin. */
export function imageLimitBytes(board: Json): number {
	const { flashBytes } = board;
	return typeof flashBytes === "number" && flashBytes < LARGE_FLASH_BYTES
		? SMALL_IMAGE_BYTES
		: IMAGE_BYTES;
}
