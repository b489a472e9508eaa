/**
 * RabbitMQ and ejabberd from Debian's packages on loopback for a test: in the foreground, with
 * files of their own in a temporary folder and free ports, ended by their process id. RabbitMQ
 * needs an epmd; it gets one of its own. Always holds: nothing of the machine's own service is
 * touched, and nothing is left running.
 */

import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ServerFiles } from "./flow-ways";
import { findProgram, freePort } from "./mosquitto";

const LIMIT_MS = 120_000;

const children = new Set<ChildProcess>();
// A test that runs out of time is ended by SIGTERM; what it started must not stay.
process.once("SIGTERM", () => process.exit(1));
process.once("exit", () => {
	for (const child of children) child.kill("SIGKILL");
});

/** Starts a program that ends with this process at the latest. */
function launch(program: string, words: readonly string[], options: SpawnOptions): ChildProcess {
	const child = spawn(program, words, options);
	children.add(child);
	child.once("exit", () => children.delete(child));
	return child;
}

const RABBITMQ = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/** A broker with a user, as the tests see it. */
export interface OtherBroker {
	/** In the clear. */
	readonly port: number;
	/** The broker is authenticated; the client may be. */
	readonly tlsPort: number;
	log(): string;
	/** Ends it as its service would, and starts it with what it saved. */
	restart(): Promise<void>;
	/** Ends it and removes its files. */
	discard(): Promise<void>;
}

export interface User {
	readonly user: string;
	readonly pass: string;
}

/** @param files of the broker's certificate and of the CA of its clients */
export async function startRabbitMq({ user, pass }: User, files: ServerFiles) {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-rabbitmq-"));
	const [port, tlsPort, epmdPort, distPort] = await freePorts(4);
	const at = (name: string) => join(folder, name);
	const lines = [
		"listeners.tcp = none",
		`mqtt.listeners.tcp.1 = 127.0.0.1:${port}`,
		`mqtt.listeners.ssl.1 = 127.0.0.1:${tlsPort}`,
		"mqtt.allow_anonymous = false",
		// A client certificate is taken where there is one; its common name is the user.
		"mqtt.ssl_cert_login = true",
		"ssl_cert_login_from = common_name",
		`ssl_options.certfile = ${files.chain}`,
		`ssl_options.keyfile = ${files.key}`,
		`ssl_options.cacertfile = ${files.clientCa}`,
		"ssl_options.verify = verify_peer",
		"ssl_options.fail_if_no_peer_cert = false",
		`default_user = ${user}`,
		`default_pass = ${pass}`,
		// From loopback only, which is where the test is.
		"loopback_users = none",
		"log.console = true",
		"log.file = false",
		"",
	];
	writeFileSync(at("rabbitmq.conf"), lines.join("\n"), { mode: 0o600 });
	writeFileSync(at("enabled_plugins"), "[rabbitmq_mqtt].\n");
	const epmdEnvironment = { ERL_EPMD_PORT: `${epmdPort}`, ERL_EPMD_ADDRESS: "127.0.0.1" };
	const epmd = launch(findProgram("epmd") ?? "epmd", [], {
		env: { ...process.env, ...epmdEnvironment },
		stdio: "ignore",
	});
	const environment = {
		...epmdEnvironment,
		HOME: folder,
		RABBITMQ_NODENAME: "fieldmote@localhost",
		RABBITMQ_DIST_PORT: `${distPort}`,
		RABBITMQ_CONF_ENV_FILE: "/dev/null",
		RABBITMQ_CONFIG_FILE: at("rabbitmq.conf"),
		RABBITMQ_ENABLED_PLUGINS_FILE: at("enabled_plugins"),
		RABBITMQ_MNESIA_BASE: at("mnesia"),
		RABBITMQ_LOG_BASE: at("log"),
		RABBITMQ_PID_FILE: at("pid"),
		RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
		// The script becomes Erlang, instead of staying in front of it.
		RUNNING_UNDER_SYSTEMD: "true",
	};
	await until(() => answers(epmdPort), "epmd");
	return await run(folder, port, tlsPort, RABBITMQ, [], environment, async () => {
		epmd.kill();
		if (epmd.exitCode === null && epmd.signalCode === null) await once(epmd, "exit");
	});
}

/** @param files of the broker's certificate and of the CA of its clients */
export async function startEjabberd({ user, pass }: User, files: ServerFiles) {
	const folder = mkdtempSync(join(tmpdir(), "fieldmote-ejabberd-"));
	const [port, tlsPort] = await freePorts(2);
	const at = (name: string) => join(folder, name);
	mkdirSync(at("database"));
	const listener = (number: number) => [
		`  - port: ${number}`,
		'    ip: "127.0.0.1"',
		"    module: mod_mqtt",
	];
	const lines = [
		"hosts: [localhost]",
		"loglevel: info",
		"auth_method: internal",
		"auth_password_format: scram",
		"certfiles:",
		`  - "${files.chain}"`,
		`  - "${files.key}"`,
		`ca_file: "${files.clientCa}"`,
		"listen:",
		...listener(port),
		...listener(tlsPort),
		"    tls: true",
		"    tls_verify: true",
		"modules:",
		"  mod_mqtt: {}",
		"",
	];
	writeFileSync(at("ejabberd.yml"), lines.join("\n"));
	writeFileSync(at("password"), pass, { mode: 0o600 });
	const register = [
		`{ok, Password} = file:read_file("${at("password")}"),`,
		`ejabberd_auth:try_register(<<"${user}">>, <<"localhost">>, Password).`,
	];
	const words = ["-noinput", "-mnesia", "dir", `"${at("database")}"`, "-s", "ejabberd"];
	const environment = {
		HOME: folder,
		ERL_LIBS: "/usr/lib/x86_64-linux-gnu",
		EJABBERD_CONFIG_PATH: at("ejabberd.yml"),
		EJABBERD_LOG_PATH: at("ejabberd.log"),
	};
	words.push("-eval", register.join(" "));
	// Without a name of its own the Erlang node needs no epmd.
	return await run(folder, port, tlsPort, "erl", words, environment, async () => undefined);
}

async function run(
	folder: string,
	port: number,
	tlsPort: number,
	program: string,
	words: readonly string[],
	environment: Record<string, string>,
	end: () => Promise<void>,
): Promise<OtherBroker> {
	let child: ChildProcess | undefined;
	let text = "";
	const start = async () => {
		const started = launch(program, words, {
			cwd: folder,
			env: { ...process.env, ...environment },
			stdio: ["ignore", "pipe", "pipe"],
		});
		child = started;
		const collect = (data: Buffer) => {
			text += data.toString();
		};
		started.stdout?.on("data", collect);
		started.stderr?.on("data", collect);
		let failure = "";
		started.once("error", (error) => {
			failure = error.message;
		});
		const isUp = async () => {
			const isGone = failure !== "" || started.exitCode !== null;
			if (isGone) throw new Error(`${program} ended: ${failure}`);
			return (await answers(port)) && (await answers(tlsPort));
		};
		await until(isUp, program).catch((error: Error) => {
			throw new Error(`${error.message}\n${text.slice(-4000)}`);
		});
	};
	const stop = async () => {
		const running = child;
		child = undefined;
		if (running?.pid === undefined || running.exitCode !== null) return;
		running.kill("SIGTERM");
		await once(running, "exit");
	};
	const discard = async () => {
		await stop();
		await end();
		rmSync(folder, { recursive: true, force: true });
	};
	const restart = async () => {
		await stop();
		await start();
	};
	await start().catch(async (error) => {
		await discard();
		throw error;
	});
	return { port, tlsPort, log: () => text, restart, discard };
}

async function freePorts(count: number): Promise<number[]> {
	const found = new Set<number>();
	while (found.size < count) found.add(await freePort());
	return [...found];
}

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
	const limit = Date.now() + LIMIT_MS;
	while (!(await condition())) {
		if (Date.now() > limit) throw new Error(`${what} did not start`);
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
}

async function answers(port: number): Promise<boolean> {
	return await new Promise((resolve) => {
		const socket = connect(port, "127.0.0.1");
		socket.once("connect", () => {
			socket.destroy();
			resolve(true);
		});
		socket.once("error", () => resolve(false));
	});
}
