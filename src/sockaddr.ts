/**
 * Addresses as the system has them, `struct sockaddr`, as bytes.
 *
 * All begin with the family, a number of two bytes; on macOS the first of these
 * is the length of the whole. Ports are in network order.
 *
 * | family     | from 2    | from 4         | from 8    | from 24  | size   |
 * | ---------- | --------- | -------------- | --------- | -------- | ------ |
 * | `AF_INET`  | port (2)  | address (4)    | zero (8)  |          | 16     |
 * | `AF_INET6` | port (2)  | flowinfo (4)   | host (16) | scope id | 28     |
 * | `AF_UNIX`  | path                                              | varies |
 * | `AF_VSOCK` | zero (2)  | port (4)       | cid (4)   |          | 16, 12 |
 *
 * @module
 */

import type { Address, UnixAddress } from "./address.ts";
import type { Bytes } from "./connection.ts";
import { AF_INET, AF_INET6, AF_UNIX, AF_VSOCK } from "./constants.ts";
import { osError } from "./errors.ts";
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from "./ip.ts";

/** Between a virtual machine and its host. */
export type VsockAddress = [cid: number, port: number];

/** An address of a family that Python's `socket` does not know. */
export type OtherAddress = [family: number, data: Bytes];

/** An address of any family; a Unix path that is no UTF-8 is bytes. */
export type SocketAddress = Address | VsockAddress | OtherAddress;

/** The size of the largest, `sockaddr_storage`. */
export const SOCKADDR_MAX = 128;

const isDarwin = Deno.build.os === "darwin";

/** Where a Unix address's path begins. */
const PATH_START = 2;

/** The bytes of an address, whose host is a number, in a family. */
export function packSockaddr(family: number, address: SocketAddress): Bytes {
  if (family === AF_UNIX) return packUnix(address as UnixAddress);
  const parts = address as readonly (string | number)[];
  if (family === AF_INET) {
    const [host, port] = parts;
    const bytes = start(family, 16);
    viewOf(bytes).setUint16(2, Number(port));
    bytes.set(parseHost(parseIPv4, host), 4);
    return bytes;
  }
  if (family === AF_INET6) {
    const [host, port, flowinfo = 0, scopeId = 0] = parts;
    const bytes = start(family, 28);
    const view = viewOf(bytes);
    view.setUint16(2, Number(port));
    view.setUint32(4, Number(flowinfo));
    bytes.set(parseHost(parseIPv6, host), 8);
    view.setUint32(24, Number(scopeId), true);
    return bytes;
  }
  if (family === AF_VSOCK) {
    const [cid, port] = parts;
    const bytes = start(family, isDarwin ? 12 : 16);
    viewOf(bytes).setUint32(4, Number(port), true);
    viewOf(bytes).setUint32(8, Number(cid), true);
    return bytes;
  }
  throw osError("EAFNOSUPPORT");
}

/** An address of no family, which takes a datagram socket's peer away. */
export function packUnspecified(): Bytes {
  return start(0, 16);
}

function packUnix(path: UnixAddress): Bytes {
  const encoded = typeof path === "string"
    ? new TextEncoder().encode(path)
    : path;
  const bytes = start(AF_UNIX, PATH_START + encoded.length);
  bytes.set(encoded, PATH_START);
  return bytes;
}

function start(family: number, size: number): Bytes {
  const bytes = new Uint8Array(size);
  bytes[isDarwin ? 1 : 0] = family;
  if (isDarwin) bytes[0] = size;
  return bytes;
}

function parseHost(
  parse: (text: string) => Uint8Array | undefined,
  host: unknown,
): Uint8Array {
  const bytes = typeof host === "string" ? parse(host) : undefined;
  if (bytes === undefined) throw osError("EINVAL");
  return bytes;
}

/** An address as Python shows it; `null` where the system gives none. */
export function parseSockaddr(bytes: Uint8Array): SocketAddress | null {
  if (bytes.length < PATH_START) return null;
  const family = familyOf(bytes);
  if (family === AF_UNIX) return parseUnix(bytes.subarray(PATH_START));
  const view = viewOf(bytes);
  if (family === AF_INET) {
    return [formatIPv4(bytes.subarray(4, 8)), view.getUint16(2)];
  }
  if (family === AF_INET6) {
    return [
      formatIPv6(bytes.subarray(8, 24)),
      view.getUint16(2),
      view.getUint32(4),
      view.getUint32(24, true),
    ];
  }
  if (family === AF_VSOCK) {
    return [view.getUint32(8, true), view.getUint32(4, true)];
  }
  return [family, bytes.slice(PATH_START, 16)];
}

/** The family in an address. */
export function familyOf(bytes: Uint8Array): number {
  return isDarwin ? bytes[1] ?? 0 : viewOf(bytes).getUint16(0, true);
}

function parseUnix(path: Uint8Array): UnixAddress {
  // An abstract name is all of it; a path ends at its first NUL.
  if (path[0] === 0 && Deno.build.os === "linux") return path.slice();
  const end = path.indexOf(0);
  const bytes = end < 0 ? path : path.subarray(0, end);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return bytes.slice();
  }
}

/**
 * Whether two addresses of a family are the same, as far as both are known: Deno
 * tells neither flow nor scope, so that 0 stands for any.
 */
export function isSameAddress(
  family: number,
  one: SocketAddress,
  other: SocketAddress,
): boolean {
  const pair = [one, other].map((address) => packSockaddr(family, address));
  if (family === AF_INET6) {
    const isAnyScope = pair.some((bytes) => viewOf(bytes).getUint32(24) === 0);
    for (const bytes of pair) bytes.fill(0, isAnyScope ? 24 : 28).fill(0, 4, 8);
  }
  const [a, b] = pair as [Bytes, Bytes];
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}
