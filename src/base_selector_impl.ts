/**
 * What Python's selectors have in common: what is registered, and the map of it.
 *
 * @module
 */

import { BaseSelector } from "./base_selector.ts";
import type { FileObject } from "./fileobj.ts";
import { Registry } from "./registry.ts";
import type { SelectorKey } from "./selector_key.ts";
import { SelectorMap } from "./selector_map.ts";
import type { Socket } from "./socket.ts";
import type { Watched } from "./watchlist.ts";

/** What is registered with a selector, for those that do more with it. */
export let registryOf: <D, F extends FileObject>(
  selector: _BaseSelectorImpl<D, F>,
) => Registry<D, F>;

/**
 * What each kind of selector is made of. As Python's
 * `selectors._BaseSelectorImpl`.
 *
 * @typeParam D The type of the data that is registered along.
 * @typeParam F The type of the file objects.
 */
export abstract class _BaseSelectorImpl<
  D = unknown,
  F extends FileObject = Socket,
> extends BaseSelector<D, F> {
  readonly #registry: Registry<D, F>;
  #map: SelectorMap<D, F> | null;

  static {
    registryOf = (selector) => selector.#registry;
  }

  /** An empty one; for the function see the constructor of `Watchlist`. */
  protected constructor(
    readyEvents: (watched: Watched) => number | undefined,
  ) {
    super();
    this.#registry = new Registry(readyEvents);
    this.#map = new SelectorMap(this.#registry);
  }

  /** As `BaseSelector.register()`. */
  override register(
    fileobj: F,
    events: number,
    data: D | null = null,
  ): SelectorKey<D, F> {
    return this.#registry.register(fileobj, events, data);
  }

  /** As `BaseSelector.unregister()`. */
  override unregister(fileobj: FileObject): SelectorKey<D, F> {
    return this.#registry.unregister(fileobj);
  }

  /**
   * As `BaseSelector.close()`: who waits in `select` gets nothing, or with an
   * `EpollSelector` a ValueError.
   */
  override close(): void {
    this.#registry.clear();
    this.#map = null;
  }

  /** As `BaseSelector.get_map()`. */
  override get_map(): ReadonlyMap<F, SelectorKey<D, F>> | null {
    return this.#map;
  }
}
