/** `src/hosts.ts`: names and addresses of hosts, and of this machine. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  AF_INET,
  getfqdn,
  gethostbyaddr,
  gethostbyname,
  gethostbyname_ex,
  gethostname,
  herror,
  PermissionError,
  sethostname,
} from "../mod.ts";
import { HostsFile } from "../src/hosts_file.ts";
import {
  callsOf,
  type FunctionCall,
  hostsFileNames,
  testBesideCPython,
} from "./_calls.ts";
import type { Value } from "./_scripts.ts";
import { run } from "./_program.ts";

/** Hosts that are wrong: only of the last one a name server may be asked. */
const NO_HOSTS: readonly Value[] = [
  ...[null, 5, 1.5, true, { list: [] }, "a\0b", { bytes: [97, 0, 98] }],
  ...["a..b", ".", ".a", "a".repeat(64), "a." + "b".repeat(64), "\ud800"],
  ...["\u00e9".repeat(64), "\u00e9..b", "256.1.1.1"],
];

const IPV4_HOSTS: readonly Value[] = [
  ...["127.0.0.1", "127.1", "0x7f.1", "2130706433", "010.0.0.1", "0"],
  ...["0.0.0.0", "255.255.255.255", { bytes: [49, 50, 55, 46, 49] }],
];

testBesideCPython("gethostbyname() is CPython's", [
  ...callsOf("gethostbyname", [
    ...[[], ["a", "b"], [""], ["<broadcast>"], ["::1"], ["::1%lo"], [
      "fe80::1",
    ]],
    ...[["::ffff:1.2.3.4"], [{ bytes: [] }], ["localhost"]],
    ...[{ bytes: [...new TextEncoder().encode("localhost")] }].map((x) => [x]),
    ...[...IPV4_HOSTS, ...NO_HOSTS].map((host) => [host]),
  ]),
], { together: true });

testBesideCPython("gethostbyname_ex() is CPython's", [
  ...callsOf("gethostbyname_ex", [
    ...[[], ["a", "b"], ["::1"], ["::1%lo"], ["fe80::1"]],
    ...[...IPV4_HOSTS, ...NO_HOSTS].filter((host) => host !== "0x7f.1")
      .map((host) => [host]),
  ]),
], { together: true });

testBesideCPython("gethostbyaddr() checks its argument as CPython does", [
  ...callsOf("gethostbyaddr", [
    ...[[], ["a", "b"], [""], [{ bytes: [] }]],
    ...NO_HOSTS.map((host) => [host]),
  ]),
], { together: true });

/** Python's AttributeError is JavaScript's TypeError. */
function asTypeError(outcome: Value): Value {
  const text = JSON.stringify(outcome);
  return JSON.parse(text.replace('"AttributeError"', '"TypeError"'));
}

testBesideCPython("getfqdn() checks its argument as CPython does", [
  ...callsOf("getfqdn", [
    ...[["a", "b"], [null], [5], [1.5], [true], ["a\0b"], ["a..b"], ["\ud800"]],
    ...[["\u00e9".repeat(64)], ["256.1.1.1"], [" 256.1.1.1\t\x1c\u2003"]],
    ...["256.1.1.1", " 256.1.1.1\n", " "].map((text) => [{
      bytes: [...new TextEncoder().encode(text)],
    }]),
  ]),
], { together: true, view: asTypeError });

// Where the hosts file has no name, a name server is asked; what aliases one
// has told, Deno does not pass on.
testBesideCPython("Hosts of this machine have CPython's names", [
  ...hostsFileNames().flatMap((host): FunctionCall[] => [
    ["gethostbyname_ex", host],
    ["gethostbyaddr", host],
    ["getfqdn", host],
  ]),
  ...["localhost", "LOCALHOST", "127.0.0.1", "127.1", "::1", "::1%1"]
    .flatMap((host): FunctionCall[] => [
      ["gethostbyaddr", host],
      ["getfqdn", host],
    ]),
  ["gethostbyname_ex", "LocalHost"],
  ["gethostbyname", Deno.hostname()],
  ["getfqdn", "0.0.0.0"],
  ["getfqdn", "::"],
  ["getfqdn", ""],
  ["getfqdn"],
], { together: true });

testBesideCPython("An address without a name has CPython's herror", [
  ["gethostbyaddr", "0.0.0.0"],
  ["gethostbyaddr", "<broadcast>"],
  ["gethostbyaddr", "::ffff:127.0.0.1"],
  ["getfqdn", "255.255.255.255"],
], { together: true });

testBesideCPython("gethostname() and sethostname() are CPython's", [
  ["gethostname"],
  ["gethostname", 1],
  ...callsOf("sethostname", [
    ...[[], ["a", "b"], [null], [5], [1.5], ["a\0b"], [{ list: [] }]],
  ]),
]);

Deno.test("gethostbyname_ex() knows no names of what is no host", async () => {
  for (const host of ["", "<broadcast>", "::ffff:1.2.3.4", "0x7f.1"]) {
    await assertRejects(() => gethostbyname_ex(host), herror);
  }
});

Deno.test("gethostbyname() and its kin reject and do not throw", async () => {
  for (
    const promise of [
      gethostbyname("a..b"),
      gethostbyname_ex("a..b"),
      gethostbyaddr("a..b"),
      getfqdn("a..b"),
    ]
  ) await assertRejects(() => promise);
});

Deno.test("sethostname() raises EPERM and says why", () => {
  const error = assertThrows(() => sethostname("example"), PermissionError);
  assertEquals(error.code, "EPERM");
  assert(/^\[Errno 1\] Operation not permitted: Deno /.test(error.message));
  assertEquals(gethostname(), Deno.hostname());
});

Deno.test("gethostbyaddr() and its kin name the grant that is missing", async () => {
  const { stdout, stderr } = await run(
    `
    for (
      const ask of [
        () => socket.gethostbyname("localhost"),
        () => socket.gethostbyname_ex("localhost"),
        () => socket.gethostbyaddr("127.0.0.1"),
        () => socket.getfqdn("127.0.0.1"),
        () => socket.getfqdn(),
        async () => socket.gethostname(),
      ]
    ) {
      const error = await ask().catch((error) => error);
      console.log(error.constructor.name, error.code, error.strerror);
    }
    console.log(await socket.gethostbyname("127.1"));
    console.log((await socket.gethostbyname_ex("127.1")).join(" "));
  `,
    ["--no-prompt"],
  );
  assertEquals(stderr, "");
  const denied = "PermissionError EACCES Requires";
  const again = "run again with the";
  assertEquals(stdout.trimEnd().split("\n"), [
    `${denied} net access to "localhost", ${again} --allow-net flag`,
    `${denied} net access to "localhost", ${again} --allow-net flag`,
    `${denied} net access to "127.0.0.1", ${again} --allow-net flag`,
    `${denied} net access to "127.0.0.1", ${again} --allow-net flag`,
    `${denied} sys access to "hostname", ${again} --allow-sys flag`,
    `${denied} sys access to "hostname", ${again} --allow-sys flag`,
    "127.0.0.1",
    "127.1  127.0.0.1",
  ]);
});

Deno.test("gethostbyname_ex() does without a hosts file that it may not read", async () => {
  const [, , addresses] = await gethostbyname_ex("localhost");
  const { stdout, stderr } = await run(
    `console.log(JSON.stringify(await socket.gethostbyname_ex("localhost")));`,
    ["--no-prompt", "--allow-net=localhost"],
  );
  assertEquals([JSON.parse(stdout), stderr], [
    ["localhost", [], addresses],
    "",
  ]);
});

/** Lines of all kinds, as glibc was seen to read them. */
const HOSTS = new HostsFile(`
127.0.0.1 localhost
::1 localhost ip6-localhost
127.0.0.5\tfive five.example.org  5alias # a comment
10.1.1.1 twice t1
 10.1.1.2 twice t2 t1
10.1.1.3 other Twice
fd00::77 six six6
10.1.1.9 six six4
::ffff:10.1.1.8 mapped
#10.1.1.7 hidden
nonsense bad
10.1.1.4
127.1 short
010.1.1.7 octal
fe80::1%lo scoped
`);

Deno.test("HostsFile.namesOf() puts the names of all lines together", () => {
  const ipv4 = (host: string) => {
    const found = HOSTS.namesOf(host, AF_INET);
    return found && [found.name, ...found.aliases].join(" ");
  };
  assertEquals(ipv4("5ALIAS"), "five five.example.org 5alias");
  assertEquals(ipv4("twice"), "twice t1 t2 t1 Twice other");
  assertEquals(ipv4("t1"), "twice t1 t2 t1");
  assertEquals(ipv4("other"), "other Twice");
  // What IPv6 calls itself is IPv4's too, and so is IPv4 in its form.
  assertEquals(ipv4("localhost"), "localhost ip6-localhost");
  assertEquals(ipv4("mapped"), "mapped");
  assertEquals(ipv4("six"), "six six4");
  assertEquals(HOSTS.namesOf("six", 0)?.aliases, ["six6", "six4"]);
  for (
    const host of ["six6", "hidden", "bad", "", "short", "octal", "scoped"]
  ) {
    assertEquals(ipv4(host), undefined, host);
  }
});

Deno.test("HostsFile.namesOfAddress() takes the first line", () => {
  const names = (address: string, family = AF_INET) =>
    HOSTS.namesOfAddress(address, family)?.aliases;
  assertEquals(names("10.1.1.1"), ["t1"]);
  assertEquals(names("10.1.1.2"), ["t2", "t1"]);
  assertEquals(names("10.1.1.8"), []);
  assertEquals(names("127.0.0.1"), []);
  assertEquals(names("fd00::77", 10), ["six6"]);
  assertEquals(names("10.1.1.99"), undefined);
});
