/**
 * The configurations in this folder: what each is for, what it listens on and what it needs. Must
 * not know how they are run. Always holds: each name is that of a file NAME.conf.
 */

export interface Configuration {
	readonly name: string;
	readonly what: string;
	readonly port: number;
	/** The listener speaks TLS. */
	readonly secure: boolean;
	/** How a client says who it is. */
	readonly login: "nothing" | "password" | "certificate";
	readonly forBrowsers: boolean;
	readonly hasUpstream: boolean;
}

const BASE = { secure: true, login: "password", forBrowsers: false, hasUpstream: false } as const;

export const CONFIGURATIONS: readonly Configuration[] = [
	{
		...BASE,
		name: "plain",
		what: "no passwords, no TLS, loopback only: to learn with",
		port: 1883,
		secure: false,
		login: "nothing",
	},
	{
		...BASE,
		name: "password",
		what: "user names and passwords, no TLS",
		port: 1883,
		secure: false,
	},
	{ ...BASE, name: "tls", what: "TLS, and user names with passwords", port: 8883 },
	{
		...BASE,
		name: "mutual",
		what: "TLS with client certificates; the common name is the user name",
		port: 8883,
		login: "certificate",
	},
	{
		...BASE,
		name: "websockets",
		what: "WebSocket over TLS with passwords, for browsers",
		port: 8884,
		forBrowsers: true,
	},
	{
		...BASE,
		name: "bridge",
		what: "an edge broker: passwords for its nodes, TLS with a certificate upstream",
		port: 1883,
		secure: false,
		hasUpstream: true,
	},
];

/** The configuration of that name, or undefined. */
export function findConfiguration(name: string): Configuration | undefined {
	return CONFIGURATIONS.find((one) => one.name === name);
}
