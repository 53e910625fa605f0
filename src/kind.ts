/**
 * Which kinds of sockets there are.
 *
 * @module
 */

import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  IPPROTO_TCP,
  IPPROTO_UDP,
  SOCK_DGRAM,
  SOCK_STREAM,
} from "./constants.ts";
import { osError } from "./errors.ts";

/** Linux's limits for a socket's type and protocol. */
const SOCK_MAX = 10;
const IPPROTO_MAX = 262;

/** Refuses what the kernel has no socket for, in the order in which it looks. */
export function checkKind(family: number, type: number, proto: number): void {
  const isUnix = family === AF_UNIX;
  if (!isUnix && family !== AF_INET && family !== AF_INET6) {
    throw osError("EAFNOSUPPORT");
  }
  if (type < 0 || type > SOCK_MAX) throw osError("EINVAL");
  if (!isUnix && (proto < 0 || proto > IPPROTO_MAX)) throw osError("EINVAL");
  if (isUnix && proto !== 0 && proto !== AF_UNIX) {
    throw osError("EPROTONOSUPPORT");
  }
  const usual = type === SOCK_DGRAM ? IPPROTO_UDP : IPPROTO_TCP;
  if (type !== SOCK_STREAM && type !== SOCK_DGRAM) {
    throw osError("ESOCKTNOSUPPORT");
  }
  if (!isUnix && proto !== 0 && proto !== usual) {
    throw osError("EPROTONOSUPPORT");
  }
}
