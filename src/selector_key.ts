/**
 * A file object that is registered with a selector, and all that belongs to it.
 *
 * @module
 */

import type { Descriptor } from "./descriptor.ts";
import { OSError } from "./errors.ts";
import type { FileObject } from "./fileobj.ts";
import type { Socket } from "./socket.ts";

/**
 * What a selector knows of a registered file object. As Python's
 * `selectors.SelectorKey`.
 *
 * @example The data that you gave along
 * ```ts
 * import { create_server } from "@pysocket/socket";
 * import { DefaultSelector, EVENT_READ } from "@pysocket/socket/selectors";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = create_server(["127.0.0.1", 0]);
 * using selector = new DefaultSelector<string>();
 * selector.register(listener, EVENT_READ, "the door");
 * const { events, data } = selector.get_key(listener);
 * assertEquals([events, data], [EVENT_READ, "the door"]);
 * ```
 *
 * @typeParam D The type of the data.
 * @typeParam F The type of the file object.
 */
export class SelectorKey<D = unknown, F extends FileObject = Socket> {
  /** What was registered. */
  readonly fileobj: F;
  /** What is waited for: `EVENT_READ`, `EVENT_WRITE`, or both added. */
  readonly events: number;
  /** What you gave along, or `null`. */
  readonly data: D | null;
  #fd: number | Descriptor;

  /**
   * Makes a key, as `register` does.
   *
   * @param fileobj What was registered.
   * @param fd Its descriptor, or the number of that.
   * @param events What is waited for.
   * @param data What was given along.
   */
  constructor(
    fileobj: F,
    fd: number | Descriptor,
    events: number,
    data: D | null,
  ) {
    this.fileobj = fileobj;
    this.#fd = fd;
    this.events = events;
    this.data = data;
  }

  /** Its parts as in Python's tuple: `const [fileobj, fd, events, data] = key`. */
  *[Symbol.iterator](): IterableIterator<F | number | D | null> {
    yield this.fileobj;
    yield this.fd;
    yield this.events;
    yield this.data;
  }

  /**
   * The number of its descriptor, as `fileno()` tells it with `--allow-ffi`;
   * without that, −1 for all: know your sockets by `fileobj` or by `data`.
   */
  get fd(): number {
    if (typeof this.#fd === "number") return this.#fd;
    try {
      this.#fd = this.#fd.fileno();
      return this.#fd;
    } catch (error) {
      if (error instanceof OSError) return -1;
      throw error;
    }
  }
}
