/**
 * The little of xsbug's protocol (XML, xs/sources/xsDebug.c) that is needed to see what an
 * application traces and to let it go on after a break.
 */

/** Takes the elements login, break and log out of what a machine sends (xs/sources/xsDebug.c). */
export class XsbugParser {
	private readonly onLine: (line: string) => void;
	private readonly send: (command: string) => void;
	private text = "";
	private line = "";

	constructor(onLine: (line: string) => void, send: (command: string) => void) {
		this.onLine = onLine;
		this.send = send;
	}

	push(text: string): void {
		this.text += text;
		for (;;) {
			const end = this.text.indexOf("</xsbug>");
			if (end < 0) return;
			const document = this.text.slice(0, end);
			this.text = this.text.slice(end + 8);
			this.take(document);
		}
	}

	private take(document: string): void {
		const logged = /<(log|break)( [^>]*)?>([\s\S]*?)<\/\1>/g;
		for (const [, kind, , content] of document.matchAll(logged)) {
			this.log(decodeEntities(content ?? ""));
			if (kind === "break") this.send("go");
		}
		if (document.includes("<login ")) this.send("go");
	}

	private log(text: string): void {
		this.line += text;
		for (;;) {
			const end = this.line.indexOf("\n");
			if (end < 0) return;
			this.onLine(this.line.slice(0, end));
			this.line = this.line.slice(end + 1);
		}
	}
}

function decodeEntities(text: string): string {
	return text.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
}
