/** What the demos print, kept in `transcripts/` to be compared and to be read. */

import { assertEquals } from "@std/assert";
import { join } from "node:path";

const FOLDER = join(import.meta.dirname!, "transcripts");

/** Whether to write the transcripts instead of comparing with them. */
const IS_UPDATE = Deno.env.get("UPDATE_TRANSCRIPTS") !== undefined;

/**
 * Puts words in the place of what differs from run to run: ports, times, and what
 * was counted, which the demos write with commas.
 */
export function normalize(output: string): string {
  return output
    .replaceAll(/\[#*\.*\](?= )/g, "[GAUGE]")
    .replaceAll(/:\d{4,5}\b/g, ":PORT")
    .replaceAll(/', \d{4,5}\)/g, "', PORT)")
    .replaceAll(/\d[\d,.]* ?(?:(?:µs|ms|s)\b|微秒|毫秒|秒)/g, "TIME")
    .replaceAll(/(?<![\d,])\d{3,}(?= (?:times|次)$)/gm, "COUNT")
    .replaceAll(/\b\d{1,3}(?:,\d{3})+\b/g, "COUNT");
}

/** Asserts that a demo has printed what it is known to print. */
export async function assertTranscript(
  name: string,
  output: string,
): Promise<void> {
  const path = join(FOLDER, `${name}.txt`);
  const actual = normalize(output);
  if (IS_UPDATE) {
    await Deno.mkdir(FOLDER, { recursive: true });
    await Deno.writeTextFile(path, actual);
  }
  const help = "run it with UPDATE_TRANSCRIPTS=1 if that is as it should be";
  assertEquals(actual, await Deno.readTextFile(path), `${path}: ${help}`);
}
