/**
 * What the SDK's I/O classes may do on each chip: facts of data sheets and of the SDK's C code,
 * by which the stand-ins refuse what a board would refuse. Must not know boards' labels.
 */

export interface Chip {
	readonly name: string;
	/** Pins that there are. */
	isPin(pin: number): boolean;
	/** Pins that can be outputs. */
	isOutput(pin: number): boolean;
	/** GPIO numbers with an ADC; "one": there is one, whatever pin is named; "any": all have one. */
	readonly analogPins: readonly number[] | "one" | "any";
	/** Bits of the ADC. */
	readonly analogBits: number;
	/** How many PWM outputs the SDK gives at once. */
	readonly pwmOutputs: number;
	/** Whether all open PWM outputs share one frequency. */
	readonly pwmSharesHz: boolean;
	/** Lowest frequency at 10 bits. */
	readonly pwmMinimumHz: number;
}

function range(first: number, last: number): number[] {
	return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

const esp32Pins = [...range(0, 23), 25, 26, 27, ...range(32, 39)];
const esp32S3Pins = [...range(0, 21), ...range(26, 48)];
const everywhere = () => true;

/**
 * The pins: modules/io/common/builtinCommon.c and ESP-IDF's SOC_GPIO_VALID_GPIO_MASK. The ADCs:
 * modules/io/analog/esp32/analog.c. PWM: modules/io/pwm/*; the SDK takes LEDC's channels 4 to 7,
 * of which an ESP32-C3 has two; our images for it take all of its six (manifest's defines).
 */
const CHIPS: Readonly<Record<string, Chip>> = {
	host: {
		name: "host",
		isPin: everywhere,
		isOutput: everywhere,
		analogPins: "any",
		analogBits: 10,
		pwmOutputs: 64,
		pwmSharesHz: false,
		pwmMinimumHz: 1,
	},
	esp8266: {
		name: "esp8266",
		isPin: (pin) => [...range(0, 5), ...range(12, 16)].includes(pin),
		isOutput: everywhere,
		analogPins: "one",
		analogBits: 10,
		pwmOutputs: 64,
		pwmSharesHz: true,
		pwmMinimumHz: 1,
	},
	esp32: {
		name: "esp32",
		isPin: (pin) => esp32Pins.includes(pin),
		isOutput: (pin) => pin < 34,
		analogPins: [...range(32, 39), 4, 0, 2, 15, 13, 12, 14, 27, 25, 26],
		analogBits: 12,
		pwmOutputs: 4,
		pwmSharesHz: false,
		pwmMinimumHz: 17,
	},
	esp32c3: {
		name: "esp32c3",
		isPin: (pin) => pin <= 21,
		isOutput: everywhere,
		analogPins: range(0, 4),
		analogBits: 12,
		pwmOutputs: 6,
		pwmSharesHz: false,
		pwmMinimumHz: 18,
	},
	esp32s3: {
		name: "esp32s3",
		isPin: (pin) => esp32S3Pins.includes(pin),
		isOutput: everywhere,
		analogPins: range(1, 20),
		analogBits: 12,
		pwmOutputs: 4,
		pwmSharesHz: false,
		pwmMinimumHz: 17,
	},
};

export const HOST_CHIP = CHIPS.host;

/** The chip that a board's file names; a board without one can do everything. */
export function chipOf(boardFile: object): Chip {
	const name = (boardFile as { chip?: unknown }).chip;
	if (typeof name !== "string") return HOST_CHIP;
	const plain = name.toLowerCase().replace(/[^a-z0-9]/g, "");
	// An ESP8266 with its flash inside.
	const key = plain === "esp8285" ? "esp8266" : plain;
	return Object.hasOwn(CHIPS, key) ? CHIPS[key] : HOST_CHIP;
}

/** What the world calls the ADC of a pin. */
export function analogKey(chip: Chip, pin: number): number {
	return chip.analogPins === "one" ? 0 : pin;
}
