/** `src/services.ts`: names of services and protocols. */

import { assertEquals } from "@std/assert";
import { callsOf, NO_INT32, NO_TEXT, testBesideCPython } from "./_calls.ts";
import { run } from "./_program.ts";

const PROTOCOLS = ["tcp", "udp", "TCP", "sctp", "nosuch", ""];

testBesideCPython("getservbyname() is CPython's", [
  ...callsOf("getservbyname", [[], ["http", "tcp", "x"]]),
  ...[
    "http",
    "www",
    "HTTP",
    "domain",
    "ssh",
    "exec",
    "biff",
    "80",
    "nosuch",
    "",
  ]
    .flatMap((name) =>
      callsOf("getservbyname", [
        [name],
        ...PROTOCOLS.map((each) => [name, each]),
      ])
    ),
  ...NO_TEXT.flatMap((each) =>
    callsOf("getservbyname", [[each], ["http", each], ["nosuch", each]])
  ),
  ["getservbyname", "\u00e9"],
]);

testBesideCPython("getservbyport() is CPython's", [
  ...callsOf("getservbyport", [[], [80, "tcp", "x"], [-1, 5], [65536, "x\0"]]),
  ...[80, 22, 53, 512, 514, 1, 0, 59999, 65535, 65536, -1, true]
    .flatMap((port) =>
      callsOf("getservbyport", [
        [port],
        ...PROTOCOLS.map((each) => [port, each]),
      ])
    ),
  ...NO_INT32.flatMap((each) => callsOf("getservbyport", [[each], [each, 5]])),
  ...NO_TEXT.map((each) => ["getservbyport", 80, each] as const),
]);

testBesideCPython("getprotobyname() is CPython's", [
  ...callsOf("getprotobyname", [[], ["tcp", "x"]]),
  ...callsOf(
    "getprotobyname",
    [
      ...[
        "tcp",
        "TCP",
        "Tcp",
        "udp",
        "icmp",
        "ipv6-icmp",
        "IPv6-ICMP",
        "ip",
        "IP",
      ],
      ...["sctp", "nosuch", "", "6", "#", "\u00e9", ...NO_TEXT],
    ].map((name) => [name]),
  ),
]);

Deno.test("getservbyname() and its kin name the grant that is missing", async () => {
  const { stdout, stderr } = await run(
    `
    for (
      const ask of [
        () => socket.getservbyname("http"),
        () => socket.getservbyport(80),
        () => socket.getprotobyname("tcp"),
      ]
    ) {
      const error = await ask().catch((error) => error);
      console.log(error.constructor.name, error.code, error.strerror);
    }
  `,
    ["--no-prompt", "--allow-net"],
  );
  assertEquals(stderr, "");
  const denied = "PermissionError EACCES Requires read access to";
  const again = "run again with the --allow-read flag";
  assertEquals(stdout.trimEnd().split("\n"), [
    `${denied} "/etc/services", ${again}`,
    `${denied} "/etc/services", ${again}`,
    `${denied} "/etc/protocols", ${again}`,
  ]);
});
