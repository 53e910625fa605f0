/**
 * `getaddrinfo`: from host and service to all addresses to connect or bind to,
 * as glibc makes the list.
 *
 * @module
 */

import type { InetAddress } from "./address.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  AI_ADDRCONFIG,
  AI_ALL,
  AI_CANONNAME,
  AI_NUMERICHOST,
  AI_NUMERICSERV,
  AI_PASSIVE,
  AI_V4MAPPED,
} from "./constants.ts";
import { gaiError, OSError } from "./errors.ts";
import {
  canonicalName,
  configuredFamily,
  findAddresses,
  ownAddresses,
} from "./host_addresses.ts";
import { encodeIdna } from "./idna.ts";
import {
  asInteger,
  checkEncodable,
  checkKeywords,
  parseInt32,
} from "./python.ts";
import { findSocketTypes, parsePort } from "./socket_types.ts";

/** An entry of what `getaddrinfo` finds: what makes a socket, and its address. */
export type AddrInfo = [
  family: number,
  type: number,
  proto: number,
  canonname: string,
  sockaddr: InetAddress,
];

/** What narrows `getaddrinfo`'s list, as Python's keyword arguments do. */
export interface GetaddrinfoOptions {
  /** `AF_INET` or `AF_INET6`; both if 0 or left out. */
  family?: number;
  /** Such as `SOCK_STREAM`; all if 0 or left out. */
  type?: number;
  /** Such as `IPPROTO_TCP`; all if 0 or left out. */
  proto?: number;
  /** `AI_*` flags. */
  flags?: number;
}

/**
 * Looks up host and service. As Python's `socket.getaddrinfo()`, but a promise.
 *
 * Numbers take no lookup and no permission. A host's name takes `--allow-net`
 * for it, a service's name `--allow-read=/etc/services`, `AI_ADDRCONFIG` and the
 * name of a link, as in `fe80::1%eth0`, `--allow-sys=networkInterfaces`.
 *
 * The system's resolver finds the addresses and puts them into their order. What
 * Deno does not pass on is the canonical name, for `AI_CANONNAME`: that is the
 * one in the hosts file, with `--allow-read=/etc/hosts`, else the host as given.
 * Nor does it the link of an address that a name leads to, which is told as 0.
 * The list for one address is that of Linux on every system.
 *
 * @example Where to connect to
 * ```ts
 * import { AF_INET, getaddrinfo, SOCK_STREAM } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * const [info] = await getaddrinfo("127.0.0.1", 80, { type: SOCK_STREAM });
 * assertEquals(info, [AF_INET, SOCK_STREAM, 6, "", ["127.0.0.1", 80]]);
 * ```
 *
 * @param host A name or a number; `null` is this machine, or with `AI_PASSIVE`
 * all its interfaces.
 * @param port A number, its digits, or the name of a service; `null` is none.
 * @param family As in the options; or the options themselves, in one object.
 * @param type As in the options.
 * @param proto As in the options.
 * @param flags As in the options.
 * @returns Family, type, protocol, canonical name and address of each; the name
 * is empty but in the first one, and there without `AI_CANONNAME`.
 * @throws {gaierror} If host or service are not known, do not go with the rest,
 * or there are flags, families or types that do not exist.
 * @throws {PermissionError} If Deno may not look.
 * @throws {UnicodeError} If the host has letters, or a length, that no name has.
 * @throws {TypeError} If host, family, type, proto or flags have another type.
 * @throws {OSError} If the port has another type; without errno.
 * @throws {OverflowError} If a number is too large.
 */
export async function getaddrinfo(
  host: string | Uint8Array | null,
  port: number | string | Uint8Array | null,
  family: number | GetaddrinfoOptions = 0,
  type: number = 0,
  proto: number = 0,
  flags: number = 0,
): Promise<AddrInfo[]> {
  checkArguments(arguments.length);
  if (isOptions(family)) {
    const names = ["family", "type", "proto", "flags"];
    checkKeywords(family, "getaddrinfo", names);
  }
  const hints = isOptions(family)
    ? parseHints(family.family, family.type, family.proto, family.flags)
    : parseHints(family, type, proto, flags);
  const node = parseHost(host);
  const service = parseService(port);
  return await find(node, service, hints);
}

/** What narrows the list, all of it given. */
type Hints = Readonly<Required<GetaddrinfoOptions>>;

function checkArguments(given: number): void {
  if (given > 6) {
    throw new TypeError(
      `getaddrinfo() takes from 2 to 6 positional arguments but ${given} were given`,
    );
  }
  if (given === 1) {
    throw new TypeError(
      "getaddrinfo() missing 1 required positional argument: 'port'",
    );
  }
  if (given === 0) {
    throw new TypeError(
      "getaddrinfo() missing 2 required positional arguments: 'host' and 'port'",
    );
  }
}

function isOptions(
  value: number | GetaddrinfoOptions,
): value is GetaddrinfoOptions {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !ArrayBuffer.isView(value);
}

function parseHints(
  family: unknown = 0,
  type: unknown = 0,
  proto: unknown = 0,
  flags: unknown = 0,
): Hints {
  return {
    family: parseInt32(family),
    type: parseInt32(type),
    proto: parseInt32(proto),
    flags: parseInt32(flags),
  };
}

/** A host as a C string, which ends at the first NUL; `*` is none too. */
function parseHost(host: unknown): string | null {
  if (host === null || host === undefined) return null;
  if (typeof host === "string") return parseCString(encodeIdna(host));
  if (host instanceof Uint8Array) return parseCString(decodeBytes(host));
  throw new TypeError("getaddrinfo() argument 1 must be string or None");
}

/** A port as a C string: in digits, or the name of a service. */
function parseService(port: unknown): string | null {
  if (port === null || port === undefined) return null;
  if (typeof port === "bigint" || Number.isInteger(port)) {
    asInteger(port, "long");
    return BigInt(port as number | bigint).toString();
  }
  if (port instanceof Uint8Array) return parseCString(decodeBytes(port));
  if (typeof port !== "string") throw new OSError("Int or String expected");
  checkEncodable(port);
  return parseCString(port);
}

function parseCString(text: string): string | null {
  const [start = ""] = text.split("\0", 1);
  return start === "*" ? null : start;
}

function decodeBytes(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** What glibc takes besides the flags that Python has names for. */
const IDN_FLAGS = Deno.build.os === "linux" ? 0x3c0 : 0;

const KNOWN_FLAGS = AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_V4MAPPED |
  AI_ALL | AI_ADDRCONFIG | AI_NUMERICSERV | IDN_FLAGS;

/** The checks come in glibc's order, since each has an error of its own. */
async function find(
  host: string | null,
  service: string | null,
  hints: Hints,
): Promise<AddrInfo[]> {
  const { family, flags } = hints;
  if (host === null && service === null) throw gaiError("EAI_NONAME");
  const isNameWanted = (flags & AI_CANONNAME) !== 0;
  if ((flags & ~KNOWN_FLAGS) !== 0 || (isNameWanted && host === null)) {
    throw gaiError("EAI_BADFLAGS");
  }
  if (![AF_UNSPEC, AF_INET, AF_INET6].includes(family)) {
    throw gaiError("EAI_FAMILY");
  }
  const narrowed = flags & AI_ADDRCONFIG ? configuredFamily(family) : family;
  const number = parsePort(service);
  if (number === undefined && flags & AI_NUMERICSERV) {
    throw gaiError("EAI_NONAME");
  }
  const { type, proto } = hints;
  const types = await findSocketTypes(service, number, type, proto);
  const addresses = host === null
    ? ownAddresses(narrowed, flags)
    : await findAddresses(host, narrowed, flags);
  const list = addresses.flatMap(({ family, address, scope_id = 0 }) =>
    types.map(({ type, proto, port }): AddrInfo => [
      family,
      type,
      proto,
      "",
      family === AF_INET6 ? [address, port, 0, scope_id] : [address, port],
    ])
  );
  const [first] = list;
  if (first !== undefined && isNameWanted && host !== null) {
    first[3] = await canonicalName(host, narrowed);
  }
  return list;
}
