/**
 * The network interfaces of this machine, by number and by name.
 *
 * @module
 */

import { errno } from "./errno.ts";
import { OSError, osError, translate } from "./errors.ts";
import {
  asUnsignedLong,
  checkParsedArgumentCount,
  checkPlainArgumentCount,
  isInteger,
  parseFileName,
} from "./python.ts";

/** A network interface: its number, and its name. */
export type NetworkInterface = [index: number, name: string];

/** Where Linux lists them all; Deno lets only `--allow-all` read it. */
const SYSFS = "/sys/class/net";

/**
 * Lists this machine's network interfaces, by number. As Python's
 * `socket.if_nameindex()`.
 *
 * On Linux the list is the system's, which Deno shows with `--allow-all` only.
 * Elsewhere it has the interfaces with a link-local IPv6 address, the only ones
 * whose numbers Deno tells; that takes `--allow-sys=networkInterfaces`.
 *
 * @example What there is
 * ```ts
 * import { if_nameindex } from "@pysocket/socket";
 * import { assert } from "@std/assert";
 *
 * for (const [index, name] of if_nameindex()) assert(index > 0 && name !== "");
 * ```
 *
 * @returns Number and name of each.
 * @throws {PermissionError} If Deno may not tell.
 * @throws {TypeError} If there is an argument.
 */
export function if_nameindex(): NetworkInterface[] {
  checkPlainArgumentCount(arguments.length, "if_nameindex", 0);
  return Deno.build.os === "linux" ? listAll() : listKnown();
}

/**
 * The number of a network interface. As Python's `socket.if_nametoindex()`.
 *
 * The loopback interface of Linux, and one with a link-local IPv6 address, take
 * `--allow-sys=networkInterfaces`. For others, on Linux, Deno asks for
 * `--allow-all`; elsewhere it cannot tell their numbers.
 *
 * @example The number of each name
 * ```ts
 * import { if_nameindex, if_nametoindex } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * for (const [index, name] of if_nameindex()) {
 *   assertEquals(if_nametoindex(name), index);
 * }
 * ```
 *
 * @param if_name The name, such as `"eth0"`.
 * @returns The number.
 * @throws {OSError} If there is no interface with this name; without errno.
 * @throws {PermissionError} If Deno may not tell.
 * @throws {TypeError} If the name is neither text nor bytes.
 * @throws {ValueError} If there is a NUL in it.
 */
export function if_nametoindex(if_name: string | Uint8Array): number {
  checkParsedArgumentCount(arguments.length, "if_nametoindex", 1);
  const index = findIndex(parseFileName(if_name));
  if (index !== undefined) return index;
  throw new OSError("no interface with this name");
}

/**
 * The name of a network interface. As Python's `socket.if_indextoname()`.
 *
 * @example The name of each number
 * ```ts
 * import { if_indextoname, if_nameindex } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * for (const [index, name] of if_nameindex()) {
 *   assertEquals(if_indextoname(index), name);
 * }
 * ```
 *
 * @param if_index The number.
 * @returns The name.
 * @throws {OSError} ENXIO if there is no interface with this number.
 * @throws {PermissionError} If Deno may not tell: see `if_nametoindex`.
 * @throws {TypeError} If it is no integer.
 * @throws {OverflowError} If it is negative, or too large.
 */
export function if_indextoname(if_index: number): string {
  checkPlainArgumentCount(arguments.length, "if_indextoname", 1);
  if (!isInteger(if_index)) throw new TypeError("an integer is required");
  // C's unsigned int, to which a long is cut without a word.
  const index = Number(BigInt.asUintN(32, asUnsignedLong(if_index)));
  const name = findName(index);
  if (name !== undefined) return name;
  throw osError("ENXIO");
}

/** The number of an interface; `undefined` if there is none of this name. */
export function findIndex(name: string): number | undefined {
  return find(([, each]) => each === name)?.[0];
}

/** The name of an interface; `undefined` if there is none of this number. */
export function findName(index: number): string | undefined {
  if (index === 0) return undefined;
  return find(([each]) => each === index)?.[1];
}

/** An interface, from where fewer grants are needed if that is enough. */
function find(
  isIt: (each: NetworkInterface) => boolean,
): NetworkInterface | undefined {
  return listKnown().find(isIt) ??
    (Deno.build.os === "linux" ? listAll().find(isIt) : undefined);
}

/** The addresses of this machine. */
export function networkAddresses(): Deno.NetworkInterfaceInfo[] {
  try {
    return Deno.networkInterfaces();
  } catch (error) {
    throw translate(error);
  }
}

/** Those whose number an address tells, or a rule: Linux's loopback is 1. */
function listKnown(): NetworkInterface[] {
  const known = new Map<number, string>();
  for (const { name, scopeid } of networkAddresses()) {
    if (name === "lo" && Deno.build.os === "linux") known.set(1, name);
    else if (scopeid) known.set(scopeid, name);
  }
  return [...known].sort(([a], [b]) => a - b);
}

function listAll(): NetworkInterface[] {
  try {
    // What is no link to a device is no interface, such as `bonding_masters`.
    return [...Deno.readDirSync(SYSFS)].filter(({ isSymlink }) => isSymlink)
      .map(({ name }): NetworkInterface => [
        Number(Deno.readTextFileSync(`${SYSFS}/${name}/ifindex`)),
        name,
      ]).sort(([a], [b]) => a - b);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) return listKnown();
    if (!(cause instanceof Deno.errors.NotCapable)) throw translate(cause);
    // Deno's own words name --allow-read first, which is not enough.
    const grant =
      `Requires all access to "${SYSFS}", run again with the --allow-all flag`;
    throw new OSError(errno.EACCES, grant, { cause });
  }
}
