/**
 * Names of services and of protocols, from the files in which the system has
 * them: `/etc/services` and `/etc/protocols`.
 *
 * @module
 */

import { OSError, OverflowError, translate } from "./errors.ts";
import {
  checkArgumentCount,
  checkParsedArgumentCount,
  parseInt32,
  parseText,
} from "./python.ts";

/** A line of `/etc/services`. */
interface Service {
  /** The official name, and the others. */
  readonly names: readonly string[];
  readonly port: number;
  readonly protocol: string;
}

/**
 * The port of a service. As Python's `socket.getservbyname()`, but a promise.
 *
 * The names are those of the file `/etc/services`, which takes
 * `--allow-read=/etc/services`. A machine without the file knows no names.
 *
 * @example The port of HTTP
 * ```ts
 * import { getservbyname, OSError } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * try {
 *   assertEquals(await getservbyname("http", "tcp"), 80);
 * } catch (error) {
 *   if (!(error instanceof OSError)) throw error; // No such file here.
 * }
 * ```
 *
 * @param servicename The name, or another of its names.
 * @param protocolname `"tcp"` or `"udp"`; any if left out.
 * @returns The port.
 * @throws {OSError} If there is no such service; without errno.
 * @throws {PermissionError} If Deno may not read the file.
 * @throws {TypeError} If a name is no string.
 * @throws {ValueError} If there is a NUL in one.
 */
export async function getservbyname(
  servicename: string,
  protocolname?: string,
): Promise<number> {
  checkArgumentCount(arguments.length, "getservbyname", 1, 2);
  const name = parseText(servicename, "getservbyname", 1);
  const protocol = protocolname === undefined
    ? undefined
    : parseText(protocolname, "getservbyname", 2);
  const port = await findPort(name, protocol);
  if (port !== undefined) return port;
  throw new OSError("service/proto not found");
}

/**
 * The name of the service on a port. As Python's `socket.getservbyport()`, but a
 * promise.
 *
 * The names are those of the file `/etc/services`, which takes
 * `--allow-read=/etc/services`. A machine without the file knows no names.
 *
 * @example The service on port 80
 * ```ts
 * import { getservbyport, OSError } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * try {
 *   assertEquals(await getservbyport(80, "tcp"), "http");
 * } catch (error) {
 *   if (!(error instanceof OSError)) throw error; // No such file here.
 * }
 * ```
 *
 * @param port The port.
 * @param protocolname `"tcp"` or `"udp"`; any if left out.
 * @returns The service's official name.
 * @throws {OSError} If there is no such service; without errno.
 * @throws {PermissionError} If Deno may not read the file.
 * @throws {OverflowError} If the port is not in 0-65535.
 * @throws {TypeError} If it is no integer, or the name no string.
 * @throws {ValueError} If there is a NUL in the name.
 */
export async function getservbyport(
  port: number,
  protocolname?: string,
): Promise<string> {
  checkArgumentCount(arguments.length, "getservbyport", 1, 2);
  const number = parseInt32(port);
  const protocol = protocolname === undefined
    ? undefined
    : parseText(protocolname, "getservbyport", 2);
  if (number < 0 || number > 65535) {
    throw new OverflowError("getservbyport: port must be 0-65535.");
  }
  const name = await findService(number, protocol);
  if (name !== undefined) return name;
  throw new OSError("port/proto not found");
}

/**
 * The number of a protocol of the Internet, as `socket()` takes it. As Python's
 * `socket.getprotobyname()`, but a promise.
 *
 * The names are those of the file `/etc/protocols`, which takes
 * `--allow-read=/etc/protocols`. A machine without the file knows no names.
 *
 * @example The number of TCP
 * ```ts
 * import { getprotobyname, IPPROTO_TCP, OSError } from "@pysocket/socket";
 * import { assertEquals } from "@std/assert";
 *
 * try {
 *   assertEquals(await getprotobyname("tcp"), IPPROTO_TCP);
 * } catch (error) {
 *   if (!(error instanceof OSError)) throw error; // No such file here.
 * }
 * ```
 *
 * @param protocolname The name, or another of its names.
 * @returns The number.
 * @throws {OSError} If there is no such protocol; without errno.
 * @throws {PermissionError} If Deno may not read the file.
 * @throws {TypeError} If the name is no string.
 * @throws {ValueError} If there is a NUL in it.
 */
export async function getprotobyname(protocolname: string): Promise<number> {
  checkParsedArgumentCount(arguments.length, "getprotobyname", 1);
  const name = parseText(protocolname, "getprotobyname", 1);
  // On Windows the file has a name without an s.
  const file = Deno.build.os === "windows" ? "protocol" : "protocols";
  for (
    const [official = "", number = "", ...aliases] of await readTable(file)
  ) {
    if (/^\d+$/.test(number) && [official, ...aliases].includes(name)) {
      return Number(number);
    }
  }
  throw new OSError("protocol not found");
}

/** The port of a service, for one protocol or for the first that has it. */
export async function findPort(
  name: string,
  protocol?: string,
): Promise<number | undefined> {
  const service = (await readServices()).find((each) =>
    each.names.includes(name) && (protocol ?? each.protocol) === each.protocol
  );
  return service?.port;
}

/** The name of the service on a port, which may depend on the protocol. */
export async function findService(
  port: number,
  protocol?: string,
): Promise<string | undefined> {
  const service = (await readServices()).find((each) =>
    each.port === port && (protocol ?? each.protocol) === each.protocol
  );
  return service?.names[0];
}

async function readServices(): Promise<Service[]> {
  const services: Service[] = [];
  for (
    const [name = "", number = "", ...aliases] of await readTable("services")
  ) {
    const [, port, protocol] = /^(\d+)\/(.+)$/.exec(number) ?? [];
    if (port === undefined || protocol === undefined) continue;
    services.push({ names: [name, ...aliases], port: Number(port), protocol });
  }
  return services;
}

/** The lines of a file of the system, in words, without what is a comment. */
async function readTable(file: string): Promise<string[][]> {
  const folder = Deno.build.os === "windows"
    ? "C:\\Windows\\System32\\drivers\\etc\\"
    : "/etc/";
  const text = await Deno.readTextFile(folder + file).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return "";
    throw translate(error);
  });
  return text.split("\n").map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "").map((line) => line.split(/\s+/));
}
