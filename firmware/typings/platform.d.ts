/** Modules of the SDK that main.ts and credentials.ts name, as far as they are used. */

declare module "mc/config" {
	const config: Readonly<Record<string, unknown>>;
	export default config;
}

declare module "credentials" {
	/** firmware/credentials.ts; the simulator has its own. */
	const credentials: () => import("../net/link-options").TlsIdentity;
	export default credentials;
}

declare module "Resource" {
	interface ResourceConstructor {
		new (name: string): object;
		exists(name: string): boolean;
	}
	const Resource: ResourceConstructor;
	export default Resource;
}

declare module "platform/chip" {
	/** firmware/platform/chip.ts; the simulator has its own. */
	const chip: import("../platform/figures").Chip;
	export default chip;
}

declare module "preference" {
	const Preference: {
		get(domain: string, key: string): unknown;
		set(domain: string, key: string, value: string): void;
	};
	export default Preference;
}

declare module "embedded:io/digital" {
	const Digital: import("../boot").DigitalConstructor;
	export default Digital;
}

declare module "embedded:io/socket/tcp" {
	const TCP: import("../net/socket").TcpConstructor;
	export default TCP;
}

declare module "crypt" {
	export class Digest {
		/** @param name "SHA256", "SHA384", "SHA512" and others */
		constructor(name: string);
	}
}

declare module "modules" {
	const Modules: import("../io").ModulesModule;
	export default Modules;
}
