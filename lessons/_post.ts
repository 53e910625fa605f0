/**
 * What a lesson needs of a datagram socket, be it this module's or Deno's own.
 *
 * @module
 */

import type { Bytes } from "./_bytes.ts";

/** A datagram socket with an address, for whoever has one. */
export interface Post<Address> extends Disposable {
  /** Its own address. */
  readonly address: Address;
  /** The next datagram, whole, and where it comes from. */
  receive(): Promise<readonly [data: Bytes, from: Address]>;
  /** Sends a datagram. */
  send(data: Bytes, to: Address): Promise<unknown>;
}

/** One that sends to a single address, and receives from nobody else. */
export interface Line {
  /** The next datagram, whole. */
  receive(): Promise<Bytes>;
  /** Sends a datagram. */
  send(data: Bytes): Promise<unknown>;
}
