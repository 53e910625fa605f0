/**
 * Messages out of a stream of bytes, in two ways: their length before them, or a
 * line feed after them.
 *
 * A reader is fed the pieces as they arrive, however they are cut, and hands out
 * whole messages. It knows no socket: it serves every kind of them, and every cut
 * can be tried.
 *
 * @module
 */

import type { Bytes } from "./_bytes.ts";

/** The most bytes of a message, unless a reader is told otherwise: 1 MiB. */
export const LIMIT = 1024 * 1024;

// Once a length is wrong, nobody can tell where the next message begins. Who meets
// this error closes the connection. EPROTO is the system's "Protocol error".

/** A message that cannot travel, or bytes that are none. */
export class FrameError extends Error {
  /** The name of the errno that is closest. */
  readonly code = "EPROTO";

  /** `message` says what is wrong. */
  constructor(message: string) {
    super(message);
    this.name = "FrameError";
  }
}

/** Refuses a message that is, or is going to be, too long. */
function checkSize(size: number, limit: number, hint = ""): void {
  if (size <= limit) return;
  throw new FrameError(
    `Message too long: ${size} bytes, at most ${limit}${hint}`,
  );
}

// ## What has arrived
//
// `buffer = buffer + piece` copies all that is there for every piece: a message of
// 1 MiB that comes byte by byte would copy half a million MiB. This array doubles
// when it is full, so that a byte is copied about twice, and takes memory only for
// what has arrived: a promise alone takes none. All clients together can fill
// their number times the limit, so the limit is not a large one.

/** Keeps the bytes that are no whole message yet. */
export abstract class FrameReader {
  /** The most bytes of a message. */
  readonly limit: number;
  #data: Bytes = new Uint8Array(64);
  #start = 0;
  #end = 0;

  /** A message longer than `limit` is an error. */
  constructor(limit: number = LIMIT) {
    this.limit = limit;
  }

  /** Takes what `recv` returned. It is copied: the caller may use it again. */
  push(piece: Bytes): void {
    const { kept } = this;
    if (this.#end + piece.length > this.#data.length) {
      const size = 2 * (kept.length + piece.length);
      if (size > this.#data.length) this.#data = new Uint8Array(size);
      this.#data.set(kept);
      this.#start = 0;
      this.#end = kept.length;
    }
    this.#data.set(piece, this.#end);
    this.#end += piece.length;
  }

  /** The next message, or `undefined` as long as it is not whole. */
  abstract shift(): Bytes | undefined;

  /** The stream has ended, which is right only between two messages. */
  end(): void {
    const { length } = this.kept;
    if (length === 0) return;
    throw new FrameError(
      `Stream ends inside a message, ${length} bytes into it`,
    );
  }

  /** What has arrived and is no whole message yet. */
  get kept(): Bytes {
    return this.#data.subarray(this.#start, this.#end);
  }

  /** Takes so many bytes away. */
  protected take(count: number): Bytes {
    const taken = this.kept.slice(0, count);
    this.#start += count;
    return taken;
  }
}

// ## The length before it
//
// Four bytes, the highest first (`>I` for Python's `struct`, big-endian). A header
// can be cut, too, and is not to be believed before it has been checked: it may
// promise up to 4 GiB. A size of 0 is a message, an empty one, and not the end.

const HEADER_SIZE = 4;

/** As Python's `struct.pack(">I", len(message)) + message`. */
export function packLength(message: Bytes): Bytes {
  checkSize(message.length, LIMIT);
  const frame = new Uint8Array(HEADER_SIZE + message.length);
  new DataView(frame.buffer).setUint32(0, message.length);
  frame.set(message, HEADER_SIZE);
  return frame;
}

/** Reads messages that come after their length. */
export class LengthReader extends FrameReader {
  /** The next message, if as many bytes as its length says are there. */
  override shift(): Bytes | undefined {
    const { buffer, byteOffset, length } = this.kept;
    if (length < HEADER_SIZE) return undefined;
    const size = new DataView(buffer, byteOffset).getUint32(0);
    checkSize(size, this.limit, suspectText(this.kept));
    if (length < HEADER_SIZE + size) return undefined;
    return this.take(HEADER_SIZE + size).subarray(HEADER_SIZE);
  }
}

// The likeliest cause of a length that is much too long: the other end sends no
// lengths at all.
function suspectText(data: Bytes): string {
  const header = String.fromCharCode(...data.subarray(0, HEADER_SIZE));
  if (!/^[ -~]+$/.test(header)) return "";
  const quoted = JSON.stringify(header);
  return ` (it begins with ${quoted}: is that text, not a length?)`;
}

// ## A line feed after it
//
// What has been searched once is not searched again. And the limit holds before
// the line feed has come: a line without an end would fill the memory.

const LINE_FEED = 0x0a;

/** As Python's `message + b"\n"`. A message that holds a line feed cannot go. */
export function packLine(message: Bytes): Bytes {
  checkSize(message.length, LIMIT);
  const at = message.indexOf(LINE_FEED);
  if (at !== -1) throw new FrameError(`A line feed in the message, at ${at}`);
  const frame = new Uint8Array(message.length + 1);
  frame.set(message);
  frame[message.length] = LINE_FEED;
  return frame;
}

/** Reads messages that end with a line feed. */
export class LineReader extends FrameReader {
  #searched = 0;

  /** The next message, if its line feed is there. */
  override shift(): Bytes | undefined {
    const { kept } = this;
    const size = kept.indexOf(LINE_FEED, this.#searched);
    checkSize(size === -1 ? kept.length : size, this.limit);
    this.#searched = size === -1 ? kept.length : 0;
    return size === -1 ? undefined : this.take(size + 1).subarray(0, size);
  }
}

// ## Both ways by one name
//
// Each connection needs a reader of its own, which keeps what has come too early.

/** How messages travel: `pack` makes bytes of one, a reader makes them of bytes. */
export interface Framing {
  /** What travels for a message. */
  readonly pack: (message: Bytes) => Bytes;
  /** A reader for one connection. */
  readonly createReader: () => FrameReader;
}

/** The length before each message. */
export const LENGTHS: Framing = {
  pack: packLength,
  createReader: () => new LengthReader(),
};

/** A line feed after each message. */
export const LINES: Framing = {
  pack: packLine,
  createReader: () => new LineReader(),
};

// ## With a socket
//
// `recv` is called only while no whole message is there: one call may have brought
// three of them. The end of the stream is `null`, since an empty message exists.

/** One end of a connection, whichever API it is of. */
export interface End {
  /** Sends all of it, as Python's `sendall`. */
  readonly send: (data: Bytes) => Promise<void>;
  /** Receives at most so much, as Python's `recv`: no bytes mean the end. */
  readonly recv: (size: number) => Promise<Bytes>;
}

/**
 * The next message, or `null` once the stream has ended. `recv` is a socket's, or
 * one made of `Deno.Conn`'s `read`: no bytes mean the end.
 */
export async function readFrame(
  recv: (size: number) => Promise<Bytes>,
  reader: FrameReader,
): Promise<Bytes | null> {
  while (true) {
    const message = reader.shift();
    if (message !== undefined) return message;
    const piece = await recv(4096);
    if (piece.length > 0) {
      reader.push(piece);
    } else {
      reader.end();
      return null;
    }
  }
}
