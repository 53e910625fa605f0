/** `src/inet.ts`: addresses as text and as bytes, as Python's functions do it. */

import { assertEquals } from "@std/assert";
import { AF_INET, AF_INET6, inet_aton, inet_ntoa, inet_ntop } from "../mod.ts";
import { callsOf, NO_INT32, NO_TEXT, testBesideCPython } from "./_calls.ts";

const zeros = (count: number) => new Array<number>(count).fill(0);

const TEXTS = [
  ...["127.0.0.1", "255.255.255.255", "0.0.0.0", "127.1", "1", "0", "1.2.3"],
  ...["1.16777215", "1.16777216", "1.2.65535", "1.2.65536", "0xffffffff"],
  ...["4294967295", "4294967296", "99999999999999999999999", "0xfffffffff"],
  ...["0x7f.1", "0X7F.0.0.1", "0x7f.0.0.1", "010.0.0.1", "08.0.0.1", "0x"],
  ...["0x.1", "256.0.0.1", "256.1.1.1", "1.2.3.256", "1.2.3.4.5", "1..2", ""],
  ...["  ", " 1.2.3.4", "1.2.3.4 ", "1.2.3.4 junk", "1.2.3.4\n", "1.2.3.4\t5"],
  ...["1.2.3.4\v", "1.2.3.4\x1c", "1.2.3.4\x85", "1.2.3.4\xa0", "1.2.3.4x"],
  ...["1.2.3.4 \u0660", "1.2.3.", ".1.2.3", "-1", "+1.2.3.4", "1. 2.3.4"],
  ...["01.2.3.4", "1.2.3.04", "1.2.3.0004", "a.b.c.d", "\u0661.2.3.4"],
  ...["1.2.0x1ffff", "00000000000000000000000001.2.3.4", "1e3", "1_0"],
  ...["::", "::1", "0::0", "1::", "::ffff:1.2.3.4", "::1.2.3.4", "FFFF::ABCD"],
  ...["1:2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7::"],
  ...["::2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9", "12345::", ":::", "::0::"],
  ...["::1%lo", "fe80::1%1", "0x20::", "1:2:3:4:5:6", "::1.2.3", "::00001"],
  ...["::1.2.3.256", "::01.2.3.4", "[::1]", "1:2:3:4:5:6:7::8", ":"],
  ...["::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:", ":1:2:3:4:5:6:7", "1.2.3.4::"],
];

const PACKED = [
  ...[[127, 0, 0, 1], [255, 255, 255, 255], zeros(4), [97, 98, 99, 100]],
  ...[[], [1, 2, 3], [1, 2, 3, 4, 5], zeros(15), zeros(16), zeros(17)],
  ...[[...zeros(15), 1], [...zeros(10), 255, 255, 1, 2, 3, 4]],
  ...[[...zeros(12), 1, 2, 3, 4], [...zeros(14), 1, 2]],
  ...[[...zeros(13), 1, 0, 0], [...zeros(12), 0, 1, 0, 0]],
  ...[[0, 1, ...zeros(4), 0, 1, ...zeros(6), 0, 1]],
  ...[[0, 1, ...zeros(4), 0, 1, 0, 1, ...zeros(4), 0, 1]],
  ...[new Array<number>(16).fill(0xab), [0, 1, ...zeros(14)]],
  ...[[...zeros(8), 255, 255, 0, 0, 1, 2, 3, 4]],
  ...[[0, 0x64, 0xff, 0x9b, ...zeros(8), 1, 2, 3, 4]],
  ...[[0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1]],
].map((bytes) => ({ bytes }));

const NO_BYTES = ["abcd", "", null, 5, 1.5, true, { list: [1, 2, 3, 4] }];
const FAMILIES = [AF_INET, AF_INET6];

testBesideCPython("inet_aton() is CPython's", [
  ...callsOf("inet_aton", [[], ["1", "2"]]),
  ...callsOf("inet_aton", [...TEXTS, ...NO_TEXT].map((text) => [text])),
]);

testBesideCPython("inet_ntoa() is CPython's", [
  ...callsOf("inet_ntoa", [[], [{ bytes: zeros(4) }, 1]]),
  ...callsOf("inet_ntoa", [...PACKED, ...NO_BYTES].map((each) => [each])),
]);

testBesideCPython("inet_pton() is CPython's", [
  ...callsOf("inet_pton", [[], [AF_INET], [AF_INET, "1.2.3.4", 1]]),
  ...callsOf("inet_pton", [[999, "1.2.3.4"], [1, "1.2.3.4"], [true, "x"]]),
  ...callsOf("inet_pton", NO_INT32.map((family) => [family, "1.2.3.4"])),
  ...FAMILIES.flatMap((family) =>
    callsOf("inet_pton", [...TEXTS, ...NO_TEXT].map((text) => [family, text]))
  ),
  ...callsOf("inet_pton", NO_TEXT.map((text) => [999, text])),
  ...callsOf("inet_pton", [[null, 5], ["x", 5]]),
]);

testBesideCPython("inet_ntop() is CPython's", [
  ...callsOf("inet_ntop", [[], [AF_INET], [AF_INET, { bytes: zeros(4) }, 1]]),
  ...[...FAMILIES, 1, 999].flatMap((family) =>
    callsOf("inet_ntop", [...PACKED, ...NO_BYTES].map((each) => [family, each]))
  ),
  ...callsOf("inet_ntop", NO_INT32.map((family) => [family, PACKED[0]!])),
  ...callsOf("inet_ntop", [[null, 5], ["x", 5]]),
]);

Deno.test("inet_ntoa() and inet_ntop() take bytes of any kind", () => {
  const { buffer } = Uint8Array.of(127, 0, 0, 1);
  for (const bytes of [buffer, new DataView(buffer), new Int16Array(buffer)]) {
    assertEquals(inet_ntoa(bytes), "127.0.0.1");
    assertEquals(inet_ntop(AF_INET, bytes), "127.0.0.1");
  }
});

Deno.test("inet_aton() makes an array that is the caller's", () => {
  inet_aton("127.0.0.1").fill(9);
  assertEquals(inet_aton("127.0.0.1"), Uint8Array.of(127, 0, 0, 1));
});
