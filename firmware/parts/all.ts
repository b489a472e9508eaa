/**
 * What an image has of what a site may ask for: everything. basic.ts stands in its place where
 * flash is short (all.json, basic.json: which modules go with it). Must not decide anything.
 */

import { Analog, checkAnalog } from "../entities/analog";
import { Binary, checkBinary } from "../entities/binary";
import { Button, checkButton } from "../entities/button";
import { checkLight } from "../entities/check-light";
import { checkSensor } from "../entities/check-sensor";
import { Light } from "../entities/light";
import { checkPulse, Pulse } from "../entities/pulse";
import { checkRelay, Relay } from "../entities/relay";
import { Sensor } from "../entities/sensor";
import { Discovery } from "../profiles/discovery";
import { RemoteConfig } from "../profiles/remote-config";
import { makeDialect } from "../profiles/tasmota";
import type { ImageParts } from "./parts";

const PARTS: ImageParts = Object.freeze({
	classes: Object.freeze({
		relay: Relay,
		light: Light,
		button: Button,
		binary: Binary,
		analog: Analog,
		pulse: Pulse,
		sensor: Sensor,
	}),
	checks: Object.freeze({
		relay: checkRelay,
		light: checkLight,
		button: checkButton,
		binary: checkBinary,
		analog: checkAnalog,
		pulse: checkPulse,
		sensor: checkSensor,
	}),
	makeDialect,
	Discovery,
	RemoteConfig,
});

export default PARTS;
