/**
 * Class `BufferedReader`: reads ahead, so that lines and exact numbers of bytes
 * can be had. As Python's `io.BufferedReader`, whose rules tell how much it
 * takes from the socket, when, and what is lost by a timeout.
 *
 * @module
 */

import { gather } from "./buffers.ts";
import { asTarget, BufferedFile, checkBufferSize } from "./buffered_io.ts";
import type { Bytes } from "./connection.ts";
import { UnsupportedOperation, ValueError } from "./errors.ts";
import { asOptionalSize, DEFAULT_BUFFER_SIZE, noBytes } from "./io_base.ts";
import { Lock } from "./lock.ts";
import { asInteger, type BytesLike } from "./python.ts";
import type { SocketIO } from "./socket_io.ts";

const NEWLINE = 10;

const NOTHING: Bytes = new Uint8Array(0);

/**
 * What reads return of which Python says `None`. It is not in their types, nor
 * is it in those that Python's own files have: only a socket that may not wait
 * can meet it.
 */
const NONE = null as unknown as never;

/**
 * A file for reading bytes. As Python's `io.BufferedReader`;
 * `Socket.makefile("rb")` makes one.
 *
 * Calls at the same time are served in their order. A timeout ends it all, as in
 * Python: what that call had read is lost, and the file cannot be read any more.
 *
 * @example A line, then so many bytes
 * ```ts
 * import { create_connection, create_server } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = create_server(["127.0.0.1", 0]);
 * using client = await create_connection(listener.getsockname());
 * using conn = (await listener.accept())[0];
 * await client.sendall(new TextEncoder().encode("length 5\nhello, and more"));
 *
 * using file = conn.makefile("rb");
 * const decoder = new TextDecoder();
 * assertEquals(decoder.decode(await file.readline()), "length 5\n");
 * assertEquals(decoder.decode(await file.read(5)), "hello");
 * ```
 */
export class BufferedReader extends BufferedFile {
  readonly #size: number;
  readonly #lock = new Lock();
  // What has been read ahead stands in `#buffer` from `#start` to `#end`.
  #buffer: Bytes = NOTHING;
  #start = 0;
  #end = 0;
  // Lines are views of the buffer, so it must not be filled again.
  #isLent = false;
  #isClosed = false;

  /**
   * Puts a buffer on a file.
   *
   * @param raw The file, which must be for reading.
   * @param buffer_size How much to read ahead at most.
   * @throws {ValueError} If the size is not positive.
   * @throws {UnsupportedOperation} If the file is not for reading.
   */
  constructor(raw: SocketIO, buffer_size: number = DEFAULT_BUFFER_SIZE) {
    super(raw);
    if (!raw.readable()) {
      throw new UnsupportedOperation("File or stream is not readable.");
    }
    checkBufferSize(buffer_size);
    this.#size = buffer_size;
  }

  /** Whether the mode has "r"; raises ValueError if the file is closed. */
  override readable(): boolean {
    return this.attached.readable();
  }

  /** Does nothing; raises ValueError if the file is closed. */
  override flush(): Promise<void> {
    try {
      return this.attached.flush();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Raises UnsupportedOperation, or ValueError if the file is closed. */
  override seek(_offset: number, _whence: number = 0): number {
    this.#openFor("seek of closed file");
    throw new UnsupportedOperation("File or stream is not seekable.");
  }

  /** Raises UnsupportedOperation, or ValueError if the file is closed. */
  // deno-lint-ignore require-await -- it rejects and never throws
  override async truncate(_size: number | null = null): Promise<number> {
    this.#openFor("truncate of closed file");
    throw new UnsupportedOperation("truncate");
  }

  /**
   * Reads so many bytes, and waits until they are there.
   *
   * @param size How many; `null` and −1 read up to the end of the stream.
   * @returns The bytes, fewer only at the end of the stream. On a socket that
   * may not wait: what is there, and `null` if that is nothing.
   * @throws {TypeError} If `size` is no whole number.
   * @throws {ValueError} If it is less than −1, or the file is closed.
   * @throws {TimeoutError} If they are not there within the socket's timeout,
   * which counts for each piece that arrives; what has been read is lost.
   * @throws {OSError} After such a timeout: "cannot read from timed out object".
   * And as the socket's `recv`.
   */
  override read(size: number | null = -1): Promise<Bytes> {
    try {
      const count = asOptionalSize(size);
      const raw = this.attached;
      if (count < -1) {
        throw new ValueError("read length must be non-negative or -1");
      }
      this.#openFor("read of closed file");
      if (count >= 0 && count <= this.#ahead && this.#lock.isFree) {
        return Promise.resolve(this.#take(count));
      }
      return this.#lock.run(() =>
        count < 0 ? this.#readAll(raw) : this.#readCount(raw, count)
      );
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Reads what is there, and waits only if that is nothing.
   *
   * @param size At most so many bytes; less than 0 is the size of the buffer.
   * @returns What has been read ahead or else what one `recv` gives; empty at
   * the end of the stream, and if a socket that may not wait has nothing.
   * @throws {TypeError} If `size` is no whole number.
   * @throws {ValueError} If the file is closed.
   * @throws {OSError} As `read`.
   */
  override async read1(size: number = -1): Promise<Bytes> {
    const given = asInteger(size, "ssize_t");
    const count = given < 0 ? this.#size : given;
    const raw = this.attached;
    this.#openFor("read of closed file");
    if (count === 0) return NOTHING;
    return await this.#lock.run(async () => {
      if (this.#ahead > 0) return this.#take(Math.min(count, this.#ahead));
      this.#forget();
      const bytes = new Uint8Array(count);
      return cut(bytes, await raw.readinto(bytes) ?? 0);
    });
  }

  /**
   * Reads bytes into an array, and waits until it is full.
   *
   * @param buffer The array; it is filled from its start.
   * @returns How many bytes it has got, fewer than it holds only at the end of
   * the stream. On a socket that may not wait: as many as are there, and `null`
   * if there are none.
   * @throws {TypeError} If `buffer` is no array of bytes.
   * @throws {ValueError} If the file is closed.
   * @throws {OSError} As `read`; what has been read is in the array then.
   */
  override async readinto(buffer: BytesLike): Promise<number> {
    return await this.#readInto(asTarget(buffer, "readinto"), false);
  }

  /**
   * Reads bytes into an array, and waits only if there are none.
   *
   * @param buffer The array; it is filled from its start.
   * @returns How many bytes it has got.
   * @throws {TypeError} If `buffer` is no array of bytes.
   * @throws {ValueError} If the file is closed.
   * @throws {OSError} As `read`.
   */
  override async readinto1(buffer: BytesLike): Promise<number> {
    return await this.#readInto(asTarget(buffer, "readinto1"), true);
  }

  /**
   * Shows what is there and leaves it, and waits only if that is nothing.
   *
   * @param size Has no effect, as in Python.
   * @returns What has been read ahead, or else what one `recv` gives; empty at
   * the end of the stream.
   * @throws {TypeError} If `size` is no whole number.
   * @throws {ValueError} If the file is closed.
   * @throws {OSError} As `read`.
   */
  async peek(size: number = 0): Promise<Bytes> {
    asInteger(size, "ssize_t");
    const raw = this.attached;
    this.#openFor("peek of closed file");
    return await this.#lock.run(async () => {
      if (this.#ahead === 0) {
        this.#forget();
        await this.#fill(raw);
      }
      return this.#buffer.slice(this.#start, this.#end);
    });
  }

  /**
   * Reads a line.
   *
   * The array is a view of a larger one, which the lines next to it share: if you
   * need its `buffer`, take that of `line.slice()`.
   *
   * @param size At most so many bytes; `null` and −1 are no limit.
   * @returns The line with its `\n`, which is missing at the end of the stream;
   * empty after that. On a socket that may not wait: what is there.
   * @throws {TypeError} If `size` is no whole number.
   * @throws {ValueError} If the file is closed.
   * @throws {TimeoutError} If the line does not end within the socket's timeout,
   * which counts for each piece that arrives; what has been read is lost.
   * @throws {OSError} As `read`.
   */
  override readline(size: number | null = -1): Promise<Bytes> {
    try {
      const limit = asOptionalSize(size);
      const raw = this.attached;
      this.#openFor("readline of closed file");
      const line = this.lineWithin(limit);
      return line === undefined
        ? this.#lock.run(() => this.#readLine(raw, limit, false))
        : Promise.resolve(line);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The next line, if the file need not wait for it. */
  protected override lineAtHand(): Bytes | undefined {
    this.attached;
    this.#openFor("readline of closed file");
    return this.lineWithin(-1);
  }

  /**
   * The next line, for a file that reads and writes: with an error where a
   * socket that may not wait has no end of it.
   *
   * @ignore
   */
  readWholeLine(limit: number): Promise<Bytes> {
    const raw = this.attached;
    return this.#lock.run(() => this.#readLine(raw, limit, true));
  }

  /**
   * The next line of limited size, if it has been read ahead.
   *
   * @ignore
   */
  lineWithin(limit: number): Bytes | undefined {
    if (!this.#lock.isFree) return undefined;
    const buffer = this.#buffer;
    const start = this.#start;
    const isLimited = limit >= 0 && limit <= this.#end - start;
    const end = isLimited ? start + limit : this.#end;
    let at = start;
    while (at < end && buffer[at] !== NEWLINE) at++;
    if (at === end && !isLimited) return undefined;
    return this.#lend(at === end ? end : at + 1);
  }

  /**
   * Closes the file, at once; but the connection only if its socket has been
   * closed already and no other file is open.
   */
  override async close(): Promise<void> {
    const raw = this.attached;
    if (raw.closed) return;
    this.#isClosed = true;
    this.#forget();
    await raw.close();
  }

  /** What has been read ahead can be read even after the file below closed. */
  #openFor(words: string): void {
    if (this.#isClosed || this.closed && this.#ahead === 0) {
      throw new ValueError(words);
    }
  }

  get #ahead(): number {
    return this.#end - this.#start;
  }

  /** A copy of the next bytes, which is the caller's own. */
  #take(count: number): Bytes {
    const start = this.#start;
    this.#start += count;
    return this.#buffer.slice(start, this.#start);
  }

  /** The next bytes as a view: to make an array costs as much as ten lines. */
  #lend(end: number): Bytes {
    const start = this.#start;
    this.#start = end;
    this.#isLent = true;
    return this.#buffer.subarray(start, end);
  }

  #forget(): void {
    this.#start = this.#end = 0;
  }

  /** Reads once into the room that is left in the buffer. */
  async #fill(raw: SocketIO): Promise<number | null> {
    if (this.#end === 0 && (this.#isLent || this.#buffer.length === 0)) {
      this.#buffer = new Uint8Array(this.#size);
      this.#isLent = false;
    }
    const count = await raw.readinto(this.#buffer.subarray(this.#end));
    this.#end += count ?? 0;
    return count;
  }

  async #readAll(raw: SocketIO): Promise<Bytes> {
    const ahead = this.#take(this.#ahead);
    this.#forget();
    const rest = await raw.readall();
    if (ahead.length === 0) return rest ?? NONE;
    return rest === null ? ahead : gather([ahead, rest]);
  }

  async #readCount(raw: SocketIO, count: number): Promise<Bytes> {
    if (count <= this.#ahead) return this.#take(count);
    const bytes = new Uint8Array(count);
    let end = this.#ahead;
    bytes.set(this.#take(end));
    this.#forget();
    const short = (got: 0 | null) =>
      got === 0 || end > 0 ? cut(bytes, end) : NONE;
    // Whole blocks go past the buffer.
    while (count - end >= this.#size) {
      const blocks = count - (count - end) % this.#size;
      const got = await raw.readinto(bytes.subarray(end, blocks));
      if (got === null || got === 0) return short(got);
      end += got;
    }
    while (end < count && this.#end < this.#size) {
      const got = await this.#fill(raw);
      if (got === null || got === 0) return short(got);
      const next = this.#buffer.subarray(
        this.#start,
        Math.min(this.#end, this.#start + count - end),
      );
      bytes.set(next, end);
      this.#start += next.length;
      end += next.length;
    }
    return cut(bytes, end);
  }

  async #readInto(target: Bytes, isOnce: boolean): Promise<number> {
    const raw = this.attached;
    this.#openFor("readinto of closed file");
    return await this.#lock.run(async () => {
      let end = this.#moveInto(target, 0);
      if (end === target.length) return end;
      this.#forget();
      while (end < target.length) {
        const room = target.length - end;
        let got: number | null = 0;
        if (room > this.#size) {
          got = await raw.readinto(target.subarray(end));
        } else if (!isOnce || end === 0) {
          got = await this.#fill(raw);
          if (got !== null && got > 0) {
            end += this.#moveInto(target, end);
            continue;
          }
        }
        if (got === null && end === 0) return NONE;
        if (got === null || got === 0) break;
        end += got;
        if (isOnce) break;
      }
      return end;
    });
  }

  #moveInto(target: Bytes, at: number): number {
    const count = Math.min(target.length - at, this.#ahead);
    const end = this.#start + count;
    target.set(this.#buffer.subarray(this.#start, end), at);
    this.#start = end;
    return count;
  }

  async #readLine(
    raw: SocketIO,
    limit: number,
    isWhole: boolean,
  ): Promise<Bytes> {
    const pieces: Bytes[] = [];
    let left = limit;
    while (true) {
      const line = this.#takeLine(left);
      pieces.push(line);
      if (left >= 0) left -= line.length;
      if (left === 0 || line.at(-1) === NEWLINE) break;
      this.#forget();
      const got = await this.#fill(raw);
      if (got === null && isWhole) throw noBytes();
      if (got === null || got === 0) break;
    }
    return pieces.length === 1 ? pieces[0] ?? NOTHING : gather(pieces);
  }

  /** As much of a line as has been read ahead. */
  #takeLine(limit: number): Bytes {
    const most = limit < 0
      ? this.#end
      : Math.min(this.#end, this.#start + limit);
    const at = this.#buffer.indexOf(NEWLINE, this.#start);
    return this.#lend(at < 0 ? most : Math.min(at + 1, most));
  }
}

/** The beginning of an array, without the rest in memory. */
function cut(bytes: Bytes, length: number): Bytes {
  return length === bytes.length ? bytes : bytes.slice(0, length);
}
