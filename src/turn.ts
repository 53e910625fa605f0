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
export function callAfterTurn(callback: () => void): void {
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
export function callNoMore(callback: () => void): void {
  if (afterTurn.size === 0 || !afterTurn.delete(callback)) return;
  if (afterTurn.size > 0) return;
  clearImmediate(turnStart);
  clearTimeout(turnEnd);
}

/** The last turns of a caller whose time is over. */
export class LastTurns {
  #left: number | undefined;
  #endedBefore = operations.ended;

  /** Whether they are over, after a turn that has brought the caller nothing. */
  isOver(): boolean {
    const { underWay, ended } = operations;
    const isQuiet = this.#endedBefore === ended && crowdedTurns === 0;
    this.#endedBefore = ended;
    // Others must not keep it waiting for ever, however busy they are.
    this.#left ??= TURNS_FOR_A_CROWD * (2 + underWay / CROWD);
    return isQuiet || --this.#left < 0;
  }
}
