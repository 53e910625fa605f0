/**
 * From a socket's own address to what Deno binds or connects: the host as a
 * number, the port within its range.
 *
 * @module
 */

import { checkRanges, type InetTarget } from "./address.ts";
import { AF_INET } from "./constants.ts";
import { isLinkLocal, parseIPv6 } from "./ip.ts";
import {
  firstAddress,
  firstAddressSync,
  type HostAddress,
  parseHostLiteral,
} from "./lookup.ts";

/** A host and a port that Deno can bind or connect without a lookup. */
export interface HostPort {
  readonly hostname: string;
  readonly port: number;
}

/** Looks a target's host up for one family, then checks its ranges. */
export async function resolve(
  target: InetTarget,
  family: number,
  method: string,
): Promise<HostPort> {
  const found = knownLocalhost(target, family) ??
    await firstAddress(target.host, family);
  return toHostPort(found, target, method);
}

/** The same where no lookup is needed, at once; `undefined` for a name. */
export function resolveLiteral(
  target: InetTarget,
  family: number,
  method: string,
): HostPort | undefined {
  const { host } = target;
  // The usual form of a number is what everything else becomes.
  const found = family === AF_INET && PLAIN_IPV4_REGEXP.test(host)
    ? { family, address: host }
    : knownLocalhost(target, family) ?? parseHostLiteral(host, family);
  return found && toHostPort(found, target, method);
}

/** Four decimal numbers up to 255, without leading zeros. */
const PLAIN_IPV4_REGEXP =
  /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** The same for `bind`, which returns at once: a name blocks the program. */
export function resolveSync(
  target: InetTarget,
  family: number,
  method: string,
): HostPort {
  const found = knownLocalhost(target, family) ??
    firstAddressSync(target.host, family);
  return toHostPort(found, target, method);
}

/** The one name that every machine has, without a lookup and its grant. */
function knownLocalhost(
  { host }: InetTarget,
  family: number,
): HostAddress | undefined {
  if (host !== "localhost" || family !== AF_INET) return undefined;
  return { family, address: "127.0.0.1" };
}

function toHostPort(
  found: HostAddress,
  target: InetTarget,
  method: string,
): HostPort {
  checkRanges(target, method);
  const { port } = target;
  const { address, scope_id = target.scope_id } = found;
  const bytes = scope_id === 0 ? undefined : parseIPv6(address);
  // Only a link-local address means different hosts on different links.
  const hasLink = bytes !== undefined && isLinkLocal(bytes);
  return { hostname: hasLink ? `${address}%${scope_id}` : address, port };
}
