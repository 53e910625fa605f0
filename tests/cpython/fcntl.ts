/**
 * `fcntl(2)` on this process's descriptors, which are what `fileno()` returns
 * over there. The tests look at sockets through it.
 *
 * @module
 */

import { OSError, strerror } from "../../mod.ts";

const libc = Deno.dlopen("libc.so.6", {
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  __errno_location: { parameters: [], result: "pointer" },
});

/** As Python's `fcntl.fcntl()`, for commands that take and return integers. */
export function fcntl(fd: number, cmd: number, arg: number = 0): number {
  const result = libc.symbols.fcntl(fd, cmd, arg);
  if (result !== -1) return result;
  const place = libc.symbols.__errno_location();
  const number = new Deno.UnsafePointerView(place!).getInt32();
  throw new OSError(number, strerror(number));
}
