/**
 * Deadlines, and the line in which callers wait for what they share: the only
 * room that owns timers.
 *
 * @module
 */

import { type ErrnoName, osError, timedOut } from "./errors.ts";

/** Longer timers overflow; a wait that is longer is made of several. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The answer of what is not there and may still come. */
export const NOT_YET: unique symbol = Symbol("not yet");

/**
 * The operations that all sockets of the program own: how many are under way,
 * and how many have ended so far.
 */
export const operations = { underWay: 0, ended: 0 };

/**
 * Deno's scheduler looks at no more than this many operations in a row. A crowd
 * of operations that begin in one turn keeps it busy for some turns before it
 * has asked the system for all of them: measured, up to two for each 128.
 */
const CROWD = 128;
const TURNS_FOR_A_CROWD = 3;

/** Those who wait for the end of a turn of the event loop, and what ends it. */
const afterTurn = new Set<() => void>();
let turnStart: ReturnType<typeof setImmediate> | undefined;
let turnEnd: ReturnType<typeof setTimeout> | undefined;
let begunBeforeTurn = 0;
let crowdedTurns = 0;

/**
 * Calls back after a turn of the event loop in which Deno has asked the system
 * for I/O, so that what the kernel held has begun to arrive.
 *
 * Deno asks when it waits for a timer, and does not if the timer is due by then:
 * so the timer begins when the work of this turn is done, and there is one for
 * all. Promises, and `setImmediate` alone, run without asking.
 */
function callAfterTurn(callback: () => void): void {
  if (afterTurn.size === 0) {
    begunBeforeTurn = operations.underWay + operations.ended;
    turnStart = setImmediate(() => turnEnd = setTimeout(endTurn, 0));
  }
  afterTurn.add(callback);
}

function endTurn(): void {
  const callbacks = [...afterTurn];
  afterTurn.clear();
  const begun = operations.underWay + operations.ended - begunBeforeTurn;
  if (crowdedTurns > 0) crowdedTurns--;
  crowdedTurns += TURNS_FOR_A_CROWD * Math.floor(begun / CROWD);
  for (const callback of callbacks) callback();
}

/** Takes back what `callAfterTurn` was asked for. */
function callNoMore(callback: () => void): void {
  if (!afterTurn.delete(callback) || afterTurn.size > 0) return;
  clearImmediate(turnStart);
  clearTimeout(turnEnd);
}

/** Waits so many seconds. */
export function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1e3));
}

/** When a call's time is over; a call without a limit has none. */
export class Deadline {
  /** Whether the call may not wait at all. */
  readonly isImmediate: boolean;
  /** In milliseconds of `performance.now()`. */
  readonly time: number;

  /** A deadline so many seconds from now. */
  constructor(timeout: number) {
    this.isImmediate = timeout === 0;
    this.time = performance.now() + timeout * 1e3;
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
  /** Whether its time is over, so that only the last turns are left to it. */
  isOverdue = false;
  #turnsLeft: number | undefined;
  #endedBefore = 0;

  constructor(
    readonly answer: () => T | typeof NOT_YET,
    readonly resolve: (value: T) => void,
    readonly reject: (reason: unknown) => void,
    readonly deadline: Deadline | undefined,
  ) {}

  /** Begins the last turns, which every caller gets. */
  setOverdue(): void {
    this.isOverdue = true;
    this.#endedBefore = operations.ended;
  }

  /** Whether it must give up, after a turn that brought it nothing. */
  hasHadItsTurn(): boolean {
    const isQuiet = this.#endedBefore === operations.ended &&
      crowdedTurns === 0;
    this.#endedBefore = operations.ended;
    // Others must not keep it waiting for ever, however busy they are.
    this.#turnsLeft ??= TURNS_FOR_A_CROWD * (2 + operations.underWay / CROWD);
    return isQuiet || --this.#turnsLeft < 0;
  }

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
    return new Promise<T>((resolve, reject) => {
      const caller = new Caller(answer, resolve, reject, deadline);
      this.#callers.push(caller);
      if (deadline === undefined) return;
      if (deadline.isImmediate) {
        caller.setOverdue();
        callAfterTurn(this.#onTurn);
      } else if (deadline.time < this.#alarmTime) this.#setAlarm(deadline.time);
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
    if (this.isEmpty && afterTurn.size > 0) callNoMore(this.#onTurn);
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

  /** Gives their last turns to those whose time is over. */
  readonly #onAlarm = (): void => {
    const now = performance.now();
    let next = Infinity;
    for (const caller of this.#callers) {
      const time = caller.deadline?.time ?? Infinity;
      if (time > now) next = Math.min(next, time);
      else if (!caller.isOverdue) {
        caller.setOverdue();
        callAfterTurn(this.#onTurn);
      }
    }
    this.#alarmTime = Infinity;
    if (next < Infinity) this.#setAlarm(next);
  };

  /** Sends those away to whom their last turns have brought nothing. */
  readonly #onTurn = (): void => {
    const callers = this.#callers;
    this.#callers = [];
    for (const caller of callers) {
      if (caller.isOverdue && caller.hasHadItsTurn()) {
        const isImmediate = caller.deadline?.isImmediate;
        caller.reject(isImmediate ? osError("EAGAIN") : timedOut());
        continue;
      }
      this.#callers.push(caller);
      if (caller.isOverdue) callAfterTurn(this.#onTurn);
    }
    if (this.isEmpty && callers.length > 0) this.#onDeserted();
  };
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
