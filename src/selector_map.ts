/**
 * What `get_map()` of a selector returns: its file objects and their keys, as
 * they are at each moment.
 *
 * @module
 */

import type { FileObject } from "./fileobj.ts";
import type { Registry } from "./registry.ts";
import type { SelectorKey } from "./selector_key.ts";

/** A map to read, of file objects to keys. */
export class SelectorMap<D, F extends FileObject>
  implements ReadonlyMap<F, SelectorKey<D, F>> {
  readonly #registry: Registry<D, F>;

  /** The map of what is registered. */
  constructor(registry: Registry<D, F>) {
    this.#registry = registry;
  }

  get size(): number {
    return this.#registry.size;
  }

  get(fileobj: F): SelectorKey<D, F> | undefined {
    return this.#registry.find(fileobj);
  }

  has(fileobj: F): boolean {
    return this.get(fileobj) !== undefined;
  }

  keys(): MapIterator<F> {
    return this.#now().keys();
  }

  values(): MapIterator<SelectorKey<D, F>> {
    return this.#now().values();
  }

  entries(): MapIterator<[F, SelectorKey<D, F>]> {
    return this.#now().entries();
  }

  [Symbol.iterator](): MapIterator<[F, SelectorKey<D, F>]> {
    return this.entries();
  }

  forEach(
    callback: (
      key: SelectorKey<D, F>,
      fileobj: F,
      map: ReadonlyMap<F, SelectorKey<D, F>>,
    ) => void,
  ): void {
    for (const [fileobj, key] of this) callback(key, fileobj, this);
  }

  /** For `console.log`: the map as it is now. */
  [Symbol.for("Deno.customInspect")](
    inspect: typeof Deno.inspect,
    options: Deno.InspectOptions,
  ): string {
    return inspect(this.#now(), options);
  }

  #now(): Map<F, SelectorKey<D, F>> {
    return new Map(this.#registry.keys().map((key) => [key.fileobj, key]));
  }
}
