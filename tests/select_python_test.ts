/**
 * `select` and the selectors beside CPython's: the same calls on both sides, and
 * the same states of sockets.
 */

import { assert, assertEquals } from "@std/assert";
import { pipe } from "./_python.ts";
import { STATES } from "./_readiness.ts";
import type { Value } from "./_scripts.ts";
import { run } from "./_select_rows.ts";
import { selectScripts } from "./_select_scripts.ts";

/** The Python whose words are ours: other versions have a few others. */
const ONLY = "3.11 on linux";

const scripts = selectScripts();
const python = await pipe<Answer>(
  "select_rows.py",
  JSON.stringify(scripts),
);
const reason = findReason();

function testWithPython(
  name: string,
  fn: (python: Answer) => Promise<void> | void,
): void {
  Deno.test({
    name: reason === undefined ? name : `${name} (ignored: ${reason})`,
    ignore: reason !== undefined,
    async fn() {
      assert(python, "PYSOCKET_PEERS is required, and python3 does not run");
      await fn(python);
    },
  });
}

testWithPython("select() and selectors answer as CPython's", async (python) => {
  const differences: string[] = [];
  for (const [i, script] of scripts.entries()) {
    const ours = await run(script);
    for (const [j, theirs] of python.outcomes[i]!.entries()) {
      if (isSame(theirs, ours[j]!)) continue;
      differences.push([
        `${script.target}: ${JSON.stringify(script.calls.slice(0, j + 1))}`,
        `    CPython: ${JSON.stringify(theirs)}`,
        `    ours:    ${JSON.stringify(ours[j])}`,
      ].join("\n"));
    }
  }
  assertEquals(differences.join("\n"), "");
});

testWithPython("select() finds ready what CPython's does", (python) => {
  const ours = Object.entries(STATES).map(([name, [ready]]) => [name, ready]);
  assertEquals(Object.fromEntries(ours), python.states);
});

/** CPython 3.11.2 still had the same words for all times that are too long. */
function isSame(theirs: Value, ours: Value): boolean {
  const [one, other] = [theirs, ours].map((value) => JSON.stringify(value));
  return one === other ||
    one === other?.replace(
        "timestamp out of range for platform time_t",
        "timestamp too large to convert to C _PyTime_t",
      );
}

interface Answer {
  /** The version and the system, as in `3.11 on linux`. */
  readonly python: string;
  /** What the calls of each script came to. */
  readonly outcomes: Value[][];
  /** What each state of a socket is ready for. */
  readonly states: Record<string, string>;
}

function findReason(): string | undefined {
  const isRequired = Deno.env.get("PYSOCKET_PEERS") === "required";
  if (!python) return isRequired ? undefined : "no python3";
  return python.python === ONLY ? undefined : `not Python ${ONLY}`;
}
