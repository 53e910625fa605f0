/** Addresses as the system's bytes. */

import { assertEquals, assertThrows } from "@std/assert";
import { AF_INET, AF_INET6, AF_UNIX, AF_VSOCK, OSError } from "../mod.ts";
import {
  familyOf,
  isSameAddress,
  packSockaddr,
  packUnspecified,
  parseSockaddr,
  type SocketAddress,
} from "../src/sockaddr.ts";

const isDarwin = Deno.build.os === "darwin";

/** The first two bytes of an address. */
function head(family: number, size: number): number[] {
  return isDarwin ? [size, family] : [family, 0];
}

const ADDRESSES: readonly (readonly [number, SocketAddress, number[]])[] = [
  [AF_INET, ["127.0.0.1", 8000], [
    ...[...head(AF_INET, 16), 0x1f, 0x40, 127, 0, 0, 1],
    ...[0, 0, 0, 0, 0, 0, 0, 0],
  ]],
  [AF_INET6, ["fe80::1", 80, 0x12345, 7], [
    ...[...head(AF_INET6, 28), 0, 80, 0, 1, 0x23, 0x45],
    ...[0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7, 0, 0, 0],
  ]],
  [AF_UNIX, "/tmp/é", [
    ...[...head(AF_UNIX, 9), 47, 116, 109, 112, 47, 0xc3, 0xa9],
  ]],
  [AF_UNIX, "", head(AF_UNIX, 2)],
];

for (const [family, address, bytes] of ADDRESSES) {
  Deno.test(`packSockaddr() and parseSockaddr() of ${Deno.inspect(address)} are each other's reverse`, () => {
    assertEquals([...packSockaddr(family, address)], bytes);
    assertEquals(parseSockaddr(Uint8Array.from(bytes)), address);
    assertEquals(familyOf(Uint8Array.from(bytes)), family);
  });
}

Deno.test({
  name: "packSockaddr() takes AF_VSOCK's and abstract addresses of Linux",
  ignore: Deno.build.os !== "linux",
  fn() {
    const vsock = packSockaddr(AF_VSOCK, [3, 1024]);
    assertEquals(
      [...vsock],
      [40, 0, 0, 0, 0, 4, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0],
    );
    assertEquals(parseSockaddr(vsock), [3, 1024]);
    const name = Uint8Array.of(0, 120, 0, 121);
    assertEquals([...packSockaddr(AF_UNIX, name)], [1, 0, 0, 120, 0, 121]);
    assertEquals(parseSockaddr(Uint8Array.of(1, 0, ...name)), name);
    assertEquals(packSockaddr(AF_UNIX, "\0x\0y"), packSockaddr(AF_UNIX, name));
  },
});

Deno.test("parseSockaddr() ends a path at its first NUL", () => {
  const bytes = Uint8Array.of(...head(AF_UNIX, 6), 97, 98, 0, 99);
  assertEquals(parseSockaddr(bytes), "ab");
});

Deno.test("parseSockaddr() returns a path that is no UTF-8 as bytes", () => {
  const bytes = Uint8Array.of(...head(AF_UNIX, 4), 97, 0xff);
  assertEquals(parseSockaddr(bytes), Uint8Array.of(97, 0xff));
});

Deno.test("parseSockaddr() returns null for no address, and bytes for an unknown family", () => {
  assertEquals(parseSockaddr(new Uint8Array(0)), null);
  const bytes = Uint8Array.of(...head(99, 4), 5, 6);
  assertEquals(parseSockaddr(bytes), [99, Uint8Array.of(5, 6)]);
});

Deno.test("packUnspecified() has no family", () => {
  assertEquals(familyOf(packUnspecified()), 0);
});

Deno.test("packSockaddr() refuses a host that is no number, and unknown families", () => {
  const pack = () => packSockaddr(AF_INET, ["localhost", 1]);
  assertThrows(pack, OSError, "Invalid argument");
  assertThrows(() => packSockaddr(99, [1, 2]), OSError, "not supported");
});

Deno.test("isSameAddress() knows an address in any of its forms", () => {
  const isSame = (family: number, one: SocketAddress, other: SocketAddress) =>
    isSameAddress(family, one, other);
  assertEquals(isSame(AF_INET, ["127.1", 5], ["127.0.0.1", 5]), true);
  assertEquals(isSame(AF_INET, ["127.0.0.1", 5], ["127.0.0.1", 6]), false);
  assertEquals(isSame(AF_INET, ["127.0.0.1", 5], ["127.0.0.2", 5]), false);
  assertEquals(isSame(AF_INET6, ["::1", 5], ["0::1", 5, 9, 0]), true);
  assertEquals(isSame(AF_INET6, ["fe80::1", 5], ["fe80::1", 5, 0, 2]), true);
  assertEquals(
    isSame(AF_INET6, ["fe80::1", 5, 0, 3], ["fe80::1", 5, 0, 2]),
    false,
  );
  assertEquals(isSame(AF_UNIX, "\0x", Uint8Array.of(0, 120)), true);
  assertEquals(isSame(AF_UNIX, "x", Uint8Array.of(0, 120)), false);
  assertEquals(isSame(AF_UNIX, "", "x"), false);
});
