/** Many connections: at once, one after the other, and idle. */

import { Program } from "../_programs.ts";
import { runPair, type Workload } from "../_workload.ts";

const SIZE = 64;
const TRIPS = 60_000;
const VISITS = 4_000;
const CROWD = 10_000;

const SERVERS = [
  ...["pysocket", "bare Deno", "node in Deno", "CPython", "asyncio", "trio"],
];

/** Echoes per second of a server, over so many connections at once. */
function load(
  name: string,
  connections: number,
  contenders: readonly string[],
  what: string,
): Workload {
  return {
    name,
    title: `${what}: ${TRIPS} echoes of ${SIZE} bytes over ${connections} ` +
      "connections, the clients in bare Deno",
    unit: "1,000/s",
    isMoreBetter: true,
    contenders,
    measure: async (contender) =>
      TRIPS / await runPair(contender, {
        listener: { role: "serve" },
        connector: { role: "", by: "load" },
        size: SIZE,
        count: TRIPS,
        more: [connections],
      }) / 1e3,
  };
}

/** What a crowd of idle clients costs a server. */
async function runCrowd(contender: string, count: number): Promise<{
  readonly seconds: number;
  readonly memory: number;
  readonly roundSeconds: number;
}> {
  await using server = new Program(contender, ["serve", 0, SIZE, 0]);
  const address = await server.line();
  const before = await server.memory();
  await using crowd = new Program("crowd", [address, count]);
  const seconds = Number(await crowd.line());
  const memory = await server.memory() - before;
  await crowd.goOn();
  const roundSeconds = Number(await crowd.line());
  await crowd.end();
  return { seconds, memory, roundSeconds };
}

function crowd(
  name: string,
  title: string,
  unit: string,
  contenders: readonly string[],
  measure: (contender: string) => Promise<number>,
): Workload {
  return {
    name,
    title: `${CROWD} idle connections: ${title}`,
    unit,
    isMoreBetter: false,
    contenders,
    measure,
  };
}

const EVENT_LOOPS = SERVERS.filter((name) => name !== "CPython");

/** Workloads 3, 4, 8 and 9, and how it scales. */
export const CONNECTIONS: readonly Workload[] = [
  load("echo_64", 64, SERVERS, "echo server"),
  load(
    "selectors",
    64,
    ["pysocket selectors", "bare Deno", "pysocket", "CPython selectors"],
    "echo server on selectors",
  ),
  {
    name: "churn",
    title: `${VISITS} connections, one after the other, to CPython`,
    unit: "1,000/s",
    isMoreBetter: true,
    contenders: ["pysocket", "bare Deno", "node in Deno", "CPython", "asyncio"],
    measure: async (contender) =>
      VISITS / await runPair(contender, {
        listener: { role: "greet", by: "CPython" },
        connector: { role: "churn" },
        size: 0,
        count: VISITS,
      }) / 1e3,
  },
  crowd(
    "idle_time",
    "until all are accepted",
    "s",
    EVENT_LOOPS,
    async (contender) => (await runCrowd(contender, CROWD)).seconds,
  ),
  crowd(
    "idle_memory",
    "memory of the server for each",
    "kB",
    EVENT_LOOPS,
    async (contender) =>
      (await runCrowd(contender, CROWD)).memory / CROWD / 1e3,
  ),
  crowd(
    "idle_round",
    "an echo over each",
    "s",
    EVENT_LOOPS,
    async (contender) => (await runCrowd(contender, CROWD)).roundSeconds,
  ),
  ...[1, 10, 100, 1_000, 10_000].map((connections) =>
    load(
      `scale_${connections}`,
      connections,
      ["pysocket", "bare Deno"],
      "echo server",
    )
  ),
];
