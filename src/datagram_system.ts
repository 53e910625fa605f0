/**
 * What the system does for a datagram socket by its descriptor, where there is
 * one: it connects, and knows settings that Deno has no way to.
 *
 * @module
 */

import { formatInet, type InetAddress } from "./address.ts";
import type { Link } from "./datagram_conn.ts";
import {
  AF_INET6,
  IP_MULTICAST_IF,
  IP_MULTICAST_TTL,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_IF,
  IPV6_UNICAST_HOPS,
} from "./constants.ts";
import { parseIPv4 } from "./ip.ts";
import { type Posix, posix } from "./posix.ts";
import type { HostPort } from "./resolve.ts";
import { packSockaddr } from "./sockaddr.ts";

/** The settings that count routers, and their options for IPv4 and IPv6. */
const HOPS = {
  ttl: [IP_TTL, IPV6_UNICAST_HOPS],
  multicastTtl: [IP_MULTICAST_TTL, IPV6_MULTICAST_HOPS],
} as const;

/** A setting that counts routers. */
export type Hops = keyof typeof HOPS;

/**
 * The descriptor tier, if it can connect a socket of Deno's: on macOS such a
 * socket could not send to an address any more, which is how Deno sends.
 */
export function connectingPosix(): Posix | undefined {
  return Deno.build.os === "linux" ? posix() : undefined;
}

/** Connects, and returns the host that the socket has as its own from now on. */
export function connectInSystem(
  system: Posix,
  fd: number,
  family: number,
  { hostname, port }: HostPort,
): string | undefined {
  const [host = "", scope = 0] = hostname.split("%");
  const address: InetAddress = family === AF_INET6
    ? [host, port, 0, Number(scope)]
    : formatInet(family, host, port);
  system.connect(fd, packSockaddr(family, address));
  const local = system.getsockname(fd);
  return Array.isArray(local) ? String(local[0]) : undefined;
}

/** Sets how many routers a datagram may pass. */
export function setHops(
  system: Posix,
  fd: number,
  family: number,
  name: Hops,
  value: number,
): void {
  const isV6 = family === AF_INET6;
  const level = isV6 ? IPPROTO_IPV6 : IPPROTO_IP;
  system.setsockopt(fd, level, HOPS[name][isV6 ? 1 : 0], toBytes(value));
}

/** Sets from where multicast goes out. */
export function setMulticastInterface(
  system: Posix,
  fd: number,
  link: Link,
): void {
  const isV6 = typeof link === "number";
  const level = isV6 ? IPPROTO_IPV6 : IPPROTO_IP;
  const name = isV6 ? IPV6_MULTICAST_IF : IP_MULTICAST_IF;
  const value = isV6 ? toBytes(link) : parseIPv4(link) ?? toBytes(0);
  system.setsockopt(fd, level, name, value);
}

/** A C int. */
function toBytes(value: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Int32Array.of(value).buffer);
}
