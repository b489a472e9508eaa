/**
 * The message flows that tutorials show, as data: what is played, and what must be on the wire
 * and at the second client, packet by packet. `>` is the firmware, `<` the broker; an empty line
 * is between two connections. Topics of a flow begin with its own first level.
 */

import type { Stage } from "../support/flow-stage";

export interface Flow {
	readonly title: string;
	/** First level of its topics. */
	readonly level: string;
	play(stage: Stage): Promise<void>;
	readonly wire: string;
	/** What the second client gets. */
	readonly got: string;
}

const lamp = { id: "lamp" };

const outgoing: readonly Flow[] = [
	{
		title: "connect and disconnect",
		level: "hello",
		play: async (stage) => {
			await stage.connect(lamp);
			await stage.disconnect();
		},
		wire: `
			> CONNECT clean id=lamp keepalive=60
			< CONNACK accepted
			> DISCONNECT`,
		got: "",
	},
	{
		title: "publish at QoS 0: sent and forgotten",
		level: "out-0",
		play: async (stage) => {
			await stage.connect(lamp);
			await stage.publish("out-0/state", "on", { qos: 0 });
			await stage.disconnect();
		},
		wire: `
			> CONNECT clean id=lamp keepalive=60
			< CONNACK accepted
			> PUBLISH q0 "out-0/state" "on"
			> DISCONNECT`,
		got: `q0 "out-0/state" "on"`,
	},
	{
		title: "publish at QoS 1: acknowledged",
		level: "out-1",
		play: async (stage) => {
			await stage.connect(lamp);
			await stage.publish("out-1/state", "on", { qos: 1 });
			await stage.disconnect();
		},
		wire: `
			> CONNECT clean id=lamp keepalive=60
			< CONNACK accepted
			> PUBLISH q1 id=1 "out-1/state" "on"
			< PUBACK 1
			> DISCONNECT`,
		got: `q1 "out-1/state" "on"`,
	},
	{
		title: "publish at QoS 2: received, released, complete",
		level: "out-2",
		play: async (stage) => {
			await stage.connect(lamp);
			await stage.publish("out-2/state", "on", { qos: 2 });
			await stage.disconnect();
		},
		wire: `
			> CONNECT clean id=lamp keepalive=60
			< CONNACK accepted
			> PUBLISH q2 id=1 "out-2/state" "on"
			< PUBREC 1
			> PUBREL 1
			< PUBCOMP 1
			> DISCONNECT`,
		got: `q2 "out-2/state" "on"`,
	},
	{
		title: "a ping when nothing was sent for the keep-alive time",
		level: "ping",
		play: async (stage) => {
			await stage.connect({ ...lamp, keepalive: 2 });
			await stage.recorder.until(/^< PINGRESP/);
			await stage.disconnect();
		},
		wire: `
			> CONNECT clean id=lamp keepalive=2
			< CONNACK accepted
			> PINGREQ
			< PINGRESP
			> DISCONNECT`,
		got: "",
	},
];

const incoming: readonly Flow[] = [
	{
		title: "receive at QoS 0",
		level: "in-0",
		play: async (stage) => {
			await stage.connect(lamp);
			await stage.subscribe("in-0/set", 0);
			await stage.otherPublishes("in-0/set", "off", { qos: 2 });
			await stage.message("off");
			await stage.disconnect();
		},
		wire: `
			> CONNECT clean id=lamp keepalive=60
			< CONNACK accepted
			> SUBSCRIBE 1 "in-0/set" q0
			< SUBACK 1 granted 0
			< PUBLISH q0 "in-0/set" "off"
			> DISCONNECT`,
		got: `q2 "in-0/set" "off"`,
	},
	{
		title: "receive at QoS 1",
		level: "in-1",
		play: async (stage) => {
			await stage.connect(lamp);
			await stage.subscribe("in-1/set", 1);
			await stage.otherPublishes("in-1/set", "off", { qos: 2 });
			await stage.message("off", /^> PUBACK/);
			await stage.disconnect();
		},
		wire: `
			> CONNECT clean id=lamp keepalive=60
			< CONNACK accepted
			> SUBSCRIBE 1 "in-1/set" q1
			< SUBACK 1 granted 1
			< PUBLISH q1 id=1 "in-1/set" "off"
			> PUBACK 1
			> DISCONNECT`,
		got: `q2 "in-1/set" "off"`,
	},
	{
		title: "receive at QoS 2, then unsubscribe",
		level: "in-2",
		play: async (stage) => {
			await stage.connect(lamp);
			await stage.subscribe("in-2/#", 2);
			await stage.otherPublishes("in-2/set", "off", { qos: 2 });
			await stage.message("off", /^> PUBCOMP/);
			await stage.unsubscribe("in-2/#");
			await stage.otherPublishes("in-2/set", "too late", { qos: 2 });
			await stage.disconnect();
		},
		wire: `
			> CONNECT clean id=lamp keepalive=60
			< CONNACK accepted
			> SUBSCRIBE 1 "in-2/#" q2
			< SUBACK 1 granted 2
			< PUBLISH q2 id=1 "in-2/set" "off"
			> PUBREC 1
			< PUBREL 1
			> PUBCOMP 1
			> UNSUBSCRIBE 2 "in-2/#"
			< UNSUBACK 2
			> DISCONNECT`,
		got: `
			q2 "in-2/set" "off"
			q2 "in-2/set" "too late"`,
	},
];

const retained: readonly Flow[] = [
	{
		title: "retained: set, and replaced; who subscribes later gets the last one",
		level: "kept",
		play: async (stage) => {
			await stage.connect(lamp);
			await stage.publish("kept/state", "on", { qos: 1, retain: true });
			await stage.publish("kept/state", "off", { qos: 1, retain: true });
			await stage.subscribe("kept/state", 1);
			await stage.message("off", /^> PUBACK/);
			await stage.disconnect();
		},
		wire: `
			> CONNECT clean id=lamp keepalive=60
			< CONNACK accepted
			> PUBLISH retain q1 id=1 "kept/state" "on"
			< PUBACK 1
			> PUBLISH retain q1 id=2 "kept/state" "off"
			< PUBACK 2
			> SUBSCRIBE 3 "kept/state" q1
			< SUBACK 3 granted 1
			< PUBLISH retain q1 id=1 "kept/state" "off"
			> PUBACK 1
			> DISCONNECT`,
		got: `
			q1 "kept/state" "on"
			q1 "kept/state" "off"`,
	},
	{
		title: "retained: cleared with an empty payload; who subscribes later gets nothing",
		level: "cleared",
		play: async (stage) => {
			await stage.connect(lamp);
			await stage.publish("cleared/state", "on", { qos: 0, retain: true });
			await stage.publish("cleared/state", "", { qos: 1, retain: true });
			await stage.subscribe("cleared/state", 1);
			await stage.otherPublishes("cleared/state", "new", { qos: 0 });
			await stage.message("new");
			await stage.disconnect();
		},
		wire: `
			> CONNECT clean id=lamp keepalive=60
			< CONNACK accepted
			> PUBLISH retain q0 "cleared/state" "on"
			> PUBLISH retain q1 id=1 "cleared/state" ""
			< PUBACK 1
			> SUBSCRIBE 2 "cleared/state" q1
			< SUBACK 2 granted 1
			< PUBLISH q0 "cleared/state" "new"
			> DISCONNECT`,
		got: `
			q0 "cleared/state" "on"
			q1 "cleared/state" ""
			q0 "cleared/state" "new"`,
	},
];

const will = { topic: "will-cut/availability", payload: "offline", qos: 1 };

const wills: readonly Flow[] = [
	{
		title: "the will, when the connection is cut",
		level: "will-cut",
		play: async (stage) => {
			await stage.connect({ ...lamp, will });
			await stage.cut();
			await stage.otherGot(1);
		},
		wire: `
			> CONNECT clean id=lamp keepalive=60 will q1 "will-cut/availability" "offline"
			< CONNACK accepted
			- closed without DISCONNECT`,
		got: `q1 "will-cut/availability" "offline"`,
	},
	{
		title: "no will after DISCONNECT",
		level: "will-not",
		play: async (stage) => {
			const topic = "will-not/availability";
			await stage.connect({ ...lamp, will: { ...will, topic, retain: true } });
			await stage.disconnect();
		},
		wire: `
			> CONNECT clean id=lamp keepalive=60 will retain q1 "will-not/availability" "offline"
			< CONNACK accepted
			> DISCONNECT`,
		got: "",
	},
];

export const FLOWS: readonly Flow[] = [...outgoing, ...incoming, ...retained, ...wills];
