/** From figures to the table that people read. */

import type { Workload } from "./_workload.ts";

/** The figures of one contender. */
export interface Row {
  readonly contender: string;
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
  /** The median of what it was of bare Deno's in each round, if that took part. */
  readonly ratio: number | undefined;
}

/** What has become of one workload. */
export interface Result
  extends Pick<Workload, "name" | "title" | "unit" | "isMoreBetter"> {
  readonly rows: readonly Row[];
}

/** Sums the figures of a workload up. */
export function summarize(
  workload: Workload,
  figures: ReadonlyMap<string, readonly number[]>,
): Result {
  const { name, title, unit, isMoreBetter } = workload;
  const baseline = figures.get("bare Deno");
  const rows = [...figures].map(([contender, each]): Row => ({
    contender,
    median: median(each),
    lowest: Math.min(...each),
    highest: Math.max(...each),
    // A machine that is slower for a while is so for both.
    ratio: baseline && median(each.map((figure, i) => figure / baseline[i]!)),
  }));
  return { name, title, unit, isMoreBetter, rows };
}

function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const FIGURES = new Intl.NumberFormat("en", {
  minimumSignificantDigits: 3,
  maximumSignificantDigits: 3,
  useGrouping: false,
});

/** The table, with the machine and the versions. */
export async function formatReport(
  results: readonly Result[],
  rounds: number,
  missing: ReadonlyMap<string, string>,
): Promise<string> {
  const lines = [
    `${await formatMachine()}; medians of ${rounds} rounds, contenders in ` +
    "turns. The ratio to bare Deno is the median of the rounds'; ↓ less is better, ↑ more is better." +
    [...missing].map(([name, why]) => ` ${name} is left out: ${why}.`).join(""),
    "",
    "| workload | contender | median | lowest – highest | ratio |",
    "| --- | --- | --- | --- | --- |",
  ];
  for (const { name, unit, isMoreBetter, rows } of results) {
    for (const [i, row] of rows.entries()) {
      const { contender, median, lowest, highest, ratio } = row;
      const cells = [
        i === 0 ? `\`${name}\` ${isMoreBetter ? "↑" : "↓"}` : "",
        contender,
        `${FIGURES.format(median)} ${unit}`,
        `${FIGURES.format(lowest)} – ${FIGURES.format(highest)}`,
        ratio === undefined ? "" : `${ratio.toFixed(2)} ×`,
      ];
      lines.push(`| ${cells.join(" | ")} |`);
    }
  }
  return lines.join("\n");
}

async function formatMachine(): Promise<string> {
  const parts = [
    `Deno ${Deno.version.deno}`,
    ...await Promise.all([
      ask("python3", ["-c", "import sys; print('CPython', sys.version[:6])"]),
      ask("python3", ["-c", "import trio; print('trio', trio.__version__)"]),
    ]),
  ].filter((part) => part !== "");
  const cores = navigator.hardwareConcurrency;
  return `${parts.join(", ")} on ${Deno.build.os} ${Deno.osRelease()}, ` +
    `${cores} cores of ${await findProcessor()}`;
}

async function ask(command: string, args: string[]): Promise<string> {
  try {
    const { success, stdout } = await new Deno.Command(command, {
      args,
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout).trim() : "";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

async function findProcessor(): Promise<string> {
  if (Deno.build.os !== "linux") return Deno.build.arch;
  const info = await Deno.readTextFile("/proc/cpuinfo");
  return info.match(/^model name\s*: (.*)$/m)?.[1] ?? Deno.build.arch;
}
