/**
 * One listening endpoint: it owns the accept that is in flight and a connection
 * that has arrived when nobody was waiting.
 *
 * @module
 */

import type { Connection } from "./connection.ts";
import type { ErrnoName } from "./errno.ts";
import { OSError, osError, translate } from "./errors.ts";
import { retrace } from "./late_error.ts";
import type { HostPort } from "./resolve.ts";
import { operations } from "./turn.ts";
import { Deadline, Line, NOT_YET } from "./waiting.ts";

/** Where to listen: a number and a port, or a path. */
export type LocalAddress = HostPort | { readonly path: string };

/** How to listen. */
export interface ListenOptions {
  /** How many completed connections the kernel keeps until they are accepted. */
  readonly backlog: number;
  /** Whether others may listen on the same port too. */
  readonly reusePort: boolean;
  /** Whether an IPv6 listener turns IPv4 peers away. */
  readonly v6only: boolean;
}

/**
 * Addresses of closed listeners that the system has not released yet: Deno ends
 * a pending accept on a later turn of the event loop, and only then the address
 * is free. A promise for each settles at that moment.
 */
const releasing = new Map<number | string, Promise<void>>();

/**
 * Settles once a listener of this program that is closed has released an
 * address; `undefined` if there is none, which is nearly always so.
 */
export function whenReleased(address: LocalAddress): Promise<void> | undefined {
  return releasing.get(portOrPath(address));
}

function portOrPath(address: LocalAddress): number | string {
  return "path" in address ? address.path : address.port;
}

/** A bound address, which completes connections from the moment it is bound. */
export class Listener {
  /** How it listens. */
  readonly options: ListenOptions;
  #address: LocalAddress;
  #listener: Deno.Listener | undefined;
  #opening: Promise<void> | undefined;
  #accepting: Promise<void> | undefined;
  #arrived: { conn?: Connection; failure?: unknown } | undefined;
  #isClosed = false;
  #released = Promise.resolve();
  #isUnreferenced = false;
  #onChange: (() => void) | undefined;
  readonly #acceptors = new Line(() => this.#letProcessExit());

  /** Binds at once: the port is known, and a failure is raised, here. */
  constructor(address: LocalAddress, options: ListenOptions) {
    this.#address = address;
    this.options = options;
    const release = whenReleased(address);
    try {
      // Until a closed one has gone, it would take the new one's path along.
      if (release !== undefined && "path" in address) throw osError("EBUSY");
      this.#open();
    } catch (error) {
      if (release === undefined) throw translate(error);
      // Our own closed listener still has the address, for one more turn.
      this.#opening = release.then(() => this.#open());
      this.#opening.catch(() => {}); // The next `accept` reports it.
    }
  }

  #open(): void {
    if (this.#isClosed) return;
    const { backlog, reusePort } = this.options;
    this.#listener = "path" in this.#address
      ? Deno.listen({ transport: "unix", path: this.#address.path })
      : Deno.listen({ ...this.#address, tcpBacklog: backlog, reusePort });
    const { addr } = this.#listener;
    if (addr.transport === "unix") this.#address = { path: addr.path };
    else if (addr.transport === "tcp") {
      this.#address = { hostname: addr.hostname, port: addr.port };
    }
    if (this.#isUnreferenced) this.#listener.unref();
  }

  /** The address that was bound, with the real port. */
  get address(): LocalAddress {
    return this.#address;
  }

  /** The next connection, oldest first. */
  async accept(timeout: number | null): Promise<Connection> {
    if (this.#isClosed) throw osError("EINVAL");
    const answer = this.#acceptors.wait(
      () => this.#takeArrived(),
      Deadline.of(timeout),
    );
    if (!this.#acceptors.isEmpty) this.#keepProcessAlive();
    this.#serve();
    return await answer;
  }

  /** Whether `accept` would have an answer now. */
  get isReadable(): boolean {
    return this.#arrived !== undefined;
  }

  /**
   * Looks out for connections, and calls back when one has arrived, until it is
   * called without a callback. The connection stays for those who accept.
   */
  watch(onChange: (() => void) | undefined): void {
    this.#onChange = onChange;
    if (onChange !== undefined) this.#serve();
  }

  /** Gives what has arrived to the first in line, and sees to the others. */
  #serve(): void {
    this.#acceptors.serve();
    const isLookedFor = this.#onChange !== undefined && !this.#arrived;
    if (this.#acceptors.isEmpty && !isLookedFor) return;
    this.#accepting ??= this.#acceptNext();
    if (this.#acceptors.isEmpty) this.#letProcessExit();
  }

  #takeArrived(): Connection | typeof NOT_YET {
    const { failure, conn } = this.#arrived ?? {};
    this.#arrived = undefined;
    if (failure !== undefined) throw retrace(failure);
    return conn ?? NOT_YET;
  }

  /** Accepts one connection; whoever is first in line then, gets it. */
  async #acceptNext(): Promise<void> {
    operations.underWay++;
    try {
      await this.#opening;
      this.#arrived = { conn: await this.#acceptWanted() };
    } catch (error) {
      if (this.#isClosed) return;
      this.#arrived = { failure: translate(error) };
    } finally {
      operations.underWay--;
      operations.ended++;
    }
    this.#accepting = undefined;
    if (this.#isClosed) return this.#arrived.conn?.close();
    this.#serve();
    this.#onChange?.();
  }

  async #acceptWanted(): Promise<Connection> {
    while (true) {
      const conn = await this.#acceptConnected();
      const isIPv4 = conn?.remoteAddr.transport === "tcp" &&
        conn.remoteAddr.hostname.startsWith("::ffff:");
      if (conn && !(this.options.v6only && isIPv4)) return conn;
      // Deno cannot set IPV6_V6ONLY: the peer is let in and turned away here.
      conn?.close();
    }
  }

  /**
   * A peer that has broken its connection before it was accepted is passed over:
   * Deno asks for its address, fails, and has no connection to return.
   */
  async #acceptConnected(): Promise<Connection | undefined> {
    try {
      return await this.#listener!.accept();
    } catch (error) {
      const failure = translate(error);
      const isGone = failure instanceof OSError && failure.code === "ENOTCONN";
      if (!isGone) throw failure;
      return undefined;
    }
  }

  #keepProcessAlive(): void {
    if (!this.#isUnreferenced) return;
    this.#isUnreferenced = false;
    this.#listener?.ref();
  }

  /** An accept that nobody waits for must not keep the process running. */
  #letProcessExit(): void {
    if (this.#isUnreferenced || this.#isClosed || !this.#accepting) return;
    this.#isUnreferenced = true;
    this.#listener?.unref();
  }

  /**
   * Stops listening; callers in line get the error named. The promise settles
   * when the address is free.
   */
  close(reason: ErrnoName = "EBADF"): Promise<void> {
    if (this.#isClosed) return this.#released;
    this.#isClosed = true;
    this.#acceptors.close(reason);
    this.#arrived?.conn?.close();
    this.#released = this.#release();
    return this.#released;
  }

  async #release(): Promise<void> {
    this.#keepProcessAlive();
    const path = this.#listener && "path" in this.address
      ? this.address.path
      : "\0";
    const keepPath = path.startsWith("\0") ? () => {} : keep(path);
    this.#listener?.close();
    if (this.#accepting !== undefined) {
      const key = portOrPath(this.address);
      const release = this.#accepting;
      releasing.set(key, release);
      await release;
      if (releasing.get(key) === release) releasing.delete(key);
    }
    keepPath();
  }
}

/**
 * Keeps a socket's file beyond the moment when Deno closes the socket, which
 * removes what stands at the path; CPython leaves it there. A second name of the
 * file takes the first one's place afterwards.
 */
function keep(path: string): () => void {
  const other = `${path}.${crypto.randomUUID()}`;
  try {
    Deno.linkSync(path, other);
  } catch (error) {
    // The program has removed the file already, or its folder has no links.
    if (error instanceof Error && !(error instanceof TypeError)) {
      return () => {};
    }
    throw error;
  }
  return () => {
    try {
      if (isThere(path)) Deno.removeSync(other);
      else Deno.renameSync(other, path);
    } catch (error) {
      // The folder itself has gone meanwhile.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  };
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
