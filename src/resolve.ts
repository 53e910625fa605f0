/**
 * From hosts to numbers: literals without a lookup, names through the system's
 * own resolver, for one family or for all.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import {
  anyHost,
  checkRanges,
  type InetAddress,
  type InetTarget,
} from "./address.ts";
import { AF_INET, AF_INET6, AF_UNSPEC } from "./constants.ts";
import { errno } from "./errno.ts";
import { gaiError, OSError, OverflowError, translate } from "./errors.ts";
import { formatIPv4, formatIPv6, parseIPv4, parseIPv6 } from "./inet.ts";

/** A host and a port that Deno can bind or connect without a lookup. */
export interface HostPort {
  readonly hostname: string;
  readonly port: number;
}

/** One address that the system's resolver found. */
interface Found {
  readonly address: string;
  readonly family: number;
}

/** Looks a target's host up for one family, then checks its ranges. */
export async function resolve(
  target: InetTarget,
  family: number,
  method: string,
): Promise<HostPort> {
  const hostname = literal(target, family) ??
    first(await lookUp(target.host, family), family);
  checkRanges(target, method);
  return { hostname, port: target.port };
}

/**
 * The same for `bind`, which returns at once: a name blocks the whole program
 * until the resolver has answered, as it blocks the calling thread in Python.
 */
export function resolveSync(
  target: InetTarget,
  family: number,
  method: string,
): HostPort {
  const hostname = literal(target, family) ??
    first(lookUpSync(target.host, family), family);
  checkRanges(target, method);
  return { hostname, port: target.port };
}

/** The host's number where the text says it, `undefined` if it is a name. */
function literal(target: InetTarget, family: number): string | undefined {
  const { host, scope_id } = target;
  if (host === "") return anyHost(family);
  if (host === "localhost" && family === AF_INET) return "127.0.0.1";
  if (host === "<broadcast>") {
    if (family === AF_INET6) throw new OSError("address family mismatched");
    return "255.255.255.255";
  }
  const found = parseLiteral(host);
  if (found === undefined) return undefined;
  if (found.family !== family) throw gaiError("EAI_ADDRFAMILY");
  const scope = found.scope ?? scope_id;
  // Only a link-local address means different hosts on different links.
  const hasScope = scope !== 0 && /^(?:fe[89ab]|ff.2:)/.test(found.address);
  return hasScope ? `${found.address}%${scope}` : found.address;
}

/** A literal of any family: IPv4, IPv6, IPv6 with `%` and a link. */
function parseLiteral(host: string): (Found & { scope?: number }) | undefined {
  const ipv4 = parseIPv4(host);
  if (ipv4 !== undefined) return { address: formatIPv4(ipv4), family: AF_INET };
  const [text = "", link] = host.split("%", 2);
  const ipv6 = parseIPv6(text);
  if (ipv6 === undefined) return undefined;
  const address = formatIPv6(ipv6);
  if (link === undefined) return { address, family: AF_INET6 };
  const scope = /^\d+$/.test(link) ? Number(link) : linkIndex(address, link);
  return { address, family: AF_INET6, scope };
}

/** The number of an interface, which only link-local addresses may name. */
function linkIndex(address: string, name: string): number {
  if (/^fe[89ab]/.test(address)) {
    const link = networkInterfaces().find((each) =>
      each.name === name && each.scopeid
    );
    if (link?.scopeid) return link.scopeid;
  }
  throw gaiError("EAI_NONAME");
}

function networkInterfaces(): Deno.NetworkInterfaceInfo[] {
  try {
    return Deno.networkInterfaces();
  } catch (error) {
    throw translate(error);
  }
}

function first(found: readonly Found[], family: number): string {
  const match = found.find((each) => each.family === family);
  if (match === undefined) throw gaiError("EAI_NODATA");
  return match.address;
}

/** A name's addresses by the system's `getaddrinfo`, in its order. */
async function lookUp(host: string, family: number): Promise<Found[]> {
  try {
    const options = { all: true, family: ipVersion(family) } as const;
    return (await lookup(host, options)).map(fromNode);
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
      .catch(({ code, message }) => ({ code, message }));
    const text = new TextEncoder().encode(JSON.stringify(answer));
    new Uint8Array(memory, 4, text.length).set(text);
    const length = new Int32Array(memory, 0, 1);
    Atomics.store(length, 0, text.length);
    Atomics.notify(length, 0);
  };`)
}`;

/** Longer than any resolver tries; a thread that failed must not hang us. */
const LOOKUP_LIMIT_MS = 60_000;

function lookUpSync(host: string, family: number): Found[] {
  const memory = new SharedArrayBuffer(64 * 1024);
  const length = new Int32Array(memory, 0, 1);
  const worker = new Worker(LOOKUP_WORKER, { type: "module" });
  const options = { all: true, family: ipVersion(family) };
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

function ipVersion(family: number): 0 | 4 | 6 {
  return family === AF_INET ? 4 : family === AF_INET6 ? 6 : 0;
}

function fromNode(found: { address: string; family: number }): Found {
  const family = found.family === 6 ? AF_INET6 : AF_INET;
  return { address: found.address, family };
}

function lookupError(host: string, cause: unknown): unknown {
  if ((cause as { code?: unknown }).code === "EPERM") {
    const grant =
      `Requires net access to "${host}", run again with the --allow-net flag`;
    return new OSError(errno.EACCES, grant, { cause });
  }
  return translate(cause);
}

/** What `getaddrinfo` finds for a stream: a family and an address for it. */
export interface StreamAddress {
  readonly family: number;
  readonly address: InetAddress;
}

/**
 * All addresses of a host, in the system's order, as Python's
 * `getaddrinfo(host, port, 0, SOCK_STREAM)` lists them.
 */
export async function resolveAll(
  host: unknown,
  port: unknown,
): Promise<StreamAddress[]> {
  const name = hostName(host);
  const number = await portNumber(port);
  const found = name === null
    ? [
      { address: "::1", family: AF_INET6 },
      { address: "127.0.0.1", family: AF_INET },
    ]
    : await lookUpAny(name);
  return found.map(({ address, family }) => ({
    family,
    address: family === AF_INET6 ? [address, number, 0, 0] : [address, number],
  }));
}

function hostName(host: unknown): string | null {
  if (host === null || typeof host === "string") return host;
  if (host instanceof Uint8Array) return new TextDecoder().decode(host);
  throw new TypeError("getaddrinfo() argument 1 must be string or None");
}

async function lookUpAny(host: string): Promise<Found[]> {
  if (host === "" || host === "<broadcast>") throw gaiError("EAI_NONAME");
  const found = parseLiteral(host);
  return found ? [found] : await lookUp(host, AF_UNSPEC);
}

/** A port as `getaddrinfo` takes it: a number, its digits or a service. */
async function portNumber(port: unknown): Promise<number> {
  if (port === null) return 0;
  if (typeof port === "bigint" || Number.isInteger(port)) {
    const number = Number(port);
    if (Math.abs(number) >= 2 ** 63) {
      throw new OverflowError("Python int too large to convert to C long");
    }
    if (number < 0) throw gaiError("EAI_SERVICE");
    // Larger ones lose their upper bits, as in the C library.
    return number % 65536;
  }
  const text = port instanceof Uint8Array
    ? new TextDecoder().decode(port)
    : port;
  if (typeof text !== "string") throw new OSError("Int or String expected");
  if (/^\s*\d*$/.test(text)) return Number(text) % 65536;
  return await servicePort(text);
}

/** The TCP port of a service in the system's list, such as 80 for `http`. */
async function servicePort(service: string): Promise<number> {
  const path = Deno.build.os === "windows"
    ? "C:\\Windows\\System32\\drivers\\etc\\services"
    : "/etc/services";
  const list = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw translate(error);
  });
  for (const line of list.split("\n")) {
    const [name, number = "", ...aliases] = line.replace(/#.*/, "").trim()
      .split(/\s+/);
    const [digits, protocol] = number.split("/");
    if (protocol === "tcp" && [name, ...aliases].includes(service)) {
      return Number(digits);
    }
  }
  throw gaiError("EAI_SERVICE");
}
