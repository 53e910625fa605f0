/**
 * Making a connection of a descriptor that Deno has not opened: of one made by
 * `socketpair(2)`, inherited, or received from another process.
 *
 * @module
 */

import type { Connection } from "./connection.ts";
import { AF_INET, AF_INET6, AF_UNIX, SOCK_STREAM } from "./constants.ts";
import { osError } from "./errors.ts";
import { openDescriptor } from "./node_conn.ts";
import type { Posix } from "./posix.ts";
import type { SocketAddress } from "./sockaddr.ts";

/** Of which families Deno takes a descriptor. */
const ADOPTABLE = [AF_INET, AF_INET6, AF_UNIX];

/**
 * A connection that owns the descriptor from now on, whose calls no longer wait.
 *
 * It must be a connected stream: another type of socket, or another family, is
 * EOPNOTSUPP, and one without a peer ENOTCONN. A failure leaves it as it was.
 */
export function adopt(posix: Posix, fd: number): Connection {
  const { family, type } = posix.kindOf(fd);
  if (type !== SOCK_STREAM || !ADOPTABLE.includes(family)) {
    throw osError("EOPNOTSUPP");
  }
  return openDescriptor(fd, {
    localAddr: asDenoAddr(posix.getsockname(fd)),
    remoteAddr: asDenoAddr(posix.getpeername(fd)),
  });
}

function asDenoAddr(address: SocketAddress | null): Deno.Addr {
  if (Array.isArray(address)) {
    const [hostname, port] = address;
    return { transport: "tcp", hostname: String(hostname), port: Number(port) };
  }
  const path = address instanceof Uint8Array
    ? new TextDecoder().decode(address)
    : address ?? "";
  return { transport: "unix", path };
}
