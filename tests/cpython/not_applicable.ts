/**
 * The tests of CPython's that ask for what cannot be in Deno, and why it cannot.
 *
 * A pattern is that of a method, `Class.method` with the class that defines it,
 * or of a case, `Class.method` with the class that runs it; `*` stands for any
 * part of a name. What is merely missing does not belong here: it fails.
 *
 * @module
 */

/** Patterns and reasons. */
export const NOT_APPLICABLE: readonly [pattern: string, reason: string][] = [];

/** Why a case cannot apply, or undefined if it does. */
export function whyNotApplicable(
  caseName: string,
  method: string,
): string | undefined {
  const names = [caseName, method];
  return NOT_APPLICABLE.find(([pattern]) => {
    const source = pattern.replaceAll(".", "\\.").replaceAll("*", ".*");
    return names.some((name) => new RegExp(`^${source}$`).test(name));
  })?.[1];
}
