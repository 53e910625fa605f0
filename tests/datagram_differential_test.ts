/**
 * The same lines on CPython's datagram sockets and on ours, in each way in which
 * ours are made: with Deno's `--unstable-net` and without, with the descriptor
 * and without. Which way it is must not show.
 */

import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { type Lines, SCRIPTS } from "./_datagram_scripts.ts";
import { NO_IPV6, NO_UNIX, testUnless } from "./_pairs.ts";
import { Process } from "./_process.ts";
import { askPython } from "./_python.ts";

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
    not: ["REUSEPORT", "UNIX", "PAIRS"],
  },
];

/** What each line of each script comes to by a way. */
async function ask(
  { flags }: Way,
  scripts: readonly Lines[],
): Promise<string[][]> {
  const args = ["run", "--no-config", "--no-lock", ...flags, RUNNER];
  await using process = new Process(Deno.execPath(), args);
  await process.write(JSON.stringify(scripts));
  await process.endInput();
  const { code, stdout, stderr } = await process.outcome();
  assertEquals(code, 0, stderr);
  return JSON.parse(stdout);
}

/** Ports are the system's choice. */
function withoutPort(outcome: string | undefined): string | undefined {
  return outcome?.replaceAll(/', \d{4,5}/g, "', PORT");
}

/** The lines whose outcomes differ, each after those before it. */
function compare(
  scripts: readonly Lines[],
  theirs: readonly string[][],
  ours: readonly string[][],
): string[] {
  return scripts.flatMap((lines, i) => {
    const [python, us] = [theirs[i], ours[i]].map((each) =>
      each?.map(withoutPort) ?? []
    ) as [string[], string[]];
    const at = lines.findIndex((_, j) => python[j] !== us[j]);
    if (at < 0) return [];
    const before = lines.slice(0, at + 1).join("; ");
    return [`${before}\n  CPython: ${python[at]}\n  ours:    ${us[at]}`];
  });
}

const MISSING: Readonly<Record<string, string | undefined>> = {
  UDP6: NO_IPV6,
  UNIX: NO_UNIX,
  PAIRS: NO_UNIX,
};

for (const [name, scripts] of Object.entries(SCRIPTS)) {
  const python = await askPython<string[]>("lines.py", scripts);
  const reason = MISSING[name] ?? python.reason;
  for (const way of WAYS) {
    if (way.not.includes(name)) continue;
    testUnless(
      reason,
      `datagrams of ${name} by ${way.name} are CPython's`,
      async () => {
        const { outcomes: theirs = [] } = python;
        const ours = await ask(way, scripts);
        assertEquals(compare(scripts, theirs, ours).join("\n"), "");
      },
    );
  }
}
