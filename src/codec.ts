/**
 * How text becomes bytes and bytes text, whatever the encoding: what happens at
 * places that do not fit, and what of a character that has come in part.
 *
 * @module
 */

import { gather } from "./buffers.ts";
import type { Bytes } from "./connection.ts";
import { mendBytes, mendText } from "./codec_errors.ts";

const NOTHING: Bytes = new Uint8Array(0);

/** Bytes that are no text. */
export interface Fault {
  /** The place after them. */
  readonly end: number;
  /** Why they are none, in Python's words. */
  readonly reason: string;
}

/** How an encoding is read. */
export interface Reading {
  /** The encoding's name in Python's messages. */
  readonly encoding: string;
  /** The text of bytes; what is wrong in them may become anything. */
  decode(bytes: Bytes): string;
  /** Whether the text that `decode` made of bytes shows that all were right. */
  isCertain(text: string, bytes: Bytes): boolean;
  /** How many bytes there are up to a character that is not complete. */
  completeLength(bytes: Bytes): number;
  /** The length of the character at a place; 0 if it is not complete. */
  scan(bytes: Bytes, at: number): number | Fault;
  /** What is wrong with a character that stays incomplete. */
  faultAtEnd(bytes: Bytes, at: number): Fault;
}

/** How an encoding is written. */
export interface Writing {
  /** The encoding's name in Python's messages. */
  readonly encoding: string;
  /** Why a character cannot be encoded. */
  readonly reason: string;
  /** The next characters that cannot be encoded, as places in the text. */
  findMisfit(text: string, from: number): readonly [number, number] | undefined;
  /** How many bytes a text makes that has no misfit. */
  measure(text: string): number;
  /** The bytes of such a text. */
  encode(text: string): Bytes;
}

/** An encoding. */
export interface Codec {
  /** What a stream is read with, from its beginning on. */
  startReading(): Read;
  readonly writing: Writing;
  /** What a stream that is written begins with. */
  readonly mark?: Bytes;
}

/** Reads as much as is complete from a place on; all if nothing follows. */
export type Read = (
  bytes: Bytes,
  errors: string,
  isFinal: boolean,
  from?: number,
) => readonly [text: string, consumed: number];

/** Decodes what comes in pieces. As Python's `codecs.IncrementalDecoder`. */
export class Decoder {
  readonly #codec: Codec;
  readonly #errors: string;
  #read: Read;
  #held: Bytes = NOTHING;

  /** A decoder that does with what is wrong what the handler's name says. */
  constructor(codec: Codec, errors: string) {
    this.#codec = codec;
    this.#errors = errors;
    this.#read = codec.startReading();
  }

  /** The text of the next piece. */
  decode(input: Bytes, isFinal: boolean): string {
    const bytes = this.#held.length === 0 ? input : gather([this.#held, input]);
    const [text, consumed] = this.#read(bytes, this.#errors, isFinal);
    this.#held = consumed === bytes.length ? NOTHING : bytes.slice(consumed);
    return text;
  }

  /** Begins anew. */
  reset(): void {
    this.#held = NOTHING;
    this.#read = this.#codec.startReading();
  }
}

/** Reads with a handler for what is wrong, fast as long as nothing is. */
export function readWith(reading: Reading): Read {
  return (bytes, errors, isFinal, from = 0) => {
    const length = isFinal ? bytes.length : reading.completeLength(bytes);
    const complete = bytes.subarray(from, length);
    const text = reading.decode(complete);
    return reading.isCertain(text, complete)
      ? [text, length]
      : readCarefully(reading, bytes, errors, isFinal, from);
  };
}

/** Reads with a handler for what is wrong, character by character. */
export function readAlong(reading: Reading): Read {
  return (bytes, errors, isFinal, from = 0) =>
    readCarefully(reading, bytes, errors, isFinal, from);
}

function readCarefully(
  reading: Reading,
  bytes: Bytes,
  errors: string,
  isFinal: boolean,
  from: number,
): readonly [string, number] {
  const { encoding } = reading;
  let text = "";
  let start = from;
  let at = from;
  while (at < bytes.length) {
    let found = reading.scan(bytes, at);
    if (found === 0) {
      if (!isFinal) break;
      found = reading.faultAtEnd(bytes, at);
    }
    if (typeof found === "number") {
      at += found;
      continue;
    }
    if (start < at) text += reading.decode(bytes.subarray(start, at));
    const fault = { encoding, object: bytes, start: at, ...found };
    const [mended, next] = mendText(fault, errors);
    text += mended;
    at = start = next;
  }
  return [text + reading.decode(bytes.subarray(start, at)), at];
}

/** Encodes what comes in pieces. As Python's `codecs.IncrementalEncoder`. */
export class Encoder {
  readonly #writing: Writing;
  readonly #errors: string;
  #mark: Bytes | undefined;

  /** An encoder that does with what is wrong what the handler's name says. */
  constructor(codec: Codec, errors: string) {
    this.#writing = codec.writing;
    this.#errors = errors;
    this.#mark = codec.mark;
  }

  /**
   * The bytes of the next piece; or only their number, if they are those that
   * `encode` makes of it later, also together with other pieces.
   */
  next(text: string): Bytes | number {
    const writing = this.#writing;
    if (this.#mark !== undefined) {
      const bytes = writeCarefully(writing, text, this.#errors);
      const marked = gather([this.#mark, bytes]);
      this.#mark = undefined;
      return marked;
    }
    return writing.findMisfit(text, 0) === undefined
      ? writing.measure(text)
      : writeCarefully(writing, text, this.#errors);
  }

  /** The bytes of text of which `next` told the number. */
  encode(text: string): Bytes {
    return this.#writing.encode(text);
  }
}

function writeCarefully(writing: Writing, text: string, errors: string): Bytes {
  const { encoding, reason } = writing;
  const pieces: Bytes[] = [];
  let at = 0;
  while (at < text.length) {
    const [start, end] = writing.findMisfit(text, at) ?? [text.length, 0];
    if (start > at) pieces.push(writing.encode(text.slice(at, start)));
    at = start;
    while (at < end) {
      const fault = { encoding, object: text, start: at, end, reason };
      const [mended, next] = mendBytes(fault, errors);
      pieces.push(
        typeof mended === "string" ? writing.encode(mended) : mended,
      );
      at = next;
    }
  }
  return gather(pieces);
}
