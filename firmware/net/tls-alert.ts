/** Alerts of TLS in words, for messages. */

/** An alert of the broker in words (RFC 5246 7.2.2). */
export const alertText = (description: number): string => {
	const name = alertName(description);
	return name === ""
		? `broker sent alert ${description}`
		: `broker sent alert ${description}, ${name}`;
};

const alertName = (description: number): string => {
	switch (description) {
		case 0:
			return "close notify";
		case 10:
			return "unexpected message";
		case 20:
			return "bad record MAC";
		case 40:
			return "handshake failure: no ECDHE with AES-GCM there, or it wants a client certificate";
		case 42:
			return "bad certificate: it does not take ours";
		case 43:
			return "unsupported certificate: it does not take ours";
		case 44:
			return "certificate revoked: ours is";
		case 45:
			return "certificate expired: ours, or its revocation list";
		case 46:
			return "certificate unknown: it does not take ours";
		case 47:
			return "illegal parameter";
		case 48:
			return "unknown CA: it does not know who signed our certificate";
		case 49:
			return "access denied";
		case 50:
			return "decode error";
		case 51:
			return "decrypt error";
		case 70:
			return "protocol version: this node speaks TLS 1.2 only";
		case 71:
			return "insufficient security";
		case 80:
			return "internal error";
		case 112:
			return "unrecognized name";
		default:
			return "";
	}
};
