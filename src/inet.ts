/**
 * Python's functions from addresses as text to addresses as bytes, and back.
 *
 * @module
 */

import { AF_INET, AF_INET6 } from "./constants.ts";
import { OSError, osError, ValueError } from "./errors.ts";
import {
  formatIPv4,
  formatIPv6,
  parseIPv4,
  parseIPv6,
  parsePlainIPv4,
} from "./ip.ts";
import {
  asBytes,
  type BytesLike,
  checkParsedArgumentCount,
  parseInt32,
  parseText,
} from "./python.ts";

/**
 * The four bytes of an IPv4 address. As Python's `socket.inet_aton()`.
 *
 * It takes every form that the C library takes: `127.1` is `127.0.0.1`, `0x7f`
 * is hexadecimal, `010` is octal, and what follows a space does not count.
 * `inet_pton` takes none of these.
 *
 * @example Four numbers, or fewer
 * ```ts
 * import { inet_aton } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(inet_aton("127.0.0.1"), Uint8Array.of(127, 0, 0, 1));
 * assertEquals(inet_aton("127.1"), Uint8Array.of(127, 0, 0, 1));
 * ```
 *
 * @param ip_string The address as text.
 * @returns Its four bytes, the most significant one first.
 * @throws {OSError} If the text is no IPv4 address; without errno.
 * @throws {TypeError} If it is no string.
 * @throws {ValueError} If there is a NUL in it.
 */
export function inet_aton(ip_string: string): Uint8Array<ArrayBuffer> {
  checkParsedArgumentCount(arguments.length, "inet_aton", 1);
  const text = parseText(ip_string, "inet_aton", 1);
  const bytes = parseIPv4(text.replace(/[ \t\n\v\f\r][^]*/, ""));
  if (bytes !== undefined) return bytes;
  throw new OSError("illegal IP address string passed to inet_aton");
}

/**
 * The text of an IPv4 address. As Python's `socket.inet_ntoa()`.
 *
 * @example Four bytes
 * ```ts
 * import { inet_ntoa } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(inet_ntoa(Uint8Array.of(127, 0, 0, 1)), "127.0.0.1");
 * ```
 *
 * @param packed_ip The four bytes, the most significant one first.
 * @returns The address as text.
 * @throws {OSError} If there are more or fewer than four bytes; without errno.
 * @throws {TypeError} If the argument is no bytes.
 */
export function inet_ntoa(packed_ip: BytesLike): string {
  checkParsedArgumentCount(arguments.length, "inet_ntoa", 1);
  const bytes = asBytes(packed_ip);
  if (bytes.length === 4) return formatIPv4(bytes);
  throw new OSError("packed IP wrong length for inet_ntoa");
}

/**
 * The bytes of an address of either family. As Python's `socket.inet_pton()`.
 *
 * @example IPv6
 * ```ts
 * import { AF_INET6, inet_pton } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = inet_pton(AF_INET6, "::1");
 * assertEquals(bytes.length, 16);
 * assertEquals(bytes[15], 1);
 * ```
 *
 * @param address_family `AF_INET` or `AF_INET6`.
 * @param ip_string The address as text, in its plain form, without a scope.
 * @returns Four or sixteen bytes, the most significant one first.
 * @throws {OSError} If the text is no address of the family, without errno;
 * EAFNOSUPPORT for another family.
 * @throws {TypeError} If the family is no integer, or the text no string.
 * @throws {ValueError} If there is a NUL in the text.
 * @throws {OverflowError} If the family is no C `int`.
 */
export function inet_pton(
  address_family: number,
  ip_string: string,
): Uint8Array<ArrayBuffer> {
  checkParsedArgumentCount(arguments.length, "inet_pton", 2);
  const family = parseInt32(address_family);
  const text = parseText(ip_string, "inet_pton", 2);
  if (family !== AF_INET && family !== AF_INET6) throw osError("EAFNOSUPPORT");
  const parse = family === AF_INET ? parsePlainIPv4 : parseIPv6;
  const bytes = parse(text);
  if (bytes !== undefined) return bytes;
  throw new OSError("illegal IP address string passed to inet_pton");
}

/**
 * The text of an address of either family, in its shortest form. As Python's
 * `socket.inet_ntop()`.
 *
 * @example There and back
 * ```ts
 * import { AF_INET6, inet_ntop, inet_pton } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = inet_pton(AF_INET6, "2001:0DB8:0:0:0:0:0:1");
 * assertEquals(inet_ntop(AF_INET6, bytes), "2001:db8::1");
 * ```
 *
 * @param address_family `AF_INET` or `AF_INET6`.
 * @param packed_ip Four or sixteen bytes, the most significant one first.
 * @returns The address as text.
 * @throws {ValueError} If there are more or fewer bytes, or it is another
 * family.
 * @throws {TypeError} If the family is no integer, or the address no bytes.
 * @throws {OverflowError} If the family is no C `int`.
 */
export function inet_ntop(
  address_family: number,
  packed_ip: BytesLike,
): string {
  checkParsedArgumentCount(arguments.length, "inet_ntop", 2);
  const family = parseInt32(address_family);
  const bytes = asBytes(packed_ip);
  if (family !== AF_INET && family !== AF_INET6) {
    throw new ValueError(`unknown address family ${family}`);
  }
  if (bytes.length !== (family === AF_INET ? 4 : 16)) {
    throw new ValueError("invalid length of packed IP address string");
  }
  return family === AF_INET ? formatIPv4(bytes) : formatIPv6(bytes);
}
