/**
 * Deadlines, and the line in which callers wait for what they share: the only
 * room that owns timers.
 *
 * @module
 */

import { osError, timedOut } from "./errors.ts";

/** Longer timers overflow; a wait that is longer is made of several. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The answer of what is not there and may still come. */
export const NOT_YET: unique symbol = Symbol("not yet");

/**
 * One turn of the event loop in which Deno asks the system for I/O: what the
 * kernel held before it has arrived after it. Only a timer makes such a turn;
 * promises and `setImmediate` run without asking.
 */
export function ioTurn(): Promise<void> {
  return pause(0);
}

/** Waits so many seconds. */
export function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1e3));
}

/** The time left until a deadline, for calls that wait more than once. */
export class Deadline {
  readonly #end: number;

  /** A deadline so many seconds from now; `null` never comes. */
  constructor(timeout: number | null) {
    this.#end = timeout === null ? Infinity : performance.now() + timeout * 1e3;
  }

  /** The seconds that are left, as a timeout; 0 when none are. */
  left(): number | null {
    if (this.#end === Infinity) return null;
    return Math.max(0, this.#end - performance.now()) / 1e3;
  }
}

/**
 * Waits for a promise that somebody else owns: its value, or `NOT_YET` when it
 * has none within the timeout. Nothing is lost, the owner goes on with it.
 */
export async function settled<T>(
  owned: Promise<T>,
  timeout: number,
): Promise<T | typeof NOT_YET> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<typeof NOT_YET>((resolve) => {
    const ms = Math.min(Math.ceil(timeout * 1e3), LONGEST_TIMER_MS);
    timer = setTimeout(() => resolve(NOT_YET), ms);
  });
  try {
    return await Promise.race([owned, patience]);
  } finally {
    clearTimeout(timer);
  }
}

/** A caller in a line. */
interface Caller {
  /** Serves the caller if that is possible now, and says whether it did. */
  readonly serve: () => boolean;
  readonly fail: (reason: unknown) => void;
  timer?: ReturnType<typeof setTimeout>;
}

/**
 * Callers that wait for the same thing, served first in, first out.
 *
 * A caller that gives up leaves the line; what it waited for goes to the next.
 */
export class Line {
  #callers: Caller[] = [];
  readonly #onDeserted: () => void;

  /** Makes a line; `onDeserted` runs when the last caller has given up. */
  constructor(onDeserted: () => void = () => {}) {
    this.#onDeserted = onDeserted;
  }

  /** Whether anybody waits. */
  get isEmpty(): boolean {
    return this.#callers.length === 0;
  }

  /**
   * Waits until `serve` has a result or throws.
   *
   * With a timeout of 0 seconds the caller waits one turn of the event loop, in
   * which what the kernel already holds arrives, and then gets EAGAIN. With a
   * longer one it gets the TimeoutError, also after one more such turn: what
   * arrived in time counts, even if this program was too busy to notice.
   */
  wait<T>(
    serve: () => T | typeof NOT_YET,
    timeout: number | null,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const caller: Caller = {
        serve: () => {
          try {
            const result = serve();
            if (result === NOT_YET) return false;
            resolve(result);
          } catch (reason) {
            reject(reason);
          }
          clearTimeout(caller.timer);
          return true;
        },
        fail: (reason) => {
          clearTimeout(caller.timer);
          reject(reason);
        },
      };
      this.#callers.push(caller);
      if (timeout === 0) this.#giveUpAfterTurn(caller, () => osError("EAGAIN"));
      else if (timeout !== null) this.#giveUpAfter(timeout * 1e3, caller);
    });
  }

  #giveUpAfter(ms: number, caller: Caller): void {
    caller.timer = setTimeout(() => {
      if (ms > LONGEST_TIMER_MS) {
        this.#giveUpAfter(ms - LONGEST_TIMER_MS, caller);
      } else this.#giveUpAfterTurn(caller, timedOut);
    }, Math.min(Math.ceil(ms), LONGEST_TIMER_MS));
  }

  #giveUpAfterTurn(caller: Caller, reason: () => Error): void {
    caller.timer = setTimeout(() => {
      const place = this.#callers.indexOf(caller);
      this.#callers.splice(place, 1);
      caller.fail(reason());
      if (this.isEmpty) this.#onDeserted();
    }, 0);
  }

  /** Serves from the front of the line as far as there is something to give. */
  serve(): void {
    while (this.#callers[0]?.serve()) this.#callers.shift();
  }

  /** Sends everybody away. */
  fail(reason: () => unknown): void {
    const callers = this.#callers;
    this.#callers = [];
    for (const caller of callers) caller.fail(reason());
  }
}
