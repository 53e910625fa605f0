/**
 * Python's short cuts to sockets that are connected or listen, made of what
 * `Socket` offers to everybody.
 *
 * @module
 */

import type { AddressLike } from "./address.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./constants.ts";
import { DatagramEndpoint } from "./datagram_endpoint.ts";
import { errno } from "./errno.ts";
import {
  ExceptionGroup,
  OSError,
  osError,
  PermissionError,
  translate,
  ValueError,
} from "./errors.ts";
import { OpenDescriptor } from "./descriptor.ts";
import { SOCK_FLAGS } from "./flags.ts";
import { getaddrinfo } from "./getaddrinfo.ts";
import { checkKind } from "./kind.ts";
import { asInteger, checkKeywords, repr, typeName } from "./python.ts";
import { Socket } from "./socket.ts";
import { StreamEndpoint } from "./stream_endpoint.ts";

/** What `create_connection` takes besides the address. */
export interface CreateConnectionOptions {
  /**
   * Seconds for each attempt, and for every call on the socket afterwards;
   * `null` is no limit. The default timeout if left out.
   */
  timeout?: number | null;
  /** The local address to connect from; port 0 chooses one. */
  source_address?: AddressLike | null;
  /** Whether to report the failures of all attempts, not only the last. */
  all_errors?: boolean;
}

/**
 * Connects to a TCP service: to the addresses of its host one after the other,
 * until one answers. As Python's `socket.create_connection()`.
 *
 * @example A client in one line
 * ```ts
 * import { create_connection, create_server } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = create_server(["127.0.0.1", 0]);
 * const [, port] = listener.getsockname();
 *
 * using client = await create_connection(["localhost", port], { timeout: 5 });
 * assertEquals(client.gettimeout(), 5);
 * ```
 *
 * @param address `[host, port]`: the host a name, a number, or `null` for this
 * machine; the port a number, or a service such as `"http"`.
 * @param options Timeout, local address, and how to report failures.
 * @returns The connected socket.
 * @throws {TypeError} If the address is none.
 * @throws {ValueError} If the address does not have two parts.
 * @throws {gaierror} If host or service do not resolve.
 * @throws {OSError} What the last attempt failed with, such as
 * ConnectionRefusedError or TimeoutError.
 * @throws {ExceptionGroup} With `all_errors`, what each attempt failed with.
 */
export async function create_connection(
  address: readonly [
    host: string | Uint8Array | null,
    port: number | string | Uint8Array | null,
    ...unused: unknown[],
  ],
  options: CreateConnectionOptions = {},
): Promise<Socket> {
  checkKeywords(options, "create_connection", [
    "timeout",
    "source_address",
    "all_errors",
  ]);
  const { source_address = null, all_errors = false } = options;
  const [host, port] = asPair(address);
  const failures: Error[] = [];
  const found = await getaddrinfo(host, port, { type: SOCK_STREAM });
  for (const [family, type, proto, , address] of found) {
    const sock = new Socket(family, type, proto);
    try {
      if (options.timeout !== undefined) sock.settimeout(options.timeout);
      if (source_address !== null) sock.bind(source_address);
      await sock.connect(address);
      return sock;
    } catch (error) {
      await using _ = sock;
      if (!(error instanceof OSError)) throw error;
      failures.push(error);
    }
  }
  if (all_errors) {
    throw new ExceptionGroup("create_connection failed", failures);
  }
  throw failures.at(-1) ?? new OSError("getaddrinfo returns an empty list");
}

/** Host and port as `getaddrinfo` takes them, which checks what they are. */
type HostAndPort = [
  host: Parameters<typeof getaddrinfo>[0],
  port: Parameters<typeof getaddrinfo>[1],
];

function asPair(address: unknown): HostAndPort {
  if (!Array.isArray(address) && typeof address !== "string") {
    throw new TypeError(
      `cannot unpack non-iterable ${typeName(address)} object`,
    );
  }
  const parts = [...address];
  if (parts.length < 2) {
    throw new ValueError(
      `not enough values to unpack (expected 2, got ${parts.length})`,
    );
  }
  if (parts.length > 2) {
    throw new ValueError("too many values to unpack (expected 2)");
  }
  return [parts[0], parts[1]];
}

/** What `create_server` takes besides the address. */
export interface CreateServerOptions {
  /** `AF_INET`, which is the default, `AF_INET6` or `AF_UNIX`. */
  family?: number;
  /** As for `listen`. */
  backlog?: number | null;
  /** Whether other sockets that ask for it too may have the same port. */
  reuse_port?: boolean;
  /** Whether an `AF_INET6` socket on all interfaces takes IPv4 peers as well. */
  dualstack_ipv6?: boolean;
}

/**
 * Makes a socket that listens. As Python's `socket.create_server()`.
 *
 * @example A server in one line
 * ```ts
 * import { create_server } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = create_server(["127.0.0.1", 0]);
 * assertEquals(listener.getsockname()[0], "127.0.0.1");
 * ```
 *
 * @param address As for `bind`.
 * @param options Family, backlog, and who else may have the port.
 * @returns The listening socket.
 * @throws {TypeError} If the address is none.
 * @throws {ValueError} If `dualstack_ipv6` is asked for without `AF_INET6`, or
 * on a system that cannot do it.
 * @throws {OSError} What `bind` or `listen` raise, with the address in its
 * words.
 */
export function create_server(
  address: AddressLike,
  options: CreateServerOptions = {},
): Socket {
  checkKeywords(options, "create_server", [
    "family",
    "backlog",
    "reuse_port",
    "dualstack_ipv6",
  ]);
  const {
    family = AF_INET,
    backlog = null,
    reuse_port = false,
    dualstack_ipv6 = false,
  } = options;
  if (reuse_port && SO_REUSEPORT === undefined) {
    throw new ValueError("SO_REUSEPORT not supported on this platform");
  }
  if (dualstack_ipv6) {
    if (!has_dualstack_ipv6()) {
      throw new ValueError("dualstack_ipv6 not supported on this platform");
    }
    if (family !== AF_INET6) {
      throw new ValueError("dualstack_ipv6 requires AF_INET6 family");
    }
  }
  const sock = new Socket(family, SOCK_STREAM);
  try {
    // Windows would let a second server take the port away.
    if (Deno.build.os !== "windows") {
      sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1);
    }
    if (reuse_port) sock.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1);
    if (family === AF_INET6) {
      sock.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, dualstack_ipv6 ? 0 : 1);
    }
    bindNamingAddress(sock, address);
    if (backlog === null) sock.listen();
    else sock.listen(backlog);
    return sock;
  } catch (error) {
    sock.close();
    throw error;
  }
}

function bindNamingAddress(sock: Socket, address: AddressLike): void {
  try {
    sock.bind(address);
  } catch (error) {
    if (!(error instanceof OSError) || error.errno === null) throw error;
    const where = `(while attempting to bind on address ${repr(address)})`;
    throw new OSError(error.errno, `${error.strerror} ${where}`, {
      cause: error,
    });
  }
}

/**
 * Two sockets that are connected to each other. As Python's
 * `socket.socketpair()`.
 *
 * @example Two ends of a pipe
 * ```ts
 * import { socketpair } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * const [one, other] = await socketpair();
 * await one.sendall(Uint8Array.of(1, 2, 3));
 * assertEquals(await other.recv(1024), Uint8Array.of(1, 2, 3));
 * one.close();
 * other.close();
 * ```
 *
 * @param family `AF_UNIX`; `null` is that too.
 * @param type `SOCK_STREAM` or `SOCK_DGRAM`. With `SOCK_NONBLOCK` the timeouts
 * are 0.
 * @param proto 0; −1 is that too.
 * @returns The two sockets, which have no names.
 * @throws {TypeError} If an argument has the wrong type.
 * @throws {OSError} EOPNOTSUPP for another family; EAFNOSUPPORT,
 * ESOCKTNOSUPPORT, EPROTONOSUPPORT or EINVAL if there are no such sockets.
 * @throws {PermissionError} If a missing grant forbids it: on Linux
 * `--allow-net`, elsewhere also `--allow-read` and `--allow-write`.
 */
export async function socketpair(
  family: number | null = null,
  type: number = SOCK_STREAM,
  proto: number = 0,
): Promise<[Socket, Socket]> {
  const f = family === null ? AF_UNIX : asInteger(family, "int");
  const t = asInteger(type, "int");
  const p = asInteger(proto, "int");
  checkKind(f, t & ~SOCK_FLAGS, p);
  if (f !== AF_UNIX) throw osError("EOPNOTSUPP");
  const [one, other] = (t & ~SOCK_FLAGS) === SOCK_DGRAM
    ? DatagramEndpoint.pair()
    : await StreamEndpoint.pair();
  return [
    new Socket(f, t, p, new OpenDescriptor(one)),
    new Socket(f, t, p, new OpenDescriptor(other)),
  ];
}

/**
 * Whether a socket of `AF_INET6` can take IPv4 peers as well. As Python's
 * `socket.has_dualstack_ipv6()`.
 *
 * @example On a machine with IPv6
 * ```ts
 * import { has_dualstack_ipv6 } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(typeof has_dualstack_ipv6(), "boolean");
 * ```
 *
 * @returns False on a system without IPv6.
 */
export function has_dualstack_ipv6(): boolean {
  try {
    Deno.listen({ hostname: "::", port: 0 }).close();
    return true;
  } catch (error) {
    const failure = translate(error);
    if (!(failure instanceof OSError)) throw failure;
    // A missing permission says nothing about the system.
    if (failure instanceof PermissionError) return true;
    return failure.errno !== errno.EAFNOSUPPORT;
  }
}
