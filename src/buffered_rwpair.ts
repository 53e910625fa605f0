/**
 * Class `BufferedRWPair`: a reader and a writer as one file. As Python's
 * `io.BufferedRWPair`.
 *
 * @module
 */

import { BufferedIOBase } from "./buffered_io.ts";
import { BufferedReader } from "./buffered_reader.ts";
import { BufferedWriter } from "./buffered_writer.ts";
import type { Bytes } from "./connection.ts";
import { asOptionalSize, DEFAULT_BUFFER_SIZE } from "./io_base.ts";
import type { BytesLike } from "./python.ts";
import type { SocketIO } from "./socket_io.ts";

/**
 * A file for reading and writing bytes. As Python's `io.BufferedRWPair`;
 * `Socket.makefile("rwb")` makes one.
 *
 * Reading does not send what has been written: `flush` before you wait for an
 * answer.
 *
 * @example A question and its answer
 * ```ts
 * import { create_connection, create_server } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = create_server(["127.0.0.1", 0]);
 * using client = await create_connection(listener.getsockname());
 * using conn = (await listener.accept())[0];
 * await using file = client.makefile("rwb");
 *
 * await file.write(new TextEncoder().encode("ping\n"));
 * await file.flush();
 * assertEquals((await conn.recv(1024)).length, 5);
 *
 * await conn.sendall(new TextEncoder().encode("pong\n"));
 * assertEquals(new TextDecoder().decode(await file.readline()), "pong\n");
 * ```
 */
export class BufferedRWPair extends BufferedIOBase {
  readonly #reader: BufferedReader;
  readonly #writer: BufferedWriter;

  /**
   * Puts buffers on a file.
   *
   * @param reader The file that is read.
   * @param writer The file that is written to; it can be the same.
   * @param buffer_size The size of each of the two buffers.
   * @throws {ValueError} If the size is not positive.
   * @throws {UnsupportedOperation} If a file is not for what it is to do.
   */
  constructor(
    reader: SocketIO,
    writer: SocketIO,
    buffer_size: number = DEFAULT_BUFFER_SIZE,
  ) {
    super();
    this.#reader = new BufferedReader(reader, buffer_size);
    this.#writer = new BufferedWriter(writer, buffer_size);
  }

  /** Whether it has been closed. */
  get closed(): boolean {
    return this.#writer.closed;
  }

  /** Whether the mode has "r"; raises ValueError if the file is closed. */
  override readable(): boolean {
    return this.#reader.readable();
  }

  /** Whether the mode has "w"; raises ValueError if the file is closed. */
  override writable(): boolean {
    return this.#writer.writable();
  }

  /** False; raises ValueError if the file is closed. */
  override isatty(): boolean {
    return this.#writer.isatty() || this.#reader.isatty();
  }

  /** As {@linkcode BufferedReader.read}. */
  override read(size: number | null = -1): Promise<Bytes> {
    return this.#reader.read(size);
  }

  /** As {@linkcode BufferedReader.read1}. */
  override read1(size: number = -1): Promise<Bytes> {
    return this.#reader.read1(size);
  }

  /** @ignore */
  override get _hasFailed(): boolean {
    return this.#writer._hasFailed;
  }

  /** As {@linkcode BufferedReader.readinto}. */
  override readinto(buffer: BytesLike): Promise<number> {
    return this.#reader.readinto(buffer);
  }

  /** As {@linkcode BufferedReader.readinto1}. */
  override readinto1(buffer: BytesLike): Promise<number> {
    return this.#reader.readinto1(buffer);
  }

  /** As {@linkcode BufferedReader.peek}. */
  peek(size: number = 0): Promise<Bytes> {
    return this.#reader.peek(size);
  }

  /**
   * As {@linkcode BufferedReader.readline}, except that a socket that may not
   * wait raises OSError where the line does not end.
   */
  override readline(size: number | null = -1): Promise<Bytes> {
    try {
      const limit = asOptionalSize(size);
      if (limit === 0) return Promise.resolve(new Uint8Array(0));
      const line = this.#reader.lineWithin(limit);
      return line === undefined ? this.#readLine(limit) : Promise.resolve(line);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The next line, if the file need not wait for it. */
  protected override lineAtHand(): Bytes | undefined {
    return this.#reader.lineWithin(-1);
  }

  async #readLine(limit: number): Promise<Bytes> {
    // Python's own is made of peek() and read(), as the words of its errors tell.
    if (this.closed) await this.#reader.peek();
    return await this.#reader.readWholeLine(limit);
  }

  /** As {@linkcode BufferedWriter.write}. */
  override write(data: BytesLike): Promise<number> {
    return this.#writer.write(data);
  }

  /** As {@linkcode BufferedWriter.flush}. */
  override flush(): Promise<void> {
    return this.#writer.flush();
  }

  /** As {@linkcode BufferedWriter.close}. */
  override async close(): Promise<void> {
    try {
      await this.#writer.close();
    } finally {
      await this.#reader.close();
    }
  }

  /**
   * Python's `repr()`, without the address in memory.
   *
   * @returns `<_io.BufferedRWPair object>`.
   */
  override toString(): string {
    return "<_io.BufferedRWPair object>";
  }
}
