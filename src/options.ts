/**
 * The socket options that Deno can keep, sorted by level and then by C name, and
 * how `getsockopt` and `setsockopt` reach them.
 *
 * @module
 */

import {
  AF_INET6,
  AF_UNIX,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SO_ACCEPTCONN,
  SO_DOMAIN,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_PROTOCOL,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_TYPE,
  SOL_SOCKET,
  TCP_NODELAY,
} from "./constants.ts";
import type { Bytes } from "./connection.ts";
import type { OpenDescriptor } from "./descriptor.ts";
import type { Endpoint } from "./endpoint.ts";
import { errno, strerror } from "./errno.ts";
import { OSError, osError } from "./errors.ts";
import { posix } from "./posix.ts";

/** sizeof(int), of which most options have one. */
const INT_LENGTH = 4;

/** One option: its numbers, and where its value is kept. */
interface Option {
  readonly level: number;
  readonly name: number;
  readonly get: (endpoint: Endpoint) => number;
  /** Left out for an option that can only be read. */
  readonly set?: (endpoint: Endpoint, value: number) => void;
}

const OPTIONS: readonly Option[] = [
  {
    level: SOL_SOCKET,
    name: SO_ACCEPTCONN,
    get: (endpoint) => Number(endpoint.isListening),
  },
  { level: SOL_SOCKET, name: SO_DOMAIN, get: (endpoint) => endpoint.family },
  {
    level: SOL_SOCKET,
    name: SO_ERROR,
    get: (endpoint) => errnoOf(endpoint.takeFailure()),
  },
  {
    level: SOL_SOCKET,
    name: SO_KEEPALIVE,
    get: (endpoint) => Number(endpoint.settings.keepAlive),
    set: (endpoint, value) => endpoint.set("keepAlive", value !== 0),
  },
  {
    level: SOL_SOCKET,
    name: SO_PROTOCOL,
    get: (endpoint) => endpoint.family === AF_UNIX ? 0 : IPPROTO_TCP,
  },
  {
    // Deno sets it for every listener, except on Windows; so here it is only
    // remembered.
    level: SOL_SOCKET,
    name: SO_REUSEADDR,
    get: (endpoint) => Number(endpoint.settings.reuseAddress),
    set: (endpoint, value) => endpoint.set("reuseAddress", value !== 0),
  },
  {
    level: SOL_SOCKET,
    name: SO_REUSEPORT,
    get: (endpoint) => Number(endpoint.settings.reusePort),
    set: (endpoint, value) => {
      if (value !== 0) checkUnstableNet();
      endpoint.set("reusePort", value !== 0);
    },
  },
  { level: SOL_SOCKET, name: SO_TYPE, get: (endpoint) => endpoint.type },
  {
    level: IPPROTO_TCP,
    name: TCP_NODELAY,
    get: (endpoint) => Number(endpoint.settings.noDelay),
    set: (endpoint, value) => endpoint.set("noDelay", value !== 0),
  },
  {
    level: IPPROTO_IPV6,
    name: IPV6_V6ONLY,
    get: (endpoint) => Number(endpoint.settings.v6only),
    set: (endpoint, value) => {
      if (endpoint.isBound) throw osError("EINVAL");
      endpoint.set("v6only", value !== 0);
    },
  },
];

/**
 * Deno shares a port only with this flag, and ends the whole program at the
 * attempt without it. The flag is also what brings `Deno.listenDatagram`.
 */
function checkUnstableNet(): void {
  if ("listenDatagram" in Deno) return;
  throw new OSError(
    errno.ENOPROTOOPT,
    "SO_REUSEPORT needs Deno's flag --unstable-net",
  );
}

function errnoOf(failure: unknown): number {
  return failure instanceof OSError ? failure.errno ?? errno.ETIMEDOUT : 0;
}

/** The value of an option: its number, or its bytes if a length is given. */
export function getOption(
  descriptor: OpenDescriptor,
  level: number,
  name: number,
  length: number,
): number | Bytes {
  const { endpoint } = descriptor;
  const option = find(endpoint, level, name);
  const bytes = option === undefined
    ? askSystem(descriptor, level, name, length || INT_LENGTH)
    : new Uint8Array(Int32Array.of(option.get(endpoint)).buffer);
  if (length > 0) return bytes.slice(0, length);
  const whole = new Uint8Array(INT_LENGTH);
  whole.set(bytes.subarray(0, INT_LENGTH));
  return new Int32Array(whole.buffer)[0] ?? 0;
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
  if (option?.set !== undefined) {
    if (value.length < INT_LENGTH) throw osError("EINVAL");
    const number = new Int32Array(value.slice(0, INT_LENGTH).buffer)[0] ?? 0;
    return option.set(endpoint, number);
  }
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
  return OPTIONS.find((each) => each.level === level && each.name === name);
}

/** Whether a socket of this family has options of a level. */
function hasLevel(endpoint: Endpoint, level: number): boolean {
  if (level === SOL_SOCKET) return true;
  if (level === IPPROTO_IPV6) return endpoint.family === AF_INET6;
  const isInternet = endpoint.family !== AF_UNIX;
  return isInternet && (level === IPPROTO_TCP || level === IPPROTO_IP);
}
