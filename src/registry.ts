/**
 * What is registered with a selector, and the watch over it.
 *
 * @module
 */

import type { OpenDescriptor } from "./descriptor.ts";
import type { Endpoint } from "./endpoint.ts";
import { KeyError, osError, ValueError } from "./errors.ts";
import { type FileObject, findDescriptor } from "./fileobj.ts";
import { repr, typeName } from "./python.ts";
import { SelectorKey } from "./selector_key.ts";
import { READABLE, type Watched, Watchlist, WRITABLE } from "./watchlist.ts";

/** A registered socket, whose key is another after each change. */
class Registered<D, F extends FileObject> implements Watched {
  readonly endpoint: Endpoint;

  constructor(
    readonly descriptor: OpenDescriptor,
    public key: SelectorKey<D, F>,
  ) {
    this.endpoint = descriptor.endpoint;
  }

  get events(): number {
    return this.key.events;
  }
}

/**
 * The file objects of a selector. Each is known by its descriptor: two objects
 * of one descriptor are the same here, and what `dup` made is another.
 */
export class Registry<D, F extends FileObject> {
  readonly #registered = new Map<OpenDescriptor, Registered<D, F>>();
  readonly #watchlist: Watchlist<Registered<D, F>>;

  /** An empty one; for the function see the constructor of `Watchlist`. */
  constructor(readyEvents: (watched: Watched) => number | undefined) {
    this.#watchlist = new Watchlist<Registered<D, F>>(readyEvents);
  }

  /** How many there are. */
  get size(): number {
    return this.#registered.size;
  }

  /** What is known of each. */
  keys(): SelectorKey<D, F>[] {
    return [...this.#registered.values()].map(({ key }) => key);
  }

  /** What is known of a file object, if it is registered. */
  find(fileobj: unknown): SelectorKey<D, F> | undefined {
    return this.#find(fileobj)?.key;
  }

  #find(fileobj: unknown): Registered<D, F> | undefined {
    const descriptor = this.#lookUp(fileobj);
    return descriptor && this.#registered.get(descriptor);
  }

  /** The descriptor of a file object; `undefined` for a number of none. */
  #lookUp(fileobj: unknown): OpenDescriptor | undefined {
    const found = tryToFind(fileobj);
    if (typeof found === "object") return found;
    const number = Number(found ?? -1);
    // A closed one is known as long as it is registered.
    for (const { key, descriptor } of this.#registered.values()) {
      const isNumber = number >= 0 && descriptor.isClosed && key.fd === number;
      if (key.fileobj === fileobj || isNumber) return descriptor;
    }
    if (number >= 0) return undefined;
    throw new ValueError(
      found === undefined
        ? `Invalid file object: ${repr(fileobj)}`
        : `Invalid file descriptor: ${found}`,
    );
  }

  /** Takes a file object in; before that there may be one more check. */
  register(
    fileobj: F,
    events: number,
    data: D | null,
    check = () => {},
  ): SelectorKey<D, F> {
    checkEvents(events);
    const descriptor = this.#lookUp(fileobj);
    if (descriptor && this.#registered.has(descriptor)) {
      const shown = `${repr(fileobj)} (FD ${descriptor.number ?? "?"})`;
      throw new KeyError(repr(`${shown} is already registered`));
    }
    check();
    if (descriptor === undefined) throw osError("EBADF");
    const fd = descriptor.number ?? descriptor;
    const key = new SelectorKey(fileobj, fd, Number(events), data);
    const registered = new Registered(descriptor, key);
    this.#registered.set(descriptor, registered);
    this.#watchlist.add(registered);
    return key;
  }

  /** Lets a file object go. */
  unregister(fileobj: unknown): SelectorKey<D, F> {
    const registered = this.#getRegistered(fileobj);
    this.#registered.delete(registered.descriptor);
    this.#watchlist.remove(registered);
    return registered.key;
  }

  /** What is known of a file object, which has to be registered. */
  get(fileobj: unknown): SelectorKey<D, F> {
    return this.#getRegistered(fileobj).key;
  }

  #getRegistered(fileobj: unknown): Registered<D, F> {
    const registered = this.#find(fileobj);
    if (registered === undefined) throw notRegistered(fileobj);
    return registered;
  }

  /**
   * Changes what a file object is registered for. The check decides whether one
   * that is closed may be changed; if it throws, the object is let go.
   */
  modify(
    fileobj: unknown,
    events: number,
    data: D | null,
    check: (descriptor: OpenDescriptor) => void = () => {},
  ): SelectorKey<D, F> {
    const registered = this.#getRegistered(fileobj);
    const { key, descriptor } = registered;
    if (events === key.events && data === key.data) return key;
    if (events !== key.events) {
      checkOperand(events);
      try {
        check(descriptor);
      } catch (error) {
        this.unregister(fileobj);
        throw error;
      }
    }
    // A closed one no longer tells its number.
    const fd = descriptor.isClosed ? key.fd : descriptor;
    registered.key = new SelectorKey(key.fileobj, fd, Number(events), data);
    this.#watchlist.note(registered);
    return registered.key;
  }

  /** Waits until some are ready, and says which, and for what. */
  async wait(
    timeout: number | null,
  ): Promise<[key: SelectorKey<D, F>, events: number][]> {
    const ready = await this.#watchlist.wait(timeout);
    return ready.map(([{ key }, events]) => [key, events]);
  }

  /** Looks again at those that have been closed. */
  noteClosed(): void {
    for (const registered of this.#registered.values()) {
      if (registered.descriptor.isClosed) this.#watchlist.note(registered);
    }
  }

  /** Lets all of them go. */
  clear(): void {
    this.#registered.clear();
    this.#watchlist.clear();
  }
}

/** The error for a file object that is not there. */
export function notRegistered(fileobj: unknown): KeyError {
  return new KeyError(repr(`${repr(fileobj)} is not registered`));
}

/** To Python's selectors whatever has no descriptor is a wrong object. */
function tryToFind(fileobj: unknown): ReturnType<typeof findDescriptor> {
  try {
    return findDescriptor(fileobj);
  } catch (error) {
    const isWrong = error instanceof TypeError || error instanceof RangeError;
    if (!isWrong) throw error;
    return undefined;
  }
}

function checkEvents(events: unknown): void {
  if (events) checkOperand(events);
  const number = Number(events);
  if (number > 0 && number <= (READABLE | WRITABLE)) return;
  throw new ValueError(`Invalid events: ${repr(events)}`);
}

/** What Python says when it is to find the bits of something else. */
function checkOperand(events: unknown): void {
  const isInteger = Number.isInteger(events) || typeof events === "bigint" ||
    typeof events === "boolean";
  if (isInteger) return;
  throw new TypeError(
    `unsupported operand type(s) for &: '${typeName(events)}' and 'int'`,
  );
}
