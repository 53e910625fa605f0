/**
 * Calls that CPython and this package both make, for `differential_test.ts`:
 * what is wrong with their arguments, or with the state of their socket.
 */

import { AF_INET, AF_INET6, AF_UNIX } from "../mod.ts";

/**
 * A value of a call, as JSON can carry it. An object stands for what JSON lacks:
 * `{ bytes: [1] }`, `{ int: "9223372036854775808" }`, `{ float: "nan" }`, an
 * address that only the two sides know. An array is an address, which is a tuple
 * in Python.
 */
export type Value =
  | null
  | boolean
  | number
  | string
  | readonly Value[]
  | { readonly [kind: string]: Value };

/** A method and its arguments. */
export type Call = readonly [method: string, args: readonly Value[]];

/** Calls made one after the other, on a socket that was brought into a state. */
export interface Script {
  readonly family: number;
  readonly state: string;
  readonly timeout: number | null;
  readonly calls: readonly Call[];
}

const STATES = [
  ...["new", "bound", "listening", "connected", "idle", "shut_rd", "shut_wr"],
  ...["shut_rdwr", "ended", "refused", "closed", "detached"],
];

const HUGE = { int: "9223372036854775808" };
const DATA = { bytes: [1, 2, 3] };
const ANY = { address: "any" };
const REFUSED = { address: "refused" };
const LISTENING = { address: "listening" };

/** What is no integer, and integers that fit nowhere. */
const NO_INTEGERS: readonly Value[] = [
  ...[null, "x", "1", "", 1.5, { list: [] }, { list: [1] }, {}, DATA],
  ...[HUGE, { int: "-9223372036854775809" }, { int: "1" + "0".repeat(30) }],
];
/** Integers that no C `int` holds. */
const NO_INT32: readonly Value[] = [
  ...NO_INTEGERS,
  ...[2 ** 31, 2 ** 40, -(2 ** 31) - 1, { int: "9223372036854775807" }],
];
/** What is no bytes. */
const NO_BYTES: readonly Value[] = [
  ...[null, "abc", "", 5, 1.5, { list: [1, 2] }, {}, true],
];

/** What is no list of bytes either: an empty string is an empty list. */
const NO_LISTS: readonly Value[] = [null, "abc", 5, 1.5, true];

const HOSTS: readonly Value[] = [
  ...[
    null,
    5,
    1.5,
    true,
    { list: [] },
    "127.0.0.1\0",
    { bytes: [49, 0] },
    "256.1.1.1",
  ],
  ...["1.2.3.4.5", "é".repeat(64)],
];
const PORTS: readonly Value[] = [
  ...[...NO_INTEGERS, -1, 65536, 2 ** 31, 2 ** 40, {
    int: "1180591620717411303424",
  }],
];

/** Addresses that are none, of any family. */
const NO_ADDRESSES: readonly Value[] = [
  ...[null, 5, 1.5, true, {}, [], ["127.0.0.1"], ["127.0.0.1", 0, 0]],
  ...["127.0.0.1", DATA, ["127.0.0.1", 0, 0, 0, 0]],
  ...HOSTS.map((host) => [host, 0]),
  ...PORTS.map((port) => ["127.0.0.1", port]),
  ...[[null, null], [5, "x"], ["256.1.1.1", 65536], ["256.1.1.1", 2 ** 40]],
];

const NO_ADDRESSES_6: readonly Value[] = [
  ...[null, "::1", [], ["::1"], ["::1", 0, 0, 0, 0], [null, 0], ["::1", null]],
  ...[["::1", -1], ["::1", 65536], ["::1", 0, -10], ["::1", 0, 2 ** 20]],
  ...[["::1", 0, "x"], ["::1", 0, 0, "x"], ["::1", 0, 1.5], ["127.0.0.1", 0]],
  ...[["::1", 65536, -10], ["127.0.0.1", 65536], ["::1%lo", 0], [":::", 0]],
  ...[["::1", 0, HUGE], ["::1", 0, 0, HUGE], ["<broadcast>", 0]],
];

const NO_ADDRESSES_UNIX: readonly Value[] = [
  ...[null, 5, 1.5, true, {}, [], ["x"], ["127.0.0.1", 80]],
  ...["x".repeat(108), { bytes: [0, ...new Array(108).fill(104)] }],
];

const WITH_ADDRESS = ["bind", "connect", "connect_ex"];

/** Calls whose arguments are wrong, whatever the state of the socket. */
const WRONG_CALLS: readonly Call[] = [
  ...[
    ...["accept", "close", "detach", "dup", "getblocking", "getpeername"],
    ...["getsockname", "gettimeout"],
  ].flatMap((method) => callsOf(method, [[1], [null], [1, 2]])),
  ...WITH_ADDRESS.flatMap((method) =>
    callsOf(method, [[], ["127.0.0.1", 0], [1, 2, 3]])
  ),
  ...callsOf("listen", [[5, 6], ...NO_INT32.map((each) => [each])]),
  ...callsOf("recv", [
    ...[[], [1, 2, 3], [-1], [-(2 ** 40)], [-1, "x"], ["x", "y"]],
    ...[[-1, 2 ** 40], [0, "x"]],
    ...NO_INTEGERS.map((each) => [each]),
    ...NO_INT32.map((each) => [1, each]),
  ]),
  ...callsOf("recv_into", [
    ...[[], [1, 2, 3, 4], [{ bytearray: 8 }, -1], [{ bytearray: 8 }, 9]],
    ...[[{ bytearray: 0 }, 1], [{ bytearray: 8 }, -1, "x"], [null, "x"]],
    ...NO_BYTES.map((each) => [each]),
    ...NO_INTEGERS.map((each) => [{ bytearray: 8 }, each]),
    ...NO_INT32.map((each) => [{ bytearray: 8 }, 1, each]),
  ]),
  ...["send", "sendall"].flatMap((method) =>
    callsOf(method, [
      ...[[], [DATA, 0, 0], [null, "x"], ["abc", 2 ** 40]],
      ...NO_BYTES.map((each) => [each]),
      ...NO_INT32.map((each) => [DATA, each]),
    ])
  ),
  ...callsOf("recvfrom", [
    ...[[], [1, 2, 3], [-1], [-1, "x"], ["x", "y"], [-1, 2 ** 40]],
    ...NO_INTEGERS.map((each) => [each]),
    ...NO_INT32.map((each) => [1, each]),
  ]),
  ...callsOf("recvfrom_into", [
    ...[[], [1, 2, 3, 4], [{ bytearray: 8 }, -1], [{ bytearray: 8 }, 9]],
    ...[[{ bytearray: 0 }, 1], [{ bytearray: 8 }, -1, "x"], [null, "x"]],
    ...NO_BYTES.map((each) => [each]),
    ...NO_INTEGERS.map((each) => [{ bytearray: 8 }, each]),
    ...NO_INT32.map((each) => [{ bytearray: 8 }, 1, each]),
  ]),
  ...callsOf("recvmsg", [
    ...[[], [1, 2, 3, 4], [-1], [1, -1], [1, 2 ** 31], [-1, -1], [-1, 0, "x"]],
    ...NO_INTEGERS.flatMap((each) => [[each], [1, each]]),
    ...NO_INT32.map((each) => [1, 0, each]),
  ]),
  ...callsOf("recvmsg_into", [
    ...[[], [1, 2, 3, 4], [[], -1], [[{ bytearray: 1 }], 2 ** 31]],
    ...NO_LISTS.flatMap((each) => [[each], [[each]]]),
    ...[[{ bytearray: 3 }], [[{ bytearray: 3 }, null]], [[null], -1]],
    ...[[[null], "x"], [[null], 0, "x"]],
    ...NO_INTEGERS.map((each) => [[{ bytearray: 8 }], each]),
    ...NO_INT32.map((each) => [[{ bytearray: 8 }], 0, each]),
  ]),
  ...callsOf("sendto", [
    ...[[], [DATA], [DATA, 0, 0, 0], [null, "x"]],
    ...NO_BYTES.map((each) => [each, ["127.0.0.1", 1]]),
    ...NO_INT32.map((each) => [DATA, each, ["127.0.0.1", 1]]),
  ]),
  ...callsOf("sendmsg", [
    ...[[], [[DATA], [], 0, null, 0], [[DATA], [], "x"], [[null], [], "x"]],
    ...NO_LISTS.flatMap((each) => [[each], [[each]], [[DATA, each]]]),
    ...[[DATA], [[DATA], 5], [[DATA], null], [[DATA], [5]], [[DATA], [[]]]],
    ...[[[DATA], [[0, 0]]], [[DATA], [[0, 0, DATA, 1]]], [[DATA], [[
      "x",
      0,
      DATA,
    ]]]],
    ...[[[DATA], [[0, "x", DATA]]], [[DATA], [[0, 0, "x"]]], [5, 5], [
      [null],
      5,
    ]],
    ...NO_INT32.flatMap((each) => [
      [[DATA], [], each],
      [[DATA], [[each, 0, DATA]]],
      [[DATA], [[0, each, DATA]]],
    ]),
  ]),
  ...callsOf("setblocking", [
    ...[[], [1, 2]],
    ...NO_INTEGERS.map((each) => [each]),
  ]),
  ...callsOf("settimeout", [
    ...[[], [1, 2], ["x"], ["1"], [{ list: [] }], [{}], [DATA], [-1], [
      -0.0001,
    ]],
    ...[[-1e-10], [{ float: "nan" }], [{ float: "inf" }], [{ float: "-inf" }]],
    ...[[1e20], [-1e20], [HUGE], [{ int: "1" + "0".repeat(30) }]],
    ...[[{ int: "-9223372036854775809" }], [{ int: "9223372036854775807" }]],
  ]),
  ...callsOf("shutdown", [
    ...[[], [1, 2]],
    ...NO_INT32.map((each) => [each]),
  ]),
  ...callsOf("getsockopt", [
    ...[[], [1], [1, 2, 3, 4], ["x", "y"], ["x", 2], [1, "x"], [1, 2, "x"]],
    ...NO_INT32.flatMap((each) => [[each, 2], [1, each], [1, 3, each]]),
  ]),
  ...callsOf("setsockopt", [
    ...[[], [1], [1, 2], [1, 2, 3, 4, 5], ["x", "y", "z"], [1, "x", "y"]],
    ...NO_INT32.flatMap((each) => [[each, 2, 1], [1, each, 1]]),
    ...["abc", null, 1.5, { list: [] }, {}, 2 ** 31, 2 ** 40, HUGE]
      .map((each) => [1, 2, each]),
  ]),
];

/** Calls that are right, and may change the state of the socket. */
const RIGHT_CALLS: readonly Call[] = [
  ...callsOf("bind", [[ANY], [LISTENING]]),
  ...callsOf("listen", [[], [0], [-1]]),
  ...callsOf("accept", [[]]),
  ...WITH_ADDRESS.slice(1)
    .flatMap((method) => callsOf(method, [[REFUSED], [LISTENING]])),
  // The flags are MSG_PEEK, MSG_DONTWAIT and MSG_WAITALL.
  ...callsOf("recv", [[0], [2], [99], [99, 2], [99, 64], [5, 256]]),
  ...callsOf("recv_into", [
    ...[[{ bytearray: 8 }], [{ bytearray: 8 }, 2], [{ bytearray: 0 }]],
    ...[[{ bytearray: 8 }, 0, 2], [{ bytearray: 8 }, 0, 64]],
  ]),
  ...["send", "sendall"].flatMap((method) =>
    callsOf(method, [[DATA], [{ bytes: [] }], [DATA, 64]])
  ),
  ...callsOf("recvfrom", [[0], [2], [99], [99, 2], [99, 64]]),
  ...callsOf("recvfrom_into", [
    ...[[{ bytearray: 8 }], [{ bytearray: 8 }, 2], [{ bytearray: 0 }]],
    ...[[{ bytearray: 8 }, 0, 2], [{ bytearray: 8 }, 0, 64]],
  ]),
  ...callsOf("recvmsg", [[2], [99], [99, 0, 2], [99, 0, 64]]),
  ...callsOf("recvmsg_into", [
    ...[[[{ bytearray: 2 }, { bytearray: 9 }]], [[{ bytearray: 9 }], 0, 64]],
  ]),
  ...callsOf("sendmsg", [
    ...[[[DATA]], [[DATA, DATA]], [[]], [[{ bytes: [] }]], [[DATA], [], 64]],
    ...[[[DATA], [], 0, null], [[DATA], [[0, 0, DATA]]]],
    [new Array(1025).fill(DATA)],
  ]),
  ...callsOf("sendto", [[DATA, LISTENING], [DATA, 64, LISTENING]]),
  ...callsOf("shutdown", [[0], [1], [2], [3], [-1]]),
  ...callsOf("close", [[]]),
  ...callsOf("detach", [[]]),
];

/** Calls that are right and change nothing but options and the timeout. */
const QUIET_CALLS: readonly Call[] = [
  ...callsOf("getpeername", [[]]),
  ...callsOf("getsockname", [[]]),
  ...callsOf("gettimeout", [[]]),
  ...callsOf("getblocking", [[]]),
  ...[
    ...callsOf("setblocking", [[true], [false], [2 ** 32], [-1]]),
    ...callsOf("settimeout", [[null], [0], [0.5], [true], [1e-10], [9e9]]),
  ].flatMap((call) => [call, ["gettimeout", []] as const]),
  ...callsOf("getsockopt", [
    // SO_REUSEADDR, SO_TYPE, SO_ERROR, SO_KEEPALIVE, SO_REUSEPORT,
    // SO_ACCEPTCONN, SO_PROTOCOL, SO_DOMAIN; then what is none.
    ...[2, 3, 4, 9, 15, 30, 38, 39, 9999].map((name) => [1, name]),
    ...[[1, 3, 4], [1, 3, 1], [1, 3, 100], [1, 3, 1024], [1, 3, 1025]],
    ...[[1, 3, -1], [6, 1], [41, 26], [9999, 1], [1, 3, true], [6, 9999]],
    ...[[0, 9999], [41, 9999]],
  ]),
  ...callsOf("setsockopt", [
    ...[[1, 2, 1], [1, 9, 1], [1, 15, 1], [6, 1, 1], [1, 9999, 1], [41, 26, 1]],
    ...[[9999, 1, 1], [1, 3, 1], [1, 2, { bytes: [1, 0, 0, 0] }], [1, 2, true]],
    ...[[1, 2, { bytes: [] }], [1, 2, { bytes: [1] }], [1, 9, -1]],
    ...[[6, 9999, 1], [0, 9999, 1], [41, 9999, 1], [1, 4, 0], [1, 30, 1]],
  ]),
  ...[[1, 2], [1, 9], [1, 15], [6, 1], [41, 26]]
    .map((args) => ["getsockopt", args] as const),
];

/** What tells the state that a call has left behind, without waiting. */
const PROBES: readonly Call[] = [
  ["getpeername", []],
  ["getsockname", []],
  ["settimeout", [0]],
  ["recv", [99]],
  ["recv", [99]],
  ["send", [DATA]],
  ["send", [DATA]],
  ["accept", []],
  ["shutdown", [1]],
  ["gettimeout", []],
];

const MODULE_CALLS: readonly Call[] = [
  ...callsOf("socket", [
    ...NO_INT32.flatMap((each) => [[each], [2, each], [2, 1, each]]),
    ...[[0], [999], [-2], [2, 0], [2, 5], [2, 999], [2, -2], [2, 11], [
      2,
      1,
      17,
    ]],
    ...[[2, 1, 999], [2, 1, -2], [2, 1, 262], [2, 1, 263], [10, 1, 17]],
    ...[[10, 1, 999], [1, 1, 1], [1, 1, 2], [1, 1, 999], [1, 1, -2], [1, 7]],
    ...[-1, -42, 9999, "x", 4.5].map((fileno) => [2, 1, 0, fileno]),
  ]),
  ...callsOf("setdefaulttimeout", [
    ...[[], [1, 2], ["x"], [-1], [{ float: "nan" }], [{ float: "inf" }], [{
      list: [],
    }]],
  ]),
  ...callsOf("getdefaulttimeout", [[]]),
  ...callsOf("create_connection", [
    ...[[5], [null], [[]], [["127.0.0.1"]], [["127.0.0.1", 1, 0, 0]], ["ab"]],
    ...[[[5, 80]], [["127.0.0.1", 1.5]], [["127.0.0.1", -1]], [[
      "127.0.0.1",
      {},
    ]]],
    ...[[["127.0.0.1", "nosuchsvc"]], [["127.0.0.1", HUGE]], [["", 1]]],
    ...[[["127.0.0.1", null]], [["127.0.0.1", 65536]], [["256.1.1.1", 1]]],
    ...[[REFUSED], [LISTENING], [REFUSED, { options: { timeout: "x" } }]],
    ...[[REFUSED, { options: { timeout: -1 } }]],
    ...[[REFUSED, { options: { source_address: "x" } }]],
    ...[[LISTENING, { options: { timeout: 5 } }]],
  ]),
  ...callsOf("create_server", [
    ...NO_ADDRESSES.slice(0, 20).map((each) => [each]),
    ...[[["1.2.3.4", 0]], [["256.1.1.1", 0]], [["127.0.0.1", 65536]]],
    ...[[["::1", 0]], [LISTENING], [ANY], [ANY, { options: { backlog: "x" } }]],
    ...[[ANY, { options: { family: null } }], [ANY, {
      options: { family: 10 },
    }]],
    ...[[ANY, { options: { dualstack_ipv6: true } }]],
    ...[["/nonexistent/x", { options: { family: 1 } }]],
    ...[[null, { options: { family: 1 } }], [ANY, {
      options: { backlog: -1 },
    }]],
    ...[[ANY, { options: { family: 999 } }], [ANY, {
      options: { backlog: 1.5 },
    }]],
  ]),
];

function callsOf(method: string, lists: readonly (readonly Value[])[]): Call[] {
  return lists.map((args) => [method, args]);
}

/** Whether a blocking socket would wait in the call, for good. */
function mayWait(state: string, [method, args]: Call): boolean {
  if (method === "accept") return state === "listening";
  const isNothing = args[0] === 0 && method === "recv";
  return method.startsWith("recv") && state === "idle" && !isNothing;
}

/** A wrong call leaves the socket as it was, so that one serves for all. */
export function wrongArguments(): Script[] {
  const scripts = STATES.map((state) => (
    { family: AF_INET, state, timeout: 0, calls: WRONG_CALLS }
  ));
  for (const state of ["new", "connected", "closed"]) {
    scripts.push({ family: AF_UNIX, state, timeout: 0, calls: WRONG_CALLS });
  }
  for (const state of ["new", "closed"]) {
    for (
      const [family, addresses] of [
        [AF_INET, NO_ADDRESSES],
        [AF_INET6, NO_ADDRESSES_6],
        [AF_UNIX, NO_ADDRESSES_UNIX],
      ] as const
    ) {
      const calls = [
        ...WITH_ADDRESS.flatMap((method) =>
          callsOf(method, addresses.map((each) => [each]))
        ),
        ...callsOf("sendto", addresses.map((each) => [DATA, each])),
        ...callsOf(
          "sendmsg",
          addresses.filter((each) => each !== null)
            .map((each) => [[DATA], [], 0, each]),
        ),
      ];
      scripts.push({ family, state, timeout: 0, calls });
    }
  }
  return scripts;
}

/** A right call on a socket of its own, and what it has left behind. */
export function states(): Script[] {
  const scripts: Script[] = [];
  for (const family of [AF_INET, AF_INET6, AF_UNIX]) {
    for (const state of STATES) {
      for (const timeout of family === AF_INET6 ? [null] : [null, 0]) {
        scripts.push({ family, state, timeout, calls: QUIET_CALLS });

        for (const call of RIGHT_CALLS) {
          if (timeout === null && mayWait(state, call)) continue;
          scripts.push({ family, state, timeout, calls: [call, ...PROBES] });
        }
      }
    }
  }
  return scripts;
}

/** Calls of the module's functions. */
export function moduleCalls(): Script[] {
  return MODULE_CALLS.map((call) => (
    { family: AF_INET, state: "module", timeout: null, calls: [call] }
  ));
}
