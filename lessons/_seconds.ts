/**
 * Options of the lessons that are a length of time.
 *
 * @module
 */

import { UsageError } from "./_options.ts";
import type { Run } from "./_run.ts";

/** The longest time; a timer of JavaScript has at most 24 days. */
const ONE_DAY = 86_400;

// 0 would be a socket that does not wait at all, which is another thing.

/** The seconds of an option; wrong usage if they are none. */
export function readSeconds(run: Run, name: string, unlessGiven = ""): number {
  const value = run.values.get(name) || unlessGiven;
  const seconds = /^\d+(\.\d+)?$/.test(value) ? Number(value) : 0;
  if (seconds > 0 && seconds <= ONE_DAY) return seconds;
  throw new UsageError({
    en: `Option --${name} must be seconds, more than 0 and up to ${ONE_DAY}: ` +
      `current value is "${value}"`,
    zh:
      `选项 --${name} 必须是大于 0、不超过 ${ONE_DAY} 的秒数，而不是“${value}”`,
  }, run.language);
}
