/** Modules that a build makes: the board and the site as JSON, what mcconfig was given. */

declare module "board" {
	const board: Readonly<Record<string, unknown>>;
	export default board;
}

declare module "site" {
	const site: Readonly<Record<string, unknown>>;
	export default site;
}
