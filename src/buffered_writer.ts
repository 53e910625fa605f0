/**
 * Class `BufferedWriter`: gathers small writes to larger ones. As Python's
 * `io.BufferedWriter`, whose rules tell what is sent when, and what of a write
 * that fails stays in the buffer.
 *
 * @module
 */

import { BufferedFile, checkBufferSize } from "./buffered_io.ts";
import type { Bytes } from "./connection.ts";
import { errno } from "./errno.ts";
import {
  BlockingIOError,
  OSError,
  UnsupportedOperation,
  ValueError,
} from "./errors.ts";
import { DEFAULT_BUFFER_SIZE } from "./io_base.ts";
import { Lock } from "./lock.ts";
import { asBytes, type BytesLike } from "./python.ts";
import type { SocketIO } from "./socket_io.ts";

const NOTHING: Bytes = new Uint8Array(0);

/**
 * A file for writing bytes. As Python's `io.BufferedWriter`;
 * `Socket.makefile("wb")` makes one.
 *
 * Nothing is sent until the buffer is full, or `flush` or `close` sends it. Calls
 * at the same time are served in their order.
 *
 * @example What has been written goes out at the end of the block
 * ```ts
 * import { create_connection, create_server } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = create_server(["127.0.0.1", 0]);
 * using client = await create_connection(listener.getsockname());
 * using conn = (await listener.accept())[0];
 * {
 *   await using file = client.makefile("wb");
 *   await file.write(Uint8Array.of(1, 2));
 *   await file.write(Uint8Array.of(3));
 * }
 * assertEquals(await conn.recv(1024), Uint8Array.of(1, 2, 3));
 * ```
 */
export class BufferedWriter extends BufferedFile {
  readonly #size: number;
  readonly #lock = new Lock();
  // What is to be sent stands in `#buffer` from `#start` to `#end`.
  #buffer: Bytes = NOTHING;
  #start = 0;
  #end = 0;

  /**
   * Puts a buffer on a file.
   *
   * @param raw The file, which must be for writing.
   * @param buffer_size How much to gather at most.
   * @throws {ValueError} If the size is not positive.
   * @throws {UnsupportedOperation} If the file is not for writing.
   */
  constructor(raw: SocketIO, buffer_size: number = DEFAULT_BUFFER_SIZE) {
    super(raw);
    if (!raw.writable()) {
      throw new UnsupportedOperation("File or stream is not writable.");
    }
    checkBufferSize(buffer_size);
    this.#size = buffer_size;
  }

  /** Whether the mode has "w"; raises ValueError if the file is closed. */
  override writable(): boolean {
    return this.attached.writable();
  }

  /** Raises UnsupportedOperation, or ValueError if the file is closed. */
  override seek(_offset: number, _whence: number = 0): number {
    this.#openFor("seek of closed file");
    throw new UnsupportedOperation("File or stream is not seekable.");
  }

  /** Raises UnsupportedOperation, or ValueError if the file is closed. */
  override async truncate(_size: number | null = null): Promise<number> {
    this.#openFor("truncate of closed file");
    await this.flush();
    throw new UnsupportedOperation("truncate");
  }

  /**
   * Writes bytes to the buffer, and sends what is more than fits.
   *
   * @param data The bytes. A string is refused: encode it first.
   * @returns How many bytes there are: all of them have been taken.
   * @throws {TypeError} If `data` is not bytes.
   * @throws {ValueError} If the file is closed.
   * @throws {TimeoutError} If there is no room within the socket's timeout.
   * @throws {BlockingIOError} EAGAIN if the socket may not wait and there is no
   * room; `characters_written` tells how many bytes the file has taken.
   * @throws {OSError} As the socket's `send`.
   */
  override write(data: BytesLike): Promise<number> {
    try {
      const bytes = asBytes(data);
      const raw = this.attached;
      this.#openFor("write to closed file");
      return this.#lock.isFree && this.#keep(bytes)
        ? Promise.resolve(bytes.length)
        : this.#lock.run(() => this.#write(raw, bytes));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Sends what is in the buffer.
   *
   * @throws {ValueError} If the file is closed.
   * @throws {TimeoutError} If it is not sent within the socket's timeout; what
   * has not been sent stays in the buffer.
   * @throws {BlockingIOError} EAGAIN if the socket may not wait, likewise.
   * @throws {OSError} As the socket's `send`, likewise.
   */
  override flush(): Promise<void> {
    try {
      const raw = this.attached;
      this.#openFor("flush of closed file");
      if (this.#lock.isFree && this.#start === this.#end) {
        return Promise.resolve();
      }
      return this.#lock.run(() => this.#flush(raw));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Sends what is in the buffer, and closes the file, even if that fails; but
   * the connection only if its socket has been closed already and no other file
   * is open.
   *
   * @throws {OSError} As `flush`; what has not been sent is lost.
   */
  override async close(): Promise<void> {
    const raw = this.attached;
    if (raw.closed) return;
    if (this.#lock.isFree && this.#start === this.#end) {
      return await raw.close();
    }
    await this.#lock.run(async () => {
      if (raw.closed) return;
      try {
        await this.#flush(raw);
      } finally {
        await raw.close();
      }
    });
  }

  #openFor(words: string): void {
    if (this.closed) throw new ValueError(words);
  }

  /** Puts bytes into the buffer if they fit, and says whether they do. */
  #keep(bytes: Bytes): boolean {
    const end = this.#end + bytes.length;
    if (end > this.#size || bytes.length >= this.#size) return false;
    this.#put(bytes);
    return true;
  }

  #put(bytes: Bytes): void {
    if (this.#buffer.length === 0) this.#buffer = new Uint8Array(this.#size);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  async #flush(raw: SocketIO): Promise<void> {
    this.#openFor("flush of closed file");
    while (this.#start < this.#end) {
      const pending = this.#buffer.subarray(this.#start, this.#end);
      const sent = await raw.write(pending);
      if (sent === null) throw wouldBlock(0);
      this.#start += sent;
    }
    this.#start = this.#end = 0;
  }

  async #write(raw: SocketIO, bytes: Bytes): Promise<number> {
    this.#openFor("write to closed file");
    if (this.#keep(bytes)) return bytes.length;
    try {
      await this.#flush(raw);
    } catch (error) {
      if (!isOurs(error)) throw error;
      return this.#keepSome(bytes);
    }
    let sent = 0;
    while (bytes.length - sent > this.#size) {
      const count = await raw.write(bytes.subarray(sent));
      if (count === null) {
        this.#put(bytes.subarray(sent, sent + this.#size));
        throw wouldBlock(sent + this.#size);
      }
      sent += count;
    }
    this.#put(bytes.subarray(sent));
    return bytes.length;
  }

  /** Where nothing can be sent now: keeps as much as there is room for. */
  #keepSome(bytes: Bytes): number {
    this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    const room = this.#size - this.#end;
    this.#put(bytes.subarray(0, room));
    if (bytes.length > room) throw wouldBlock(room);
    return bytes.length;
  }
}

function wouldBlock(written: number): BlockingIOError {
  const error = new BlockingIOError(
    errno.EAGAIN,
    "write could not complete without blocking",
  );
  error.characters_written = written;
  return error;
}

/** Whether it was the buffer that found no room, and not another failure. */
function isOurs(error: unknown): boolean {
  return error instanceof OSError && error instanceof BlockingIOError &&
    error.characters_written !== undefined;
}
