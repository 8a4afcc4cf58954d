import assert from "node:assert/strict";
import { test } from "node:test";
import { AddressError, formatAddress, parseAddress } from "./sockets.ts";

test("an address is a host and a port, IPv6 in brackets, and reads as it was written", () => {
  for (const [text, host, port] of [
    ["127.0.0.1:2380", "127.0.0.1", 2380],
    ["node-0.svc-headless:1", "node-0.svc-headless", 1],
    ["[::1]:65535", "::1", 65_535],
    ["0.0.0.0:0", "0.0.0.0", 0],
  ] as const) {
    assert.deepEqual(parseAddress(text), { host, port });
    assert.equal(formatAddress(parseAddress(text)), text);
  }
});

test("what is no address is refused with an example of one", () => {
  for (const text of ["", "host", "host:", ":2380", "host:65536", "::1:2380", "http://host:2380", "a b:1", "host:-1"]) {
    assert.throws(
      () => parseAddress(text),
      (error: unknown) =>
        error instanceof AddressError && error.code === "badAddress" && /10\.0\.0\.2:2380/.test(error.message),
      text,
    );
  }
});
