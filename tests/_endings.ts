/** How the process of a lesson ends: well, with a failure, by wrong usage. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Outcome, runProcess } from "./_process.ts";

/** Longer texts are not shown with all of their differences, which takes long. */
const SHOWN = 10_000;

/** Asserts that it has ended well, and printed exactly this. */
export function assertPrints(outcome: Outcome, expected: string): void {
  const { code, stdout, stderr } = outcome;
  assertEquals([code, stderr], [0, ""]);
  if (expected.length < SHOWN) assertEquals(stdout, expected);
  assert(stdout === expected, `${stdout.length}: ${stdout.slice(0, 100)}`);
}

/**
 * Asserts that it has reported a failure: one line, exit code 1, no stack trace;
 * and that it has printed this before.
 */
export function assertFails(
  { code, stdout, stderr }: Outcome,
  line: RegExp,
  expected = "",
): void {
  assertMatch(stderr, line, `${code}, ${stdout}, ${stderr}`);
  assertEquals(stderr.trim().split("\n").length, 1, stderr);
  assertEquals([code, stdout], [1, expected]);
}

/** Says after each of them how it ended. One process is enough for them all. */
const REFUSING = `
const [name, rows] = JSON.parse(Deno.args[0]);
const { LESSON } = await import(\`./lessons/\${name}.ts\`);
const { runLesson } = await import("./lessons/_run.ts");
for (const args of rows) {
  Deno.exitCode = 0;
  await runLesson(LESSON, args);
  console.error("EXIT CODE", Deno.exitCode);
}`;

/** What ends wrong usage: an empty line, the lesson's title, and its usage. */
const USAGE = /^.+\n\n(Lesson \d+: |第 \d+ 课).+\n\n(Usage: |用法：)deno run/;

/** Asserts that a lesson refuses arguments: exit code 2, that line, the usage. */
export async function assertRefuses(
  name: string,
  rows: readonly (readonly [args: readonly string[], line: string | RegExp])[],
): Promise<void> {
  const given = JSON.stringify([name, rows.map(([args]) => args)]);
  const script = ["eval", REFUSING, "--", given];
  const { code, stdout, stderr } = await runProcess(Deno.execPath(), script);
  assertEquals([code, stdout], [2, ""], stderr);
  const told = stderr.split(/^EXIT CODE (\d+)\n/m);
  assertEquals(told.length, 2 * rows.length + 1, stderr);
  for (const [i, [args, line]] of rows.entries()) {
    const [text = "", exitCode] = told.slice(2 * i);
    assertEquals(exitCode, "2", args.join(" "));
    assertMatch(text, USAGE);
    const [first = ""] = text.split("\n");
    if (typeof line === "string") assertEquals(first, line);
    else assertMatch(first, line);
  }
}
