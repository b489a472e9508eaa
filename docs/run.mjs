/**
 * Makes docs/run.svg, the picture in the README, from a real run: `node docs/run.mjs`.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const RUN_MS = 12_000;
const CHARACTER_WIDTH = 7.8;
const LINE_HEIGHT = 18;
const MARGIN = 16;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const child = spawn(process.execPath, ["host-sim/bin.mjs", "start", "--node", "shed-1"], {
	cwd: root,
	env: { ...process.env, NO_COLOR: "1" },
	stdio: ["ignore", "pipe", "inherit"],
});
let text = "";
child.stdout.on("data", (data) => {
	text += data;
});
setTimeout(switchRelay, RUN_MS / 2);
setTimeout(() => child.kill("SIGINT"), RUN_MS);
await once(child, "exit");

/** What somebody at another terminal would do. */
function switchRelay() {
	const port = Number(/-p (\d+)/.exec(text)?.[1]);
	const tls = { ca: `${root}/certs/generated/broker-cas.pem` };
	const topic = "fieldmote/shed-1/relay/set";
	const commands = [
		{ op: "connect", host: "127.0.0.1", port, tls },
		{ op: "publish", topic, payload: "TOGGLE", qos: 2 },
	];
	const client = spawn(process.execPath, ["host-sim/bin.mjs", "client"], {
		cwd: root,
		stdio: ["pipe", "ignore", "inherit"],
	});
	client.stdin.end(commands.map((command) => JSON.stringify(command)).join("\n"));
}

const lines = ["$ npm ci && npm start", "", ...text.replaceAll(root, ".").trimEnd().split("\n")];
const escapeXml = (line) => line.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * CHARACTER_WIDTH);
const height = lines.length * LINE_HEIGHT;
const rows = lines.map((line, i) => {
	const fill = /failed: /.test(line) ? "#ff8f8f" : /^ +\d/.test(line) ? "#d5e3d5" : "#9fb8d8";
	const y = MARGIN + (i + 1) * LINE_HEIGHT - 5;
	return `<text x="${MARGIN}" y="${y}" fill="${fill}" xml:space="preserve">${escapeXml(line)}</text>`;
});
writeFileSync(
	`${root}/docs/run.svg`,
	`<svg xmlns="http://www.w3.org/2000/svg" width="${width + 2 * MARGIN}" height="${height + 2 * MARGIN}" font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13">
<title>npm start: from power-on to a published timestamp</title>
<rect width="100%" height="100%" rx="8" fill="#10181f"/>
${rows.join("\n")}
</svg>
`,
);
