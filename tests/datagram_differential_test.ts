/**
 * The same lines on CPython's datagram sockets and on ours, in each way in which
 * ours are made: with Deno's `--unstable-net` and without, with the descriptor
 * and without. Which way it is must not show.
 */

import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { type Lines, SCRIPTS } from "./_datagram_scripts.ts";
import { NO_IPV6, NO_UNIX } from "./_pairs.ts";
import { Process } from "./_process.ts";

const LINES = join(import.meta.dirname!, "peers", "lines.py");
const RUNNER = join("tests", "_datagram_runner.ts");

interface Way {
  readonly name: string;
  readonly flags: readonly string[];
  /** What it cannot do, and says so. */
  readonly not: readonly string[];
}

const WAYS: readonly Way[] = [
  {
    name: "Deno.listenDatagram and the descriptor",
    flags: ["-A", "--unstable-net"],
    not: [],
  },
  {
    name: "Deno.listenDatagram",
    flags: ["-A", "--deny-ffi", "--unstable-net"],
    not: [],
  },
  {
    name: "node:dgram",
    flags: ["-A", "--deny-ffi"],
    not: ["UNIX", "REUSEPORT"],
  },
];

/** What each line of each script comes to in a process. */
async function ask(
  command: string,
  args: readonly string[],
  scripts: readonly Lines[],
): Promise<string[][]> {
  await using process = new Process(command, [...args]);
  await process.write(JSON.stringify(scripts));
  await process.endInput();
  const { code, stdout, stderr } = await process.outcome();
  assertEquals(code, 0, stderr);
  // Ports are the system's choice, and so is whether a name is an option's.
  return JSON.parse(stdout.replaceAll(/', \d{4,5}/g, "', PORT"));
}

/** The lines whose outcomes differ, each after those before it. */
function compare(
  scripts: readonly Lines[],
  theirs: string[][],
  ours: string[][],
): string[] {
  return scripts.flatMap((lines, i) => {
    const at = lines.findIndex((_, j) => theirs[i]![j] !== ours[i]![j]);
    if (at < 0) return [];
    const before = lines.slice(0, at + 1).join("; ");
    return [
      `${before}\n  CPython: ${theirs[i]![at]}\n  ours:    ${ours[i]![at]}`,
    ];
  });
}

for (const [name, scripts] of Object.entries(SCRIPTS)) {
  const missing = name === "UDP6"
    ? NO_IPV6
    : name === "UNIX"
    ? NO_UNIX
    : undefined;
  for (const { name: wayName, flags, not } of WAYS) {
    if (not.includes(name)) continue;
    Deno.test({
      name: `datagrams of ${name} by ${wayName} are CPython's`,
      ignore: missing !== undefined,
      async fn() {
        const runner = ["run", "--no-config", "--no-lock", ...flags, RUNNER];
        const theirs = await ask("python3", [LINES], scripts);
        const ours = await ask(Deno.execPath(), runner, scripts);
        assertEquals(compare(scripts, theirs, ours).join("\n"), "");
      },
    });
  }
}
