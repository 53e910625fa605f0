/**
 * How much room ancillary data takes: the sizes of C's `struct cmsghdr`.
 *
 * @module
 */

import { OverflowError } from "./errors.ts";
import { asInteger, checkParsedArgumentCount } from "./python.ts";

/** sizeof(struct cmsghdr), and the multiple at which data begin and end. */
const [HEADER, ALIGNMENT] = Deno.build.os === "darwin" ? [12, 4] : [16, 8];

/** The largest `socklen_t` that CPython trusts. */
const LENGTH_MAX = 0x7fffffff;

/**
 * The length of an item of ancillary data, with its header and without padding
 * behind it. As Python's `socket.CMSG_LEN()`.
 *
 * @example A descriptor is a C `int`
 * ```ts
 * import { CMSG_LEN } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(CMSG_LEN(4) - CMSG_LEN(0), 4);
 * ```
 *
 * @param length Bytes of data.
 * @returns Bytes with the header.
 * @throws {OverflowError} If it is negative, or too large.
 * @throws {TypeError} If it is no integer.
 */
export function CMSG_LEN(length: number): number {
  checkParsedArgumentCount(arguments.length, "CMSG_LEN", 1);
  return HEADER + parseLength(length, "CMSG_LEN", LENGTH_MAX - HEADER);
}

/**
 * The room that an item of ancillary data takes in a buffer, with its header and
 * the padding behind it. As Python's `socket.CMSG_SPACE()`.
 *
 * @example There is more room than the item is long
 * ```ts
 * import { CMSG_LEN, CMSG_SPACE } from "@pysocket/socket";
 * import { assert } from "@std/assert";
 *
 * assert(CMSG_SPACE(1) > CMSG_LEN(1));
 * ```
 *
 * @param length Bytes of data.
 * @returns Bytes with the header and the padding.
 * @throws {OverflowError} If it is negative, or too large.
 * @throws {TypeError} If it is no integer.
 */
export function CMSG_SPACE(length: number): number {
  checkParsedArgumentCount(arguments.length, "CMSG_SPACE", 1);
  const most = LENGTH_MAX - HEADER - ALIGNMENT;
  const number = parseLength(length, "CMSG_SPACE", most);
  return HEADER + Math.ceil(number / ALIGNMENT) * ALIGNMENT;
}

function parseLength(value: unknown, name: string, most: number): number {
  const length = asInteger(value, "ssize_t");
  if (length >= 0 && length <= most) return length;
  throw new OverflowError(`${name}() argument out of range`);
}
