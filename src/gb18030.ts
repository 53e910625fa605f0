/**
 * GB 18030, which has all of Unicode: pairs of bytes as in GBK, and four bytes
 * for each character that has no pair.
 *
 * @module
 */

import { type Codec, type Fault, readAlong } from "./codec.ts";
import type { Bytes } from "./connection.ts";
import { DoubleByte } from "./double_byte.ts";

/** What the web has made public characters of, and CPython has not. */
const STILL_PRIVATE = [
  [0xa3a0, "\ue5e5"],
  [0xa6d9, "\ue78d"],
  [0xa6da, "\ue78e"],
  [0xa6db, "\ue78f"],
  [0xa6dc, "\ue790"],
  [0xa6dd, "\ue791"],
  [0xa6de, "\ue792"],
  [0xa6df, "\ue793"],
  [0xa6ec, "\ue794"],
  [0xa6ed, "\ue795"],
  [0xa6f3, "\ue796"],
  [0xa8bc, "\ue7c7"],
  [0xfe59, "\ue81e"],
  [0xfe61, "\ue826"],
  [0xfe66, "\ue82b"],
  [0xfe67, "\ue82c"],
  [0xfe6d, "\ue832"],
  [0xfe7e, "\ue843"],
  [0xfe90, "\ue854"],
  [0xfea0, "\ue864"],
] as const;

/** Where the four bytes of U+10000 and of what follows begin. */
const FIRST_BEYOND = 15 * 12_600;
const BEYOND = 0x1_0000;
const LAST = 0x10_ffff;

/** The pairs, and besides them the characters of four bytes. */
class Gb18030 extends DoubleByte {
  /** The characters up to U+FFFF that have no pair, in order; no halves. */
  readonly #others: Uint16Array;
  /** Where each of them stands there. */
  readonly #places = new Uint16Array(BEYOND);

  constructor() {
    super({
      encoding: "gb18030",
      label: "gb18030",
      least: [0x81, 0x40],
      missing: [],
      others: STILL_PRIVATE,
      hasPrivate: true,
    });
    const others: number[] = [];
    for (let code = 0x80; code < BEYOND; code++) {
      const isHalf = code >= 0xd800 && code <= 0xdfff;
      const character = String.fromCharCode(code);
      if (isHalf || this.pairOf(character) !== undefined) continue;
      this.#places[code] = others.length;
      others.push(code);
    }
    this.#others = Uint16Array.from(others);
  }

  /** The character of four bytes. */
  #character(bytes: Bytes, at: number): string | undefined {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(at, at + 4);
    const isRight = a >= 0x81 && a <= 0xfe && c >= 0x81 && c <= 0xfe &&
      isDigit(b) && isDigit(d);
    if (!isRight) return undefined;
    const place = ((a - 0x81) * 10 + b - 0x30) * 1260 + (c - 0x81) * 10 +
      d - 0x30;
    const code = place < FIRST_BEYOND
      ? this.#others[place]
      : place - FIRST_BEYOND + BEYOND;
    const isIt = code !== undefined && code <= LAST;
    return isIt ? String.fromCodePoint(code) : undefined;
  }

  override decode(bytes: Bytes): string {
    let text = "";
    for (let at = 0; at < bytes.length;) {
      const first = bytes[at] ?? 0;
      const second = bytes[at + 1] ?? 0;
      if (first < 0x80) {
        text += String.fromCharCode(first);
        at += 1;
      } else if (isDigit(second)) {
        text += this.#character(bytes, at) ?? "";
        at += 4;
      } else {
        text += this.characterOf(first << 8 | second) ?? "";
        at += 2;
      }
    }
    return text;
  }

  override scan(bytes: Bytes, at: number): number | Fault {
    const second = bytes[at + 1];
    if (second === undefined || !isDigit(second)) {
      return super.scan(bytes, at);
    }
    if ((bytes[at] ?? 0) < 0x80) return 1;
    if (at + 4 > bytes.length) return 0;
    return this.#character(bytes, at) === undefined
      ? { end: at + 1, reason: this.reason }
      : 4;
  }

  override findMisfit(
    text: string,
    from: number,
  ): readonly [number, number] | undefined {
    const halfRegExp = /\p{Surrogate}/gu;
    halfRegExp.lastIndex = from;
    const found = halfRegExp.exec(text);
    return found === null ? undefined : [found.index, found.index + 1];
  }

  override measure(text: string): number {
    let size = 0;
    for (const character of text) size += this.#lengthOf(character);
    return size;
  }

  #lengthOf(character: string): number {
    if (character < "\x80") return 1;
    return this.pairOf(character) === undefined ? 4 : 2;
  }

  override encode(text: string): Bytes {
    const bytes = new Uint8Array(this.measure(text));
    let end = 0;
    for (const character of text) {
      const code = character.codePointAt(0) ?? 0;
      const pair = this.pairOf(character);
      if (code < 0x80) bytes[end++] = code;
      else if (pair !== undefined) {
        bytes[end++] = pair >> 8;
        bytes[end++] = pair & 0xff;
      } else {
        const place = code < BEYOND
          ? this.#places[code] ?? 0
          : code - BEYOND + FIRST_BEYOND;
        bytes[end++] = 0x81 + Math.trunc(place / 12_600);
        bytes[end++] = 0x30 + Math.trunc(place / 1260) % 10;
        bytes[end++] = 0x81 + Math.trunc(place / 10) % 126;
        bytes[end++] = 0x30 + place % 10;
      }
    }
    return bytes;
  }
}

/** Whether it is one of ASCII's digits, which only four bytes have in them. */
function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** GB 18030. */
export function gb18030(): Codec {
  const codec = new Gb18030();
  return { startReading: () => readAlong(codec), writing: codec };
}
