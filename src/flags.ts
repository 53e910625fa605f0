/**
 * The flags of `recv` and `send`, and of a socket's type: those that work here.
 *
 * @module
 */

import {
  MSG_CMSG_CLOEXEC,
  MSG_CONFIRM,
  MSG_DONTWAIT,
  MSG_EOR,
  MSG_MORE,
  MSG_NOSIGNAL,
  MSG_PEEK,
  MSG_WAITALL,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
} from "./constants.ts";
import { osError } from "./errors.ts";

/** What may be added to a socket's type. */
export const SOCK_FLAGS: number = SOCK_NONBLOCK | SOCK_CLOEXEC;

/** What `recv` can do; MSG_CMSG_CLOEXEC means nothing without descriptors. */
export const RECEIVE_FLAGS: number = MSG_PEEK | MSG_DONTWAIT | MSG_WAITALL |
  MSG_CMSG_CLOEXEC;

/** What `send` can do; all but MSG_DONTWAIT are hints without effect on a byte. */
export const SEND_FLAGS: number = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE |
  MSG_EOR | MSG_CONFIRM;

/** Refuses flags that Deno has no way to carry out. */
export function checkFlags(flags: number, supported: number): void {
  if ((flags & ~supported) !== 0) throw osError("EOPNOTSUPP");
}
