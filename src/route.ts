/**
 * What the system's interfaces say of an address: whether it is everybody's, and
 * from which address of its own the system would send there. Only the system's
 * routing knows for certain, and Deno does not ask it.
 *
 * @module
 */

import { AF_INET6 } from "./constants.ts";
import { parseIPv4, parseIPv6 } from "./ip.ts";

/** How long the interfaces are taken to be as they were, in milliseconds. */
const FRESH_MS = 1_000;

let interfaces: readonly Deno.NetworkInterfaceInfo[] = [];
let readAt = -Infinity;

/** This machine's interfaces; none for a program that may not ask. */
function networkInterfaces(): readonly Deno.NetworkInterfaceInfo[] {
  const now = performance.now();
  if (now - readAt < FRESH_MS) return interfaces;
  readAt = now;
  const grant = { name: "sys", kind: "networkInterfaces" } as const;
  const { state } = Deno.permissions.querySync(grant);
  interfaces = state === "granted" ? Deno.networkInterfaces() : [];
  return interfaces;
}

/**
 * Whether an IPv4 address is everybody's on some network. That of a network
 * whose interface the program may not see is not known.
 */
export function isBroadcast(host: string): boolean {
  if (host === "255.255.255.255" || host === "127.255.255.255") return true;
  if (host.includes(":") || isLoopback(host)) return false;
  const target = bytesOf(host);
  return networkInterfaces().some(({ family, address, netmask }) => {
    if (family !== "IPv4") return false;
    const own = bytesOf(address);
    const mask = bytesOf(netmask);
    // A network of one or two has no such address.
    const isLarge = ((mask[3] ?? 0) & 0b11) === 0;
    return isLarge && target.every((byte, i) => {
      const bits = mask[i] ?? 0;
      return byte === ((own[i] ?? 0) & bits | ~bits & 0xff);
    });
  });
}

/** Whether an address never leaves this machine. */
export function isLoopback(host: string): boolean {
  return host.startsWith("127.") || host === "::1" || host === "0.0.0.0" ||
    host === "::" || host.startsWith("::ffff:127.");
}

/**
 * From which of its addresses the system sends to a host; `undefined` if that
 * cannot be told for certain.
 */
export function sourceFor(family: number, host: string): string | undefined {
  if (host.startsWith("::ffff:")) {
    const source = sourceAmong("IPv4", host.slice("::ffff:".length));
    return source === undefined ? undefined : `::ffff:${source}`;
  }
  return sourceAmong(family === AF_INET6 ? "IPv6" : "IPv4", host);
}

function sourceAmong(
  family: "IPv4" | "IPv6",
  host: string,
): string | undefined {
  if (isLoopback(host)) return family === "IPv6" ? "::1" : "127.0.0.1";
  const own = networkInterfaces().filter((each) => each.family === family);
  if (own.some(({ address }) => address === host)) return host;
  const isInScope = ({ address }: Deno.NetworkInterfaceInfo) =>
    !isLoopback(address) && isLinkLocal(address) === isLinkLocal(host);
  const candidates = own.filter(isInScope);
  const [only] = candidates;
  if (candidates.length === 1) return only?.address;
  const target = bytesOf(host);
  return candidates.find(({ address, netmask }) => {
    const mask = bytesOf(netmask);
    const network = bytesOf(address);
    return target.every((byte, i) =>
      ((byte ^ (network[i] ?? 0)) & (mask[i] ?? 0)) === 0
    );
  })?.address;
}

function isLinkLocal(host: string): boolean {
  return /^fe[89ab]/.test(host);
}

function bytesOf(host: string): Uint8Array {
  const [address = ""] = host.split("%", 1);
  return parseIPv4(address) ?? parseIPv6(address) ?? new Uint8Array(0);
}
