/** `src/ip.ts`: addresses as text and as bytes. */

import { assertEquals } from "@std/assert";
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from "../src/ip.ts";

/** Bytes as hexadecimal digits, or `undefined` for no bytes. */
function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes && [...bytes].map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

function unhex(digits: string): Uint8Array {
  const pairs = digits.padEnd(32, "0").match(/../g)!;
  return Uint8Array.from(pairs, (pair) => parseInt(pair, 16));
}

Deno.test("parseIPv4() takes every form of inet_aton()", () => {
  for (
    const [text, expected] of [
      ["127.0.0.1", "7f000001"],
      ["255.255.255.255", "ffffffff"],
      ["0.0.0.0", "00000000"],
      ["127.1", "7f000001"],
      ["1", "00000001"],
      ["0", "00000000"],
      ["1.2.3", "01020003"],
      ["1.16777215", "01ffffff"],
      ["1.2.65535", "0102ffff"],
      ["0xffffffff", "ffffffff"],
      ["4294967295", "ffffffff"],
      ["0x7f.1", "7f000001"],
      ["0X7F.0.0.1", "7f000001"],
      ["010.0.0.1", "08000001"],
      ["00.00.00.00", "00000000"],
      ["2130706433", "7f000001"],
    ] as const
  ) assertEquals(hex(parseIPv4(text)), expected, text);
});

Deno.test("parseIPv4() refuses everything else", () => {
  for (
    const text of [
      ...["1.16777216", "1.2.65536", "08.0.0.1", "0x", "0x.1", "256.0.0.1"],
      ...["1.2.3.256", "1.2.3.4.5", "1..2", "", ".", "  ", " 1.2.3.4", "-1"],
      ...["1.2.3.4x", "::1", "a.b.c.d", "١.2.3.4", "1.2.3.", ".1.2.3"],
      ...["4294967296", "1e3", "0b1", "1_0", "1.2.3.4\0", "1.2.3.4\n", "+1"],
    ]
  ) assertEquals(hex(parseIPv4(text)), undefined, JSON.stringify(text));
});

Deno.test("parseIPv6() takes every form of inet_pton()", () => {
  for (
    const [text, expected] of [
      ["::", "0".repeat(32)],
      ["::1", "1".padStart(32, "0")],
      ["0::0", "0".repeat(32)],
      ["1::", "0001" + "0".repeat(28)],
      ["::ffff:1.2.3.4", "ffff01020304".padStart(32, "0")],
      ["::1.2.3.4", "01020304".padStart(32, "0")],
      ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
      ["1:2:3:4:5:6:1.2.3.4", "00010002000300040005000601020304"],
      ["1:2:3:4:5:6:7::", "00010002000300040005000600070000"],
      ["::2:3:4:5:6:7:8", "00000002000300040005000600070008"],
      ["FFFF::ABCD", "ffff" + "0".repeat(24) + "abcd"],
      ["2001:db8::8:800:200c:417a", "20010db80000000000080800200c417a"],
    ] as const
  ) assertEquals(hex(parseIPv6(text)), expected, text);
});

Deno.test("parseIPv6() refuses everything else", () => {
  for (
    const text of [
      ...["1:2:3:4:5:6:7:8:9", "12345::", ":::", "::0::", "::1%lo", "0x20::"],
      ...["1:2:3:4:5:6", "::1.2.3", "::1.2.3.256", "::01.2.3.4", "127.0.0.1"],
      ...["", ":", "[::1]", "fe80::1%1", "1:2:3:4:5:6:7:8::", "::1 ", "1::2:"],
      ...[":1::2", "::g", "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4"],
      ...["1:2:3:4:5:6:7:", ":2:3:4:5:6:7:8"],
    ]
  ) assertEquals(hex(parseIPv6(text)), undefined, JSON.stringify(text));
});

Deno.test("formatIPv4() writes four decimal numbers", () => {
  assertEquals(formatIPv4(Uint8Array.of(127, 0, 0, 1)), "127.0.0.1");
  assertEquals(
    formatIPv4(Uint8Array.of(255, 255, 255, 255)),
    "255.255.255.255",
  );
});

Deno.test("formatIPv6() writes what inet_ntop() writes", () => {
  const zeros = (bytes: number) => "00".repeat(bytes);
  for (
    const [digits, expected] of [
      ["", "::"],
      [zeros(15) + "01", "::1"],
      [zeros(10) + "ffff01020304", "::ffff:1.2.3.4"],
      [zeros(12) + "01020304", "::1.2.3.4"],
      // Less than a whole IPv4 address is none.
      [zeros(14) + "0102", "::102"],
      [zeros(13) + "010000", "::0.1.0.0"],
      [zeros(12) + "00010000", "::0.1.0.0"],
      // The longest run of zeros wins, of two the first; one alone is none.
      ["0001" + zeros(4) + "0001" + zeros(6) + "0001", "1:0:0:1::1"],
      ["0001" + zeros(4) + "00010001" + zeros(4) + "0001", "1::1:1:0:0:1"],
      ["abcd".repeat(8), "abcd:abcd:abcd:abcd:abcd:abcd:abcd:abcd"],
      ["0001".repeat(8), "1:1:1:1:1:1:1:1"],
      ["00010000" + "0001".repeat(6), "1:0:1:1:1:1:1:1"],
      [zeros(8) + "ffff000001020304", "::ffff:0:102:304"],
      ["0064ff9b" + zeros(8) + "01020304", "64:ff9b::102:304"],
      ["0001", "1::"],
      ["fe80" + zeros(6) + "0202b3fffe1e8329", "fe80::202:b3ff:fe1e:8329"],
    ] as const
  ) assertEquals(formatIPv6(unhex(digits)), expected, digits);
});

Deno.test("formatIPv6() is the inverse of parseIPv6()", () => {
  for (let i = 0; i < 500; i++) {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    // Some zeros, so that there are runs of them.
    for (let j = 0; j < 16; j++) if (Math.random() < 0.6) bytes[j] = 0;
    assertEquals(hex(parseIPv6(formatIPv6(bytes))), hex(bytes));
  }
});
