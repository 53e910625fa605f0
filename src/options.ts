/**
 * How `getsockopt` and `setsockopt` reach an option: by the table of those that
 * Deno can keep, or in the system, by the descriptor.
 *
 * @module
 */

import type { Bytes } from "./connection.ts";
import {
  AF_INET6,
  AF_UNIX,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  SOCK_STREAM,
  SOL_SOCKET,
} from "./constants.ts";
import type { OpenDescriptor } from "./descriptor.ts";
import type { Endpoint } from "./endpoint.ts";
import { errno, strerror } from "./errno.ts";
import { OSError, osError } from "./errors.ts";
import { type Option, OPTIONS } from "./option_table.ts";
import { posix } from "./posix.ts";

/** sizeof(int), of which most options have one. */
const INT_LENGTH = 4;

/** The value of an option: its number, or its bytes if a length is given. */
export function getOption(
  descriptor: OpenDescriptor,
  level: number,
  name: number,
  length: number,
): number | Bytes {
  const { endpoint } = descriptor;
  const option = find(endpoint, level, name);
  const bytes = option?.get === undefined
    ? askSystem(descriptor, level, name, length || INT_LENGTH)
    : toBytes(option.get(endpoint));
  if (length > 0) return bytes.slice(0, length);
  const whole = new Uint8Array(INT_LENGTH);
  whole.set(bytes.subarray(0, INT_LENGTH));
  return new Int32Array(whole.buffer)[0] ?? 0;
}

function toBytes(value: number | Bytes): Bytes {
  return typeof value === "number"
    ? new Uint8Array(Int32Array.of(value).buffer)
    : value;
}

function askSystem(
  descriptor: OpenDescriptor,
  level: number,
  name: number,
  length: number,
): Bytes {
  if (posix() !== undefined) return descriptor.getsockopt(level, name, length);
  const { endpoint } = descriptor;
  const isKnown = hasLevel(endpoint, level) || endpoint.family === AF_INET6;
  throw isKnown ? noSuchOption() : osError("EOPNOTSUPP");
}

/** Gives an option a value, which is bytes of any length. */
export function setOption(
  descriptor: OpenDescriptor,
  level: number,
  name: number,
  value: Bytes,
): void {
  const { endpoint } = descriptor;
  const option = find(endpoint, level, name);
  if (option?.set !== undefined) return option.set(endpoint, value);
  if (option === undefined && posix() !== undefined) {
    return descriptor.setsockopt(level, name, value);
  }
  const isForeign = endpoint.family === AF_UNIX && level !== SOL_SOCKET;
  throw isForeign ? osError("EOPNOTSUPP") : noSuchOption();
}

/** What the system has many of, Deno has not; the descriptor would. */
function noSuchOption(): OSError {
  if (posix() !== undefined) return osError("ENOPROTOOPT");
  return new OSError(
    errno.ENOPROTOOPT,
    `${strerror(errno.ENOPROTOOPT)} without Deno's flag --allow-ffi`,
  );
}

function find(
  endpoint: Endpoint,
  level: number,
  name: number,
): Option | undefined {
  if (!hasLevel(endpoint, level)) return undefined;
  return OPTIONS.find((each) =>
    each.level === level && each.name === name &&
    (each.isOf?.(endpoint) ?? true)
  );
}

/** Whether a socket of this kind has options of a level. */
function hasLevel({ family, type }: Endpoint, level: number): boolean {
  if (level === SOL_SOCKET) return true;
  if (level === IPPROTO_IPV6) return family === AF_INET6;
  if (family === AF_UNIX) return false;
  return level === IPPROTO_IP ||
    (level === IPPROTO_TCP && type === SOCK_STREAM);
}
