/**
 * Text from strangers, made harmless for the terminal that it is printed at.
 *
 * @module
 */

import { type Bytes, decode } from "./_bytes.ts";

/**
 * The text of a datagram as one line for a terminal, without a line feed at its
 * end; `undefined` if it is not UTF-8.
 *
 * What a terminal obeys, such as an escape that clears the screen or text that
 * runs backwards, is shown as Python would write it: `\x1b`.
 */
export function readLine(data: Bytes): string | undefined {
  try {
    return decode(data).replace(/\r?\n$/, "").replaceAll(OBEYED, escape);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return undefined;
  }
}

/** Control characters, what ends a line, and what turns its direction. */
const OBEYED = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

const ESCAPES: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function escape(character: string): string {
  const code = character.charCodeAt(0).toString(16);
  return ESCAPES[character] ??
    (code.length > 2
      ? `\\u${code.padStart(4, "0")}`
      : `\\x${code.padStart(2, "0")}`);
}
