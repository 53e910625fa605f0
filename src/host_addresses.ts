/**
 * The half of `getaddrinfo` that is about hosts: which addresses a flag and a
 * family leave of those that there are.
 *
 * @module
 */

import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  AI_ALL,
  AI_NUMERICHOST,
  AI_PASSIVE,
  AI_V4MAPPED,
} from "./constants.ts";
import { gaiError, gaierror, OSError, translate } from "./errors.ts";
import { readHostsFile } from "./hosts_file.ts";
import { networkAddresses } from "./interfaces.ts";
import { type HostAddress, lookUp, parseLiteral } from "./lookup.ts";

/** The family that this machine has addresses of, besides its own loopback. */
export function configuredFamily(family: number): number {
  const seen = new Set(
    networkAddresses()
      .filter(({ address }) => !["127.0.0.1", "::1"].includes(address))
      .map((each) => each.family === "IPv6" ? AF_INET6 : AF_INET),
  );
  if (family !== AF_UNSPEC) {
    if (!seen.has(family)) throw gaiError("EAI_NONAME");
    return family;
  }
  const [only = AF_UNSPEC] = seen;
  return seen.size === 1 ? only : AF_UNSPEC;
}

/** No host: this machine, as others see it or as it sees itself. */
export function ownAddresses(family: number, flags: number): HostAddress[] {
  const isPassive = (flags & AI_PASSIVE) !== 0;
  const ipv6 = { family: AF_INET6, address: isPassive ? "::" : "::1" };
  const ipv4 = {
    family: AF_INET,
    address: isPassive ? "0.0.0.0" : "127.0.0.1",
  };
  if (family === AF_INET6) return [ipv6];
  if (family === AF_INET) return [ipv4];
  // By RFC 3484 the address comes first whose source is like it, if there is one.
  return isPassive || !hasIPv6Loopback() ? [ipv4, ipv6] : [ipv6, ipv4];
}

function hasIPv6Loopback(): boolean {
  // Only an order depends on it, for which nobody is asked for a grant.
  const grant = { name: "net", host: "[::1]:0" } as const;
  if (Deno.permissions.querySync(grant).state !== "granted") return true;
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch (error) {
    const failure = translate(error);
    if (!(failure instanceof OSError)) throw failure;
    return false;
  }
}

/** The addresses of a host in the families that are asked for. */
export async function findAddresses(
  host: string,
  family: number,
  flags: number,
): Promise<HostAddress[]> {
  const isMapping = family === AF_INET6 && (flags & AI_V4MAPPED) !== 0;
  const literal = parseLiteral(host, isMapping ? AF_UNSPEC : family);
  if (literal !== undefined) return [isMapping ? toIPv6(literal) : literal];
  if (flags & AI_NUMERICHOST) throw gaiError("EAI_NONAME");
  if (!isMapping) return await lookUp(host, family);
  return await lookUpMapped(host, (flags & AI_ALL) !== 0);
}

/** IPv6 addresses, and IPv4 ones in their form: if there are no others, or all. */
async function lookUpMapped(
  host: string,
  isAll: boolean,
): Promise<HostAddress[]> {
  const ipv6 = await lookUp(host, AF_INET6).catch(noneIfUnknown);
  if (ipv6.length > 0 && !isAll) return ipv6;
  const ipv4 = lookUp(host, AF_INET);
  // Where there is nothing at all, the second failure is that of the name.
  const mapped = await (ipv6.length > 0 ? ipv4.catch(noneIfUnknown) : ipv4);
  return [...ipv6, ...mapped.map(toIPv6)];
}

function noneIfUnknown(error: unknown): HostAddress[] {
  if (error instanceof gaierror) return [];
  throw error;
}

function toIPv6(found: HostAddress): HostAddress {
  if (found.family === AF_INET6) return found;
  return { family: AF_INET6, address: `::ffff:${found.address}` };
}

/** The name that the system would tell; Deno does not pass it on. */
export async function canonicalName(
  host: string,
  family: number,
): Promise<string> {
  const known = (await readHostsFile()).namesOf(host, family);
  return known?.name ?? host.replace(/\.$/, "");
}
