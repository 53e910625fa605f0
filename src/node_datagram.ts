/**
 * UDP by way of `node:dgram`, which needs no flag and has settings that
 * `Deno.listenDatagram` has not: here it stands behind the same interface.
 *
 * @module
 */

import type { RemoteInfo, Socket } from "node:dgram";
import { builtin } from "./builtin.ts";
import type { Bytes } from "./connection.ts";
import type {
  Arrival,
  ChangeableOption,
  DatagramConn,
  DatagramOptions,
  Link,
} from "./datagram_conn.ts";
import { osError } from "./errors.ts";
import { KeepAlive } from "./keep_alive.ts";
import type { HostPort } from "./resolve.ts";

/** The part of the handle below a socket that makes it receive on demand. */
interface Handle {
  /** Called at the end of each receive; without a sender it was closed. */
  onmessage(
    count: number,
    handle: Handle,
    data: Uint8Array,
    from?: RemoteInfo,
  ): void;
  recvStart(): void;
  recvStop(): void;
}

/**
 * How many bytes wait here when the handle cannot be told to stop: as many as in
 * the kernel's own buffer, which drops what is too much as well.
 */
const QUEUE_LIMIT = 212_992;

/** What the kernel counts for a datagram besides its bytes. */
const OVERHEAD = 768;

/** A receive that is under way. */
interface Receiver {
  resolve(arrival: Arrival): void;
  reject(reason: unknown): void;
}

/**
 * A socket of `node:dgram`.
 *
 * That one receives whether anybody asks or not, and hands out datagrams as
 * events. Below it is a handle that can be told to stop, as it is while a socket
 * is being closed: it is told so after each datagram, and to start when one is
 * wanted. So what nobody asks for stays with the kernel.
 */
export class NodeDatagramConn implements DatagramConn {
  readonly local: HostPort;
  readonly isWritable = true;
  readonly tellsErrors = false;
  onWritable: (() => void) | undefined;
  readonly #socket: Socket;
  readonly #handle: Handle | undefined;
  readonly #keepAlive = new KeepAlive();
  #receiver: Receiver | undefined;
  #onClosed: (() => void) | undefined;
  #isUnderWay = true; // From `bind` on.
  #isReferenced = true;
  readonly #queue: Arrival[] = [];
  #queued = 0;

  /** Binds. */
  constructor(address: HostPort, options: DatagramOptions) {
    this.#socket = open(address, options);
    this.#handle = handleOf(this.#socket);
    if (this.#handle === undefined) {
      this.#socket.on("message", (data, from) => this.#take(data, from));
      this.#socket.on("error", (error) => this.#fail(error));
    } else {
      this.#handle.recvStop();
      this.#handle.onmessage = this.#onReceive;
    }
    const { address: hostname, port } = this.#socket.address();
    this.local = { hostname, port };
    if (options.broadcast) this.set("broadcast", true);
    if (!options.multicastLoop) this.set("multicastLoop", false);
    if (options.multicastTtl !== 1) {
      this.set("multicastTtl", options.multicastTtl);
    }
    if (options.ttl !== 64) this.set("ttl", options.ttl);
  }

  receive(): Promise<Arrival> {
    const queued = this.#queue.shift();
    if (queued !== undefined) {
      this.#queued -= queued[0].length + OVERHEAD;
      return Promise.resolve(queued);
    }
    return new Promise((resolve, reject) => {
      this.#receiver = { resolve, reject };
      this.#hold();
      if (this.#isUnderWay) return;
      this.#isUnderWay = true;
      this.#handle?.recvStart();
    });
  }

  /** What `node:dgram` makes events of. */
  readonly #onReceive: Handle["onmessage"] = (count, handle, data, from) => {
    handle.recvStop();
    this.#isUnderWay = false;
    if (from !== undefined && count >= 0) return this.#take(data, from);
    this.#fail(
      count < 0
        ? new Error(`receive failed with ${count}`)
        : new Deno.errors.BadResource("Bad resource ID"),
    );
  };

  #take(data: Uint8Array, { address: hostname, port }: RemoteInfo): void {
    const { buffer, byteOffset, length } = data;
    const arrival = [
      // A Buffer's `slice` would be no copy.
      new Uint8Array(buffer, byteOffset, length),
      { transport: "udp", hostname, port },
    ] as const;
    const receiver = this.#receiver;
    if (receiver === undefined) return this.#keep(arrival);
    this.#receiver = undefined;
    this.#hold();
    receiver.resolve(arrival);
  }

  /** Keeps what nobody has asked for yet, as far as there is room. */
  #keep([data, from]: Arrival): void {
    const size = data.length + OVERHEAD;
    if (this.#queued + size > QUEUE_LIMIT) return;
    this.#queued += size;
    // The datagram's memory is that of the largest there could be.
    this.#queue.push([data.slice(), from]);
  }

  #fail(error: unknown): void {
    this.#receiver?.reject(error);
    this.#receiver = undefined;
    if (this.#onClosed !== undefined) this.#keepAlive.end();
    this.#onClosed?.();
    this.#hold();
  }

  send(data: Bytes, remote: Deno.Addr): Promise<number> {
    const { hostname, port } = remote as Deno.NetAddr;
    return new Promise((resolve, reject) => {
      this.#socket.send(data, port, hostname, (error, count) => {
        if (error === null) resolve(count);
        else reject(reasonOf(error, hostname, port));
      });
    });
  }

  set<K extends ChangeableOption>(name: K, value: DatagramOptions[K]): void {
    if (name === "broadcast") return this.#socket.setBroadcast(!!value);
    if (name === "multicastLoop") {
      this.#socket.setMulticastLoopback(!!value);
      return;
    }
    // For IPv6 the first does nothing, and the second is IPv4's.
    if (this.local.hostname.includes(":") || Number(value) < 1) {
      throw osError("ENOPROTOOPT");
    }
    if (name === "ttl") this.#socket.setTTL(Number(value));
    else this.#socket.setMulticastTTL(Number(value));
  }

  join(group: string, link: Link): void {
    this.#socket.addMembership(group, nodeLink(link));
  }

  leave(group: string, link: Link): void {
    this.#socket.dropMembership(group, nodeLink(link));
  }

  setMulticastInterface(link: Link): void {
    this.#socket.setMulticastInterface(nodeLink(link));
  }

  ref(): void {
    this.#isReferenced = true;
    this.#hold();
  }

  unref(): void {
    this.#isReferenced = false;
    this.#hold();
  }

  /**
   * The receive itself never keeps the program running: once it is under way,
   * `node:dgram` could not be talked out of that.
   */
  #hold(): void {
    if (this.#onClosed !== undefined) return;
    if (this.#receiver !== undefined && this.#isReferenced) {
      this.#keepAlive.hold();
    } else this.#keepAlive.release();
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#onClosed = resolve);
    this.#keepAlive.hold();
    this.#socket.close();
    // Else the handle tells when it is over.
    const isOver = this.#handle === undefined || !this.#isUnderWay;
    if (isOver) this.#fail(new Deno.errors.BadResource("Bad resource ID"));
    await closed;
  }
}

/** A socket that is bound when this returns. */
function open(address: HostPort, options: DatagramOptions): Socket {
  const { hostname, port } = address;
  const family = hostname.includes(":") ? 6 : 4;
  const socket = builtin("node:dgram").createSocket({
    type: `udp${family}`,
    reuseAddr: options.reuseAddress || options.reusePort,
    ipv6Only: options.v6only,
    // Hosts are numbers here, and an answer at once makes `bind` end at once.
    lookup: (host, _options, callback) => callback(null, host, family),
  });
  socket.unref();
  let failure: unknown;
  socket.once("error", (error) => failure = error);
  socket.bind({ address: hostname, port });
  socket.removeAllListeners("error");
  if (failure === undefined) return socket;
  socket.close();
  throw failure;
}

/** The handle, which has no name that others may use. */
function handleOf(socket: Socket): Handle | undefined {
  const states = Object.getOwnPropertySymbols(socket).map((symbol) =>
    (socket as unknown as Record<symbol, unknown>)[symbol]
  );
  for (const state of states) {
    const handle = (state as { handle?: Partial<Handle> } | null)?.handle;
    if (handle?.recvStart && handle.recvStop) return handle as Handle;
  }
  return undefined;
}

/** What `node:dgram` takes an IPv6 link's number in. */
function nodeLink(link: Link): string {
  return typeof link === "number" ? `::%${link}` : link;
}

/**
 * Why a send has failed. `node:dgram` tells EMSGSIZE and otherwise nothing; what
 * remains is that it is not permitted, or that there is no way to the address.
 */
function reasonOf(error: Error, hostname: string, port: number): unknown {
  if ((error as { code?: unknown }).code !== "UNKNOWN") return error;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const target = `${host}:${port}`;
  const { state } = Deno.permissions.querySync({ name: "net", host: target });
  if (state === "granted") return osError("ENETUNREACH", { cause: error });
  return new Deno.errors.NotCapable(
    `Requires net access to "${target}", run again with the --allow-net flag`,
  );
}

/** Whether the system lets a socket take part in a group. */
export function canJoin(family: 4 | 6, group: string, link: Link): boolean {
  const hostname = family === 6 ? "::" : "0.0.0.0";
  const socket = open({ hostname, port: 0 }, PROBE_OPTIONS);
  try {
    socket.addMembership(group, nodeLink(link));
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error) return false;
    throw error;
  } finally {
    socket.close();
  }
}

const PROBE_OPTIONS: DatagramOptions = {
  reuseAddress: false,
  reusePort: false,
  v6only: false,
  broadcast: false,
  multicastTtl: 1,
  multicastLoop: true,
  ttl: 64,
};
