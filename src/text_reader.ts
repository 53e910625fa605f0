/**
 * The reading half of a text file: owns the text that has been decoded and that
 * nobody has read yet.
 *
 * @module
 */

import { type Codec, Decoder } from "./codec.ts";
import type { Bytes } from "./connection.ts";
import { findLineEnd, type Newline, NewlineDecoder } from "./newlines.ts";

/** How much to read at once, as long as nobody asks for more. */
const CHUNK_SIZE = 8192;

/** The part of a file of bytes that text is read from. */
export interface BytesSource {
  read(): Promise<Bytes>;
  read1(size: number): Promise<Bytes>;
}

/** What has been decoded, and the next of it. */
export class TextReader {
  readonly #decoder: Decoder | NewlineDecoder;
  readonly #newline: Newline;
  // What nobody has read yet begins in `#text` at `#used`.
  #text = "";
  #used = 0;
  #textBytes = 0;
  #hasText = false;

  /** The reading half of a file with this encoding and these line ends. */
  constructor(codec: Codec, errors: string, newline: Newline) {
    const decoder = new Decoder(codec, errors);
    this.#decoder = newline === null || newline === ""
      ? new NewlineDecoder(decoder, newline === null)
      : decoder;
    this.#newline = newline;
  }

  /** The ends of lines that have been met, where there is more than one kind. */
  get newlines(): string | readonly string[] | null {
    return this.#decoder instanceof NewlineDecoder
      ? this.#decoder.newlines
      : null;
  }

  /** Whether some text has been decoded since the beginning, or the end. */
  get hasText(): boolean {
    return this.#hasText;
  }

  /** Forgets what has been decoded, and begins anew. */
  forget(): void {
    this.#setText("");
    this.#hasText = false;
    this.#decoder.reset();
  }

  /** The next line, if it has been decoded already. */
  takeLine(): string | undefined {
    const start = this.#used;
    const end = findLineEnd(this.#text, start, this.#newline);
    if (end < 0) return undefined;
    this.#used = end;
    return this.#text.slice(start, end);
  }

  /** All text up to the end. */
  async readAll(source: BytesSource): Promise<string> {
    const bytes: Bytes | null = await source.read();
    // Python has no answer to a socket that may not wait, but these words.
    if (bytes === null) throw new TypeError("can't concat NoneType to bytes");
    const decoded = this.#decoder.decode(bytes, true);
    const text = this.#text.slice(this.#used) + decoded;
    this.#setText("");
    this.#hasText = false;
    return text;
  }

  /** So many characters, fewer only at the end. */
  async readCount(source: BytesSource, count: number): Promise<string> {
    let text = this.#take(count);
    let left = count - countCharacters(text);
    while (left > 0) {
      if (!await this.#readChunk(source, left)) break;
      const more = this.#take(left);
      text += more;
      left -= countCharacters(more);
    }
    return text;
  }

  /** A line, or so many characters of it; less than 0 is no limit. */
  async readLine(source: BytesSource, limit: number): Promise<string> {
    let line = "";
    let size = 0;
    // A `\r` that may be the first half of an end, with the next chunk to tell.
    let held = "";
    while (true) {
      while (this.#text === "") {
        if (await this.#readChunk(source, 0)) continue;
        this.#hasText = false;
        return line + held;
      }
      const text = held + this.#text.slice(this.#used);
      const offset = this.#used - held.length;
      let end = findLineEnd(text, 0, this.#newline);
      const isFound = end >= 0;
      if (!isFound) {
        const isHalf = this.#newline === "\r\n" && text.endsWith("\r");
        end = text.length - Number(isHalf);
      }
      if (limit >= 0) {
        const characters = countCharacters(text.slice(0, end));
        if (size + characters >= limit) {
          end = placeAfter(text, 0, limit - size);
          this.#used = offset + end;
          return line + text.slice(0, end);
        }
        size += characters;
      }
      line += text.slice(0, end);
      if (isFound) {
        this.#used = offset + end;
        return line;
      }
      held = text.slice(end);
      this.#setText("");
    }
  }

  #setText(text: string): void {
    this.#text = text;
    this.#used = 0;
    this.#hasText = true;
  }

  /** The next characters of what has been decoded. */
  #take(count: number): string {
    const start = this.#used;
    this.#used = placeAfter(this.#text, start, count);
    return this.#text.slice(start, this.#used);
  }

  /** Reads and decodes once, and says whether there was anything. */
  async #readChunk(source: BytesSource, hint: number): Promise<boolean> {
    const bytes = await source.read1(Math.max(CHUNK_SIZE, this.#expect(hint)));
    const text = this.#decoder.decode(bytes, bytes.length === 0);
    this.#setText(text);
    this.#textBytes = bytes.length;
    return bytes.length > 0 || text !== "";
  }

  /** How many bytes so many characters may be, by those before. */
  #expect(count: number): number {
    if (count === 0 || this.#text === "") return count;
    const ratio = this.#textBytes / countCharacters(this.#text);
    return Math.floor(Math.max(ratio, 1) * count);
  }
}

/** How many characters a text has as Python counts them, by code points. */
export function countCharacters(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length; i++) {
    const isHalf = (text.charCodeAt(i) & 0xfc00) === 0xd800;
    if (isHalf && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) count--;
  }
  return count;
}

/** The place so many characters after another, or the end. */
function placeAfter(text: string, from: number, count: number): number {
  const end = Math.min(text.length, from + count);
  if (!/[\ud800-\udbff]/.test(text.slice(from, end))) return end;
  let place = from;
  for (let i = 0; i < count && place < text.length; i++) {
    place += (text.codePointAt(place) ?? 0) > 0xffff ? 2 : 1;
  }
  return place;
}
