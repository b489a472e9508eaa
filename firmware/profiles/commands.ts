/**
 * Commands on their way in: which entity they are for, whether they may be carried out, what
 * became of them. Always holds: a command with an `id` takes effect at most once, and gets the same
 * result again; what waited at the broker while the node was away is told from what comes now; each
 * command at QoS 1 or 2 gets its result and is acknowledged only when that is on its way; nothing
 * that comes stops the next. Must not know pins.
 *
 * What is from before: after a connect to a session that the broker kept, the node sends a nonce to
 * a topic of its own. The broker puts it behind all that waits, so what comes before its return was
 * sent before [MQTT-4.6.0-6]. Where it does not come back (an ACL), silence has to do.
 */

import { type Command, refusal } from "../entities/command";
import type { Entity } from "../entities/entity";
import { log } from "../net/log";
import { CommandHistory } from "../store/command-history";
import type { KeptText } from "../store/text";
import { syncTopic } from "../topics";
import type { Dialect, DialectOptions } from "./dialect";
import { INTERRUPTED, refusedOutcome, resultPayload, skippedPayload } from "./payloads";
import type { NodeFacts, Subscription } from "./profile";
import { ResultQueue } from "./results";

/** Between the journal's parts: in no id of an entity, and JSON has it escaped. */
const JOURNAL_MARK = "\n";

const enum Const {
	/** Results at QoS 0 that may wait; the others are bounded by the engine. */
	RESULT_LIMIT = 16,
	/** Ids of commands remembered. */
	HISTORY_SIZE = 16,
	/** When results must not wait and the transport takes none: they are tried again. */
	URGENT_MS = 50,
	/** Bytes of a command; longer ones are refused. */
	COMMAND_LIMIT = 256,
	/** Without a message for so long, what comes is taken for new although no nonce came back. */
	QUIET_MS = 30_000,
	/** And with messages after so long: nothing waits for ten minutes behind a connect. */
	SYNC_LIMIT_MS = 600_000,
	/** Commands that an entity takes in so many milliseconds, where the site says nothing. */
	RATE_COMMANDS = 20,
	RATE_MS = 10_000,
}

/** Columns: since when commands count, how many; the last retained one, as a number. */
const enum Rate {
	Count = 1,
	Retained = 2,
	Columns = 3,
}

export interface CommandsOptions extends DialectOptions {
	/** The last command with an id: entity and id, and what became of it once it is done. */
	readonly journal: KeptText;
}

export class Commands {
	private readonly options: CommandsOptions;
	private readonly facts: NodeFacts;
	private readonly dialect: Dialect;
	private readonly results = new ResultQueue(Const.RESULT_LIMIT);
	private readonly history = new CommandHistory(Const.HISTORY_SIZE);
	/** A row for each entity, Rate's columns; there with the first command. */
	private rates: Int32Array | undefined;
	/** What has to come back; "" when all that comes is new. */
	private nonce = "";
	private nonceDue = false;
	private quietAt = 0;
	private limitAt = 0;
	/** For the journal, when it is out that a command of the life before was interrupted. */
	private interrupted = "";

	constructor(options: CommandsOptions, dialect: Dialect, facts: NodeFacts) {
		this.options = options;
		this.dialect = dialect;
		this.facts = facts;
		const [entity, id = "", outcome] = options.journal.read().split(JOURNAL_MARK);
		if (id === "") return;
		this.history.remember(keyOf(entity, id), outcome ?? INTERRUPTED);
		if (outcome !== undefined) return;
		this.results.push(resultPayload(entity, id, INTERRUPTED), 0);
		this.interrupted = [entity, id, INTERRUPTED].join(JOURNAL_MARK);
	}

	/** Results that wait. */
	get length(): number {
		return this.results.length;
	}

	get dropped(): number {
		return this.results.dropped;
	}

	subscribe(list: Subscription[]): void {
		this.dialect.subscribe(list);
	}

	handleConnected(sessionPresent: boolean, now: number): void {
		this.nonceDue = sessionPresent;
		this.nonce = sessionPresent ? `${Math.floor(this.facts.random() * 2 ** 32)}` : "";
		this.quietAt = (now + Const.QUIET_MS) | 0;
		this.limitAt = (now + Const.SYNC_LIMIT_MS) | 0;
	}

	/** A result that somebody else made; `handle` as for ResultQueue. */
	pushResult(payload: string, handle: number): void {
		this.results.push(payload, handle);
	}

	/** session.message is one; every one with a handle is acknowledged, now or with its result. */
	handleMessage(topic: string, now: number): void {
		const { session } = this.facts;
		const { handle } = session.message;
		const entity = this.dialect.route(topic);
		this.quietAt = (now + Const.QUIET_MS) | 0;
		let result = "";
		if (entity !== undefined) result = this.carryOut(entity, topic, now);
		else if (topic === syncTopic(this.options.topics)) {
			if (session.messageText() === this.nonce) this.nonce = "";
		} else if (this.dialect.isCommand(topic)) {
			result = resultPayload("", "", refusedOutcome(`no entity takes commands at ${topic}`));
		}
		if (result !== "") this.results.push(result, handle);
		else if (handle > 0) session.acknowledge(handle, now);
	}

	handleSkipped(bytes: number): void {
		const limit = `a command has ${Const.COMMAND_LIMIT} at most`;
		this.results.push(skippedPayload(`a message of ${bytes} bytes is too large, ${limit}`), 0);
	}

	handleTimeout(now: number): void {
		if (this.nonce === "" || !this.facts.online()) return;
		if (((now - this.quietAt) | 0) < 0 && ((now - this.limitAt) | 0) < 0) return;
		const topic = syncTopic(this.options.topics);
		log("node", `${topic} did not come back, may the node read and write it? Commands are new now`);
		this.nonce = "";
	}

	/** Milliseconds until flush() or handleTimeout() is due, or -1. */
	pollTimeout(now: number): number {
		if (this.results.isUrgent(this.facts.session)) return Const.URGENT_MS;
		if (this.nonce === "" || !this.facts.online()) return -1;
		return Math.max(0, Math.min((this.quietAt - now) | 0, (this.limitAt - now) | 0));
	}

	/** Hands to the engine what it has room for; true when nothing is left. */
	flush(now: number): boolean {
		const { session } = this.facts;
		const { topics } = this.options;
		if (this.nonceDue) {
			this.nonceDue = session.publish(syncTopic(topics), this.nonce, 1, false, now) < 0;
		}
		if (!this.results.flush(session, topics.result, now)) return false;
		if (this.interrupted !== "" && this.facts.online()) {
			this.options.journal.write(this.interrupted);
			this.interrupted = "";
		}
		return !this.nonceDue;
	}

	/** Does what the current message asks for, or not; the result's payload, "" for none. */
	private carryOut(entity: Entity, topic: string, now: number): string {
		const { session } = this.facts;
		const { message } = session;
		const tooLong = message.payloadEnd - message.payloadStart > Const.COMMAND_LIMIT;
		// Neither too many bytes nor bytes that are not UTF-8 are a command.
		const text = tooLong ? undefined : session.messageText();
		const command = this.dialect.parse(entity, topic, text ?? "?");
		if (command === undefined || (message.retain && this.isKnown(entity, text ?? ""))) {
			entity.stateDue = true;
			return "";
		}
		const { id } = command;
		const key = id === "" ? "" : keyOf(entity.id, id);
		const before = key === "" ? "" : this.history.find(key);
		if (before !== "") return resultPayload(entity.id, id, before);
		let problem = tooLong ? `a command has ${Const.COMMAND_LIMIT} bytes at most` : command.problem;
		if (problem === "" && message.retain && this.isForAll(topic)) {
			problem = "retained commands to all nodes do not switch";
		}
		if (problem === "") problem = this.refusal(entity, command, now);
		if (problem === "") problem = this.apply(entity, command, now);
		let outcome = outcomeOf(entity);
		if (problem !== "") {
			log(entity.id, `command refused: ${problem}`);
			outcome = refusedOutcome(problem);
			// Not remembered: it may be sent again when its time has come.
		} else if (key !== "") this.history.remember(key, outcome);
		return resultPayload(entity.id, id, outcome);
	}

	private isForAll(topic: string): boolean {
		const { broadcast } = this.options;
		return broadcast !== "" && topic.startsWith(broadcast);
	}

	/** Why a command must not be carried out, "" when it may. */
	private refusal(entity: Entity, command: Command, now: number): string {
		const { session } = this.facts;
		const { qos, retain, dup } = session.message;
		const stale = this.nonce !== "";
		const unixMs = this.facts.clockState() === "set" ? this.facts.unixMs(now) : 0;
		const arrival = { qos, retain, dup, inherited: session.inherited, stale, unixMs };
		const problem = refusal(command, arrival, entity.options);
		return problem === "" ? this.overRate(entity, now) : problem;
	}

	/**
	 * Whether an entity that follows retained commands has obeyed this one: it comes at each connect,
	 * and what was switched since then stays.
	 */
	private isKnown(entity: Entity, text: string): boolean {
		if (entity.options.restore !== "retained") return false;
		const place = this.placeOf(entity) + Rate.Retained;
		return (this.rates as Int32Array)[place] === hashOf(text);
	}

	/** Where its row begins. */
	private placeOf(entity: Entity): number {
		const { entities } = this.options.entities;
		this.rates ??= new Int32Array(Rate.Columns * entities.length);
		return Rate.Columns * entities.indexOf(entity);
	}

	/** Why an entity takes no more commands now, "" when it does. */
	private overRate(entity: Entity, now: number): string {
		const rate = entity.options.rate as { commands?: number; perMs?: number } | undefined;
		const limit = rate?.commands ?? Const.RATE_COMMANDS;
		const perMs = rate?.perMs ?? Const.RATE_MS;
		const place = this.placeOf(entity);
		const rates = this.rates as Int32Array;
		if (rates[place + Rate.Count] === 0 || (now - rates[place]) >>> 0 >= perMs) {
			rates[place] = now;
			rates[place + Rate.Count] = 0;
		}
		if (rates[place + Rate.Count] >= limit) return `more than ${limit} commands in ${perMs} ms`;
		rates[place + Rate.Count]++;
		return "";
	}

	/** What has an identity is stored before it is done, so that a reboot does not hide it. */
	private apply(entity: Entity, command: Command, now: number): string {
		const { journal } = this.options;
		const { id } = command;
		const entry = entity.id + JOURNAL_MARK + id;
		if (id !== "") journal.write(entry);
		const problem = entity.apply(command, now);
		if (problem === "") {
			log(entity.id, `${command.state} ${entity.state}`);
			if (this.dialect.answers) entity.stateDue = true;
			const { session } = this.facts;
			if (session.message.retain) {
				const place = this.placeOf(entity) + Rate.Retained;
				(this.rates as Int32Array)[place] = hashOf(session.messageText() ?? "");
			}
		}
		// Sent again after a reboot it is answered as now, and not done again.
		if (id !== "") journal.write(problem === "" ? entry + JOURNAL_MARK + outcomeOf(entity) : "");
		return problem;
	}
}

/** Of a text; never 0, which stands for none. */
const hashOf = (text: string): number => {
	let hash = 1;
	for (const character of text) {
		hash = (Math.imul(hash, 31) + (character.codePointAt(0) as number)) | 0;
	}
	return hash === 0 ? 1 : hash;
};

const keyOf = (entity: string, id: string): string => `${entity}/${id}`;

/** What a command led to: the state, and behind a blank the one that waits for its turn. */
const outcomeOf = ({ word, pending }: Entity): string => {
	return pending === "" ? word : `${word} ${pending}`;
};
