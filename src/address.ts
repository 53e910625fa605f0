/**
 * Python's address grammar: what `bind` and `connect` accept, in the order in
 * which CPython looks at it, and what they say to the rest. No I/O.
 *
 * @module
 */

import { AF_INET, AF_INET6, AF_UNIX } from "./constants.ts";
import { OSError, osError, OverflowError } from "./errors.ts";
import { encodeIdna } from "./idna.ts";
import {
  asBytes,
  asInteger,
  checkEncodable,
  index,
  typeName,
} from "./python.ts";
import { UnicodeError } from "./unicode_errors.ts";

/**
 * The address of an Internet socket: `[host, port]`, for `AF_INET6` also
 * `[host, port, flowinfo, scope_id]`.
 */
export type InetAddress = [
  host: string,
  port: number,
  flowinfo?: number,
  scope_id?: number,
];

/**
 * The address of a Unix socket: a path, `""` when it has none, or bytes that
 * begin with a zero byte for a name in Linux's abstract namespace.
 */
export type UnixAddress = string | Uint8Array;

/** An address of any family, as methods return it. */
export type Address = InetAddress | UnixAddress;

/**
 * An address as methods accept it: `[host, port]`, `[host, port, flowinfo,
 * scope_id]`, a path, or bytes.
 */
export type AddressLike =
  | readonly [
    host: string | Uint8Array,
    port: number,
    flowinfo?: number,
    scope_id?: number,
  ]
  | UnixAddress;

/** An Internet address whose host has not been looked up yet. */
export interface InetTarget {
  /** As given: a number, a name, `""` or `"<broadcast>"`. */
  readonly host: string;
  /** Any whole number; `checkPort` comes after the host, as in CPython. */
  readonly port: number;
  readonly flowinfo: number;
  readonly scope_id: number;
}

/** A name in a family's own terms, as `Deno.listen` takes it. */
export type Target = InetTarget | { readonly path: string };

/** sizeof(sockaddr_un.sun_path). */
const UNIX_PATH_MAX = Deno.build.os === "linux" ? 108 : 104;

/**
 * Takes an address apart. What is no address of the family is a TypeError that
 * names the method, as in CPython.
 */
export function parseAddress(
  family: number,
  address: unknown,
  method: string,
): Target {
  if (family === AF_UNIX) return { path: parseUnixPath(address) };
  if (family === AF_INET) return parseInet(address, method);
  if (family === AF_INET6) return parseInet6(address, method);
  throw new OSError(`${method}(): bad family`);
}

function parseInet(address: unknown, method: string): InetTarget {
  const parts = asTuple(address, "AF_INET", method);
  if (parts.length !== 2) {
    throw new TypeError("AF_INET address must be a pair (host, port)");
  }
  const [host, port] = parts;
  return {
    host: parseHost(host),
    port: parsePort(port, method),
    flowinfo: 0,
    scope_id: 0,
  };
}

function parseInet6(address: unknown, method: string): InetTarget {
  const parts = asTuple(address, "AF_INET6", method);
  if (parts.length < 2 || parts.length > 4) {
    throw new TypeError(
      "AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])",
    );
  }
  const [host, port, flowinfo = 0, scope_id = 0] = parts;
  return {
    host: parseHost(host),
    port: parsePort(port, method),
    // As C's unsigned int, without a check, which comes after the host.
    flowinfo: Number(index(flowinfo)) >>> 0,
    scope_id: Number(index(scope_id)) >>> 0,
  };
}

function asTuple(
  address: unknown,
  family: string,
  method: string,
): readonly unknown[] {
  if (Array.isArray(address)) return address;
  throw new TypeError(
    `${method}(): ${family} address must be tuple, not ${typeName(address)}`,
  );
}

/** A host is text, or text as bytes, and has no NUL in it. */
function parseHost(host: unknown): string {
  if (typeof host !== "string" && !(host instanceof Uint8Array)) {
    throw new TypeError(
      `str, bytes or bytearray expected, not ${typeName(host)}`,
    );
  }
  const text = typeof host === "string"
    ? encodeHostname(host)
    : new TextDecoder().decode(host);
  if (text.includes("\0")) {
    throw new TypeError("host name must not contain null character");
  }
  return text;
}

/**
 * A name with other letters than ASCII's travels in its `xn--` form. Others are
 * not looked at here: the resolver knows what is no name.
 */
function encodeHostname(host: string): string {
  // deno-lint-ignore no-control-regex
  if (/^[\x00-\x7f]*$/.test(host)) return host;
  try {
    return encodeIdna(host);
  } catch (error) {
    if (!(error instanceof UnicodeError)) throw error;
    throw new TypeError("encoding of hostname failed", { cause: error });
  }
}

function parsePort(port: unknown, method: string): number {
  const number = index(port);
  try {
    return asInteger(number, "int");
  } catch (error) {
    if (error instanceof OverflowError) throw badPort(method);
    throw error;
  }
}

function badPort(method: string): OverflowError {
  return new OverflowError(`${method}(): port must be 0-65535.`);
}

/** The ranges that CPython checks only once the host is known. */
export function checkRanges(target: InetTarget, method: string): void {
  const { port, flowinfo } = target;
  if (port < 0 || port > 65535) throw badPort(method);
  if (flowinfo > 0xfffff) {
    throw new OverflowError(`${method}(): flowinfo must be 0-1048575.`);
  }
}

/** The path of a Unix address; abstract names begin with a NUL. */
function parseUnixPath(address: unknown): string {
  if (Array.isArray(address)) {
    throw new TypeError("a bytes-like object is required, not 'tuple'");
  }
  if (typeof address === "string") checkEncodable(address);
  const bytes = typeof address === "string"
    ? new TextEncoder().encode(address)
    : asBytes(address);
  const isAbstract = bytes[0] === 0;
  if (bytes.length > UNIX_PATH_MAX - (isAbstract ? 0 : 1)) {
    throw new OSError("AF_UNIX path too long");
  }
  // The kernel reads a path up to its first NUL, an abstract name to its end.
  const end = isAbstract ? -1 : bytes.indexOf(0);
  return decodePath(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Deno takes paths as text, so that bytes which are no UTF-8 cannot be one. */
function decodePath(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch (cause) {
    throw osError("EILSEQ", { cause });
  }
}

/** A path as Python shows it: text, or bytes when it is abstract. */
export function formatUnixPath(path: string | null | undefined): UnixAddress {
  if (path === null || path === undefined) return "";
  return path.startsWith("\0") ? new TextEncoder().encode(path) : path;
}

/** The host that stands for all interfaces. */
export function anyHost(family: number): string {
  return family === AF_INET6 ? "::" : "0.0.0.0";
}

/** An Internet address as Python shows it; Deno tells no scope. */
export function formatInet(
  family: number,
  host: string,
  port: number,
): InetAddress {
  return family === AF_INET6 ? [host, port, 0, 0] : [host, port];
}

/** A Deno address as Python shows it in a family. */
export function formatAddress(family: number, addr: Deno.Addr): Address {
  if ("path" in addr) return formatUnixPath(addr.path);
  const { hostname, port } = addr as Deno.NetAddr;
  return formatInet(family, hostname, port);
}
