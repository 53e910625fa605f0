/**
 * What all file objects of a socket have in common. As Python's `io.IOBase` and
 * `io.BufferedIOBase`, whose methods refuse what a file cannot do.
 *
 * @module
 */

import { gather } from "./buffers.ts";
import type { Bytes } from "./connection.ts";
import { OSError, UnsupportedOperation, ValueError } from "./errors.ts";
import { asInteger, type BytesLike, typeName } from "./python.ts";

/** The size of a buffer where none is given. As Python's `io.DEFAULT_BUFFER_SIZE`. */
export const DEFAULT_BUFFER_SIZE = 8192;

/** A size as methods take it for which `None` is −1, no limit. */
export function asOptionalSize(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  if (value === null) return -1;
  if (typeof value === "bigint" || typeof value === "boolean") {
    return asInteger(value, "ssize_t");
  }
  throw new TypeError(
    `argument should be integer or None, not '${typeName(value)}'`,
  );
}

/** How long a line is: bytes, or characters as Python counts them. */
function sizeOf(line: Bytes | string): number {
  if (typeof line !== "string") return line.length;
  let size = 0;
  for (const _ of line) size++;
  return size;
}

/**
 * A file object whose lines are bytes or text, such as `Socket.makefile()`
 * returns. As Python's `io.IOBase`.
 *
 * `for await` reads its lines. `await using` closes it at the end of its block,
 * as `with` does in Python.
 */
export abstract class IOBase<Line extends Bytes | string>
  implements AsyncIterable<Line>, Disposable, AsyncDisposable {
  /** Whether it has been closed. */
  abstract get closed(): boolean;

  /** Writes what is still to be written, and closes the file. */
  abstract close(): Promise<void>;

  /** The next line. */
  abstract readline(size?: number | null): Promise<Line>;

  /** Writes one piece. */
  abstract write(
    data: Line extends string ? string : BytesLike,
  ): Promise<number | null>;

  /** The next line, if the file need not wait for it. */
  protected lineAtHand(): Line | undefined {
    return undefined;
  }

  /** Raises ValueError if the file is closed. */
  protected checkOpen(): void {
    if (this.closed) throw new ValueError("I/O operation on closed file.");
  }

  /**
   * Writes what is in the buffer. Does nothing on a file for reading.
   *
   * @throws {ValueError} If the file is closed.
   */
  // deno-lint-ignore require-await -- it rejects and never throws
  async flush(): Promise<void> {
    this.checkOpen();
  }

  /**
   * Whether the file can be read.
   *
   * @returns True in a mode with "r".
   * @throws {ValueError} If the file is closed.
   */
  readable(): boolean {
    return false;
  }

  /**
   * Whether the file can be written to.
   *
   * @returns True in a mode with "w".
   * @throws {ValueError} If the file is closed.
   */
  writable(): boolean {
    return false;
  }

  /**
   * Whether the file has places to go back to; that of a socket has none.
   *
   * @returns False.
   * @throws {ValueError} If the file is closed.
   */
  seekable(): boolean {
    return false;
  }

  /**
   * Whether the file is a terminal, which that of a socket is not.
   *
   * @returns False.
   * @throws {ValueError} If the file is closed.
   */
  isatty(): boolean {
    this.checkOpen();
    return false;
  }

  /**
   * The number of the socket's descriptor.
   *
   * @returns What the socket's `fileno()` returns.
   * @throws {UnsupportedOperation} If the file is one for reading and writing.
   * @throws {ValueError} If the file is closed.
   * @throws {PermissionError} As the socket's `fileno`.
   */
  fileno(): number {
    throw new UnsupportedOperation("fileno");
  }

  /**
   * Refuses to go to another place.
   *
   * @param _offset Where to.
   * @param _whence From where.
   * @returns Never.
   * @throws {UnsupportedOperation} In any case.
   */
  seek(_offset: number, _whence: number = 0): number {
    throw new UnsupportedOperation("seek");
  }

  /**
   * Refuses to say at which place the file is.
   *
   * @returns Never.
   * @throws {UnsupportedOperation} In any case.
   */
  tell(): number {
    throw new UnsupportedOperation("seek");
  }

  /**
   * Refuses to cut the file.
   *
   * @param _size Where.
   * @returns Never.
   * @throws {UnsupportedOperation} In any case.
   */
  // deno-lint-ignore require-await -- it rejects and never throws
  async truncate(_size: number | null = null): Promise<number> {
    throw new UnsupportedOperation("truncate");
  }

  /**
   * All lines up to the end, or some.
   *
   * @param hint Reads no more lines when those so far are longer than this; all
   * of them if it is `null`, 0 or less.
   * @returns The lines.
   * @throws {ValueError} If the file is closed.
   * @throws {OSError} As `readline`; lines that have been read are lost then.
   */
  async readlines(hint: number | null = -1): Promise<Line[]> {
    const limit = asOptionalSize(hint);
    this.checkOpen();
    const lines: Line[] = [];
    let left = limit;
    while (true) {
      const line = this.lineAtHand() ?? await this.nextLine();
      if (line.length === 0) return lines;
      lines.push(line);
      if (limit <= 0) continue;
      const size = sizeOf(line);
      if (size > left) return lines;
      left -= size;
    }
  }

  /**
   * Writes several pieces, without anything between them.
   *
   * @param lines The pieces.
   * @throws {TypeError} If `lines` is not iterable, or a piece is of the wrong
   * type.
   * @throws {ValueError} If the file is closed.
   * @throws {OSError} As `write`.
   */
  async writelines(
    lines: Iterable<Line extends string ? string : BytesLike>,
  ): Promise<void> {
    this.checkOpen();
    if (!(Symbol.iterator in Object(lines))) {
      throw new TypeError(`'${typeName(lines)}' object is not iterable`);
    }
    for (const line of lines) await this.write(line);
  }

  /** What iterating reads; classes may word its errors in their own way. */
  protected nextLine(): Promise<Line> {
    return this.readline();
  }

  /**
   * The next line for `for await`.
   *
   * @returns The line, or that there is none.
   * @throws {OSError} As `readline`.
   */
  next(): Promise<IteratorResult<Line, undefined>> {
    try {
      const value = this.lineAtHand();
      // A promise that is there already is half the cost of a line.
      return value === undefined
        ? this.#next()
        : Promise.resolve({ value, done: false });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #next(): Promise<IteratorResult<Line, undefined>> {
    const value = await this.nextLine();
    return value.length === 0
      ? { value: undefined, done: true }
      : { value, done: false };
  }

  /**
   * The lines of the file: the file itself.
   *
   * @returns The file.
   * @throws {ValueError} If the file is closed.
   */
  [Symbol.asyncIterator](): AsyncIterator<Line, undefined> {
    this.checkOpen();
    return this;
  }

  /**
   * Closes the file at the end of a `using` block. Nobody waits then until a
   * file for writing has written its buffer, or learns that it could not but by
   * an unhandled rejection: use `await using` for these.
   */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Writes what is still to be written, and closes the file. A failure of it is
   * not raised if a call that wrote has failed before: that error is on its way,
   * and JavaScript would hide it in a SuppressedError, where Python lets it pass.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const isKnown = this._hasFailed;
    try {
      await this.close();
    } catch (error) {
      if (!isKnown || !(error instanceof OSError)) throw error;
    }
  }

  /**
   * Whether a call that wrote to the socket has failed.
   *
   * @ignore
   */
  get _hasFailed(): boolean {
    return false;
  }
}

/** The common part of files of bytes. As Python's `io.IOBase.readline()`. */
export abstract class BytesIOBase extends IOBase<Bytes> {
  /** Reads bytes. */
  abstract read(size?: number | null): Promise<Bytes | null>;

  /**
   * Reads a line byte by byte, so that nothing after it is taken.
   *
   * @param size At most so many bytes; `null` and −1 are no limit.
   * @returns The line with its `\n`, which is missing at the end of the stream;
   * empty after that.
   * @throws {OSError} If a socket that may not wait has nothing.
   */
  async readline(size: number | null = -1): Promise<Bytes> {
    const limit = asOptionalSize(size);
    const pieces: Bytes[] = [];
    while (limit < 0 || pieces.length < limit) {
      const piece = await this.read(1);
      if (piece === null) throw noBytes();
      if (piece.length === 0) break;
      pieces.push(piece);
      if (piece[0] === 10) break;
    }
    return gather(pieces);
  }
}

/** What `readline` raises when a read has nothing to give, and may not wait. */
export function noBytes(): OSError {
  return new OSError(
    "read() should have returned a bytes object, not 'NoneType'",
  );
}
