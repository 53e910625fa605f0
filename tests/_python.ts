/** What CPython makes of the same input, by the programs in `peers/`. */

import { assert } from "@std/assert";
import { join } from "node:path";

const PEERS = join(import.meta.dirname!, "peers");

/** The Python whose words are ours: other versions have a few others. */
const ONLY = "3.11 on linux";

/** What CPython made of it, or why it was not asked. */
export type Answer<T> =
  | { readonly outcomes: readonly T[]; readonly reason?: undefined }
  | { readonly outcomes?: undefined; readonly reason: string };

/**
 * Has a program make an outcome of each input. Where there is no such Python the
 * tests are ignored; with `PYSOCKET_PEERS=required` this fails instead.
 */
export async function askPython<T>(
  program: string,
  inputs: readonly unknown[],
): Promise<Answer<T>> {
  const answer = await pipe(program, JSON.stringify(inputs));
  if (answer?.python === ONLY) return { outcomes: answer.outcomes as T[] };
  const reason = `ignored: no Python ${ONLY}`;
  assert(Deno.env.get("PYSOCKET_PEERS") !== "required", reason);
  return { reason };
}

interface Output {
  /** The version and the system. */
  readonly python: string;
  readonly outcomes: readonly unknown[];
}

/** What a program prints about a text, as JSON; `undefined` without `python3`. */
export async function pipe<O = Output>(
  program: string,
  text: string,
): Promise<O | undefined> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command("python3", {
      args: [join(PEERS, program)],
      // Text files without an encoding take the locale's.
      env: { LC_ALL: "C.UTF-8" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      signal: AbortSignal.timeout(60_000),
    }).spawn();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const [{ success, stdout, stderr }] = await Promise.all([
    child.output(),
    new Response(text).body!.pipeTo(child.stdin),
  ]);
  const [out = "", error] = [stdout, stderr]
    .map((bytes) => new TextDecoder().decode(bytes));
  assert(success, error);
  return JSON.parse(out);
}
