/**
 * What files with a buffer have in common: the file without one below them, and
 * the methods that each of them may lack. As Python's `io.BufferedIOBase`.
 *
 * @module
 */

import type { Bytes } from "./connection.ts";
import { UnsupportedOperation, ValueError } from "./errors.ts";
import { BytesIOBase } from "./io_base.ts";
import { type BytesLike, typeName, viewOf } from "./python.ts";
import type { SocketIO } from "./socket_io.ts";

/** A file of bytes with a buffer. As Python's `io.BufferedIOBase`. */
export abstract class BufferedIOBase extends BytesIOBase {
  /**
   * Reads bytes, if the file is one for reading.
   *
   * @param _size At most so many.
   * @returns The bytes.
   * @throws {UnsupportedOperation} If the file is only for writing.
   */
  // deno-lint-ignore require-await -- it rejects and never throws
  async read(_size: number | null = -1): Promise<Bytes> {
    throw new UnsupportedOperation("read");
  }

  /**
   * Reads bytes with one call of the socket at most, if the file is one for
   * reading.
   *
   * @param _size At most so many.
   * @returns The bytes.
   * @throws {UnsupportedOperation} If the file is only for writing.
   */
  // deno-lint-ignore require-await -- it rejects and never throws
  async read1(_size: number = -1): Promise<Bytes> {
    throw new UnsupportedOperation("read1");
  }

  /**
   * Reads bytes into an array, if the file is one for reading.
   *
   * @param buffer The array.
   * @returns How many bytes it has got.
   * @throws {UnsupportedOperation} If the file is only for writing.
   */
  async readinto(buffer: BytesLike): Promise<number> {
    const target = asTarget(buffer, "readinto");
    return fill(target, await this.read(target.length));
  }

  /**
   * Reads bytes into an array with one call of the socket at most, if the file
   * is one for reading.
   *
   * @param buffer The array.
   * @returns How many bytes it has got.
   * @throws {UnsupportedOperation} If the file is only for writing.
   */
  async readinto1(buffer: BytesLike): Promise<number> {
    const target = asTarget(buffer, "readinto1");
    return fill(target, await this.read1(target.length));
  }

  /**
   * Writes bytes, if the file is one for writing.
   *
   * @param _data The bytes.
   * @returns How many bytes the file has taken.
   * @throws {UnsupportedOperation} If the file is only for reading.
   */
  // deno-lint-ignore require-await -- it rejects and never throws
  async write(_data: BytesLike): Promise<number> {
    throw new UnsupportedOperation("write");
  }

  /**
   * Takes the file without a buffer out of this one, which then is of no use.
   *
   * @returns The file below.
   * @throws {UnsupportedOperation} If the file is one for reading and writing.
   */
  // deno-lint-ignore require-await -- it rejects and never throws
  async detach(): Promise<SocketIO> {
    throw new UnsupportedOperation("detach");
  }
}

function fill(target: Bytes, bytes: Bytes): number {
  target.set(bytes);
  return bytes.length;
}

/** An array that is to be filled. */
export function asTarget(value: unknown, method: string): Bytes {
  const bytes = viewOf(value);
  if (bytes !== undefined) return bytes;
  throw new TypeError(
    `${method}() argument must be read-write bytes-like object, not ${
      value === null || value === undefined ? "None" : typeName(value)
    }`,
  );
}

/** Checks the size of a buffer. */
export function checkBufferSize(size: number): void {
  if (size <= 0) {
    throw new ValueError("buffer size must be strictly positive");
  }
}

/** A buffered file in one direction, on top of one without a buffer. */
export abstract class BufferedFile extends BufferedIOBase {
  #raw: SocketIO | null;

  /** Puts a buffer on a file. */
  constructor(raw: SocketIO) {
    super();
    this.#raw = raw;
  }

  /** The file without a buffer below this one; `null` after `detach`. */
  get raw(): SocketIO | null {
    return this.#raw;
  }

  /** @ignore */
  override get _hasFailed(): boolean {
    return this.#raw?._hasFailed ?? false;
  }

  /** The file below, if it has not been taken away. */
  protected get attached(): SocketIO {
    if (this.#raw !== null) return this.#raw;
    throw new ValueError("raw stream has been detached");
  }

  /** Whether the file has been closed. */
  get closed(): boolean {
    return this.attached.closed;
  }

  /** The mode of the file below, such as `"rb"`. */
  get mode(): string {
    return this.attached.mode;
  }

  /** The number that `fileno()` returns; −1 if the file is closed. */
  get name(): number {
    return this.attached.name;
  }

  /** False; raises ValueError if the file is closed. */
  override seekable(): boolean {
    return this.attached.seekable();
  }

  /** False; raises ValueError if the file is closed. */
  override isatty(): boolean {
    return this.attached.isatty();
  }

  /** As the socket's `fileno()`; raises ValueError if the file is closed. */
  override fileno(): number {
    return this.attached.fileno();
  }

  /** Raises UnsupportedOperation, or ValueError if the file is closed. */
  override tell(): number {
    return this.attached.tell();
  }

  /**
   * Takes the file without a buffer out of this one, which then is of no use.
   * What this one has read ahead is lost; what it has to write, is written.
   *
   * @returns The file below.
   * @throws {ValueError} If the file is closed, or it has been done already.
   * @throws {OSError} As `flush`.
   */
  override async detach(): Promise<SocketIO> {
    const raw = this.attached;
    await this.flush();
    this.#raw = null;
    return raw;
  }

  /**
   * Python's `repr()`, with `name=?` for the number, which is not asked for.
   *
   * @returns For example `<_io.BufferedReader name=?>`, and `name=-1` when it is
   * closed.
   */
  override toString(): string {
    return `<_io.${this.constructor.name}${nameIn(this)}>`;
  }
}

/** The name of a file as its `repr()` has it, if it has one. */
export function nameIn(file: BufferedIOBase): string {
  const isNamed = file instanceof BufferedFile && file.raw !== null;
  return isNamed ? ` name=${file.closed ? -1 : "?"}` : "";
}
