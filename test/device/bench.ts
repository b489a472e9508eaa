/**
 * A small checkout, a Moddable SDK and an ESP8266 toolchain in a temporary folder, with an
 * mcconfig that only writes down how it was called and leaves an image behind. Starts the command
 * in a process of its own.
 */

import { spawnSync } from "node:child_process";
import {
	cpSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";

/** Writes its folder, its variables and its arguments, one a line; then makes main.bin. */
const MCCONFIG = `#!/bin/sh
{ echo "cwd $PWD"
  for name in MODDABLE ESP_BASE BOARD CREDENTIALS SITE SECRETS DRIVERS UPLOAD_PORT; do
    eval "value=\\$$name"; [ -n "$value" ] && echo "$name $value"
  done
  for word in "$@"; do echo "word $word"; done
  echo end
} >> "$FAKE_LOG"
echo "# xsc main.xsb"
if [ -n "$FAKE_FAIL" ]; then
  echo "firmware/x.ts(1,2): error TS1005: ';' expected."
  echo "firmware/x.ts(1,2): error TS1005: ';' expected."
  exit 2
fi
while [ "$1" != -o ]; do shift; done
bin=$2/bin/esp/nodemcu/release/checkout
mkdir -p "$bin" && head -c "\${FAKE_SIZE:-1000}" /dev/zero > "$bin/main.bin"
`;

export interface Call {
	readonly variables: Readonly<Record<string, string>>;
	readonly words: readonly string[];
}

export interface Answer {
	readonly status: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export const SITE = {
	wifi: [{ ssid: "garden", password: "secret-of-wifi" }],
	broker: { url: "mqtts://broker.lan", username: "me", password: "secret-of-broker" },
};

export class Bench {
	readonly folder: string;
	readonly root: string;
	readonly sdk: string;
	readonly esp: string;
	private readonly log: string;

	/** @param name of the folder: one with a space is for the tests of that */
	constructor(name = "") {
		this.folder = mkdtempSync(join(tmpdir(), `fieldmote-device-${name}`));
		this.root = join(this.folder, "checkout");
		this.sdk = join(this.folder, "sdk");
		this.esp = join(this.folder, "esp");
		this.log = join(this.folder, "calls");
		for (const path of ["boards", "manifest.json", "firmware/defaults"]) {
			cpSync(resolve(path), join(this.root, path), { recursive: true });
		}
		this.program(join(this.root, "node_modules/.bin/tsc"), "#!/bin/sh\n");
		this.program(join(this.sdk, "build/bin/lin/release/mcconfig"), MCCONFIG);
		this.program(join(this.esp, "toolchain/Linux/xtensa-lx106-elf/bin/xtensa-lx106-elf-gcc"), "");
		mkdirSync(join(this.esp, "esp8266-2.3.0"));
		mkdirSync(join(this.esp, "ESP8266_RTOS_SDK"));
		this.program(join(this.folder, "programs/python"), "#!/bin/sh\n");
		this.site(SITE);
	}

	site(content: unknown, name = "site.json"): string {
		const path = join(this.root, name);
		writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
		return path;
	}

	/** Starts the command; everything that it could find on this machine is hidden from it. */
	run(words: readonly string[], environment: Record<string, string | undefined> = {}): Answer {
		rmSync(this.log, { force: true });
		const program = join(import.meta.dirname, "run-device.ts");
		const options = ["--import", "tsx", program, this.root, ...words];
		const { status, stdout, stderr } = spawnSync(process.execPath, options, {
			encoding: "utf8",
			env: {
				HOME: join(this.folder, "home"),
				PATH: [join(this.folder, "programs"), "/usr/bin", "/bin"].join(delimiter),
				FAKE_LOG: this.log,
				MODDABLE: this.sdk,
				ESP_BASE: this.esp,
				...environment,
			},
		});
		return { status, stdout, stderr };
	}

	/** Pastes text into a shell. */
	paste(text: string): Answer {
		rmSync(this.log, { force: true });
		const { status, stdout, stderr } = spawnSync("sh", ["-c", text], {
			encoding: "utf8",
			env: { PATH: "/usr/bin:/bin", FAKE_LOG: this.log },
		});
		return { status, stdout, stderr };
	}

	/** How mcconfig was called since the last start. */
	calls(): Call[] {
		if (!existsSync(this.log)) return [];
		const calls = readFileSync(this.log, "utf8").split("end\n").slice(0, -1);
		return calls.map((text) => {
			const variables: Record<string, string> = {};
			const words: string[] = [];
			for (const line of text.trim().split("\n")) {
				const [name, ...rest] = line.split(" ");
				if (name === "word") words.push(rest.join(" "));
				else variables[name] = rest.join(" ");
			}
			return { variables, words };
		});
	}

	discard(): void {
		rmSync(this.folder, { recursive: true, force: true });
	}

	private program(path: string, text: string): void {
		mkdirSync(dirname(path), { recursive: true });
		writeFileSync(path, text, { mode: 0o755 });
	}
}
