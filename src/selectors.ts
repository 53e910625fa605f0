/**
 * Python's `selectors` module: many sockets, and which of them are ready.
 *
 * This is the echo server from Python's manual, with a client to try it:
 *
 * ```ts
 * import { create_connection, type Socket, socket } from "@pysocket/socket";
 * import { DefaultSelector, EVENT_READ } from "@pysocket/socket/selectors";
 * import { assertEquals } from "@std/assert";
 *
 * type Callback = (sock: Socket) => Promise<void>;
 *
 * using sel = new DefaultSelector<Callback>();
 *
 * async function accept(sock: Socket): Promise<void> {
 *   const [conn] = await sock.accept(); // Should be ready
 *   conn.setblocking(false);
 *   sel.register(conn, EVENT_READ, read);
 * }
 *
 * async function read(conn: Socket): Promise<void> {
 *   const data = await conn.recv(1000); // Should be ready
 *   if (data.length > 0) await conn.send(data); // Hope it won't block
 *   else {
 *     sel.unregister(conn);
 *     conn.close();
 *   }
 * }
 *
 * using sock = socket();
 * sock.bind(["127.0.0.1", 0]);
 * sock.listen(100);
 * sock.setblocking(false);
 * sel.register(sock, EVENT_READ, accept);
 *
 * async function serve(): Promise<void> {
 *   do {
 *     for (const [key] of await sel.select()) await key.data?.(key.fileobj);
 *   } while (sel.get_map()?.size !== 1); // A real server does so for ever
 * }
 *
 * async function talk(): Promise<void> {
 *   using client = await create_connection(sock.getsockname());
 *   await client.sendall(Uint8Array.of(1, 2, 3));
 *   assertEquals(await client.recv(1024), Uint8Array.of(1, 2, 3));
 * }
 *
 * await Promise.all([serve(), talk()]);
 * ```
 *
 * @module
 */

import { _BaseSelectorImpl, registryOf } from "./base_selector_impl.ts";
import { osError, ValueError } from "./errors.ts";
import type { FileObject } from "./fileobj.ts";
import {
  atLeastZero,
  parseEpollTimeout,
  parsePollTimeout,
  parseSelectTimeout,
} from "./select_timeout.ts";
import type { SelectorKey } from "./selector_key.ts";
import type { Socket } from "./socket.ts";
import {
  isClosed,
  READABLE,
  readyEvents,
  type Watched,
  WRITABLE,
} from "./watchlist.ts";

export { BaseSelector } from "./base_selector.ts";
export { _BaseSelectorImpl } from "./base_selector_impl.ts";
export type { FileObject, HasFileno, HasSocket } from "./fileobj.ts";
export { SelectorKey } from "./selector_key.ts";

/** There is something to receive or to accept, the end of it or an error. */
export const EVENT_READ: number = READABLE;

/** There is room to send. */
export const EVENT_WRITE: number = WRITABLE;

/**
 * A selector as `select(2)` works. As Python's `selectors.SelectSelector`: when
 * you have closed a socket and not unregistered it, `select` raises EBADF.
 *
 * @example Room to send
 * ```ts
 * import { socketpair } from "@pysocket/socket";
 * import { EVENT_WRITE, SelectSelector } from "@pysocket/socket/selectors";
 * import { assertEquals } from "@std/assert";
 *
 * const [a, b] = await socketpair();
 * using selector = new SelectSelector();
 * selector.register(a, EVENT_WRITE);
 * for (const [key, events] of await selector.select()) {
 *   assertEquals([key.fileobj, events], [a, EVENT_WRITE]);
 * }
 * a.close();
 * b.close();
 * ```
 *
 * @typeParam D The type of the data that is registered along.
 * @typeParam F The type of the file objects.
 */
export class SelectSelector<D = unknown, F extends FileObject = Socket>
  extends _BaseSelectorImpl<D, F> {
  /** An empty one. */
  constructor() {
    super(eventsOrRaise);
  }

  /** As `BaseSelector.modify()`. */
  override modify(
    fileobj: F,
    events: number,
    data: D | null = null,
  ): SelectorKey<D, F> {
    const key = registryOf(this).get(fileobj);
    return events === key.events
      ? registryOf(this).modify(fileobj, events, data)
      : super.modify(fileobj, events, data);
  }

  /** As `BaseSelector.select()`. */
  override async select(
    timeout: number | null = null,
  ): Promise<[key: SelectorKey<D, F>, events: number][]> {
    const limit = parseSelectTimeout(atLeastZero(timeout));
    registryOf(this).noteClosed();
    return await registryOf(this).wait(limit);
  }
}

/** Of a closed socket `select(2)` says that it is none. */
function eventsOrRaise(watched: Watched): number {
  if (isClosed(watched)) throw osError("EBADF");
  return readyEvents(watched);
}

/**
 * A selector as `poll(2)` works. As Python's `selectors.PollSelector`: when you
 * have closed a socket and not unregistered it, all its events are ready.
 *
 * @example Data to receive
 * ```ts
 * import { socketpair } from "@pysocket/socket";
 * import { EVENT_READ, PollSelector } from "@pysocket/socket/selectors";
 * import { assertEquals } from "@std/assert";
 *
 * const [a, b] = await socketpair();
 * using selector = new PollSelector();
 * selector.register(a, EVENT_READ);
 * await b.sendall(Uint8Array.of(42));
 * for (const [key] of await selector.select()) {
 *   assertEquals(await key.fileobj.recv(1), Uint8Array.of(42));
 * }
 * a.close();
 * b.close();
 * ```
 *
 * @typeParam D The type of the data that is registered along.
 * @typeParam F The type of the file objects.
 */
export class PollSelector<D = unknown, F extends FileObject = Socket>
  extends _BaseSelectorImpl<D, F> {
  /** An empty one. */
  constructor() {
    super(eventsOrAll);
  }

  /** As `BaseSelector.modify()`, but any number is taken for events. */
  override modify(
    fileobj: F,
    events: number,
    data: D | null = null,
  ): SelectorKey<D, F> {
    return registryOf(this).modify(fileobj, events, data);
  }

  /** As `BaseSelector.select()`. */
  override async select(
    timeout: number | null = null,
  ): Promise<[key: SelectorKey<D, F>, events: number][]> {
    const limit = parsePollTimeout(timeout);
    registryOf(this).noteClosed();
    return await registryOf(this).wait(limit);
  }
}

/** Of a closed socket `poll(2)` says that something is wrong. */
function eventsOrAll(watched: Watched): number {
  return isClosed(watched) ? watched.events : readyEvents(watched);
}

/**
 * A selector as `epoll(7)` works, the one for many sockets: a call of `select`
 * costs in the order of how many are ready. As Python's
 * `selectors.EpollSelector`, which on Linux is `DefaultSelector`: a socket that
 * you have closed and not unregistered is never ready.
 *
 * Here it works the same on every system.
 *
 * @example A connection to accept
 * ```ts
 * import { create_connection, create_server } from "@pysocket/socket";
 * import { DefaultSelector, EVENT_READ } from "@pysocket/socket/selectors";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = create_server(["127.0.0.1", 0]);
 * using selector = new DefaultSelector();
 * selector.register(listener, EVENT_READ);
 * using client = await create_connection(listener.getsockname());
 * for (const [key] of await selector.select()) {
 *   const [conn, address] = await key.fileobj.accept();
 *   conn.close();
 *   assertEquals(address, client.getsockname());
 * }
 * ```
 *
 * @typeParam D The type of the data that is registered along.
 * @typeParam F The type of the file objects.
 */
export class EpollSelector<D = unknown, F extends FileObject = Socket>
  extends _BaseSelectorImpl<D, F> {
  /** An empty one. */
  constructor() {
    super(eventsUntilClosed);
  }

  /**
   * As `BaseSelector.register()`.
   *
   * @throws {ValueError} Also if you have closed the selector.
   */
  override register(
    fileobj: F,
    events: number,
    data: D | null = null,
  ): SelectorKey<D, F> {
    return registryOf(this).register(fileobj, events, data, () => {
      this.#checkOpen();
    });
  }

  /**
   * As `BaseSelector.modify()`, but any number is taken for events.
   *
   * @throws {OSError} EBADF if you have closed the socket, which then is no
   * longer registered.
   */
  override modify(
    fileobj: F,
    events: number,
    data: D | null = null,
  ): SelectorKey<D, F> {
    return registryOf(this).modify(fileobj, events, data, (descriptor) => {
      if (descriptor.isClosed) throw osError("EBADF");
    });
  }

  /**
   * As `BaseSelector.select()`.
   *
   * @throws {ValueError} Also if you have closed the selector, even during the
   * call.
   */
  override async select(
    timeout: number | null = null,
  ): Promise<[key: SelectorKey<D, F>, events: number][]> {
    const limit = parseEpollTimeout(timeout);
    this.#checkOpen();
    const ready = await registryOf(this).wait(limit);
    this.#checkOpen();
    return ready;
  }

  #checkOpen(): void {
    if (this.get_map() !== null) return;
    throw new ValueError("I/O operation on closed epoll object");
  }
}

export { EpollSelector as DefaultSelector };

/** A closed socket is gone without a word, as soon as nothing shares it. */
function eventsUntilClosed(watched: Watched): number | undefined {
  return watched.endpoint.isClosed ? undefined : readyEvents(watched);
}
