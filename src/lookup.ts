/**
 * From one host to its addresses, and back: literals without a lookup, names
 * through the system's own resolver.
 *
 * @module
 */

import { domainToASCII } from "node:url";
import { builtin } from "./builtin.ts";
import { AF_INET, AF_INET6, AF_UNSPEC } from "./constants.ts";
import { errno } from "./errno.ts";
import { gaiError, OSError, translate } from "./errors.ts";
import { findIndex } from "./interfaces.ts";
import {
  formatIPv4,
  formatIPv6,
  isLinkLocal,
  mappedIPv4,
  parseIPv4,
  parseIPv6,
} from "./ip.ts";

/** An address of a host. */
export interface HostAddress {
  readonly family: number;
  /** As text, without a scope. */
  readonly address: string;
  /** The number of a link, `undefined` if the host does not say. */
  readonly scope_id?: number;
}

/**
 * A host that is an address already: IPv4 in all forms of `inet_aton`, IPv6, and
 * that with `%` and a link. `undefined` if it is a name.
 */
export function parseLiteral(
  host: string,
  family: number,
): HostAddress | undefined {
  const ipv4 = parseIPv4(host);
  if (ipv4 !== undefined) {
    if (family === AF_INET6) throw gaiError("EAI_ADDRFAMILY");
    return { family: AF_INET, address: formatIPv4(ipv4) };
  }
  const [text, link] = splitScope(host);
  const ipv6 = parseIPv6(text);
  if (ipv6 === undefined) return undefined;
  const mapped = family === AF_INET ? mappedIPv4(ipv6) : undefined;
  if (family === AF_INET && mapped === undefined) {
    throw gaiError("EAI_ADDRFAMILY");
  }
  const scope = link === undefined ? {} : { scope_id: parseLink(ipv6, link) };
  if (mapped !== undefined) {
    return { family: AF_INET, address: formatIPv4(mapped) };
  }
  return { family: AF_INET6, address: formatIPv6(ipv6), ...scope };
}

function splitScope(host: string): [address: string, link?: string] {
  const at = host.indexOf("%");
  return at < 0 ? [host] : [host.slice(0, at), host.slice(at + 1)];
}

/** A link by its number, or by its name where addresses are those of a link. */
function parseLink(address: Uint8Array, link: string): number {
  if (/^\d+$/.test(link)) {
    if (Number(link) < 2 ** 32) return Number(link);
  } else if (link !== "" && isOfOneLink(address)) {
    const index = findIndex(link);
    if (index !== undefined) return index;
  }
  throw gaiError("EAI_NONAME");
}

/** Whether an address may name its link; one of this machine alone may too. */
function isOfOneLink(address: Uint8Array): boolean {
  const [first, second = 0] = address;
  return isLinkLocal(address) || (first === 0xff && (second & 0xf) === 1);
}

/**
 * What CPython understands of a host by itself, in an address and elsewhere,
 * without `getaddrinfo`'s help.
 */
export function parseHostLiteral(
  host: string,
  family: number,
): HostAddress | undefined {
  if (host === "") {
    if (family === AF_UNSPEC) {
      throw new OSError("wildcard resolved to multiple address");
    }
    return { family, address: family === AF_INET6 ? "::" : "0.0.0.0" };
  }
  if (host === "<broadcast>" || host === "255.255.255.255") {
    if (family === AF_INET6) throw new OSError("address family mismatched");
    return { family: AF_INET, address: "255.255.255.255" };
  }
  return parseLiteral(host, family);
}

/** Where a host leads first, as CPython's own functions ask for it. */
export async function firstAddress(
  host: string,
  family: number,
): Promise<HostAddress> {
  return parseHostLiteral(host, family) ??
    first(await lookUp(host, family));
}

/**
 * The same for what may not return a promise: a name blocks the whole program
 * until the resolver has answered, as it blocks the calling thread in Python.
 */
export function firstAddressSync(host: string, family: number): HostAddress {
  return parseHostLiteral(host, family) ?? first(lookUpSync(host, family));
}

function first([found]: readonly HostAddress[]): HostAddress {
  if (found === undefined) throw gaiError("EAI_NODATA");
  return found;
}

/** A host's addresses by the system's `getaddrinfo`, in its order. */
export async function lookUp(
  host: string,
  family: number,
): Promise<HostAddress[]> {
  checkName(host);
  try {
    const { lookup } = builtin("node:dns/promises");
    const found = await lookup(host, lookupOptions(family));
    return found.map(fromNode);
  } catch (error) {
    throw lookupError(host, error);
  }
}

/**
 * `lookup` in another thread, while this one waits: Deno has no synchronous
 * lookup. The program of that thread stands in its URL, so that it needs no
 * permission to read a file and no second download.
 */
const LOOKUP_WORKER = `data:application/javascript,${
  encodeURIComponent(`
  import { lookup } from "node:dns/promises";
  self.onmessage = async ({ data: { host, options, memory } }) => {
    const answer = await lookup(host, options)
      .catch(({ code, errno, message }) => ({ code, errno, message }));
    const text = new TextEncoder().encode(JSON.stringify(answer));
    new Uint8Array(memory, 4, text.length).set(text);
    const length = new Int32Array(memory, 0, 1);
    Atomics.store(length, 0, text.length);
    Atomics.notify(length, 0);
  };`)
}`;

/** Longer than any resolver tries; a thread that failed must not hang us. */
const LOOKUP_LIMIT_MS = 60_000;

function lookUpSync(host: string, family: number): HostAddress[] {
  checkName(host);
  const memory = new SharedArrayBuffer(64 * 1024);
  const length = new Int32Array(memory, 0, 1);
  const worker = new Worker(LOOKUP_WORKER, { type: "module" });
  const options = lookupOptions(family);
  worker.postMessage({ host, options, memory });
  Atomics.wait(length, 0, 0, LOOKUP_LIMIT_MS);
  worker.terminate();
  if (length[0] === 0) throw gaiError("EAI_AGAIN");
  const text = new TextDecoder()
    .decode(new Uint8Array(memory, 4, length[0]).slice());
  const answer = JSON.parse(text);
  if (Array.isArray(answer)) return answer.map(fromNode);
  throw lookupError(host, Object.assign(new Error(answer.message), answer));
}

/** The resolver takes bytes as they are, where Deno would encode them. */
function checkName(host: string): void {
  // deno-lint-ignore no-control-regex
  if (!/^[\x01-\x7f]+$/.test(host)) throw gaiError("EAI_NONAME");
}

function lookupOptions(family: number) {
  const version = family === AF_INET ? 4 : family === AF_INET6 ? 6 : 0;
  // Deno's own order would be IPv4 first, and that backwards.
  return { all: true, family: version, order: "verbatim" } as const;
}

function fromNode(found: { address: string; family: number }): HostAddress {
  const family = found.family === 6 ? AF_INET6 : AF_INET;
  return { family, address: found.address };
}

/** What Deno says where the system says one of several things. */
const UV_EAI_NODATA = -3007;

/** Names of which Deno asks the system, whose answer it is then. */
function isAskable(host: string): boolean {
  return /^(?:[\w-]+\.)*[\w-]*[a-z_-][\w-]*\.?$/i.test(host) &&
    domainToASCII(host) !== "";
}

/** Codes that Deno names as the system does. */
const NAMED_CODES = [
  ...["EAI_AGAIN", "EAI_BADFLAGS", "EAI_FAIL", "EAI_FAMILY", "EAI_MEMORY"],
] as const;

function lookupError(host: string, cause: unknown): unknown {
  const { code, errno } = cause as { code?: unknown; errno?: unknown };
  if (code === "EPERM") return netPermissionError(host, cause);
  if (errno === UV_EAI_NODATA && isAskable(host)) {
    return gaiError("EAI_NODATA", cause);
  }
  const name = NAMED_CODES.find((each) => each === code);
  return name === undefined ? translate(cause) : gaiError(name, cause);
}

function netPermissionError(host: string, cause: unknown): OSError {
  const grant =
    `Requires net access to "${host}", run again with the --allow-net flag`;
  return new OSError(errno.EACCES, grant, { cause });
}

/** The names of an address, and of a TCP port. */
export interface ServiceName {
  /** The name of the host. */
  readonly hostname: string;
  /** The name of the service, or the port in digits. */
  readonly service: string;
}

/** An address's name by the system's `getnameinfo`. */
export async function lookUpName(
  address: string,
  port: number,
): Promise<ServiceName> {
  try {
    return await builtin("node:dns/promises").lookupService(address, port);
  } catch (error) {
    throw lookupError(address, error);
  }
}
