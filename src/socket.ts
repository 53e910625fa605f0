/**
 * Class `Socket`, which is Python's `socket.socket`: it checks arguments as
 * CPython does, keeps the timeout, and leaves the rest to its endpoint. One
 * method here is one method of Python, in the order of Python's manual.
 *
 * One room though it is long: it is one class, and most of it is its manual.
 *
 * @module
 */

import {
  type Address,
  type AddressLike,
  type InetAddress,
  parseAddress,
} from "./address.ts";
import {
  AddressFamily,
  AF_INET,
  AF_UNIX,
  IPPROTO_TCP,
  IPPROTO_UDP,
  MSG_DONTWAIT,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SocketKind,
} from "./constants.ts";
import { DatagramEndpoint } from "./datagram_endpoint.ts";
import { asDescriptor, type Descriptor, OpenDescriptor } from "./descriptor.ts";
import type { Endpoint, Message, RemoteAddress } from "./endpoint.ts";
import { errno } from "./errno.ts";
import { instrument } from "./events.ts";
import {
  type AncillaryItem,
  asList,
  asWritableSegment,
  gather,
  parseAncillaryItem,
  scatter,
} from "./buffers.ts";
import type { BufferedReader } from "./buffered_reader.ts";
import type { BufferedRWPair } from "./buffered_rwpair.ts";
import type { BufferedWriter } from "./buffered_writer.ts";
import { OSError, osError, ValueError } from "./errors.ts";
import {
  type BinaryMode,
  makefile,
  type MakefileOptions,
  type SocketFile,
} from "./file.ts";
import { SOCK_FLAGS } from "./flags.ts";
import { checkKind } from "./kind.ts";
import { getOption, setOption } from "./options.ts";
import {
  asBytes,
  asInteger,
  asWritableBytes,
  type BytesLike,
  checkArgumentCount,
  checkPythonArgumentCount,
  parseInt32,
  parseTimeout,
  repr,
} from "./python.ts";
import { resolve, resolveLiteral, resolveSync } from "./resolve.ts";
import {
  sendfile,
  type SendfileOptions,
  type SendfileSource,
} from "./sendfile.ts";
import type { SocketIO } from "./socket_io.ts";
import { StreamEndpoint } from "./stream_endpoint.ts";
import type { TextIOWrapper } from "./text.ts";

/** The most arrays that the system takes at once, UIO_MAXIOV. */
const IOV_MAX = 1024;

let defaultTimeout: number | null = null;

/** The descriptor of a socket, for other rooms of this package. */
export let descriptorOf: (sock: Socket) => OpenDescriptor;

/**
 * The timeout that new sockets get, in seconds. As Python's
 * `socket.getdefaulttimeout()`.
 *
 * @example No timeout to begin with
 * ```ts
 * import { getdefaulttimeout } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(getdefaulttimeout(), null);
 * ```
 *
 * @returns The seconds, or `null` for sockets that wait.
 */
export function getdefaulttimeout(): number | null {
  return defaultTimeout;
}

/**
 * Sets the timeout that sockets get from now on: those made by `socket()` and
 * those that `accept` returns. As Python's `socket.setdefaulttimeout()`.
 *
 * @example Five seconds for every new socket
 * ```ts
 * import { setdefaulttimeout, socket } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * setdefaulttimeout(5);
 * using sock = socket();
 * assertEquals(sock.gettimeout(), 5);
 * setdefaulttimeout(null);
 * ```
 *
 * @param timeout Seconds; `null` for sockets that wait, 0 for ones that never do.
 * @throws {ValueError} If it is negative or NaN.
 * @throws {OverflowError} If it is infinite.
 * @throws {TypeError} If it is no number.
 */
export function setdefaulttimeout(timeout: number | null): void {
  if (arguments.length !== 1) {
    throw new TypeError(
      `_socket.setdefaulttimeout() takes exactly one argument (${arguments.length} given)`,
    );
  }
  defaultTimeout = parseTimeout(timeout);
}

/**
 * A network endpoint. As Python's `socket.socket`, with `await` before the calls
 * that wait: a method that returns a promise never throws, it rejects.
 *
 * `using` closes a socket at the end of its block, as `with` does in Python.
 * `await using` also waits until its port is free again.
 *
 * @example An echo server and its client
 * ```ts
 * import { AF_INET, SOCK_STREAM, Socket } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = new Socket(AF_INET, SOCK_STREAM);
 * listener.bind(["127.0.0.1", 0]);
 * listener.listen();
 *
 * using client = new Socket(AF_INET, SOCK_STREAM);
 * await client.connect(listener.getsockname());
 * const [conn] = await listener.accept();
 *
 * await client.sendall(new TextEncoder().encode("hello"));
 * await conn.sendall(await conn.recv(1024));
 * conn.close();
 * assertEquals(new TextDecoder().decode(await client.recv(1024)), "hello");
 * ```
 */
export class Socket {
  readonly #family: number;
  readonly #type: number;
  readonly #proto: number;
  #descriptor: OpenDescriptor;
  #timeout: number | null = defaultTimeout;
  #isClosed = false;
  // The descriptor is given up by close(), or when the last file closes.
  #isReleased = false;
  #ioRefs = 0;

  static {
    descriptorOf = (sock) => sock.#descriptor;
  }

  /**
   * Makes a socket. As Python's `socket.socket(family, type, proto, fileno)`;
   * `socket()` does the same.
   *
   * @param family `AF_INET`, `AF_INET6` or `AF_UNIX`; −1 is `AF_INET`.
   * @param type `SOCK_STREAM`; −1 is that too. With `SOCK_NONBLOCK` the timeout
   * is 0.
   * @param proto 0, or the number of TCP; −1 is 0.
   * @param fileno What another socket's `detach()` returned; the first three
   * arguments then are as they were there, unless they are given.
   * @throws {TypeError} If an argument has the wrong type.
   * @throws {OSError} EAFNOSUPPORT, ESOCKTNOSUPPORT or EPROTONOSUPPORT if there
   * are no such sockets; EINVAL if the numbers make no sense; EBADF if `fileno`
   * is none of what `detach()` returns.
   * @throws {ValueError} If `fileno` is negative.
   */
  constructor(
    family: number = -1,
    type: number = -1,
    proto: number = -1,
    fileno: Descriptor | number | null = null,
  ) {
    const given = [family, type, proto].map((each) => asInteger(each, "int"));
    const [f = -1, t = -1, p = -1] = given;
    if (t !== -1 && (t & SOCK_NONBLOCK) !== 0) this.#timeout = 0;
    const kind = t === -1 ? t : t & ~SOCK_FLAGS;
    if (fileno !== null) {
      this.#descriptor = asDescriptor(fileno);
      this.#family = f === -1 ? this.#endpoint.family : f;
      this.#type = kind === -1 ? this.#endpoint.type : kind;
      this.#proto = p === -1 ? detectProto(this.#endpoint) : p;
      return;
    }
    this.#family = f === -1 ? AF_INET : f;
    this.#type = kind === -1 ? SOCK_STREAM : kind;
    this.#proto = p === -1 ? 0 : p;
    checkKind(this.#family, this.#type, this.#proto);
    this.#descriptor = new OpenDescriptor(
      makeEndpoint(this.#family, this.#type, this.#proto),
    );
  }

  get #endpoint(): Endpoint {
    return this.#descriptor.endpoint;
  }

  /** The address family, such as `AF_INET`. */
  get family(): number {
    return this.#family;
  }

  /** The socket type, such as `SOCK_STREAM`. */
  get type(): number {
    return this.#type;
  }

  /** The protocol number; 0 is the usual one of family and type. */
  get proto(): number {
    return this.#proto;
  }

  /** The timeout in seconds, or `null`; the same as `gettimeout()`. */
  get timeout(): number | null {
    return this.#timeout;
  }

  /**
   * Waits for a connection to a listening socket. As Python's
   * `socket.accept()`.
   *
   * The new socket has the default timeout, not this socket's. A connection that
   * arrives after a timeout goes to the next call.
   *
   * @example Who has connected
   * ```ts
   * import { create_connection, create_server } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using listener = create_server(["127.0.0.1", 0]);
   * using client = await create_connection(listener.getsockname());
   * const [conn, address] = await listener.accept();
   * conn.close();
   * assertEquals(address, client.getsockname());
   * ```
   *
   * @returns The socket of the connection, and the peer's address: for
   * `AF_INET` `[host, port]`, for `AF_INET6` `[host, port, flowinfo, scope_id]`,
   * for `AF_UNIX` a path.
   * @throws {TimeoutError} If nobody connects within the timeout.
   * @throws {BlockingIOError} EAGAIN if the timeout is 0 and nobody waits.
   * @throws {OSError} EINVAL if the socket does not listen, or stops listening;
   * EBADF if you have closed it, also during the call.
   */
  accept(): Promise<[Socket, InetAddress]>;
  /** The same, for an address of another family: `accept<string>()`. */
  accept<A extends Address>(): Promise<[Socket, A]>;
  async accept(): Promise<[Socket, Address]> {
    checkPythonArgumentCount(arguments.length, "accept");
    const endpoint = await this.#endpoint.accept(this.#timeout);
    const { family, type, proto } = this;
    return [
      new Socket(family, type, proto, new OpenDescriptor(endpoint)),
      endpoint.getpeername(),
    ];
  }

  /**
   * Takes a local address. As Python's `socket.bind()`.
   *
   * Port 0 lets the system choose one, which `getsockname()` tells. Deno has no
   * step between binding and listening: peers can connect from now on, and
   * `accept` gets them once `listen` has been called. A name stops the whole
   * program until it is resolved; numbers, `""` and `localhost` do not.
   *
   * @example A port of the system's choice
   * ```ts
   * import { socket } from "@pysocket/socket";
   * import { assert } from "@std/assert";
   *
   * using sock = socket();
   * sock.bind(["127.0.0.1", 0]);
   * const [, port] = sock.getsockname();
   * assert(port > 0);
   * ```
   *
   * @param address For `AF_INET` `[host, port]`, where host is a number, a name,
   * `""` for all interfaces; for `AF_INET6` also `[host, port, flowinfo,
   * scope_id]`; for `AF_UNIX` a path, or bytes that begin with 0 for an abstract
   * name.
   * @throws {TypeError} If that is no address of the family.
   * @throws {OverflowError} If the port is not 0–65535.
   * @throws {gaierror} If the host does not resolve.
   * @throws {OSError} EADDRINUSE, EADDRNOTAVAIL; EINVAL if the socket has an
   * address already; EBADF if you have closed it.
   * @throws {PermissionError} If the system, or a missing `--allow-net`, forbids
   * it.
   */
  bind(address: AddressLike): void {
    checkArgumentCount(arguments.length, "bind", 1);
    const target = parseAddress(this.#endpoint.family, address, "bind");
    if (!("path" in target)) {
      this.#endpoint.bind(resolveSync(target, this.#endpoint.family, "bind"));
    } else this.#endpoint.bind(target);
  }

  /**
   * Closes the socket. As Python's `socket.close()`, but calls that wait on it
   * end at once with EBADF, where CPython leaves a thread waiting.
   *
   * Closing again does nothing. What `send` has taken still goes out. While
   * files of `makefile` are open, the socket goes on working, for them and for
   * everybody, and closes with the last of them.
   *
   * @example Nothing works afterwards
   * ```ts
   * import { OSError, socket } from "@pysocket/socket";
   * import { assertEquals, assertThrows } from "@std/assert";
   *
   * const sock = socket();
   * sock.close();
   * const error = assertThrows(() => sock.getsockname(), OSError);
   * assertEquals(error.code, "EBADF");
   * ```
   */
  close(): void {
    checkPythonArgumentCount(arguments.length, "close");
    if (this.#isReleased) return;
    this.#isClosed = true;
    if (this.#ioRefs > 0) return;
    this.#isReleased = true;
    // Another Socket, with the same descriptor, may have been faster.
    if (this.#descriptor.isClosed) throw osError("EBADF");
    this.#descriptor.close();
  }

  /**
   * Counts one file of `makefile` less, and closes a socket that waited for the
   * last one. As Python's `socket._decref_socketios()`, which files call.
   *
   * @ignore
   */
  async _decref_socketios(): Promise<void> {
    if (this.#ioRefs > 0) this.#ioRefs--;
    if (!this.#isClosed) return;
    this.close();
    if (this.#ioRefs === 0) await this.#descriptor.close();
  }

  /**
   * Connects to an address. As Python's `socket.connect()`.
   *
   * With a timeout of 0 the attempt goes on after EINPROGRESS; a later call
   * says EALREADY, and then once what came of it. A socket whose attempt failed
   * may connect again.
   *
   * @example Nobody listens
   * ```ts
   * import { ConnectionRefusedError, socket } from "@pysocket/socket";
   * import { assertRejects } from "@std/assert";
   *
   * using unused = socket();
   * unused.bind(["127.0.0.1", 0]);
   * const address = unused.getsockname();
   * unused.close();
   *
   * using sock = socket();
   * await assertRejects(() => sock.connect(address), ConnectionRefusedError);
   * ```
   *
   * @param address As for `bind`; a name is looked up in this socket's family.
   * @throws {TypeError} If that is no address of the family.
   * @throws {OverflowError} If the port is not 0–65535.
   * @throws {gaierror} If the host does not resolve.
   * @throws {ConnectionRefusedError} If nobody listens there.
   * @throws {FileNotFoundError} If there is no such path.
   * @throws {TimeoutError} If there is no answer within the timeout.
   * @throws {BlockingIOError} EINPROGRESS, EALREADY.
   * @throws {OSError} EISCONN if it is connected or listens; ENETUNREACH and
   * others of the network; EBADF if you have closed it, also during the call.
   * @throws {PermissionError} If the system, or a missing `--allow-net`, forbids
   * it.
   */
  async connect(address: AddressLike): Promise<void> {
    checkArgumentCount(arguments.length, "connect", 1);
    const remote = await this.#resolve(address, "connect");
    await this.#endpoint.connect(remote, this.#timeout);
  }

  /**
   * Connects like `connect`, but returns the errno where that would raise the
   * system's error. As Python's `socket.connect_ex()`.
   *
   * @example 0 for success
   * ```ts
   * import { create_server, socket } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using listener = create_server(["127.0.0.1", 0]);
   * using sock = socket();
   * assertEquals(await sock.connect_ex(listener.getsockname()), 0);
   * ```
   *
   * @param address As for `connect`.
   * @returns 0, or this system's errno: `errno.ECONNREFUSED`, … A timeout is
   * `errno.EAGAIN`.
   * @throws {TypeError} If that is no address of the family.
   * @throws {OverflowError} If the port is not 0–65535.
   * @throws {gaierror} If the host does not resolve.
   * @throws {PermissionError} If a missing `--allow-net` forbids it.
   */
  async connect_ex(address: AddressLike): Promise<number> {
    checkArgumentCount(arguments.length, "connect_ex", 1);
    const remote = await this.#resolve(address, "connect_ex");
    try {
      await this.#endpoint.connect(remote, this.#timeout);
      return 0;
    } catch (error) {
      if (!(error instanceof OSError)) throw error;
      // The number would hide which grant is missing.
      if (error.cause instanceof Deno.errors.NotCapable) throw error;
      return error.errno ?? errno.EAGAIN;
    }
  }

  /** At once, where no lookup is needed. */
  #resolve(
    address: unknown,
    method: string,
  ): RemoteAddress | Promise<RemoteAddress> {
    const { family } = this.#endpoint;
    const target = parseAddress(family, address, method);
    if ("path" in target) return target;
    return resolveLiteral(target, family, method) ??
      resolve(target, family, method);
  }

  /**
   * Closes this object but not the socket behind it. As Python's
   * `socket.detach()`, whose result is a number: Deno hands out no descriptors,
   * so it is an object here, for the constructor of another `Socket`.
   *
   * Nothing is lost: bytes that have been received go along.
   *
   * @example From one object to another
   * ```ts
   * import { create_server, Socket } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * const first = create_server(["127.0.0.1", 0]);
   * const address = first.getsockname();
   * const descriptor = first.detach();
   * if (descriptor === -1) throw new Error("It was closed already");
   *
   * using second = new Socket(-1, -1, -1, descriptor);
   * assertEquals(second.getsockname(), address);
   * ```
   *
   * @returns What stands for the descriptor, or −1 if the socket is closed.
   */
  detach(): Descriptor | -1 {
    checkPythonArgumentCount(arguments.length, "detach");
    if (this.#isReleased) return -1;
    this.#isClosed = this.#isReleased = true;
    const descriptor = this.#descriptor;
    this.#descriptor = closedDescriptor(this);
    return descriptor;
  }

  /**
   * Another object for the same socket. As Python's `socket.dup()`: what one
   * receives the other does not, and the connection lives until both are closed.
   *
   * @example The second outlives the first
   * ```ts
   * import { create_server } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * const first = create_server(["127.0.0.1", 0]);
   * const address = first.getsockname();
   * using second = first.dup();
   * first.close();
   * assertEquals(second.getsockname(), address);
   * ```
   *
   * @returns The new object, of the same class, with the same timeout.
   * @throws {OSError} EBADF if you have closed it.
   */
  dup(): this {
    checkPythonArgumentCount(arguments.length, "dup");
    if (this.#endpoint.isClosed) throw osError("EBADF");
    const Kind = this.constructor as typeof Socket;
    const { family, type, proto } = this;
    const sock = new Kind(family, type, proto, this.#descriptor.dup());
    sock.#timeout = this.#timeout;
    return sock as this;
  }

  /**
   * The number of the socket's descriptor in this process. As Python's
   * `socket.fileno()`. Deno does not tell it, but the C library can be asked: so
   * this needs `--allow-ffi`, on Linux or macOS.
   *
   * The number is a duplicate of Deno's own descriptor. It stays the same for the
   * life of the socket, is closed with it, and takes the place of the socket
   * where one is wanted: in the constructor, in `select` and in `selectors`.
   *
   * @example The same number every time
   * ```ts
   * import { socket } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * const sock = socket();
   * const number = sock.fileno();
   * assertEquals(sock.fileno(), number);
   * sock.close();
   * assertEquals(sock.fileno(), -1);
   * ```
   *
   * @returns The number, or −1 if the socket is closed.
   * @throws {PermissionError} EACCES without `--allow-ffi`.
   * @throws {OSError} EOPNOTSUPP if several descriptors of the program look the
   * same, as those of Unix sockets without a name do: ask for the number before
   * the next of them is made.
   */
  fileno(): number {
    checkArgumentCount(arguments.length, "fileno", 0);
    return this.#descriptor.fileno();
  }

  /**
   * Whether programs that this one starts have the descriptor too. As Python's
   * `socket.get_inheritable()`.
   *
   * @example As in Python, it is not inherited
   * ```ts
   * import { socket } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using sock = socket();
   * assertEquals(sock.get_inheritable(), false);
   * ```
   *
   * @returns True only after `set_inheritable(true)`.
   * @throws {OSError} EBADF if you have closed it.
   */
  get_inheritable(): boolean {
    checkPythonArgumentCount(arguments.length, "get_inheritable");
    return this.#descriptor.isInheritable;
  }

  /**
   * Lets programs that this one starts have the descriptor, or not. As Python's
   * `socket.set_inheritable()`. To let them have it needs `--allow-ffi`.
   *
   * @example For a program that is to take the socket over
   * ```ts
   * import { socket } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using sock = socket();
   * sock.set_inheritable(true);
   * assertEquals(sock.get_inheritable(), true);
   * ```
   *
   * @param inheritable Whether they have it.
   * @throws {OSError} EBADF if you have closed it; and as `fileno`.
   * @throws {PermissionError} EACCES without `--allow-ffi`.
   */
  set_inheritable(inheritable: boolean): void {
    if (arguments.length !== 1) {
      throw new TypeError(
        `socket.set_inheritable() missing 1 required positional argument: ` +
          `'inheritable'`,
      );
    }
    this.#descriptor.isInheritable = Boolean(inheritable);
  }

  /**
   * The peer's address. As Python's `socket.getpeername()`.
   *
   * @example Where a client is connected to
   * ```ts
   * import { create_connection, create_server } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using listener = create_server(["127.0.0.1", 0]);
   * using client = await create_connection(listener.getsockname());
   * assertEquals(client.getpeername(), listener.getsockname());
   * ```
   *
   * @returns The address, in the form that `accept` describes.
   * @throws {OSError} ENOTCONN if there is no peer; EBADF if you have closed it.
   */
  getpeername(): InetAddress;
  /** The same, for an address of another family: `getpeername<string>()`. */
  getpeername<A extends Address>(): A;
  getpeername(): Address {
    checkArgumentCount(arguments.length, "getpeername", 0);
    return this.#endpoint.getpeername();
  }

  /**
   * The socket's own address. As Python's `socket.getsockname()`.
   *
   * @example Before and after `bind`
   * ```ts
   * import { socket } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using sock = socket();
   * assertEquals(sock.getsockname(), ["0.0.0.0", 0]);
   * sock.bind(["127.0.0.1", 0]);
   * assertEquals(sock.getsockname()[0], "127.0.0.1");
   * ```
   *
   * @returns The address, in the form that `accept` describes.
   * @throws {OSError} EBADF if you have closed it.
   */
  getsockname(): InetAddress;
  /** The same, for an address of another family: `getsockname<string>()`. */
  getsockname<A extends Address>(): A;
  getsockname(): Address {
    checkArgumentCount(arguments.length, "getsockname", 0);
    return this.#endpoint.getsockname();
  }

  /**
   * Whether calls may wait: the timeout is not 0. As Python's
   * `socket.getblocking()`.
   *
   * @example A new socket waits
   * ```ts
   * import { socket } from "@pysocket/socket";
   * import { assert } from "@std/assert";
   *
   * using sock = socket();
   * assert(sock.getblocking());
   * ```
   *
   * @returns False if the timeout is 0.
   */
  getblocking(): boolean {
    checkArgumentCount(arguments.length, "getblocking", 0);
    return this.#timeout !== 0;
  }

  /**
   * How long calls wait. As Python's `socket.gettimeout()`.
   *
   * @example A new socket has no limit
   * ```ts
   * import { socket } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using sock = socket();
   * assertEquals(sock.gettimeout(), null);
   * ```
   *
   * @returns Seconds; `null` without a limit, 0 if calls never wait.
   */
  gettimeout(): number | null {
    checkArgumentCount(arguments.length, "gettimeout", 0);
    return this.#timeout;
  }

  /**
   * The value of an option. As Python's `socket.getsockopt()`.
   *
   * There are `SO_ACCEPTCONN`, `SO_DOMAIN`, `SO_ERROR`, `SO_KEEPALIVE`,
   * `SO_PROTOCOL`, `SO_REUSEADDR`, `SO_REUSEPORT`, `SO_TYPE`, `TCP_NODELAY` and
   * `IPV6_V6ONLY`. `SO_ERROR` is the errno of a failure that no call has
   * reported, such as a background `connect`'s; reading it clears it.
   *
   * @example What kind of socket it is
   * ```ts
   * import { SO_TYPE, SOCK_STREAM, socket, SOL_SOCKET } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using sock = socket();
   * assertEquals(sock.getsockopt(SOL_SOCKET, SO_TYPE), SOCK_STREAM);
   * ```
   *
   * @param level `SOL_SOCKET`, `IPPROTO_TCP` or `IPPROTO_IPV6`.
   * @param optname The option.
   * @param buflen How many bytes of the value to return at most; 0 returns a
   * number.
   * @returns The number, or its bytes.
   * @throws {TypeError} If an argument is no whole number.
   * @throws {OSError} ENOPROTOOPT or EOPNOTSUPP if there is no such option here;
   * without an errno if `buflen` is not 0–1024; EBADF if you have closed it.
   */
  getsockopt(level: number, optname: number): number;
  /** The same, as bytes. */
  getsockopt(level: number, optname: number, buflen: number): Uint8Array;
  getsockopt(
    level: number,
    optname: number,
    buflen = 0,
  ): number | Uint8Array {
    checkArgumentCount(arguments.length, "getsockopt", 2, 3);
    const [l = 0, name = 0, length = 0] = [level, optname, buflen]
      .map(parseInt32);
    if (length < 0 || length > 1024) {
      throw new OSError("getsockopt buflen out of range");
    }
    if (this.#endpoint.isClosed) throw osError("EBADF");
    return getOption(this.#descriptor, l, name, length);
  }

  /**
   * Begins to listen for connections. As Python's `socket.listen()`.
   *
   * A socket without an address gets a free port on all interfaces. The first
   * call decides on the backlog.
   *
   * @example A server that has not bound
   * ```ts
   * import { socket } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using sock = socket();
   * sock.listen();
   * assertEquals(sock.getsockname()[0], "0.0.0.0");
   * ```
   *
   * @param backlog How many connections the system completes ahead of `accept`:
   * on Linux one more than this, and further clients wait. Less than 0 is 0;
   * 128 if left out. Deno has no such number for Unix sockets.
   * @throws {TypeError} If it is no whole number.
   * @throws {OverflowError} If it does not fit 32 bits.
   * @throws {OSError} EINVAL if the socket is connected, or of `AF_UNIX` and not
   * bound; EADDRINUSE; EBADF if you have closed it.
   */
  listen(backlog?: number): void {
    checkArgumentCount(arguments.length, "listen", 0, 1);
    if (arguments.length === 0) this.#endpoint.listen();
    else this.#endpoint.listen(Math.max(0, parseInt32(backlog)));
  }

  /**
   * Makes a file object of the socket. As Python's `socket.makefile()`.
   *
   * A file without "b" in its mode holds text, with "b" bytes. It has a buffer,
   * and what it has read ahead, `recv` no longer sees. Close it, by `close()` or
   * `await using`: until then it keeps the connection open, even if the socket
   * is closed. In Python a file that nobody holds closes itself; here none does.
   *
   * For the two directions of a connection make two files: one of text for both
   * forgets what it has read ahead whenever something is written, as Python's.
   *
   * @example Lines of text
   * ```ts
   * import { create_connection, create_server } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using listener = create_server(["127.0.0.1", 0]);
   * using client = await create_connection(listener.getsockname());
   * {
   *   await using file = client.makefile("w");
   *   await file.write("one\ntwo\n");
   * }
   * client.close();
   *
   * using conn = (await listener.accept())[0];
   * using file = conn.makefile("r");
   * const lines: string[] = [];
   * for await (const line of file) lines.push(line);
   * assertEquals(lines, ["one\n", "two\n"]);
   * ```
   *
   * @param mode "r", "w" or both; with "b" for bytes. Text to read if left out.
   * @param options `buffering`, or a number for it alone; `encoding`, `errors` and
   * `newline` of text.
   *
   * The encodings are UTF-8, UTF-16, ASCII, Latin-1, those with one byte for each
   * character that both Python and Deno have (ISO 8859, Windows, KOI8, Mac), GBK,
   * GB 2312, GB 18030, Big5 and code page 949. For any other read bytes, and decode
   * these.
   * The error handlers are Python's, but "namereplace". By `newline` `null` each
   * of `\n`, `\r` and `\r\n` ends a line and becomes `\n`; by `""` they stay; any
   * other is the only end. `\n` is written as that end.
   * @returns For text a {@linkcode TextIOWrapper}; for bytes a
   * {@linkcode BufferedReader}, {@linkcode BufferedWriter} or, for both directions,
   * {@linkcode BufferedRWPair}; with `buffering` 0 a {@linkcode SocketIO}.
   * @throws {ValueError} If `mode` or `newline` is none of these, or text is to be
   * without a buffer.
   * @throws {LookupError} If there is no such encoding.
   * @throws {TypeError} If an argument has the wrong type.
   */
  makefile(
    mode?: "r" | "w" | "rw" | "wr" | "",
    options?: MakefileOptions | number | null,
  ): TextIOWrapper;
  /** The same, for bytes without a buffer. */
  makefile(
    mode: BinaryMode,
    options: 0 | MakefileOptions & { buffering: 0 },
  ): SocketIO;
  /** The same, for bytes to read. */
  makefile(
    mode: "rb" | "br" | "b",
    options?: MakefileOptions | number | null,
  ): BufferedReader;
  /** The same, for bytes to write. */
  makefile(
    mode: "wb" | "bw",
    options?: MakefileOptions | number | null,
  ): BufferedWriter;
  /** The same, for bytes to read and write. */
  makefile(
    mode: BinaryMode,
    options?: MakefileOptions | number | null,
  ): BufferedRWPair;
  /** The same, for a mode that is known only at run time. */
  makefile(
    mode: string,
    options?: MakefileOptions | number | null,
  ): SocketFile;
  makefile(
    mode = "r",
    options: MakefileOptions | number | null = null,
  ): SocketFile {
    if (arguments.length > 2) {
      throw new TypeError(
        "socket.makefile() takes from 1 to 3 positional arguments but " +
          `${arguments.length + 1} were given`,
      );
    }
    const file = makefile(this, mode, options);
    this.#ioRefs++;
    return file;
  }

  /**
   * Receives bytes. As Python's `socket.recv()`.
   *
   * What arrives after a timeout is not lost: the next call gets it. Calls that
   * wait at the same time are served in their order.
   *
   * @example A message, and the end of the stream
   * ```ts
   * import { create_connection, create_server } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using listener = create_server(["127.0.0.1", 0]);
   * using client = await create_connection(listener.getsockname());
   * const [conn] = await listener.accept();
   * await conn.sendall(Uint8Array.of(1, 2, 3));
   * conn.close();
   *
   * assertEquals(await client.recv(1024), Uint8Array.of(1, 2, 3));
   * assertEquals(await client.recv(1024), new Uint8Array(0));
   * ```
   *
   * @param bufsize At most so many bytes.
   * @param flags `MSG_PEEK`: the bytes stay for the next call. `MSG_DONTWAIT`:
   * as with a timeout of 0, on a socket without one. `MSG_WAITALL`: wait for
   * `bufsize` bytes, or the end of the stream, on a socket without a timeout.
   * @returns What has arrived, which may be less than was sent; empty when the
   * peer has sent everything, or when `bufsize` is 0.
   * @throws {TypeError} If an argument is no whole number.
   * @throws {ValueError} If `bufsize` is negative.
   * @throws {TimeoutError} If nothing arrives within the timeout.
   * @throws {BlockingIOError} EAGAIN if the timeout is 0 and nothing is there.
   * @throws {ConnectionResetError} If the peer has broken the connection.
   * @throws {OSError} ENOTCONN if the socket is not connected; EOPNOTSUPP for a
   * flag that Deno has no way to do; EBADF if you have closed it, also during
   * the call.
   */
  recv(
    bufsize: number,
    flags: number = 0,
  ): Promise<Uint8Array<ArrayBuffer>> {
    try {
      checkArgumentCount(arguments.length, "recv", 1, 2);
      const size = asInteger(bufsize, "ssize_t");
      const how = parseInt32(flags);
      if (size < 0) throw new ValueError("negative buffersize in recv");
      if (size === 0) return Promise.resolve(new Uint8Array(0));
      const timeout = this.#timeoutWith(how);
      return this.#endpoint.receive(size, timeout, how);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Receives bytes, and says from whom. As Python's `socket.recvfrom()`.
   *
   * On a datagram socket each call takes one datagram; what is longer than
   * `bufsize` is lost, as in Python. On a stream it is `recv`, and the address is
   * `null`.
   *
   * @example Who has sent it
   * ```ts
   * import { AF_INET, SOCK_DGRAM, socket } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using server = socket(AF_INET, SOCK_DGRAM);
   * server.bind(["127.0.0.1", 0]);
   * using client = socket(AF_INET, SOCK_DGRAM);
   * await client.sendto(Uint8Array.of(1, 2), server.getsockname());
   *
   * const [data, address] = await server.recvfrom(1024);
   * assertEquals(data, Uint8Array.of(1, 2));
   * assertEquals(address, ["127.0.0.1", client.getsockname()[1]]);
   * ```
   *
   * @param bufsize At most so many bytes.
   * @param flags As for `recv`.
   * @returns The bytes, and the sender's address, in the form that `accept`
   * describes.
   * @throws {TypeError} If an argument is no whole number.
   * @throws {ValueError} If `bufsize` is negative.
   * @throws {TimeoutError} If nothing arrives within the timeout.
   * @throws {BlockingIOError} EAGAIN if the timeout is 0 and nothing is there.
   * @throws {OSError} As for `recv`.
   */
  recvfrom(
    bufsize: number,
    flags?: number,
  ): Promise<[Uint8Array<ArrayBuffer>, InetAddress]>;
  /** The same, for an address of another kind: `recvfrom<string>(1024)`. */
  recvfrom<A extends Address | null>(
    bufsize: number,
    flags?: number,
  ): Promise<[Uint8Array<ArrayBuffer>, A]>;
  async recvfrom(
    bufsize: number,
    flags: number = 0,
  ): Promise<[Uint8Array<ArrayBuffer>, Address | null]> {
    checkArgumentCount(arguments.length, "recvfrom", 1, 2);
    const size = asInteger(bufsize, "ssize_t");
    const how = parseInt32(flags);
    if (size < 0) throw new ValueError("negative buffersize in recvfrom");
    const timeout = this.#timeoutWith(how);
    const message = await this.#endpoint.receiveMessage(size, 0, timeout, how);
    return [message.data, message.address];
  }

  /**
   * Receives bytes with all that is known about them. As Python's
   * `socket.recvmsg()`.
   *
   * @example A datagram that was longer
   * ```ts
   * import { AF_INET, MSG_TRUNC, SOCK_DGRAM, socket } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using receiver = socket(AF_INET, SOCK_DGRAM);
   * receiver.bind(["127.0.0.1", 0]);
   * using sender = socket(AF_INET, SOCK_DGRAM);
   * await sender.sendto(Uint8Array.of(1, 2, 3), receiver.getsockname());
   *
   * const [data, ancdata, flags] = await receiver.recvmsg(2);
   * assertEquals(data, Uint8Array.of(1, 2));
   * assertEquals(ancdata, []);
   * assertEquals(flags, MSG_TRUNC);
   * ```
   *
   * @param bufsize At most so many bytes.
   * @param ancbufsize Room for ancillary data, in bytes: `CMSG_SPACE(…)`. Only
   * the descriptor brings such data, so that more than 0 needs `--allow-ffi`.
   * @param flags As for `recv`.
   * @returns The bytes; the ancillary data, each item `[level, type, bytes]`; the
   * flags that the system returns, such as `MSG_TRUNC`; the sender's address, in
   * the form that `accept` describes, `null` on a stream.
   * @throws {TypeError} If an argument is no whole number.
   * @throws {ValueError} If a size is negative, or `ancbufsize` too large.
   * @throws {TimeoutError} If nothing arrives within the timeout.
   * @throws {BlockingIOError} EAGAIN if the timeout is 0 and nothing is there.
   * @throws {OSError} As for `recv`.
   */
  recvmsg(
    bufsize: number,
    ancbufsize?: number,
    flags?: number,
  ): Promise<
    [Uint8Array<ArrayBuffer>, AncillaryItem[], number, InetAddress]
  >;
  /** The same, for an address of another kind: `recvmsg<string>(1024)`. */
  recvmsg<A extends Address | null>(
    bufsize: number,
    ancbufsize?: number,
    flags?: number,
  ): Promise<[Uint8Array<ArrayBuffer>, AncillaryItem[], number, A]>;
  async recvmsg(
    bufsize: number,
    ancbufsize: number = 0,
    flags: number = 0,
  ): Promise<
    [Uint8Array<ArrayBuffer>, AncillaryItem[], number, Address | null]
  > {
    checkArgumentCount(arguments.length, "recvmsg", 1, 3);
    const size = asInteger(bufsize, "ssize_t");
    const room = asInteger(ancbufsize, "ssize_t");
    const how = parseInt32(flags);
    if (size < 0) throw new ValueError("negative buffer size in recvmsg()");
    const message = await this.#receiveMessage(size, room, how);
    return [message.data, message.ancillary, message.flags, message.address];
  }

  /**
   * Receives bytes into several arrays, one after the other. As Python's
   * `socket.recvmsg_into()`.
   *
   * @example A header and a body
   * ```ts
   * import { create_connection, create_server } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using listener = create_server(["127.0.0.1", 0]);
   * using client = await create_connection(listener.getsockname());
   * await client.sendall(Uint8Array.of(1, 2, 3));
   * const [conn] = await listener.accept();
   *
   * const [header, body] = [new Uint8Array(1), new Uint8Array(8)];
   * const [count] = await conn.recvmsg_into([header, body]);
   * conn.close();
   * assertEquals(count, 3);
   * assertEquals(header, Uint8Array.of(1));
   * assertEquals(body.subarray(0, 2), Uint8Array.of(2, 3));
   * ```
   *
   * @param buffers The arrays, in the order in which they are filled.
   * @param ancbufsize As for `recvmsg`.
   * @param flags As for `recv`.
   * @returns How many bytes the arrays have got, and then what `recvmsg` returns.
   * @throws {TypeError} If `buffers` is no iterable of arrays of bytes, or a
   * number is none.
   * @throws {ValueError} If `ancbufsize` is negative or too large.
   * @throws {TimeoutError} If nothing arrives within the timeout.
   * @throws {BlockingIOError} EAGAIN if the timeout is 0 and nothing is there.
   * @throws {OSError} As for `recv`.
   */
  recvmsg_into(
    buffers: Iterable<BytesLike>,
    ancbufsize?: number,
    flags?: number,
  ): Promise<[number, AncillaryItem[], number, InetAddress]>;
  /** The same, for an address of another kind: `recvmsg_into<string>(…)`. */
  recvmsg_into<A extends Address | null>(
    buffers: Iterable<BytesLike>,
    ancbufsize?: number,
    flags?: number,
  ): Promise<[number, AncillaryItem[], number, A]>;
  async recvmsg_into(
    buffers: Iterable<BytesLike>,
    ancbufsize: number = 0,
    flags: number = 0,
  ): Promise<[number, AncillaryItem[], number, Address | null]> {
    checkArgumentCount(arguments.length, "recvmsg_into", 1, 3);
    const room = asInteger(ancbufsize, "ssize_t");
    const how = parseInt32(flags);
    const targets = asList(buffers, "recvmsg_into() argument 1")
      .map(asWritableSegment);
    const size = targets.reduce((sum, { length }) => sum + length, 0);
    const message = await this.#receiveMessage(size, room, how);
    scatter(message.data, targets);
    return [
      message.data.length,
      message.ancillary,
      message.flags,
      message.address,
    ];
  }

  async #receiveMessage(
    size: number,
    room: number,
    flags: number,
  ): Promise<Message> {
    if (room < 0 || room > 0x7fffffff) {
      throw new ValueError("invalid ancillary data buffer length");
    }
    const timeout = this.#timeoutWith(flags);
    return await this.#endpoint.receiveMessage(size, room, timeout, flags);
  }

  /**
   * Receives bytes into an array, and says from whom. As Python's
   * `socket.recvfrom_into()`.
   *
   * @example A buffer that is used again
   * ```ts
   * import { AF_INET, SOCK_DGRAM, socket } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using receiver = socket(AF_INET, SOCK_DGRAM);
   * receiver.bind(["127.0.0.1", 0]);
   * using sender = socket(AF_INET, SOCK_DGRAM);
   * await sender.sendto(Uint8Array.of(1, 2, 3), receiver.getsockname());
   *
   * const buffer = new Uint8Array(1024);
   * const [count, [host]] = await receiver.recvfrom_into(buffer);
   * assertEquals(buffer.subarray(0, count), Uint8Array.of(1, 2, 3));
   * assertEquals(host, "127.0.0.1");
   * ```
   *
   * @param buffer The array; it is filled from its start.
   * @param nbytes At most so many bytes; 0 is as many as the array holds.
   * @param flags As for `recv`.
   * @returns How many bytes the array has got, and the sender's address, as for
   * `recvfrom`.
   * @throws {TypeError} If `buffer` is no array of bytes, or a number is none.
   * @throws {ValueError} If `nbytes` is negative or more than the array holds.
   * @throws {TimeoutError} If nothing arrives within the timeout.
   * @throws {BlockingIOError} EAGAIN if the timeout is 0 and nothing is there.
   * @throws {OSError} As for `recv`.
   */
  recvfrom_into(
    buffer: BytesLike,
    nbytes?: number,
    flags?: number,
  ): Promise<[number, InetAddress]>;
  /** The same, for an address of another kind: `recvfrom_into<string>(…)`. */
  recvfrom_into<A extends Address | null>(
    buffer: BytesLike,
    nbytes?: number,
    flags?: number,
  ): Promise<[number, A]>;
  async recvfrom_into(
    buffer: BytesLike,
    nbytes: number = 0,
    flags: number = 0,
  ): Promise<[number, Address | null]> {
    if (arguments.length === 0) {
      throw new TypeError(
        "recvfrom_into() missing required argument 'buffer' (pos 1)",
      );
    }
    checkArgumentCount(arguments.length, "recvfrom_into", 0, 3);
    const bytes = asWritableBytes(buffer, "recvfrom_into");
    const wanted = asInteger(nbytes, "ssize_t");
    const how = parseInt32(flags);
    if (wanted < 0) {
      throw new ValueError("negative buffersize in recvfrom_into");
    }
    if (wanted > bytes.length) {
      throw new ValueError(
        "nbytes is greater than the length of the buffer",
      );
    }
    const size = wanted === 0 ? bytes.length : wanted;
    const timeout = this.#timeoutWith(how);
    const target = size === bytes.length ? bytes : bytes.subarray(0, size);
    return await this.#endpoint.receiveFrom(target, timeout, how);
  }

  /**
   * Receives bytes into an array. As Python's `socket.recv_into()`.
   *
   * The array is written to only until the promise settles. It is the fastest
   * way to receive much: no array is made, and without a timeout no byte copied.
   *
   * @example A buffer that is used again
   * ```ts
   * import { create_connection, create_server } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using listener = create_server(["127.0.0.1", 0]);
   * using client = await create_connection(listener.getsockname());
   * const [conn] = await listener.accept();
   * await conn.sendall(Uint8Array.of(1, 2, 3));
   * conn.close();
   *
   * const buffer = new Uint8Array(1024);
   * const count = await client.recv_into(buffer);
   * assertEquals(buffer.subarray(0, count), Uint8Array.of(1, 2, 3));
   * ```
   *
   * @param buffer The array; it is filled from its start.
   * @param nbytes At most so many bytes; 0 is as many as the array holds.
   * @param flags As for `recv`.
   * @returns How many bytes the array has got; 0 at the end of the stream.
   * @throws {TypeError} If `buffer` is no array of bytes, or a number is none.
   * @throws {ValueError} If `nbytes` is negative or more than the array holds.
   * @throws {TimeoutError} If nothing arrives within the timeout.
   * @throws {BlockingIOError} EAGAIN if the timeout is 0 and nothing is there.
   * @throws {ConnectionResetError} If the peer has broken the connection.
   * @throws {OSError} As for `recv`.
   */
  recv_into(
    buffer: BytesLike,
    nbytes: number = 0,
    flags: number = 0,
  ): Promise<number> {
    try {
      if (arguments.length === 0) {
        throw new TypeError(
          "recv_into() missing required argument 'buffer' (pos 1)",
        );
      }
      checkArgumentCount(arguments.length, "recv_into", 0, 3);
      const bytes = asWritableBytes(buffer, "recv_into");
      const size = asInteger(nbytes, "ssize_t");
      const how = parseInt32(flags);
      if (size < 0) throw new ValueError("negative buffersize in recv_into");
      if (size > bytes.length) {
        throw new ValueError("buffer too small for requested bytes");
      }
      if (bytes.length === 0) return Promise.resolve(0);
      const target = size === 0 ? bytes : bytes.subarray(0, size);
      const timeout = this.#timeoutWith(how);
      return this.#endpoint.receiveInto(target, timeout, how);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Sends bytes. As Python's `socket.send()`.
   *
   * Without a timeout it sends all of them. With one it sends what there is room
   * for, and says how much that was: the rest is the caller's to send again. The
   * array is free for other use once the promise has settled.
   *
   * @example How many bytes went out
   * ```ts
   * import { create_connection, create_server } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using listener = create_server(["127.0.0.1", 0]);
   * using client = await create_connection(listener.getsockname());
   * assertEquals(await client.send(new TextEncoder().encode("你好")), 6);
   * ```
   *
   * @param data The bytes. A string is refused: encode it first.
   * @param flags `MSG_DONTWAIT`: as with a timeout of 0, on a socket without one.
   * @returns How many bytes the system has taken; the peer need not have read
   * them.
   * @throws {TypeError} If `data` is not bytes, or `flags` is no whole number.
   * @throws {TimeoutError} If there is no room for a single byte within the
   * timeout.
   * @throws {BlockingIOError} EAGAIN if the timeout is 0 and there is no room.
   * @throws {BrokenPipeError} If the socket is not connected, has been shut down
   * for sending, or the peer is known to be gone.
   * @throws {ConnectionResetError} If the peer has broken the connection.
   * @throws {OSError} ENOTCONN if a socket of `AF_UNIX` is not connected;
   * EOPNOTSUPP for a flag that Deno has no way to do; EBADF if you have closed
   * it, also during the call.
   */
  send(data: BytesLike, flags: number = 0): Promise<number> {
    try {
      checkArgumentCount(arguments.length, "send", 1, 2);
      const bytes = asBytes(data);
      const how = parseInt32(flags);
      const timeout = this.#timeoutWith(how);
      return this.#endpoint.send(bytes, timeout, how);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Sends all bytes, however often the system has to be asked. As Python's
   * `socket.sendall()`; the timeout is for the whole call.
   *
   * An error's `bytes_sent` tells how many bytes had been taken until then.
   *
   * @example More than fits into any buffer
   * ```ts
   * import { create_connection, create_server } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using listener = create_server(["127.0.0.1", 0]);
   * using client = await create_connection(listener.getsockname());
   * const [conn] = await listener.accept();
   *
   * const sending = client.sendall(new Uint8Array(10_000_000));
   * let received = 0;
   * while (received < 10_000_000) received += (await conn.recv(65536)).length;
   * await sending;
   * conn.close();
   * assertEquals(received, 10_000_000);
   * ```
   *
   * @param data The bytes. A string is refused: encode it first.
   * @param flags As for `send`.
   * @throws {TypeError} If `data` is not bytes, or `flags` is no whole number.
   * @throws {TimeoutError} If not everything was taken within the timeout; a
   * part may have been.
   * @throws {BlockingIOError} EAGAIN if the timeout is 0 and there is no room
   * for all of it; a part may have been taken.
   * @throws {BrokenPipeError} As for `send`.
   * @throws {ConnectionResetError} As for `send`.
   * @throws {OSError} As for `send`.
   */
  sendall(data: BytesLike, flags: number = 0): Promise<void> {
    try {
      checkArgumentCount(arguments.length, "sendall", 1, 2);
      const bytes = asBytes(data);
      const how = parseInt32(flags);
      const timeout = this.#timeoutWith(how);
      return this.#endpoint.sendAll(bytes, timeout, how);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Sends one datagram to an address. As Python's `socket.sendto()`, also with
   * three arguments: `sendto(data, flags, address)`.
   *
   * A socket that is not bound gets a free port on all interfaces. On a connected
   * stream the address is ignored, as it is on Linux.
   *
   * @example There and back
   * ```ts
   * import { AF_INET, SOCK_DGRAM, socket } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using server = socket(AF_INET, SOCK_DGRAM);
   * server.bind(["127.0.0.1", 0]);
   * using client = socket(AF_INET, SOCK_DGRAM);
   * await client.sendto(Uint8Array.of(1), server.getsockname());
   *
   * const [question, address] = await server.recvfrom(1024);
   * await server.sendto(Uint8Array.of(...question, 2), address);
   * assertEquals(await client.recv(1024), Uint8Array.of(1, 2));
   * ```
   *
   * @param data The bytes. A string is refused: encode it first.
   * @param address As for `bind`; a name is looked up in this socket's family.
   * @returns How many bytes were sent: all of them.
   * @throws {TypeError} If `data` is not bytes, or that is no address of the
   * family.
   * @throws {OverflowError} If the port is not 0–65535.
   * @throws {gaierror} If the host does not resolve.
   * @throws {PermissionError} EACCES for a broadcast address without
   * `SO_BROADCAST`, or if a missing `--allow-net` forbids it.
   * @throws {TimeoutError} If there is no room within the timeout.
   * @throws {BlockingIOError} EAGAIN if the timeout is 0 and there is no room.
   * @throws {OSError} EMSGSIZE if it is too long for one datagram; EINVAL for
   * port 0; ENETUNREACH and others of the network; EBADF if you have closed it.
   */
  sendto(data: BytesLike, address: AddressLike): Promise<number>;
  /** The same, with flags as for `send`. */
  sendto(
    data: BytesLike,
    flags: number,
    address: AddressLike,
  ): Promise<number>;
  async sendto(
    data: BytesLike,
    flagsOrAddress?: number | AddressLike,
    address?: AddressLike,
  ): Promise<number> {
    const given = arguments.length;
    if (given < 2 || given > 3) {
      throw new TypeError(
        `sendto() takes 2 or 3 arguments (${given} given)`,
      );
    }
    const bytes = asBytes(data);
    const how = given === 3 ? parseInt32(flagsOrAddress) : 0;
    const to = given === 3 ? address : flagsOrAddress;
    const found = this.#resolve(to, "sendto");
    // A lookup takes turns of the event loop, and most addresses are numbers.
    const remote = found instanceof Promise ? await found : found;
    const timeout = this.#timeoutWith(how);
    return await this.#endpoint.sendMessage(bytes, [], remote, timeout, how);
  }

  /**
   * Sends bytes from several arrays as one message, with ancillary data and to an
   * address if these are given. As Python's `socket.sendmsg()`.
   *
   * @example A header and a body
   * ```ts
   * import { create_connection, create_server } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using listener = create_server(["127.0.0.1", 0]);
   * using client = await create_connection(listener.getsockname());
   * const [header, body] = [Uint8Array.of(1), Uint8Array.of(2, 3)];
   * assertEquals(await client.sendmsg([header, body]), 3);
   *
   * const [conn] = await listener.accept();
   * assertEquals(await conn.recv(1024), Uint8Array.of(1, 2, 3));
   * conn.close();
   * ```
   *
   * @param buffers The arrays, in their order.
   * @param ancdata The ancillary data, each item `[level, type, bytes]`; needs
   * `--allow-ffi`.
   * @param flags As for `send`.
   * @param address As for `sendto`; `null` for the peer of a connected socket.
   * @returns How many bytes were sent.
   * @throws {TypeError} If an argument has the wrong type.
   * @throws {OSError} EDESTADDRREQ if there is neither an address nor a peer;
   * EMSGSIZE for more than 1024 arrays; EOPNOTSUPP for ancillary data without
   * `--allow-ffi`; and as for `send` and `sendto`.
   */
  async sendmsg(
    buffers: Iterable<BytesLike>,
    ancdata: Iterable<readonly [number, number, BytesLike]> = [],
    flags: number = 0,
    address: AddressLike | null = null,
  ): Promise<number> {
    checkArgumentCount(arguments.length, "sendmsg", 1, 4);
    const how = parseInt32(flags);
    const remote = address === null
      ? null
      : await this.#resolve(address, "sendmsg");
    const pieces = asList(buffers, "sendmsg() argument 1").map(asBytes);
    const ancillary = asList(ancdata, "sendmsg() argument 2")
      .map(parseAncillaryItem);
    const { isClosed } = this.#endpoint;
    if (!isClosed && pieces.length > IOV_MAX) throw osError("EMSGSIZE");
    const timeout = this.#timeoutWith(how);
    return await this.#endpoint
      .sendMessage(gather(pieces), ancillary, remote, timeout, how);
  }

  /** MSG_DONTWAIT counts only on a socket that would wait without limit. */
  #timeoutWith(flags: number): number | null {
    return (flags & MSG_DONTWAIT) !== 0 ? this.#timeout ?? 0 : this.#timeout;
  }

  /**
   * Sends a file up to its end, or a part of it. As Python's
   * `socket.sendfile()`.
   *
   * Afterwards, and after an error, the file stands behind what has been sent.
   *
   * @example A part of a file
   * ```ts
   * import { create_connection, create_server } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using listener = create_server(["127.0.0.1", 0]);
   * using client = await create_connection(listener.getsockname());
   * using conn = (await listener.accept())[0];
   *
   * const path = await Deno.makeTempFile();
   * await Deno.writeTextFile(path, "not this, only this part");
   * {
   *   using file = await Deno.open(path);
   *   assertEquals(await client.sendfile(file, 10, 9), 9);
   * }
   * await Deno.remove(path);
   * assertEquals(new TextDecoder().decode(await conn.recv(99)), "only this");
   * ```
   *
   * @param file A `Deno.FsFile`, or anything with its `read` method and, if it can
   * seek, its `seek` method. A file that is none of the system's is sent from
   * where it stands if `offset` is 0, as in Python.
   * @param offset Where in the file to begin; or an object with `offset` and
   * `count`.
   * @param count How many bytes to send; `null` sends up to the end.
   * @returns How many bytes have been sent.
   * @throws {ValueError} If the timeout is 0, the socket is of another type than
   * `SOCK_STREAM`, the file is one of text, or `count` is not positive.
   * @throws {TypeError} If an argument has the wrong type.
   * @throws {TimeoutError} If the socket cannot take any more for as long as its
   * timeout; a part has been sent.
   * @throws {BrokenPipeError} As for `send`.
   * @throws {ConnectionResetError} As for `send`.
   * @throws {OSError} As for `send`.
   */
  async sendfile(
    file: SendfileSource,
    offset: number | SendfileOptions = 0,
    count: number | null = null,
  ): Promise<number> {
    if (arguments.length === 0) {
      throw new TypeError(
        "socket.sendfile() missing 1 required positional argument: 'file'",
      );
    }
    if (arguments.length > 3) {
      throw new TypeError(
        "socket.sendfile() takes from 2 to 4 positional arguments but " +
          `${arguments.length + 1} were given`,
      );
    }
    const named = typeof offset === "object" && offset !== null
      ? offset
      : { offset, count };
    const sock = {
      type: this.#type,
      isClosed: this.#endpoint.isClosed,
      gettimeout: () => this.#timeout,
      send: (data: BytesLike) => this.send(data),
    };
    return await sendfile(sock, file, named.offset ?? 0, named.count ?? null);
  }

  /**
   * Lets calls wait, or not. As Python's `socket.setblocking()`:
   * `setblocking(true)` is `settimeout(null)`, `setblocking(false)` is
   * `settimeout(0)`.
   *
   * A call that may not wait still takes one turn of the event loop, about two
   * milliseconds, before it raises BlockingIOError: only then is it certain that
   * nothing was there.
   *
   * @example Nothing there yet
   * ```ts
   * import { BlockingIOError, create_server } from "@pysocket/socket";
   * import { assertRejects } from "@std/assert";
   *
   * using listener = create_server(["127.0.0.1", 0]);
   * listener.setblocking(false);
   * await assertRejects(() => listener.accept(), BlockingIOError);
   * ```
   *
   * @param flag Whether calls may wait; numbers count as in Python.
   * @throws {TypeError} If it is neither a boolean nor a whole number.
   * @throws {OSError} EBADF if you have closed it.
   */
  setblocking(flag: boolean | number): void {
    checkArgumentCount(arguments.length, "setblocking", 1);
    this.#setTimeout(asInteger(flag, "long") !== 0 ? null : 0);
  }

  /**
   * Limits how long calls wait. As Python's `socket.settimeout()`. A call that
   * is waiting already keeps the limit it began with.
   *
   * @example A peer that says nothing
   * ```ts
   * import {
   *   create_connection,
   *   create_server,
   *   TimeoutError,
   * } from "@pysocket/socket";
   * import { assertRejects } from "@std/assert";
   *
   * using listener = create_server(["127.0.0.1", 0]);
   * using client = await create_connection(listener.getsockname());
   * client.settimeout(0.01);
   * await assertRejects(() => client.recv(1), TimeoutError, "timed out");
   * ```
   *
   * @param timeout Seconds; `null` for no limit, 0 for calls that never wait.
   * @throws {ValueError} If it is negative or NaN.
   * @throws {OverflowError} If it is infinite.
   * @throws {TypeError} If it is no number.
   * @throws {OSError} EBADF if you have closed it.
   */
  settimeout(timeout: number | null): void {
    checkArgumentCount(arguments.length, "settimeout", 1);
    this.#setTimeout(parseTimeout(timeout));
  }

  #setTimeout(timeout: number | null): void {
    this.#timeout = timeout;
    if (this.#endpoint.isClosed) throw osError("EBADF");
  }

  /**
   * Gives an option a value. As Python's `socket.setsockopt()`.
   *
   * What is set before the socket is bound or connected is used when it is, and
   * the sockets that `accept` returns inherit it. `SO_REUSEADDR` is only
   * remembered: Deno sets it for every listener, except on Windows.
   *
   * @example No delay for small messages
   * ```ts
   * import { IPPROTO_TCP, socket, TCP_NODELAY } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using sock = socket();
   * sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1);
   * assertEquals(sock.getsockopt(IPPROTO_TCP, TCP_NODELAY), 1);
   * ```
   *
   * @param level `SOL_SOCKET`, `IPPROTO_TCP` or `IPPROTO_IPV6`.
   * @param optname `SO_KEEPALIVE`, `SO_REUSEADDR`, `SO_REUSEPORT`, `TCP_NODELAY`
   * or `IPV6_V6ONLY`.
   * @param value A number, or its bytes in this machine's order.
   * @throws {TypeError} If the arguments have other types.
   * @throws {OSError} ENOPROTOOPT if there is no such option here, or for
   * `SO_REUSEPORT` without `--unstable-net`; EINVAL for fewer than 4 bytes, or
   * for `IPV6_V6ONLY` after `bind`; EBADF if you have closed it.
   */
  setsockopt(
    level: number,
    optname: number,
    value: number | boolean | BytesLike,
  ): void {
    if (arguments.length !== 3) {
      throw new TypeError(
        `setsockopt() takes exactly 3 arguments (${arguments.length} given)`,
      );
    }
    const [l = 0, name = 0] = [level, optname].map(parseInt32);
    const bytes = optionValue(value);
    if (this.#endpoint.isClosed) throw osError("EBADF");
    setOption(this.#descriptor, l, name, bytes);
  }

  /**
   * Shuts one direction of a connection down, or both. As Python's
   * `socket.shutdown()`.
   *
   * After `SHUT_WR` the peer's `recv` returns the end of the stream, while this
   * side can still receive. After `SHUT_RD` this side's `recv` no longer waits;
   * Deno cannot tell the system, so that a `recv_into` without a timeout which
   * was waiting may still have one arriving piece written to its array.
   *
   * @example "I have no more to say"
   * ```ts
   * import { create_connection, create_server, SHUT_WR } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using listener = create_server(["127.0.0.1", 0]);
   * using client = await create_connection(listener.getsockname());
   * const [conn] = await listener.accept();
   *
   * await client.shutdown(SHUT_WR);
   * assertEquals((await conn.recv(1)).length, 0);
   * await conn.sendall(Uint8Array.of(42));
   * assertEquals(await client.recv(1), Uint8Array.of(42));
   * conn.close();
   * ```
   *
   * @param how `SHUT_RD`, `SHUT_WR` or `SHUT_RDWR`.
   * @throws {TypeError} If it is no whole number.
   * @throws {OverflowError} If it does not fit 32 bits.
   * @throws {OSError} EINVAL if it is none of the three; ENOTCONN if there is no
   * peer; EBADF if you have closed it.
   */
  async shutdown(how: number): Promise<void> {
    checkArgumentCount(arguments.length, "shutdown", 1);
    await this.#endpoint.shutdown(asInteger(how, "int"));
  }

  /** Closes the socket at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Closes the socket and waits until its port is free again; not if files of
   * `makefile` are still open.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    if (this.#isReleased) await this.#descriptor.close();
  }

  /**
   * Python's `repr()`, with `fd=?` for the descriptor that Deno does not tell.
   *
   * @example A socket in text
   * ```ts
   * import { socket } from "@pysocket/socket";
   * import { assertEquals } from "@std/assert";
   *
   * using sock = socket();
   * assertEquals(
   *   String(sock),
   *   "<socket.socket fd=?, family=2, type=1, proto=0, laddr=('0.0.0.0', 0)>",
   * );
   * ```
   *
   * @returns For example `<socket.socket fd=?, family=2, type=1, proto=0,
   * laddr=('127.0.0.1', 8000)>`.
   */
  toString(): string {
    return this.#repr(String(this.#family), String(this.#type));
  }

  /** The same for `console.log`, with the names of family and type. */
  [Symbol.for("Deno.customInspect")](): string {
    return this.#repr(
      nameIn("AddressFamily", AddressFamily, this.#family),
      nameIn("SocketKind", SocketKind, this.#type),
    );
  }

  #repr(family: string, type: string): string {
    const { isClosed } = this.#endpoint;
    const fd = this.#descriptor.number ?? "?";
    const name = this.constructor === Socket
      ? "socket.socket"
      : this.constructor.name;
    const parts = [
      `${name}${this.#isClosed ? " [closed]" : ""} fd=${fd}`,
      `family=${family}`,
      `type=${type}`,
      `proto=${this.#proto}`,
    ];
    // A family that was claimed for a descriptor of another has no addresses.
    if (
      !this.#isClosed && !isClosed && this.#family === this.#endpoint.family
    ) {
      const local = this.#endpoint.getsockname();
      if (local !== "") parts.push(`laddr=${repr(local)}`);
      const peer = this.#endpoint.peer;
      if (peer !== undefined && peer !== "") parts.push(`raddr=${repr(peer)}`);
    }
    return `<${parts.join(", ")}>`;
  }
}

/** The calls that are worth watching: those that do something. */
instrument(Socket.prototype, [
  "accept",
  "bind",
  "close",
  "connect",
  "connect_ex",
  "detach",
  "dup",
  "listen",
  "makefile",
  "recv",
  "recv_into",
  "recvfrom",
  "recvfrom_into",
  "recvmsg",
  "recvmsg_into",
  "send",
  "sendall",
  "sendfile",
  "sendmsg",
  "sendto",
  "setblocking",
  "setsockopt",
  "settimeout",
  "shutdown",
]);

/** The member of an enumeration that has a value, as Python prints it. */
function nameIn(
  enumeration: string,
  members: Readonly<Record<string, number>>,
  value: number,
): string {
  const name = Object.keys(members).find((each) => members[each] === value);
  return name === undefined ? String(value) : `${enumeration}.${name}`;
}

/** An option's bytes, also from a number that fits 32 bits. */
function optionValue(value: unknown): Uint8Array<ArrayBuffer> {
  const isNumber = typeof value === "boolean" || Number.isInteger(value);
  return isNumber && Number(value) === (Number(value) | 0)
    ? new Uint8Array(Int32Array.of(Number(value)).buffer)
    : asBytes(value);
}

/** What a socket keeps that has given its descriptor away. */
function closedDescriptor({ family, type, proto }: Socket): OpenDescriptor {
  const descriptor = new OpenDescriptor(
    new StreamEndpoint(family, type, proto),
  );
  descriptor.close();
  return descriptor;
}

/** The protocol as the kernel knows it, which is never 0 for TCP and UDP. */
function detectProto({ family, type, proto }: Endpoint): number {
  if (family === AF_UNIX) return proto;
  return type === SOCK_DGRAM ? IPPROTO_UDP : IPPROTO_TCP;
}

/** A socket of the system that has no address yet. */
function makeEndpoint(family: number, type: number, proto: number): Endpoint {
  return type === SOCK_DGRAM
    ? new DatagramEndpoint(family, type, proto)
    : new StreamEndpoint(family, type, proto);
}

/**
 * Makes a socket. As Python's `socket.socket(family, type, proto, fileno)`: the
 * same as `new Socket(…)`, for code that reads like Python's.
 *
 * @example As in Python
 * ```ts
 * import * as socket from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * using s = socket.socket(socket.AF_INET, socket.SOCK_STREAM);
 * assertEquals(s.family, socket.AF_INET);
 * ```
 *
 * @param family As for the constructor of `Socket`, and so are the others.
 * @param type `SOCK_STREAM`; −1 is that too.
 * @param proto 0, or the number of TCP; −1 is 0.
 * @param fileno What another socket's `detach()` returned.
 * @returns The socket.
 * @throws {OSError} As the constructor of `Socket`.
 */
export function socket(
  family: number = -1,
  type: number = -1,
  proto: number = -1,
  fileno: Descriptor | number | null = null,
): Socket {
  return new Socket(family, type, proto, fileno);
}
