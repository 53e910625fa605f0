/**
 * How long to wait for readiness, as `select`, `poll` and `epoll` of Python each
 * understand it.
 *
 * @module
 */

import { OverflowError, ValueError } from "./errors.ts";
import { parseSeconds, typeName } from "./python.ts";

/** CPython counts time in nanoseconds, in 63 bits. */
const LONGEST_SECONDS = 2 ** 63 / 1e9;

/** `poll(2)` takes so many milliseconds at most. */
const INT_MAX = 2 ** 31 - 1;

/** The timeout of `select.select()`, in seconds. */
export function parseSelectTimeout(value: unknown): number | null {
  if (value === null) return null;
  let seconds: number;
  try {
    seconds = parseSeconds(value);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new TypeError("timeout must be a float or None");
  }
  if (seconds < 0) throw new ValueError("timeout must be non-negative");
  return seconds;
}

/** Python's `max(timeout, 0)`. */
export function atLeastZero(timeout: unknown): unknown {
  if (timeout === null) return null;
  if (isNumber(timeout)) return Number(timeout) < 0 ? 0 : timeout;
  throw new TypeError(
    `'>' not supported between instances of 'int' and '${typeName(timeout)}'`,
  );
}

/** The timeout of `PollSelector.select()`, in seconds. */
export function parsePollTimeout(timeout: unknown): number | null {
  return parseMilliseconds(
    timeout,
    "timestamp too large to convert to C _PyTime_t",
  );
}

/** The timeout of `EpollSelector.select()`, in seconds. */
export function parseEpollTimeout(timeout: unknown): number | null {
  return parseMilliseconds(
    timeout,
    "timestamp out of range for platform time_t",
  );
}

/** A time in whole milliseconds, more rather than less. */
function parseMilliseconds(timeout: unknown, tooLarge: string): number | null {
  if (timeout === null) return null;
  if (!isNumber(timeout)) {
    const type = typeName(timeout);
    throw new TypeError(
      `'<=' not supported between instances of '${type}' and 'int'`,
    );
  }
  const seconds = Number(timeout);
  if (seconds <= 0) return 0;
  if (Number.isNaN(seconds)) {
    throw new ValueError("cannot convert float NaN to integer");
  }
  if (seconds === Infinity) {
    throw new OverflowError("cannot convert float infinity to integer");
  }
  const ms = Math.ceil(seconds * 1e3);
  if (ms / 1e3 >= LONGEST_SECONDS) throw new OverflowError(tooLarge);
  if (ms > INT_MAX) throw new OverflowError("timeout is too large");
  return ms / 1e3;
}

function isNumber(value: unknown): boolean {
  return ["number", "bigint", "boolean"].includes(typeof value);
}
