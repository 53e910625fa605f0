/**
 * A lock: calls that must not run at the same time run one after the other, in
 * the order in which they came.
 *
 * @module
 */

/** Python's `threading.Lock`, for calls that wait. */
export class Lock {
  #last: Promise<void> | undefined;

  /** Whether a call could run now. */
  get isFree(): boolean {
    return this.#last === undefined;
  }

  /** Runs a call when those before it have ended; at once if there are none. */
  async run<T>(call: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    if (before !== undefined) await before;
    try {
      return await call();
    } finally {
      if (this.#last === promise) this.#last = undefined;
      resolve();
    }
  }
}
