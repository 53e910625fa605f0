/**
 * The descriptor that Deno has for a socket. Deno does not tell it, but the
 * system knows which of the process's descriptors has the socket's addresses.
 *
 * @module
 */

import { errno } from "./errno.ts";
import { OSError } from "./errors.ts";
import { findDescriptors, findSeen, type Wanted } from "./find_descriptors.ts";

/** Descriptors whose sockets are known, and duplicates of such. */
const claimed = new Set<number>();

/** Says that a descriptor is known, so that nobody else's search finds it. */
export function claim(fd: number): void {
  claimed.add(fd);
}

/** Takes that back: the number may soon belong to another socket. */
export function disclaim(fd: number): void {
  claimed.delete(fd);
}

/** Whether this program has ever looked for a descriptor. */
let isInUse = false;

/** The descriptor of one socket, looked for once in the life of the socket. */
export class Located {
  #fd: number | undefined;

  /** The number; an error if several descriptors cannot be told apart. */
  find(wanted: Wanted): number {
    const fd = this.tryToFind(wanted);
    if (fd !== undefined) return fd;
    throw new OSError(
      errno.EOPNOTSUPP,
      "Deno does not tell which descriptor is this socket's",
    );
  }

  /** The number; nothing if several descriptors cannot be told apart. */
  tryToFind(wanted: Wanted): number | undefined {
    if (this.#fd !== undefined) return this.#fd;
    isInUse = true;
    const found = findDescriptors({ ...wanted, exclude: claimed });
    if (found.length === 0 && Array.isArray(wanted.peer)) {
      // The system forgets a peer that has reset the connection.
      const gone = { ...wanted, peer: null, isListening: false } as const;
      found.push(...findDescriptors({ ...gone, exclude: claimed }));
    }
    const [fd, ...others] = found;
    if (fd === undefined || others.length > 0) return undefined;
    this.set(fd);
    return fd;
  }

  /**
   * Looks for a new socket at once, while it is easy to tell from others: those
   * of Unix sockets without a name are not, later. A program that never asks for
   * a descriptor does not pay for this.
   */
  findEarly(wanted: Wanted): void {
    if (!isInUse) return;
    const [fd, ...others] = findDescriptors({ ...wanted, exclude: claimed });
    if (fd === undefined || others.length > 0) return;
    this.set(fd);
  }

  /** The number, if it is found without much ado. */
  findSeen(wanted: Wanted): number | undefined {
    if (this.#fd === undefined) {
      const fd = findSeen({ ...wanted, exclude: claimed });
      if (fd !== undefined) this.set(fd);
    }
    return this.#fd;
  }

  /** Tells the number to who would have to look for it. */
  set(fd: number): void {
    this.forget();
    claim(fd);
    this.#fd = fd;
  }

  /** The socket is closed, or about to be. */
  forget(): void {
    if (this.#fd !== undefined) disclaim(this.#fd);
    this.#fd = undefined;
  }
}
