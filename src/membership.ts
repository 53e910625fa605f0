/**
 * Multicast groups that a socket takes part in, and what the kernel says to
 * those that it cannot: Deno says it too late, or not at all.
 *
 * @module
 */

import { AF_INET6 } from "./constants.ts";
import type { DatagramConn, Link } from "./datagram_conn.ts";
import { osError } from "./errors.ts";
import { parseIPv4, parseIPv6 } from "./ip.ts";
import { canJoin } from "./node_datagram.ts";

interface Membership {
  readonly group: string;
  readonly link: Link;
}

/** The groups of one socket, which may not be open yet. */
export class Memberships {
  readonly #family: number;
  readonly #memberships: Membership[] = [];

  /** None so far. */
  constructor(family: number) {
    this.#family = family;
  }

  /**
   * IP_ADD_MEMBERSHIP, IPV6_JOIN_GROUP: the link is an address of this machine,
   * or for IPv6 its number.
   */
  join(group: string, link: Link, conn: DatagramConn | undefined): void {
    if (!isMulticast(group)) throw osError("EINVAL");
    if (this.#find(group, link) !== undefined) throw osError("EADDRINUSE");
    const version = this.#family === AF_INET6 ? 6 : 4;
    if (!canJoin(version, group, link)) throw osError("ENODEV");
    conn?.join(group, link);
    this.#memberships.push({ group, link });
  }

  /** IP_DROP_MEMBERSHIP, IPV6_LEAVE_GROUP. */
  leave(group: string, link: Link, conn: DatagramConn | undefined): void {
    const isV6 = this.#family === AF_INET6;
    if (isV6 && !isMulticast(group)) throw osError("EINVAL");
    const found = this.#find(group, link);
    if (found === undefined) throw osError("EADDRNOTAVAIL");
    this.#memberships.splice(this.#memberships.indexOf(found), 1);
    conn?.leave(found.group, found.link);
  }

  #find(group: string, link: Link): Membership | undefined {
    // To IPv6, any link will do where none is named.
    const isSame = (each: Membership) =>
      each.link === link || (link === 0 && this.#family === AF_INET6);
    return this.#memberships.find((each) =>
      each.group === group && isSame(each)
    );
  }

  /** Joins all that were joined before the socket was open. */
  apply(conn: DatagramConn): void {
    for (const { group, link } of this.#memberships) conn.join(group, link);
  }
}

/** Whether an address stands for a group. */
export function isMulticast(host: string): boolean {
  const [first = 0] = parseIPv4(host) ?? [];
  if (first >= 224 && first < 240) return true;
  const [prefix] = parseIPv6(host) ?? [];
  return prefix === 0xff;
}
