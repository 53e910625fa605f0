/**
 * Python's functions between the byte order of this machine and the one of the
 * network, where the most significant byte comes first.
 *
 * @module
 */

import { OverflowError } from "./errors.ts";
import {
  asUnsignedLong,
  checkParsedArgumentCount,
  checkPlainArgumentCount,
  isInteger,
  parseInt32,
  typeName,
} from "./python.ts";

const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/**
 * A 16-bit number from the machine's byte order to the network's. As Python's
 * `socket.htons()`.
 *
 * @example What stands in memory is the same everywhere
 * ```ts
 * import { htons } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = Uint16Array.of(htons(0x1f90));
 * assertEquals(new Uint8Array(memory.buffer), Uint8Array.of(0x1f, 0x90));
 * ```
 *
 * @param x A number from 0 to 65535.
 * @returns The number whose bytes stand in the other order, if the orders differ.
 * @throws {OverflowError} If it is negative, or larger.
 * @throws {TypeError} If it is no integer.
 */
export function htons(x: number): number {
  checkParsedArgumentCount(arguments.length, "htons", 1);
  return swap16(x, "htons");
}

/**
 * A 16-bit number from the network's byte order to the machine's. As Python's
 * `socket.ntohs()`.
 *
 * @example There and back
 * ```ts
 * import { htons, ntohs } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(ntohs(htons(8080)), 8080);
 * ```
 *
 * @param x A number from 0 to 65535.
 * @returns The number whose bytes stand in the other order, if the orders differ.
 * @throws {OverflowError} If it is negative, or larger.
 * @throws {TypeError} If it is no integer.
 */
export function ntohs(x: number): number {
  checkParsedArgumentCount(arguments.length, "ntohs", 1);
  return swap16(x, "ntohs");
}

/**
 * A 32-bit number from the machine's byte order to the network's. As Python's
 * `socket.htonl()`.
 *
 * @example What stands in memory is the same everywhere
 * ```ts
 * import { htonl } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = Uint32Array.of(htonl(0x7f000001));
 * assertEquals(new Uint8Array(memory.buffer), Uint8Array.of(127, 0, 0, 1));
 * ```
 *
 * @param x A number from 0 to 4294967295.
 * @returns The number whose bytes stand in the other order, if the orders differ.
 * @throws {OverflowError} If it is negative, or larger.
 * @throws {TypeError} If it is no integer.
 */
export function htonl(x: number): number {
  checkPlainArgumentCount(arguments.length, "htonl", 1);
  return swap32(x);
}

/**
 * A 32-bit number from the network's byte order to the machine's. As Python's
 * `socket.ntohl()`.
 *
 * @example There and back
 * ```ts
 * import { htonl, ntohl } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(ntohl(htonl(0x7f000001)), 0x7f000001);
 * ```
 *
 * @param x A number from 0 to 4294967295.
 * @returns The number whose bytes stand in the other order, if the orders differ.
 * @throws {OverflowError} If it is negative, or larger.
 * @throws {TypeError} If it is no integer.
 */
export function ntohl(x: number): number {
  checkPlainArgumentCount(arguments.length, "ntohl", 1);
  return swap32(x);
}

function swap16(value: unknown, name: string): number {
  const number = parseInt32(value);
  if (number < 0) {
    throw new OverflowError(
      `${name}: can't convert negative Python int to C 16-bit unsigned integer`,
    );
  }
  if (number > 0xffff) {
    throw new OverflowError(
      `${name}: Python int too large to convert to C 16-bit unsigned integer`,
    );
  }
  const view = new DataView(new ArrayBuffer(2));
  view.setUint16(0, number, IS_LITTLE_ENDIAN);
  return view.getUint16(0);
}

function swap32(value: unknown): number {
  if (!isInteger(value)) {
    throw new TypeError(`expected int, ${typeName(value)} found`);
  }
  const number = Number(asUnsignedLong(value));
  if (number > 0xffffffff) throw new OverflowError("int larger than 32 bits");
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, number, IS_LITTLE_ENDIAN);
  return view.getUint32(0);
}
