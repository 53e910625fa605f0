/**
 * Types for the `@std/assert` modules that `setup.ts` takes from npm, where
 * they come without any. `setup.ts` cuts this file at the `// ----` lines, one
 * piece for each module, so a piece must not use a name from another one.
 */

// deno-lint-ignore-file no-explicit-any

// ---- almost_equals.js
export function assertAlmostEquals(
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
): void;

// ---- array_includes.js
/** What has a length and numbered elements, strings excepted. */
export type ArrayLikeArg<T> = ArrayLike<T> & object;
export function assertArrayIncludes<T>(
  actual: ArrayLikeArg<T>,
  expected: ArrayLikeArg<T>,
  msg?: string,
): void;

// ---- assert.js
export function assert(expr: unknown, msg?: string): asserts expr;

// ---- assertion_error.js
export class AssertionError extends Error {
  constructor(message: string, options?: ErrorOptions);
}

// ---- equal.js
export function equal(a: unknown, b: unknown): boolean;

// ---- equals.js
export function assertEquals<T>(actual: T, expected: T, msg?: string): void;

// ---- exists.js
export function assertExists<T>(
  actual: T,
  msg?: string,
): asserts actual is NonNullable<T>;

// ---- fail.js
export function fail(msg?: string): never;

// ---- false.js
/** Every value that counts as false, NaN excepted, which has no type. */
export type Falsy = false | 0 | 0n | "" | null | undefined;
export function assertFalse(
  expr: unknown,
  msg?: string,
): asserts expr is Falsy;

// ---- greater.js
export function assertGreater<T>(actual: T, expected: T, msg?: string): void;

// ---- greater_or_equal.js
export function assertGreaterOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void;

// ---- instance_of.js
export function assertInstanceOf<
  T extends abstract new (...args: any[]) => any,
>(
  actual: unknown,
  expectedType: T,
  msg?: string,
): asserts actual is InstanceType<T>;

// ---- is_error.js
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: abstract new (...args: any[]) => E,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E;

// ---- less.js
export function assertLess<T>(actual: T, expected: T, msg?: string): void;

// ---- less_or_equal.js
export function assertLessOrEqual<T>(
  actual: T,
  expected: T,
  msg?: string,
): void;

// ---- match.js
export function assertMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void;

// ---- not_equals.js
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void;

// ---- not_instance_of.js
export function assertNotInstanceOf<A, T>(
  actual: A,
  unexpectedType: abstract new (...args: any[]) => T,
  msg?: string,
): asserts actual is Exclude<A, T>;

// ---- not_match.js
export function assertNotMatch(
  actual: string,
  expected: RegExp,
  msg?: string,
): void;

// ---- not_strict_equals.js
export function assertNotStrictEquals<T>(
  actual: T,
  expected: T,
  msg?: string,
): void;

// ---- object_match.js
export function assertObjectMatch(
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
): void;

// ---- rejects.js
export function assertRejects(
  fn: () => PromiseLike<unknown>,
  msg?: string,
): Promise<unknown>;
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: abstract new (...args: any[]) => E,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;

// ---- strict_equals.js
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T;

// ---- string_includes.js
export function assertStringIncludes(
  actual: string,
  expected: string,
  msg?: string,
): void;

// ---- throws.js
export function assertThrows(fn: () => unknown, msg?: string): unknown;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: abstract new (...args: any[]) => E,
  msgIncludes?: string,
  msg?: string,
): E;

// ---- unimplemented.js
export function unimplemented(msg?: string): never;

// ---- unreachable.js
export function unreachable(msg?: string): never;
