/**
 * The writing half of a text file: owns the text that has been written and that
 * has not gone to the buffer below yet.
 *
 * @module
 */

import { gather } from "./buffers.ts";
import { type Codec, Encoder } from "./codec.ts";
import type { Bytes } from "./connection.ts";
import type { Newline } from "./newlines.ts";
import { countCharacters } from "./text_reader.ts";

/** How much to gather before it goes to the buffer. */
const CHUNK_SIZE = 8192;

/** What a `\n` becomes where `newline` is `null`. */
const LINESEP = Deno.build.os === "windows" ? "\r\n" : "\n";

/** The part of a file of bytes that text is written to. */
export interface BytesTarget {
  write(data: Bytes): Promise<number>;
  flush(): Promise<void>;
}

/** Text that can be written: its encoding has all of it. */
export interface Piece {
  readonly text: string;
  /** How many characters were given, as Python counts them. */
  readonly characters: number;
  readonly size: number;
  /** The text's bytes, unless they are made later and together with others. */
  readonly bytes: Bytes | undefined;
}

/** What has been written, and where it goes. */
export class TextWriter {
  readonly #encoder: Encoder;
  readonly #newline: Exclude<Newline, null>;
  // First bytes, then text of which only the size is known: to encode much of it
  // at once costs less.
  #pending: Bytes[] = [];
  #pendingText = "";
  #pendingSize = 0;

  /** The writing half of a file with this encoding and these line ends. */
  constructor(codec: Codec, errors: string, newline: Newline) {
    this.#encoder = new Encoder(codec, errors);
    this.#newline = newline ?? LINESEP;
  }

  /** Whether nothing waits for the buffer. */
  get isEmpty(): boolean {
    return this.#pendingSize === 0;
  }

  /** Translates ends of lines, and makes sure that there are bytes for all. */
  prepare(given: string): Piece {
    const newline = this.#newline;
    const isSame = newline === "" || newline === "\n";
    const text = isSame ? given : given.replaceAll("\n", newline);
    const next = this.#encoder.next(text);
    if (typeof next !== "number") {
      const characters = countCharacters(given);
      return { text, characters, size: next.length, bytes: next };
    }
    // Of a character that is two units of JavaScript's no encoding makes two bytes.
    const isSimple = isSame && next === text.length;
    const characters = isSimple ? text.length : countCharacters(given);
    return { text, characters, size: next, bytes: undefined };
  }

  /** Keeps a piece if it need not go to the buffer now, and says whether. */
  keep(piece: Piece): boolean {
    if (this.#pendingSize + piece.size >= CHUNK_SIZE) return false;
    this.#add(piece);
    return true;
  }

  /** Takes a piece, and hands to the buffer what has become too much. */
  async write(target: BytesTarget, piece: Piece): Promise<void> {
    if (this.#pendingSize + piece.size > CHUNK_SIZE) await this.empty(target);
    this.#add(piece);
    if (this.#pendingSize >= CHUNK_SIZE) await this.empty(target);
  }

  /** Hands everything to the buffer; when that fails it is lost. */
  async empty(target: BytesTarget): Promise<void> {
    if (this.isEmpty) return;
    this.#encodeText();
    const pending = gather(this.#pending);
    this.#pending = [];
    this.#pendingSize = 0;
    await target.write(pending);
  }

  #add({ text, size, bytes }: Piece): void {
    this.#pendingSize += size;
    if (bytes === undefined) {
      this.#pendingText += text;
      return;
    }
    this.#encodeText();
    this.#pending.push(bytes);
  }

  #encodeText(): void {
    if (this.#pendingText === "") return;
    this.#pending.push(this.#encoder.encode(this.#pendingText));
    this.#pendingText = "";
  }
}
