/**
 * Patience with a peer that does not answer: its reader is told why.
 *
 * @module
 */

import type { Text } from "./_languages.ts";
import type { Run } from "./_run.ts";

/** After so long somebody who waits wants to know what for. */
const PATIENCE_MS = 3000;

/** Waits, and says what for if it takes long: a reply may never come. */
export async function withPatience<T>(
  run: Run,
  text: Text,
  waiting: Promise<T>,
): Promise<T> {
  const timer = setTimeout(() => {
    if (!run.interrupted.aborted) run.note(text);
  }, PATIENCE_MS);
  Deno.unrefTimer(timer);
  try {
    return await waiting;
  } finally {
    clearTimeout(timer);
  }
}
