/** Our TLS client under the name of the SDK's TLSSocket (manifest.json). */

export { default } from "ssl/client";
