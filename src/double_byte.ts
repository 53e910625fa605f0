/**
 * Encodings with one byte for ASCII and two for each other character: Chinese
 * and Korean ones of which Deno has the tables.
 *
 * @module
 */

import {
  type Codec,
  type Fault,
  readAlong,
  type Reading,
  type Writing,
} from "./codec.ts";
import type { Bytes } from "./connection.ts";

/** What CPython's table is, compared with the web's of a name. */
interface Description {
  /** The name in Python's messages. */
  readonly encoding: string;
  /** The name of the table that Deno has. */
  readonly label: string;
  /** The least byte that a pair can begin with, and end with. */
  readonly least: readonly [first: number, second: number];
  /** Pairs that CPython does not know, from one to another. */
  readonly missing: readonly (readonly [from: number, to: number])[];
  /** Pairs that are other characters. */
  readonly others?: readonly (readonly [pair: number, character: string])[];
}

/** What the web has in private or later places of GBK. */
const NOT_IN_GBK = [
  [0xa2e3, 0xa2e3],
  [0xa3a0, 0xa3a0],
  [0xa6d9, 0xa6df],
  [0xa6ec, 0xa6ed],
  [0xa6f3, 0xa6f3],
  [0xa8bc, 0xa8bc],
  [0xa8bf, 0xa8bf],
  [0xa989, 0xa995],
  [0xfe50, 0xfefe],
] as const;

/** What no pair has, a line's end. */
const END = 0x0a;

/** An encoding with pairs of bytes. */
class DoubleByte implements Reading, Writing {
  readonly encoding: string;
  readonly reason = "illegal multibyte sequence";
  readonly #characters = new Map<number, string>();
  readonly #pairs = new Map<string, number>();

  constructor({ encoding, label, least, missing, others = [] }: Description) {
    this.encoding = encoding;
    const decoder = new TextDecoder(label);
    const [leastFirst, leastSecond] = least;
    for (let first = leastFirst; first < 0xff; first++) {
      const line: number[] = [];
      for (let second = leastSecond; second < 0xff; second++) {
        line.push(first, second, END);
      }
      // One call for all of them: to call for each takes a tenth of a second.
      const decoded = decoder.decode(Uint8Array.from(line)).split("\n");
      for (const [i, character] of decoded.entries()) {
        const pair = first << 8 | leastSecond + i;
        const isMissing = character.length !== 1 ||
          /[\ufffd\ue000-\uf8ff]/.test(character) ||
          missing.some(([from, to]) => from <= pair && pair <= to);
        if (!isMissing) this.#add(pair, character);
      }
    }
    for (const [pair, character] of others) this.#add(pair, character);
  }

  #add(pair: number, character: string): void {
    const before = this.#characters.get(pair);
    if (before !== undefined) this.#pairs.delete(before);
    this.#characters.set(pair, character);
    this.#pairs.set(character, pair);
  }

  decode(bytes: Bytes): string {
    let text = "";
    for (let at = 0; at < bytes.length; at++) {
      const first = bytes[at] ?? 0;
      if (first < 0x80) text += String.fromCharCode(first);
      else {
        const pair = first << 8 | (bytes[++at] ?? 0);
        text += this.#characters.get(pair) ?? "";
      }
    }
    return text;
  }

  isCertain(): boolean {
    return false;
  }

  completeLength(bytes: Bytes): number {
    return bytes.length;
  }

  scan(bytes: Bytes, at: number): number | Fault {
    const first = bytes[at] ?? 0;
    if (first < 0x80) return 1;
    const second = bytes[at + 1];
    if (second === undefined) return 0;
    return this.#characters.has(first << 8 | second)
      ? 2
      : { end: at + 1, reason: this.reason };
  }

  faultAtEnd(bytes: Bytes): Fault {
    return { end: bytes.length, reason: "incomplete multibyte sequence" };
  }

  findMisfit(
    text: string,
    from: number,
  ): readonly [number, number] | undefined {
    let at = from;
    for (const character of text.slice(from)) {
      const next = at + character.length;
      const isFit = character < "\x80" || this.#pairs.has(character);
      if (!isFit) return [at, next];
      at = next;
    }
    return undefined;
  }

  measure(text: string): number {
    // deno-lint-ignore no-control-regex -- these are what ASCII begins with
    return text.length + text.replaceAll(/[\x00-\x7f]+/g, "").length;
  }

  encode(text: string): Bytes {
    const bytes = new Uint8Array(this.measure(text));
    let end = 0;
    for (const character of text) {
      const pair = this.#pairs.get(character);
      if (pair === undefined) bytes[end++] = character.charCodeAt(0);
      else {
        bytes[end++] = pair >> 8;
        bytes[end++] = pair & 0xff;
      }
    }
    return bytes;
  }
}

function asCodec(description: Description): Codec {
  const pairs = new DoubleByte(description);
  return { startReading: () => readAlong(pairs), writing: pairs };
}

/** GBK, what most Chinese text that is not UTF-8 is. */
export function gbk(): Codec {
  return asCodec({
    encoding: "gbk",
    label: "gbk",
    least: [0x81, 0x40],
    missing: NOT_IN_GBK,
  });
}

/** GB 2312, the older and smaller part of it. */
export function gb2312(): Codec {
  return asCodec({
    encoding: "gb2312",
    label: "gbk",
    least: [0xa1, 0xa1],
    missing: [
      ...NOT_IN_GBK,
      [0xa2a1, 0xa2aa],
      [0xa6e0, 0xa6f5],
      [0xa8bb, 0xa8c0],
    ],
    others: [[0xa1a4, "・"], [0xa1aa, "―"]],
  });
}

/** Code page 949, Korean. */
export function cp949(): Codec {
  return asCodec({
    encoding: "cp949",
    label: "euc-kr",
    least: [0x81, 0x41],
    missing: [],
  });
}
