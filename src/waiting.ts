/**
 * Deadlines, and the line in which callers wait for what they share.
 *
 * @module
 */

import type { ErrnoName } from "./errno.ts";
import { osError, timedOut } from "./errors.ts";
import { rejectLate } from "./late_error.ts";
import { callAfterTurn, callNoMore, LastTurns } from "./turn.ts";

/** Longer timers overflow; a wait that is longer is made of several. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The answer of what is not there and may still come. */
export const NOT_YET: unique symbol = Symbol("not yet");

/** Waits so many seconds. */
export function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1e3));
}

/**
 * When a call's time is over; a call without a limit has none. The time begins
 * when the call begins to wait: one that need not wait spares the clock, which
 * costs 0.3 µs.
 */
export class Deadline {
  readonly #timeout: number;
  #time: number | undefined;

  /** A deadline so many seconds after it is first looked at. */
  constructor(timeout: number) {
    this.#timeout = timeout;
  }

  /** Whether the call may not wait at all. */
  get isImmediate(): boolean {
    return this.#timeout === 0;
  }

  /** When it comes, in milliseconds of `performance.now()`. */
  get time(): number {
    return this.#time ??= this.isImmediate
      ? 0
      : performance.now() + this.#timeout * 1e3;
  }

  /** The deadline of a call with a timeout, `undefined` without a limit. */
  static of(timeout: number | null): Deadline | undefined {
    return timeout === null ? undefined : new Deadline(timeout);
  }

  /** Whether the time is over. */
  get isOver(): boolean {
    return performance.now() >= this.time;
  }
}

/** A caller in a line. */
class Caller<T> {
  /** What is left to a caller whose time is over. */
  lastTurns: LastTurns | undefined;

  constructor(
    readonly answer: () => T | typeof NOT_YET,
    readonly resolve: (value: T | Promise<never>) => void,
    readonly deadline: Deadline | undefined,
  ) {}

  /** Serves the caller if there is an answer, and says whether there was. */
  serve(): boolean {
    try {
      const answer = this.answer();
      if (answer === NOT_YET) return false;
      this.resolve(answer);
    } catch (reason) {
      this.reject(reason);
    }
    return true;
  }

  reject(reason: unknown): void {
    rejectLate(this.resolve, reason);
  }
}

/**
 * Callers that wait for the same thing, served first in, first out.
 *
 * A caller that gives up leaves the line; what it waited for goes to the next.
 * The line has one alarm for all callers and leaves it running when they are
 * served: setting and clearing a timer costs Deno 4.5 µs, a fifth of a round
 * trip, while a call that finds the alarm set pays for a look at the clock. The
 * alarm never keeps the process running; what the callers wait for does.
 */
export class Line {
  // deno-lint-ignore no-explicit-any -- each caller has an answer of its own
  #callers: Caller<any>[] = [];
  #alarm: ReturnType<typeof setTimeout> | undefined;
  #alarmTime = Infinity;
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
   * Waits until `answer` has one, or throws one.
   *
   * A caller who may not wait gets a turn of the event loop, in which what the
   * kernel already holds arrives, and then EAGAIN. Others get the TimeoutError,
   * after such a turn as well: what arrived in time counts, even if this program
   * was too busy to notice. Deno may need several turns when many operations
   * are ready; so as long as a turn completes any, there is another.
   */
  wait<T>(
    answer: () => T | typeof NOT_YET,
    deadline: Deadline | undefined,
  ): Promise<T> {
    if (this.isEmpty) {
      try {
        const value = answer();
        if (value !== NOT_YET) return Promise.resolve(value);
      } catch (reason) {
        return Promise.reject(reason);
      }
    }
    return new Promise<T>((resolve) => {
      const caller = new Caller(answer, resolve, deadline);
      this.#callers.push(caller);
      if (deadline === undefined) return;
      if (deadline.isImmediate) this.#giveLastTurns(caller);
      else if (deadline.time < this.#alarmTime) this.#setAlarm(deadline.time);
    });
  }

  /** Waits for a promise that somebody owns who goes on with it anyway. */
  waitFor<T>(owned: Promise<T>, deadline: Deadline | undefined): Promise<T> {
    let answer: () => T | typeof NOT_YET = () => NOT_YET;
    owned.then((value) => {
      answer = () => value;
      this.serve();
    }, (reason) => {
      answer = () => {
        throw reason;
      };
      this.serve();
    });
    return this.wait(() => answer(), deadline);
  }

  /** Serves from the front of the line as far as there is something to give. */
  serve(): void {
    while (this.#callers[0]?.serve()) this.#callers.shift();
    if (this.isEmpty) callNoMore(this.#onTurn);
  }

  /** Sends everybody away with an error, EBADF unless another is named. */
  close(reason: ErrnoName = "EBADF"): void {
    clearTimeout(this.#alarm);
    this.#alarmTime = Infinity;
    callNoMore(this.#onTurn);
    const callers = this.#callers;
    this.#callers = [];
    for (const caller of callers) caller.reject(osError(reason));
  }

  #setAlarm(time: number): void {
    clearTimeout(this.#alarm);
    this.#alarmTime = time;
    const ms = Math.max(0, Math.ceil(time - performance.now()));
    this.#alarm = setTimeout(this.#onAlarm, Math.min(ms, LONGEST_TIMER_MS));
    this.#alarm.unref();
  }

  // deno-lint-ignore no-explicit-any -- as above
  #giveLastTurns(caller: Caller<any>): void {
    caller.lastTurns = new LastTurns();
    callAfterTurn(this.#onTurn);
  }

  /** Gives their last turns to those whose time is over. */
  readonly #onAlarm = (): void => {
    const now = performance.now();
    let next = Infinity;
    for (const caller of this.#callers) {
      const time = caller.deadline?.time ?? Infinity;
      if (time > now) next = Math.min(next, time);
      else if (!caller.lastTurns) this.#giveLastTurns(caller);
    }
    this.#alarmTime = Infinity;
    if (next < Infinity) this.#setAlarm(next);
  };

  /** Sends those away to whom their last turns have brought nothing. */
  readonly #onTurn = (): void => {
    const callers = this.#callers;
    this.#callers = [];
    for (const caller of callers) {
      if (caller.lastTurns?.isOver()) {
        const isImmediate = caller.deadline?.isImmediate;
        caller.reject(isImmediate ? osError("EAGAIN") : timedOut());
        continue;
      }
      this.#callers.push(caller);
      if (caller.lastTurns) callAfterTurn(this.#onTurn);
    }
    if (this.isEmpty && callers.length > 0) this.#onDeserted();
  };
}

/** So many steps after an operation that Deno ends at once its promise settles. */
const STEPS_OF_AN_OPERATION = 6;

/**
 * The value of a promise, if it settles within some steps. To know that is much
 * cheaper than a place in a line.
 */
export async function soon<T>(owned: Promise<T>): Promise<T | undefined> {
  let value: T | undefined;
  owned.then((settled) => {
    value = settled;
  }, () => {});
  for (let i = 0; i < STEPS_OF_AN_OPERATION && value === undefined; i++) {
    await undefined;
  }
  return value;
}

/**
 * Waits for a promise that somebody owns who goes on with it anyway; when the
 * time is over it raises what a line raises.
 */
export async function settled<T>(
  owned: Promise<T>,
  timeout: number | null,
): Promise<T> {
  const line = new Line();
  try {
    return await line.waitFor(owned, Deadline.of(timeout));
  } finally {
    line.close();
  }
}
