/**
 * Home Assistant's side of device discovery, as far as its documentation and discovery.py say:
 * abbreviations written out, and what a message makes of the components that are known. The version
 * is in test/vectors/homeassistant-discovery.schema.json.
 */

import assert from "node:assert/strict";

type Members = Record<string, unknown>;

const COMMON: Readonly<Record<string, string>> = {
	avty_t: "availability_topic",
	cmd_t: "command_topic",
	cmps: "components",
	dev: "device",
	dev_cla: "device_class",
	ent_cat: "entity_category",
	exp_aft: "expire_after",
	flsh: "flash",
	ic: "icon",
	o: "origin",
	p: "platform",
	pl_avail: "payload_available",
	pl_not_avail: "payload_not_available",
	pl_off: "payload_off",
	pl_on: "payload_on",
	stat_cla: "state_class",
	stat_t: "state_topic",
	sug_dsp_prc: "suggested_display_precision",
	sup_clrm: "supported_color_modes",
	trns: "transition",
	uniq_id: "unique_id",
	unit_of_meas: "unit_of_measurement",
	val_tpl: "value_template",
};
const DEVICE = { ids: "identifiers", mdl: "model", mf: "manufacturer", sw: "sw_version" };
const ORIGIN = { sw: "sw_version", url: "support_url" };

function written(record: Members, words: Readonly<Record<string, string>>): Members {
	const entries = Object.entries(record).map(([key, value]) => [words[key] ?? key, value]);
	return Object.fromEntries(entries) as Members;
}

/** A device discovery message with its abbreviations written out. */
export function expanded(text: string): Members {
	const message = written(JSON.parse(text) as Members, COMMON);
	message.device = written(message.device as Members, DEVICE);
	message.origin = written(message.origin as Members, ORIGIN);
	const components = Object.entries(message.components as Record<string, Members>);
	// JSON.parse takes the last of two equal keys and says nothing.
	for (const [key] of components) {
		assert.equal(text.split(`"${key}":{`).length, 2, `${key} is there more than once`);
	}
	message.components = Object.fromEntries(
		components.map(([key, value]) => [key, written(value, COMMON)]),
	);
	return message;
}

/** Components of a message, by key. */
export function componentsOf(text: string): Record<string, Members> {
	return expanded(text).components as Record<string, Members>;
}

/** What a running Home Assistant knows. */
export class HomeAssistant {
	/** Unique ids by platform and component. */
	readonly known = new Map<string, unknown>();
	messages = 0;

	/** As async_discovery_message_received(): a component with nothing but its platform goes. */
	receive(text: string): void {
		this.messages += 1;
		for (const [key, { platform, ...rest }] of Object.entries(componentsOf(text))) {
			const id = `${platform} ${key}`;
			if (Object.keys(rest).length === 0) this.known.delete(id);
			else this.known.set(id, rest.unique_id);
		}
	}

	/** Of what is not the node's own. */
	get uniqueIds(): unknown[] {
		return [...this.known.values()].filter((id) => !String(id).includes("_diag_")).sort();
	}
}
