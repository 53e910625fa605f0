/**
 * The bytes of a connection that have arrived and that nobody has received yet,
 * and the room for more.
 *
 * @module
 */

import type { Bytes } from "./connection.ts";

/** A read takes at most this much at once, whatever the caller asks for. */
const LARGEST_READ = 256 * 1024;

/**
 * A read that nobody has asked for takes so much at first: little, as there may
 * be many idle sockets, but more than a page, which is a usual size.
 */
const SMALLEST_READ_AHEAD = 5 * 1024;

/**
 * Where that was not enough it takes as much as a call is likely to ask for; and
 * so does a read for little by which there may be more.
 */
const LARGEST_READ_AHEAD = 64 * 1024;

/** Large arrays that nobody uses at the moment; a new one costs 16 µs. */
const largeBuffers: Bytes[] = [];
const MOST_LARGE_BUFFERS = 4;

const NOTHING: Bytes = new Uint8Array(0);

/** What has been read and not been received. One read at a time fills it. */
export class Unread {
  // It stands in `#buffer` from `#start` to `#end`; when there is nothing, the
  // buffer is free for the next read.
  #buffer: Bytes = NOTHING;
  /** What was in the place of a large array. */
  #smallBuffer: Bytes | undefined;
  /** Whether the large array is for others when it is empty: no read waits for it. */
  #isFreeSoon = false;
  #start = 0;
  #end = 0;
  #wasFull = false;

  /** How many bytes there are. */
  get size(): number {
    return this.#end - this.#start;
  }

  /** Whether the last read has filled its room, so that there may be more. */
  get wasFull(): boolean {
    return this.#wasFull;
  }

  /** Whether it is worth reading on before anybody asks. */
  get mayGrow(): boolean {
    return this.#wasFull && this.#end < LARGEST_READ_AHEAD;
  }

  /** Up to `size` bytes, which stay if that is only a look. */
  take(size: number, isPeek: boolean): Bytes {
    const start = this.#start;
    const end = Math.min(start + size, this.#end);
    if (isPeek) return this.#buffer.slice(start, end);
    this.#start = end;
    if (end - start < this.#buffer.length) {
      const data = this.#buffer.slice(start, end);
      this.freeLargeRoom();
      return data;
    }
    // A buffer that is full goes to the caller as it is, without a copy.
    const full = this.#buffer;
    this.#buffer = NOTHING;
    this.#isFreeSoon = false;
    return full;
  }

  /** The same into an array of the caller's; says how many bytes it got. */
  takeInto(target: Bytes, isPeek: boolean): number {
    const end = Math.min(this.#start + target.length, this.#end);
    const count = end - this.#start;
    target.set(this.#buffer.subarray(this.#start, end));
    if (isPeek) return count;
    this.#start = end;
    this.freeLargeRoom();
    return count;
  }

  /** Room for a read when there is nothing: made anew only if it is too small. */
  makeRoom(size: number): Bytes {
    this.#isFreeSoon = false;
    const room = Math.min(size, LARGEST_READ);
    if (this.#buffer.length < room) this.#buffer = new Uint8Array(room);
    this.#start = 0;
    this.#end = 0;
    return this.#buffer;
  }

  /** Large room for a read that does not wait, when there is nothing. */
  makeLargeRoom(): Bytes {
    if (this.#buffer.length < LARGEST_READ_AHEAD) {
      this.#growBuffer();
      this.#isFreeSoon = true;
    }
    this.#start = 0;
    this.#end = 0;
    return this.#buffer;
  }

  /** Leaves it to others when there is nothing in it. */
  freeLargeRoom(): void {
    if (!this.#isFreeSoon || this.size > 0) return;
    this.#isFreeSoon = false;
    keepForOthers(this.#buffer);
    this.#buffer = this.#smallBuffer ?? NOTHING;
    this.#smallBuffer = undefined;
  }

  /** Room behind what there is, so that it may become `size` bytes in all. */
  makeRoomBehind(size: number, least: number): Bytes {
    this.#isFreeSoon = false;
    const unread = this.#buffer.subarray(this.#start, this.#end);
    if (this.#buffer.length - this.#start < size) {
      // A large number of bytes is believed only as far as they come.
      const room = Math.max(least, 2 * unread.length);
      const buffer = new Uint8Array(Math.min(size, room));
      buffer.set(unread);
      [this.#buffer, this.#start, this.#end] = [buffer, 0, unread.length];
    }
    return this.#buffer.subarray(this.#end);
  }

  /** Room for a read that nobody has asked for, behind what there is. */
  makeRoomAhead(): Bytes {
    this.#isFreeSoon = false;
    const unread = this.#buffer.subarray(this.#start, this.#end);
    const isFitting = this.#buffer.length ===
      (this.#wasFull ? LARGEST_READ_AHEAD : SMALLEST_READ_AHEAD);
    if (!isFitting) {
      if (this.#wasFull) this.#growBuffer();
      else this.#shrinkBuffer();
      this.#buffer.set(unread);
    }
    if (!isFitting || unread.length === 0) {
      this.#end = unread.length;
      this.#start = 0;
    }
    return this.#buffer.subarray(this.#end);
  }

  #growBuffer(): void {
    this.#smallBuffer = this.#buffer;
    this.#buffer = largeBuffers.pop() ?? new Uint8Array(LARGEST_READ_AHEAD);
  }

  #shrinkBuffer(): void {
    keepForOthers(this.#buffer);
    this.#buffer = this.#smallBuffer?.length === SMALLEST_READ_AHEAD
      ? this.#smallBuffer
      : new Uint8Array(SMALLEST_READ_AHEAD);
    this.#smallBuffer = undefined;
  }

  /** Takes in what a read has put into its room. */
  add(count: number): void {
    this.#end += count;
    this.#wasFull = this.#end === this.#buffer.length;
  }

  /** Takes in what a read has put elsewhere; there was nothing before. */
  replace(data: Bytes): void {
    [this.#buffer, this.#start, this.#end] = [data, 0, data.length];
    this.#wasFull = true;
  }
}

function keepForOthers(buffer: Bytes): void {
  const isLarge = buffer.length === LARGEST_READ_AHEAD;
  if (isLarge && largeBuffers.length < MOST_LARGE_BUFFERS) {
    largeBuffers.push(buffer);
  }
}
