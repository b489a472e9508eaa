/**
 * The SDK's sensor drivers that a sensor can have: the address that they look for their chip at,
 * and what their sample() gives, with its unit. Data, as read in the drivers of SDK 8.2.3; the
 * table of docs/entities.md is made of it. Always holds: the simulator's drivers give the same. A
 * driver that is not here may do all the same.
 */

/** Units by the names of readings; "" where the driver gives bare numbers, or yes and no. */
interface Units {
	readonly [name: string]: string | Units;
}

export interface Driver {
	/** Missing: it has to be given. */
	readonly address?: number;
	/** Shape of the sample. */
	readonly sample: Units;
	/** What else to know. */
	readonly note?: string;
	/** It gives nothing: the note says why. */
	readonly isBroken?: true;
}

export const DRIVER_PREFIX = "embedded:sensor/";

const thermometer: Units = { temperature: "°C" };
const hygrometer: Units = { humidity: "%" };
const barometer: Units = { pressure: "Pa" };
const air: Units = { thermometer, hygrometer };
const axes = (unit: string): Units => ({ x: unit, y: unit, z: unit });
const gyroscope = axes("°/s");
const motion: Units = { accelerometer: axes("m/s²"), gyroscope };
const motionInG: Units = { accelerometer: axes("g"), gyroscope, thermometer };
const COUNTS = "counts of the chip, no unit";

/** By the module's name behind DRIVER_PREFIX. */
export const DRIVERS: Readonly<Record<string, Driver>> = {
	"Accelerometer-Gyroscope-Magnetometer/BMI270": {
		address: 0x68,
		sample: { ...motion, magnetometer: axes("µT"), thermometer },
	},
	"Accelerometer-Gyroscope/MPU6050": { address: 0x68, sample: motion },
	"Accelerometer-Gyroscope/MPU6886": { address: 0x68, sample: motionInG },
	"Accelerometer-Gyroscope/MPU9250": { address: 0x68, sample: motion },
	"Accelerometer-Gyroscope/QMI8658": { address: 0x6b, sample: motionInG },
	"Accelerometer-Gyroscope/SH200Q": { address: 0x6c, sample: motionInG },
	"Accelerometer/LIS3DH": {
		address: 0x18,
		sample: axes("m/s²"),
		note: "in g where configure sets another range",
	},
	"AmbientLight-Gesture-Proximity/APDS9960": {
		address: 0x39,
		sample: { lightmeter: { clear: "", red: "", green: "", blue: "" } },
		note: "parts of full scale",
	},
	"AmbientLight-Proximity/LTR553ALS": {
		address: 0x23,
		sample: { proximity: { distance: "" }, lightmeter: { illuminance: "" } },
		note: COUNTS,
	},
	"AmbientLight-Proximity/VL6180": {
		address: 0x29,
		sample: {
			proximity: { distance: "cm", near: "", max: "cm" },
			lightmeter: { illuminance: "lx" },
		},
		note: "waits for the chip in a loop",
	},
	"AmbientLight/APDS9301": {
		address: 0x39,
		sample: { illuminance: "lx", raw: "", scaled: "", ir: "" },
	},
	"Barometer-Humidity-Temperature/BME68x": {
		address: 0x77,
		sample: { thermometer, hygrometer: { humidity: "" }, barometer },
		note: "humidity from 0 to 1",
	},
	"Barometer-Temperature/BMP180": { address: 0x77, sample: { thermometer, barometer } },
	"Barometer-Temperature/BMP280": { address: 0x76, sample: { thermometer, barometer } },
	"CarbonDioxideGasSensor-VOCSensor/CCS811": {
		address: 0x5a,
		sample: {
			carbonDioxideGasSensor: { C02: "ppm" },
			vocSensor: { tvoc: "ppb" },
			current: "µA",
			rawADC: "",
		},
		note: "C02 with a zero: the driver's spelling",
	},
	"Gyroscope/L3GD20": { address: 0x6b, sample: gyroscope },
	"Humidity-Temperature/AHT10": { address: 0x38, sample: air },
	"Humidity-Temperature/AM2320": { address: 0x5c, sample: air },
	"Humidity-Temperature/HTU21D": {
		address: 0x40,
		sample: air,
		note: "its sample() always throws (SDK 8.2.3)",
		isBroken: true,
	},
	"Humidity-Temperature/SHT3x": { address: 0x44, sample: air },
	"Humidity-Temperature/SHTC3": { address: 0x70, sample: air },
	"Humidity-Temperature/SI7020": { address: 0x40, sample: air },
	"Magnetometer/AK8963": { address: 0x0c, sample: axes("µT") },
	"Magnetometer/HMC5883": { address: 0x1e, sample: axes("") },
	"Oxygen/SEN0322": { address: 0x73, sample: { O: "ppm" } },
	"Proximity-Temperature/URM09": {
		address: 0x11,
		sample: { proximity: { distance: "cm", near: "", max: "cm" }, thermometer },
	},
	"SoilMoistureSensor/ZIOQWIICMOISTURE": {
		address: 0x28,
		sample: { moisture: "" },
		note: "0 dry to 1 wet",
	},
	"Temperature/AMG88xx": {
		address: 0x69,
		sample: thermometer,
		note: "of the chip itself; its 64 pixels are no readings",
	},
	"Temperature/LM75": { address: 0x48, sample: thermometer },
	"Temperature/MLX90614": {
		address: 0x5a,
		sample: { temperature: "°C", ambientTemperature: "°C" },
	},
	"Temperature/TMP102": { address: 0x48, sample: { temperature: "°C", alert: "" } },
	"Temperature/TMP117": { address: 0x48, sample: { temperature: "°C", alert: "" } },
};

/** Undefined: nothing is known of it. */
export function driverOf(module: string): Driver | undefined {
	const name = module.startsWith(DRIVER_PREFIX) ? module.slice(DRIVER_PREFIX.length) : "";
	return Object.hasOwn(DRIVERS, name) ? DRIVERS[name] : undefined;
}

/** Names that `readings` may have, shortest first as firmware/entities/sensor.ts finds them. */
export function readingsOf({ sample }: Driver): ReadonlyMap<string, string> {
	const records = Object.entries(sample).filter(([, value]) => typeof value !== "string");
	const names = records.flatMap(([, record]) => Object.keys(record));
	const readings = new Map<string, string>();
	for (const [name, value] of Object.entries(sample)) {
		if (typeof value === "string") readings.set(name, value);
		else {
			for (const [key, unit] of Object.entries(value)) {
				const isOften = names.filter((one) => one === key).length > 1;
				readings.set(isOften ? `${name}_${key}` : key, String(unit));
			}
		}
	}
	return readings;
}

/** Whether the sample has that reading, by its short name or with its record's. */
export function gives({ sample }: Driver, reading: string): boolean {
	return Object.entries(sample).some(([name, value]) => {
		if (typeof value === "string") return name === reading;
		return Object.keys(value).some((key) => key === reading || `${name}_${key}` === reading);
	});
}
