/**
 * What a datagram socket stands on, in whichever way Deno offers it: one receive
 * at a time, whole datagrams, sends to an address.
 *
 * @module
 */

import type { Bytes } from "./connection.ts";
import type { LocalAddress } from "./listener.ts";

/** A datagram as it has come, in memory that the next one may take over. */
export type Arrival = readonly [data: Uint8Array, from: Deno.Addr];

/** The settings that a datagram socket has in the system, by what they do. */
export interface DatagramOptions {
  /** Whether others who ask for it too may have the same port. */
  readonly reuseAddress: boolean;
  /** The same, for those who ask for it in the other way. */
  readonly reusePort: boolean;
  /** Whether an IPv6 socket turns IPv4 peers away. */
  readonly v6only: boolean;
  /** Whether datagrams may go to everybody on a network. */
  readonly broadcast: boolean;
  /** How many routers a multicast datagram may pass. */
  readonly multicastTtl: number;
  /** Whether this machine hears its own multicast datagrams. */
  readonly multicastLoop: boolean;
  /** How many routers any other datagram may pass. */
  readonly ttl: number;
}

/** The settings that can change while the socket is open. */
export type ChangeableOption =
  | "broadcast"
  | "multicastTtl"
  | "multicastLoop"
  | "ttl";

/** On which network a group is heard: by an address on it, or by its number. */
export type Link = string | number;

/** An open datagram socket. */
export interface DatagramConn {
  /** The address that is bound, with the real port. */
  readonly local: LocalAddress;
  /** Whether a send that fails says why. */
  readonly tellsErrors: boolean;
  /** Whether a receive that goes on keeps the program running, unlike others. */
  readonly holdsProgram?: boolean;
  /** Whether a send would not have to wait for earlier ones. */
  readonly isWritable: boolean;
  /** Called when that has become true. */
  onWritable: (() => void) | undefined;

  /**
   * The next datagram, in `target` or in memory of its own. There is one receive
   * at a time, and nothing takes it back but `close`.
   */
  receive(target: Bytes): Promise<Arrival>;

  /** A datagram that is here already, where there is a way to see that. */
  receiveAtOnce?(target: Bytes): Arrival | undefined;

  /** Sends one datagram, and says how many bytes that were. */
  send(
    data: Bytes,
    remote: Deno.Addr,
    timeout: number | null,
  ): Promise<number>;

  /** Changes a setting; ENOPROTOOPT if this way cannot. */
  set<K extends ChangeableOption>(name: K, value: DatagramOptions[K]): void;

  /** Takes part in a group, which is known to be possible. */
  join(group: string, link: Link): void;

  /** Takes no longer part in it. */
  leave(group: string, link: Link): void;

  /** From which network multicast goes out; ENOPROTOOPT if this way cannot. */
  setMulticastInterface(link: Link): void;

  /** Keeps the program running while a receive is under way. */
  ref(): void;

  /** Lets it end. */
  unref(): void;

  /**
   * Closes the socket; a receive that is under way fails. The promise settles
   * when the address is free.
   */
  close(): Promise<void>;
}
