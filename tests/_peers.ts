/** The programs beside which lessons are tested: CPython and nc. */

import { join } from "node:path";
import { runProcess } from "./_process.ts";

/** Why tests that need CPython cannot run here, if they cannot. */
export const NO_PYTHON = await findMissing(
  "python3",
  ["-c", "import socket"],
  /^$/,
);

/** Why tests that need nc cannot run here, if they cannot. */
export const NO_NC = await findMissing("nc", ["-h"], /OpenBSD/i);

/** Nothing is missing where PYSOCKET_PEERS says so: the tests then fail. */
async function findMissing(
  command: string,
  args: string[],
  expected: RegExp,
): Promise<string | undefined> {
  if (Deno.env.get("PYSOCKET_PEERS") === "required") return undefined;
  try {
    const { stdout, stderr } = await runProcess(command, args);
    if (expected.test(stdout + stderr)) return undefined;
    return `another ${command}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `no ${command}`;
    throw error;
  }
}

/** A Python program that lessons talk with. */
export function peer(name: string): string {
  return join("tests", "peers", name);
}
