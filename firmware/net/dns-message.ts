/**
 * DNS messages as bytes: a question for IPv4 addresses, and what an answer to it says (RFC 1035,
 * RFC 2181, RFC 6762 for .local). Always holds: no packet makes it throw, loop or read outside of
 * its bytes; addresses are only taken from records that belong to the name that was asked for,
 * directly or over aliases. Pure.
 */

/** What an answer is worth. Above 0: a reply to our question that has no address. */
export const enum Answer {
	Addresses = 0,
	/** RFC 1035 rcode 3. */
	NoSuchName = 1,
	/** The name exists, without an IPv4 address. */
	NoAddress = 2,
	/** rcode 2, and every other one that is not named here. */
	ServerFailure = 3,
	/** rcode 5. */
	Refused = 4,
	/** Nothing usable in what was left of it. */
	Truncated = 5,
	/** Ours, but broken. */
	Malformed = 6,
	/** Not an answer to this question: to be ignored. */
	Foreign = -1,
}

const REASONS = Object.freeze([
	"",
	"no such name",
	"name has no IPv4 address",
	"name server failure",
	"refused by name server",
	"answer truncated",
	"answer malformed",
]);

/** Text for a value of Answer above 0. */
export const answerReason = (answer: number): string => {
	return REASONS[answer] ?? "";
};

const enum Const {
	HEADER_BYTES = 12,
	TYPE_A = 1,
	TYPE_CNAME = 5,
	CLASS_IN = 1,
	/** RFC 1035 section 2.3.4, with the final 0. */
	MAX_NAME_BYTES = 255,
	MAX_LABEL_BYTES = 63,
	/** More aliases than that are a loop or a mistake. */
	MAX_ALIASES = 8,
	MAX_ADDRESSES = 8,
}

/** Longest question: header, name, type, class. */
export const MAX_QUERY_BYTES = Const.HEADER_BYTES + Const.MAX_NAME_BYTES + 4;

/**
 * Writes a question for the A records of `host` into `target` (MAX_QUERY_BYTES are enough).
 * @param isRecursive false for mDNS
 * @returns its length, 0 when `host` is not a name: empty, too long, not ASCII, an empty label.
 */
export const encodeQuery = (
	target: Uint8Array,
	id: number,
	host: string,
	isRecursive: boolean,
): number => {
	target.fill(0, 0, Const.HEADER_BYTES);
	target[0] = id >>> 8;
	target[1] = id;
	target[2] = isRecursive ? 1 : 0; // RD
	target[5] = 1; // one question
	const end = encodeName(target, Const.HEADER_BYTES, host);
	if (end === 0) return 0;
	target[end] = 0;
	target[end + 1] = Const.TYPE_A;
	target[end + 2] = 0;
	target[end + 3] = Const.CLASS_IN;
	return end + 4;
};

const encodeName = (target: Uint8Array, start: number, host: string): number => {
	const length = host.endsWith(".") ? host.length - 1 : host.length;
	if (length === 0 || length > Const.MAX_NAME_BYTES - 2) return 0;
	let labelAt = start;
	let at = start + 1;
	for (let i = 0; i <= length; i++) {
		const code = i < length ? host.charCodeAt(i) : 0x2e;
		if (code !== 0x2e) {
			if (code <= 0x20 || code > 0x7e) return 0;
			target[at++] = code;
			continue;
		}
		const labelBytes = at - labelAt - 1;
		if (labelBytes === 0 || labelBytes > Const.MAX_LABEL_BYTES) return 0;
		target[labelAt] = labelBytes;
		labelAt = at++;
	}
	target[labelAt] = 0;
	return at;
};

/**
 * Reads an answer to `query`.
 * @param query what encodeQuery wrote
 * @param isMulticast an mDNS answer may lack our id and the question (RFC 6762 section 18)
 * @param addresses emptied, then filled with IPv4 addresses in the order of the answer
 * @returns one of Answer
 */
export const decodeAnswer = (
	bytes: Uint8Array,
	query: Uint8Array,
	isMulticast: boolean,
	addresses: string[],
): number => {
	addresses.length = 0;
	if (bytes.length < Const.HEADER_BYTES || (bytes[2] & 0xf8) !== 0x80) return Answer.Foreign;
	const questions = uint16(bytes, 4);
	const isOurId = uint16(bytes, 0) === uint16(query, 0);
	if (!isOurId && !(isMulticast && uint16(bytes, 0) === 0)) return Answer.Foreign;
	let at = Const.HEADER_BYTES;
	if (questions === 1) {
		const end = skipName(bytes, at);
		if (end === 0 || end + 4 > bytes.length) return Answer.Foreign;
		if (!isSameName(bytes, at, query, Const.HEADER_BYTES)) return Answer.Foreign;
		if (uint16(bytes, end) !== Const.TYPE_A) return Answer.Foreign;
		if (classOf(bytes, end + 2, isMulticast) !== Const.CLASS_IN) return Answer.Foreign;
		at = end + 4;
	} else if (questions !== 0 || !isMulticast) {
		return Answer.Foreign;
	}
	const rcode = bytes[3] & 15;
	if (rcode === 3) return Answer.NoSuchName;
	if (rcode === 5) return Answer.Refused;
	if (rcode !== 0) return Answer.ServerFailure;
	const isWhole = collectAddresses(bytes, at, query, isMulticast, addresses);
	// RFC 2181 section 9 wants TCP now. One address out of a cut list is as good as any.
	if (addresses.length > 0) return Answer.Addresses;
	if ((bytes[2] & 2) !== 0) return Answer.Truncated;
	if (!isWhole) return Answer.Malformed;
	// Many hosts answer on .local; one without our name says nothing.
	return isMulticast ? Answer.Foreign : Answer.NoAddress;
};

/** Follows aliases in whatever order the records come. False when the records are broken. */
const collectAddresses = (
	bytes: Uint8Array,
	start: number,
	query: Uint8Array,
	isMulticast: boolean,
	addresses: string[],
): boolean => {
	let owner = query;
	let ownerAt = Const.HEADER_BYTES;
	for (let aliases = 0; aliases <= Const.MAX_ALIASES; aliases++) {
		let aliasAt = 0;
		let at = start;
		for (let left = uint16(bytes, 6); left > 0; left--) {
			const end = skipName(bytes, at);
			const dataAt = end + 10;
			if (end === 0 || dataAt > bytes.length) return false;
			const dataBytes = uint16(bytes, end + 8);
			if (dataAt + dataBytes > bytes.length) return false;
			const type = uint16(bytes, end);
			if (
				(type === Const.TYPE_A || type === Const.TYPE_CNAME) &&
				classOf(bytes, end + 2, isMulticast) === Const.CLASS_IN &&
				isSameName(bytes, at, owner, ownerAt)
			) {
				if (type === Const.TYPE_CNAME) aliasAt = dataAt;
				else if (dataBytes !== 4) return false;
				else if (addresses.length < Const.MAX_ADDRESSES) addresses.push(address(bytes, dataAt));
			}
			at = dataAt + dataBytes;
		}
		if (addresses.length > 0 || aliasAt === 0) return true;
		owner = bytes;
		ownerAt = aliasAt;
	}
	return false;
};

/** mDNS uses the top bit of a class for itself (RFC 6762 sections 5.4 and 10.2). */
const classOf = (bytes: Uint8Array, at: number, isMulticast: boolean): number => {
	return uint16(bytes, at) & (isMulticast ? 0x7fff : 0xffff);
};

/** Where the bytes of a name end; 0 when they run out or make no sense. */
const skipName = (bytes: Uint8Array, start: number): number => {
	let at = start;
	while (at < bytes.length && at - start < Const.MAX_NAME_BYTES) {
		const length = bytes[at];
		if (length === 0) return at + 1;
		if (length >= 0xc0) return at + 2 <= bytes.length ? at + 2 : 0;
		if (length > Const.MAX_LABEL_BYTES) return 0;
		at += 1 + length;
	}
	return 0;
};

/** Compares names as DNS does, without case in ASCII (RFC 4343), through compression. */
const isSameName = (a: Uint8Array, aStart: number, b: Uint8Array, bStart: number): boolean => {
	let aAt = aStart;
	let bAt = bStart;
	// Each turn takes at least two of a name's 255 bytes, so a loop of pointers ends here.
	for (let nameBytes = 0; nameBytes < Const.MAX_NAME_BYTES; ) {
		aAt = labelAt(a, aAt);
		bAt = labelAt(b, bAt);
		if (aAt < 0 || bAt < 0) return false;
		const length = a[aAt];
		if (length !== b[bAt]) return false;
		if (length === 0) return true;
		if (aAt + length >= a.length || bAt + length >= b.length) return false;
		for (let i = 1; i <= length; i++) {
			if (lowerCase(a[aAt + i]) !== lowerCase(b[bAt + i])) return false;
		}
		nameBytes += 1 + length;
		aAt += 1 + length;
		bAt += 1 + length;
	}
	return false;
};

/** Follows compression pointers to a label; each has to point further back. -1: broken. */
const labelAt = (bytes: Uint8Array, start: number): number => {
	let at = start;
	while (at < bytes.length) {
		if (bytes[at] <= Const.MAX_LABEL_BYTES) return at;
		if (bytes[at] < 0xc0 || at + 1 >= bytes.length) return -1;
		const target = ((bytes[at] & 0x3f) << 8) | bytes[at + 1];
		if (target >= at) return -1;
		at = target;
	}
	return -1;
};

const address = (bytes: Uint8Array, at: number): string => {
	return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
};

const lowerCase = (code: number): number => {
	return code >= 0x41 && code <= 0x5a ? code + 32 : code;
};

const uint16 = (bytes: Uint8Array, at: number): number => {
	return (bytes[at] << 8) | bytes[at + 1];
};
