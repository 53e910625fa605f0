/**
 * Measures this package beside what people would use instead, in one run:
 * contenders take turns, every end is a process of its own, and each checks that
 * every byte has arrived.
 *
 * Run:  deno task bench                  everything, and the table
 *       deno task bench ping echo_64     these workloads alone
 *       deno task bench --rounds 3 --json out.json
 */

import { parseArgs } from "@std/cli/parse-args";
import { findMissing } from "./_programs.ts";
import { formatReport, type Result, summarize } from "./_report.ts";
import type { Workload } from "./_workload.ts";
import { CONNECTIONS } from "./workloads/connections.ts";
import { DATAGRAM } from "./workloads/datagrams.ts";
import { FILES } from "./workloads/files.ts";
import { STARTUP } from "./workloads/startup.ts";
import { STREAMS } from "./workloads/streams.ts";

const WORKLOADS: readonly Workload[] = [
  ...STREAMS,
  ...DATAGRAM,
  ...FILES,
  ...CONNECTIONS,
  ...STARTUP,
];

const USAGE = `Usage: deno task bench [WORKLOAD…] [options]

  --rounds N   how often each is measured (7)
  --json FILE  write the figures there, too
  --keep       put the table into bench/README.md
  --list       the workloads
  --help       this text`;

/** Measures one workload, the contenders in turns. */
async function measure(
  workload: Workload,
  rounds: number,
  missing: ReadonlyMap<string, string>,
): Promise<Result> {
  const here = workload.contenders.filter((name) =>
    ![...missing.keys()].some((each) => name.split(" ")[0] === each)
  );
  const figures = new Map<string, number[]>(here.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    // Each contender is first as often as the others.
    for (const i of here.keys()) {
      const name = here[(i + round) % here.length]!;
      figures.get(name)!.push(await workload.measure(name));
    }
  }
  return summarize(workload, figures);
}

async function bench(args: string[]): Promise<number> {
  let unknown: string | undefined;
  const { _: names, rounds, json, keep, list, help } = parseArgs(args, {
    string: ["_", "rounds", "json"],
    boolean: ["keep", "list", "help"],
    default: { rounds: "7" },
    unknown: (option, key) => {
      if (key !== undefined) unknown ??= option;
    },
  });
  const chosen = WORKLOADS.filter(({ name }) =>
    names.length === 0 || names.includes(name)
  );
  unknown ??= names.map(String)
    .find((name) => !WORKLOADS.some((each) => each.name === name));
  if (unknown !== undefined || !/^[1-9]\d*$/.test(rounds)) {
    console.error(`Cannot take "${unknown ?? rounds}"\n\n${USAGE}`);
    return 2;
  }
  if (help || list) {
    const rows = WORKLOADS.map(({ name, title }) => `${name}: ${title}`);
    console.log(list ? rows.join("\n") : USAGE);
    return 0;
  }
  const folder = await Deno.makeTempDir({ prefix: "pysocket_bench_" });
  try {
    const missing = await findMissing(folder);
    for (const [name, reason] of missing) {
      console.error(`${name} is left out: ${reason}`);
    }
    const results: Result[] = [];
    for (const [i, workload] of chosen.entries()) {
      console.error(`${i + 1}/${chosen.length} ${workload.name}`);
      results.push(await measure(workload, Number(rounds), missing));
    }
    const report = await formatReport(results, Number(rounds), missing);
    console.log(report);
    if (json !== undefined) {
      await Deno.writeTextFile(json, `${JSON.stringify(results, null, 2)}\n`);
    }
    if (keep) await keepReport(report);
    return 0;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Puts the report in the place of the last one. */
async function keepReport(report: string): Promise<void> {
  const path = `${import.meta.dirname}/README.md`;
  const text = await Deno.readTextFile(path);
  const kept = text.replace(
    /(<!-- begin -->\n)[^]*(\n<!-- end -->)/,
    (_, begin, end) => `${begin}\n${report}\n${end}`,
  );
  await Deno.writeTextFile(path, kept);
}

if (import.meta.main) Deno.exit(await bench(Deno.args));
