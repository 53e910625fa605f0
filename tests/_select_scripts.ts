/**
 * Calls of `select` and of the selectors that CPython and this package both
 * make, for `select_python_test.ts`.
 */

import type { Call, Value } from "./_scripts.ts";

/** Calls made one after the other on one target, with sockets of their own. */
export interface SelectScript {
  /** `select` for the module's functions, else the selector's class. */
  readonly target: string;
  readonly calls: readonly Call[];
}

/** The selectors that CPython has on Linux. */
export const SELECTORS = ["SelectSelector", "PollSelector", "EpollSelector"];

const IDLE = { sock: "idle" };
const NEWS = { sock: "news" };
const FRESH = { sock: "fresh" };
const LISTENING = { sock: "listening" };
const CLOSED = { sock: "closed" };

/** Times that are none, or too long, and some that are right. */
const TIMES: readonly Value[] = [
  ...["x", "", { bytes: [] }, {}, true, false, -1, -0.5, 0, 0.5, 1e-10],
  ...[{ float: "nan" }, { float: "inf" }, { float: "-inf" }],
  ...[{ int: "9223372036854775808" }, { int: "-9223372036854775808" }],
  ...[{ int: "1" + "0".repeat(30) }, 9223372036, 9223372036.8, 8e9 + 0.5],
  ...[2147483, 2147483.5, 2147483.647, 2147484, 2147483.6471],
];

/** What is no file object, or one of nothing. */
const NO_FILES: readonly Value[] = [
  ...["x", "", null, 1.5, -1, -5, 1024, 5000, 2 ** 31],
  ...[{ int: "1" + "0".repeat(30) }, CLOSED, { bytes: [1] }],
  ...[{ says: "x" }, { says: null }, { says: -5 }, { says: 2 ** 31 }],
];

/** What is no number of events, or stands for others. */
const NO_EVENTS: readonly Value[] = [
  ...[0, 4, 5, -1, 2 ** 40, "x", "", null, 1.5, { bytes: [1] }],
  ...[{ int: "1" + "0".repeat(30) }],
];

/** Calls of `select()`. */
function selectCalls(): Call[] {
  const all = [IDLE, NEWS, FRESH, LISTENING];
  return [
    ...[[], [[]], [[], []], [[], [], [], 0, 0]],
    ...[[5, [], []], [null, [], []], [[], 5, []], [[], [], null], [[], [], 1]],
    ...[["x", [], []], ["", [], [], 0], [5, 5, 5, "x"]],
    ...[[["x"], 5, []], [["x"], [-1], []], [[IDLE, -1], [], [], 0]],
    ...[[[], [], [], 0], [[], [], [], 0.01]],
    ...TIMES.map((time) => [[FRESH], [], [], time]),
    ...[0, 1, 2].flatMap((i) =>
      NO_FILES.map((each) => {
        const lists: Value[] = [[], [], []];
        lists[i] = [each];
        return [...lists, 0];
      })
    ),
    ...[[all, all, all, 0], [all, [], [], 0], [[], all, [], 1]],
    ...[[[], [], all, 0]],
    ...[[[NEWS, NEWS], [NEWS], [], 0], [[{ has: "news" }], [], [], 0]],
    ...[[new Array(1024).fill(IDLE), [], [], 0]],
    ...[[new Array(1025).fill(IDLE), [], [], 0]],
  ].map((args) => ["select", args as Value[]]);
}

/** Calls on a selector that is made for each of these lists. */
const SEQUENCES: readonly (readonly Call[])[] = [
  ...TIMES.map((time): Call[] => [
    ["register", [FRESH, 3]],
    ["select", [time]],
  ]),
  ...NO_EVENTS.map((events): Call[] => [
    ["register", [IDLE, events]],
    ["register", [IDLE, 1, "old"]],
    ["modify", [IDLE, events, "new"]],
    ["get_map", []],
    ["select", [0]],
  ]),
  ...NO_FILES.map((each): Call[] => [
    ...["unregister", "get_key"].map((method): Call => [method, [each]]),
    ["modify", [each, 1]],
    ...(isUnknownNumber(each) ? [] : [["register", [each, 1]] as const]),
  ]),
  [["register", [IDLE, 3]], ["select", []], ["select", [0]], ["select", [5]]],
  [["register", [NEWS, 1, "data"]], ["select", []], ["select", [0]]],
  [["register", [NEWS, 2]], ["select", []], ["register", [FRESH, 2]]],
  [["register", [LISTENING, 3]], ["select", [0]], ["select", [0.01]]],
  [
    ["register", [IDLE, 1]],
    ["register", [IDLE, 1]],
    ["register", [IDLE, 0]],
    ["register", [{ has: "idle" }, 2]],
    ["get_key", [IDLE]],
    ["get_key", [{ has: "idle" }]],
    ["unregister", [{ has: "idle" }]],
    ["unregister", [IDLE]],
    ["get_key", [IDLE]],
    ["modify", [IDLE, 1]],
    ["get_map", []],
  ],
  [
    ["register", [IDLE, 1, "a"]],
    ["modify", [IDLE, 3, "b"]],
    ["select", []],
    ["modify", [IDLE, 3]],
    ["get_key", [IDLE]],
    ["modify", [IDLE, 1, "c"]],
    ["select", [0]],
  ],
  [
    ["register", [IDLE, 1, "a"]],
    ["close_socket", ["idle"]],
    ["select", [0]],
    ["select", [0.01]],
    ["get_key", [IDLE]],
    ["get_map", []],
    ["modify", [IDLE, 1, "b"]],
    ["modify", [IDLE, 2, "c"]],
    ["get_map", []],
    ["select", [0]],
    ["unregister", [IDLE]],
    ["register", [IDLE, 1]],
    ["select", [0]],
  ],
  [
    ["register", [IDLE, 3, "a"]],
    ["register", [NEWS, 1, "b"]],
    ["close_socket", ["idle"]],
    ["unregister", [IDLE]],
    ["select", []],
  ],
  [
    ["register", [IDLE, 1]],
    ["close", []],
    ["get_map", []],
    ["get_key", [IDLE]],
    ["get_key", ["x"]],
    ["unregister", [IDLE]],
    ["modify", [IDLE, 1]],
    ["select", [0]],
    ["select", ["x"]],
    ["register", [IDLE, 0]],
    ["register", [CLOSED, 1]],
    ["register", [IDLE, 2]],
    ["select", [0]],
    ["close", []],
  ],
];

/** Deno tells no descriptors, so no number is one, which CPython finds later. */
function isUnknownNumber(value: Value): boolean {
  return typeof value === "number" && value >= 2 ||
    /int|says":2/.test(JSON.stringify(value));
}

/** All scripts. */
export function selectScripts(): SelectScript[] {
  return [
    ...selectCalls().map((call) => ({ target: "select", calls: [call] })),
    ...SELECTORS.flatMap((target) =>
      SEQUENCES.map((calls) => ({ target, calls }))
    ),
  ];
}
