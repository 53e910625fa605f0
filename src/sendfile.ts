/**
 * `Socket.sendfile()`: sends what a file holds.
 *
 * @module
 */

import { SOCK_STREAM } from "./constants.ts";
import { BlockingIOError, OSError, osError, ValueError } from "./errors.ts";
import { index, repr, typeName } from "./python.ts";

/** What `Socket.sendfile()` sends: a `Deno.FsFile`, or what reads like one. */
export interface SendfileSource {
  /** Reads into an array, and says how many bytes; `null` at the end. */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Goes to a place; what cannot has no such method. */
  seek?(offset: number, whence: Deno.SeekMode): Promise<number>;
  /** Python's mode, where there is one: it must be binary. */
  readonly mode?: string;
}

/** `Socket.sendfile()`'s arguments by name. */
export interface SendfileOptions {
  /** Where in the file to begin. */
  offset?: number;
  /** How many bytes to send; all up to the end if left out or `null`. */
  count?: number | null;
}

/** What `sendfile` needs of a socket. */
export interface SendingSocket {
  readonly type: number;
  readonly isClosed: boolean;
  gettimeout(): number | null;
  send(data: Uint8Array<ArrayBuffer>): Promise<number>;
}

/** How much to read at once from a file of the system. */
const FILE_BLOCK = 256 * 1024;

/** How much to read at once from anything else, as Python does. */
const OTHER_BLOCK = 8 * 1024;

/**
 * Sends a file, and says how many bytes.
 *
 * A file of the system is sent from `offset` on, wherever it stands. Of anything
 * else Python cannot be sure that it can seek: it goes on from where it stands,
 * unless `offset` says otherwise.
 */
export async function sendfile(
  sock: SendingSocket,
  file: SendfileSource,
  offset: number,
  count: number | null,
): Promise<number> {
  const limit = checkArguments(sock, file, count);
  if (file instanceof Deno.FsFile) {
    if (await sizeOf(file) === 0) return 0;
    checkBlocking(sock);
    // Python asks a selector first, and that is what the selector says.
    if (sock.isClosed) throw new ValueError("Invalid file descriptor: -1");
    const sent = await sendFromStart(sock, file, Number(index(offset)), limit);
    if (sent !== undefined) return sent;
  }
  checkBlocking(sock);
  const from = Number(index(offset));
  if (from !== 0) await seek(file, from);
  if (typeof file?.read !== "function") throw lacks(file, "read");
  return await new Transfer(sock, file, from, limit).run(OTHER_BLOCK);
}

function checkArguments(
  sock: SendingSocket,
  file: SendfileSource,
  count: unknown,
): number {
  const mode = file?.mode ?? "b";
  if (!mode.includes("b")) {
    throw new ValueError("file should be opened in binary mode");
  }
  if ((sock.type & SOCK_STREAM) === 0) {
    throw new ValueError("only SOCK_STREAM type sockets are supported");
  }
  if (count === null) return Infinity;
  const words = `count must be a positive integer (got ${repr(count)})`;
  const isInteger = Number.isInteger(count) || typeof count === "boolean" ||
    typeof count === "bigint";
  if (!isInteger) throw new TypeError(words);
  if (Number(count) <= 0) throw new ValueError(words);
  return Number(count);
}

function checkBlocking(sock: SendingSocket): void {
  if (sock.gettimeout() !== 0) return;
  throw new ValueError("non-blocking sockets are not supported");
}

async function sizeOf(file: Deno.FsFile): Promise<number> {
  try {
    return (await file.stat()).size;
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
    throw new ValueError("I/O operation on closed file");
  }
}

/** Sends a file of the system; `undefined` if that has failed from the start. */
async function sendFromStart(
  sock: SendingSocket,
  file: Deno.FsFile,
  offset: number,
  limit: number,
): Promise<number | undefined> {
  if (offset < 0) throw osError("EINVAL");
  const before = await file.seek(0, Deno.SeekMode.Current);
  const transfer = new Transfer(sock, file, offset, limit);
  try {
    await file.seek(offset, Deno.SeekMode.Start);
    return await transfer.run(FILE_BLOCK);
  } catch (error) {
    // Without an errno it was the timeout; all else Python tries otherwise.
    const isOver = transfer.sent > 0 || !(error instanceof OSError) ||
      error.errno === null;
    if (isOver) throw error;
    return undefined;
  } finally {
    // Python has the system read it, which does not move the file.
    if (transfer.sent === 0) await file.seek(before, Deno.SeekMode.Start);
  }
}

async function seek(file: SendfileSource, offset: number): Promise<void> {
  if (typeof file?.seek !== "function") throw lacks(file, "seek");
  await file.seek(offset, Deno.SeekMode.Start);
}

function lacks(file: unknown, method: string): TypeError {
  return new TypeError(
    `'${typeName(file)}' object has no attribute '${method}'`,
  );
}

/** A file on its way through a socket. */
class Transfer {
  readonly #sock: SendingSocket;
  readonly #file: SendfileSource;
  readonly #offset: number;
  readonly #limit: number;
  #sent = 0;

  constructor(
    sock: SendingSocket,
    file: SendfileSource,
    offset: number,
    limit: number,
  ) {
    this.#sock = sock;
    this.#file = file;
    this.#offset = offset;
    this.#limit = limit;
  }

  /** How many bytes have been sent. */
  get sent(): number {
    return this.#sent;
  }

  /** Sends block by block, and says how many bytes. */
  async run(blockSize: number): Promise<number> {
    const block = new Uint8Array(Math.min(blockSize, this.#limit));
    try {
      while (this.#sent < this.#limit) {
        const room = block.subarray(0, this.#limit - this.#sent);
        const length = await this.#file.read(room);
        if (length === null || length === 0) break;
        await this.#send(block.subarray(0, length));
      }
      return this.#sent;
    } finally {
      // Whoever asks the file where it is learns how much was sent.
      if (this.#sent > 0 && this.#file.seek !== undefined) {
        await seek(this.#file, this.#offset + this.#sent);
      }
    }
  }

  async #send(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    let sent = 0;
    while (sent < bytes.length) {
      try {
        const count = await this.#sock.send(bytes.subarray(sent));
        sent += count;
        this.#sent += count;
      } catch (error) {
        // The timeout may have become 0 meanwhile; then Python tries again.
        if (!(error instanceof BlockingIOError)) throw error;
      }
    }
  }
}
