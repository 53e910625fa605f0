/**
 * Echo and bulk transfer: this package beside the bare Deno calls and CPython,
 * in one run. Every end is a process of its own, rounds of the contenders take
 * turns, and each checks that every byte has arrived.
 *
 * Run:  deno task bench
 */

import { parseArgs } from "@std/cli/parse-args";

/** A role for each end; `peer` listens, `role` connects and takes the time. */
interface Workload {
  readonly name: string;
  readonly unit: string;
  readonly role: string;
  readonly peerRole: string;
  /** Who plays the peer: the contender itself, or one and the same for all. */
  readonly peer: "itself" | "cpython";
  readonly size: number;
  readonly count: number;
  /** From the seconds of a run to what the table shows. */
  readonly toFigure: (seconds: number) => number;
  readonly isMoreBetter: boolean;
}

const ROUND_TRIPS = 30_000;
const PIECE = 64 * 1024;
const PIECES = 30_000;
const toGigabytes = (seconds: number) => PIECE * PIECES / seconds / 1e9;

const WORKLOADS: readonly Workload[] = [
  {
    name: "ping-pong, 64 bytes, both ends",
    unit: "µs a round trip",
    role: "ping",
    peerRole: "echo",
    peer: "itself",
    size: 64,
    count: ROUND_TRIPS,
    toFigure: (seconds) => seconds / ROUND_TRIPS * 1e6,
    isMoreBetter: false,
  },
  {
    name: "bulk recv_into, 64 KiB, from CPython",
    unit: "GB/s",
    role: "drain",
    peerRole: "source",
    peer: "cpython",
    size: PIECE,
    count: PIECES,
    toFigure: toGigabytes,
    isMoreBetter: true,
  },
  {
    name: "bulk sendall, 64 KiB, to CPython",
    unit: "GB/s",
    role: "pour",
    peerRole: "sink",
    peer: "cpython",
    size: PIECE,
    count: PIECES,
    toFigure: toGigabytes,
    isMoreBetter: true,
  },
];

const FOLDER = import.meta.dirname!;
const CONTENDERS: Readonly<Record<string, readonly string[]>> = {
  "this package": [Deno.execPath(), "run", "-A", `${FOLDER}/_ours.ts`],
  "bare Deno": [Deno.execPath(), "run", "-A", `${FOLDER}/_bare.ts`],
  "CPython": ["python3", `${FOLDER}/_cpython.py`],
};

function start(contender: string, args: (string | number)[]) {
  const [program = "", ...rest] = CONTENDERS[contender]!;
  return new Deno.Command(program, {
    args: [...rest, ...args.map(String)],
    stdout: "piped",
  }).spawn();
}

/** The lines of a program's output, one by one. */
async function* linesOf(process: Deno.ChildProcess): AsyncGenerator<string> {
  let text = "";
  for await (
    const part of process.stdout.pipeThrough(new TextDecoderStream())
  ) {
    text += part;
    const lines = text.split("\n");
    text = lines.pop()!;
    yield* lines;
  }
}

/** Runs a workload once, and returns the seconds that it took. */
async function run(contender: string, workload: Workload): Promise<number> {
  const { role, peerRole, size, count } = workload;
  const peerName = workload.peer === "cpython" && hasPython
    ? "CPython"
    : workload.peer === "cpython"
    ? "bare Deno"
    : contender;
  const peer = start(peerName, [peerRole, 0, size, count]);
  const peerLines = linesOf(peer);
  const { value: port } = await peerLines.next();
  const process = start(contender, [role, port!, size, count]);
  const { value: seconds } = await linesOf(process).next();
  await peerLines.return(undefined);
  const ends = await Promise.all([process.status, peer.status]);
  if (!ends.every(({ success }) => success)) {
    throw new Error(`${contender} failed at ${workload.name}`);
  }
  return Number(seconds);
}

function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

async function canRun(program: string): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args: ["--version"] }).output())
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

const args = parseArgs(Deno.args, {
  string: ["rounds"],
  default: { rounds: "9" },
});
const rounds = Number(args.rounds);
const hasPython = await canRun("python3");
const names = Object.keys(CONTENDERS)
  .filter((name) => name !== "CPython" || hasPython);
if (!hasPython) console.error("python3 is missing: CPython is left out");

console.log(`Deno ${Deno.version.deno}, medians of ${rounds} rounds\n`);
console.log(
  "| workload | contender | median | lowest–highest | to bare Deno |",
);
console.log("| --- | --- | --- | --- | --- |");
for (const workload of WORKLOADS) {
  const figures = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    // Each contender is first as often as the others.
    const turns = names.map((_, i) => names[(i + round) % names.length]!);
    for (const name of turns) {
      const seconds = await run(name, workload);
      figures.get(name)!.push(workload.toFigure(seconds));
    }
  }
  const baseline = median(figures.get("bare Deno")!);
  for (const [name, each] of figures) {
    const cells = [
      workload.name,
      name,
      `${median(each).toFixed(2)} ${workload.unit}`,
      `${Math.min(...each).toFixed(2)}–${Math.max(...each).toFixed(2)}`,
      `${(median(each) / baseline).toFixed(2)} ×`,
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}
