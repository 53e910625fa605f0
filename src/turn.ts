/**
 * Turns of the event loop: when a caller who may not wait can be sure that there
 * was nothing for it.
 *
 * A read that Deno has begun ends on a later turn, even if the kernel holds the
 * bytes already. So "would block" takes a turn in which Deno has asked the
 * system, and more turns as long as each still brings something.
 *
 * @module
 */

import { knowledge } from "./knowledge.ts";

/**
 * The operations that all sockets of the program own: how many are under way,
 * and how many have ended so far.
 */
export const operations = { underWay: 0, ended: 0 };

/** Deno ends at most so many operations each time it asks the system. */
const MOST_AT_ONCE = 128;

/**
 * Deno's scheduler asks the system when it is idle, and when it is busy every 61
 * ticks: then a timer alone may end before it has asked. Measured, with reads
 * that were ready: one timer ended none of them in 22 of 1,200 cases with one
 * socket and in most cases with 500; after these ticks that never happened.
 */
const TICKS_OF_A_TURN = 64;

/** Those who wait for the end of the turn, and those who came too late for it. */
let afterTurn = new Set<() => void>();
let afterNext = new Set<() => void>();
/** Whether a turn is on its way, of which a newcomer would get only a part. */
let isTurning = false;
let nextTick: ReturnType<typeof setImmediate> | undefined;
let lastTimer: ReturnType<typeof setTimeout> | undefined;

/**
 * Calls back after a turn of the event loop in which Deno has asked the system
 * for I/O, so that what the kernel held has begun to arrive.
 */
export function callAfterTurn(callback: () => void): void {
  if (isTurning) return void afterNext.add(callback);
  if (afterTurn.size === 0) beginTurn();
  afterTurn.add(callback);
}

function beginTurn(): void {
  nextTick = setImmediate(tick, TICKS_OF_A_TURN);
}

function tick(left: number): void {
  isTurning = true;
  if (left > 0) nextTick = setImmediate(tick, left - 1);
  else lastTimer = setTimeout(endTurn, 0);
}

function endTurn(): void {
  const callbacks = afterTurn;
  [afterTurn, afterNext] = [afterNext, new Set()];
  isTurning = false;
  if (afterTurn.size > 0) beginTurn();
  for (const callback of callbacks) callback();
}

/** Takes back what `callAfterTurn` was asked for. */
export function callNoMore(callback: () => void): void {
  if (afterTurn.size + afterNext.size === 0) return;
  const isGone = afterTurn.delete(callback) || afterNext.delete(callback);
  if (!isGone || afterTurn.size + afterNext.size > 0) return;
  clearImmediate(nextTick);
  clearTimeout(lastTimer);
  isTurning = false;
}

/**
 * Settles when Deno has asked the system, and what the kernel held has arrived.
 * These are the ticks of a turn without its timer: a quarter of a millisecond.
 * Measured on up to 300 sockets, 12,000 reads that were ready had all ended; a
 * single tick ended none. "There is nothing" is left to whole turns.
 */
export async function whenAsked(): Promise<void> {
  const { mark } = knowledge;
  let left = 1 + operations.underWay / MOST_AT_ONCE;
  let before: number;
  do {
    before = operations.ended;
    await ticks(TICKS_OF_A_TURN);
    // After so much there may be more; others may have had their share of it.
  } while (operations.ended - before >= MOST_AT_ONCE / 2 && --left > 0);
  knowledge.renew(mark);
}

/** Settles when the event loop has turned, and others have had their share. */
export function whenTurned(): Promise<void> {
  return ticks(1);
}

function ticks(count: number): Promise<void> {
  return new Promise((resolve) => {
    const tick = (left: number): void => {
      if (left > 0) setImmediate(tick, left - 1);
      else resolve();
    };
    tick(count);
  });
}

/** The last turns of a caller whose time is over. */
export class LastTurns {
  #endedBefore = operations.ended;
  #left = 4 + 2 * operations.underWay / MOST_AT_ONCE;

  /** Whether they are over, after a turn that has brought the caller nothing. */
  isOver(): boolean {
    const isQuiet = this.#endedBefore === operations.ended;
    this.#endedBefore = operations.ended;
    // Others must not keep it waiting for ever, however busy they are.
    return isQuiet || --this.#left < 0;
  }
}
