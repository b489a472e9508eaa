/**
 * Stands in for `embedded:io/digital` where the SDK has none: on Linux, in the SDK's own
 * simulator. Prints each level that the pin takes, so that a test can see it.
 */

interface Options {
	pin: number;
	mode: number;
	activeLow?: boolean;
	initialValue?: 0 | 1;
}

export default class Digital {
	static readonly Input = 0;
	static readonly Output = 8;
	private readonly pin: number;
	private readonly activeLow: boolean;

	constructor(options: Options) {
		this.pin = options.pin;
		this.activeLow = options.activeLow === true;
		this.write(options.initialValue ?? 0);
	}

	write(value: 0 | 1): void {
		const level = (value === 1) !== this.activeLow ? 1 : 0;
		trace(`pin ${this.pin} is ${level === 1 ? "high" : "low"}\n`);
	}

	close(): void {}
}
