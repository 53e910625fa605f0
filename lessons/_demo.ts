/**
 * What the demos print below a paragraph: what calls came to.
 *
 * @module
 */

import { pad } from "./_draw.ts";

/** Columns of a call, so that what they came to lines up. */
const CALL_WIDTH = 24;

/** Prints what a call came to, below the sentence that it belongs to. */
export function show(call: string, result: unknown): void {
  console.log(`   ${pad(call, CALL_WIDTH)} ${result}`);
}

/** The failure that a call is here to show; one that succeeds is a bug. */
export async function failureOf(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    return String(error);
  }
  throw new TypeError("The call was to fail and has not");
}
