/**
 * Those who look at a socket, to be told when something has changed.
 *
 * @module
 */

/** The watchers of one socket. */
export class Watchers {
  readonly #callbacks = new Set<() => void>();

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#callbacks.size === 0;
  }

  /** One more, who is called back until the function returned is called. */
  add(onChange: () => void, onDeserted: () => void): () => void {
    this.#callbacks.add(onChange);
    return () => {
      this.#callbacks.delete(onChange);
      if (this.isEmpty) onDeserted();
    };
  }

  /** Tells them. */
  readonly tell = (): void => {
    this.#callbacks.forEach((onChange) => onChange());
  };
}
