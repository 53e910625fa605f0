/**
 * What stands for Python's file descriptor: a share in a socket of the system,
 * which is closed when its last share is.
 *
 * @module
 */

import type { Endpoint } from "./endpoint.ts";
import { StreamEndpoint } from "./stream_endpoint.ts";

/**
 * What stands for Python's file descriptor, which Deno does not hand out: a
 * socket of the system without a {@linkcode Socket}. `Socket.detach()` gives
 * one, and the constructor of `Socket` takes it.
 */
export interface Descriptor {
  /** The address family of the socket behind it. */
  readonly family: number;
  /** The type of the socket behind it. */
  readonly type: number;
  /** The protocol of the socket behind it. */
  readonly proto: number;
  /** Closes the socket; the promise settles when its port is free. */
  close(): Promise<void>;
}

/** A descriptor as the rooms of this package see it. */
export class OpenDescriptor implements Descriptor {
  /** The socket behind it; after `close` one that answers EBADF to all. */
  endpoint: Endpoint;
  readonly #shares: { count: number };
  #closed: Promise<void> | undefined;

  /** The first descriptor of an endpoint, or one more that shares it. */
  constructor(endpoint: Endpoint, shares: { count: number } = { count: 0 }) {
    this.endpoint = endpoint;
    this.#shares = shares;
    shares.count++;
  }

  get family(): number {
    return this.endpoint.family;
  }

  get type(): number {
    return this.endpoint.type;
  }

  get proto(): number {
    return this.endpoint.proto;
  }

  /** Whether it has been closed. */
  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** Another descriptor of the same socket. */
  dup(): OpenDescriptor {
    return new OpenDescriptor(this.endpoint, this.#shares);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { endpoint } = this;
    this.endpoint = closedEndpoint(endpoint);
    if (--this.#shares.count === 0) await endpoint.close();
  }
}

function closedEndpoint({ family, type, proto }: Endpoint): Endpoint {
  const endpoint = new StreamEndpoint(family, type, proto);
  endpoint.close();
  return endpoint;
}
