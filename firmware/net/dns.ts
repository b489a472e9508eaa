/**
 * Host names to IPv4 addresses, over UDP: one question at a time, each from a new random port
 * with a random id, to each name server in turn; .local by mDNS (RFC 6762 section 6.7, one-shot).
 * Always holds: `done` is called exactly once per request that was not cancelled, never before
 * resolve() has returned; a name gets its answer within MAX_ATTEMPTS * TIMEOUT_MS of its turn.
 * Nothing is cached: those who ask (time, broker) ask rarely, and want to see changes.
 */

import { Alarm } from "./alarm";
import { Answer, answerReason, decodeAnswer, encodeQuery, MAX_QUERY_BYTES } from "./dns-message";
import { formatIpv4, parseEndpoint, parseIpv4 } from "./endpoint";
import { openUdp, type UdpConstructor, type UdpSocket } from "./udp";

const DNS_PORT = 53;
const MDNS_ADDRESS = "224.0.0.251";
const MDNS_PORT = 5353;
const TIMEOUT_MS = 2000;
/** Questions sent for one name, over all servers. */
const MAX_ATTEMPTS = 4;
/** Questions sent for one name over mDNS, where only the host itself can answer. */
const MDNS_ATTEMPTS = 3;

/** @param reason "" or why there is no address, without the name */
export type Resolved<T> = (this: T, reason: string, addresses: readonly string[]) => void;

export interface NameResolverOptions {
	readonly UDP: UdpConstructor;
	/** Asked for each name: IPv4 addresses, "address:port" for other ports; best first. */
	readonly servers: () => readonly string[];
	/** In [0, 1). */
	random(): number;
}

interface Request {
	readonly host: string;
	readonly target: unknown;
	readonly done: Resolved<unknown>;
}

export class NameResolver {
	private readonly options: NameResolverOptions;
	private readonly alarm: Alarm;
	/** The first one is being asked for. */
	private readonly requests: Request[] = [];
	private query = new Uint8Array(0);
	private servers: readonly string[] = [];
	private attempt = 0;
	private attempts = 0;
	private isMulticast = false;
	private serverAddress = "";
	private serverPort = 0;
	/** What a server said that the next one may know better. */
	private reason = "";
	private socket: UdpSocket<NameResolver> | undefined;

	constructor(options: NameResolverOptions) {
		this.options = options;
		this.alarm = new Alarm(() => this.handleAlarm());
	}

	/**
	 * Asks for the addresses of `host`: a name, "localhost", or an IPv4 address. A target has one
	 * request at a time: a new one replaces it.
	 */
	resolve<T>(host: string, target: T, done: Resolved<T>): void {
		this.cancel(target);
		this.requests.push({ host, target, done: done as Resolved<unknown> });
		if (this.requests.length === 1) this.alarm.set(0);
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

	/** From the socket. */
	receive(socket: UdpSocket<NameResolver>, count: number): void {
		for (let left = count; left > 0 && socket === this.socket; left--) {
			const datagram = socket.read();
			if (datagram === undefined) return;
			this.take(new Uint8Array(datagram), datagram.address, datagram.port);
		}
	}

	private take(bytes: Uint8Array, address: string, port: number): void {
		const isAsked = address === this.serverAddress && port === this.serverPort;
		// On .local everybody may answer; whoever does has to be authenticated later anyway.
		if (!isAsked && !(this.isMulticast && port === MDNS_PORT)) return;
		const addresses: string[] = [];
		const answer = decodeAnswer(bytes, this.query, this.isMulticast, addresses);
		if (answer === Answer.Foreign) return;
		const reason = answerReason(answer);
		if (answer > Answer.NoAddress) {
			// It is the server that failed; the next one may know.
			this.reason = `${reason} (${address})`;
			this.sendNext();
		} else {
			this.finish(reason, addresses);
		}
	}

	private handleAlarm(): void {
		if (this.attempt > 0) this.sendNext();
		else this.start(this.requests[0].host);
	}

	/** Prepares the question; the id is chosen anew each time it is sent. */
	private start(host: string): void {
		const literal = host.toLowerCase() === "localhost" ? "127.0.0.1" : formatIpv4(parseIpv4(host));
		if (literal !== "") {
			this.finish("", [literal]);
			return;
		}
		const name = host.endsWith(".") ? host.slice(0, -1) : host;
		this.isMulticast = name.toLowerCase().endsWith(".local");
		this.servers = this.isMulticast ? [`${MDNS_ADDRESS}:${MDNS_PORT}`] : this.options.servers();
		this.attempts = this.isMulticast ? MDNS_ATTEMPTS : MAX_ATTEMPTS;
		this.reason = "";
		const query = new Uint8Array(MAX_QUERY_BYTES);
		const length = encodeQuery(query, 0, name, !this.isMulticast);
		this.query = query.slice(0, length);
		if (length === 0) this.finish("not a host name", []);
		else if (this.servers.length === 0) this.finish("no name server known", []);
		else this.sendNext();
	}

	/** Asks the next server, until one may be asked; gives up after the last attempt. */
	private sendNext(): void {
		while (this.attempt < this.attempts) {
			const server = parseEndpoint(this.servers[this.attempt % this.servers.length], DNS_PORT);
			this.attempt++;
			this.serverAddress = server.host;
			this.serverPort = server.port;
			try {
				this.send();
				this.alarm.set(TIMEOUT_MS);
				return;
			} catch (error) {
				this.reason = `cannot ask ${server.host}: ${(error as Error).message}`;
			}
		}
		const silent = this.isMulticast ? "no host answers to this name" : "no answer from name server";
		this.finish(this.reason === "" ? silent : this.reason, []);
	}

	private send(): void {
		const { UDP, random } = this.options;
		this.closeSocket();
		const id = Math.floor(random() * 0x10000);
		this.query[0] = id >>> 8;
		this.query[1] = id;
		this.socket = openUdp<NameResolver>(UDP, this, handleReadable, random);
		this.socket.write(this.query, this.serverAddress, this.serverPort);
	}

	private finish(reason: string, addresses: readonly string[]): void {
		const request = this.requests.shift();
		this.startNext();
		request?.done.call(request.target, reason, addresses);
	}

	private startNext(): void {
		this.closeSocket();
		this.attempt = 0;
		if (this.requests.length > 0) this.alarm.set(0);
		else this.alarm.clear();
	}

	private closeSocket(): void {
		this.socket?.close();
		this.socket = undefined;
	}
}

function handleReadable(this: UdpSocket<NameResolver>, count: number): void {
	this.target.receive(this, count);
}
