/** What a call came to, in one line that a table can hold. */

import { assert, assertEquals } from "@std/assert";
import { errno, type ErrnoName, OSError, type Socket } from "../mod.ts";

// What calls come to, as `outcome` tells it.
export const EADDRINUSE = "OSError: [EADDRINUSE] Address already in use";
export const EAGAIN =
  "BlockingIOError: [EAGAIN] Resource temporarily unavailable";
export const EALREADY =
  "BlockingIOError: [EALREADY] Operation already in progress";
export const EBADF = "OSError: [EBADF] Bad file descriptor";
export const ECONNREFUSED =
  "ConnectionRefusedError: [ECONNREFUSED] Connection refused";
export const ECONNRESET =
  "ConnectionResetError: [ECONNRESET] Connection reset by peer";
export const EINPROGRESS =
  "BlockingIOError: [EINPROGRESS] Operation now in progress";
export const EINVAL = "OSError: [EINVAL] Invalid argument";
export const EISCONN =
  "OSError: [EISCONN] Transport endpoint is already connected";
export const ENOENT = "FileNotFoundError: [ENOENT] No such file or directory";
export const ENOPROTOOPT = "OSError: [ENOPROTOOPT] Protocol not available";
export const ENOTCONN =
  "OSError: [ENOTCONN] Transport endpoint is not connected";
export const EOPNOTSUPP = "OSError: [EOPNOTSUPP] Operation not supported";
export const EPIPE = "BrokenPipeError: [EPIPE] Broken pipe";
export const NO_FAMILY =
  "gaierror: [EAI_ADDRFAMILY] Address family for hostname not supported";
export const NO_NAME = "gaierror: [EAI_NONAME] Name or service not known";
export const TIMED_OUT = "TimeoutError: timed out";

/** How Python ends its words about what is no integer. */
export const NOT_INT = "object cannot be interpreted as an integer";

/** No bytes: the end of a stream. */
export const EMPTY = new Uint8Array(0);

/** Longer than any call of the tests may take. */
const LIMIT_MS = 5_000;

/** The promise's value; an error if there is none for a long time. */
export async function inTime<T>(promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`still pending after ${LIMIT_MS} ms`)),
      LIMIT_MS,
    );
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether a promise is still pending after everything that is due has run. */
export async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let isSettled = false;
  const settle = () => isSettled = true;
  promise.then(settle, settle);
  await new Promise((resolve) => setTimeout(resolve, 25));
  return !isSettled;
}

/**
 * What a call came to: `returned 3`, or the error as Python prints it, such as
 * `ConnectionRefusedError: [ECONNREFUSED] Connection refused`. The name of the
 * errno stands for its number, which differs between systems.
 */
export async function outcome(call: () => unknown): Promise<string> {
  try {
    const value = await inTime(Promise.resolve(call()));
    return `returned ${Deno.inspect(value)}`;
  } catch (error) {
    return describe(error);
  }
}

/** An error as `outcome` tells it. */
export function describe(error: unknown): string {
  assert(error instanceof Error, `${Deno.inspect(error)} is no error`);
  const { name, message } = error;
  assertEquals(name, error.constructor.name);
  if (!(error instanceof OSError)) return `${name}: ${message}`;
  if (error.errno === null) {
    assertEquals([error.strerror, error.code], [null, null]);
    return `${name}: ${message}`;
  }
  assertEquals(message, `[Errno ${error.errno}] ${error.strerror}`);
  if (error.code !== null && error.code in errno) {
    assertEquals(errno[error.code as ErrnoName], error.errno);
  }
  return `${name}: [${error.code}] ${error.strerror}`;
}

/** Arguments of a call, and what it comes to. */
export type Row = readonly [args: readonly unknown[], expected: string];

/** Calls a method with whatever arguments, as JavaScript can. */
export function call(sock: Socket, method: string, args: readonly unknown[]) {
  const methods = sock as unknown as Record<
    string,
    (...args: readonly unknown[]) => unknown
  >;
  return methods[method]!(...args);
}

/** Checks what a method comes to on one socket, row by row. */
export async function assertRows(
  sock: Socket,
  method: string,
  rows: readonly Row[],
): Promise<void> {
  for (const [args, expected] of rows) {
    const actual = await outcome(() => call(sock, method, args));
    assertEquals(actual, expected, `${method}(${args.map(inspect)})`);
  }
}

function inspect(value: unknown): string {
  return Deno.inspect(value, { compact: true });
}

export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Bytes that differ from place to place, and from one seed to another. */
export function pattern(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(length);
  for (let i = 0; i < length; i++) data[i] = i * 7 + (i >> 8) * seed;
  return data;
}

/** Whether two long arrays are equal, which `assertEquals` takes seconds for. */
export function assertSameBytes(
  actual: Uint8Array,
  expected: Uint8Array,
): void {
  assertEquals(actual.length, expected.length);
  const place = actual.findIndex((byte, i) => byte !== expected[i]);
  assert(place === -1, `bytes differ from ${place} on`);
}
