/**
 * The system's own `send` and `recv` on the descriptor of a socket of Deno's,
 * where the program may call the C library. What need not wait goes this way, 0.3
 * µs behind the system itself, where Deno takes 1 µs more for streams and 3 µs
 * for datagrams. What would have to wait is left to Deno.
 *
 * @module
 */

import type { Bytes } from "./connection.ts";
import { type Posix, posix } from "./posix.ts";
import { whenTurned } from "./turn.ts";

/** Who can find out which descriptor a socket has. */
export interface Finder {
  /** The descriptor, if it is found without much ado. */
  findDescriptor(): number | undefined;
}

/**
 * A search costs 50 µs, and the first one in a program 5 ms for the library. So
 * it takes so many calls to be worth it, and as many to be worth the next one.
 */
const CALLS_BEFORE_SEARCH = 64;

/**
 * After a look that has found nothing so many receives are left to Deno, and after
 * each further one twice as many: a look costs an echo server 0.3 µs a message.
 */
const RECEIVES_AFTER_MISS = 16;
const MOST_AFTER_MISS = 1024;

/**
 * So many calls go without a turn of the event loop, since a loop of calls that
 * never wait must not stop timers and other sockets. Tokio allows 128.
 */
const MOST_IN_A_ROW = 64;

/** As much as this counts as one more call: a large piece takes longer. */
const BYTES_PER_CALL = 16 * 1024;

/** Larger pieces are left to Deno, which takes no longer for them. */
const LARGEST_PIECE = 256 * 1024;

let inARow = 0;
let turning: Promise<void> | undefined;

/** Whether others have to have their share before the next call. */
export function isGreedy(): boolean {
  return inARow >= MOST_IN_A_ROW;
}

/** Makes the call when they have had it; the first to come goes on first. */
export function share<T>(call: () => Promise<T>): Promise<T> {
  turning ??= whenTurned();
  return turning.then(() => {
    turning = undefined;
    inARow = 0;
    return call();
  });
}

/** Counts a call without any operation of Deno's, by how many bytes it has moved. */
export function noteCall(count = 0): number {
  inARow += 1 + (count > 0 ? Math.trunc(count / BYTES_PER_CALL) : 0);
  return count;
}

/** An operation of Deno's has ended: so much has the event loop turned. */
export function noteTurned(): void {
  if (inARow > 0) inARow--;
}

/** The shortcut of one socket. */
export class Shortcut {
  #finder: Finder | undefined;
  #system: Posix | undefined;
  #fd = -1;
  #calls = 0;
  #receivesToSkip = 0;
  #receivesAfterMiss = RECEIVES_AFTER_MISS;

  /** Without a finder nothing goes this way. */
  constructor(finder: Finder | undefined) {
    this.#finder = finder;
  }

  /** Whether a call of that size may go this way now. */
  isOpenFor(length: number): boolean {
    if (length > LARGEST_PIECE || isGreedy()) return false;
    return this.#system !== undefined || this.#search();
  }

  /** Whether it may, and is likely to find something to receive. */
  isPromising(length: number): boolean {
    if (this.#receivesToSkip > 0) {
      this.#receivesToSkip--;
      return false;
    }
    return this.isOpenFor(length);
  }

  /** Sends what there is room for; -1 leaves it to Deno. */
  send(data: Bytes, sockaddr?: Bytes): number {
    return noteCall(this.#system?.send(this.#fd, data, sockaddr) ?? -1);
  }

  /** Receives what is there; -1 leaves it to Deno. */
  receive(target: Bytes, sockaddr?: Bytes): number {
    const count = this.#system?.receiveInto(this.#fd, target, sockaddr) ?? -1;
    if (count < 0) this.#noteMiss();
    else this.#receivesAfterMiss = RECEIVES_AFTER_MISS;
    return noteCall(count);
  }

  /** The descriptor's number may soon belong to another socket. */
  close(): void {
    this.#finder = undefined;
    this.#system = undefined;
  }

  #noteMiss(): void {
    this.#receivesToSkip = this.#receivesAfterMiss;
    this.#receivesAfterMiss = Math.min(
      2 * this.#receivesAfterMiss,
      MOST_AFTER_MISS,
    );
  }

  #search(): boolean {
    if (++this.#calls % CALLS_BEFORE_SEARCH !== 0) return false;
    const system = this.#finder && posix();
    const fd = system && this.#finder?.findDescriptor();
    if (fd === undefined) return false;
    this.#fd = fd;
    this.#system = system;
    return true;
  }
}
