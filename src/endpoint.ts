/**
 * What the kernel's stream socket is: unbound, bound, listening, connecting or
 * connected, and which call is right in which state. A `Socket` is Python's view
 * of one. It is one room, for each method depends on the same state.
 *
 * @module
 */

import {
  type Address,
  anyHost,
  formatAddress,
  formatInet,
  formatUnixPath,
} from "./address.ts";
import { Attempt } from "./attempt.ts";
import { AF_INET6, AF_UNIX, SHUT_RD, SHUT_WR } from "./constants.ts";
import type { ErrnoName } from "./errno.ts";
import { BlockingIOError, osError, translate } from "./errors.ts";
import { Listener, type LocalAddress, whenReleased } from "./listener.ts";
import type { HostPort } from "./resolve.ts";
import type { Connection } from "./connection.ts";
import { Stream } from "./stream.ts";
import { pause } from "./waiting.ts";

/** Where to connect to: a number and a port, or a path. */
export type RemoteAddress = HostPort | { readonly path: string };

/** Python's default backlog, `min(SOMAXCONN, 128)`. */
const DEFAULT_BACKLOG = 128;

/** How soon to ask again for what Deno gives no event for. */
const RETRY_SECONDS = 0.01;

/** Options of a socket, by what they do. */
export interface Settings {
  reuseAddress: boolean;
  /** Whether `bind` shares the port with others that also ask for it. */
  reusePort: boolean;
  /** Whether an IPv6 endpoint that listens turns IPv4 peers away. */
  v6only: boolean;
  noDelay: boolean;
  keepAlive: boolean;
}

/** A stream socket of one family, with its state. */
export class StreamEndpoint {
  readonly family: number;
  readonly type: number;
  readonly proto: number;
  /** The options that are kept here, and used when their time has come. */
  readonly settings: Settings;
  #local: LocalAddress | undefined;
  #listener: Listener | undefined;
  #isListening = false;
  #attempt: Attempt | undefined;
  #stream: Stream | undefined;
  #isConnectReported = true;
  #closed: Promise<void> | undefined;

  /** A new endpoint of a family. */
  constructor(family: number, type: number, proto: number) {
    this.family = family;
    this.type = type;
    this.proto = proto;
    this.settings = {
      reuseAddress: false,
      reusePort: false,
      v6only: false,
      noDelay: false,
      keepAlive: false,
    };
  }

  /** Whether it has been closed. */
  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  /** Takes a local address, for good. */
  bind(local: LocalAddress): void {
    this.#checkOpen();
    if (this.isBound || this.#attempt) throw osError("EINVAL");
    this.#hold(local, DEFAULT_BACKLOG);
    if (this.family === AF_INET6) this.settings.v6only ||= !isForAll(local);
  }

  /** Whether it has a local address. */
  get isBound(): boolean {
    return this.#local !== undefined || this.#stream !== undefined;
  }

  /** Whether `listen` has been called. */
  get isListening(): boolean {
    return this.#isListening;
  }

  #hold(local: LocalAddress, backlog: number): void {
    const { reusePort, v6only } = this.settings;
    this.#listener = new Listener(local, { backlog, reusePort, v6only });
    this.#local = this.#listener.address;
  }

  /** Becomes a listening endpoint; the first call decides on the backlog. */
  listen(backlog = DEFAULT_BACKLOG): void {
    this.#checkOpen();
    if (this.#stream || this.#attempt) throw osError("EINVAL");
    const local = this.#local ?? this.#anyAddress();
    // Deno listens from `bind` on, and with another backlog only anew. What has
    // connected until now would have been refused by a socket only bound.
    const isRight = this.#listener?.options.backlog === backlog ||
      "path" in local;
    if (!this.#isListening && !isRight) {
      this.#listener?.close();
      this.#listener = undefined;
    }
    if (this.#listener === undefined) this.#hold(local, backlog);
    this.#isListening = true;
  }

  #anyAddress(): LocalAddress {
    if (this.family === AF_UNIX) throw osError("EINVAL");
    return { hostname: anyHost(this.family), port: 0 };
  }

  /** The next connection, as an endpoint of its own. */
  async accept(timeout: number | null): Promise<StreamEndpoint> {
    this.#checkOpen();
    if (!this.#listener || !this.#isListening) throw osError("EINVAL");
    const conn = await this.#listener.accept(timeout);
    const endpoint = new StreamEndpoint(this.family, this.type, this.proto);
    // On Linux a connection inherits the options of its listener.
    Object.assign(endpoint.settings, this.settings);
    endpoint.#adopt(conn);
    return endpoint;
  }

  #adopt(conn: Connection): void {
    this.#stream = new Stream(conn);
    const { noDelay, keepAlive } = this.settings;
    if (noDelay) this.#stream.setNoDelay(true);
    if (keepAlive) this.#stream.setKeepAlive(true);
  }

  /**
   * Connects. A call that may not wait raises EINPROGRESS and the attempt goes
   * on; later calls raise EALREADY until one tells what came of it.
   */
  async connect(remote: RemoteAddress, timeout: number | null): Promise<void> {
    this.#checkOpen();
    const isUnix = this.family === AF_UNIX;
    if (this.#isListening) throw osError(isUnix ? "EINVAL" : "EISCONN");
    if (this.#stream !== undefined) return this.#reportConnected();
    if ("path" in remote) return await this.#connectUnix(remote.path, timeout);
    const earlier = this.#attempt;
    const attempt = earlier ?? this.#beginToConnect(remote, timeout === 0);
    if (timeout !== null && !attempt.isDone) {
      if (earlier !== undefined) throw osError("EALREADY");
      if (timeout === 0) throw osError("EINPROGRESS");
    }
    await this.#waitForConnect(timeout);
    this.#isConnectReported = true;
  }

  #reportConnected(): void {
    if (this.#isConnectReported) throw osError("EISCONN");
    this.#isConnectReported = true;
  }

  #beginToConnect(remote: HostPort, isInBackground: boolean): Attempt {
    const local = this.#local as HostPort | undefined;
    // Until now the port was held by listening at it.
    this.#listener?.close();
    this.#listener = undefined;
    return this.#follow(new Attempt(local, remote, isInBackground));
  }

  /** Becomes connected, or not, when it is known what came of the attempt. */
  #follow(attempt: Attempt): Attempt {
    this.#attempt = attempt;
    attempt.done.then(() => {
      const isCurrent = this.#attempt === attempt && !this.#closed;
      if (!isCurrent || attempt.conn === undefined) return;
      this.#attempt = undefined;
      this.#isConnectReported = false;
      this.#adopt(attempt.conn);
    });
    return attempt;
  }

  async #waitForConnect(timeout: number | null): Promise<void> {
    const attempt = this.#attempt!;
    try {
      await attempt.wait(timeout);
    } catch (error) {
      if (this.#attempt === attempt && !attempt.isDone) {
        this.#follow(attempt.toBackground());
      }
      throw error;
    }
    if (this.#closed) throw osError("EBADF");
    // A failure is told once; after that the socket is free.
    if (this.#attempt === attempt) this.#attempt = undefined;
    if (attempt.failure !== undefined) throw attempt.failure;
  }

  /**
   * A Unix socket connects at once, or says EAGAIN when the peer's backlog is
   * full; then a call without a timeout waits for room.
   */
  async #connectUnix(path: string, timeout: number | null): Promise<void> {
    if (path === "") throw osError("EINVAL");
    // Deno cannot connect from a path of one's own.
    if (this.#local !== undefined) throw osError("EOPNOTSUPP");
    await whenReleased({ path });
    while (true) {
      this.#checkOpen();
      try {
        const conn = await Deno.connect({ transport: "unix", path });
        if (!this.#closed) return this.#adopt(conn);
        conn.close();
        throw osError("EBADF");
      } catch (error) {
        const failure = translate(error);
        const isFull = failure instanceof BlockingIOError;
        if (!isFull || timeout !== null) throw failure;
      }
      await pause(RETRY_SECONDS);
    }
  }

  /** The connection, as soon as there is one. */
  async whenConnected(
    timeout: number | null,
    otherwise: ErrnoName,
  ): Promise<Stream> {
    this.#checkOpen();
    if (this.#attempt !== undefined) await this.#waitForConnect(timeout);
    if (this.#stream === undefined) throw osError(otherwise);
    return this.#stream;
  }

  /** The connection, if there is one now: the short way for most calls. */
  get stream(): Stream | undefined {
    return this.#stream;
  }

  /** The local address; its port is 0 as long as there is none. */
  getsockname(): Address {
    this.#checkOpen();
    if (this.#stream) return formatAddress(this.family, this.#stream.localAddr);
    if (this.#local === undefined) {
      return this.family === AF_UNIX
        ? ""
        : formatInet(this.family, anyHost(this.family), 0);
    }
    return "path" in this.#local
      ? formatUnixPath(this.#local.path)
      : formatInet(this.family, this.#local.hostname, this.#local.port);
  }

  /** The peer's address. */
  getpeername(): Address {
    this.#checkOpen();
    const { peer } = this;
    if (peer === undefined) throw osError("ENOTCONN");
    return peer;
  }

  /** The peer's address, if there is a peer. */
  get peer(): Address | undefined {
    return this.#stream?.isConnected
      ? formatAddress(this.family, this.#stream.remoteAddr)
      : undefined;
  }

  /** What has gone wrong and no call has reported, and forgets it: SO_ERROR. */
  takeFailure(): unknown {
    this.#checkOpen();
    if (this.#stream !== undefined) return this.#stream.takeFailure();
    const failure = this.#attempt?.failure;
    if (failure !== undefined) this.#attempt = undefined;
    return failure;
  }

  /** Sends small pieces without waiting for the answer to earlier ones. */
  setNoDelay(isOn: boolean): void {
    this.settings.noDelay = isOn;
    this.#stream?.setNoDelay(isOn);
  }

  /** Asks an idle peer now and then whether it is still there. */
  setKeepAlive(isOn: boolean): void {
    this.settings.keepAlive = isOn;
    this.#stream?.setKeepAlive(isOn);
  }

  /** Shuts down receiving, sending or both; a listener stops listening. */
  async shutdown(how: number): Promise<void> {
    this.#checkOpen();
    if (how < 0 || how > 2) throw osError("EINVAL");
    if (this.#isListening) {
      if (how === SHUT_WR) return;
      const listener = this.#listener;
      this.#listener = undefined;
      this.#isListening = false;
      return await listener?.close("EINVAL");
    }
    if (this.#stream === undefined) {
      // Linux lets an unconnected Unix socket be shut down, to no effect here.
      if (this.family === AF_UNIX) return;
      throw osError("ENOTCONN");
    }
    await this.#stream.shutdown(how !== SHUT_WR, how !== SHUT_RD);
  }

  /** Ends everything; settles when the port is free. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#attempt?.stop();
    await Promise.all([
      this.#listener?.close(),
      this.#stream?.close(),
      this.#attempt?.done,
    ]);
  }

  #checkOpen(): void {
    if (this.#closed) throw osError("EBADF");
  }
}

/** Whether IPv4 peers can come to an IPv6 address: `::` and `::ffff:…`. */
function isForAll(local: LocalAddress): boolean {
  return "hostname" in local && /^::(?:$|ffff:)/.test(local.hostname);
}
