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
  readonly others?: Iterable<readonly [pair: number, character: string]>;
  /** Whether it knows the characters that everybody may give a meaning. */
  readonly hasPrivate?: boolean;
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

/** What the web decodes to where a pair is no character, */
const NONE = /\ufffd/;
/** or to none that is the same for everybody. */
const NOT_PUBLIC = /[\ufffd\ue000-\uf8ff]/;

/** An encoding with pairs of bytes. */
export class DoubleByte implements Reading, Writing {
  readonly encoding: string;
  readonly reason = "illegal multibyte sequence";
  readonly #characters = new Map<number, string>();
  readonly #pairs = new Map<string, number>();

  /** The encoding that differs so from the web's. */
  constructor(description: Description) {
    const { encoding, label, least, missing, others = [] } = description;
    const wrong = description.hasPrivate ? NONE : NOT_PUBLIC;
    this.encoding = encoding;
    const decoder = new TextDecoder(label);
    const [leastFirst, leastSecond] = least;
    const own = new Map(others);
    for (let first = leastFirst; first < 0xff; first++) {
      const line: number[] = [];
      for (let second = leastSecond; second < 0xff; second++) {
        line.push(first, second, END);
      }
      // One call for all of them: to call for each takes a tenth of a second.
      const decoded = decoder.decode(Uint8Array.from(line)).split("\n");
      for (const [i, character] of decoded.entries()) {
        const pair = first << 8 | leastSecond + i;
        const isMissing = character.length !== 1 || wrong.test(character) ||
          missing.some(([from, to]) => from <= pair && pair <= to);
        const found = own.get(pair) ?? (isMissing ? undefined : character);
        if (found === undefined) continue;
        this.#characters.set(pair, found);
        this.#pairs.set(found, pair);
      }
    }
  }

  /** The character of a pair. */
  characterOf(pair: number): string | undefined {
    return this.#characters.get(pair);
  }

  /** The pair of a character. */
  pairOf(character: string): number | undefined {
    return this.#pairs.get(character);
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

/**
 * Big5's rows of what is not Chinese, one after the other. The second byte goes
 * from 40 to 7e, and on from a1 to fe.
 */
function* big5Extension(): Generator<[pair: number, character: string]> {
  const characters = [
    "ヾゝゞ々",
    range("ぁ", "ん"),
    range("ァ", "ヶ"),
    "ДЕЁЖЗИЙКЛМ",
    range("У", "Я"),
    `${range("а", "е")}ё${range("ж", "я")}`,
    range("①", "⑩"),
    range("⑴", "⑽"),
  ];
  let pair = 0xc6a1;
  for (const character of characters.join("")) {
    yield [pair++, character];
    if ((pair & 0xff) === 0x7f) pair += 0xa1 - 0x7f;
    else if ((pair & 0xff) === 0xff) pair += 0x140 - 0xff;
  }
}

function range(first: string, last: string): string {
  const [from, to] = [first.charCodeAt(0), last.charCodeAt(0)];
  return String.fromCharCode(
    ...Array.from({ length: to - from + 1 }, (_, i) => from + i),
  );
}

/** Big5, what most Chinese text in traditional characters is. */
export function big5(): Codec {
  return asCodec({
    encoding: "big5",
    label: "big5",
    least: [0x81, 0x40],
    missing: [
      [0x8740, 0xa0fe],
      [0xa3c0, 0xa3e1],
      [0xc7fd, 0xc8fe],
      [0xf9d6, 0xfefe],
    ],
    others: [
      [0xa145, "•"],
      [0xa14e, "､"],
      [0xa1c2, "‾"],
      [0xa1e3, "∼"],
      [0xa1f2, "♁"],
      [0xa1f3, "☉"],
      [0xa241, "／"],
      [0xa242, "＼"],
      [0xa244, "¥"],
      [0xa246, "¢"],
      [0xa247, "£"],
      ...big5Extension(),
    ],
  });
}
