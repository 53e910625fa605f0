/** `src/interfaces.ts`: network interfaces by number and by name. */

import { assert, assertEquals } from "@std/assert";
import {
  if_indextoname,
  if_nameindex,
  if_nametoindex,
  PermissionError,
} from "../mod.ts";
import { callsOf, NO_INT32, testBesideCPython } from "./_calls.ts";
import { run } from "./_program.ts";

/** Interfaces with an address, whose names need only one grant. */
const NAMES = [
  ...new Set(
    Deno.networkInterfaces().filter(({ scopeid }) => scopeid)
      .map(({ name }) => name),
  ),
];

testBesideCPython("if_nameindex() is CPython's", [
  ["if_nameindex"],
  ["if_nameindex", 1],
]);

testBesideCPython("if_nametoindex() is CPython's", [
  ...callsOf("if_nametoindex", [[], ["lo", "x"]]),
  ...callsOf(
    "if_nametoindex",
    [
      ...["lo", "LO", "eth0", "nosuch", "", "../lo", "x".repeat(100), ...NAMES],
      ...["lo\0", null, 0, 1.5, true, { list: [] }, { bytes: [108, 111] }],
      ...[{ bytes: [108, 111, 0] }],
    ].map((name) => [name]),
  ),
]);

testBesideCPython("if_indextoname() is CPython's", [
  ...callsOf("if_indextoname", [[], [1, 2]]),
  ...callsOf(
    "if_indextoname",
    [
      ...[0, 1, 2, 3, 9999, -1, true, false, 2 ** 32, 2 ** 32 + 1, 2 ** 40],
      ...["lo", { int: "18446744073709551616" }],
      ...NO_INT32,
    ].map((index) => [index]),
  ),
]);

Deno.test("if_nametoindex() and if_indextoname() undo each other", () => {
  for (const [index, name] of if_nameindex()) {
    assertEquals(if_nametoindex(name), index);
    assertEquals(if_indextoname(index), name);
  }
});

Deno.test("if_nametoindex() needs one grant for links that have an address", async () => {
  const { stdout, stderr } = await run(
    `for (const name of ${JSON.stringify(NAMES)}) {
      const index = socket.if_nametoindex(name);
      console.log(index, socket.if_indextoname(index) === name);
    }`,
    ["--no-prompt", "--allow-sys=networkInterfaces"],
  );
  const expected = NAMES.map((name) => `${if_nametoindex(name)} true\n`);
  assertEquals([stdout, stderr], [expected.join(""), ""]);
});

Deno.test("if_nameindex() and its kin name the grant that is missing", async () => {
  const program = `
    for (
      const ask of [
        () => socket.if_nametoindex("nosuch"),
        () => socket.if_indextoname(9999),
        () => socket.if_nameindex(),
      ]
    ) {
      try {
        console.log(ask());
      } catch (error) {
        console.log(error.constructor.name, error.message);
      }
    }`;
  const { stdout, stderr } = await run(program, ["--no-prompt"]);
  assertEquals(stderr, "");
  const [name, index, all] = stdout.trimEnd().split("\n");
  for (const line of [name, index, all]) {
    assert(line?.startsWith(PermissionError.name), line);
  }
  assert(name?.endsWith("--allow-sys flag"), name);
  assert(index?.endsWith("--allow-sys flag"), index);
  const flag = Deno.build.os === "linux" ? "--allow-all" : "--allow-sys";
  assert(all?.endsWith(`${flag} flag`), all);
});
