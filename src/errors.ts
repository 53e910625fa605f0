/**
 * The errors of Python's `socket`: `OSError` and its family, chosen by errno as
 * CPython chooses, and the one place where a failure of Deno becomes one.
 *
 * @module
 */

import * as resolver from "./constants.ts";
import { errno, type ErrnoName, nameOf, strerror } from "./errno.ts";
import { retrace } from "./late_error.ts";

/** What an error of this module is made with besides errno and words. */
export interface OSErrorOptions extends ErrorOptions {
  /** How many bytes went out before the failure. */
  bytes_sent?: number;
}

/**
 * The operating system refused a call. As Python's `OSError`, of which
 * `socket.error` is another name.
 *
 * `new OSError(errno, strerror)` makes the subclass that belongs to the errno:
 * `new OSError(111, "…")` is a `ConnectionRefusedError` on Linux.
 *
 * @example The class follows from the errno
 * ```ts
 * import { ConnectionRefusedError, errno, OSError } from "@pysocket/socket";
 * import { assertEquals, assertInstanceOf } from "@std/assert";
 *
 * const failure = new OSError(errno.ECONNREFUSED, "Connection refused");
 * assertInstanceOf(failure, ConnectionRefusedError);
 * assertEquals(failure.code, "ECONNREFUSED");
 * ```
 */
export class OSError extends Error {
  /** The system's number, or `null` for an error that Python itself raises. */
  readonly errno: number | null;
  /** The system's words, or `null`. */
  readonly strerror: string | null;
  /** The name of the errno, such as `"ECONNREFUSED"`, or `null`. */
  readonly code: string | null;
  /** What the error was made of: `[errno, strerror]`, `[message]` or nothing. */
  readonly args: readonly (number | string)[];
  /**
   * On a failed `send` or `sendall`: how many bytes of this call the system, or
   * the socket's own buffer, has taken. They go out and cannot be taken back.
   */
  declare bytes_sent?: number;

  /**
   * Makes the error.
   *
   * @param errnoOrMessage The errno, or a message when there is no errno.
   * @param strerror The words that belong to the errno.
   * @param options Cause and count, where there are any.
   */
  constructor(
    errnoOrMessage?: number | string,
    strerror?: string,
    options: OSErrorOptions = {},
  ) {
    const hasErrno = typeof errnoOrMessage === "number" &&
      strerror !== undefined;
    const { bytes_sent, cause } = options;
    super(
      hasErrno
        ? `[Errno ${errnoOrMessage}] ${strerror}`
        : String(errnoOrMessage ?? ""),
      cause === undefined ? undefined : { cause },
    );
    setName(this, new.target.name);
    this.errno = hasErrno ? errnoOrMessage : null;
    this.strerror = hasErrno ? strerror : null;
    this.code = hasErrno ? this.codeOf(errnoOrMessage) : null;
    this.args = hasErrno
      ? [errnoOrMessage, strerror]
      : errnoOrMessage === undefined
      ? []
      : [errnoOrMessage];
    if (bytes_sent !== undefined) this.bytes_sent = bytes_sent;
    if (hasErrno && new.target === OSError) {
      const Kind = CLASS_BY_ERRNO.get(errnoOrMessage);
      if (Kind) return new Kind(errnoOrMessage, strerror, options);
    }
    retrace(this, new.target);
  }

  /** The name of an errno of this kind of error. */
  protected codeOf(number: number): string | null {
    return nameOf(number) ?? null;
  }
}

/** An error's name is its class's, and not one of its listed properties. */
function setName(error: Error, name: string): void {
  Object.defineProperty(error, "name", {
    value: name,
    writable: true,
    configurable: true,
  });
}

/** The call would have to wait and may not: EAGAIN, EALREADY, EINPROGRESS. */
export class BlockingIOError extends OSError {
  /** On a failed write to a buffered file: how many bytes it has taken. */
  declare characters_written?: number;
}
/** The connection, which the peer or the network broke: the common base. */
export class ConnectionError extends OSError {}
/** Sending on a connection that can send no more: EPIPE, ESHUTDOWN. */
export class BrokenPipeError extends ConnectionError {}
/** The connection was given up on the way: ECONNABORTED. */
export class ConnectionAbortedError extends ConnectionError {}
/** Nobody listens at the address: ECONNREFUSED. */
export class ConnectionRefusedError extends ConnectionError {}
/** The peer tore the connection down: ECONNRESET. */
export class ConnectionResetError extends ConnectionError {}
/** A file is there already: EEXIST. */
export class FileExistsError extends OSError {}
/** No such file, for a Unix socket's path: ENOENT. */
export class FileNotFoundError extends OSError {}
/** A signal ended the call: EINTR. */
export class InterruptedError extends OSError {}
/** A path names a directory: EISDIR. */
export class IsADirectoryError extends OSError {}
/** A part of a path is no directory: ENOTDIR. */
export class NotADirectoryError extends OSError {}
/** The system, or Deno, does not allow it: EACCES, EPERM. */
export class PermissionError extends OSError {}
/** A child process is not there: ECHILD. */
export class ChildProcessError extends OSError {}
/** A process is not there: ESRCH. */
export class ProcessLookupError extends OSError {}
/**
 * The time is over. A socket's own timeout has no errno and says "timed out";
 * the system's ETIMEDOUT is this class too, with its errno.
 */
export class TimeoutError extends OSError {}

const CLASS_BY_ERRNO = new Map<number, typeof OSError>([
  [errno.EPERM, PermissionError],
  [errno.EACCES, PermissionError],
  [errno.ENOENT, FileNotFoundError],
  [errno.ESRCH, ProcessLookupError],
  [errno.EINTR, InterruptedError],
  [errno.ECHILD, ChildProcessError],
  [errno.EAGAIN, BlockingIOError],
  [errno.EALREADY, BlockingIOError],
  [errno.EINPROGRESS, BlockingIOError],
  [errno.EEXIST, FileExistsError],
  [errno.ENOTDIR, NotADirectoryError],
  [errno.EISDIR, IsADirectoryError],
  [errno.EPIPE, BrokenPipeError],
  [errno.ESHUTDOWN, BrokenPipeError],
  [errno.ECONNABORTED, ConnectionAbortedError],
  [errno.ECONNRESET, ConnectionResetError],
  [errno.ETIMEDOUT, TimeoutError],
  [errno.ECONNREFUSED, ConnectionRefusedError],
]);

/** glibc's words for the resolver's codes. */
const GAI_STRERROR: Readonly<Record<string, string>> = {
  EAI_BADFLAGS: "Bad value for ai_flags",
  EAI_NONAME: "Name or service not known",
  EAI_AGAIN: "Temporary failure in name resolution",
  EAI_FAIL: "Non-recoverable failure in name resolution",
  EAI_NODATA: "No address associated with hostname",
  EAI_FAMILY: "ai_family not supported",
  EAI_SOCKTYPE: "ai_socktype not supported",
  EAI_SERVICE: "Servname not supported for ai_socktype",
  EAI_ADDRFAMILY: "Address family for hostname not supported",
  EAI_MEMORY: "Memory allocation failure",
  EAI_SYSTEM: "System error",
};

/** The name of a resolver's code, such as `"EAI_NONAME"`. */
type ResolverCode = keyof typeof resolver & `EAI_${string}`;

/**
 * A host or service name has no address. As Python's `socket.gaierror`: the
 * errno is an `EAI_*` code.
 *
 * @example A name that does not resolve
 * ```ts
 * import { gaierror, socket } from "@pysocket/socket";
 * import { assertRejects } from "@std/assert";
 *
 * using sock = socket();
 * await assertRejects(() => sock.connect(["256.1.1.1", 80]), gaierror);
 * ```
 */
export class gaierror extends OSError {
  /** The name of the `EAI_*` code. */
  protected override codeOf(number: number): string | null {
    const found = Object.keys(GAI_STRERROR).find((name) =>
      resolver[name as ResolverCode] === number
    );
    return found ?? null;
  }
}

/** The old resolver's failure. As Python's `socket.herror`. */
export class herror extends OSError {
  /** These codes have no names in Python. */
  protected override codeOf(): string | null {
    return null;
  }
}

/** A value of the right type that makes no sense. As Python's `ValueError`. */
export class ValueError extends RangeError {
  /**
   * Makes the error.
   *
   * @param message What was wrong.
   */
  constructor(message: string) {
    super(message);
    setName(this, new.target.name);
  }
}

/**
 * A file object cannot do this: read what is only for writing, seek, …. As
 * Python's `io.UnsupportedOperation`, which is an OSError and a ValueError; a
 * class of JavaScript has one parent, so this one is an `OSError` only.
 */
export class UnsupportedOperation extends OSError {}

/** Nothing has this name, such as no encoding. As Python's `LookupError`. */
export class LookupError extends Error {
  /**
   * Makes the error.
   *
   * @param message What was looked for.
   */
  constructor(message: string) {
    super(message);
    setName(this, "LookupError");
  }
}

/** A number too large for what it is used for. As Python's `OverflowError`. */
export class OverflowError extends RangeError {
  /**
   * Makes the error.
   *
   * @param message What was wrong.
   */
  constructor(message: string) {
    super(message);
    setName(this, "OverflowError");
  }
}

/**
 * What was asked for is not there, or is there already. As Python's `KeyError`,
 * whose words stand in quotes.
 */
export class KeyError extends Error {
  /**
   * Makes the error.
   *
   * @param message What was wrong, as Python's `repr()` shows it.
   */
  constructor(message: string) {
    super(message);
    setName(this, "KeyError");
  }
}

/** What fits no other class. As Python's `RuntimeError`. */
export class RuntimeError extends Error {
  /**
   * Makes the error.
   *
   * @param message What was wrong.
   */
  constructor(message: string) {
    super(message);
    setName(this, "RuntimeError");
  }
}

/**
 * Several errors at once. As Python's `ExceptionGroup`, which
 * `create_connection` raises with `all_errors`.
 */
export class ExceptionGroup extends AggregateError {
  /** The errors, in the order of the attempts. */
  readonly exceptions: readonly Error[];

  /**
   * Makes the group.
   *
   * @param message What failed.
   * @param exceptions The errors, in the order of the attempts.
   */
  constructor(message: string, exceptions: readonly Error[]) {
    const s = exceptions.length === 1 ? "" : "s";
    super(exceptions, `${message} (${exceptions.length} sub-exception${s})`);
    setName(this, "ExceptionGroup");
    this.exceptions = exceptions;
  }
}

/** The system's error for an errno, in its own words. */
export function osError(name: ErrnoName, options?: OSErrorOptions): OSError {
  return new OSError(errno[name], strerror(errno[name]), options);
}

/** The resolver's error for a code, in its own words. */
export function gaiError(name: ResolverCode, cause?: unknown): gaierror {
  return new gaierror(resolver[name], GAI_STRERROR[name]!, { cause });
}

/** The timeout that a socket's own deadline raises; it has no errno. */
export function timedOut(options?: OSErrorOptions): TimeoutError {
  return new TimeoutError("timed out", undefined, options);
}

/**
 * Python's error for a failure of `Deno.*` or `node:*`, with that failure as its
 * cause. What is no failure of the system comes back as it is: a bug stays one.
 */
export function translate(cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof OSError) return cause;
  if (cause instanceof Deno.errors.NotCapable) {
    return new OSError(errno.EACCES, cause.message, { cause });
  }
  // The two ways in which Deno says that the socket was closed meanwhile.
  if (
    cause instanceof Deno.errors.BadResource ||
    cause instanceof Deno.errors.Interrupted
  ) {
    return osError("EBADF", { cause });
  }
  const [, number] = /\(os error (\d+)\)/.exec(cause.message) ?? [];
  if (number !== undefined) {
    return new OSError(Number(number), strerror(Number(number)), { cause });
  }
  const [, words] =
    /^failed to lookup address information: (.*)/.exec(cause.message) ?? [];
  const code = Object.entries(GAI_STRERROR).find(([, text]) => text === words);
  if (words !== undefined) {
    return gaiError((code?.[0] ?? "EAI_NONAME") as ResolverCode, cause);
  }
  if ("code" in cause) {
    if (cause.code === "ENOTFOUND") return gaiError("EAI_NONAME", cause);
    if (cause.code === "EAI_AGAIN") return gaiError("EAI_AGAIN", cause);
    const name = cause.code as ErrnoName;
    if (name in errno) return osError(name, { cause });
  }
  return cause;
}
