/**
 * Messages with ancillary data, which Deno has no calls for: on the descriptor
 * itself, waiting as other calls do.
 *
 * @module
 */

import type { Address } from "./address.ts";
import type { AncillaryItem } from "./buffers.ts";
import type { Bytes } from "./connection.ts";
import type { Message } from "./endpoint.ts";
import { BlockingIOError, osError, timedOut } from "./errors.ts";
import { POLLIN, type Polling, POLLOUT } from "./poller.ts";
import type { Posix } from "./posix.ts";

/** The longest wait that the system can be told. */
const LONGEST_POLL_SECONDS = 1e6;

/** The calls of one socket's descriptor. */
export class DescriptorCalls {
  readonly #system: Posix;
  readonly #locate: () => number | undefined;
  readonly #pollings = new Set<Polling>();
  #isClosed = false;

  /** `locate` finds the descriptor, which changes with the socket's state. */
  constructor(system: Posix, locate: () => number | undefined) {
    this.#system = system;
    this.#locate = locate;
  }

  /** Receives a message, with ancillary data in at most so many bytes. */
  async receiveMessage(
    size: number,
    ancillarySize: number,
    timeout: number | null,
    flags: number,
  ): Promise<Message> {
    const message = await this.#whenReady(
      POLLIN,
      timeout,
      (fd) => this.#system.recvmsg(fd, size, ancillarySize, flags),
    );
    // All the sockets that this is for have addresses of our families.
    return { ...message, address: message.address as Address | null };
  }

  /** Sends a message, to an address if one is given, and says how many bytes. */
  sendMessage(
    data: Bytes,
    ancillary: readonly AncillaryItem[],
    sockaddr: Bytes | null,
    timeout: number | null,
    flags: number,
  ): Promise<number> {
    return this.#whenReady(
      POLLOUT,
      timeout,
      (fd) => this.#system.sendmsg(fd, [data], ancillary, flags, sockaddr),
    );
  }

  async #whenReady<T>(
    events: number,
    timeout: number | null,
    call: (fd: number) => T,
  ): Promise<T> {
    const deadline = timeout === null
      ? Infinity
      : performance.now() + timeout * 1e3;
    while (true) {
      const fd = this.#isClosed ? undefined : this.#locate();
      if (fd === undefined) throw osError("EBADF");
      try {
        return call(fd);
      } catch (error) {
        const mustWait = error instanceof BlockingIOError;
        if (!mustWait || timeout === 0) throw error;
      }
      const left = (deadline - performance.now()) / 1e3;
      if (left <= 0) throw timedOut();
      const polling = this.#system
        .poll(fd, events, Math.min(left, LONGEST_POLL_SECONDS));
      this.#pollings.add(polling);
      await polling.happened;
      this.#pollings.delete(polling);
    }
  }

  /** Ends every call that waits; settles when no thread holds the descriptor. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#pollings].map((polling) => polling.cancel()));
  }
}
