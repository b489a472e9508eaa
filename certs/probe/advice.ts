/**
 * What to change at the broker, by the firmware's reason. Directives are Mosquitto's; lines name
 * them first, so that whoever runs another broker knows what to look for. Must not know how a
 * reason came about.
 */

const NEW_CERTIFICATE = "certfile, keyfile: a new certificate: npm run certs -- server NAME…";

type Advice = readonly [RegExp, readonly string[]];

const ADVICE: readonly Advice[] = [
	[
		/^certificate is not for /,
		[
			`${NEW_CERTIFICATE}, with this name or IPv4 address; the common name does not count`,
			"or --name, if boards reach the broker under another name than this",
		],
	],
	[/^certificate expired /, ["certfile: renew it: npm run certs -- renew; then reload the broker"]],
	[/^certificate expires soon/, ["certfile: npm run certs -- renew; then reload the broker"]],
	[
		/^certificate is not valid before /,
		["the clock of this machine, or of the one that signed it"],
	],
	[
		/^key is neither/,
		[
			`${NEW_CERTIFICATE}; RSA of 2,048 to 4,096 bits or P-256, its CA's key as well`,
			"of Let's Encrypt: certbot … --key-type rsa: its ECDSA authorities are P-384",
		],
	],
	[
		/^(RSA key of|key is not on|RSA exponent|P-256 key)/,
		[`${NEW_CERTIFICATE}; RSA of 2,048 to 4,096 bits or P-256, its CA's key as well`],
	],
	[
		/^signature algorithm is not allowed/,
		["certfile: have it signed again with SHA-256 (openssl x509 -req … -sha256)"],
	],
	[
		/^issuer is no authority/,
		[
			"the CA's certificate needs basicConstraints CA:TRUE (openssl req -x509 writes it); " +
				"then certfile signed by that one",
		],
	],
	[/^key usage without keyCertSign/, ["the CA's certificate needs keyUsage keyCertSign"]],
	[/^path length exceeded/, ["the CA's path length allows fewer intermediates: sign directly"]],
	[
		/^key usage without digitalSignature/,
		["certfile: keyUsage digitalSignature: all ciphers of a board are ECDHE, and sign"],
	],
	[
		/^extended key usage without serverAuth/,
		["certfile: extendedKeyUsage serverAuth; a client's certificate is no broker's"],
	],
	[
		/^not an X.509 version 3 certificate/,
		[
			`${NEW_CERTIFICATE}; or openssl x509 -req … -extfile FILE with subjectAltName: ` +
				"without extensions openssl writes version 1",
		],
	],
	[/^name constraints are not supported/, ["a CA without nameConstraints"]],
	[/^unknown critical extension/, [`${NEW_CERTIFICATE}, without extensions of one's own`]],
	[
		/^unknown authority /,
		[
			"certfile: the broker's certificate with all its intermediates behind it (fullchain.pem)",
			"--ca: the CA that signed it; the image of a board needs the same one",
		],
	],
	[
		/^signature is not from /,
		["certfile: signed by another CA of the same name: one by the CA that boards have"],
	],
	[/^chain of /, ["certfile: the broker's certificate and its intermediates, nothing else"]],
	[/^broker sent no certificate/, ["certfile, keyfile: ciphers without certificate are no use"]],
	[
		/^certificate is too long/,
		["certfile: a smaller certificate: 6,144 bytes is what a board reads"],
	],
	[
		/^(malformed|bad |P-256 key is not an|certificate names|extension |too many ext|signature out)/,
		[NEW_CERTIFICATE],
	],
	[
		/^(broker does not speak TLS 1.2|broker sent alert 70)/,
		["tls_version tlsv1.2: takes 1.2 and 1.3; a board speaks 1.2 only"],
	],
	[
		/^key exchange is not on P-256/,
		["the broker's curves need P-256 (prime256v1); Mosquitto has it without a directive"],
	],
	[
		/^key exchange is (not signed|signed)|^serverKeyExchange/,
		["certfile, keyfile: do they belong together? The exchange is to be signed with SHA-256"],
	],
	[
		/^record of /,
		["message_size_limit, max_packet_size: or recordBytes in the board's file, if it has memory"],
	],
	[/^handshake message is too long/, ["certfile: fewer and smaller certificates (P-256)"]],
	[/alert 48/, ["cafile: the CA of the devices' certificates (device-ca.pem)"]],
	[/alert 45/, ["the device's certificate has expired: npm run certs -- renew NODE"]],
	[
		/alert 44/,
		["crlfile: the device's certificate is revoked: npm run certs -- device NODE --new-key"],
	],
	[
		/alert (42|43|46|51)/,
		["cafile: does it hold the CA of this certificate; is the certificate one for clients?"],
	],
];

/** What to change for a reason; empty where nobody knows. */
export function changeFor(reason: string): readonly string[] {
	return ADVICE.find(([pattern]) => pattern.test(reason))?.[1] ?? [];
}

/** What to change so that the broker agrees on a cipher. @param kind of its certificate's key */
export function changeForCipher(kind: "RSA" | "P-256" | "other"): readonly string[] {
	const names = {
		RSA: "ECDHE-RSA-AES128-GCM-SHA256",
		"P-256": "ECDHE-ECDSA-AES128-GCM-SHA256",
		other: "ECDHE-ECDSA-AES128-GCM-SHA256 or ECDHE-RSA-AES128-GCM-SHA256",
	};
	return [`ciphers: has to allow ${names[kind]}; without the line OpenSSL's own list does`];
}
