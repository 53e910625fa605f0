/** One connection: round trips, bulk in one direction, small pieces. */

import { type Pair, runPair, type Workload } from "../_workload.ts";

const EVERYBODY = [
  ...["pysocket", "bare Deno", "node in Deno", "CPython", "asyncio", "trio"],
  "C",
];

const TRIPS = 20_000;

function pingPong(
  name: string,
  title: string,
  contenders: readonly string[],
  isUnix = false,
): Workload {
  const pair: Pair = {
    listener: { role: "echo" },
    connector: { role: "ping" },
    size: 64,
    count: TRIPS,
    isUnix,
  };
  return {
    name,
    title: `${title}: ${TRIPS} round trips of 64 bytes into arrays of 64, ` +
      "both ends",
    unit: "µs",
    isMoreBetter: false,
    contenders,
    measure: async (contender) => await runPair(contender, pair) / TRIPS * 1e6,
  };
}

/** So much goes in one direction, and so many small pieces. */
const BULK = 2 * 1024 ** 3;
const SMALL_PIECES = 1_000_000;

function bulk(
  name: string,
  title: string,
  size: number,
  contenders: readonly string[],
  roles: Pick<Pair, "listener" | "connector">,
  total = BULK,
): Workload {
  const count = total / size;
  return {
    name,
    title: `${title}: ${Math.round(total / 1024 ** 2)} MiB in pieces of ` +
      format(size),
    unit: "GB/s",
    isMoreBetter: true,
    contenders,
    measure: async (contender) =>
      total / await runPair(contender, { ...roles, size, count }) / 1e9,
  };
}

function format(size: number): string {
  return size < 1024 ? `${size} B` : `${size / 1024} KiB`;
}

const SOURCE = { role: "source", by: "CPython" };
const SINK = { role: "sink", by: "CPython" };

/** Workloads 1, 2, 5, 10 and 12. */
export const STREAMS: readonly Workload[] = [
  pingPong("ping", "TCP", EVERYBODY),
  pingPong("ping_timeout", "TCP, ours and CPython's with settimeout(5)", [
    ...["pysocket timeout", "bare Deno", "CPython timeout"],
  ]),
  pingPong("ping_unix", "Unix", EVERYBODY, true),
  pingPong("events", "TCP, with the events watched and without", [
    ...["pysocket", "pysocket watched", "bare Deno"],
  ]),
  ...[1, 16, 64, 256].map((size) =>
    bulk(
      `recv_${size}k`,
      "recv, a new array each, from CPython",
      size * 1024,
      ["pysocket", "bare Deno", "node in Deno", "CPython", "asyncio"],
      { listener: SOURCE, connector: { role: "gather" } },
      size === 1 ? BULK / 4 : BULK,
    )
  ),
  bulk(
    "recv_into",
    "recv_into, one array, from CPython",
    65536,
    ["pysocket", "bare Deno", "CPython"],
    { listener: SOURCE, connector: { role: "drain" } },
  ),
  bulk(
    "sendall",
    "sendall to CPython",
    65536,
    ["pysocket", "bare Deno", "node in Deno", "CPython", "asyncio"],
    { listener: SINK, connector: { role: "pour" } },
  ),
  ...[64, 1024].map((size) =>
    bulk(
      `send_${size}`,
      "send to CPython",
      size,
      ["pysocket", "bare Deno", "CPython"],
      { listener: SINK, connector: { role: "trickle" } },
      size * SMALL_PIECES,
    )
  ),
];
