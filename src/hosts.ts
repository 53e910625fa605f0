/**
 * The older questions about hosts: from a name to its IPv4 addresses, and from
 * an address to its names.
 *
 * @module
 */

import { AF_INET, AF_UNSPEC, EAI_AGAIN } from "./constants.ts";
import { gaierror, herror } from "./errors.ts";
import { gethostname } from "./hostname.ts";
import { readHostsFile } from "./hosts_file.ts";
import { encodeIdna } from "./idna.ts";
import {
  firstAddress,
  lookUp,
  lookUpName,
  parseHostLiteral,
} from "./lookup.ts";
import { checkParsedArgumentCount, typeName, wordFor } from "./python.ts";

/** What is known of a host: its canonical name, other names, and addresses. */
export type HostEntry = [
  hostname: string,
  aliaslist: string[],
  ipaddrlist: string[],
];

/**
 * Looks up a host's first IPv4 address. As Python's `socket.gethostbyname()`,
 * but a promise. `getaddrinfo` knows IPv6 too.
 *
 * A number takes no lookup and no permission, a name `--allow-net` for it.
 *
 * @example A number, in any form
 * ```ts
 * import { gethostbyname } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await gethostbyname("127.1"), "127.0.0.1");
 * ```
 *
 * @param hostname A name or a number; `""` is all interfaces, `"<broadcast>"`
 * everybody.
 * @returns The address.
 * @throws {gaierror} If the host is not known, or has no such address.
 * @throws {PermissionError} If Deno may not look.
 * @throws {UnicodeError} If it has letters, or a length, that no name has.
 * @throws {TypeError} If it is neither text nor bytes, or there is a NUL in it.
 */
export async function gethostbyname(
  hostname: string | Uint8Array,
): Promise<string> {
  checkParsedArgumentCount(arguments.length, "gethostbyname", 1);
  const host = parseHostName(hostname, "gethostbyname");
  return (await firstAddress(host, AF_INET)).address;
}

/**
 * Looks up a host's names and all its IPv4 addresses. As Python's
 * `socket.gethostbyname_ex()`, but a promise.
 *
 * The addresses are the system's. The names are those of the hosts file, with
 * `--allow-read=/etc/hosts`. Of other names Deno does not tell which is the
 * canonical one and which are aliases: they come back as given, without aliases.
 *
 * @example A number has no names
 * ```ts
 * import { gethostbyname_ex } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await gethostbyname_ex("127.0.0.1"), [
 *   "127.0.0.1",
 *   [],
 *   ["127.0.0.1"],
 * ]);
 * ```
 *
 * @param hostname A name or a number.
 * @returns The canonical name, its aliases, and the addresses.
 * @throws {gaierror} If the host is not known, or has no such address.
 * @throws {herror} If it is a word for addresses and not a host.
 * @throws {PermissionError} If Deno may not look.
 * @throws {UnicodeError} If it has letters, or a length, that no name has.
 * @throws {TypeError} If it is neither text nor bytes, or there is a NUL in it.
 */
export async function gethostbyname_ex(
  hostname: string | Uint8Array,
): Promise<HostEntry> {
  checkParsedArgumentCount(arguments.length, "gethostbyname_ex", 1);
  const host = parseHostName(hostname, "gethostbyname_ex");
  const literal = parseHostLiteral(host, AF_INET);
  if (literal !== undefined) {
    // Other forms, which Python understands, glibc then takes for names.
    if (/^[\d.]+$/.test(host)) return [host, [], [literal.address]];
    throw hostError(/^$|:/.test(host) ? NO_RECOVERY : HOST_NOT_FOUND);
  }
  const addresses = (await lookUp(host, AF_INET)).map((each) => each.address);
  const known = (await readHostsFile()).namesOf(host, AF_INET);
  if (known !== undefined) return [known.name, [...known.aliases], addresses];
  return [host.replace(/\.$/, ""), [], addresses];
}

/**
 * Looks up the names of an address. As Python's `socket.gethostbyaddr()`, but a
 * promise.
 *
 * It takes `--allow-net` for the address, and for the host if that is a name.
 * The aliases are those of the hosts file, with `--allow-read=/etc/hosts`: Deno
 * does not tell others.
 *
 * @example Most machines know themselves
 * ```ts
 * import { gethostbyaddr, herror } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * try {
 *   const [, , addresses] = await gethostbyaddr("127.0.0.1");
 *   assertEquals(addresses, ["127.0.0.1"]);
 * } catch (error) {
 *   if (!(error instanceof herror)) throw error;
 * }
 * ```
 *
 * @param ip_address An address of any family, or a name, whose first address
 * counts.
 * @returns The canonical name, its aliases, and the address.
 * @throws {herror} If the address has no name.
 * @throws {gaierror} If the host is not known.
 * @throws {PermissionError} If Deno may not look.
 * @throws {UnicodeError} If it has letters, or a length, that no name has.
 * @throws {OSError} If it is `""`, which is an address of each family; without
 * errno.
 * @throws {TypeError} If it is neither text nor bytes, or there is a NUL in it.
 */
export async function gethostbyaddr(
  ip_address: string | Uint8Array,
): Promise<HostEntry> {
  checkParsedArgumentCount(arguments.length, "gethostbyaddr", 1);
  return await findHostByAddress(ip_address);
}

async function findHostByAddress(host: unknown): Promise<HostEntry> {
  const name = parseHostName(host, "gethostbyaddr");
  const { address, family } = await firstAddress(name, AF_UNSPEC);
  const { hostname } = await lookUpName(address, 0).catch((error) => {
    if (!(error instanceof gaierror)) throw error;
    throw hostError(error.errno === EAI_AGAIN ? TRY_AGAIN : HOST_NOT_FOUND);
  });
  const known = (await readHostsFile()).namesOfAddress(address, family);
  const aliases = known?.name === hostname ? [...known.aliases] : [];
  return [hostname, aliases, [address]];
}

/**
 * A host's name with its domain: the first of its names that has a dot. As
 * Python's `socket.getfqdn()`, but a promise.
 *
 * It takes what `gethostbyaddr` takes, and without an argument also
 * `--allow-sys=hostname`.
 *
 * @example An address that has no name
 * ```ts
 * import { getfqdn } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await getfqdn("256.1.1.1"), "256.1.1.1");
 * ```
 *
 * @param name A name or an address; `""`, `"0.0.0.0"` and `"::"` are this
 * machine.
 * @returns The name; as given, if there is none.
 * @throws {PermissionError} If Deno may not look.
 * @throws {UnicodeError} If it has letters, or a length, that no name has.
 * @throws {TypeError} If it is neither text nor bytes, or there is a NUL in it.
 */
export async function getfqdn(name?: string): Promise<string>;
/**
 * The same for a name in bytes, which come back if there is no other name.
 *
 * @param name A name or an address in bytes; no bytes are this machine.
 * @returns The name; as given, if there is none.
 */
export async function getfqdn(name: Uint8Array): Promise<string | Uint8Array>;
export async function getfqdn(
  name: string | Uint8Array = "",
): Promise<string | Uint8Array> {
  if (arguments.length > 1) {
    throw new TypeError(
      `getfqdn() takes from 0 to 1 positional arguments but ${arguments.length} were given`,
    );
  }
  const given = strip(name);
  const isOwn = ["0.0.0.0", "::"].some((each) => each === given) ||
    given.length === 0;
  const host = isOwn ? gethostname() : given;
  try {
    const [hostname, aliases] = await findHostByAddress(host);
    return [hostname, ...aliases].find((each) => each.includes(".")) ??
      hostname;
  } catch (error) {
    if (error instanceof gaierror || error instanceof herror) return host;
    throw error;
  }
}

/** As `strip()` of Python's `str` and `bytes`. */
function strip(name: unknown): string | Uint8Array {
  if (typeof name === "string") {
    // Python's white space has some control characters that JavaScript's lacks.
    // deno-lint-ignore no-control-regex
    return name.replace(/^[\s\x1c-\x1f\x85]+|[\s\x1c-\x1f\x85]+$/g, "");
  }
  if (!(name instanceof Uint8Array)) {
    throw new TypeError(`'${typeName(name)}' object has no attribute 'strip'`);
  }
  const isSpace = (byte: number) => byte === 32 || (byte >= 9 && byte <= 13);
  const start = name.findIndex((byte) => !isSpace(byte));
  const end = name.findLastIndex((byte) => !isSpace(byte));
  return start < 0 ? name.subarray(0, 0) : name.subarray(start, end + 1);
}

/** A host, in ASCII: text, or text as bytes, and without a NUL in it. */
function parseHostName(host: unknown, name: string): string {
  if (typeof host !== "string" && !(host instanceof Uint8Array)) {
    throw new TypeError(
      `${name}() argument 1 must be str, bytes or bytearray, not ${
        wordFor(host)
      }`,
    );
  }
  const text = typeof host === "string"
    ? encodeIdna(host)
    : new TextDecoder().decode(host);
  if (text.includes("\0")) {
    throw new TypeError(
      `${name}() argument 1 must be encoded string without null bytes, not ${
        typeName(host)
      }`,
    );
  }
  return text;
}

/** What the old resolver says, by its own numbers. */
const HOST_NOT_FOUND = 1;
const TRY_AGAIN = 2;
const NO_RECOVERY = 3;

/** glibc's words for them. */
const HSTRERROR: Readonly<Record<number, string>> = {
  [HOST_NOT_FOUND]: "Unknown host",
  [TRY_AGAIN]: "Host name lookup failure",
  [NO_RECOVERY]: "Unknown server error",
};

function hostError(number: number): herror {
  return new herror(number, HSTRERROR[number] ?? "");
}
