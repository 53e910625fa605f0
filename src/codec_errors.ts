/**
 * What becomes of bytes that are no text, and of text that has no bytes: the
 * error handlers of Python's `codecs`, by their names.
 *
 * @module
 */

import type { Bytes } from "./connection.ts";
import { LookupError } from "./errors.ts";
import {
  escapeCharacter,
  UnicodeDecodeError,
  UnicodeEncodeError,
} from "./unicode_errors.ts";

/** Bytes that are no text, and what is around them. */
export interface DecodeFault {
  readonly encoding: string;
  readonly object: Bytes;
  readonly start: number;
  readonly end: number;
  readonly reason: string;
}

/** Text that has no bytes, and what is around it; places are JavaScript's. */
export interface EncodeFault {
  readonly encoding: string;
  readonly object: string;
  readonly start: number;
  readonly end: number;
  readonly reason: string;
}

/** The text that stands for wrong bytes, and where to go on. */
export function mendText(
  fault: DecodeFault,
  errors: string,
): readonly [text: string, next: number] {
  const { encoding, object, start, end, reason } = fault;
  switch (errors) {
    case "ignore":
      return ["", end];
    case "replace":
      return ["\ufffd", end];
    case "backslashreplace": {
      const escapes = Array.from(object.subarray(start, end), hexEscape);
      return [escapes.join(""), end];
    }
    case "surrogateescape": {
      // ASCII is never escaped, so that nothing can be smuggled past a check.
      const wrong = [...object.subarray(start, end)].slice(0, 4);
      const length = (wrong.findIndex((byte) => byte < 0x80) + 1 ||
        wrong.length + 1) - 1;
      if (length === 0) break;
      const escaped = wrong.slice(0, length).map((byte) => 0xdc00 + byte);
      return [String.fromCharCode(...escaped), start + length];
    }
    case "surrogatepass": {
      const [code, length] = surrogateAt(encoding, object, start);
      if (code < 0xd800 || code > 0xdfff) break;
      return [String.fromCharCode(code), start + length];
    }
    case "xmlcharrefreplace":
    case "namereplace":
      throw new TypeError(
        "don't know how to handle UnicodeDecodeError in error callback",
      );
    default:
      checkHandler(errors);
  }
  throw new UnicodeDecodeError(encoding, object, start, end, reason);
}

function hexEscape(byte: number): string {
  return "\\x" + byte.toString(16).padStart(2, "0");
}

/** The surrogate that stands at a place as if it were a character, if any. */
function surrogateAt(
  encoding: string,
  bytes: Bytes,
  at: number,
): readonly [code: number, length: number] {
  const [a = 0, b = 0, c = 0] = bytes.subarray(at, at + 3);
  const isWhole = at + 2 <= bytes.length;
  if (encoding === "utf-16-le" && isWhole) return [a | b << 8, 2];
  if (encoding === "utf-16-be" && isWhole) return [a << 8 | b, 2];
  const isThree = encoding === "utf-8" && (a & 0xf0) === 0xe0 &&
    (b & 0xc0) === 0x80 && (c & 0xc0) === 0x80;
  return isThree ? [(a & 0x0f) << 12 | (b & 0x3f) << 6 | c & 0x3f, 3] : [0, 0];
}

/**
 * What stands for text without bytes, and where to go on: other text, which is
 * ASCII, or bytes.
 */
export function mendBytes(
  fault: EncodeFault,
  errors: string,
): readonly [mended: string | Bytes, next: number] {
  const { encoding, object, start, end, reason } = fault;
  const wrong = [...object.slice(start, end)];
  const codes = wrong.map((each) => each.codePointAt(0) ?? 0);
  switch (errors) {
    case "ignore":
      return ["", end];
    case "replace":
      return ["?".repeat(wrong.length), end];
    case "backslashreplace":
      return [wrong.map(escapeCharacter).join(""), end];
    case "xmlcharrefreplace":
      return [codes.map((code) => `&#${code};`).join(""), end];
    case "surrogateescape": {
      const isEscaped = (code: number) => code >= 0xdc80 && code <= 0xdcff;
      const length = (codes.findIndex((code) => !isEscaped(code)) + 1 ||
        codes.length + 1) - 1;
      // The units of UTF-16 are made of two bytes.
      const isOdd = encoding.startsWith("utf-16") && length % 2 === 1;
      if (length === 0 || isOdd) break;
      const bytes = codes.slice(0, length).map((code) => code - 0xdc00);
      return [Uint8Array.from(bytes), start + length];
    }
    case "surrogatepass": {
      const bytes = codes.map((code) => surrogateBytes(encoding, code));
      if (bytes.includes(undefined)) break;
      return [Uint8Array.from(bytes.flat() as number[]), end];
    }
    default:
      checkHandler(errors);
  }
  // Python counts characters where JavaScript counts halves of some.
  const before = [...object.slice(0, start)].length;
  throw new UnicodeEncodeError(
    encoding,
    object,
    before,
    before + wrong.length,
    reason,
  );
}

/** A surrogate's bytes as if it were a character. */
function surrogateBytes(encoding: string, code: number): number[] | undefined {
  if (code < 0xd800 || code > 0xdfff) return undefined;
  if (encoding === "utf-16-le") return [code & 0xff, code >> 8];
  if (encoding === "utf-16-be") return [code >> 8, code & 0xff];
  return encoding === "utf-8"
    ? [0xed, 0x80 | code >> 6 & 0x3f, 0x80 | code & 0x3f]
    : undefined;
}

function checkHandler(errors: string): void {
  if (errors === "strict") return;
  throw new LookupError(`unknown error handler name '${errors}'`);
}
