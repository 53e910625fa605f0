/** `OSError` and its family against Python's. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotInstanceOf,
  assertStrictEquals,
} from "@std/assert";
import * as mod from "../mod.ts";
import {
  errno,
  gaierror,
  herror,
  OSError,
  strerror,
  TimeoutError,
} from "../mod.ts";
import { translate } from "../src/errors.ts";
import { describe } from "./_outcome.ts";

/** Errno by name: Linux's number, glibc's words, Python's class. */
const ERRNOS = [
  ["EPERM", 1, "Operation not permitted", "PermissionError"],
  ["ENOENT", 2, "No such file or directory", "FileNotFoundError"],
  ["ESRCH", 3, "No such process", "ProcessLookupError"],
  ["EINTR", 4, "Interrupted system call", "InterruptedError"],
  ["EIO", 5, "Input/output error", "OSError"],
  ["EBADF", 9, "Bad file descriptor", "OSError"],
  ["ECHILD", 10, "No child processes", "ChildProcessError"],
  ["EAGAIN", 11, "Resource temporarily unavailable", "BlockingIOError"],
  ["ENOMEM", 12, "Cannot allocate memory", "OSError"],
  ["EACCES", 13, "Permission denied", "PermissionError"],
  ["EFAULT", 14, "Bad address", "OSError"],
  ["EBUSY", 16, "Device or resource busy", "OSError"],
  ["EEXIST", 17, "File exists", "FileExistsError"],
  ["ENODEV", 19, "No such device", "OSError"],
  ["ENOTDIR", 20, "Not a directory", "NotADirectoryError"],
  ["EISDIR", 21, "Is a directory", "IsADirectoryError"],
  ["EINVAL", 22, "Invalid argument", "OSError"],
  ["ENFILE", 23, "Too many open files in system", "OSError"],
  ["EMFILE", 24, "Too many open files", "OSError"],
  ["ENOTTY", 25, "Inappropriate ioctl for device", "OSError"],
  ["EPIPE", 32, "Broken pipe", "BrokenPipeError"],
  ["ENAMETOOLONG", 36, "File name too long", "OSError"],
  ["ENOTSOCK", 88, "Socket operation on non-socket", "OSError"],
  ["EDESTADDRREQ", 89, "Destination address required", "OSError"],
  ["EMSGSIZE", 90, "Message too long", "OSError"],
  ["EPROTOTYPE", 91, "Protocol wrong type for socket", "OSError"],
  ["ENOPROTOOPT", 92, "Protocol not available", "OSError"],
  ["EPROTONOSUPPORT", 93, "Protocol not supported", "OSError"],
  ["ESOCKTNOSUPPORT", 94, "Socket type not supported", "OSError"],
  ["EOPNOTSUPP", 95, "Operation not supported", "OSError"],
  ["EPFNOSUPPORT", 96, "Protocol family not supported", "OSError"],
  ["EAFNOSUPPORT", 97, "Address family not supported by protocol", "OSError"],
  ["EADDRINUSE", 98, "Address already in use", "OSError"],
  ["EADDRNOTAVAIL", 99, "Cannot assign requested address", "OSError"],
  ["ENETDOWN", 100, "Network is down", "OSError"],
  ["ENETUNREACH", 101, "Network is unreachable", "OSError"],
  ["ENETRESET", 102, "Network dropped connection on reset", "OSError"],
  [
    "ECONNABORTED",
    103,
    "Software caused connection abort",
    "ConnectionAbortedError",
  ],
  ["ECONNRESET", 104, "Connection reset by peer", "ConnectionResetError"],
  ["ENOBUFS", 105, "No buffer space available", "OSError"],
  ["EISCONN", 106, "Transport endpoint is already connected", "OSError"],
  ["ENOTCONN", 107, "Transport endpoint is not connected", "OSError"],
  [
    "ESHUTDOWN",
    108,
    "Cannot send after transport endpoint shutdown",
    "BrokenPipeError",
  ],
  ["ETOOMANYREFS", 109, "Too many references: cannot splice", "OSError"],
  ["ETIMEDOUT", 110, "Connection timed out", "TimeoutError"],
  ["ECONNREFUSED", 111, "Connection refused", "ConnectionRefusedError"],
  ["EHOSTDOWN", 112, "Host is down", "OSError"],
  ["EHOSTUNREACH", 113, "No route to host", "OSError"],
  ["EALREADY", 114, "Operation already in progress", "BlockingIOError"],
  ["EINPROGRESS", 115, "Operation now in progress", "BlockingIOError"],
] as const;

const CONNECTION_ERRORS = [
  ...["BrokenPipeError", "ConnectionAbortedError"],
  ...["ConnectionRefusedError", "ConnectionResetError"],
];

Deno.test("OSError() makes the class that belongs to the errno", () => {
  for (const [name, , words, kind] of ERRNOS) {
    const error = new OSError(errno[name], words);
    assertEquals(error.constructor.name, kind);
    assertInstanceOf(error, OSError);
    const isConnectionError = error instanceof mod.ConnectionError;
    assertEquals(isConnectionError, CONNECTION_ERRORS.includes(kind));
    assertEquals(describe(error), `${kind}: [${name}] ${words}`);
    assertEquals(error.args, [errno[name], words]);
  }
});

Deno.test("strerror() has glibc's words", () => {
  for (const [name, , words] of ERRNOS) {
    assertEquals(strerror(errno[name]), words);
  }
  assertEquals(strerror(123456), "Unknown error 123456");
});

Deno.test({
  name: "errno has Linux's numbers" +
    (Deno.build.os === "linux" ? "" : " (ignored: not Linux)"),
  ignore: Deno.build.os !== "linux",
  fn() {
    for (const [name, number] of ERRNOS) assertEquals(errno[name], number);
    assertEquals(errno.EWOULDBLOCK, errno.EAGAIN);
    assertEquals([mod.EBADF, mod.EAGAIN, mod.EWOULDBLOCK], [9, 11, 11]);
  },
});

Deno.test("OSError() without an errno has a message only", () => {
  const error = new OSError("msg");
  assertEquals(
    [error.message, error.errno, error.strerror, error.code, error.args],
    ["msg", null, null, null, ["msg"]],
  );
  const empty = new OSError();
  assertEquals([empty.message, empty.errno, empty.args], ["", null, []]);
  const number = new OSError(5);
  assertEquals([number.message, number.errno, number.args], ["5", null, [5]]);
  assertEquals(new OSError(110).constructor, OSError);
});

Deno.test("OSError() of an unknown errno stays an OSError", () => {
  const error = new OSError(-2, "m");
  assertStrictEquals(error.constructor, OSError);
  assertEquals([error.message, error.code], ["[Errno -2] m", null]);
});

Deno.test("OSError's subclasses are not changed by the errno", () => {
  assertStrictEquals(new gaierror(111, "m").constructor, gaierror);
  assertStrictEquals(
    new mod.ConnectionError(111, "m").constructor,
    mod.ConnectionError,
  );
  class MyError extends OSError {}
  const error = new MyError(111, "m");
  assertStrictEquals(error.constructor, MyError);
  assertEquals(error.name, "MyError");
});

Deno.test("OSError keeps its cause, which does not show without one", () => {
  const cause = new Error("why");
  const error = new OSError(errno.ECONNREFUSED, "m", { cause });
  assertStrictEquals(error.cause, cause);
  assert(!("cause" in new OSError(1, "m")));
  assert(!("bytes_sent" in new OSError(1, "m")));
});

Deno.test("TimeoutError is a socket's own timeout, and the system's ETIMEDOUT", () => {
  assertStrictEquals(mod.timeout, TimeoutError);
  const own = new TimeoutError("timed out");
  assertEquals([own.message, own.errno], ["timed out", null]);
  const system = new OSError(errno.ETIMEDOUT, "Connection timed out");
  assertInstanceOf(system, TimeoutError);
  assertEquals(system.errno, errno.ETIMEDOUT);
});

Deno.test("error is OSError", () => {
  assertStrictEquals(mod.error, OSError);
});

Deno.test("gaierror and herror are OSErrors with numbers of their own", () => {
  const error = new gaierror(mod.EAI_NONAME, "Name or service not known");
  assertEquals(
    describe(error),
    "gaierror: [EAI_NONAME] Name or service not known",
  );
  assertEquals([error.errno, error.code], [mod.EAI_NONAME, "EAI_NONAME"]);
  assertInstanceOf(error, OSError);
  assertEquals(new gaierror("x").args, ["x"]);
  assertEquals(new gaierror().message, "");
  const old = new herror(1, "Unknown host");
  assertEquals(
    [String(old), old.errno, old.code],
    ["herror: [Errno 1] Unknown host", 1, null],
  );
  assertNotInstanceOf(old, mod.PermissionError);
});

Deno.test("ValueError and OverflowError are RangeErrors, and no OSErrors", () => {
  for (const Kind of [mod.ValueError, mod.OverflowError]) {
    const error = new Kind("m");
    assertInstanceOf(error, RangeError);
    assertNotInstanceOf(error, OSError);
    assertEquals(String(error), `${Kind.name}: m`);
  }
});

Deno.test("ExceptionGroup counts its errors in its message", () => {
  const first = new OSError("a");
  const one = new mod.ExceptionGroup("create_connection failed", [first]);
  assertEquals(one.message, "create_connection failed (1 sub-exception)");
  const two = new mod.ExceptionGroup("x", [first, new Error("b")]);
  assertEquals(two.message, "x (2 sub-exceptions)");
  assertEquals(two.exceptions.length, 2);
  assertStrictEquals(two.exceptions[0], first);
  assertNotInstanceOf(two, OSError);
  assertEquals(two.name, "ExceptionGroup");
});

Deno.test("Every error class of the module has its class's name", () => {
  const classes = Object.entries(mod).filter(([, value]) =>
    typeof value === "function" &&
    (value as { prototype?: unknown }).prototype instanceof Error
  );
  assert(classes.length > 20);
  for (const [name, value] of classes) {
    const Kind = value as new (message: string, errors: Error[]) => Error;
    const error = new Kind("m", []);
    assertEquals(error.name, Kind.name);
    assertEquals(Object.keys(error).includes("name"), false);
    if (!["error", "timeout"].includes(name)) assertEquals(Kind.name, name);
  }
});

Deno.test("translate() reads Deno's failures", () => {
  const rows = [
    [new Deno.errors.BadResource("x"), "OSError: [EBADF] Bad file descriptor"],
    [new Deno.errors.Interrupted("x"), "OSError: [EBADF] Bad file descriptor"],
    [
      new Deno.errors.ConnectionRefused("Connection refused (os error 111)"),
      "ConnectionRefusedError: [ECONNREFUSED] Connection refused",
    ],
    [
      Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }),
      "ConnectionResetError: [ECONNRESET] Connection reset by peer",
    ],
    [
      new Error(
        "failed to lookup address information: Name or service not known",
      ),
      "gaierror: [EAI_NONAME] Name or service not known",
    ],
    [
      new Error(
        "failed to lookup address information: Temporary failure in name resolution",
      ),
      "gaierror: [EAI_AGAIN] Temporary failure in name resolution",
    ],
  ] as const;
  for (const [cause, expected] of rows) {
    const error = translate(cause);
    assertEquals(describe(error), expected);
    assertStrictEquals((error as Error).cause, cause);
  }
});

Deno.test("translate() turns a missing grant into PermissionError with Deno's words", () => {
  const cause = new Deno.errors.NotCapable(
    'Requires net access to "127.0.0.1:0", run again with the --allow-net flag',
  );
  const error = translate(cause);
  assertEquals(describe(error), `PermissionError: [EACCES] ${cause.message}`);
});

Deno.test("translate() leaves alone what is no failure of the system", () => {
  for (const thing of [new TypeError("bug"), "text", new OSError("known")]) {
    assertStrictEquals(translate(thing), thing);
  }
});
