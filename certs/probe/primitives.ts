/**
 * Stands in for the primitives of the SDK that the firmware's TLS client is made of: `crypt`,
 * `curve`, `mont`, `rng`, and what XS adds to BigInt and ArrayBuffer; on Node's OpenSSL, where it
 * has the same. Only what firmware/net/ssl asks for. Not in constant time where an RSA key signs:
 * that is for a probe on one's own machine, not for a server.
 */

import {
	type Cipher,
	createCipheriv,
	createECDH,
	createHash,
	type Hash,
	randomBytes,
} from "node:crypto";

type Bytes = ArrayBuffer | Uint8Array;

const BLOCK_BYTES = 16;
const SCALAR_BYTES = 32;

function view(bytes: Bytes): Uint8Array {
	return ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes);
}

/** An ArrayBuffer of just these bytes. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
	return Uint8Array.from(bytes).buffer;
}

class Digest {
	private readonly name: string;
	private hash: Hash;

	constructor(name: string) {
		this.name = name.toLowerCase();
		this.hash = createHash(this.name);
	}

	write(data: Bytes): void {
		this.hash.update(view(data));
	}

	close(isOpen = false): ArrayBuffer {
		return bufferOf((isOpen ? this.hash.copy() : this.hash).digest());
	}

	reset(): void {
		this.hash = createHash(this.name);
	}

	process(...data: Bytes[]): ArrayBuffer {
		this.reset();
		for (const part of data) this.write(part);
		return this.close();
	}
}

class BlockCipher {
	readonly key: Uint8Array;

	constructor(_name: string, key: ArrayBuffer) {
		this.key = new Uint8Array(key);
	}
}

/** Counter mode. */
class Mode {
	private readonly key: Uint8Array;
	private stream: Cipher | undefined;

	constructor(_name: string, cipher: BlockCipher) {
		this.key = cipher.key;
	}

	setIV(block: ArrayBuffer): void {
		this.stream = createCipheriv("aes-128-ctr", this.key, new Uint8Array(block.slice(0)));
	}

	decrypt(data: Bytes, target: Bytes): Bytes {
		if (this.stream === undefined) throw new Error("no IV");
		view(target).set(this.stream.update(view(data)));
		return target;
	}
}

/** NIST SP 800-38D section 6.4, as part of GCM: additional data, data, lengths. */
class GHASH {
	private key = 0n;
	private sum = 0n;
	private additionalBytes = 0;
	private dataBytes = 0;

	constructor(key: ArrayBuffer) {
		this._init(key, new ArrayBuffer(0));
	}

	_init(key: ArrayBuffer, additional: ArrayBuffer): void {
		this.key = bigInteger(new Uint8Array(key));
		this.sum = 0n;
		this.additionalBytes = additional.byteLength;
		this.dataBytes = 0;
		this.absorb(new Uint8Array(additional));
	}

	write(data: Bytes): void {
		this.dataBytes += data.byteLength;
		this.absorb(view(data));
	}

	close(): ArrayBuffer {
		const lengths = (BigInt(this.additionalBytes * 8) << 64n) | BigInt(this.dataBytes * 8);
		this.sum = multiplyBlocks(this.sum ^ lengths, this.key);
		return fromBigInt(this.sum, BLOCK_BYTES);
	}

	private absorb(bytes: Uint8Array): void {
		for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
			const block = Buffer.alloc(BLOCK_BYTES);
			block.set(bytes.subarray(at, at + BLOCK_BYTES));
			this.sum = multiplyBlocks(this.sum ^ bigInteger(block), this.key);
		}
	}
}

/** NIST SP 800-38D algorithm 1. */
function multiplyBlocks(x: bigint, y: bigint): bigint {
	let product = 0n;
	let factor = y;
	for (let bit = 127n; bit >= 0n; bit--) {
		if ((x >> bit) & 1n) product ^= factor;
		factor = factor & 1n ? (factor >> 1n) ^ (0xe1n << 120n) : factor >> 1n;
	}
	return product;
}

interface Point {
	readonly x: bigint;
	readonly y: bigint;
	readonly z: bigint;
}

/** P-256 (SEC 2, 2.4.2). */
class Curve {
	readonly G: Point = Object.freeze({
		x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
		y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
		z: 1n,
	});
	readonly n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
	readonly ec = Object.freeze({
		m: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
		b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
		_mul: multiplyPoint,
	});
}

/** OpenSSL gives both coordinates for the base point only; of others the firmware takes x. */
function multiplyPoint(this: unknown, point: Point, factor: bigint): Partial<Point> {
	const ecdh = createECDH("prime256v1");
	ecdh.setPrivateKey(scalar(factor));
	if (point.x === BASE_X) {
		const product = ecdh.getPublicKey();
		const middle = 1 + SCALAR_BYTES;
		return { x: bigInteger(product.subarray(1, middle)), y: bigInteger(product.subarray(middle)) };
	}
	const theirs = Buffer.concat([Buffer.of(4), scalar(point.x), scalar(point.y)]);
	return { x: bigInteger(ecdh.computeSecret(theirs)) };
}

const BASE_X = new Curve().G.x;

function scalar(value: bigint): Buffer {
	return Buffer.from(value.toString(16).padStart(2 * SCALAR_BYTES, "0"), "hex");
}

class Mont {
	_exp_SW(base: bigint, exponent: bigint, modulus: bigint): bigint {
		return this._exp_LR(base, exponent, modulus);
	}

	_exp_LR(base: bigint, exponent: bigint, modulus: bigint): bigint {
		let result = 1n;
		for (const bit of exponent.toString(2)) {
			result = (result * result) % modulus;
			if (bit === "1") result = (result * base) % modulus;
		}
		return result;
	}
}

/** Modules by the names under which the firmware imports them. */
export const PRIMITIVES: Readonly<Record<string, object>> = {
	crypt: { Digest, BlockCipher, Mode, GHASH },
	curve: { default: Curve },
	mont: { default: Mont },
	rng: { default: { get: (count: number) => bufferOf(randomBytes(count)) } },
};

function bigInteger(bytes: Uint8Array): bigint {
	return BigInt(`0x${Buffer.from(bytes).toString("hex") || "0"}`);
}

function fromBigInt(value: bigint, minimumBytes: number): ArrayBuffer {
	const digits = value.toString(16);
	const count = Math.max(minimumBytes, Math.ceil(digits.length / 2));
	return bufferOf(Buffer.from(digits.padStart(2 * count, "0"), "hex"));
}

/** Only what the firmware uses: unsigned, the most significant byte first. */
export const XsBigInt = Object.assign((value: number | string) => BigInt(value), {
	fromArrayBuffer: (buffer: ArrayBuffer) => bigInteger(new Uint8Array(buffer)),
	bitLength: (value: bigint) => (value === 0n ? 0 : value.toString(2).length),
});

export class XsArrayBuffer extends ArrayBuffer {
	static override fromBigInt = fromBigInt;
}
