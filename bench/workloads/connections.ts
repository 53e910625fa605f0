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

const EVENT_LOOPS = SERVERS.filter((name) => name !== "CPython");

function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** Echoes per second of a server, over so many connections at once. */
function load(
  name: string,
  connections: number,
  contenders: readonly string[],
  what: string,
): Workload {
  return {
    name,
    title: `${what}: ${TRIPS} echoes of ${SIZE} bytes into arrays of ${SIZE} ` +
      `over ${countOf(connections, "connection")}, the clients in bare Deno`,
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

/** The same with several processes that listen at one port. */
function shareLoad(name: string, processes: number): Workload {
  return {
    name,
    title:
      `${
        countOf(processes, "server")
      } of one port by SO_REUSEPORT, ${TRIPS} echoes ` +
      `of ${SIZE} bytes over 64 connections, two clients in bare Deno`,
    unit: "1,000/s",
    isMoreBetter: true,
    contenders: ["pysocket", "bare Deno", "CPython"],
    measure: async (contender) => {
      await using servers = new AsyncDisposableStack();
      let address = "0";
      for (let i = 0; i < processes; i++) {
        const args = ["serve", address, SIZE, TRIPS, "shared"];
        const server = servers.use(new Program(contender, args));
        address = await server.line();
      }
      const half = TRIPS / 2;
      const seconds = await Promise.all([0, 1].map(async () => {
        await using load = new Program("load", [address, SIZE, half, 32]);
        const line = await load.line();
        await load.end();
        return Number(line);
      }));
      return TRIPS / Math.max(...seconds) / 1e3;
    },
  };
}

/** How the rate and the memory of a server grow with its connections. */
function scale(connections: number): readonly Workload[] {
  const contenders = ["pysocket", "bare Deno"];
  const measureMemory = async (contender: string) => {
    await using server = new Program(contender, ["serve", 0, SIZE, 0]);
    await using load = new Program("load", [
      ...[await server.line(), SIZE, TRIPS, connections],
    ]);
    await load.line();
    return await server.memory() / 1e6;
  };
  return [
    load(`scale_${connections}`, connections, contenders, "echo server"),
    {
      name: `scale_${connections}_memory`,
      title: `the memory of that server after ${2 * TRIPS} echoes`,
      unit: "MB",
      isMoreBetter: false,
      contenders,
      measure: measureMemory,
    },
  ];
}

/** What a crowd of idle clients costs a server: seconds and bytes. */
interface Cost {
  readonly time: number;
  readonly memory: number;
  readonly round: number;
}

async function runCrowd(contender: string): Promise<Cost> {
  await using server = new Program(contender, ["serve", 0, SIZE, 0]);
  const address = await server.line();
  const before = await server.memory();
  await using crowd = new Program("crowd", [address, CROWD]);
  const time = Number(await crowd.line());
  const memory = await server.memory() - before;
  await crowd.goOn();
  const round = Number(await crowd.line());
  await crowd.end();
  return { time, memory, round };
}

/** Runs whose figures not every workload has had: one run has one for each. */
const runs = new Map<string, Promise<Cost>[]>();

/** One figure of the next run that this workload has not seen. */
function crowd(
  key: keyof Cost,
  title: string,
  unit: string,
  format: (figure: number) => number,
): Workload {
  const seen = new Map<string, number>();
  return {
    name: `idle_${key}`,
    title: `${CROWD} idle connections: ${title}`,
    unit,
    isMoreBetter: false,
    contenders: EVENT_LOOPS,
    measure: async (contender) => {
      const all = runs.get(contender) ?? [];
      runs.set(contender, all);
      const next = seen.get(contender) ?? 0;
      seen.set(contender, next + 1);
      return format((await (all[next] ??= runCrowd(contender)))[key]);
    },
  };
}

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
  crowd("time", "until all are accepted", "s", (figure) => figure),
  crowd(
    "memory",
    "memory of the server for each",
    "kB",
    (figure) => figure / CROWD / 1e3,
  ),
  crowd("round", "an echo over each", "s", (figure) => figure),
  ...[1, 10, 100, 1_000, 10_000].flatMap(scale),
  ...[1, 2].map((processes) => shareLoad(`shared_${processes}`, processes)),
];
