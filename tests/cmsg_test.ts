/** `src/cmsg.ts`: how much room ancillary data takes. */

import { callsOf, NO_INT32, testBesideCPython } from "./_calls.ts";

const LENGTHS = [
  ...[0, 1, 4, 7, 8, 9, 15, 16, 17, 100, 65535, -1, -(2 ** 40), true],
  ...[0, 1, 7, 8, 15, 16, 17, 23, 24, 25, 32].map((less) => 2 ** 31 - 1 - less),
  ...[2 ** 31, 2 ** 40, { int: "9223372036854775807" }],
];

for (const name of ["CMSG_LEN", "CMSG_SPACE"]) {
  testBesideCPython(`${name}() is CPython's`, [
    ...callsOf(name, [[], [1, 2]]),
    ...callsOf(name, [...LENGTHS, ...NO_INT32].map((length) => [length])),
  ]);
}
