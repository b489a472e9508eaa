/**
 * Host names to IPv4 addresses, over UDP: one question at a time, each from a new random port
 * with a random id, to each name server in turn; .local by mDNS (RFC 6762 section 6.7, one-shot).
 * Always holds: `done` is called exactly once per request that was not cancelled, never before
 * resolve() has returned; a name gets its answer within MAX_ATTEMPTS * TIMEOUT_MS of its turn.
 * Nothing is cached: those who ask (time, broker) ask rarely, and want to see changes.
 */

import { type AlarmOwner, clearAlarm, type OwnedTimer, setAlarm } from "./alarm";
import { Answer, answerReason, decodeAnswer, encodeQuery, MAX_QUERY_BYTES } from "./dns-message";
import { formatIpv4, parseEndpoint, parseIpv4 } from "./endpoint";
import { openUdp, type UdpConstructor, type UdpSocket } from "./udp";

const enum Const {
	DNS_PORT = 53,
	MDNS_PORT = 5353,
	TIMEOUT_MS = 2000,
	/** Questions sent for one name, over all servers. */
	MAX_ATTEMPTS = 4,
	/** Questions sent for one name over mDNS, where only the host itself can answer. */
	MDNS_ATTEMPTS = 3,
}

const MDNS_ADDRESS = "224.0.0.251";

/** @param reason "" or why there is no address, without the name */
export type Resolved<T> = (this: T, reason: string, addresses: readonly string[]) => void;

export interface NameResolverOptions {
	readonly UDP: UdpConstructor;
	/** Asked for each name: IPv4 addresses, "address:port" for other ports; best first. */
	readonly nameServers: () => readonly string[];
	/** In [0, 1). */
	random(): number;
}

interface Request {
	readonly host: string;
	readonly target: unknown;
	readonly done: Resolved<unknown>;
}

export class NameResolver implements AlarmOwner {
	alarm: OwnedTimer | undefined;
	private readonly options: NameResolverOptions;
	/** The first one is being asked for. */
	private readonly requests: Request[] = [];
	/** What is being asked; dropped with its answer. */
	private question: Question | undefined;

	constructor(options: NameResolverOptions) {
		this.options = options;
	}

	/**
	 * Asks for the addresses of `host`: a name, "localhost", or an IPv4 address. A target has one
	 * request at a time: a new one replaces it.
	 */
	resolve<T>(host: string, target: T, done: Resolved<T>): void {
		this.cancel(target);
		this.requests.push({ host, target, done: done as Resolved<unknown> });
		if (this.requests.length === 1) setAlarm(this, 0);
	}

	/** The target no longer wants its answer. */
	cancel(target: unknown): void {
		const index = this.requests.findIndex((request) => request.target === target);
		if (index < 0) return;
		this.requests.splice(index, 1);
		if (index === 0) this.startNext();
	}

	/** Drops all requests; the resolver can be used again. */
	close(): void {
		this.requests.length = 0;
		this.startNext();
	}

	handleAlarm(): void {
		if (this.question === undefined) this.start(this.requests[0].host);
		else this.sendNext(this.question);
	}

	/** From the question. */
	answered(question: Question, reason: string, addresses: readonly string[]): void {
		if (question === this.question) this.finish(reason, addresses);
	}

	/** From the question: it was of no use, the next server may know. */
	sendNext(question: Question): void {
		const wait = question.sendNext(this.options);
		if (wait) setAlarm(this, Const.TIMEOUT_MS);
		else this.finish(question.failure(), []);
	}

	private start(host: string): void {
		const literal = host.toLowerCase() === "localhost" ? "127.0.0.1" : formatIpv4(parseIpv4(host));
		if (literal !== "") {
			this.finish("", [literal]);
			return;
		}
		const question = new Question(this, host, this.options.nameServers);
		if (question.problem !== "") {
			this.finish(question.problem, []);
			return;
		}
		this.question = question;
		this.sendNext(question);
	}

	private finish(reason: string, addresses: readonly string[]): void {
		const request = this.requests.shift();
		this.startNext();
		request?.done.call(request.target, reason, addresses);
	}

	private startNext(): void {
		this.question?.close();
		this.question = undefined;
		if (this.requests.length > 0) setAlarm(this, 0);
		else clearAlarm(this);
	}
}

/** One name, asked for at one server after the other. */
class Question {
	/** Why it cannot be asked at all. */
	readonly problem: string;
	private readonly owner: NameResolver;
	private readonly query: Uint8Array;
	private readonly servers: readonly string[];
	private readonly isMulticast: boolean;
	private attempt = 0;
	private serverAddress = "";
	private serverPort = 0;
	/** What a server said that the next one may know better. */
	private reason = "";
	private socket: UdpSocket<Question> | undefined;

	constructor(owner: NameResolver, host: string, nameServers: () => readonly string[]) {
		const name = host.endsWith(".") ? host.slice(0, -1) : host;
		this.owner = owner;
		this.isMulticast = name.toLowerCase().endsWith(".local");
		this.servers = this.isMulticast ? [`${MDNS_ADDRESS}:${Const.MDNS_PORT}`] : nameServers();
		const query = new Uint8Array(MAX_QUERY_BYTES);
		const length = encodeQuery(query, 0, name, !this.isMulticast);
		this.query = query.slice(0, length);
		const isMute = this.servers.length === 0;
		this.problem = length === 0 ? "not a host name" : isMute ? "no name server known" : "";
	}

	/**
	 * Asks the next server, until one may be asked; false after the last attempt. The id is chosen
	 * anew each time.
	 */
	sendNext(options: NameResolverOptions): boolean {
		const attempts = this.isMulticast ? Const.MDNS_ATTEMPTS : Const.MAX_ATTEMPTS;
		while (this.attempt < attempts) {
			const server = parseEndpoint(
				this.servers[this.attempt % this.servers.length],
				Const.DNS_PORT,
			);
			this.attempt++;
			this.serverAddress = server.host;
			this.serverPort = server.port;
			try {
				this.send(options);
				return true;
			} catch (error) {
				this.reason = `cannot ask ${server.host}: ${(error as Error).message}`;
			}
		}
		return false;
	}

	/** Why there is no answer. */
	failure(): string {
		const silent = this.isMulticast ? "no host answers to this name" : "no answer from name server";
		return this.reason === "" ? silent : this.reason;
	}

	/** From the socket. */
	receive(socket: UdpSocket<Question>, count: number): void {
		for (let left = count; left > 0 && socket === this.socket; left--) {
			const datagram = socket.read();
			if (datagram === undefined) return;
			this.take(new Uint8Array(datagram), datagram.address, datagram.port);
		}
	}

	close(): void {
		this.socket?.close();
		this.socket = undefined;
	}

	private take(bytes: Uint8Array, address: string, port: number): void {
		const isAsked = address === this.serverAddress && port === this.serverPort;
		// On .local everybody may answer; whoever does has to be authenticated later anyway.
		if (!isAsked && !(this.isMulticast && port === Const.MDNS_PORT)) return;
		const addresses: string[] = [];
		const answer = decodeAnswer(bytes, this.query, this.isMulticast, addresses);
		if (answer === Answer.Foreign) return;
		const reason = answerReason(answer);
		if (answer > Answer.NoAddress) {
			// It is the server that failed; the next one may know.
			this.reason = `${reason} (${address})`;
			this.owner.sendNext(this);
		} else {
			this.owner.answered(this, reason, addresses);
		}
	}

	private send(options: NameResolverOptions): void {
		const { UDP, random } = options;
		this.close();
		const id = Math.floor(random() * 0x10000);
		this.query[0] = id >>> 8;
		this.query[1] = id;
		this.socket = openUdp<Question>(UDP, this, handleReadable, random);
		this.socket.write(this.query, this.serverAddress, this.serverPort);
	}
}

function handleReadable(this: UdpSocket<Question>, count: number): void {
	this.target.receive(this, count);
}
