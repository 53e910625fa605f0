/**
 * Python's functions for descriptors: `close`, `dup`, `fromfd`, and those that
 * pass descriptors to another process.
 *
 * @module
 */

import type { Address, AddressLike, InetAddress } from "./address.ts";
import { CMSG_LEN } from "./cmsg.ts";
import { SCM_RIGHTS, SOL_SOCKET } from "./constants.ts";
import {
  asDescriptor,
  type Descriptor,
  type OpenDescriptor,
} from "./descriptor.ts";
import { osError } from "./errors.ts";
import type { BytesLike } from "./python.ts";
import { Socket } from "./socket.ts";

/** sizeof(int), of which each descriptor takes one. */
const INT_LENGTH = 4;

/**
 * Closes a descriptor. As Python's `socket.close()`.
 *
 * @example What `detach` has returned
 * ```ts
 * import { close, socket } from "@pysocket/socket";
 *
 * const descriptor = socket().detach();
 * if (descriptor !== -1) close(descriptor);
 * ```
 *
 * @param fd What `detach` returned; with `--allow-ffi` also a number that
 * `fileno` told.
 * @throws {OSError} EBADF if it is closed already, or no socket of this package.
 * @throws {TypeError} If it is neither a descriptor nor a whole number.
 */
export function close(fd: Descriptor | number): void {
  asOpen(fd).close();
}

/**
 * Another descriptor of the same socket. As Python's `socket.dup()`, whose
 * result is a number.
 *
 * @example The second outlives the first
 * ```ts
 * import { close, dup, socket } from "@pysocket/socket";
 *
 * const first = socket().detach();
 * if (first === -1) throw new Error("It was closed already");
 * const second = dup(first);
 * close(first);
 * close(second);
 * ```
 *
 * @param fd As for {@linkcode close}.
 * @returns The descriptor.
 * @throws {OSError} EBADF if it is closed, or no socket of this package.
 * @throws {TypeError} If it is neither a descriptor nor a whole number.
 */
export function dup(fd: Descriptor | number): Descriptor {
  return asOpen(fd).dup();
}

/** To these functions a negative number is a descriptor that is not open. */
function asOpen(fd: Descriptor | number): OpenDescriptor {
  if (typeof fd === "number" && fd < 0) throw osError("EBADF");
  return asDescriptor(fd);
}

/**
 * A socket for a duplicate of a descriptor. As Python's `socket.fromfd()`.
 *
 * With `--allow-ffi` the number may also be that of a connected stream which this
 * program has inherited, or received from another one.
 *
 * @example For what `detach` has returned
 * ```ts
 * import { AF_INET, close, fromfd, SOCK_STREAM, socket } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * const descriptor = socket().detach();
 * if (descriptor === -1) throw new Error("It was closed already");
 * using sock = fromfd(descriptor, AF_INET, SOCK_STREAM);
 * close(descriptor);
 * assertEquals(sock.getsockname(), ["0.0.0.0", 0]);
 * ```
 *
 * @param fd As for {@linkcode close}.
 * @param family What the new object shall say of its family; nobody checks it.
 * @param type The same of its type.
 * @param proto The same of its protocol.
 * @returns The new object.
 * @throws {OSError} EBADF if the descriptor is closed; EOPNOTSUPP if Deno cannot
 * take it over.
 * @throws {TypeError} If an argument has the wrong type.
 */
export function fromfd(
  fd: Descriptor | number,
  family: number,
  type: number,
  proto: number = 0,
): Socket {
  return new Socket(family, type, proto, asOpen(fd).dup());
}

/**
 * Sends bytes, and descriptors along with them, over a Unix socket. As Python's
 * `socket.send_fds()`. Needs `--allow-ffi`.
 *
 * @example A connection for another process
 * ```ts
 * import { recv_fds, send_fds, socketpair } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * const [one, other] = await socketpair();
 * const [gift, rest] = await socketpair();
 * await send_fds(one, [Uint8Array.of(1)], [gift.fileno()]);
 * const [data, fds] = await recv_fds(other, 1024, 1);
 * assertEquals([data.length, fds.length], [1, 1]);
 * for (const sock of [one, other, gift, rest]) sock.close();
 * ```
 *
 * @param sock The socket to send on.
 * @param buffers The bytes, at least one, since descriptors travel with bytes.
 * @param fds The numbers of the descriptors.
 * @param flags As for `Socket.send`.
 * @param address As for `Socket.sendmsg`.
 * @returns How many bytes were sent.
 * @throws {OSError} EBADF if a number is no descriptor; EOPNOTSUPP without
 * `--allow-ffi`; and as `Socket.sendmsg`.
 */
export async function send_fds(
  sock: Socket,
  buffers: Iterable<BytesLike>,
  fds: Iterable<number>,
  flags: number = 0,
  address: AddressLike | null = null,
): Promise<number> {
  const numbers = Int32Array.from(fds);
  return await sock.sendmsg(
    buffers,
    [[SOL_SOCKET, SCM_RIGHTS, numbers]],
    flags,
    address,
  );
}

/**
 * Receives bytes, and the descriptors that came with them. As Python's
 * `socket.recv_fds()`. Needs `--allow-ffi`.
 *
 * A number stays open until somebody closes it: `new Socket(-1, -1, -1, fd)` takes
 * over what is a connected stream.
 *
 * @example What was sent along
 * ```ts
 * import { recv_fds, send_fds, Socket, socketpair } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * const [one, other] = await socketpair();
 * await send_fds(one, [Uint8Array.of(1)], [one.fileno()]);
 * const [data, fds, flags] = await recv_fds(other, 1024, 1);
 * assertEquals(data, Uint8Array.of(1));
 * assertEquals(flags, 0);
 * new Socket(-1, -1, -1, fds[0]).close();
 * one.close();
 * other.close();
 * ```
 *
 * @param sock The socket to receive from.
 * @param bufsize At most so many bytes.
 * @param maxfds At most so many descriptors.
 * @param flags As for `Socket.recv`.
 * @returns The bytes, the descriptors' numbers, the flags that the system returns,
 * and the sender's address.
 * @throws {OSError} As `Socket.recvmsg`.
 */
export async function recv_fds(
  sock: Socket,
  bufsize: number,
  maxfds: number,
  flags: number = 0,
): Promise<
  [Uint8Array<ArrayBuffer>, number[], number, Address | null]
> {
  const [data, ancillary, messageFlags, address] = await sock.recvmsg<
    InetAddress | null
  >(bufsize, CMSG_LEN(maxfds * INT_LENGTH), flags);
  const fds = ancillary.flatMap(([level, type, bytes]) => {
    const isRights = level === SOL_SOCKET && type === SCM_RIGHTS;
    return isRights ? descriptorsIn(bytes) : [];
  });
  return [data, fds, messageFlags, address];
}

/** The numbers in an item, of which the last may be cut off. */
function descriptorsIn(bytes: Uint8Array): number[] {
  const whole = bytes.slice(0, bytes.length - bytes.length % INT_LENGTH);
  return [...new Int32Array(whole.buffer)];
}
