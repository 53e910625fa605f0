/**
 * Waiting for descriptors: `poll(2)` on a thread, which can be told at any time
 * to wait for others, or for none.
 *
 * @module
 */

import { MSG_DONTWAIT } from "./constants.ts";
import { check, type Libc } from "./libc.ts";

/** There is something to receive, or a connection to accept. */
export const POLLIN = 0x1;
/** There is something urgent to receive. */
export const POLLPRI = 0x2;
/** There is room to send. */
export const POLLOUT = 0x4;
// What follows is always looked for, on macOS only along with something else.

/** There is an error. */
export const POLLERR = 0x8;
/** The peer is gone. */
export const POLLHUP = 0x10;
/** The descriptor is not open. */
export const POLLNVAL = 0x20;

/** A descriptor, and what is wanted to be known of it. */
export type PollRequest = readonly [fd: number, events: number];

/** A wait that is under way. */
export interface Polling {
  /** What has happened, of what was waited for; 0 if the time is over. */
  readonly happened: Promise<number>;
  /**
   * Gives up, at once: `happened` is 0. The promise settles when the thread has
   * let go of the descriptor, which until then is not really closed by `close`.
   */
  cancel(): Promise<void>;
}

interface Entry {
  readonly fd: number;
  readonly events: number;
  /** In milliseconds of `performance.now()`. */
  readonly deadline: number;
  readonly resolve: (happened: number) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * The longest that the thread waits at once, in milliseconds: nobody can tell it
 * to end when the worker that it belongs to is terminated.
 */
const LONGEST_WAIT_MS = 60_000;

/** `struct pollfd`: the descriptor (4 bytes), events (2), what happened (2). */
const POLLFD_SIZE = 8;

/** All the waits of this program, or of this worker, on one thread. */
export class Poller {
  readonly #libc: Libc;
  readonly #openPair: () => readonly [number, number];
  readonly #entries = new Set<Entry>();
  /** Until then the thread may hold any descriptor of its last list. */
  #pass = Promise.resolve();
  #isRunning = false;
  /** What is sent into the one end wakes the thread, which polls the other. */
  #wakers: readonly [send: number, receive: number] | undefined;
  #isWoken = false;
  #memory: Deno.PointerValue = null;
  #capacity = 0;

  /** `openPair` makes a connected pair, of which neither end blocks. */
  constructor(libc: Libc, openPair: () => readonly [number, number]) {
    this.#libc = libc;
    this.#openPair = openPair;
  }

  /** Waits until something happens, or `timeout` seconds. */
  poll(fd: number, events: number, timeout: number | null): Polling {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const deadline = timeout === null
      ? Infinity
      : performance.now() + timeout * 1e3;
    const entry: Entry = { fd, events, deadline, resolve, reject };
    this.#entries.add(entry);
    if (this.#isRunning) this.#wake();
    else this.#run();
    return {
      happened: promise,
      cancel: async () => {
        if (!this.#entries.delete(entry)) return;
        resolve(0);
        this.#wake();
        await this.#pass;
      },
    };
  }

  /** Runs as long as anybody waits. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    await null; // Others who begin to wait now come along.
    while (this.#entries.size > 0) {
      this.#pass = this.#pollOnce().catch((reason) => this.#fail(reason));
      await this.#pass;
    }
    this.#isRunning = false;
  }

  /** The system cannot wait for so many, or has no memory. */
  #fail(reason: unknown): void {
    const entries = [...this.#entries];
    this.#entries.clear();
    for (const entry of entries) entry.reject(reason);
  }

  async #pollOnce(): Promise<void> {
    const entries = [...this.#entries];
    const [, waker] = this.#wakers ??= this.#openPair();
    const requests: PollRequest[] = [
      [waker, POLLIN],
      ...entries.map(({ fd, events }) => [fd, events] as const),
    ];
    const pollfds = this.#reserve(requests.length);
    fill(pollfds, requests);
    const deadline = Math.min(...entries.map(({ deadline }) => deadline));
    const ms = Math.max(0, Math.ceil(deadline - performance.now()));
    const result = await this.#libc.poll_on_thread(
      this.#memory,
      BigInt(requests.length),
      Math.min(ms, LONGEST_WAIT_MS),
    );
    // The thread's errno is out of reach: here the same call fails again.
    const happened = result < 0
      ? pollNow(this.#libc, requests)
      : read(pollfds, requests.length);
    if (happened[0] !== 0) this.#drainWaker(waker);
    const now = performance.now();
    for (const [i, entry] of entries.entries()) {
      const events = happened[i + 1] ?? 0;
      if (events === 0 && entry.deadline > now) continue;
      if (this.#entries.delete(entry)) entry.resolve(events);
    }
  }

  #wake(): void {
    if (this.#isWoken || this.#wakers === undefined) return;
    this.#isWoken = true;
    const [waker] = this.#wakers;
    check(this.#libc, this.#libc.send(waker, Uint8Array.of(0), 1n, 0));
  }

  #drainWaker(waker: number): void {
    this.#isWoken = false;
    const byte = new Uint8Array(1);
    check(this.#libc, this.#libc.recv(waker, byte, 1n, MSG_DONTWAIT));
  }

  /**
   * Memory that is not V8's: the thread writes into it even if the worker that
   * it belongs to has been terminated.
   */
  #reserve(count: number): DataView {
    if (count > this.#capacity) {
      this.#libc.free(this.#memory);
      this.#capacity = 2 * count;
      this.#memory = this.#libc.calloc(
        BigInt(this.#capacity),
        BigInt(POLLFD_SIZE),
      );
    }
    if (this.#memory === null) throw new RangeError("out of memory");
    const size = POLLFD_SIZE * count;
    return new DataView(
      Deno.UnsafePointerView.getArrayBuffer(this.#memory, size),
    );
  }
}

/** What has happened to each descriptor until now. */
export function pollNow(
  libc: Libc,
  requests: readonly PollRequest[],
): number[] {
  const pollfds = new DataView(new ArrayBuffer(POLLFD_SIZE * requests.length));
  fill(pollfds, requests);
  check(libc, libc.poll(pollfds, BigInt(requests.length), 0));
  return read(pollfds, requests.length);
}

function fill(pollfds: DataView, requests: readonly PollRequest[]): void {
  for (const [i, [fd, events]] of requests.entries()) {
    pollfds.setInt32(POLLFD_SIZE * i, fd, true);
    pollfds.setInt16(POLLFD_SIZE * i + 4, events, true);
    pollfds.setInt16(POLLFD_SIZE * i + 6, 0, true);
  }
}

function read(pollfds: DataView, count: number): number[] {
  return Array.from(
    { length: count },
    (_, i) => pollfds.getInt16(POLLFD_SIZE * i + 6, true),
  );
}
