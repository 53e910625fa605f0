/**
 * Encodings with one byte for each character: ASCII, Latin-1, and those that a
 * table describes.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import {
  type Codec,
  type Fault,
  type Reading,
  readWith,
  type Writing,
} from "./codec.ts";
import type { Bytes } from "./connection.ts";

/** What no byte stands for; in tables, the place of a byte without character. */
const UNDEFINED = "\ufffe";

/** An encoding with one byte for each character. */
abstract class Charmap implements Reading, Writing {
  abstract readonly encoding: string;
  abstract readonly reason: string;

  abstract decode(bytes: Bytes): string;
  abstract isCertain(text: string, bytes: Bytes): boolean;
  abstract scan(bytes: Bytes, at: number): number | Fault;
  abstract encode(text: string): Bytes;
  abstract findMisfit(
    text: string,
    from: number,
  ): readonly [number, number] | undefined;

  completeLength(bytes: Bytes): number {
    return bytes.length;
  }

  faultAtEnd(_bytes: Bytes, at: number): Fault {
    return { end: at + 1, reason: this.reason };
  }

  measure(text: string): number {
    return text.length;
  }
}

/** ASCII or Latin-1: as many of the first characters as there are. */
class FirstCharacters extends Charmap {
  readonly encoding: string;
  readonly reason: string;
  readonly #limit: number;
  readonly #misfitRegExp: RegExp;

  constructor(encoding: string, limit: 128 | 256) {
    super();
    this.encoding = encoding;
    this.reason = `ordinal not in range(${limit})`;
    this.#limit = limit;
    const last = (limit - 1).toString(16);
    this.#misfitRegExp = new RegExp(`[^\\x00-\\x${last}]+`, "gu");
  }

  decode(bytes: Bytes): string {
    const { buffer, byteOffset, length } = bytes;
    // A TextDecoder takes Latin-1 for Windows-1252, as the web does.
    return Buffer.from(buffer, byteOffset, length).toString("latin1");
  }

  isCertain(text: string): boolean {
    return this.findMisfit(text, 0) === undefined;
  }

  scan(bytes: Bytes, at: number): number | Fault {
    return (bytes[at] ?? 0) < this.#limit
      ? 1
      : { end: at + 1, reason: this.reason };
  }

  findMisfit(
    text: string,
    from: number,
  ): readonly [number, number] | undefined {
    return findNext(this.#misfitRegExp, text, from);
  }

  encode(text: string): Bytes {
    return Uint8Array.from(Buffer.from(text, "latin1"));
  }
}

/** An encoding with a table of 256 characters. */
class Table extends Charmap {
  readonly encoding = "charmap";
  readonly reason = "character maps to <undefined>";
  readonly #characters: readonly string[];
  readonly #bytes = new Map<string, number>();
  readonly #misfitRegExp: RegExp;

  constructor(characters: string) {
    super();
    this.#characters = [...characters];
    let fits = "";
    for (const [byte, character] of this.#characters.entries()) {
      if (character === UNDEFINED) continue;
      this.#bytes.set(character, byte);
      const code = character.charCodeAt(0).toString(16).padStart(4, "0");
      fits += `\\u${code}`;
    }
    this.#misfitRegExp = new RegExp(`[^${fits}]+`, "gu");
  }

  decode(bytes: Bytes): string {
    let text = "";
    for (const byte of bytes) text += this.#characters[byte] ?? "";
    return text;
  }

  isCertain(text: string): boolean {
    return !text.includes(UNDEFINED);
  }

  scan(bytes: Bytes, at: number): number | Fault {
    return this.#characters[bytes[at] ?? 0] === UNDEFINED
      ? { end: at + 1, reason: this.reason }
      : 1;
  }

  findMisfit(
    text: string,
    from: number,
  ): readonly [number, number] | undefined {
    return findNext(this.#misfitRegExp, text, from);
  }

  encode(text: string): Bytes {
    return Uint8Array.from(text, (each) => this.#bytes.get(each) ?? 0);
  }
}

function findNext(
  regExp: RegExp,
  text: string,
  from: number,
): readonly [number, number] | undefined {
  regExp.lastIndex = from;
  const found = regExp.exec(text);
  return found === null
    ? undefined
    : [found.index, found.index + found[0].length];
}

function asCodec(charmap: Charmap): Codec {
  return { startReading: () => readWith(charmap), writing: charmap };
}

/** ASCII. */
export const ASCII: Codec = asCodec(new FirstCharacters("ascii", 128));

/** Latin-1, the first 256 characters of Unicode. */
export const LATIN_1: Codec = asCodec(new FirstCharacters("latin-1", 256));

/** Where Python's tables differ from those of the web. */
const PYTHON_CHARACTERS: Readonly<Record<string, Record<number, string>>> = {
  "koi8-u": { 0xae: "╝", 0xbe: "╬" },
  "windows-1255": { 0xca: UNDEFINED },
};

/** The encoding of a table that Deno has under this name of the web. */
export function tableOf(label: string): Codec {
  const decoder = new TextDecoder(label);
  const isWindows = label.startsWith("windows-");
  let characters = "";
  for (let byte = 0; byte < 256; byte++) {
    const decoded = decoder.decode(Uint8Array.of(byte));
    // The web gives bytes without a character those of Latin-1.
    const isMissing = decoded === "\ufffd" ||
      isWindows && byte >= 0x80 && decoded === String.fromCharCode(byte) &&
        byte < 0xa0;
    const python = PYTHON_CHARACTERS[label]?.[byte];
    characters += python ?? (isMissing ? UNDEFINED : decoded);
  }
  return asCodec(new Table(characters));
}
