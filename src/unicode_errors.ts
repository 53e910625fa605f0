/**
 * The errors of text and its bytes, with Python's words.
 *
 * @module
 */

import { ValueError } from "./errors.ts";
import { retrace } from "./late_error.ts";

/** Text and bytes that do not fit each other. As Python's `UnicodeError`. */
export class UnicodeError extends ValueError {
  /**
   * Makes the error.
   *
   * @param message What does not fit.
   */
  constructor(message: string) {
    super(message);
    retrace(this, new.target);
  }
}

/**
 * Bytes that are no text in an encoding. As Python's `UnicodeDecodeError`.
 *
 * @example Where and why
 * ```ts
 * import { UnicodeDecodeError } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * const error = new UnicodeDecodeError(
 *   "utf-8",
 *   Uint8Array.of(0xff),
 *   0,
 *   1,
 *   "invalid start byte",
 * );
 * assertEquals(
 *   error.message,
 *   "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
 * );
 * ```
 */
export class UnicodeDecodeError extends UnicodeError {
  /** The name of the encoding. */
  readonly encoding: string;
  /** The bytes that were to be decoded. */
  readonly object: Uint8Array;
  /** The place of the first wrong byte. */
  readonly start: number;
  /** The place after the last wrong byte. */
  readonly end: number;
  /** Why they are wrong. */
  readonly reason: string;

  /**
   * Makes the error.
   *
   * @param encoding The name of the encoding.
   * @param object The bytes that were to be decoded.
   * @param start The place of the first wrong byte.
   * @param end The place after the last wrong byte.
   * @param reason Why they are wrong.
   */
  constructor(
    encoding: string,
    object: Uint8Array,
    start: number,
    end: number,
    reason: string,
  ) {
    const byte = (object[start] ?? 0).toString(16).padStart(2, "0");
    const what = end === start + 1
      ? `byte 0x${byte} in position ${start}`
      : `bytes in position ${start}-${end - 1}`;
    super(`'${encoding}' codec can't decode ${what}: ${reason}`);
    this.encoding = encoding;
    this.object = object;
    this.start = start;
    this.end = end;
    this.reason = reason;
  }
}

/**
 * Text that has no bytes in an encoding. As Python's `UnicodeEncodeError`; its
 * places count characters as Python does, one for each code point.
 *
 * @example Where and why
 * ```ts
 * import { UnicodeEncodeError } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * const reason = "ordinal not in range(128)";
 * const error = new UnicodeEncodeError("ascii", "café", 3, 4, reason);
 * assertEquals(
 *   error.message,
 *   String.raw`'ascii' codec can't encode character '\xe9' in position 3: ` +
 *     reason,
 * );
 * ```
 */
export class UnicodeEncodeError extends UnicodeError {
  /** The name of the encoding. */
  readonly encoding: string;
  /** The text that was to be encoded. */
  readonly object: string;
  /** The place of the first wrong character. */
  readonly start: number;
  /** The place after the last wrong character. */
  readonly end: number;
  /** Why they are wrong. */
  readonly reason: string;

  /**
   * Makes the error.
   *
   * @param encoding The name of the encoding.
   * @param object The text that was to be encoded.
   * @param start The place of the first wrong character.
   * @param end The place after the last wrong character.
   * @param reason Why they are wrong.
   */
  constructor(
    encoding: string,
    object: string,
    start: number,
    end: number,
    reason: string,
  ) {
    const what = end === start + 1
      ? `character '${escapeCharacter([...object][start] ?? "")}' ` +
        `in position ${start}`
      : `characters in position ${start}-${end - 1}`;
    super(`'${encoding}' codec can't encode ${what}: ${reason}`);
    this.encoding = encoding;
    this.object = object;
    this.start = start;
    this.end = end;
    this.reason = reason;
  }
}

/** A character as Python escapes it: `\\xe9`, `\\u20ac` or `\\U0001f600`. */
export function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const [mark, width] = code <= 0xff
    ? ["x", 2]
    : code <= 0xffff
    ? ["u", 4]
    : ["U", 8];
  return `\\${mark}${code.toString(16).padStart(width, "0")}`;
}
