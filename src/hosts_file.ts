/**
 * The file `/etc/hosts`, for what the system's resolver knows and Deno does not
 * tell: which names belong to one address, and which of them is the first.
 *
 * @module
 */

import { AF_INET, AF_INET6 } from "./constants.ts";
import { translate } from "./errors.ts";
import {
  formatIPv4,
  formatIPv6,
  mappedIPv4,
  parseIPv6,
  parsePlainIPv4,
} from "./ip.ts";

/** One line of the file. */
interface HostLine {
  /** The address as `AF_INET` sees it, and as `AF_INET6` does. */
  readonly ipv4: string | undefined;
  readonly ipv6: string | undefined;
  /** The canonical name. */
  readonly name: string;
  readonly aliases: readonly string[];
}

/** All names of one host. */
export interface HostNames {
  /** The canonical name. */
  readonly name: string;
  readonly aliases: readonly string[];
}

/** What the file says, in the way in which glibc reads it. */
export class HostsFile {
  readonly #lines: readonly HostLine[];

  /** Takes the text of the file. */
  constructor(text: string) {
    this.#lines = text.split("\n").flatMap(parseLine);
  }

  /** The names of a host, in all lines that have one of them. */
  namesOf(host: string, family: number): HostNames | undefined {
    const lowered = host.toLowerCase();
    const [first, ...others] = this.#lines.filter((line) =>
      hasFamily(line, family) &&
      [line.name, ...line.aliases].some((name) =>
        name.toLowerCase() === lowered
      )
    );
    if (first === undefined) return undefined;
    const { name } = first;
    const more = others.flatMap((line) =>
      line.name === name ? line.aliases : [...line.aliases, line.name]
    );
    return { name, aliases: [...first.aliases, ...more] };
  }

  /** The names of an address, in the first line that has it. */
  namesOfAddress(address: string, family: number): HostNames | undefined {
    return this.#lines.find((line) =>
      (family === AF_INET ? line.ipv4 : line.ipv6) === address
    );
  }
}

/**
 * The hosts file, or an empty one where there is none or Deno may not read it.
 * It adds to what the resolver has answered, so nobody is asked for a grant.
 */
export async function readHostsFile(): Promise<HostsFile> {
  const path = Deno.build.os === "windows"
    ? "C:\\Windows\\System32\\drivers\\etc\\hosts"
    : "/etc/hosts";
  const { state } = await Deno.permissions.query({ name: "read", path });
  if (state !== "granted") return new HostsFile("");
  const text = await Deno.readTextFile(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw translate(error);
  });
  return new HostsFile(text);
}

function parseLine(line: string): HostLine[] {
  const [address = "", name, ...aliases] = line.replace(/#.*/, "").trim()
    .split(/\s+/);
  if (name === undefined) return [];
  const plain = parsePlainIPv4(address);
  if (plain !== undefined) {
    return [{ ipv4: formatIPv4(plain), ipv6: undefined, name, aliases }];
  }
  const bytes = parseIPv6(address);
  if (bytes === undefined) return [];
  const ipv6 = formatIPv6(bytes);
  // What has a meaning in IPv4 too, glibc finds there as well.
  const mapped = mappedIPv4(bytes);
  const loopback = ipv6 === "::1" ? "127.0.0.1" : undefined;
  const ipv4 = mapped === undefined ? loopback : formatIPv4(mapped);
  return [{ ipv4, ipv6, name, aliases }];
}

function hasFamily(line: HostLine, family: number): boolean {
  if (family === AF_INET) return line.ipv4 !== undefined;
  return family !== AF_INET6 || line.ipv6 !== undefined;
}
