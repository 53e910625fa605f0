/**
 * The descriptor tier: what a socket's descriptor can do, beyond what Deno
 * offers, where the program may call the C library. Numbers and bytes go in and
 * out; nothing here knows of a socket that Deno or this package owns.
 *
 * No call waits, whatever the descriptor's mode, but `poll`.
 *
 * @module
 */

import type { AncillaryItem } from "./buffers.ts";
import type { Bytes } from "./connection.ts";
import {
  AF_UNIX,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  SO_DOMAIN,
  SO_PROTOCOL,
  SO_TYPE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./constants.ts";
import { errno } from "./errno.ts";
import { OSError } from "./errors.ts";
import { check, type Libc, libc } from "./libc.ts";
import { receiveMessage, sendMessage } from "./message.ts";
import { Poller, type Polling, pollNow, type PollRequest } from "./poller.ts";
import {
  familyOf,
  packUnspecified,
  parseSockaddr,
  SOCKADDR_MAX,
  type SocketAddress,
} from "./sockaddr.ts";

/** What a socket is. */
export interface Kind {
  readonly family: number;
  readonly type: number;
  readonly proto: number;
}

/** What `recvmsg` returns, as in Python. */
export interface ReceivedMessage {
  readonly data: Bytes;
  readonly ancillary: AncillaryItem[];
  /** `MSG_TRUNC`, `MSG_CTRUNC` and others. */
  readonly flags: number;
  /** The sender, or `null` if the system does not say. */
  readonly address: SocketAddress | null;
}

const isDarwin = Deno.build.os === "darwin";

// Of <fcntl.h> and <sys/ioctl.h>.
const F_DUPFD_CLOEXEC = isDarwin ? 67 : 1030;
const F_GETFD = 1;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const FD_CLOEXEC = 1;
const FIONREAD = isDarwin ? 0x4004667fn : 0x541bn;
// Nobody is to be killed by SIGPIPE; on macOS that is a matter of the socket.
const SEND_FLAGS = MSG_DONTWAIT | (isDarwin ? 0 : MSG_NOSIGNAL);
const O_CLOEXEC = 0o2000000; // Linux's
const O_NONBLOCK = isDarwin ? 0x4 : 0o4000;

let opened: Posix | undefined;

/**
 * The descriptor tier, where there is one: on Linux and macOS, for a program
 * that has `--allow-ffi`. Until that is asked, nothing is loaded; the user is
 * never asked.
 */
export function posix(): Posix | undefined {
  if (opened === undefined) {
    const library = libc();
    if (library !== undefined) opened = new Posix(library);
  }
  return opened;
}

/** The calls, by their POSIX names. Each raises the OSError of its errno. */
export class Posix {
  readonly #libc: Libc;
  readonly #poller: Poller;
  // What calls fill: to make an array for each takes as long as the call.
  readonly #sockaddr = new Uint8Array(SOCKADDR_MAX);
  readonly #size = new Uint32Array(1);
  readonly #int = new Int32Array(1);

  /** Stands on the C library. */
  constructor(library: Libc) {
    this.#libc = library;
    this.#poller = new Poller(
      library,
      () => this.socketpair(AF_UNIX, SOCK_STREAM, 0),
    );
  }

  /** A new descriptor, which is not inherited and whose calls never wait. */
  socket(family: number, type: number, proto: number): number {
    const flags = isDarwin ? 0 : SOCK_CLOEXEC | SOCK_NONBLOCK;
    const fd = this.#check(this.#libc.socket(family, type | flags, proto));
    return this.#prepare(fd);
  }

  /** Two new descriptors that are each other's peers. */
  socketpair(family: number, type: number, proto: number): [number, number] {
    const flags = isDarwin ? 0 : SOCK_CLOEXEC | SOCK_NONBLOCK;
    const pair = new Int32Array(2);
    this.#check(this.#libc.socketpair(family, type | flags, proto, pair));
    const [one = -1, other = -1] = pair;
    return [this.#prepare(one), this.#prepare(other)];
  }

  /** On macOS a new descriptor is inherited, and its calls wait. */
  #prepare(fd: number): number {
    if (isDarwin) {
      this.setInheritable(fd, false);
      const flags = this.#fcntl(fd, F_GETFL);
      this.#fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    }
    return fd;
  }

  bind(fd: number, sockaddr: Bytes): void {
    this.#check(this.#libc.bind(fd, sockaddr, sockaddr.length));
  }

  listen(fd: number, backlog: number): void {
    this.#check(this.#libc.listen(fd, backlog));
  }

  /** The next connection's descriptor, and the peer's address. */
  accept(fd: number): [fd: number, address: SocketAddress | null] {
    const { accept, accept4 } = this.#libc;
    const flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
    let accepted = -1;
    const address = this.#takeAddress((sockaddr, size) =>
      accepted = accept4?.(fd, sockaddr, size, flags) ??
        accept(fd, sockaddr, size)
    );
    return [this.#prepare(accepted), address];
  }

  /** Raises EINPROGRESS where that takes time: then `poll` for POLLOUT. */
  connect(fd: number, sockaddr: Bytes): void {
    this.#check(this.#libc.connect(fd, sockaddr, sockaddr.length));
  }

  /** Takes a datagram socket's peer away. */
  disconnect(fd: number): void {
    try {
      this.connect(fd, packUnspecified());
    } catch (error) {
      // macOS has done it and yet raises this.
      const isDone = isDarwin && error instanceof OSError &&
        error.errno === errno.EAFNOSUPPORT;
      if (!isDone) throw error;
    }
  }

  /** Shuts down one direction or both, for whoever shares the socket. */
  shutdown(fd: number, how: number): void {
    this.#check(this.#libc.shutdown(fd, how));
  }

  close(fd: number): void {
    this.#check(this.#libc.close(fd));
  }

  /** Another descriptor of the same socket, which is not inherited. */
  dup(fd: number): number {
    return this.#fcntl(fd, F_DUPFD_CLOEXEC, 0);
  }

  /** Makes `target` another descriptor of what `fd` is; closes what it was. */
  replace(fd: number, target: number): void {
    const { dup2, dup3 } = this.#libc;
    this.#check(dup3?.(fd, target, O_CLOEXEC) ?? dup2(fd, target));
    if (isDarwin) this.setInheritable(target, false);
  }

  /**
   * Closes what stands behind a number that Deno owns, and leaves the number to
   * Deno, with a new socket behind it. To be called before Deno closes that.
   *
   * Deno's own close says the end of the stream first, whatever else is due: a
   * reset, by SO_LINGER or because bytes have not been received, or nothing at
   * all, because the socket has duplicates. This leaves it to the system.
   */
  vacate(fd: number): void {
    const blank = this.socket(AF_UNIX, SOCK_STREAM, 0);
    try {
      this.replace(blank, fd);
    } finally {
      this.close(blank);
    }
  }

  /** Whether programs that this one starts have it too. */
  getInheritable(fd: number): boolean {
    return (this.#fcntl(fd, F_GETFD) & FD_CLOEXEC) === 0;
  }

  setInheritable(fd: number, isInheritable: boolean): void {
    const flags = this.#fcntl(fd, F_GETFD);
    const others = flags & ~FD_CLOEXEC;
    this.#fcntl(fd, F_SETFD, isInheritable ? others : others | FD_CLOEXEC);
  }

  /** Which kind of socket it is; ENOTSOCK, or EBADF, if it is none. */
  kindOf(fd: number): Kind {
    const type = this.#getInt(fd, SO_TYPE);
    if (!isDarwin) {
      const family = this.#getInt(fd, SO_DOMAIN);
      return { family, type, proto: this.#getInt(fd, SO_PROTOCOL) };
    }
    // macOS tells no protocol, and CPython says 0 there.
    this.getsockname(fd);
    return { family: familyOf(this.#sockaddr), type, proto: 0 };
  }

  #getInt(fd: number, name: number): number {
    this.#size[0] = 4;
    const { getsockopt } = this.#libc;
    this.#check(getsockopt(fd, SOL_SOCKET, name, this.#int, this.#size));
    return this.#int[0] ?? 0;
  }

  getsockname(fd: number): SocketAddress | null {
    return this.#takeAddress((sockaddr, size) =>
      this.#libc.getsockname(fd, sockaddr, size)
    );
  }

  getpeername(fd: number): SocketAddress | null {
    return this.#takeAddress((sockaddr, size) =>
      this.#libc.getpeername(fd, sockaddr, size)
    );
  }

  #takeAddress(
    call: (sockaddr: Bytes, size: Uint32Array<ArrayBuffer>) => number,
  ): SocketAddress | null {
    this.#size[0] = SOCKADDR_MAX;
    this.#check(call(this.#sockaddr, this.#size));
    return parseSockaddr(this.#sockaddr.subarray(0, this.#size[0]));
  }

  /** An option's bytes, at most `length` of them. */
  getsockopt(fd: number, level: number, name: number, length: number): Bytes {
    const value = new Uint8Array(length);
    this.#size[0] = length;
    const { getsockopt } = this.#libc;
    this.#check(getsockopt(fd, level, name, value, this.#size));
    return cut(value, this.#size[0]);
  }

  /** Without a value there is only a length, as for AF_ALG's options. */
  setsockopt(
    fd: number,
    level: number,
    name: number,
    value: Bytes | null,
    length: number = value?.length ?? 0,
  ): void {
    this.#check(this.#libc.setsockopt(fd, level, name, value, length));
  }

  /** How many bytes wait to be received; of datagrams, those of the next. */
  bytesReadable(fd: number): number {
    const count = this.#int;
    const { ioctl } = this.#libc;
    this.#check(ioctl(fd, FIONREAD, count, 0n, 0n, 0n, 0n, 0n, count));
    return count[0] ?? 0;
  }

  /** Up to `size` bytes; EAGAIN if there are none. */
  recv(fd: number, size: number, flags = 0): Bytes {
    const data = new Uint8Array(size);
    const count = this.#check(
      this.#libc.recv(fd, data, BigInt(size), flags | MSG_DONTWAIT),
    );
    return cut(data, count);
  }

  /** The same, with ancillary data in at most `ancillarySize` bytes. */
  recvmsg(
    fd: number,
    size: number,
    ancillarySize = 0,
    flags = 0,
  ): ReceivedMessage {
    const data = new Uint8Array(size);
    const { count, ...received } = receiveMessage(
      this.#libc,
      fd,
      [data],
      ancillarySize,
      flags,
    );
    // With MSG_TRUNC the count is the datagram's, and may be larger.
    return { data: cut(data, count), ...received };
  }

  /** Sends some bytes, and says how many; EAGAIN if there is no room. */
  sendmsg(
    fd: number,
    buffers: readonly Bytes[],
    ancillary: readonly AncillaryItem[] = [],
    flags = 0,
    sockaddr: Bytes | null = null,
  ): number {
    return sendMessage(
      this.#libc,
      fd,
      buffers,
      ancillary,
      flags,
      sockaddr,
    );
  }

  /**
   * Fills an array from its start, and another one with the sender's address; -1
   * if there is nothing to receive.
   */
  receiveInto(fd: number, target: Bytes, sockaddr?: Bytes): number {
    const { recv, recvfrom } = this.#libc;
    const length = BigInt(target.length);
    if (sockaddr === undefined) {
      return this.#take(recv(fd, target, length, MSG_DONTWAIT));
    }
    const size = this.#size;
    size[0] = sockaddr.length;
    return this.#take(
      recvfrom(fd, target, length, MSG_DONTWAIT, sockaddr, size),
    );
  }

  /** Sends some bytes, and says how many; -1 if there is no room. */
  send(fd: number, data: Bytes, sockaddr?: Bytes): number {
    const { send, sendto } = this.#libc;
    const length = BigInt(data.length);
    return this.#take(
      sockaddr === undefined
        ? send(fd, data, length, SEND_FLAGS)
        : sendto(fd, data, length, SEND_FLAGS, sockaddr, sockaddr.length),
    );
  }

  /** An error would cost more than the call. */
  #take(result: bigint): number {
    const isEmpty = result < 0n && this.#libc.errno() === errno.EAGAIN;
    return isEmpty ? -1 : this.#check(result);
  }

  /** Waits for a descriptor, in seconds; `null` is no limit. */
  poll(fd: number, events: number, timeout: number | null = null): Polling {
    return this.#poller.poll(fd, events, timeout);
  }

  /** What has happened to each descriptor until now. */
  pollNow(requests: readonly PollRequest[]): number[] {
    return pollNow(this.#libc, requests);
  }

  #fcntl(fd: number, command: number, argument = 0): number {
    const { fcntl } = this.#libc;
    const third = BigInt(argument);
    return this.#check(fcntl(fd, command, third, 0n, 0n, 0n, 0n, 0n, third));
  }

  #check(result: number | bigint): number {
    return check(this.#libc, result);
  }
}

/** What the system has filled of an array. */
function cut(array: Bytes, length: number): Bytes {
  return length < array.length ? array.slice(0, length) : array;
}
