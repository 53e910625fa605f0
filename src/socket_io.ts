/**
 * Class `SocketIO`: a socket as a file without a buffer, on which the files with
 * one are built. As Python's `socket.SocketIO`.
 *
 * @module
 */

import { gather } from "./buffers.ts";
import type { Bytes } from "./connection.ts";
import { errno } from "./errno.ts";
import {
  OSError,
  TimeoutError,
  UnsupportedOperation,
  ValueError,
} from "./errors.ts";
import { BytesIOBase, DEFAULT_BUFFER_SIZE } from "./io_base.ts";
import { asInteger, type BytesLike, repr } from "./python.ts";

/** What a file needs of its socket. Class `Socket` has it all. */
export interface FileSocket {
  /** Receives into an array. */
  recv_into(buffer: BytesLike): Promise<number>;
  /** Sends, and says how many bytes. */
  send(data: BytesLike): Promise<number>;
  /** The number of the descriptor. */
  fileno(): number;
  /** Counts one file less; settles when the socket is closed, if it was last. */
  _decref_socketios(): Promise<void>;
}

/**
 * A file without a buffer: each read is a `recv_into`, each write a `send`. As
 * Python's `socket.SocketIO`; `Socket.makefile()` makes one for `buffering` 0.
 *
 * @example One read, one message
 * ```ts
 * import { create_connection, create_server, SocketIO } from "@pysocket/socket";
 * import { assertEquals, assertInstanceOf } from "@std/assert";
 *
 * using listener = create_server(["127.0.0.1", 0]);
 * using client = await create_connection(listener.getsockname());
 * using conn = (await listener.accept())[0];
 * using file = conn.makefile("rwb", { buffering: 0 });
 * assertInstanceOf(file, SocketIO);
 *
 * await client.sendall(Uint8Array.of(1, 2, 3));
 * assertEquals(await file.read(1024), Uint8Array.of(1, 2, 3));
 * assertEquals(await file.write(Uint8Array.of(4)), 1);
 * ```
 */
export class SocketIO extends BytesIOBase {
  #sock: FileSocket | null;
  readonly #mode: string;
  readonly #isReading: boolean;
  readonly #isWriting: boolean;
  #hasTimedOut = false;
  #hasFailed = false;

  /**
   * Makes the file. `Socket.makefile()` does it too, and then closing the socket
   * leaves it open for the file, which this constructor does not see to.
   *
   * @param sock The socket.
   * @param mode `"r"`, `"w"`, `"rw"`, `"rb"`, `"wb"` or `"rwb"`.
   * @throws {ValueError} If it is another mode.
   */
  constructor(sock: FileSocket, mode: string) {
    super();
    if (!["r", "w", "rw", "rb", "wb", "rwb"].includes(mode)) {
      throw new ValueError(`invalid mode: ${repr(mode)}`);
    }
    this.#sock = sock;
    this.#mode = mode.includes("b") ? mode : mode + "b";
    this.#isReading = mode.includes("r");
    this.#isWriting = mode.includes("w");
  }

  /** Whether the file has been closed. */
  get closed(): boolean {
    return this.#sock === null;
  }

  /** The mode with its "b", such as `"rwb"`. */
  get mode(): string {
    return this.#mode;
  }

  /** The number that `fileno()` returns; −1 if the file is closed. */
  get name(): number {
    return this.closed ? -1 : this.fileno();
  }

  /** Whether the mode has "r"; raises ValueError if the file is closed. */
  override readable(): boolean {
    this.#checkSocketOpen();
    return this.#isReading;
  }

  /** Whether the mode has "w"; raises ValueError if the file is closed. */
  override writable(): boolean {
    this.#checkSocketOpen();
    return this.#isWriting;
  }

  /** False; raises ValueError if the file is closed. */
  override seekable(): boolean {
    this.#checkSocketOpen();
    return false;
  }

  /** As the socket's `fileno()`; raises ValueError if the file is closed. */
  override fileno(): number {
    return this.#open().fileno();
  }

  #checkSocketOpen(): void {
    if (this.closed) throw new ValueError("I/O operation on closed socket.");
  }

  #open(): FileSocket {
    if (this.#sock !== null) return this.#sock;
    throw new ValueError("I/O operation on closed file.");
  }

  /**
   * Receives into an array.
   *
   * @param buffer The array; it is filled from its start.
   * @returns How many bytes it has got; 0 at the end of the stream; `null` if
   * the socket may not wait and nothing is there.
   * @throws {OSError} After a timeout: from then on the file cannot be read. And
   * as the socket's `recv_into`, except that EAGAIN is `null`.
   * @throws {UnsupportedOperation} If the mode has no "r".
   * @throws {ValueError} If the file is closed.
   */
  async readinto(buffer: BytesLike): Promise<number | null> {
    const sock = this.#open();
    if (!this.#isReading) {
      throw new UnsupportedOperation("File or stream is not readable.");
    }
    if (this.#hasTimedOut) {
      throw new OSError("cannot read from timed out object");
    }
    try {
      return await sock.recv_into(buffer);
    } catch (error) {
      if (error instanceof TimeoutError) this.#hasTimedOut = true;
      if (isWouldBlock(error)) return null;
      throw error;
    }
  }

  /**
   * Receives once.
   *
   * @param size At most so many bytes; −1 reads up to the end.
   * @returns What has arrived; empty at the end of the stream; `null` if the
   * socket may not wait and nothing is there.
   * @throws {OSError} As `readinto`.
   * @throws {UnsupportedOperation} If the mode has no "r".
   * @throws {ValueError} If the file is closed.
   */
  override async read(size: number | null = -1): Promise<Bytes | null> {
    const limit = asInteger(size, "ssize_t");
    if (limit < 0) return await this.readall();
    const bytes = new Uint8Array(limit);
    const count = await this.readinto(bytes);
    if (count === null) return null;
    return count === limit ? bytes : bytes.slice(0, count);
  }

  /**
   * Receives up to the end of the stream.
   *
   * @returns Everything; `null` if the socket may not wait and nothing is there.
   * @throws {OSError} As `readinto`; what has been read is lost then.
   * @throws {UnsupportedOperation} If the mode has no "r".
   * @throws {ValueError} If the file is closed.
   */
  async readall(): Promise<Bytes | null> {
    const pieces: Bytes[] = [];
    while (true) {
      const piece = await this.read(DEFAULT_BUFFER_SIZE);
      if (piece === null && pieces.length === 0) return null;
      if (piece === null || piece.length === 0) return gather(pieces);
      pieces.push(piece);
    }
  }

  /**
   * Sends once.
   *
   * @param data The bytes. A string is refused: encode it first.
   * @returns How many bytes have been sent, which may be less; `null` if the
   * socket may not wait and there is no room.
   * @throws {TypeError} If `data` is not bytes.
   * @throws {OSError} As the socket's `send`, except that EAGAIN is `null`.
   * @throws {UnsupportedOperation} If the mode has no "w".
   * @throws {ValueError} If the file is closed.
   */
  override async write(data: BytesLike): Promise<number | null> {
    const sock = this.#open();
    if (!this.#isWriting) {
      throw new UnsupportedOperation("File or stream is not writable.");
    }
    try {
      return await sock.send(data);
    } catch (error) {
      if (isWouldBlock(error)) return null;
      this.#hasFailed = true;
      throw error;
    }
  }

  /** @ignore */
  override get _hasFailed(): boolean {
    return this.#hasFailed;
  }

  /**
   * Closes the file, not the socket; but a socket that has been closed while
   * files were open closes with the last of them.
   *
   * It is done at once; the promise settles when the socket is closed as well,
   * if that is the case.
   */
  override async close(): Promise<void> {
    const sock = this.#sock;
    if (sock === null) return;
    this.#sock = null;
    await sock._decref_socketios();
  }

  /**
   * Python's `repr()`, without the address in memory.
   *
   * @returns `<socket.SocketIO object>`.
   */
  override toString(): string {
    return "<socket.SocketIO object>";
  }
}

function isWouldBlock(error: unknown): boolean {
  return error instanceof OSError &&
    (error.errno === errno.EAGAIN || error.errno === errno.EWOULDBLOCK);
}
