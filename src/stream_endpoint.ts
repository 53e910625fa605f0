/**
 * What the kernel's stream socket is: unbound, bound, listening, connecting or
 * connected, and which call is right in which state. It is one room, for each
 * method depends on the same state.
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
import type { AncillaryItem } from "./buffers.ts";
import type { Bytes, Connection } from "./connection.ts";
import { Connector } from "./connector.ts";
import {
  AF_INET6,
  AF_UNIX,
  MSG_PEEK,
  MSG_WAITALL,
  SHUT_RD,
  SHUT_WR,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./constants.ts";
import { DescriptorCalls } from "./descriptor_calls.ts";
import {
  defaultSettings,
  type Endpoint,
  type Message,
  type RemoteAddress,
  type Settings,
} from "./endpoint.ts";
import { errno } from "./errno.ts";
import { BlockingIOError, OSError, osError, translate } from "./errors.ts";
import type { Wanted } from "./find_descriptors.ts";
import { checkFlags, RECEIVE_FLAGS, SEND_FLAGS } from "./flags.ts";
import { knowledge } from "./knowledge.ts";
import { Listener, type LocalAddress, whenReleased } from "./listener.ts";
import { Located } from "./located.ts";
import { connectPair } from "./pair.ts";
import { type Kind, posix } from "./posix.ts";
import type { HostPort } from "./resolve.ts";
import { takeError } from "./socket_error.ts";
import { Stream } from "./stream.ts";
import { connectFromPath } from "./unix_client.ts";
import { checkSocketFile, isFile } from "./unix_peer.ts";
import { pause } from "./waiting.ts";
import { Watchers } from "./watchers.ts";

/** Python's default backlog, `min(SOMAXCONN, 128)`. */
const DEFAULT_BACKLOG = 128;

/** How soon to ask again for what Deno gives no event for. */
const RETRY_SECONDS = 0.01;

/** Where a connection came from. */
type Origin = "made" | "accepted";

/** A stream socket of one family, with its state. */
export class StreamEndpoint implements Endpoint {
  readonly family: number;
  readonly type: number;
  readonly proto: number;
  readonly settings: Settings = defaultSettings();
  #local: LocalAddress | undefined;
  /** Whether the system has chosen the port, and not the caller. */
  #isPortFree = true;
  /** What was bound until the listener was shut down, which frees the port. */
  #former: HostPort | undefined;
  #listener: Listener | undefined;
  #isListening = false;
  /** One that was accepted has never needed it. */
  #connector: Connector | undefined;
  #stream: Stream | undefined;
  #origin: Origin | undefined;
  #closed: Promise<void> | undefined;
  /** Few sockets are looked at. */
  #watchers: Watchers | undefined;
  readonly #located = new Located();
  #calls: DescriptorCalls | undefined;
  onSystemChange: (() => void) | undefined;

  /** A new endpoint of a family. */
  constructor(family: number, type: number, proto: number) {
    this.family = family;
    this.type = type;
    this.proto = proto;
  }

  /** Two endpoints of `AF_UNIX` that are connected to each other. */
  static async pair(): Promise<[StreamEndpoint, StreamEndpoint]> {
    const [one, other] = await connectPair();
    const kind = { family: AF_UNIX, type: SOCK_STREAM, proto: 0 };
    return [
      StreamEndpoint.#of(one, kind, "made"),
      StreamEndpoint.#of(other, kind, "accepted"),
    ];
  }

  /** The endpoint of a connection that was made elsewhere, as a descriptor. */
  static of(conn: Connection, kind: Kind, fd: number): StreamEndpoint {
    const endpoint = StreamEndpoint.#of(conn, kind, "made");
    endpoint.#located.set(fd);
    return endpoint;
  }

  static #of(
    conn: Connection,
    { family, type, proto }: Kind,
    origin: Origin,
  ): StreamEndpoint {
    const endpoint = new StreamEndpoint(family, type, proto);
    endpoint.#adopt(conn, origin);
    return endpoint;
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  bind(local: LocalAddress): void {
    this.#checkOpen();
    // An attempt that has failed is no obstacle, even if nobody knows of it.
    if (this.isBound || this.#connector?.isUnderWay) {
      // Any name will do, and it has one.
      if ("path" in local && local.path === "" && this.getsockname()) return;
      // The kernel makes the file before it looks at the socket.
      const isThere = "path" in local && isFile(local.path);
      throw osError(isThere ? "EADDRINUSE" : "EINVAL");
    }
    this.#hold(local, DEFAULT_BACKLOG);
    this.#isPortFree = "port" in local && local.port === 0;
    if (this.family === AF_INET6) this.settings.v6only ||= !isForAll(local);
  }

  get isBound(): boolean {
    return this.#local !== undefined || this.#stream !== undefined;
  }

  get isListening(): boolean {
    return this.#isListening;
  }

  #hold(local: LocalAddress, backlog: number): void {
    const { reusePort, v6only } = this.settings;
    this.#listener = new Listener(local, { backlog, reusePort, v6only });
    this.#local = this.#listener.address;
    this.onSystemChange?.();
  }

  listen(backlog = DEFAULT_BACKLOG): void {
    this.#checkOpen();
    if (this.#stream || this.#connector?.isInTheWay) throw osError("EINVAL");
    if (this.#isListening && this.#listener === undefined) return;
    const local = this.#local ?? this.#anyAddress();
    // Deno listens from `bind` on, and with another backlog only anew. What has
    // connected until now would have been refused by a socket only bound.
    const isRight = this.#listener?.options.backlog === backlog ||
      "path" in local;
    if (!this.#isListening && !isRight) this.#giveUpListener();
    if (this.#listener === undefined) this.#hold(local, backlog);
    this.#isListening = true;
    this.#onStateChange();
  }

  #giveUpListener(): void {
    this.#located.forget();
    const listener = this.#listener;
    this.#listener = undefined;
    this.onSystemChange?.();
    listener?.close();
  }

  #anyAddress(): LocalAddress {
    if (this.family === AF_UNIX) throw osError("EINVAL");
    const hostname = this.#former?.hostname ?? anyHost(this.family);
    return { hostname, port: 0 };
  }

  async accept(timeout: number | null): Promise<StreamEndpoint> {
    this.#checkOpen();
    if (!this.#listener || !this.#isListening) throw osError("EINVAL");
    const conn = await this.#listener.accept(timeout);
    const endpoint = new StreamEndpoint(this.family, this.type, this.proto);
    // On Linux a connection inherits the options of its listener.
    Object.assign(endpoint.settings, this.settings);
    endpoint.#adopt(conn, "accepted");
    return endpoint;
  }

  #adopt(conn: Connection, origin: Origin): void {
    this.#stream = new Stream(conn, this);
    if (this.#connector) this.#stream.refuse(this.#connector.shut);
    this.#origin = origin;
    knowledge[origin]++;
    const { noDelay, keepAlive } = this.settings;
    if (noDelay) this.#stream.setNoDelay(true);
    if (keepAlive) this.#stream.setKeepAlive(true);
    if (this.family === AF_UNIX) this.#located.findEarly(this.#streamNames());
    this.onSystemChange?.();
    this.#onStateChange();
  }

  /** By what the system tells the connection from others. */
  #streamNames(): Wanted {
    const { family, type } = this;
    const { localAddr, remoteAddr, systemNames } = this.#stream!;
    const { local, peer } = systemNames ?? {
      local: formatAddress(family, localAddr),
      peer: formatAddress(family, remoteAddr),
    };
    return { family, type, local, peer };
  }

  locate(): number | undefined {
    if (this.#stream !== undefined) {
      return this.#located.find(this.#streamNames());
    }
    if (this.#listener === undefined) return undefined;
    const { family, type } = this;
    const local = this.getsockname();
    const isListening = true; // As Deno has it from `bind` on.
    return this.#located.find({ family, type, local, peer: null, isListening });
  }

  findDescriptor(): number | undefined {
    return this.#located.findSeen(this.#streamNames());
  }

  async connect(remote: RemoteAddress, timeout: number | null): Promise<void> {
    this.#checkOpen();
    const isUnix = this.family === AF_UNIX;
    // The kernel looks at the path before it looks at the socket.
    if ("path" in remote && (this.#stream || this.#isListening)) {
      checkSocketFile(remote.path);
    }
    if (this.#isListening) throw osError(isUnix ? "EINVAL" : "EISCONN");
    if (this.#stream !== undefined) return this.#reportConnected();
    if ("path" in remote) return await this.#connectUnix(remote.path, timeout);
    await this.#useConnector().connect(this.#local, remote, timeout);
  }

  #reportConnected(): void {
    if (this.#connector === undefined) throw osError("EISCONN");
    this.#connector.report();
  }

  #useConnector(): Connector {
    return this.#connector ??= new Connector({
      // Until now the port was held by listening at it.
      onBegin: () => this.#giveUpListener(),
      onChange: () => this.#onStateChange(),
      onConnected: (conn) => this.#adopt(conn, "made"),
    });
  }

  /**
   * A Unix socket connects at once, or says EAGAIN when the peer's backlog is
   * full; then a call without a timeout waits for room.
   */
  async #connectUnix(path: string, timeout: number | null): Promise<void> {
    if (path === "") throw osError("EINVAL");
    const local = this.#local as { readonly path: string } | undefined;
    // Deno cannot connect from a path of one's own; the descriptor tier can.
    if (local && posix() === undefined) throw osError("EOPNOTSUPP");
    await whenReleased({ path });
    while (true) {
      this.#checkOpen();
      try {
        const conn = local === undefined
          ? await Deno.connect({ transport: "unix", path })
          : await this.#connectFromPath(local.path, path);
        if (!this.#closed) return this.#adopt(conn, "made");
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

  receive(
    size: number,
    timeout: number | null,
    flags: number,
  ): Promise<Bytes> {
    const stream = this.#stream;
    if (stream === undefined) {
      return this.#whenReceivable(timeout).then((isIt) =>
        isIt ? this.receive(size, timeout, flags) : new Uint8Array(0)
      );
    }
    checkFlags(flags, RECEIVE_FLAGS);
    const isPeek = (flags & MSG_PEEK) !== 0;
    return isForAllBytes(flags, timeout, size)
      ? receiveAll(stream, size, isPeek)
      : stream.receive(size, timeout, isPeek);
  }

  receiveInto(
    target: Bytes,
    timeout: number | null,
    flags: number,
  ): Promise<number> {
    const stream = this.#stream;
    if (stream === undefined) {
      return this.#whenReceivable(timeout).then((isIt) =>
        isIt ? this.receiveInto(target, timeout, flags) : 0
      );
    }
    checkFlags(flags, RECEIVE_FLAGS);
    const isPeek = (flags & MSG_PEEK) !== 0;
    if (!isForAllBytes(flags, timeout, target.length)) {
      return stream.receiveInto(target, timeout, isPeek);
    }
    return receiveAll(stream, target.length, isPeek).then((whole) => {
      target.set(whole);
      return whole.length;
    });
  }

  async receiveFrom(
    target: Bytes,
    timeout: number | null,
    flags: number,
  ): Promise<[count: number, sender: Address | null]> {
    const { length } = target;
    const { data, address } = await this
      .receiveMessage(length, 0, timeout, flags);
    target.set(data);
    return [data.length, address];
  }

  async receiveMessage(
    size: number,
    ancillarySize: number,
    timeout: number | null,
    flags: number,
  ): Promise<Message> {
    // On TCP there is no ancillary data to receive.
    if (ancillarySize > 0 && this.family === AF_UNIX && this.#stream) {
      const calls = this.#openCalls();
      // What a read of Deno's brings has lost its ancillary data already.
      if (this.#stream.isIdle) {
        return await calls.receiveMessage(size, ancillarySize, timeout, flags);
      }
    }
    const data = await this.receive(size, timeout, flags);
    const isEnd = data.length === 0 &&
      (size > 0 || !this.#stream?.hasUnread);
    const address = isEnd ? null : this.#senderName();
    return { data, ancillary: [], flags: 0, address };
  }

  /** The way to ancillary data, which only the descriptor has. */
  #openCalls(): DescriptorCalls {
    const system = posix();
    if (system === undefined) {
      throw new OSError(
        errno.EOPNOTSUPP,
        "ancillary data needs Deno's flag --allow-ffi",
      );
    }
    return this.#calls ??= new DescriptorCalls(system, () => this.locate());
  }

  /** Linux tells who sent only on Unix sockets, and only if the peer has a name. */
  #senderName(): Address | null {
    if (this.family !== AF_UNIX || this.#stream === undefined) return null;
    return formatAddress(AF_UNIX, this.#stream.remoteAddr) || null;
  }

  send(
    data: Bytes,
    timeout: number | null,
    flags: number,
  ): Promise<number> {
    const stream = this.#stream;
    if (stream === undefined) {
      return this.#whenSendable(timeout)
        .then(() => this.send(data, timeout, flags));
    }
    checkFlags(flags, SEND_FLAGS);
    return stream.send(data, timeout);
  }

  sendAll(
    data: Bytes,
    timeout: number | null,
    flags: number,
  ): Promise<void> {
    const stream = this.#stream;
    if (stream === undefined) {
      return this.#whenSendable(timeout)
        .then(() => this.sendAll(data, timeout, flags));
    }
    checkFlags(flags, SEND_FLAGS);
    return stream.sendAll(data, timeout);
  }

  /** Linux ignores the address on a TCP connection, and refuses it on Unix. */
  sendMessage(
    data: Bytes,
    ancillary: readonly AncillaryItem[],
    remote: RemoteAddress | null,
    timeout: number | null,
    flags: number,
  ): Promise<number> {
    this.#checkOpen();
    if (remote !== null && this.family === AF_UNIX) {
      throw osError(this.#stream ? "EISCONN" : "EOPNOTSUPP");
    }
    // Linux passes over items of other levels.
    const isEmpty = ancillary.every(([level]) => level !== SOL_SOCKET);
    if (isEmpty || this.#stream === undefined) {
      return this.send(data, timeout, flags);
    }
    return this.#sendWithAncillary(data, ancillary, timeout, flags);
  }

  async #sendWithAncillary(
    data: Bytes,
    ancillary: readonly AncillaryItem[],
    timeout: number | null,
    flags: number,
  ): Promise<number> {
    const calls = this.#openCalls();
    // Sending nothing waits until what was sent before is out.
    await this.send(new Uint8Array(0), timeout, flags);
    return await calls.sendMessage(data, ancillary, null, timeout, flags);
  }

  /**
   * Whether there is a connection to receive from, once there is none under way;
   * if not, there is the end of one. Otherwise it raises the kernel's word.
   */
  async #whenReceivable(timeout: number | null): Promise<boolean> {
    if (await this.#whenConnected(timeout)) return true;
    if (this.family === AF_UNIX) throw osError("EINVAL");
    const isShut = this.#connector?.shut.receiving && !this.#isListening;
    if (!isShut) throw osError("ENOTCONN");
    return false;
  }

  /** There is a connection to send on, or the kernel's word for none. */
  async #whenSendable(timeout: number | null): Promise<void> {
    if (await this.#whenConnected(timeout)) return;
    throw osError(this.family === AF_UNIX ? "ENOTCONN" : "EPIPE");
  }

  /** The path was held by listening at it until now. */
  async #connectFromPath(local: string, remote: string): Promise<Connection> {
    const system = posix()!;
    const listener = this.#listener;
    this.#giveUpListener();
    await listener?.close();
    return connectFromPath(system, local, remote);
  }

  async #whenConnected(timeout: number | null): Promise<boolean> {
    this.#checkOpen();
    await this.#connector?.whenOver(timeout);
    return this.#stream !== undefined;
  }

  getsockname(): Address {
    this.#checkOpen();
    if (this.#stream) return formatAddress(this.family, this.#stream.localAddr);
    const local = this.#local ?? this.#former;
    if (local === undefined) {
      return this.family === AF_UNIX
        ? ""
        : formatInet(this.family, anyHost(this.family), 0);
    }
    return "path" in local
      ? formatUnixPath(local.path)
      : formatInet(this.family, local.hostname, local.port);
  }

  getpeername(): Address {
    this.#checkOpen();
    const { peer } = this;
    if (peer === undefined) throw osError("ENOTCONN");
    return peer;
  }

  get peer(): Address | undefined {
    return this.#stream?.isConnected
      ? formatAddress(this.family, this.#stream.remoteAddr)
      : undefined;
  }

  takeFailure(): unknown {
    this.#checkOpen();
    if (this.#stream !== undefined) {
      return this.#stream.takeFailure() ?? this.#takeSystemError();
    }
    return this.#connector?.takeFailure();
  }

  /** What the kernel knows and no read has met, where it can be asked. */
  #takeSystemError(): unknown {
    const system = posix();
    if (system === undefined) return undefined;
    const fd = this.#located.tryToFind(this.#streamNames());
    return fd === undefined ? undefined : takeError(system, fd);
  }

  set<K extends keyof Settings>(name: K, value: Settings[K]): void {
    this.settings[name] = value;
    const { noDelay, keepAlive } = this.settings;
    if (name === "noDelay") this.#stream?.setNoDelay(noDelay);
    if (name === "keepAlive") this.#stream?.setKeepAlive(keepAlive);
  }

  async shutdown(how: number): Promise<void> {
    this.#checkOpen();
    if (how < 0 || how > 2) throw osError("EINVAL");
    if (this.#isListening) {
      if (how === SHUT_WR) return;
      const listener = this.#listener;
      this.#listener = undefined;
      // On Unix it goes on listening, and accepts nobody.
      this.#isListening = this.family === AF_UNIX;
      if (this.#isPortFree && this.#local && "port" in this.#local) {
        this.#former = this.#local;
        this.#local = undefined;
      }
      this.#located.forget();
      this.onSystemChange?.();
      this.#onStateChange();
      return await listener?.close("EINVAL");
    }
    if (this.#stream === undefined) return this.#shutUnconnected(how);
    this.#connector?.noteReported();
    if (how !== SHUT_WR) this.#shutReceivingInSystem();
    await this.#stream.shutdown(how !== SHUT_WR, how !== SHUT_RD);
  }

  /** It counts for the connection to come, also where it is an error. */
  #shutUnconnected(how: number): void {
    const connector = this.#useConnector();
    connector.shutDown(how !== SHUT_WR, how !== SHUT_RD);
    if (this.family === AF_UNIX) return;
    connector.disconnect();
    throw osError("ENOTCONN");
  }

  /**
   * The peer of a Unix socket notices, and can send no more. On TCP it does not,
   * and the system would go on to deliver what Deno then took for the end.
   */
  #shutReceivingInSystem(): void {
    const system = posix();
    if (system === undefined || this.family !== AF_UNIX) return;
    let fd: number | undefined;
    try {
      fd = this.locate();
    } catch (error) {
      // Of sockets without names nobody can tell which is which.
      if (error instanceof OSError && error.code === "EOPNOTSUPP") return;
      throw error;
    }
    if (fd !== undefined) system.shutdown(fd, SHUT_RD);
  }

  get isReadable(): boolean {
    if (this.#isUncertain) return !this.#connector?.isUnderWay;
    if (this.#isListening) return this.#listener?.isReadable ?? true;
    // A socket that is not connected has hung up, to those who look.
    return this.#stream?.isReadable ?? true;
  }

  get isWritable(): boolean {
    if (this.#isUncertain) return !this.#connector?.isUnderWay;
    return !this.#isListening && (this.#stream?.isWritable ?? true);
  }

  /** Whether it is closed, or what came of an attempt to connect is not told. */
  get #isUncertain(): boolean {
    return this.isClosed || this.#connector?.isAwaited === true;
  }

  watch(onChange: () => void): () => void {
    const watchers = this.#watchers ??= new Watchers();
    const stop = watchers.add(onChange, () => this.#lookAway());
    this.#lookOut(watchers);
    return stop;
  }

  /** Looks at what the state of now makes worth looking at. */
  #lookOut({ tell }: Watchers): void {
    if (this.#closed) return;
    if (this.#isListening) this.#listener?.watch(tell);
    this.#stream?.watch(tell);
  }

  #lookAway(): void {
    this.#listener?.watch(undefined);
    this.#stream?.watch(undefined);
  }

  #onStateChange(): void {
    const watchers = this.#watchers;
    if (watchers === undefined || watchers.isEmpty) return;
    this.#lookOut(watchers);
    watchers.tell();
  }

  close(): Promise<void> {
    if (this.#closed) return this.#closed;
    this.#closed = this.#close();
    this.#watchers?.tell();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#lookAway();
    this.#located.forget();
    await Promise.all([
      this.#calls?.close(),
      this.#listener?.close(),
      this.#stream?.close(),
      this.#connector?.stop(),
    ]);
    if (this.#origin !== undefined) knowledge[this.#origin]--;
  }

  #checkOpen(): void {
    if (this.#closed) throw osError("EBADF");
  }
}

/**
 * Whether a call waits for as many bytes as it asks for. One that asks for none
 * waits until there are some.
 */
function isForAllBytes(
  flags: number,
  timeout: number | null,
  size: number,
): boolean {
  return (flags & MSG_WAITALL) !== 0 && timeout === null && size > 0;
}

function receiveAll(
  stream: Stream,
  size: number,
  isPeek: boolean,
): Promise<Bytes> {
  return isPeek ? stream.peekAll(size) : stream.receiveAll(size);
}

/** Whether IPv4 peers can come to an IPv6 address: `::` and `::ffff:…`. */
function isForAll(local: LocalAddress): boolean {
  return "hostname" in local && /^::(?:$|ffff:)/.test(local.hostname);
}
