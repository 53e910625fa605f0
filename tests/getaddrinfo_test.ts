/** `src/getaddrinfo.ts` and the rooms that only it uses. */

import { assertEquals, assertRejects } from "@std/assert";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  AI_ADDRCONFIG,
  AI_ALL,
  AI_CANONNAME,
  AI_NUMERICHOST,
  AI_NUMERICSERV,
  AI_PASSIVE,
  AI_V4MAPPED,
  gaierror,
  getaddrinfo,
  IPPROTO_UDP,
  SOCK_DGRAM,
  SOCK_RAW,
  SOCK_SEQPACKET,
  SOCK_STREAM,
} from "../mod.ts";
import {
  callsOf,
  hostsFileNames,
  NO_INT32,
  testBesideCPython,
} from "./_calls.ts";
import { run } from "./_program.ts";
import type { Value } from "./_scripts.ts";

const NAME = "getaddrinfo";
const HOST = "127.0.0.1";
const INT_MAX = 2 ** 31 - 1;

const PORTS = [
  ...[80, 0, 65535, 65536, 70000, -1, -65456, 1.5, true, null, { list: [] }],
  ...["9223372036854775807", "9223372036854775808", "1180591620717411303424"]
    .map((int) => ({ int })),
  ...["80", "", " ", " 80", "+80", "-80", "80 ", "0x50", "*", "80\0x", "\0"],
  ...["\t\n\v\f\r80", "-4294967216", "4294967295", "4294967296", "-65536"],
  ...["2147483647", "2147483648", "99999999999999999999999", "8e1", "\u0668"],
  ...["18446744073709551615", "18446744073709551616", "-18446744073709551615"],
  ...["http", "HTTP", "www", "domain", "ssh", "nosuch", "h\u00e9", "\ud800"],
  ...[{ bytes: [56, 48] }, { bytes: [] }, { bytes: [56, 48, 0, 49] }],
  ...[{ bytes: [104, 116, 116, 112] }],
];

const LITERALS = [
  ...[HOST, "127.1", "0x7f.1", "2130706433", "010.0.0.1", "0", "::1", "::"],
  ...["255.255.255.255", "::ffff:1.2.3.4", "FF02::1DE:C0:FACE:8D", "0::0:1"],
  ...["::1%1", "::1%lo", "::1%x", "::1%", "fe80::1%1", "fe80::1%42"],
  ...["fe80::1%01", "fe80::1%4294967295", "fe80::1%4294967296", "fe80::1%-1"],
  ...["fe80::1%1x", "fe80::1%lo", "fe80::1%lo%x", "fe80::1%nosuch"],
  ...["ff02::1%lo", "ff01::1%lo", "ff05::1%lo", "ff05::1%1", "fe80::1%"],
  ...["::ffff:1.2.3.4%lo", "::ffff:1.2.3.4%1", "127.0.0.1\0", "::1\0junk"],
  ...["", "*", null],
];

/** Hosts that are wrong: only of the first one a name server may be asked. */
const NO_HOSTS = [
  ...["256.1.1.1", "a..b", ".", ".a", "a".repeat(64), "a." + "b".repeat(64)],
  ...["\u00e9".repeat(64), "\u00e9..b", "\ud800", "\u00a0", "xn--\u00e9"],
  ...[5, 1.5, true, { list: [] }],
];

testBesideCPython("getaddrinfo() counts its arguments as CPython does", [
  ...callsOf(NAME, [[], [HOST], [HOST, 80, 0, 0, 0, 0, 0]]),
]);

testBesideCPython("getaddrinfo() reads ports as CPython does", [
  ...PORTS.flatMap((port) =>
    callsOf(NAME, [
      ...[[HOST, port], [HOST, port, 0, SOCK_STREAM]],
      ...[[HOST, port, 0, SOCK_DGRAM], [HOST, port, 0, SOCK_RAW]],
      ...[[HOST, port, 0, 0, 0, AI_NUMERICSERV]],
    ])
  ),
]);

testBesideCPython("getaddrinfo() reads numeric hosts as CPython does", [
  ...LITERALS.flatMap((host) =>
    callsOf(NAME, [
      ...[[host, 80], [host, 80, 0, SOCK_STREAM, 0, AI_NUMERICHOST]],
      ...[[host, 80, AF_INET, SOCK_STREAM], [host, 80, AF_INET6, SOCK_STREAM]],
      ...[[host, 80, 0, SOCK_STREAM, 0, AI_CANONNAME]],
      ...[[host, 80, 0, SOCK_STREAM, 0, AI_PASSIVE]],
      ...[[host, 80, AF_INET6, SOCK_STREAM, 0, AI_V4MAPPED]],
      ...[[host, 80, AF_INET6, SOCK_STREAM, 0, AI_V4MAPPED | AI_ALL]],
      ...[[host, 80, AF_INET, SOCK_STREAM, 0, AI_V4MAPPED]],
      ...[[host, 80, 0, SOCK_STREAM, 0, AI_ADDRCONFIG]],
      ...[[host, null], [host, null, AF_INET], [host, ""], [host, "*"]],
      ...[[host, 80, 0, 0, 0, AI_PASSIVE]],
    ])
  ),
  ...callsOf(NAME, [
    [{ bytes: [49, 50, 55, 46, 49] }, 80],
    [{ bytes: [58, 58, 49, 0, 49] }, 80],
    [{ bytes: [0xff] }, 80],
    [{ bytes: [] }, 80],
  ]),
]);

testBesideCPython("getaddrinfo() refuses hosts as CPython does", [
  ...NO_HOSTS.flatMap((host) =>
    callsOf(NAME, [[host, 80], [host, []], [host, "nosuch"], [host, 80, "x"]])
  ),
  ...["localhost", "256.1.1.1", "[::1]", "127.0.0.1 ", "::1q", "1+.1.1.1"]
    .flatMap((host) => callsOf(NAME, [[host, 80, 0, 0, 0, AI_NUMERICHOST]])),
], { together: true });

testBesideCPython("getaddrinfo() filters as CPython does", [
  ...[0, 1, 2, 3, 4, 5, 6, 999, -1, SOCK_STREAM | 0x80000].flatMap((type) =>
    [0, 1, 6, 17, 33, 42, 132, 136, 255, 999, -1].flatMap((proto) =>
      callsOf(NAME, [
        ...[[HOST, 80, 0, type, proto], [HOST, null, 0, type, proto]],
        ...[[HOST, "domain", 0, type, proto], [HOST, "", 0, type, proto]],
      ])
    )
  ),
  ...[AF_UNIX, 999, -1, INT_MAX].flatMap((family) =>
    callsOf(NAME, [[HOST, 80, family], [HOST, 80, family, 999]])
  ),
  ...Array.from({ length: 31 }, (_, bit) => 1 << bit).concat(-1)
    .flatMap((flag) => callsOf(NAME, [[HOST, 80, 0, 1, 0, flag]])),
  ...NO_INT32.flatMap((each) =>
    callsOf(NAME, [
      ...[[HOST, 80, each], [HOST, 80, 0, each], [HOST, 80, 0, 0, each]],
      ...[[HOST, 80, 0, 0, 0, each], [5, { list: [] }, each]],
    ])
  ),
]);

testBesideCPython("getaddrinfo() reports the first of several mistakes", [
  ...callsOf(NAME, [
    [null, null, 999, 999, 999, 0x10000],
    [HOST, 80, 999, 999, 999, 0x10000],
    [HOST, 80, 999, 999],
    ["::1", 80, AF_INET, 999],
    ["::1", "nosuch", AF_INET],
    [null, 80, 0, 0, 0, AI_CANONNAME],
    ["*", 80, 999, 0, 0, AI_CANONNAME],
    ["256.1.1.1", "nosuch"],
    [HOST, "nosuch", 0, SOCK_RAW, 0, AI_NUMERICSERV],
    [HOST, "2147483648", 0, 0, 0, AI_NUMERICSERV],
    [HOST, "80x", 999, 0, 0, AI_NUMERICSERV],
  ]),
]);

testBesideCPython("getaddrinfo() takes its options by name", [
  ...[
    ...[{}, { type: SOCK_STREAM }, { proto: IPPROTO_UDP }, { family: 999 }],
    ...[{ flags: AI_CANONNAME, type: SOCK_SEQPACKET }, { family: "x" }],
    ...[{ type: null }, { flags: 1.5 }, { family: AF_INET, type: 0, proto: 0 }],
  ].map((options) => [NAME, HOST, 80, { options }] as const),
]);

/** Addresses of one link without it, which Deno does not tell. */
function withoutLink(outcome: Value): Value {
  const text = JSON.stringify(outcome);
  return JSON.parse(text.replaceAll(/("fe80::[^"]*",\d+,0),\d+/g, "$1,0"));
}

// Where the hosts file has no such name, a name server is asked.
testBesideCPython("getaddrinfo() finds this machine as CPython does", [
  ...["localhost", "LocalHost", Deno.hostname()].flatMap((host) =>
    callsOf(NAME, [
      ...[[host, 80], [host, 80, AF_INET, SOCK_STREAM]],
      ...[[host, "domain"], [host, 80, 0, SOCK_STREAM, 0, AI_ADDRCONFIG]],
      ...[[host, null, AF_INET6]],
      ...[[host, 80, AF_INET6, SOCK_STREAM, 0, AI_V4MAPPED]],
      ...[[host, 80, AF_INET6, SOCK_STREAM, 0, AI_V4MAPPED | AI_ALL]],
    ])
  ),
  ...callsOf(NAME, [
    ["localhost", 80, 0, SOCK_STREAM, 0, AI_CANONNAME],
    ["LOCALHOST", 80, AF_INET, 0, 0, AI_CANONNAME],
    [{ bytes: [...new TextEncoder().encode("localhost")] }, 80],
  ]),
], { together: true, view: withoutLink });

testBesideCPython(
  "getaddrinfo() finds the hosts file's names as CPython does",
  [
    ...hostsFileNames().flatMap((host) =>
      callsOf(NAME, [
        [host, 80, 0, SOCK_STREAM, 0, AI_CANONNAME],
        [host.toUpperCase(), "domain", 0, 0, 0, AI_CANONNAME],
      ])
    ),
  ],
  { together: true },
);

Deno.test("getaddrinfo() rejects and does not throw", async () => {
  const promise = getaddrinfo("127.0.0.1", 80, 999);
  await assertRejects(() => promise, gaierror);
});

Deno.test("getaddrinfo() of numbers needs no grant", async () => {
  const { stdout, stderr } = await run(
    `
    const flags = socket.AI_PASSIVE | socket.AI_NUMERICSERV;
    for (const host of ["127.0.0.1", "127.1", "::1", "fe80::1%2", null]) {
      const [[, , , , address]] = await socket.getaddrinfo(host, 80, { flags });
      console.log(address.join(" "));
    }
  `,
    ["--no-prompt"],
  );
  assertEquals([stdout, stderr], [
    "127.0.0.1 80\n127.0.0.1 80\n::1 80 0 0\nfe80::1 80 0 2\n0.0.0.0 80\n",
    "",
  ]);
});

Deno.test("getaddrinfo() names the grant that is missing", async () => {
  const { stdout, stderr } = await run(
    `
    for (
      const args of [
        ["localhost", 80], ["127.0.0.1", "http"], ["fe80::1%lo", 80],
        ["127.0.0.1", 80, { flags: socket.AI_ADDRCONFIG }],
      ]
    ) {
      const error = await socket.getaddrinfo(...args).catch((error) => error);
      console.log(error.constructor.name, error.code, error.strerror);
    }
  `,
    ["--no-prompt", "--allow-net=127.0.0.1"],
  );
  assertEquals(stderr, "");
  const denied = "PermissionError EACCES Requires";
  const again = "run again with the";
  assertEquals(stdout.trimEnd().split("\n"), [
    `${denied} net access to "localhost", ${again} --allow-net flag`,
    `${denied} read access to "/etc/services", ${again} --allow-read flag`,
    `${denied} sys access to "networkInterfaces", ${again} --allow-sys flag`,
    `${denied} sys access to "networkInterfaces", ${again} --allow-sys flag`,
  ]);
});
