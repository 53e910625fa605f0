/** What the tests of the descriptor tier share. */

import { assert } from "@std/assert";
import { findDescriptors, type Wanted } from "../src/find_descriptors.ts";
import { type Posix, posix } from "../src/posix.ts";
import type { SocketAddress } from "../src/sockaddr.ts";

const tier = posix();

/** Why tests of descriptors cannot run here, if they cannot. */
export const NO_POSIX: string | undefined = tier === undefined
  ? "ignored: no C library here, or no --allow-ffi"
  : undefined;

/** The tier, for tests that run only where there is one. */
export function calls(): Posix {
  assert(tier !== undefined);
  return tier;
}

/** The one descriptor of a socket. */
export function find(wanted: Wanted): number {
  const [fd, ...others] = findDescriptors(wanted);
  assert(fd !== undefined, "no descriptor is the socket's");
  assert(others.length === 0, `${1 + others.length} descriptors could be it`);
  return fd;
}

/** Descriptors that a test has opened, closed when it ends. */
export class Descriptors implements Disposable {
  readonly #open = new Set<number>();

  /** Takes some in. */
  keep<T extends readonly number[]>(fds: T): T {
    for (const fd of fds) this.#open.add(fd);
    return fds;
  }

  /** Closes one before the test ends. */
  close(fd: number): void {
    this.#open.delete(fd);
    calls().close(fd);
  }

  [Symbol.dispose](): void {
    for (const fd of this.#open) calls().close(fd);
  }
}

/** How many descriptors this process has. */
export function countDescriptors(): number {
  return [...Deno.readDirSync("/dev/fd")].length;
}

/** A C `int`, or several, as bytes. */
export function ints(...values: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Int32Array.from(values).buffer);
}

/** A datagram endpoint of Deno's at a port of its own, closed with `using`. */
export function openUdp(
  hostname = "127.0.0.1",
): Deno.DatagramConn & Disposable {
  return closing(
    Deno.listenDatagram({ transport: "udp", hostname, port: 0 }),
  );
}

/** The same thing, closed with `using`. */
export function closing<T extends { close(): void }>(thing: T): T & Disposable {
  return Object.assign(thing, { [Symbol.dispose]: () => thing.close() });
}

/** The port of an endpoint of Deno's. */
export function portOf(addr: Deno.Addr): number {
  return (addr as Deno.NetAddr).port;
}

/** An address of Deno's as Python has it. */
export function addressOf(addr: Deno.Addr): SocketAddress {
  if (addr.transport === "unix") return addr.path ?? "";
  const { hostname, port } = addr as Deno.NetAddr;
  return [hostname, port];
}
