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

/**
 * The operations that all sockets of the program own: how many are under way,
 * and how many have ended so far.
 */
export const operations = { underWay: 0, ended: 0 };

/** How many operations have begun so far. */
export function countBegun(): number {
  return operations.underWay + operations.ended;
}

/** Deno ends at most so many operations each time it asks the system. */
const MOST_AT_ONCE = 128;

/** More operations than these in one turn can keep Deno's scheduler busy. */
const FEW = 4;

/**
 * A scheduler that is busy asks the system only after so many ticks; one that is
 * idle asks at once, when it waits for a timer. Measured with 500 operations
 * that were ready: without these ticks up to ten timers in a row ended nothing,
 * with them not one.
 */
const TICKS_OF_A_BUSY_SCHEDULER = 64;

/** Those who wait for the end of a turn, and what leads to it. */
const afterTurn = new Set<() => void>();
let nextTick: ReturnType<typeof setImmediate> | undefined;
let lastTimer: ReturnType<typeof setTimeout> | undefined;
let begunBeforeTurn = Infinity;
let endedBeforeTurn = 0;
let isBusy = false;

/**
 * Calls back after a turn of the event loop in which Deno has asked the system
 * for I/O, so that what the kernel held has begun to arrive. `begunBefore` is
 * how many operations had begun when the caller came.
 *
 * The timer that ends the turn begins when the work of this tick is done: Deno
 * does not ask when a timer is due already. Promises run without asking.
 */
export function callAfterTurn(callback: () => void, begunBefore: number): void {
  begunBeforeTurn = Math.min(begunBeforeTurn, begunBefore);
  if (afterTurn.size === 0) nextTick = setImmediate(startTurn);
  afterTurn.add(callback);
}

function startTurn(): void {
  if (countBegun() - begunBeforeTurn > FEW) isBusy = true;
  begunBeforeTurn = Infinity;
  endedBeforeTurn = operations.ended;
  tick(isBusy ? TICKS_OF_A_BUSY_SCHEDULER : 0);
}

function tick(left: number): void {
  if (left > 0) nextTick = setImmediate(tick, left - 1);
  else lastTimer = setTimeout(endTurn, 0);
}

function endTurn(): void {
  if (operations.ended === endedBeforeTurn) isBusy = false;
  const callbacks = [...afterTurn];
  afterTurn.clear();
  for (const callback of callbacks) callback();
}

/** Takes back what `callAfterTurn` was asked for. */
export function callNoMore(callback: () => void): void {
  if (afterTurn.size === 0 || !afterTurn.delete(callback)) return;
  if (afterTurn.size > 0) return;
  clearImmediate(nextTick);
  clearTimeout(lastTimer);
  begunBeforeTurn = Infinity;
  isBusy = false;
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
