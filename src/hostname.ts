/**
 * What this machine is called.
 *
 * @module
 */

import { errno } from "./errno.ts";
import { OSError, translate } from "./errors.ts";
import {
  checkParsedArgumentCount,
  checkPlainArgumentCount,
  parseFileName,
} from "./python.ts";

/**
 * What this machine is called. As Python's `socket.gethostname()`.
 *
 * It takes `--allow-sys=hostname`.
 *
 * @example The name of this machine
 * ```ts
 * import { gethostname } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(gethostname(), Deno.hostname());
 * ```
 *
 * @returns The name, with or without a domain.
 * @throws {PermissionError} If Deno may not tell.
 * @throws {TypeError} If there is an argument.
 */
export function gethostname(): string {
  checkPlainArgumentCount(arguments.length, "gethostname", 0);
  try {
    return Deno.hostname();
  } catch (error) {
    throw translate(error);
  }
}

/**
 * Cannot name this machine: Deno has no call that does. Python's
 * `socket.sethostname()` gives the same errno to whoever is not the superuser.
 *
 * @example It never succeeds
 * ```ts
 * import { PermissionError, sethostname } from "@pysocket/socket";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => sethostname("example"), PermissionError);
 * ```
 *
 * @param name What the machine would be called.
 * @returns Never.
 * @throws {PermissionError} EPERM, always.
 * @throws {TypeError} If the name is neither text nor bytes.
 * @throws {ValueError} If there is a NUL in the text.
 */
export function sethostname(name: string | Uint8Array): never {
  checkParsedArgumentCount(arguments.length, "sethostname", 1);
  parseFileName(name);
  throw new OSError(
    errno.EPERM,
    "Operation not permitted: Deno has no call that names the machine",
  );
}
