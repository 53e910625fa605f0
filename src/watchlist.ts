/**
 * Sockets that are looked at together: which of them are ready, and the callers
 * who wait until one is.
 *
 * Those of which something has changed are kept apart, so that a look costs in
 * the order of what happens and not of what is watched.
 *
 * @module
 */

import type { OpenDescriptor } from "./descriptor.ts";
import type { Endpoint } from "./endpoint.ts";
import { BlockingIOError, TimeoutError } from "./errors.ts";
import { KeepAlive } from "./keep_alive.ts";
import { knowledge } from "./knowledge.ts";
import { whenAsked } from "./turn.ts";
import { Deadline, Line, NOT_YET } from "./waiting.ts";

/** A call that receives, or accepts, has an answer. */
export const READABLE = 1;

/** A call that sends is taken. */
export const WRITABLE = 2;

/**
 * What the system reports at one time comes through a few layers of promises, a
 * connection through two more than data: so many steps later all of it is there.
 */
const STEPS_OF_ARRIVAL = 4;

/** A socket that is watched. */
export interface Watched {
  /** What it was named by: that may be closed while the socket is not. */
  readonly descriptor: OpenDescriptor;
  /** The socket. */
  readonly endpoint: Endpoint;
  /** What it is watched for. */
  readonly events: number;
}

/** A socket that is ready, and for what. */
export type Ready<W extends Watched> = [watched: W, events: number];

/** What a socket is ready for, of all that it is watched for. */
export function readyEvents({ endpoint, events }: Watched): number {
  let ready = 0;
  if ((events & READABLE) !== 0 && endpoint.isReadable) ready |= READABLE;
  if ((events & WRITABLE) !== 0 && endpoint.isWritable) ready |= WRITABLE;
  return ready;
}

/** Whether a socket, or the descriptor that it was named by, is closed. */
export function isClosed({ descriptor, endpoint }: Watched): boolean {
  // The socket is closed before its last descriptor is.
  return descriptor.isClosed || endpoint.isClosed;
}

/** The sockets that somebody watches. */
export class Watchlist<W extends Watched> {
  readonly #readyEvents: (watched: W) => number | undefined;
  readonly #stops = new Map<W, () => void>();
  readonly #changed = new Set<W>();
  readonly #line = new Line();
  readonly #keepAlive = new KeepAlive();
  #clearings = 0;
  #waitingForEver = 0;
  #waitingForTime = 0;

  /**
   * An empty list. The function tells what a socket is ready for, `undefined` if
   * it is gone for good; what it throws, those who wait get.
   */
  constructor(readyEvents: (watched: W) => number | undefined) {
    this.#readyEvents = readyEvents;
  }

  /** Watches a socket from now on. */
  add(watched: W): void {
    const stop = watched.endpoint.watch(() => this.note(watched));
    this.#stops.set(watched, stop);
    this.note(watched);
    this.#hold();
  }

  /** Watches a socket no longer. */
  remove(watched: W): void {
    this.#stops.get(watched)?.();
    this.#stops.delete(watched);
    this.#changed.delete(watched);
    this.#hold();
  }

  /** Notes that a socket may have become ready. */
  note(watched: W): void {
    if (!this.#stops.has(watched)) return;
    this.#changed.add(watched);
    if (!this.#line.isEmpty) this.#line.serve();
  }

  /** Watches nothing any longer; who waits goes away empty-handed. */
  clear(): void {
    this.#clearings++;
    for (const stop of this.#stops.values()) stop();
    this.#stops.clear();
    this.#changed.clear();
    this.#line.serve();
    this.#line.close();
    this.#hold();
  }

  /**
   * Waits until some socket is ready, and says which ones are; none if the time
   * is over, and then that is certain.
   */
  async wait(timeout: number | null): Promise<Ready<W>[]> {
    const deadline = Deadline.of(timeout);
    const clearings = this.#clearings;
    const isCleared = () => this.#clearings !== clearings;
    while (!isCleared()) {
      const { mark, isBehind } = knowledge;
      // What is only some steps away is no news of the system.
      if (isBehind) await arrival();
      if (!this.#isAnyReady()) {
        if (!await this.#change(deadline, isCleared)) return [];
        knowledge.renew(mark);
      }
      await arrival();
      if (deadline?.isImmediate || !knowledge.suffices()) await whenAsked();
      const ready = this.#findReady();
      if (ready.length > 0) return ready;
    }
    return [];
  }

  /** Waits until some socket is ready; false if the time is over before. */
  async #change(
    deadline: Deadline | undefined,
    isCleared: () => boolean,
  ): Promise<boolean> {
    if (deadline === undefined) this.#waitingForEver++;
    else this.#waitingForTime++;
    this.#hold();
    try {
      const answer = () => isCleared() || this.#isAnyReady() ? true : NOT_YET;
      return await this.#line.wait(answer, deadline);
    } catch (error) {
      const isOver = error instanceof BlockingIOError ||
        error instanceof TimeoutError;
      if (!isOver) throw error;
      return false;
    } finally {
      if (deadline === undefined) this.#waitingForEver--;
      else this.#waitingForTime--;
      this.#hold();
    }
  }

  #isAnyReady(): boolean {
    for (const watched of this.#changed) {
      if (this.#look(watched) > 0) return true;
    }
    return false;
  }

  #findReady(): Ready<W>[] {
    const ready: Ready<W>[] = [];
    for (const watched of this.#changed) {
      const events = this.#look(watched);
      if (events > 0) ready.push([watched, events]);
    }
    return ready;
  }

  /** What a socket is ready for; one that is not leaves those to look at. */
  #look(watched: W): number {
    const events = this.#readyEvents(watched);
    if (events === undefined) this.remove(watched);
    else if (events === 0) this.#changed.delete(watched);
    return events ?? 0;
  }

  /**
   * Keeps the program running while somebody waits, but not for ever where there
   * is nothing to wait for; all at once, for to hold each of the sockets would
   * cost every call as much as there are.
   */
  #hold(): void {
    const isWatching = this.#stops.size > 0;
    if (this.#waitingForTime > 0 || (this.#waitingForEver > 0 && isWatching)) {
      this.#keepAlive.hold();
    } else if (isWatching) this.#keepAlive.release();
    else this.#keepAlive.end();
  }
}

async function arrival(): Promise<void> {
  for (let i = 0; i < STEPS_OF_ARRIVAL; i++) await undefined;
}
