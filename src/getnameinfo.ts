/**
 * `getnameinfo`: from an address to the names of its host and its service.
 *
 * @module
 */

import {
  AF_INET6,
  AF_UNSPEC,
  AI_NUMERICHOST,
  EAI_AGAIN,
  NI_DGRAM,
  NI_NAMEREQD,
  NI_NOFQDN,
  NI_NUMERICHOST,
  NI_NUMERICSERV,
  SOCK_DGRAM,
} from "./constants.ts";
import {
  gaiError,
  gaierror,
  herror,
  OSError,
  OverflowError,
} from "./errors.ts";
import { getaddrinfo } from "./getaddrinfo.ts";
import { gethostname } from "./hostname.ts";
import { gethostbyaddr, gethostbyname_ex, type HostEntry } from "./hosts.ts";
import { findName } from "./interfaces.ts";
import { isLinkLocal, parseIPv6 } from "./ip.ts";
import { lookUpName, type ServiceName } from "./lookup.ts";
import {
  checkParsedArgumentCount,
  index,
  parseInt32,
  parseText,
} from "./python.ts";
import { findService } from "./services.ts";

/** All flags that glibc takes; those of other systems are among them. */
const KNOWN_FLAGS = 0xff;

/**
 * Looks up the names of an address: of its host, and of the service on its port.
 * As Python's `socket.getnameinfo()`, but a promise.
 *
 * With `NI_NUMERICHOST | NI_NUMERICSERV` it takes no permission, for the name of
 * a host `--allow-net` for the address. A service of UDP, with `NI_DGRAM`, and
 * one without the name of its host, takes `--allow-read=/etc/services`. A link,
 * as in `fe80::1%eth0`, takes what `if_indextoname` takes.
 *
 * @example Numbers as they are
 * ```ts
 * import { getnameinfo, NI_NUMERICHOST, NI_NUMERICSERV } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * const flags = NI_NUMERICHOST | NI_NUMERICSERV;
 * assertEquals(await getnameinfo(["127.0.0.1", 80], flags), ["127.0.0.1", "80"]);
 * ```
 *
 * @param sockaddr `[host, port]`, for IPv6 also `[host, port, flowinfo,
 * scope_id]`, with a number for the host.
 * @param flags `NI_*` flags, or 0.
 * @returns The names of host and service; numbers, where there are no names.
 * @throws {gaierror} If the host is no number, or has no name and `NI_NAMEREQD`
 * asks for one, the port is negative, or there are flags that do not exist.
 * @throws {PermissionError} If Deno may not look.
 * @throws {TypeError} If the address is none, or the flags are no integer.
 * @throws {OverflowError} If the flow is too large, or a number is.
 * @throws {ValueError} If there is a NUL in the host.
 * @throws {OSError} If the address has the parts of the other family, or is
 * `"*"`; without errno.
 */
export async function getnameinfo(
  sockaddr: readonly [
    host: string,
    port: number,
    flowinfo?: number,
    scope_id?: number,
  ],
  flags: number,
): Promise<[host: string, service: string]> {
  checkParsedArgumentCount(arguments.length, "getnameinfo", 2);
  const asked = parseInt32(flags);
  const { host, port, scope_id } = parseSockaddr(sockaddr);
  const [info, ...others] = await getaddrinfo(
    new TextEncoder().encode(host),
    port,
    AF_UNSPEC,
    SOCK_DGRAM,
    0,
    AI_NUMERICHOST,
  );
  if (info === undefined || others.length > 0) {
    throw new OSError("sockaddr resolved to multiple addresses");
  }
  const [family, , , , [address, number]] = info;
  if (family !== AF_INET6 && sockaddr.length !== 2) {
    throw new OSError("IPv4 sockaddr must be 2 tuple");
  }
  if ((asked & ~KNOWN_FLAGS) !== 0) throw gaiError("EAI_BADFLAGS");
  const names = await findNames(address, number, asked);
  return [
    names?.hostname ?? address + linkOf(address, scope_id),
    await findServiceName(number, asked, names?.service),
  ];
}

/** An address as the caller gives it, of which Python reads a C string. */
interface Sockaddr {
  readonly host: string;
  readonly port: number;
  readonly scope_id: number;
}

function parseSockaddr(sockaddr: unknown): Sockaddr {
  if (!Array.isArray(sockaddr)) {
    throw new TypeError("getnameinfo() argument 1 must be a tuple");
  }
  const [host, port, flowinfo = 0, scope_id = 0] = sockaddr;
  const hasParts = sockaddr.length >= 2 && sockaddr.length <= 4;
  if (!hasParts || typeof host !== "string") {
    throw new TypeError("getnameinfo(): illegal sockaddr argument");
  }
  const parsed = {
    host: parseText(host, "getnameinfo", 1),
    port: parseInt32(port),
    flowinfo: asUnsignedInt(flowinfo),
    scope_id: asUnsignedInt(scope_id),
  };
  if (parsed.flowinfo > 0xfffff) {
    throw new OverflowError("getnameinfo(): flowinfo must be 0-1048575.");
  }
  return parsed;
}

/** C's unsigned int, to which any integer is cut without a word. */
function asUnsignedInt(value: unknown): number {
  return Number(BigInt.asUintN(32, BigInt(index(value))));
}

/** The names that the system finds together; `undefined` if there are none. */
async function findNames(
  address: string,
  port: number,
  flags: number,
): Promise<ServiceName | undefined> {
  const isNumeric = (flags & NI_NUMERICHOST) !== 0;
  const names = isNumeric ? undefined : await lookUpName(address, port)
    .catch(noneIfUnknown);
  if (names === undefined) {
    if (flags & NI_NAMEREQD) throw gaiError("EAI_NONAME");
    return undefined;
  }
  const { hostname, service } = names;
  const isShort = (flags & NI_NOFQDN) !== 0 && hostname.includes(".");
  return { hostname: isShort ? await shorten(hostname) : hostname, service };
}

function noneIfUnknown(error: unknown): undefined {
  if (error instanceof gaierror && error.errno !== EAI_AGAIN) return undefined;
  throw error;
}

/** A host of this machine's own domain, without that. */
async function shorten(hostname: string): Promise<string> {
  const domain = await ownDomain();
  if (domain === undefined) return hostname;
  const at = hostname.indexOf(domain);
  return at > 1 && hostname[at - 1] === "."
    ? hostname.slice(0, at - 1)
    : hostname;
}

/** This machine's domain, for which glibc looks in these places in turn. */
async function ownDomain(): Promise<string | undefined> {
  const places = [
    () => canonicalName(gethostbyname_ex("localhost")),
    () => gethostname(),
    () => canonicalName(gethostbyname_ex(gethostname())),
    () => canonicalName(gethostbyaddr("127.0.0.1")),
  ];
  for (const ask of places) {
    const [, domain] = /\.(.*)/.exec(await ask()) ?? [];
    if (domain !== undefined) return domain;
  }
  return undefined;
}

async function canonicalName(entry: Promise<HostEntry>): Promise<string> {
  try {
    const [name] = await entry;
    return name;
  } catch (error) {
    if (error instanceof gaierror || error instanceof herror) return "";
    throw error;
  }
}

async function findServiceName(
  port: number,
  flags: number,
  found: string | undefined,
): Promise<string> {
  if (flags & NI_NUMERICSERV) return String(port);
  const isUdp = (flags & NI_DGRAM) !== 0;
  // What the system has found is the name of a service of TCP.
  if (found !== undefined && !isUdp) return found;
  return await findService(port, isUdp ? "udp" : "tcp") ?? String(port);
}

/** The end of an address that says on which link it is. */
function linkOf(address: string, scope_id: number): string {
  const bytes = parseIPv6(address);
  if (scope_id === 0 || bytes === undefined) return "";
  return `%${isLinkLocal(bytes) && findName(scope_id) || scope_id}`;
}
