/**
 * UTF-8 and UTF-16, with and without a mark at the beginning.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import {
  type Codec,
  type Fault,
  type Read,
  type Reading,
  readWith,
  type Writing,
} from "./codec.ts";
import type { Bytes } from "./connection.ts";
import { UnicodeError } from "./unicode_errors.ts";

const BOM_UTF8: Bytes = Uint8Array.of(0xef, 0xbb, 0xbf);

const INVALID_START = "invalid start byte";
const INVALID_CONTINUATION = "invalid continuation byte";

// Not `fatal`: that is eight times slower, and says nothing about the place.
const UTF8_DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const UTF8_ENCODER = new TextEncoder();

const READING_UTF8: Reading = {
  encoding: "utf-8",
  decode: (bytes) => UTF8_DECODER.decode(bytes),
  isCertain: (text) => !text.includes("\ufffd"),
  completeLength(bytes) {
    const { length } = bytes;
    for (let at = length - 1; at >= Math.max(0, length - 3); at--) {
      if (((bytes[at] ?? 0) & 0xc0) === 0x80) continue;
      return scanUtf8(bytes, at) === 0 ? at : length;
    }
    return length;
  },
  scan: scanUtf8,
  faultAtEnd(bytes, at) {
    return isHalfSurrogate(bytes, at)
      ? { end: at + 1, reason: INVALID_CONTINUATION }
      : { end: bytes.length, reason: "unexpected end of data" };
  },
};

function scanUtf8(bytes: Bytes, at: number): number | Fault {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) {
    return { end: at + 1, reason: INVALID_START };
  }
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  // The second byte of some must not be one that others have: a shorter form
  // would do, or it were a surrogate, or beyond the last character.
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return 0;
    const [low, high] = i === 1 ? [least, most] : [0x80, 0xbf];
    if (byte < low || byte > high) {
      if (isHalfSurrogate(bytes, at)) return 0;
      return { end: at + i, reason: INVALID_CONTINUATION };
    }
  }
  return length;
}

/** The beginning of a surrogate, for whose end "surrogatepass" waits. */
function isHalfSurrogate(bytes: Bytes, at: number): boolean {
  const [first, second = 0] = bytes.subarray(at);
  return first === 0xed && second >= 0xa0 && second <= 0xbf &&
    at + 2 === bytes.length;
}

const BEYOND_ASCII = /[\u0080-\uffff]/;

const WRITING_UTF8: Writing = {
  encoding: "utf-8",
  reason: "surrogates not allowed",
  findMisfit: findSurrogates,
  measure(text) {
    // Twice as fast as the loop, which is for other letters than ASCII's.
    if (!BEYOND_ASCII.test(text)) return text.length;
    let size = text.length;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit < 0x80) continue;
      // Each half of a pair counts for two of its four.
      const isHalf = unit >= 0xd800 && unit <= 0xdfff;
      size += unit < 0x800 || isHalf ? 1 : 2;
    }
    return size;
  },
  encode: (text) => UTF8_ENCODER.encode(text),
};

/** Surrogates that are no half of a pair. */
function findSurrogates(
  text: string,
  from: number,
): readonly [number, number] | undefined {
  if (text.isWellFormed()) return undefined;
  const surrogatesRegExp = /\p{Surrogate}+/gu;
  surrogatesRegExp.lastIndex = from;
  const found = surrogatesRegExp.exec(text);
  return found === null
    ? undefined
    : [found.index, found.index + found[0].length];
}

/** UTF-8. */
export const UTF8: Codec = {
  startReading: () => readWith(READING_UTF8),
  writing: WRITING_UTF8,
};

/** UTF-8 that begins with a mark, which may be missing from what is read. */
export const UTF8_SIG: Codec = {
  startReading() {
    const read = readWith(READING_UTF8);
    let isBeginning = true;
    return (bytes, errors, isFinal) => {
      if (!isBeginning) return read(bytes, errors, isFinal);
      const start = bytes.subarray(0, BOM_UTF8.length);
      const isMark = start.every((byte, i) => byte === BOM_UTF8[i]);
      if (isMark && start.length < BOM_UTF8.length) return ["", 0];
      isBeginning = false;
      const skipped = isMark ? start.length : 0;
      const [text, consumed] = read(bytes.subarray(skipped), errors, isFinal);
      return [text, skipped + consumed];
    };
  },
  writing: WRITING_UTF8,
  mark: BOM_UTF8,
};

/** UTF-16 in one order of bytes. */
class Utf16 implements Reading, Writing {
  readonly encoding: string;
  readonly reason = "surrogates not allowed";
  readonly findMisfit = findSurrogates;
  readonly #isLittle: boolean;

  constructor(isLittle: boolean) {
    this.encoding = isLittle ? "utf-16-le" : "utf-16-be";
    this.#isLittle = isLittle;
  }

  decode(bytes: Bytes): string {
    const pairs = bytes.subarray(0, bytes.length & ~1);
    const { buffer, byteOffset, length } = this.#isLittle
      ? pairs
      : swapped(pairs);
    // A TextDecoder is slower, and would lose the surrogates that are wrong.
    return Buffer.from(buffer, byteOffset, length).toString("utf16le");
  }

  isCertain(text: string, bytes: Bytes): boolean {
    return bytes.length % 2 === 0 && text.isWellFormed();
  }

  completeLength(bytes: Bytes): number {
    const length = bytes.length & ~1;
    return isHigh(this.#unit(bytes, length - 2)) ? length - 2 : length;
  }

  scan(bytes: Bytes, at: number): number | Fault {
    const unit = this.#unit(bytes, at);
    if (isLow(unit)) return { end: at + 2, reason: "illegal encoding" };
    if (!isHigh(unit)) return at + 2 <= bytes.length ? 2 : 0;
    if (at + 4 > bytes.length) return 0;
    return isLow(this.#unit(bytes, at + 2))
      ? 4
      : { end: at + 2, reason: "illegal UTF-16 surrogate" };
  }

  faultAtEnd(bytes: Bytes, at: number): Fault {
    const isByte = bytes.length - at < 2;
    return {
      end: bytes.length,
      reason: isByte ? "truncated data" : "unexpected end of data",
    };
  }

  #unit(bytes: Bytes, at: number): number {
    const first = bytes[at];
    const second = bytes[at + 1];
    if (first === undefined || second === undefined) return 0;
    return this.#isLittle ? first | second << 8 : first << 8 | second;
  }

  measure(text: string): number {
    return 2 * text.length;
  }

  encode(text: string): Bytes {
    const bytes = new Uint8Array(2 * text.length);
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      bytes[2 * i] = this.#isLittle ? unit & 0xff : unit >> 8;
      bytes[2 * i + 1] = this.#isLittle ? unit >> 8 : unit & 0xff;
    }
    return bytes;
  }
}

function isHigh(unit: number): boolean {
  return (unit & 0xfc00) === 0xd800;
}

function isLow(unit: number): boolean {
  return (unit & 0xfc00) === 0xdc00;
}

function swapped(pairs: Bytes): Bytes {
  const bytes = new Uint8Array(pairs.length);
  for (let i = 0; i < pairs.length; i++) bytes[i] = pairs[i ^ 1] ?? 0;
  return bytes;
}

const LITTLE = new Utf16(true);
const BIG = new Utf16(false);

/** UTF-16 with the low byte first. */
export const UTF16_LE: Codec = {
  startReading: () => readWith(LITTLE),
  writing: LITTLE,
};

/** UTF-16 with the high byte first. */
export const UTF16_BE: Codec = {
  startReading: () => readWith(BIG),
  writing: BIG,
};

/**
 * UTF-16 whose mark at the beginning tells the order. CPython writes the mark
 * only to files that can seek, so to a socket never: without it, low byte first.
 */
export const UTF16: Codec = {
  startReading() {
    let read: Read | undefined;
    return (bytes, errors, isFinal) => {
      if (read !== undefined) return read(bytes, errors, isFinal);
      const [first = 0, second = 0] = bytes;
      const mark = first << 8 | second;
      if (mark === 0xfffe || mark === 0xfeff) {
        read = readWith(mark === 0xfffe ? LITTLE : BIG);
        return read(bytes, errors, isFinal, 2);
      }
      const result = readWith(LITTLE)(bytes, errors, isFinal);
      if (result[1] < 2) return result;
      throw new UnicodeError("UTF-16 stream does not start with BOM");
    };
  },
  writing: LITTLE,
};
