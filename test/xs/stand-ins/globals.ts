/** Globals of Node's for programs on XS: Buffer, from the package that browsers use. */
// biome-ignore lint/style/useNodejsImportProtocol: the package, not Node's module
export { Buffer } from "buffer";
