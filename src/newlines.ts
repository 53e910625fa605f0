/**
 * The ends of lines: which there are, where they are, and how "universal
 * newlines" become one kind. As in Python's `io`.
 *
 * @module
 */

import type { Bytes } from "./connection.ts";
import type { Decoder } from "./codec.ts";

/** What ends a line, as `makefile` takes it. */
export type Newline = null | "" | "\n" | "\r" | "\r\n";

const LF = 1;
const CR = 2;
const CRLF = 4;

const ANY_END_REGEXP = /\r\n?|\n/g;

/** By the kinds that have been met. */
const KINDS = [
  null,
  "\n",
  "\r",
  ["\r", "\n"],
  "\r\n",
  ["\n", "\r\n"],
  ["\r", "\r\n"],
  ["\r", "\n", "\r\n"],
] as const;

/**
 * Takes each of `\n`, `\r` and `\r\n` for the end of a line. As Python's
 * `io.IncrementalNewlineDecoder`.
 */
export class NewlineDecoder {
  readonly #decoder: Decoder;
  readonly #isTranslating: boolean;
  #met = 0;
  #isReturnHeld = false;

  /** On top of another decoder; translating, each of them becomes `\n`. */
  constructor(decoder: Decoder, isTranslating: boolean) {
    this.#decoder = decoder;
    this.#isTranslating = isTranslating;
  }

  /** The kinds that have been met so far. */
  get newlines(): string | readonly string[] | null {
    return KINDS[this.#met] ?? null;
  }

  /** The text of the next piece; a `\r` at its end waits for the next one. */
  decode(input: Bytes, isFinal: boolean): string {
    let text = this.#decoder.decode(input, isFinal);
    if (this.#isReturnHeld && (text !== "" || isFinal)) {
      text = "\r" + text;
      this.#isReturnHeld = false;
    }
    if (!text.includes("\r")) {
      if ((this.#met & LF) === 0 && text.includes("\n")) this.#met |= LF;
      return text;
    }
    if (text.endsWith("\r") && !isFinal) {
      text = text.slice(0, -1);
      this.#isReturnHeld = true;
    }
    this.#lookAt(text);
    return this.#isTranslating ? text.replaceAll(/\r\n?/g, "\n") : text;
  }

  #lookAt(text: string): void {
    if (/(?<!\r)\n/.test(text)) this.#met |= LF;
    if (/\r(?!\n)/.test(text)) this.#met |= CR;
    if (text.includes("\r\n")) this.#met |= CRLF;
  }

  /** Begins anew. */
  reset(): void {
    this.#decoder.reset();
    this.#met = 0;
    this.#isReturnHeld = false;
  }
}

/** The place after the first end of a line; −1 if there is none. */
export function findLineEnd(
  text: string,
  from: number,
  newline: Newline,
): number {
  if (newline !== "") {
    const end = newline ?? "\n";
    const at = text.indexOf(end, from);
    return at < 0 ? -1 : at + end.length;
  }
  ANY_END_REGEXP.lastIndex = from;
  return ANY_END_REGEXP.test(text) ? ANY_END_REGEXP.lastIndex : -1;
}
