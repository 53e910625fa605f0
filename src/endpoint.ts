/**
 * What a socket of the system can do, whatever its type: a `Socket` is Python's
 * view of one. What is wrong by state is raised here, before any waiting.
 *
 * @module
 */

import type { Address } from "./address.ts";
import type { AncillaryItem } from "./buffers.ts";
import type { Bytes } from "./connection.ts";
import type { LocalAddress } from "./listener.ts";
import type { HostPort } from "./resolve.ts";

/** Where to connect or send to: a number and a port, or a path. */
export type RemoteAddress = HostPort | { readonly path: string };

/** Options of a socket that are kept here, by what they do. */
export interface Settings {
  reuseAddress: boolean;
  /** Whether `bind` shares the port with others that also ask for it. */
  reusePort: boolean;
  /** Whether an IPv6 endpoint turns IPv4 peers away. */
  v6only: boolean;
  noDelay: boolean;
  keepAlive: boolean;
  /** Whether datagrams may go to everybody on a network. */
  broadcast: boolean;
  /** How many routers a multicast datagram may pass. */
  multicastTtl: number;
  /** Whether this machine hears its own multicast datagrams. */
  multicastLoop: boolean;
  /** How many routers any other datagram may pass. */
  ttl: number;
}

/** The settings of a new socket. */
export function defaultSettings(): Settings {
  return {
    reuseAddress: false,
    reusePort: false,
    v6only: false,
    noDelay: false,
    keepAlive: false,
    broadcast: false,
    multicastTtl: 1,
    multicastLoop: true,
    ttl: 64,
  };
}

/** What one call of `recvmsg` receives. */
export interface Message {
  readonly data: Bytes;
  readonly ancillary: AncillaryItem[];
  /** `MSG_TRUNC` and others, as the system returns them. */
  readonly flags: number;
  /** The sender, where it is not known already from a connection. */
  readonly address: Address | null;
}

/**
 * A socket of the system. Its calls wait as long as their timeout says, in
 * seconds; `null` is no limit and 0 no waiting. A method that returns a promise
 * may also throw.
 */
export interface Endpoint {
  readonly family: number;
  readonly type: number;
  readonly proto: number;
  /** Whether it has been closed. */
  readonly isClosed: boolean;
  /** Whether it has a local address. */
  readonly isBound: boolean;
  /** Whether `listen` has been called. */
  readonly isListening: boolean;
  readonly settings: Readonly<Settings>;

  /** Gives a setting a value, to be used when its time has come. */
  set<K extends keyof Settings>(name: K, value: Settings[K]): void;

  /** Takes a local address, for good. */
  bind(local: LocalAddress): void;

  /** Becomes a listening endpoint; the first call decides on the backlog. */
  listen(backlog?: number): void;

  /** The next connection, as an endpoint of its own. */
  accept(timeout: number | null): Promise<Endpoint>;

  /** Connects; a call that may not wait raises EINPROGRESS, EALREADY, …. */
  connect(remote: RemoteAddress, timeout: number | null): Promise<void>;

  /** Up to `size` bytes, or the first `size` of a datagram. */
  receive(
    size: number,
    timeout: number | null,
    flags: number,
  ): Promise<Bytes>;

  /** Fills an array from its start, and says with how many bytes. */
  receiveInto(
    target: Bytes,
    timeout: number | null,
    flags: number,
  ): Promise<number>;

  /** The same as `receiveInto`, with the address of the sender. */
  receiveFrom(
    target: Bytes,
    timeout: number | null,
    flags: number,
  ): Promise<[count: number, sender: Address | null]>;

  /** The same as `receive`, with all that is known about it. */
  receiveMessage(
    size: number,
    ancillarySize: number,
    timeout: number | null,
    flags: number,
  ): Promise<Message>;

  /** Sends, and says how many bytes the system has taken. */
  send(data: Bytes, timeout: number | null, flags: number): Promise<number>;

  /** Sends all of it, with one deadline for the whole. */
  sendAll(data: Bytes, timeout: number | null, flags: number): Promise<void>;

  /** Sends with ancillary data, to an address if one is given. */
  sendMessage(
    data: Bytes,
    ancillary: readonly AncillaryItem[],
    remote: RemoteAddress | null,
    timeout: number | null,
    flags: number,
  ): Promise<number>;

  /** The local address; its port is 0 as long as there is none. */
  getsockname(): Address;

  /** The peer's address. */
  getpeername(): Address;

  /** The peer's address, if there is a peer. */
  readonly peer: Address | undefined;

  /** What has gone wrong and no call has reported, and forgets it: SO_ERROR. */
  takeFailure(): unknown;

  /** Shuts down receiving, sending or both; a listener stops listening. */
  shutdown(how: number): Promise<void>;

  /** Ends everything; settles when the port is free. */
  close(): Promise<void>;

  /** Whether a call that receives, or accepts, would have an answer now. */
  readonly isReadable: boolean;

  /** Whether a call that sends would be taken now. */
  readonly isWritable: boolean;

  /**
   * Looks out for what comes, and calls back whenever readiness may have
   * changed; until the function that it returns is called. What is found by
   * looking is kept for the calls that take it. Looking does not keep the
   * program running: that is for those who wait.
   */
  watch(onChange: () => void): () => void;

  /**
   * The descriptor that Deno has for it, `undefined` as long as there is none.
   * Only with the descriptor tier.
   */
  locate(): number | undefined;

  /** What is called when Deno has made, or is closing, the socket behind it. */
  onSystemChange: (() => void) | undefined;
}
