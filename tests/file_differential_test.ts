/**
 * The same steps with CPython's file objects and ours: every value and every
 * error is measured here and not written down.
 */

import { assertEquals } from "@std/assert";
import { GROUPS, type Script, type Step, type Value } from "./_file_scripts.ts";
import { run } from "./_files.ts";
import { testUnless } from "./_pairs.ts";
import { askPython } from "./_python.ts";

/** So often a script is tried, as a busy machine may let a timeout come early. */
const TRIES = 3;

interface Difference {
  readonly script: Script;
  /** The first step that does not come to the same. */
  readonly step: Step;
  readonly theirs: Value;
  readonly ours: Value;
}

/** A difference that the design wants, with the reason. */
interface Wanted {
  readonly reason: string;
  readonly isIt: (difference: Difference) => boolean;
}

const WANTED: readonly Wanted[] = [
  {
    reason: "CPython's readline(size) of a pair may return more than size.",
    isIt: ({ script, step: [, method, size], theirs }) =>
      method === "readline" && isPair(script) &&
      lengthOf(theirs) > (size as number),
  },
];

const scripts = Object.values(GROUPS).flat();
const { outcomes, reason } = await askPython<readonly Value[]>(
  "files.py",
  scripts,
);
const theirs = new Map(scripts.map((each, i) => [each, outcomes?.[i] ?? []]));
const seen = new Set<Wanted>();

for (const [about, group] of Object.entries(GROUPS)) {
  testUnless(reason, `makefile() does as CPython's: ${about}`, async () => {
    const unwanted: string[] = [];
    for (const script of group) {
      const difference = await findDifference(script);
      if (difference === undefined) continue;
      const known = WANTED.find(({ isIt }) => isIt(difference));
      if (known === undefined) unwanted.push(describe(difference));
      else seen.add(known);
    }
    assertEquals(unwanted.join("\n"), "");
  });
}

testUnless(reason, "makefile() has all the differences it claims", () => {
  const unseen = WANTED.filter((each) => !seen.has(each));
  assertEquals(unseen.map((each) => each.reason), []);
  return Promise.resolve();
});

/** Where a script comes to something else, if it does so every time. */
async function findDifference(script: Script): Promise<Difference | undefined> {
  const expected = theirs.get(script)!;
  let found: Difference | undefined;
  for (let i = 0; i < TRIES; i++) {
    const ours = await run(script);
    const at = script.findIndex((_, j) =>
      JSON.stringify(expected[j]) !== JSON.stringify(ours[j])
    );
    if (at < 0) return undefined;
    found = {
      script: script.slice(0, at + 1),
      step: script[at]!,
      theirs: expected[at]!,
      ours: ours[at]!,
    };
  }
  return found;
}

function describe({ script, theirs, ours }: Difference): string {
  return [
    JSON.stringify(script).slice(0, 1000),
    `    CPython: ${JSON.stringify(theirs)}`,
    `    ours:    ${JSON.stringify(ours)}`,
  ].join("\n");
}

function isPair(script: Script): boolean {
  return script.some(([, method, mode]) => method === "=" && mode === "rwb");
}

function lengthOf(value: Value): number {
  const { bytes } = Object(value) as { bytes?: string };
  return bytes?.length ?? 0;
}
