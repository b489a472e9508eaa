/**
 * The embedded broker's certificate, its key and its CA, made on the first start.
 */

export interface BrokerFiles {
	/** PEM: certificate and its CA's. */
	readonly certificate: string;
	readonly key: string;
	/** Path of the CA's certificate, PEM. */
	readonly ca: string;
}

/** Makes what is missing in certs/generated. */
export async function ensureBrokerFiles(root: string): Promise<BrokerFiles> {
	throw new Error(`no certificates in ${root} yet`);
}
