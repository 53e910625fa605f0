/**
 * The system's C library, for programs that may call it: on Linux and macOS,
 * with `--allow-ffi`. Both are 64-bit and little-endian wherever Deno runs.
 *
 * @module
 */

import { strerror } from "./errno.ts";
import { OSError } from "./errors.ts";

const isDarwin = Deno.build.os === "darwin";

/**
 * The functions, as C declares them; `poll_on_thread` is `poll`, called on a
 * thread of its own.
 *
 * `fcntl` and `ioctl` take their third argument twice. What stands for C's `...`
 * is passed in the third register, like any other argument, but on macOS with
 * Apple's processors it is the first thing on the stack, as the ninth argument
 * is.
 */
const FUNCTIONS = {
  accept: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  accept4: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  calloc: { parameters: ["usize", "usize"], result: "pointer" },
  close: { parameters: ["i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  dup3: { parameters: ["i32", "i32", "i32"], result: "i32" },
  // deno-fmt-ignore
  fcntl: { parameters: ["i32", "i32", "i64", "i64", "i64", "i64", "i64", "i64", "i64"], result: "i32" },
  free: { parameters: ["pointer"], result: "void" },
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  // deno-fmt-ignore
  ioctl: { parameters: ["i32", "usize", "buffer", "i64", "i64", "i64", "i64", "i64", "buffer"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  poll: { parameters: ["buffer", "usize", "i32"], result: "i32" },
  poll_on_thread: {
    parameters: ["pointer", "usize", "i32"],
    result: "i32",
    nonblocking: true,
  },
  recvmsg: { parameters: ["i32", "buffer", "i32"], result: "isize" },
  sendmsg: { parameters: ["i32", "buffer", "i32"], result: "isize" },
  // deno-fmt-ignore
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  socketpair: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
} as const;

/**
 * What is called often. Deno calls a function by its name in 0.2 µs, by its
 * pointer in 3 µs; but each name takes a quarter of a millisecond to prepare.
 */
const QUICK_FUNCTIONS = {
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  // deno-fmt-ignore
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  // deno-fmt-ignore
  recvfrom: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "buffer"], result: "isize" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  // deno-fmt-ignore
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "isize" },
} as const;

/** What macOS does in two steps. */
const LINUX_ONLY = ["accept4", "dup3"] as const;

type LinuxName = typeof LINUX_ONLY[number];

/** How the functions are called, by their names. */
type Calls = {
  readonly [Name in keyof typeof FUNCTIONS]: Deno.UnsafeFnPointer<
    (typeof FUNCTIONS)[Name]
  >["call"];
};

/** The functions that can be called, by their names. */
export type Libc =
  & Deno.StaticForeignLibraryInterface<typeof QUICK_FUNCTIONS>
  & Loaded;

type Loaded =
  & Omit<Calls, LinuxName>
  & Partial<Pick<Calls, LinuxName>>
  & {
    /** The errno of the call that has just failed. */
    readonly errno: () => number;
  };

/** `null` when there is none that can be called, whatever the permissions. */
let library: Libc | null | undefined;

/**
 * The library, opened when it is first asked for, if this program may call it.
 * It never asks the user.
 */
export function libc(): Libc | undefined {
  if (library === undefined && isGranted()) library = open() ?? null;
  return library ?? undefined;
}

/**
 * A list of paths after `--allow-ffi` is not enough: Deno would want the file's
 * full path, and it allows nobody to look at a pointer.
 */
function isGranted(): boolean {
  return Deno.permissions.querySync({ name: "ffi" }).state === "granted";
}

/** A handle of `dlsym`: whatever the process has loaded. */
const RTLD_DEFAULT = isDarwin ? 2n ** 64n - 2n : 0n;

/** The library, and where `dlsym` is: glibc before 2.34 has it elsewhere. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  linux: ["libc.so.6", "libdl.so.2"],
  darwin: ["/usr/lib/libSystem.B.dylib"],
};

function open(): Libc | undefined {
  const [file, ...others] = FILES[Deno.build.os] ?? [];
  if (file === undefined) return undefined;
  const library = dlopen(file, QUICK_FUNCTIONS);
  if (library === undefined) return undefined;
  library.close();
  for (const each of [file, ...others]) {
    const loaded = load(each);
    if (loaded !== undefined) return { ...library.symbols, ...loaded };
  }
  return undefined;
}

/**
 * Finds the functions and closes the library again, which stays in the process
 * as long as that lives. An open one would count as a leak of whatever test of a
 * user is the first to need it.
 */
function load(file: string): Loaded | undefined {
  const library = dlopen(file, DLSYM);
  if (library === undefined) return undefined;
  const { dlsym } = library.symbols;
  const handle = Deno.UnsafePointer.create(RTLD_DEFAULT);
  const find = <Definition>(name: string): Deno.PointerObject<Definition> => {
    const found = dlsym(handle, new TextEncoder().encode(`${name}\0`));
    if (found === null) throw new Error(`${file} has no ${name}`);
    return found as Deno.PointerObject<Definition>;
  };
  const all = Object.entries(FUNCTIONS);
  const present = isDarwin
    ? all.filter(([name]) => !LINUX_ONLY.some((other) => other === name))
    : all;
  const functions = present.map(([name, definition]) => {
    const pointer = find<typeof definition>(name.replace("_on_thread", ""));
    const found = new Deno.UnsafeFnPointer(pointer, definition);
    return [name, found.call.bind(found)];
  });
  const errno = new Deno.UnsafeFnPointer(
    find<typeof LOCATION>(isDarwin ? "__error" : "__errno_location"),
    LOCATION,
  ).call();
  library.close();
  if (errno === null) throw new Error(`${file} has no errno`);
  const view = new Deno.UnsafePointerView(errno);
  return {
    ...Object.fromEntries(functions) as Omit<Loaded, "errno">,
    errno: () => view.getInt32(),
  };
}

/** What returns the address of a thread's errno. */
const LOCATION = { parameters: [], result: "pointer" } as const;

/** What finds a function that is in the process. */
const DLSYM = {
  dlsym: { parameters: ["pointer", "buffer"], result: "pointer" },
} as const;

function dlopen<Functions extends Deno.ForeignLibraryInterface>(
  file: string,
  functions: Functions,
): Deno.DynamicLibrary<Functions> | undefined {
  try {
    return Deno.dlopen(file, functions);
  } catch (error) {
    // It is not there, has no such function, or is denied by its path.
    if (error instanceof TypeError || !(error instanceof Error)) throw error;
    return undefined;
  }
}

/** The result of a call, unless that says that it has failed. */
export function check(libc: Libc, result: number | bigint): number {
  if (result >= 0) return Number(result);
  const number = libc.errno();
  throw new OSError(number, strerror(number));
}
