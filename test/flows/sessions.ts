/**
 * Flows over two connections: what a session keeps, and what becomes of a packet that is lost
 * together with its connection. In the same form as flows.ts.
 */

import type { Stage } from "../support/flow-stage";
import type { Flow } from "./flows";

const lasting = (id: string) => ({ id, clean: false });

/** Subscribes, leaves, and comes back when something was published. */
async function awayAndBack(stage: Stage, topic: string, qos: 1 | 2): Promise<void> {
	const command = lasting(`away-${qos}`);
	await stage.connect(command);
	await stage.subscribe(topic, 2);
	await stage.disconnect();
	await stage.otherPublishes(topic, "while away", { qos });
	await stage.connect(command);
	await stage.message("while away", qos === 1 ? /^> PUBACK/ : /^> PUBCOMP/);
	await stage.disconnect();
}

const offline: readonly Flow[] = [
	{
		title: "published while away at QoS 1: a session that lasts gets it",
		level: "away-1",
		play: (stage) => awayAndBack(stage, "away-1/set", 1),
		wire: `
			> CONNECT lasting id=away-1 keepalive=60
			< CONNACK accepted
			> SUBSCRIBE 1 "away-1/set" q2
			< SUBACK 1 granted 2
			> DISCONNECT

			> CONNECT lasting id=away-1 keepalive=60
			< CONNACK accepted, session present
			< PUBLISH q1 id=1 "away-1/set" "while away"
			> PUBACK 1
			> DISCONNECT`,
		got: `q1 "away-1/set" "while away"`,
	},
	{
		title: "published while away at QoS 2: a session that lasts gets it",
		level: "away-2",
		play: (stage) => awayAndBack(stage, "away-2/set", 2),
		wire: `
			> CONNECT lasting id=away-2 keepalive=60
			< CONNACK accepted
			> SUBSCRIBE 1 "away-2/set" q2
			< SUBACK 1 granted 2
			> DISCONNECT

			> CONNECT lasting id=away-2 keepalive=60
			< CONNACK accepted, session present
			< PUBLISH q2 id=1 "away-2/set" "while away"
			> PUBREC 1
			< PUBREL 1
			> PUBCOMP 1
			> DISCONNECT`,
		got: `q2 "away-2/set" "while away"`,
	},
	{
		title: "published while away: a clean session gets nothing",
		level: "away-clean",
		play: async (stage) => {
			const command = { id: "away-clean", clean: true };
			await stage.connect(command);
			await stage.subscribe("away-clean/set", 2);
			await stage.disconnect();
			await stage.otherPublishes("away-clean/set", "while away", { qos: 2 });
			await stage.connect(command);
			await stage.subscribe("away-clean/set", 2);
			await stage.otherPublishes("away-clean/set", "back", { qos: 0 });
			await stage.message("back");
			await stage.disconnect();
		},
		wire: `
			> CONNECT clean id=away-clean keepalive=60
			< CONNACK accepted
			> SUBSCRIBE 1 "away-clean/set" q2
			< SUBACK 1 granted 2
			> DISCONNECT

			> CONNECT clean id=away-clean keepalive=60
			< CONNACK accepted
			> SUBSCRIBE 1 "away-clean/set" q2
			< SUBACK 1 granted 2
			< PUBLISH q0 "away-clean/set" "back"
			> DISCONNECT`,
		got: `
			q2 "away-clean/set" "while away"
			q0 "away-clean/set" "back"`,
	},
];

/** Publishes; a packet of that is lost with its connection; the firmware comes back by itself. */
async function loseOnTheWayOut(stage: Stage, topic: string, qos: 1 | 2, lost: RegExp) {
	await stage.connect({ ...lasting(topic), reconnectMs: 20 });
	stage.recorder.loseNext(lost);
	await stage.publish(`${topic}/state`, "on", { qos });
	await stage.back();
	await stage.disconnect();
}

const lostOut: readonly Flow[] = [
	{
		title: "PUBACK lost: sent again with DUP, and it may arrive twice",
		level: "lost-puback",
		play: (stage) => loseOnTheWayOut(stage, "lost-puback", 1, /< PUBACK/),
		wire: `
			> CONNECT lasting id=lost-puback keepalive=60
			< CONNACK accepted
			> PUBLISH q1 id=1 "lost-puback/state" "on"
			< PUBACK 1
			- lost, and the connection with it

			> CONNECT lasting id=lost-puback keepalive=60
			< CONNACK accepted, session present
			> PUBLISH dup q1 id=1 "lost-puback/state" "on"
			< PUBACK 1
			> DISCONNECT`,
		got: `
			q1 "lost-puback/state" "on"
			q1 "lost-puback/state" "on"`,
	},
	{
		title: "PUBREC lost: sent again with DUP, and it arrives once",
		level: "lost-pubrec",
		play: (stage) => loseOnTheWayOut(stage, "lost-pubrec", 2, /< PUBREC/),
		wire: `
			> CONNECT lasting id=lost-pubrec keepalive=60
			< CONNACK accepted
			> PUBLISH q2 id=1 "lost-pubrec/state" "on"
			< PUBREC 1
			- lost, and the connection with it

			> CONNECT lasting id=lost-pubrec keepalive=60
			< CONNACK accepted, session present
			> PUBLISH dup q2 id=1 "lost-pubrec/state" "on"
			< PUBREC 1
			> PUBREL 1
			< PUBCOMP 1
			> DISCONNECT`,
		got: `q2 "lost-pubrec/state" "on"`,
	},
	{
		title: "PUBCOMP lost: PUBREL again, never the message",
		level: "lost-pubcomp",
		play: (stage) => loseOnTheWayOut(stage, "lost-pubcomp", 2, /< PUBCOMP/),
		wire: `
			> CONNECT lasting id=lost-pubcomp keepalive=60
			< CONNACK accepted
			> PUBLISH q2 id=1 "lost-pubcomp/state" "on"
			< PUBREC 1
			> PUBREL 1
			< PUBCOMP 1
			- lost, and the connection with it

			> CONNECT lasting id=lost-pubcomp keepalive=60
			< CONNACK accepted, session present
			> PUBREL 1
			< PUBCOMP 1
			> DISCONNECT`,
		got: `q2 "lost-pubcomp/state" "on"`,
	},
];

/** Receives; a packet of that is lost with its connection; the broker begins again. */
async function loseOnTheWayIn(stage: Stage, topic: string, qos: 1 | 2, lost: RegExp) {
	const last = qos === 1 ? /^> PUBACK/ : /^> PUBCOMP/;
	await stage.connect({ ...lasting(topic), reconnectMs: 20 });
	await stage.subscribe(`${topic}/set`, 2);
	stage.recorder.loseNext(lost);
	await stage.otherPublishes(`${topic}/set`, "off", { qos });
	await stage.message("off");
	await stage.back();
	await stage.recorder.until(last);
	await stage.disconnect();
}

const lostIn: readonly Flow[] = [
	{
		title: "our PUBREC lost: the broker sends again with DUP, taken once",
		level: "lost-our-pubrec",
		play: (stage) => loseOnTheWayIn(stage, "lost-our-pubrec", 2, /> PUBREC/),
		wire: `
			> CONNECT lasting id=lost-our-pubrec keepalive=60
			< CONNACK accepted
			> SUBSCRIBE 1 "lost-our-pubrec/set" q2
			< SUBACK 1 granted 2
			< PUBLISH q2 id=1 "lost-our-pubrec/set" "off"
			> PUBREC 1
			- lost, and the connection with it

			> CONNECT lasting id=lost-our-pubrec keepalive=60
			< CONNACK accepted, session present
			< PUBLISH dup q2 id=1 "lost-our-pubrec/set" "off"
			> PUBREC 1
			< PUBREL 1
			> PUBCOMP 1
			> DISCONNECT`,
		got: `q2 "lost-our-pubrec/set" "off"`,
	},
	{
		title: "our PUBCOMP lost: PUBREL again, taken once",
		level: "lost-our-pubcomp",
		play: (stage) => loseOnTheWayIn(stage, "lost-our-pubcomp", 2, /> PUBCOMP/),
		wire: `
			> CONNECT lasting id=lost-our-pubcomp keepalive=60
			< CONNACK accepted
			> SUBSCRIBE 1 "lost-our-pubcomp/set" q2
			< SUBACK 1 granted 2
			< PUBLISH q2 id=1 "lost-our-pubcomp/set" "off"
			> PUBREC 1
			< PUBREL 1
			> PUBCOMP 1
			- lost, and the connection with it

			> CONNECT lasting id=lost-our-pubcomp keepalive=60
			< CONNACK accepted, session present
			< PUBREL 1
			> PUBCOMP 1
			> DISCONNECT`,
		got: `q2 "lost-our-pubcomp/set" "off"`,
	},
	{
		title: "our PUBACK lost: the broker sends again with DUP, and it is taken twice",
		level: "lost-our-puback",
		play: async (stage) => {
			await loseOnTheWayIn(stage, "lost-our-puback", 1, /> PUBACK/);
			await stage.message("off");
		},
		wire: `
			> CONNECT lasting id=lost-our-puback keepalive=60
			< CONNACK accepted
			> SUBSCRIBE 1 "lost-our-puback/set" q2
			< SUBACK 1 granted 2
			< PUBLISH q1 id=1 "lost-our-puback/set" "off"
			> PUBACK 1
			- lost, and the connection with it

			> CONNECT lasting id=lost-our-puback keepalive=60
			< CONNACK accepted, session present
			< PUBLISH dup q1 id=1 "lost-our-puback/set" "off"
			> PUBACK 1
			> DISCONNECT`,
		got: `q1 "lost-our-puback/set" "off"`,
	},
];

export const SESSION_FLOWS: readonly Flow[] = [...offline, ...lostOut, ...lostIn];
