/**
 * What the kernel's datagram socket is: unbound, bound or connected, and which
 * call is right in which state. It is one room, for each method depends on the
 * same state.
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
import type { Bytes } from "./connection.ts";
import {
  AF_INET6,
  AF_UNIX,
  IPPROTO_IP,
  IPPROTO_IPV6,
  MSG_DONTROUTE,
  MSG_ERRQUEUE,
  MSG_MORE,
  MSG_OOB,
  MSG_PEEK,
  MSG_TRUNC,
  SCM_RIGHTS,
  SHUT_RD,
  SHUT_WR,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "./constants.ts";
import { DatagramSocket } from "./datagram.ts";
import type { Link } from "./datagram_conn.ts";
import {
  connectingPosix,
  connectInSystem,
  type Hops,
  setHops,
  setMulticastInterface,
} from "./datagram_system.ts";
import { listenDatagram } from "./deno_datagram.ts";
import { DescriptorCalls } from "./descriptor_calls.ts";
import {
  defaultSettings,
  type Endpoint,
  type Message,
  type RemoteAddress,
  type Settings,
} from "./endpoint.ts";
import { errno, strerror } from "./errno.ts";
import { ConnectionRefusedError, OSError, osError } from "./errors.ts";
import type { Wanted } from "./find_descriptors.ts";
import type { LocalAddress } from "./listener.ts";
import { Located } from "./located.ts";
import { Memberships } from "./membership.ts";
import { posix } from "./posix.ts";
import type { HostPort } from "./resolve.ts";
import { isBroadcast, isLoopback, sourceFor } from "./route.ts";
import { packSockaddr } from "./sockaddr.ts";
import { takeError } from "./socket_error.ts";
import { UnixDatagramConn } from "./unix_datagram.ts";
import { chooseAutobindName, isFreshName } from "./unix_name.ts";
import { checkUnixPeer, isFile } from "./unix_peer.ts";
import { Watchers } from "./watchers.ts";

/** The most that fits behind a UDP header, whose length has 16 bits. */
const UDP_LENGTH_MAX = 65_535;

/** A datagram socket of one family, with its state. */
export class DatagramEndpoint implements Endpoint {
  readonly family: number;
  readonly type: number;
  readonly proto: number;
  readonly isListening = false;
  readonly settings: Settings = defaultSettings();
  onSystemChange: (() => void) | undefined;
  readonly #socket = new DatagramSocket(this);
  readonly #memberships: Memberships;
  readonly #located = new Located();
  #calls: DescriptorCalls | undefined;
  #multicastInterface: Link | undefined;
  /** The host that the kernel would have given the socket by connecting it. */
  #connectedHost: string | undefined;
  #peer: Deno.Addr | undefined;
  #isPaired = false;
  #isWriteShut = false;
  /** What MSG_MORE holds back, and for whom. */
  #corked: { data: Bytes; readonly remote: Deno.Addr } | undefined;
  #closed: Promise<void> | undefined;
  #watchers: Watchers | undefined;

  /** A new endpoint of a family. */
  constructor(family: number, type: number, proto: number) {
    if (family === AF_UNIX) checkUnixDatagrams();
    this.family = family;
    this.type = type;
    this.proto = proto;
    this.#memberships = new Memberships(family);
  }

  /** Two endpoints of `AF_UNIX` that are connected to each other. */
  static pair(): [DatagramEndpoint, DatagramEndpoint] {
    const ends = [0, 1].map(() => {
      const endpoint = new DatagramEndpoint(AF_UNIX, SOCK_DGRAM, 0);
      const conn = new UnixDatagramConn(undefined, true);
      endpoint.#isPaired = true;
      endpoint.#socket.adopt(conn);
      return { endpoint, path: conn.local.path };
    });
    const [one, other] = ends as [typeof ends[number], typeof ends[number]];
    one.endpoint.#connectTo({ transport: "unixpacket", path: other.path });
    other.endpoint.#connectTo({ transport: "unixpacket", path: one.path });
    return [one.endpoint, other.endpoint];
  }

  get isClosed(): boolean {
    return this.#closed !== undefined;
  }

  get isBound(): boolean {
    return this.#socket.local !== undefined;
  }

  bind(local: LocalAddress): void {
    this.#checkOpen();
    if (this.#name !== undefined) {
      if (!("path" in local)) throw osError("EINVAL");
      // Any name will do, and it has one.
      if (local.path === "") return;
      // The kernel makes the file before it looks at the socket.
      throw osError(isFile(local.path) ? "EADDRINUSE" : "EINVAL");
    }
    if ("path" in local) return this.#bindUnix(local.path);
    this.#open(local);
    // As the kernel: only `::` and IPv4 addresses are open to IPv4 peers.
    const isForAll = /^::(?:$|ffff:)/.test(local.hostname);
    if (this.family === AF_INET6) this.settings.v6only ||= !isForAll;
  }

  #bindUnix(path: string): void {
    // Others know one of a pair by the name that it has here for none.
    if (this.#isPaired) throw osError("EINVAL");
    this.#open({ path: path === "" ? chooseAutobindName() : path });
  }

  #open(local: LocalAddress): void {
    // What the descriptor can set, Deno need not be able to. Who sets nothing
    // does not pay the 5 ms that it takes to find out.
    const defaults = defaultSettings();
    const isUsual = this.settings.ttl === defaults.ttl &&
      this.settings.multicastTtl === defaults.multicastTtl;
    const isByDeno = isUsual || posix() === undefined;
    const { ttl, multicastTtl } = isByDeno ? this.settings : defaults;
    const options = { ...this.settings, ttl, multicastTtl };
    this.#socket.open(local, options, () => {
      for (const [name, value] of Object.entries({ ttl, multicastTtl })) {
        const wanted = this.settings[name as Hops];
        if (wanted !== value) this.#setHops(name as Hops, wanted);
      }
      this.#memberships.apply(this.#socket.conn);
      const link = this.#multicastInterface;
      if (link !== undefined) this.#setMulticastInterface(link);
      this.onSystemChange?.();
    });
  }

  /** What a socket does that sends or connects without a local address. */
  #openAnywhere(hostname = anyHost(this.family)): void {
    if (this.isBound) return;
    if (this.family !== AF_UNIX) return this.#open({ hostname, port: 0 });
    this.#socket.adopt(new UnixDatagramConn(undefined));
    this.onSystemChange?.();
  }

  listen(): void {
    this.#checkOpen();
    throw osError("EOPNOTSUPP");
  }

  accept(timeout: number | null): Promise<never> {
    this.#checkOpen();
    // With a timeout CPython waits first, for what will never be.
    return timeout === null || timeout === 0 || this.#socket.isShut
      ? Promise.reject(osError("EOPNOTSUPP"))
      : this.#socket.next(
        () => {
          throw osError("EOPNOTSUPP");
        },
        timeout,
        true,
      );
  }

  /** Takes a peer, or another one; nothing goes over the network for that. */
  async connect(remote: RemoteAddress): Promise<void> {
    this.#checkOpen();
    if ("path" in remote) {
      if (remote.path === "") throw osError("EINVAL");
      await checkUnixPeer(remote.path);
      this.#checkOpen();
      this.#openAnywhere();
      return await this.#admit({ transport: "unixpacket", path: remote.path });
    }
    // To a socket that has had no address, nothing can have come.
    const isNew = !this.isBound;
    const target = this.#targetOf(remote);
    this.#refuseBroadcast(target.hostname, () => this.#openAnywhere());
    this.#openAnywhere(
      isLoopback(target.hostname)
        ? sourceFor(this.family, target.hostname)
        : undefined,
    );
    const addr = { transport: "udp", ...target } as const;
    const system = connectingPosix();
    const fd = system === undefined ? undefined : this.#findDescriptor();
    if (system === undefined || fd === undefined) {
      this.#connectedHost ??= this.#sourceFor(target.hostname);
      return isNew ? this.#connectTo(addr) : await this.#admit(addr);
    }
    // The kernel itself takes the peer, and nobody else's datagrams any more.
    const host = connectInSystem(system, fd, this.family, target);
    if (host !== undefined) this.#connectedHost = host;
    this.#peer = addr;
    this.#socket.lookForErrors(() => takeError(system, fd));
  }

  /** What came before is everybody's, what comes from now on the peer's. */
  async #admit(addr: Deno.Addr): Promise<void> {
    await this.#socket.takeIn();
    this.#checkOpen();
    this.#connectTo(addr);
  }

  #connectTo(addr: Deno.Addr): void {
    this.#peer = addr;
    if (!("hostname" in addr)) return this.#socket.admitOnly(addr);
    // Deno does not tell the link that a datagram has come by.
    const [hostname = ""] = addr.hostname.split("%", 1);
    this.#socket.admitOnly({ ...addr, hostname });
  }

  /** The host that a socket bound to all has as its own towards a peer. */
  #sourceFor(hostname: string): string | undefined {
    const local = this.#socket.local as HostPort;
    return local.hostname === anyHost(this.family)
      ? sourceFor(this.family, hostname)
      : undefined;
  }

  /** As the kernel: the address of all hosts stands for this one. */
  #targetOf({ hostname, port }: HostPort): HostPort {
    if (hostname !== anyHost(this.family)) return { hostname, port };
    const { hostname: own } = this.#socket.local as HostPort | undefined ??
      { hostname };
    const host = this.#connectedHost ?? own;
    if (host !== hostname) return { hostname: host, port };
    const loopback = this.family === AF_INET6 ? "::1" : "127.0.0.1";
    return { hostname: loopback, port };
  }

  #refuseBroadcast(hostname: string, before: () => void): void {
    if (this.settings.broadcast || !isBroadcast(hostname)) return;
    before();
    throw osError("EACCES");
  }

  receive(
    size: number,
    timeout: number | null,
    flags: number,
  ): Promise<Bytes> {
    this.#checkReceivable(flags);
    const isWhole = (flags & MSG_TRUNC) !== 0;
    return this.#socket.next(
      (data) => {
        const received = copy(data, size);
        if (!isWhole || data.length <= size) return received;
        // CPython's array is as long as the datagram too.
        const whole = new Uint8Array(data.length);
        whole.set(received);
        return whole;
      },
      timeout,
      (flags & MSG_PEEK) !== 0,
    );
  }

  receiveInto(
    target: Bytes,
    timeout: number | null,
    flags: number,
  ): Promise<number> {
    return this.#receiveInto(target, timeout, flags, (count) => count);
  }

  receiveFrom(
    target: Bytes,
    timeout: number | null,
    flags: number,
  ): Promise<[count: number, sender: Address | null]> {
    return this.#receiveInto(target, timeout, flags, (count, from) => {
      return [count, from === undefined ? null : this.#format(from) || null];
    });
  }

  #receiveInto<T>(
    target: Bytes,
    timeout: number | null,
    flags: number,
    use: (count: number, from: Deno.Addr | undefined) => T,
  ): Promise<T> {
    this.#checkReceivable(flags);
    const isWhole = (flags & MSG_TRUNC) !== 0;
    const { length } = target;
    return this.#socket.next(
      (data, from) => {
        target.set(data.length > length ? data.subarray(0, length) : data);
        return use(isWhole ? data.length : Math.min(data.length, length), from);
      },
      timeout,
      (flags & MSG_PEEK) !== 0,
    );
  }

  receiveMessage(
    size: number,
    ancillarySize: number,
    timeout: number | null,
    flags: number,
  ): Promise<Message> {
    this.#checkReceivable(flags);
    const calls = ancillarySize > 0 ? this.#openCalls() : undefined;
    // What a receive of Deno's brings has lost its ancillary data already.
    if (calls !== undefined && this.#socket.isIdle) {
      return calls.receiveMessage(size, ancillarySize, timeout, flags);
    }
    return this.#socket.next(
      (data, from) => ({
        data: copy(data, size),
        ancillary: [],
        flags: data.length > size ? MSG_TRUNC : 0,
        address: from === undefined ? null : this.#format(from) || null,
      }),
      timeout,
      (flags & MSG_PEEK) !== 0,
    );
  }

  /** The way to ancillary data, which only the descriptor has. */
  #openCalls(): DescriptorCalls | undefined {
    const system = posix();
    if (system === undefined) return undefined;
    this.#openAnywhere();
    return this.#calls ??= new DescriptorCalls(system, () => this.locate());
  }

  #checkReceivable(flags: number): void {
    this.#checkOpen();
    if ((flags & MSG_OOB) !== 0 && this.family === AF_UNIX) {
      throw osError("EOPNOTSUPP");
    }
    // Nothing is ever in that queue, and nobody waits for it.
    if ((flags & MSG_ERRQUEUE) !== 0 && this.family !== AF_UNIX) {
      throw osError("EAGAIN");
    }
  }

  #format(addr: Deno.Addr): Address {
    const path = "path" in addr ? addr.path : null;
    if (path !== null && isFreshName(path)) return "";
    return formatAddress(this.family, addr);
  }

  /** The short way is for the usual call; the long one knows all cases. */
  send(
    data: Bytes,
    timeout: number | null,
    flags: number,
  ): Promise<number> {
    const peer = this.#peer;
    const isUsual = peer !== undefined && flags === 0 &&
      this.family !== AF_UNIX && !this.#isWriteShut &&
      this.#corked === undefined && data.length <= UDP_LENGTH_MAX;
    if (!isUsual) return this.#send(data, null, timeout, flags);
    return "port" in peer && peer.port === 0
      ? Promise.resolve(data.length)
      : this.#socket.send(data, peer, timeout);
  }

  sendAll(
    data: Bytes,
    timeout: number | null,
    flags: number,
  ): Promise<void> {
    return this.send(data, timeout, flags).then(() => {});
  }

  sendMessage(
    data: Bytes,
    ancillary: readonly AncillaryItem[],
    remote: RemoteAddress | null,
    timeout: number | null,
    flags: number,
  ): Promise<number> {
    this.#checkOpen();
    const isPlain = !ancillary.some(([level, type]) =>
      this.#isOurs(level, type)
    );
    const calls = isPlain ? undefined : this.#openCalls();
    if (calls === undefined) {
      if (!isPlain) throw osError("EOPNOTSUPP");
      return this.#send(data, remote, timeout, flags);
    }
    const sockaddr = remote === null ? null : this.#pack(remote);
    return calls.sendMessage(data, ancillary, sockaddr, timeout, flags);
  }

  #pack(remote: RemoteAddress): Bytes {
    if ("path" in remote) {
      return packSockaddr(AF_UNIX, formatUnixPath(remote.path));
    }
    const { hostname, port } = this.#targetOf(remote);
    this.#refuseBroadcast(hostname, () => {});
    return packSockaddr(this.family, formatInet(this.family, hostname, port));
  }

  /** Whether an item of ancillary data means something; Deno cannot send any. */
  #isOurs(level: number, type: number): boolean {
    const own = this.family === AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
    if (level !== SOL_SOCKET) return level === own && this.family !== AF_UNIX;
    if (type !== SCM_RIGHTS) throw osError("EINVAL");
    return this.family === AF_UNIX;
  }

  #send(
    data: Bytes,
    remote: RemoteAddress | null,
    timeout: number | null,
    flags: number,
  ): Promise<number> {
    this.#checkOpen();
    return this.family === AF_UNIX
      ? this.#sendUnix(data, remote, timeout, flags)
      : this.#sendUdp(data, remote as HostPort | null, timeout, flags);
  }

  /** In the order in which the kernel looks at it. */
  #sendUdp(
    data: Bytes,
    remote: HostPort | null,
    timeout: number | null,
    flags: number,
  ): Promise<number> {
    this.#openAnywhere();
    if (data.length > UDP_LENGTH_MAX) throw osError("EMSGSIZE");
    if ((flags & (MSG_OOB | MSG_DONTROUTE)) !== 0) throw osError("EOPNOTSUPP");
    if (remote?.port === 0) throw osError("EINVAL");
    const addr = remote === null
      ? this.#peer
      : { transport: "udp", ...this.#targetOf(remote) } as const;
    if (addr === undefined) throw osError("EDESTADDRREQ");
    const { hostname, port } = addr as Deno.NetAddr;
    this.#refuseBroadcast(hostname, () => {});
    if (this.#isWriteShut) throw this.takeFailure() ?? osError("EPIPE");
    if ((flags & MSG_MORE) !== 0 || this.#corked !== undefined) {
      return this.#cork(data, addr, timeout, flags);
    }
    // Only a peer may have that, and the kernel sends it into nowhere.
    if (port === 0) return Promise.resolve(data.length);
    return this.#socket.send(data, addr, timeout);
  }

  /** MSG_MORE: what follows belongs to the same datagram, and its receiver. */
  async #cork(
    data: Bytes,
    addr: Deno.Addr,
    timeout: number | null,
    flags: number,
  ): Promise<number> {
    const { data: before, remote } = this.#corked ??
      { data: new Uint8Array(0), remote: addr };
    const whole = new Uint8Array(before.length + data.length);
    whole.set(before);
    whole.set(data, before.length);
    if (whole.length > UDP_LENGTH_MAX) throw osError("EMSGSIZE");
    const isMore = (flags & MSG_MORE) !== 0;
    this.#corked = isMore ? { data: whole, remote } : undefined;
    if (!isMore) await this.#socket.send(whole, remote, timeout);
    return data.length;
  }

  async #sendUnix(
    data: Bytes,
    remote: RemoteAddress | null,
    timeout: number | null,
    flags: number,
  ): Promise<number> {
    if ((flags & MSG_OOB) !== 0) throw osError("EOPNOTSUPP");
    const peer = this.#peer;
    const path = remote !== null && "path" in remote ? remote.path : null;
    if (path === "") throw osError("EINVAL");
    const addr = path === null
      ? peer
      : { transport: "unixpacket", path } as const;
    if (this.#isWriteShut) throw this.takeFailure() ?? osError("EPIPE");
    if (addr === undefined) throw osError("ENOTCONN");
    this.#openAnywhere();
    try {
      return await this.#socket.send(data, addr, timeout);
    } catch (error) {
      const isGone = error instanceof OSError &&
        (error.code === "ENOENT" || error instanceof ConnectionRefusedError);
      if (path !== null || !isGone || this.#peer !== peer) throw error;
      // A peer that has gone is told of once, and then there is none.
      this.#peer = undefined;
      this.#socket.admitOnly(undefined);
      throw osError("ECONNREFUSED", { cause: error });
    }
  }

  /** The local name that others know, if there is one. */
  get #name(): LocalAddress | undefined {
    const { local } = this.#socket;
    return local !== undefined && "path" in local && isFreshName(local.path)
      ? undefined
      : local;
  }

  getsockname(): Address {
    this.#checkOpen();
    const name = this.#name;
    if (name !== undefined && "path" in name) return formatUnixPath(name.path);
    if (this.family === AF_UNIX) return "";
    const { hostname, port } = name ??
      { hostname: anyHost(this.family), port: 0 };
    return formatInet(this.family, this.#connectedHost ?? hostname, port);
  }

  getpeername(): Address {
    this.#checkOpen();
    const { peer } = this;
    if (peer === undefined) throw osError("ENOTCONN");
    return peer;
  }

  get peer(): Address | undefined {
    const peer = this.#peer;
    // To the kernel, a peer without a port is none.
    const isNone = peer === undefined || ("port" in peer && peer.port === 0);
    return isNone ? undefined : this.#format(peer);
  }

  takeFailure(): unknown {
    this.#checkOpen();
    return this.#socket.takeFailure();
  }

  set<K extends keyof Settings>(name: K, value: Settings[K]): void {
    if (name === "ttl" || name === "multicastTtl") {
      this.#setHops(name, Number(value));
    } else if (name === "broadcast" || name === "multicastLoop") {
      this.#socket.conn?.set(name, Boolean(value));
    }
    this.settings[name] = value;
  }

  #setHops(name: Hops, value: number): void {
    const system = posix();
    const fd = system === undefined ? undefined : this.#findDescriptor();
    const { conn } = this.#socket;
    if (system !== undefined && fd !== undefined) {
      setHops(system, fd, this.family, name, value);
    } else if (conn !== undefined) conn.set(name, value);
    // The socket that will be opened could not say so.
    else if (!system && (this.family === AF_INET6 || value < 1)) {
      throw osError("ENOPROTOOPT");
    }
  }

  /** None, too, if those of several sockets cannot be told apart. */
  #findDescriptor(): number | undefined {
    try {
      return this.locate();
    } catch (error) {
      const isUnclear = error instanceof OSError && error.code === "EOPNOTSUPP";
      if (!isUnclear) throw error;
      return undefined;
    }
  }

  #setMulticastInterface(link: Link): void {
    const system = posix();
    const fd = system === undefined ? undefined : this.#findDescriptor();
    if (system !== undefined && fd !== undefined) {
      setMulticastInterface(system, fd, link);
    } else this.#socket.conn?.setMulticastInterface(link);
  }

  /**
   * Takes part in a multicast group: IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP. The
   * link is an address of this machine, `"0.0.0.0"` for any; for IPv6 the number
   * of an interface, 0 for any.
   */
  join(group: string, link: Link): void {
    this.#checkOpen();
    this.#memberships.join(group, link, this.#socket.conn);
  }

  /** Takes no longer part in it: IP_DROP_MEMBERSHIP, IPV6_LEAVE_GROUP. */
  leave(group: string, link: Link): void {
    this.#checkOpen();
    this.#memberships.leave(group, link, this.#socket.conn);
  }

  /** From where multicast goes out: IP_MULTICAST_IF, IPV6_MULTICAST_IF. */
  get multicastInterface(): Link {
    return this.#multicastInterface ??
      (this.family === AF_INET6 ? 0 : "0.0.0.0");
  }

  set multicastInterface(link: Link) {
    this.#checkOpen();
    if (this.#socket.conn !== undefined) this.#setMulticastInterface(link);
    this.#multicastInterface = link;
  }

  async shutdown(how: number): Promise<void> {
    this.#checkOpen();
    if (how < 0 || how > 2) throw osError("EINVAL");
    if (how !== SHUT_RD) this.#isWriteShut = true;
    if (how !== SHUT_WR) this.#socket.shutReceiving();
    // UDP's shutdown has its effect even where it fails.
    const isWrong = this.family !== AF_UNIX && this.#peer === undefined;
    if (isWrong) throw osError("ENOTCONN");
    await null;
  }

  get isReadable(): boolean {
    return this.#socket.isReadable;
  }

  get isWritable(): boolean {
    return this.#socket.isWritable || this.#isWriteShut;
  }

  watch(onChange: () => void): () => void {
    const watchers = this.#watchers ??= new Watchers();
    const stop = watchers.add(onChange, () => this.#socket.watch(undefined));
    this.#socket.watch(watchers.tell);
    return stop;
  }

  locate(): number | undefined {
    const names = this.#systemNames();
    return names && this.#located.find(names);
  }

  findDescriptor(): number | undefined {
    const names = this.#systemNames();
    return names && this.#located.findSeen(names);
  }

  /** By what the system tells the socket from others. */
  #systemNames(): Wanted | undefined {
    const { conn } = this.#socket;
    if (conn === undefined || this.#closed) return undefined;
    const { local } = conn;
    const { reuseAddress, reusePort } = this.settings;
    return {
      family: this.family,
      type: this.type,
      isAlone: !reuseAddress && !reusePort,
      local: "path" in local ? formatUnixPath(local.path) : formatInet(
        this.family,
        this.#connectedHost ?? local.hostname,
        local.port,
      ),
    };
  }

  close(): Promise<void> {
    if (this.#closed) return this.#closed;
    this.#closed = this.#close();
    this.#watchers?.tell();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#socket.watch(undefined);
    this.#located.forget();
    await Promise.all([this.#calls?.close(), this.#socket.close()]);
  }

  #checkOpen(): void {
    if (this.#closed) throw osError("EBADF");
  }
}

/** The first bytes of a datagram, in an array of their own. */
function copy(data: Uint8Array, size: number): Bytes {
  // Faster than `slice`.
  return new Uint8Array(size < data.length ? data.subarray(0, size) : data);
}

function checkUnixDatagrams(): void {
  if (listenDatagram !== undefined) return;
  throw new OSError(
    errno.EAFNOSUPPORT,
    `${strerror(errno.EAFNOSUPPORT)} without Deno's flag --unstable-net`,
  );
}
