/** Rows of `npm run bench` and how they are printed. */

export interface Row {
	readonly name: string;
	/** Ours and the peer's, in `unit`; more is better unless `lessIsBetter`. */
	readonly ours: number;
	readonly peer: number | undefined;
	readonly unit: string;
	/** Who or what the peer is; also a limit. */
	readonly peerName: string;
	/** Least ratio ours / peer that we want; for `lessIsBetter` the largest value of ours. */
	readonly target: number;
	readonly lessIsBetter?: boolean;
}

export function median(values: readonly number[]): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)];
}

function number(value: number): string {
	if (value >= 1000) return Math.round(value).toLocaleString("en-US");
	return value >= 10 ? value.toFixed(0) : value.toFixed(2);
}

export function printTable(rows: readonly Row[]): void {
	const lines = [["what", "ours", "peer", "unit", "ratio", "wanted", ""]];
	for (const row of rows) {
		const ratio = row.peer === undefined ? undefined : row.ours / row.peer;
		const good =
			row.lessIsBetter === true ? row.ours <= row.target : (ratio ?? row.ours) >= row.target;
		lines.push([
			row.name,
			number(row.ours),
			row.peer === undefined ? "" : `${number(row.peer)} (${row.peerName})`,
			row.unit,
			ratio === undefined ? "" : `${ratio.toFixed(2)} x`,
			row.lessIsBetter === true ? `at most ${row.target}` : `${row.target} x`,
			good ? "yes" : "NO",
		]);
	}
	const widths = lines[0].map((_, i) => Math.max(...lines.map((line) => line[i].length)));
	for (const line of lines) {
		console.log(
			line
				.map((cell, i) => cell.padEnd(widths[i]))
				.join("  ")
				.trimEnd(),
		);
	}
}
