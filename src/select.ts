/**
 * Python's `select` module: which of several sockets are ready.
 *
 * ```ts
 * import { create_server } from "@pysocket/socket";
 * import { select } from "@pysocket/socket/select";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = create_server(["127.0.0.1", 0]);
 * assertEquals(await select([listener], [], [], 0.01), [[], [], []]);
 * ```
 *
 * For many sockets `@pysocket/socket/selectors` is faster.
 *
 * @module
 */

import type { OpenDescriptor } from "./descriptor.ts";
import { osError, ValueError } from "./errors.ts";
import { type FileObject, findDescriptor } from "./fileobj.ts";
import { asInteger } from "./python.ts";
import { parseSelectTimeout } from "./select_timeout.ts";
import {
  isClosed,
  READABLE,
  readyEvents,
  type Watched,
  Watchlist,
  WRITABLE,
} from "./watchlist.ts";

export { OSError as error } from "./errors.ts";
export type { FileObject, HasFileno, HasSocket } from "./fileobj.ts";

/** `select(2)` knows descriptors below this number only, and as many. */
const FD_SETSIZE = 1024;

/**
 * Waits until some of the sockets are ready. As Python's `select.select()`.
 *
 * Readable is a socket whose `recv`, or `accept`, would answer at once: with
 * bytes, a connection, the end of the stream or an error. Writable is one whose
 * `send` would not wait. A socket that is not connected is both, one that is
 * connecting is neither. To look takes nothing away: as long as nobody
 * receives, the next call says the same.
 *
 * Nothing is ever exceptional here, for Deno has no out-of-band data.
 *
 * @example Data, and room for an answer
 * ```ts
 * import { socketpair } from "@pysocket/socket";
 * import { select } from "@pysocket/socket/select";
 * import { assertEquals } from "@std/assert";
 *
 * const [a, b] = await socketpair();
 * await a.sendall(Uint8Array.of(1));
 * const [readable, writable] = await select([a, b], [a, b], [], 1);
 * assertEquals(readable, [b]);
 * assertEquals(writable, [a, b]);
 * a.close();
 * b.close();
 * ```
 *
 * @param rlist Those to look at for something to receive or accept.
 * @param wlist Those to look at for room to send.
 * @param xlist Those to look at for exceptional conditions, of which there are
 * none.
 * @param timeout Seconds to wait; 0 does not wait, `null` waits for as long as
 * it takes.
 * @returns Those of each list that are ready, in its order; three empty lists
 * if the time is over.
 * @throws {TypeError} If something is no list, or in a list but no file object,
 * or `timeout` is no number.
 * @throws {ValueError} If a socket is closed, `timeout` negative or NaN, or a
 * list longer than 1,024.
 * @throws {OverflowError} If `timeout` is too large.
 * @throws {OSError} EBADF for a number that is no descriptor of a socket, or if
 * you close one of the sockets during the call.
 */
export async function select<
  R extends FileObject,
  W extends FileObject,
  X extends FileObject,
>(
  rlist: Iterable<R>,
  wlist: Iterable<W>,
  xlist: Iterable<X>,
  timeout: number | null = null,
): Promise<[R[], W[], X[]]> {
  checkCount(arguments.length);
  const limit = parseSelectTimeout(timeout);
  const readers = parseList(rlist);
  const writers = parseList(wlist);
  const others = parseList(xlist);
  const watchlist = new Watchlist(eventsOf);
  try {
    for (const watched of merge(readers, writers, others)) {
      watchlist.add(watched);
    }
    const ready = new Map<unknown, number>();
    for (const [{ descriptor }, events] of await watchlist.wait(limit)) {
      ready.set(descriptor, events);
    }
    const isReady = ([, descriptor]: Item<unknown>, events: number) =>
      ((ready.get(descriptor) ?? 0) & events) !== 0;
    return [
      readers.filter((item) => isReady(item, READABLE)).map(([each]) => each),
      writers.filter((item) => isReady(item, WRITABLE)).map(([each]) => each),
      [],
    ];
  } finally {
    watchlist.clear();
  }
}

/** One of a list, and its descriptor; `undefined` for the number of none. */
type Item<T> = [fileobj: T, descriptor: OpenDescriptor | undefined];

function checkCount(given: number): void {
  if (given >= 3 && given <= 4) return;
  const bound = given < 3 ? "least 3" : "most 4";
  throw new TypeError(`select expected at ${bound} arguments, got ${given}`);
}

function parseList<T>(value: Iterable<T>): Item<T>[] {
  const isSequence = Symbol.iterator in Object(value);
  if (!isSequence) throw new TypeError("arguments 1-3 must be sequences");
  return [...value].map((fileobj, i) => {
    const descriptor = parseItem(fileobj);
    if (i < FD_SETSIZE) return [fileobj, descriptor];
    throw new ValueError("too many file descriptors in select()");
  });
}

function parseItem(fileobj: unknown): OpenDescriptor | undefined {
  const found = findDescriptor(fileobj);
  if (found === undefined) {
    throw new TypeError("argument must be an int, or have a fileno() method.");
  }
  if (typeof found === "object") return found;
  const fd = asInteger(found, "int");
  if (fd < 0) {
    throw new ValueError(
      `file descriptor cannot be a negative integer (${fd})`,
    );
  }
  if (fd < FD_SETSIZE) return undefined;
  throw new ValueError("filedescriptor out of range in select()");
}

/** Each socket once, with what it is looked at for. */
function merge(
  readers: readonly Item<unknown>[],
  writers: readonly Item<unknown>[],
  others: readonly Item<unknown>[],
): Watched[] {
  const events = new Map<OpenDescriptor, number>();
  const add = (items: readonly Item<unknown>[], more: number) => {
    for (const [, descriptor] of items) {
      if (descriptor === undefined) throw osError("EBADF");
      events.set(descriptor, (events.get(descriptor) ?? 0) | more);
    }
  };
  add(readers, READABLE);
  add(writers, WRITABLE);
  add(others, 0);
  return [...events].map(([descriptor, events]) => (
    { descriptor, endpoint: descriptor.endpoint, events }
  ));
}

function eventsOf(watched: Watched): number {
  if (isClosed(watched)) throw osError("EBADF");
  return readyEvents(watched);
}
