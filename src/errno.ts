/**
 * The system's error numbers, as Python's `errno` module has them, and the words
 * that belong to them.
 *
 * @module
 */

import { constants } from "node:os";

/** The name of an errno that a socket call can meet. */
export type ErrnoName =
  | "EPERM"
  | "ENOENT"
  | "ESRCH"
  | "EINTR"
  | "EIO"
  | "ENXIO"
  | "EBADF"
  | "ECHILD"
  | "EAGAIN"
  | "EWOULDBLOCK"
  | "ENOMEM"
  | "EACCES"
  | "EFAULT"
  | "EBUSY"
  | "EEXIST"
  | "ENODEV"
  | "ENOTDIR"
  | "EISDIR"
  | "EINVAL"
  | "ENFILE"
  | "EMFILE"
  | "ENOTTY"
  | "ENOSPC"
  | "EROFS"
  | "EPIPE"
  | "ENAMETOOLONG"
  | "ENOSYS"
  | "ELOOP"
  | "EPROTO"
  | "EILSEQ"
  | "ENOTSOCK"
  | "EDESTADDRREQ"
  | "EMSGSIZE"
  | "EPROTOTYPE"
  | "ENOPROTOOPT"
  | "EPROTONOSUPPORT"
  | "ESOCKTNOSUPPORT"
  | "EOPNOTSUPP"
  | "EPFNOSUPPORT"
  | "EAFNOSUPPORT"
  | "EADDRINUSE"
  | "EADDRNOTAVAIL"
  | "ENETDOWN"
  | "ENETUNREACH"
  | "ENETRESET"
  | "ECONNABORTED"
  | "ECONNRESET"
  | "ENOBUFS"
  | "EISCONN"
  | "ENOTCONN"
  | "ESHUTDOWN"
  | "ETOOMANYREFS"
  | "ETIMEDOUT"
  | "ECONNREFUSED"
  | "EHOSTDOWN"
  | "EHOSTUNREACH"
  | "EALREADY"
  | "EINPROGRESS";

/** glibc's words for each of them. */
const STRERROR: Readonly<Record<ErrnoName, string>> = {
  EPERM: "Operation not permitted",
  ENOENT: "No such file or directory",
  ESRCH: "No such process",
  EINTR: "Interrupted system call",
  EIO: "Input/output error",
  ENXIO: "No such device or address",
  EBADF: "Bad file descriptor",
  ECHILD: "No child processes",
  EAGAIN: "Resource temporarily unavailable",
  EWOULDBLOCK: "Resource temporarily unavailable",
  ENOMEM: "Cannot allocate memory",
  EACCES: "Permission denied",
  EFAULT: "Bad address",
  EBUSY: "Device or resource busy",
  EEXIST: "File exists",
  ENODEV: "No such device",
  ENOTDIR: "Not a directory",
  EISDIR: "Is a directory",
  EINVAL: "Invalid argument",
  ENFILE: "Too many open files in system",
  EMFILE: "Too many open files",
  ENOTTY: "Inappropriate ioctl for device",
  ENOSPC: "No space left on device",
  EROFS: "Read-only file system",
  EPIPE: "Broken pipe",
  ENAMETOOLONG: "File name too long",
  ENOSYS: "Function not implemented",
  ELOOP: "Too many levels of symbolic links",
  EPROTO: "Protocol error",
  EILSEQ: "Invalid or incomplete multibyte or wide character",
  ENOTSOCK: "Socket operation on non-socket",
  EDESTADDRREQ: "Destination address required",
  EMSGSIZE: "Message too long",
  EPROTOTYPE: "Protocol wrong type for socket",
  ENOPROTOOPT: "Protocol not available",
  EPROTONOSUPPORT: "Protocol not supported",
  ESOCKTNOSUPPORT: "Socket type not supported",
  EOPNOTSUPP: "Operation not supported",
  EPFNOSUPPORT: "Protocol family not supported",
  EAFNOSUPPORT: "Address family not supported by protocol",
  EADDRINUSE: "Address already in use",
  EADDRNOTAVAIL: "Cannot assign requested address",
  ENETDOWN: "Network is down",
  ENETUNREACH: "Network is unreachable",
  ENETRESET: "Network dropped connection on reset",
  ECONNABORTED: "Software caused connection abort",
  ECONNRESET: "Connection reset by peer",
  ENOBUFS: "No buffer space available",
  EISCONN: "Transport endpoint is already connected",
  ENOTCONN: "Transport endpoint is not connected",
  ESHUTDOWN: "Cannot send after transport endpoint shutdown",
  ETOOMANYREFS: "Too many references: cannot splice",
  ETIMEDOUT: "Connection timed out",
  ECONNREFUSED: "Connection refused",
  EHOSTDOWN: "Host is down",
  EHOSTUNREACH: "No route to host",
  EALREADY: "Operation already in progress",
  EINPROGRESS: "Operation now in progress",
};

/** Numbers that `node:os` does not list: Linux, macOS, Windows. */
const UNLISTED: Readonly<Record<string, readonly [number, number, number]>> = {
  ESOCKTNOSUPPORT: [94, 44, 10044],
  EPFNOSUPPORT: [96, 46, 10046],
  ESHUTDOWN: [108, 58, 10058],
  ETOOMANYREFS: [109, 59, 10059],
  EHOSTDOWN: [112, 64, 10064],
};

/**
 * The errno numbers of this system, by name, as in Python's `errno` module.
 * They differ between systems: `ECONNREFUSED` is 111 on Linux, 61 on macOS and
 * 10061 on Windows.
 *
 * @example What `connect_ex()` returns
 * ```ts
 * import { AF_INET, errno, SOCK_STREAM, socket } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * using unused = socket(AF_INET, SOCK_STREAM);
 * unused.bind(["127.0.0.1", 0]);
 * const address = unused.getsockname();
 * unused.close();
 *
 * using client = socket(AF_INET, SOCK_STREAM);
 * assertEquals(await client.connect_ex(address), errno.ECONNREFUSED);
 * ```
 */
export const errno: Readonly<Record<ErrnoName, number>> = Object.freeze(
  Object.fromEntries(
    Object.keys(STRERROR).map((name) => [name, numberOf(name)]),
  ),
) as Record<ErrnoName, number>;

function numberOf(name: string): number {
  const listed: Readonly<Record<string, number>> = constants.errno;
  const { os } = Deno.build;
  const column = os === "windows" ? 2 : os === "darwin" ? 1 : 0;
  // On Windows Python's `errno.ECONNREFUSED` is Winsock's number.
  return listed["WSA" + name] ?? listed[name] ?? UNLISTED[name]![column]!;
}

/** Python's `socket.EBADF`: the socket, or its descriptor, is closed. */
export const EBADF: number = errno.EBADF;
/** Python's `socket.EAGAIN`: the call would have to wait. */
export const EAGAIN: number = errno.EAGAIN;
/** Python's `socket.EWOULDBLOCK`: the same as `EAGAIN`. */
export const EWOULDBLOCK: number = errno.EWOULDBLOCK;

/** EWOULDBLOCK is another name of EAGAIN, so the first name counts. */
const NAME_BY_NUMBER = new Map<number, ErrnoName>(
  (Object.keys(STRERROR) as ErrnoName[]).reverse()
    .map((name) => [errno[name], name]),
);

/**
 * The system's words for an errno, as Python's `os.strerror()`.
 *
 * @example The words behind a number
 * ```ts
 * import { errno, strerror } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(strerror(errno.ECONNREFUSED), "Connection refused");
 * ```
 *
 * @param number The errno.
 * @returns What it means, in Linux's words on every system.
 */
export function strerror(number: number): string {
  const name = nameOf(number);
  return name === undefined ? `Unknown error ${number}` : STRERROR[name];
}

/** The name of an errno. */
export function nameOf(number: number): ErrnoName | undefined {
  return NAME_BY_NUMBER.get(number);
}
