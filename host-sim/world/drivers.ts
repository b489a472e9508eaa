/**
 * The sensor drivers of the SDK (modules/drivers/sensors) that a simulated board has: what their
 * sample() gives, and where their sensor is on the I2C bus. Data only. Drivers for other
 * interfaces than I2C and for touch panels are not here: a module of that name is not found.
 */

/** Numbers, truth and lists by name, or records of them, as sample() gives them. */
export interface Sample {
	readonly [name: string]: number | boolean | readonly number[] | Sample;
}

export interface DriverFacts {
	/** Missing: the driver has none of its own. */
	readonly address?: number;
	/** Shape, and the values that the world begins with. Units are the driver's. */
	readonly sample: Sample;
	/** The driver's sample() always fails, for this reason. */
	readonly defect?: string;
}

const air: Sample = { hygrometer: { humidity: 45 }, thermometer: { temperature: 21.5 } };
const weather: Sample = {
	barometer: { pressure: 101_325 },
	thermometer: { temperature: 21.5 },
};
const field: Sample = { x: 20, y: 5, z: -43 };
const motion: Sample = {
	accelerometer: { x: 0, y: 0, z: 9.81 },
	gyroscope: { x: 0, y: 0, z: 0 },
};
const warmMotion: Sample = { ...motion, thermometer: { temperature: 25 } };
const pixels = Array.from({ length: 64 }, () => 21.5);

/** By the module's name behind `embedded:sensor/`. Pressure in Pa, temperatures in °C. */
const FACTS: Readonly<Record<string, DriverFacts>> = {
	"Accelerometer-Gyroscope-Magnetometer/BMI270": {
		address: 0x68,
		sample: { magnetometer: field, ...warmMotion },
	},
	"Accelerometer-Gyroscope/MPU6050": { address: 0x68, sample: motion },
	"Accelerometer-Gyroscope/MPU6886": { address: 0x68, sample: warmMotion },
	"Accelerometer-Gyroscope/MPU9250": { address: 0x68, sample: motion },
	"Accelerometer-Gyroscope/QMI8658": { address: 0x6b, sample: warmMotion },
	"Accelerometer-Gyroscope/SH200Q": { address: 0x6c, sample: warmMotion },
	"Accelerometer/LIS3DH": { address: 0x18, sample: motion.accelerometer as Sample },
	"AmbientLight-Gesture-Proximity/APDS9960": {
		address: 0x39,
		sample: { lightmeter: { clear: 0.3, red: 0.1, green: 0.1, blue: 0.1 } },
	},
	"AmbientLight-Proximity/LTR553ALS": {
		address: 0x23,
		sample: { proximity: { distance: 0 }, lightmeter: { illuminance: 300 } },
	},
	"AmbientLight-Proximity/VL6180": {
		address: 0x29,
		sample: {
			proximity: { distance: 10, near: true, max: 20 },
			lightmeter: { illuminance: 300 },
		},
	},
	"AmbientLight/APDS9301": {
		address: 0x39,
		sample: { illuminance: 300, raw: 900, scaled: 900, ir: 300 },
	},
	"Barometer-Humidity-Temperature/BME68x": {
		address: 0x77,
		// The driver divides percent by 100.
		sample: { ...weather, hygrometer: { humidity: 0.45 } },
	},
	"Barometer-Temperature/BMP180": { address: 0x77, sample: weather },
	"Barometer-Temperature/BMP280": { address: 0x76, sample: weather },
	"CarbonDioxideGasSensor-VOCSensor/CCS811": {
		address: 0x5a,
		// C02 with a zero: the driver's spelling.
		sample: {
			carbonDioxideGasSensor: { C02: 600 },
			vocSensor: { tvoc: 30 },
			current: 10,
			rawADC: 500,
		},
	},
	"Gyroscope/L3GD20": { address: 0x6b, sample: motion.gyroscope as Sample },
	"Humidity-Temperature/AHT10": { address: 0x38, sample: air },
	"Humidity-Temperature/AM2320": { address: 0x5c, sample: air },
	"Humidity-Temperature/HTU21D": {
		address: 0x40,
		sample: air,
		// It writes to a member of `{}` that is not there.
		defect: "cannot coerce undefined to object",
	},
	"Humidity-Temperature/SHT3x": { address: 0x44, sample: air },
	"Humidity-Temperature/SHTC3": { address: 0x70, sample: air },
	"Humidity-Temperature/SI7020": { address: 0x40, sample: air },
	"Magnetometer/AK8963": { address: 0x0c, sample: field },
	"Magnetometer/HMC5883": { address: 0x1e, sample: field },
	"Oxygen/SEN0322": { address: 0x73, sample: { O: 209_000 } },
	"Proximity-Temperature/URM09": {
		address: 0x11,
		sample: {
			proximity: { max: 500, distance: 120, near: true },
			thermometer: { temperature: 21.5 },
		},
	},
	"SoilMoistureSensor/ZIOQWIICMOISTURE": { address: 0x28, sample: { moisture: 0.4 } },
	"Temperature/AMG88xx": { address: 0x69, sample: { temperature: 21.5, temperatures: pixels } },
	"Temperature/LM75": { address: 0x48, sample: { temperature: 21.5 } },
	"Temperature/MLX90614": {
		address: 0x5a,
		sample: { ambientTemperature: 21.5, temperature: 36.5 },
	},
	"Temperature/TMP102": { address: 0x48, sample: { temperature: 21.5, alert: false } },
	"Temperature/TMP117": { address: 0x48, sample: { temperature: 21.5, alert: 0 } },
};

export const DRIVER_PREFIX = "embedded:sensor/";

/** Undefined: no simulated board has a driver of that name. */
export function driverFacts(module: string): DriverFacts | undefined {
	if (!module.startsWith(DRIVER_PREFIX)) return undefined;
	const name = module.slice(DRIVER_PREFIX.length);
	return Object.hasOwn(FACTS, name) ? FACTS[name] : undefined;
}

/** `embedded:sensor/Temperature/TMP117`… */
export const DRIVER_NAMES: readonly string[] = Object.keys(FACTS).map(
	(name) => DRIVER_PREFIX + name,
);
