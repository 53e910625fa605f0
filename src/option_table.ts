/**
 * The socket options that Deno can keep, sorted by level and then by C name, and
 * where the value of each is kept.
 *
 * @module
 */

import type { Bytes } from "./connection.ts";
import {
  AF_UNIX,
  IP_ADD_MEMBERSHIP,
  IP_DROP_MEMBERSHIP,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPPROTO_UDP,
  IPV6_JOIN_GROUP,
  IPV6_LEAVE_GROUP,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_IF,
  IPV6_MULTICAST_LOOP,
  IPV6_UNICAST_HOPS,
  IPV6_V6ONLY,
  SO_ACCEPTCONN,
  SO_BROADCAST,
  SO_DOMAIN,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_PROTOCOL,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_TYPE,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_NODELAY,
} from "./constants.ts";
import { DatagramEndpoint } from "./datagram_endpoint.ts";
import type { Endpoint, Settings } from "./endpoint.ts";
import { errno } from "./errno.ts";
import { OSError, osError } from "./errors.ts";
import { formatIPv4, formatIPv6, parseIPv4 } from "./ip.ts";

/** One option: its numbers, and where its value is kept. */
export interface Option {
  readonly level: number;
  readonly name: number;
  /** Left out for an option that can only be set. */
  readonly get?: (endpoint: Endpoint) => number | Bytes;
  /** Left out for an option that can only be read. */
  readonly set?: (endpoint: Endpoint, value: Bytes) => void;
  /** Whether a socket has it; left out for one that all of its level have. */
  readonly isOf?: (endpoint: Endpoint) => boolean;
}

/** The settings that are on or off. */
type Flag = {
  [Name in keyof Settings]: Settings[Name] extends boolean ? Name : never;
}[keyof Settings];

/** An option that is on or off. */
function flag(
  level: number,
  name: number,
  setting: Flag,
  check: (endpoint: Endpoint, isOn: boolean) => void = () => {},
): Option {
  return {
    level,
    name,
    get: (endpoint) => Number(endpoint.settings[setting]),
    set: (endpoint, value) => {
      const isOn = toInt(level, value) !== 0;
      check(endpoint, isOn);
      endpoint.set(setting, isOn);
    },
  };
}

/** An option that counts routers; −1 stands for the usual number. */
function hops(
  level: number,
  name: number,
  setting: "ttl" | "multicastTtl",
  least: number,
): Option {
  const usual = setting === "ttl" ? 64 : 1;
  return {
    level,
    name,
    get: (endpoint) => endpoint.settings[setting],
    set: (endpoint, value) => {
      const number = toInt(level, value);
      const isWrong = number !== -1 && (number < least || number > 255);
      if (isWrong) throw osError("EINVAL");
      endpoint.set(setting, number === -1 ? usual : number);
    },
    isOf: isDatagram,
  };
}

/** Takes part in a multicast group, or no longer. */
function membership(
  level: number,
  name: number,
  method: "join" | "leave",
): Option {
  const parse = level === IPPROTO_IP ? parseMreq : parseMreq6;
  return {
    level,
    name,
    set: (endpoint, value) => {
      const { group, link } = parse(value);
      asDatagram(endpoint)[method](group, link);
    },
    isOf: isDatagram,
  };
}

/** The options, by level and name. */
export const OPTIONS: readonly Option[] = [
  {
    level: SOL_SOCKET,
    name: SO_ACCEPTCONN,
    get: (endpoint) => Number(endpoint.isListening),
  },
  flag(SOL_SOCKET, SO_BROADCAST, "broadcast"),
  { level: SOL_SOCKET, name: SO_DOMAIN, get: (endpoint) => endpoint.family },
  {
    level: SOL_SOCKET,
    name: SO_ERROR,
    get: (endpoint) => errnoOf(endpoint.takeFailure()),
  },
  flag(SOL_SOCKET, SO_KEEPALIVE, "keepAlive"),
  {
    level: SOL_SOCKET,
    name: SO_PROTOCOL,
    get: ({ family, type }) => {
      if (family === AF_UNIX) return 0;
      return type === SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP;
    },
  },
  // Deno sets it for every listener, except on Windows; so there it is only
  // remembered.
  flag(SOL_SOCKET, SO_REUSEADDR, "reuseAddress"),
  flag(SOL_SOCKET, SO_REUSEPORT, "reusePort", (_, isOn) => {
    if (isOn) checkUnstableNet();
  }),
  { level: SOL_SOCKET, name: SO_TYPE, get: (endpoint) => endpoint.type },
  membership(IPPROTO_IP, IP_ADD_MEMBERSHIP, "join"),
  membership(IPPROTO_IP, IP_DROP_MEMBERSHIP, "leave"),
  {
    level: IPPROTO_IP,
    name: IP_MULTICAST_IF,
    get: (endpoint) =>
      parseIPv4(String(asDatagram(endpoint).multicastInterface)) as Bytes,
    set: (endpoint, value) => {
      if (value.length < 4) throw osError("EINVAL");
      // Of `struct ip_mreq` and its like, the second field is the interface.
      const start = value.length < 8 ? 0 : 4;
      const host = formatIPv4(value.subarray(start, start + 4));
      asDatagram(endpoint).multicastInterface = host;
    },
    isOf: isDatagram,
  },
  {
    ...flag(IPPROTO_IP, IP_MULTICAST_LOOP, "multicastLoop"),
    isOf: isDatagram,
  },
  hops(IPPROTO_IP, IP_MULTICAST_TTL, "multicastTtl", 0),
  hops(IPPROTO_IP, IP_TTL, "ttl", 1),
  flag(IPPROTO_TCP, TCP_NODELAY, "noDelay"),
  membership(IPPROTO_IPV6, IPV6_JOIN_GROUP, "join"),
  membership(IPPROTO_IPV6, IPV6_LEAVE_GROUP, "leave"),
  hops(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, "multicastTtl", 0),
  {
    level: IPPROTO_IPV6,
    name: IPV6_MULTICAST_IF,
    get: (endpoint) => Number(asDatagram(endpoint).multicastInterface),
    set: (endpoint, value) =>
      asDatagram(endpoint).multicastInterface = toInt(IPPROTO_IPV6, value),
    isOf: isDatagram,
  },
  {
    ...flag(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, "multicastLoop"),
    isOf: isDatagram,
  },
  hops(IPPROTO_IPV6, IPV6_UNICAST_HOPS, "ttl", 0),
  flag(IPPROTO_IPV6, IPV6_V6ONLY, "v6only", (endpoint) => {
    if (endpoint.isBound) throw osError("EINVAL");
  }),
];

function isDatagram(endpoint: Endpoint): boolean {
  return endpoint instanceof DatagramEndpoint;
}

function asDatagram(endpoint: Endpoint): DatagramEndpoint {
  if (endpoint instanceof DatagramEndpoint) return endpoint;
  throw osError("ENOPROTOOPT");
}

/** A C int; where IPv4 has the option, one byte is enough. */
function toInt(level: number, value: Bytes): number {
  const [byte] = value;
  if (value.length >= 4) {
    return new DataView(value.buffer, value.byteOffset).getInt32(0, true);
  }
  if (level === IPPROTO_IP && byte !== undefined) return byte;
  throw osError("EINVAL");
}

/** `struct ip_mreq`, or `ip_mreqn`, whose third field Deno has no use for. */
function parseMreq(value: Bytes): { group: string; link: string } {
  if (value.length < 8) throw osError("EINVAL");
  return {
    group: formatIPv4(value.subarray(0, 4)),
    link: formatIPv4(value.subarray(4, 8)),
  };
}

/** `struct ipv6_mreq`. */
function parseMreq6(value: Bytes): { group: string; link: number } {
  if (value.length < 20) throw osError("EINVAL");
  return {
    group: formatIPv6(value.subarray(0, 16)),
    link: new DataView(value.buffer, value.byteOffset).getUint32(16, true),
  };
}

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
