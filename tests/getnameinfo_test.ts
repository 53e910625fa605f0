/** `src/getnameinfo.ts`: from an address to its names. */

import { assertEquals } from "@std/assert";
import {
  getnameinfo,
  NI_DGRAM,
  NI_NAMEREQD,
  NI_NOFQDN,
  NI_NUMERICHOST,
  NI_NUMERICSERV,
} from "../mod.ts";
import { callsOf, NO_INT32, testBesideCPython } from "./_calls.ts";
import { run } from "./_program.ts";

const NAME = "getnameinfo";
const NUMERIC = NI_NUMERICHOST | NI_NUMERICSERV;
const LOCAL = ["127.0.0.1", 80];

testBesideCPython("getnameinfo() checks its arguments as CPython does", [
  ...callsOf(NAME, [
    ...[[], [LOCAL], [LOCAL, 0, 0], ["x", 0], [null, 0], [5, 0], ["x", "y"]],
    ...[["x", 2 ** 31], [[], 3], [["127.0.0.1"], 3], [["::1", 80, 0, 0, 0], 3]],
    ...[[["127.0.0.1", 80, 0], 3], [["127.0.0.1", 80, 0, 0], 3]],
    ...[[[null, 80], 3], [[5, 80], 3], [[{ bytes: [49] }, 80], 3]],
    ...[[["1.2.3.4\0", 80], 3], [["\ud800", 80], 3], [["\u00e9", 80], 3]],
    ...[[["127.0.0.1", true], 3], [["*", 80], 3], [["", 80], 3]],
    ...[[["\u00e9".repeat(64), 80], 3], [["a..b", 80], 3]],
    ...[["localhost", 80], ["256.1.1.1", 80], ["[::1]", 80], ["::1%x", 80]]
      .flatMap((address) => [[address, 0], [address, 3], [address, 4096]]),
  ]),
  ...NO_INT32.flatMap((each) =>
    callsOf(NAME, [
      ...[[LOCAL, each], [["127.0.0.1", each], 3], [["x", each], "y"]],
      ...[[["::1", 80, each], 3], [["::1", 80, 0, each], 3]],
    ])
  ),
]);

testBesideCPython("getnameinfo() writes numbers as CPython does", [
  ...[
    ...["127.0.0.1", "127.1", "0x7f.1", "0.0.0.0", "::1", "::", "FF02::1"],
    ...["::ffff:127.0.0.1", "::1.2.3.4"],
  ].flatMap((host) => callsOf(NAME, [[[host, 80], NUMERIC]])),
  ...[0, 65535, 65536, 65537, 2 ** 31 - 1, -1, -65536].map((port) =>
    [NAME, ["127.0.0.1", port], NUMERIC] as const
  ),
  ...[0, 1, 0xfffff, 0x100000, -1, 2 ** 32, 2 ** 32 + 1].map((flowinfo) =>
    [NAME, ["::1", 80, flowinfo], NUMERIC] as const
  ),
  ...["::1", "fe80::1", "ff01::1", "ff02::1", "ff05::1", "fd00::1", "fe80::1%1"]
    .flatMap((host) =>
      [0, 1, 4294967, -1, 2 ** 32, 2 ** 33 + 1].map((scope_id) =>
        [NAME, [host, 80, 0, scope_id], NUMERIC] as const
      )
    ),
  ...callsOf(NAME, [
    [["fe80::1%1", 80], NUMERIC],
    [["fe80::1%lo", 80, 0, 42], NUMERIC],
    [LOCAL, NUMERIC | NI_NAMEREQD],
    [LOCAL, NUMERIC | NI_NOFQDN | NI_DGRAM],
    [LOCAL, NI_NUMERICHOST | NI_NAMEREQD],
  ]),
]);

testBesideCPython("getnameinfo() names services as CPython does", [
  ...[80, 22, 53, 512, 514, 1, 0, 59999, 65535].flatMap((port) =>
    callsOf(NAME, [
      [["127.0.0.1", port], NI_NUMERICHOST],
      [["127.0.0.1", port], NI_NUMERICHOST | NI_DGRAM],
      [["::1", port], NI_NUMERICHOST],
    ])
  ),
]);

// Where the hosts file has no name, a name server is asked.
testBesideCPython("getnameinfo() names hosts as CPython does", [
  ...[0, NI_NOFQDN, NI_NUMERICSERV, NI_DGRAM, NI_NAMEREQD].flatMap((flags) =>
    callsOf(NAME, [
      ...[[["127.0.0.1", 80], flags], [["127.0.0.1", 512], flags]],
      ...[[["::1", 80], flags]],
    ])
  ),
  ...Array.from({ length: 31 }, (_, bit) => 1 << bit).concat(-1)
    .flatMap((flag) => callsOf(NAME, [[LOCAL, flag]])),
], { together: true });

Deno.test("getnameinfo() of numbers needs no grant", async () => {
  const { stdout, stderr } = await run(
    `
    const flags = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV;
    console.log((await socket.getnameinfo(["::1", 80], flags)).join(" "));
    for (
      const [address, flags] of [
        [["127.0.0.1", 80], 0],
        [["127.0.0.1", 80], socket.NI_NUMERICHOST],
        [["fe80::1", 80, 0, 1], socket.NI_NUMERICHOST],
      ]
    ) {
      const error = await socket.getnameinfo(address, flags).catch((e) => e);
      console.log(error.constructor.name, error.code, error.strerror);
    }
  `,
    ["--no-prompt"],
  );
  assertEquals(stderr, "");
  const denied = "PermissionError EACCES Requires";
  const again = "run again with the";
  assertEquals(stdout.trimEnd().split("\n"), [
    "::1 80",
    `${denied} net access to "127.0.0.1", ${again} --allow-net flag`,
    `${denied} read access to "/etc/services", ${again} --allow-read flag`,
    `${denied} sys access to "networkInterfaces", ${again} --allow-sys flag`,
  ]);
});

Deno.test("getnameinfo() takes an address as getaddrinfo() gives it", async () => {
  const flags = NI_NUMERICHOST | NI_NUMERICSERV;
  assertEquals(await getnameinfo(["::1", 80, 0, 0], flags), ["::1", "80"]);
});
