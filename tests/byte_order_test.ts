/** `src/byte_order.ts`: numbers in the order of the network. */

import { assertEquals } from "@std/assert";
import { htonl, htons, ntohl, ntohs } from "../mod.ts";
import { callsOf, NO_INT32, testBesideCPython } from "./_calls.ts";

const NUMBERS = [
  ...[0, 1, 0x0102, 0x1f90, 0xffff, 0x10000, 0x01020304, 0xffffffff, -1],
  ...[-65536, -(2 ** 31), 2 ** 31 - 1, 2 ** 32, 2 ** 40, true, false],
  ...["9223372036854775807", "9223372036854775808", "18446744073709551615"]
    .map((int) => ({ int })),
  ...["18446744073709551616", "-9223372036854775808"].map((int) => ({ int })),
];

for (const name of ["htons", "ntohs", "htonl", "ntohl"]) {
  testBesideCPython(`${name}() is CPython's`, [
    ...callsOf(name, [[], [1, 2]]),
    ...callsOf(name, [...NUMBERS, ...NO_INT32].map((number) => [number])),
  ]);
}

Deno.test("htons() and htonl() put the most significant byte first", () => {
  const short = Uint16Array.of(htons(0x0102));
  assertEquals(new Uint8Array(short.buffer), Uint8Array.of(1, 2));
  const long = Uint32Array.of(htonl(0x01020304));
  assertEquals(new Uint8Array(long.buffer), Uint8Array.of(1, 2, 3, 4));
});

Deno.test("ntohs() and ntohl() undo htons() and htonl()", () => {
  for (const number of [0, 1, 0x1234, 0xff00, 0xffff]) {
    assertEquals(ntohs(htons(number)), number);
    assertEquals(ntohl(htonl(number * 0x10001)), number * 0x10001);
  }
});
