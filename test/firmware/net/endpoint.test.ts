import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIpv4, parseEndpoint, parseIpv4 } from "../../../firmware/net/endpoint";

test("host and port", () => {
	assert.deepEqual(parseEndpoint("pool.ntp.org", 123), { host: "pool.ntp.org", port: 123 });
	assert.deepEqual(parseEndpoint("127.0.0.1:1123", 123), { host: "127.0.0.1", port: 1123 });
	assert.deepEqual(parseEndpoint("a:65535", 1), { host: "a", port: 65535 });
	for (const text of ["a:", "a:0", "a:65536", "a:1x", "fe80::1", "::1"]) {
		assert.deepEqual(parseEndpoint(text, 53), { host: text, port: 53 });
	}
});

test("IPv4 addresses, and what looks like one", () => {
	assert.equal(formatIpv4(parseIpv4("192.0.2.1")), "192.0.2.1");
	assert.equal(formatIpv4(parseIpv4("255.255.255.255")), "255.255.255.255");
	assert.equal(formatIpv4(parseIpv4("0.0.0.0")), "0.0.0.0");
	assert.equal(formatIpv4(parseIpv4("010.1.1.1")), "10.1.1.1");
	for (const text of ["", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1..2.3", "a.b.c.d", "1.2.3.4 "]) {
		assert.equal(parseIpv4(text), -1, text);
	}
	assert.equal(formatIpv4(-1), "");
});
