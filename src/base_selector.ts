/**
 * What Python's selectors have in common.
 *
 * @module
 */

import { RuntimeError } from "./errors.ts";
import type { FileObject } from "./fileobj.ts";
import { notRegistered } from "./registry.ts";
import type { SelectorKey } from "./selector_key.ts";
import type { Socket } from "./socket.ts";

/**
 * What every selector can do. As Python's `selectors.BaseSelector`: sockets are
 * registered with the events to wait for, and `select` says which are ready.
 *
 * A selector looks at its sockets all the time, and keeps what it finds for the
 * calls that receive or accept. That alone does not keep the program running,
 * except for a Unix datagram socket; a call of `select` does, as long as a socket
 * is registered or a timeout given.
 *
 * Wait for `EVENT_WRITE` only while there is something to send. There nearly
 * always is room, so `select` would return at once, time and again, and here each
 * look at the other sockets then costs a quarter of a millisecond.
 *
 * `using` closes a selector at the end of its block, as `with` does in Python.
 *
 * @example Whichever selector you are given
 * ```ts
 * import { create_server } from "@pysocket/socket";
 * import {
 *   type BaseSelector,
 *   DefaultSelector,
 *   EVENT_READ,
 *   PollSelector,
 *   SelectSelector,
 * } from "@pysocket/socket/selectors";
 * import { assertEquals } from "@std/assert";
 *
 * async function countReady(selector: BaseSelector): Promise<number> {
 *   using listener = create_server(["127.0.0.1", 0]);
 *   selector.register(listener, EVENT_READ);
 *   const ready = await selector.select(0);
 *   selector.unregister(listener);
 *   return ready.length;
 * }
 *
 * for (const Kind of [DefaultSelector, PollSelector, SelectSelector]) {
 *   using selector = new Kind();
 *   assertEquals(await countReady(selector), 0);
 * }
 * ```
 *
 * @typeParam D The type of the data that is registered along.
 * @typeParam F The type of the file objects.
 */
export abstract class BaseSelector<
  D = unknown,
  F extends FileObject = Socket,
> implements Disposable {
  /**
   * Registers a file object. As Python's `register()`.
   *
   * @param fileobj The socket, or what stands for one.
   * @param events `EVENT_READ`, `EVENT_WRITE`, or both added.
   * @param data Anything, which comes back with the socket.
   * @returns What the selector now knows of it.
   * @throws {ValueError} If the events are none of these, or `fileobj` is no
   * file object, or closed.
   * @throws {TypeError} If the events are no number.
   * @throws {KeyError} If it is registered already.
   * @throws {OSError} EBADF for a number that is no descriptor of a socket.
   */
  abstract register(
    fileobj: F,
    events: number,
    data?: D | null,
  ): SelectorKey<D, F>;

  /**
   * Forgets a file object, which may be closed. As Python's `unregister()`.
   *
   * @param fileobj What was registered, or another object of its socket.
   * @returns What the selector knew of it.
   * @throws {KeyError} If it is not registered.
   * @throws {ValueError} If it is no file object, or closed and not registered.
   */
  abstract unregister(fileobj: FileObject): SelectorKey<D, F>;

  /**
   * Changes what a file object is registered for. As Python's `modify()`.
   *
   * @param fileobj What was registered, or another object of its socket.
   * @param events The events from now on.
   * @param data The data from now on; what was there is gone.
   * @returns What the selector now knows of it.
   * @throws {KeyError} If it is not registered.
   * @throws {ValueError} As `register`.
   * @throws {TypeError} As `register`.
   */
  modify(
    fileobj: F,
    events: number,
    data: D | null = null,
  ): SelectorKey<D, F> {
    this.unregister(fileobj);
    return this.register(fileobj, events, data);
  }

  /**
   * Waits until some sockets are ready. As Python's `select()`.
   *
   * As long as what is there is not received or accepted, the next call says the
   * same.
   *
   * @param timeout Seconds to wait; 0, or less, does not wait, `null` waits for
   * as long as it takes.
   * @returns Those that are ready, each with the events it is ready for; nothing
   * if the time is over.
   * @throws {TypeError} If `timeout` is no number.
   * @throws {ValueError} If it is NaN.
   * @throws {OverflowError} If it is too large.
   */
  abstract select(
    timeout?: number | null,
  ): Promise<[key: SelectorKey<D, F>, events: number][]>;

  /** Closes the selector, but no socket. As Python's `close()`. */
  close(): void {}

  /**
   * What is known of a file object. As Python's `get_key()`.
   *
   * @param fileobj What was registered, or another object of its socket.
   * @returns The key.
   * @throws {KeyError} If it is not registered.
   * @throws {ValueError} If it is no file object, or closed and not registered.
   * @throws {RuntimeError} If you have closed the selector.
   */
  get_key(fileobj: FileObject): SelectorKey<D, F> {
    const map = this.get_map();
    if (map === null) throw new RuntimeError("Selector is closed");
    const key = map.get(fileobj as F);
    if (key === undefined) throw notRegistered(fileobj);
    return key;
  }

  /**
   * All that is registered. As Python's `get_map()`: it changes along with the
   * selector.
   *
   * @returns The key of each file object; `null` if you have closed the
   * selector.
   */
  abstract get_map(): ReadonlyMap<F, SelectorKey<D, F>> | null;

  /** Closes the selector at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}
