/** UDP: round trips, and one direction with an acknowledgment for every 64. */

import { runPair, type Workload } from "../_workload.ts";

const TRIPS = 20_000;
const DATAGRAMS = 128_000;

/** Workload 6. */
export const DATAGRAM: readonly Workload[] = [
  {
    name: "udp_ping",
    title: `UDP: ${TRIPS} round trips of 64 bytes into arrays of 64, both ends`,
    unit: "µs",
    isMoreBetter: false,
    contenders: [
      ...["pysocket", "bare Deno", "node in Deno", "CPython", "asyncio"],
      "trio",
    ],
    measure: async (contender) =>
      await runPair(contender, {
        listener: { role: "udp_echo" },
        connector: { role: "udp_ping" },
        size: 64,
        count: TRIPS,
      }) / TRIPS * 1e6,
  },
  {
    name: "udp_flood",
    title:
      `UDP: ${DATAGRAMS} datagrams of 512 bytes, an acknowledgment for every ` +
      "64, both ends",
    unit: "1,000/s",
    isMoreBetter: true,
    contenders: ["pysocket", "bare Deno", "CPython"],
    measure: async (contender) =>
      DATAGRAMS / await runPair(contender, {
        listener: { role: "udp_sink" },
        connector: { role: "udp_flood" },
        size: 512,
        count: DATAGRAMS,
      }) / 1e3,
  },
];
