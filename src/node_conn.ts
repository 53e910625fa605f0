/**
 * A connection from a chosen local address, or of a given descriptor. Deno's own
 * have no such option, `node:net` has: here it stands behind the part of
 * `Deno.Conn` that a stream needs.
 *
 * @module
 */

import type { Socket } from "node:net";
import { builtin } from "./builtin.ts";
import type { HostPort } from "./resolve.ts";
import type { Connection } from "./connection.ts";

/** A connection that `node:net` is making. */
export interface Connecting {
  readonly connected: Promise<Connection>;
  /** Keeps the program running until it is made. */
  ref(): void;
  /** Lets the program end before. */
  unref(): void;
  /** Gives it up. */
  stop(): void;
}

/** Connects, from a local address if one is given. */
export function connectFrom(
  local: HostPort | undefined,
  remote: HostPort,
): Connecting {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>();
  const socket = builtin("node:net").connect({
    host: remote.hostname,
    port: remote.port,
    ...local && { localAddress: local.hostname, localPort: local.port },
    // The peer's end of stream must not close our side as well.
    allowHalfOpen: true,
  });
  socket.once("error", reject);
  socket.once("connect", () => {
    socket.off("error", reject);
    resolve(new NodeConnection(socket, addressesOf(socket)));
  });
  return {
    connected: promise,
    ref: () => socket.ref(),
    unref: () => socket.unref(),
    stop: () => socket.destroy(new Error("The attempt has been given up")),
  };
}

/** Where a connection leads, as `Deno.Conn` says it. */
export type Addresses = Pick<Deno.Conn, "localAddr" | "remoteAddr">;

function addressesOf(socket: Socket): Addresses {
  return {
    localAddr: {
      transport: "tcp",
      hostname: socket.localAddress!,
      port: socket.localPort!,
    },
    remoteAddr: {
      transport: "tcp",
      hostname: socket.remoteAddress!,
      port: socket.remotePort!,
    },
  };
}

/**
 * A connection of a descriptor, which from now on belongs to it: a connected TCP
 * or Unix stream, closed by `close`. Nothing is read before it is asked for.
 */
export function openDescriptor(fd: number, addresses: Addresses): Connection {
  const options = {
    fd,
    readable: true,
    writable: true,
    allowHalfOpen: true,
    // A read that has begun and is paused would never go on.
    pauseOnCreate: true,
  };
  const { Socket } = builtin("node:net");
  return new NodeConnection(new Socket(options), addresses);
}

/**
 * A socket of `node:net`, read and written as a `Deno.Conn` is; as with that one
 * only what is under way keeps the program running.
 */
class NodeConnection implements Connection {
  readonly isNodes = true;
  readonly localAddr: Deno.Addr;
  readonly remoteAddr: Deno.Addr;
  readonly #socket: Socket;
  #failure: Error | undefined;
  /** Whether a write has told of the failure: to reads it is the end then. */
  #isFailureTold = false;
  #unread: Uint8Array | undefined;
  #isReading = false;
  #isReferenced = true;
  #writes = 0;

  constructor(socket: Socket, { localAddr, remoteAddr }: Addresses) {
    this.#socket = socket;
    this.localAddr = localAddr;
    this.remoteAddr = remoteAddr;
    socket.pause();
    socket.unref();
    socket.on("error", (error: Error) => this.#failure = error);
  }

  async read(target: Uint8Array): Promise<number | null> {
    this.#isReading = true;
    this.#hold();
    try {
      this.#unread ??= await this.#nextChunk();
    } finally {
      this.#isReading = false;
      this.#hold();
    }
    if (this.#unread === undefined) return null;
    const bytes = this.#unread.subarray(0, target.length);
    target.set(bytes);
    const rest = this.#unread.subarray(bytes.length);
    this.#unread = rest.length > 0 ? rest : undefined;
    return bytes.length;
  }

  async #nextChunk(): Promise<Uint8Array | undefined> {
    const socket = this.#socket;
    while (true) {
      const chunk: Uint8Array | null = socket.read();
      if (chunk !== null) return chunk;
      if (this.#isFailureTold) return undefined;
      if (this.#failure !== undefined) throw this.#failure;
      if (socket.readableEnded) return undefined;
      if (socket.destroyed) {
        throw new Deno.errors.BadResource("Bad resource ID");
      }
      await this.#somethingToRead();
    }
  }

  #somethingToRead(): Promise<void> {
    const events = ["readable", "end", "error", "close"];
    return new Promise((resolve) => {
      const settle = () => {
        for (const event of events) this.#socket.off(event, settle);
        resolve();
      };
      for (const event of events) this.#socket.on(event, settle);
    });
  }

  write(data: Uint8Array): Promise<number> {
    this.#writes++;
    this.#hold();
    return new Promise((resolve, reject) => {
      this.#socket.write(data, (error) => {
        this.#writes--;
        this.#hold();
        if (!error) return resolve(data.length);
        this.#isFailureTold = true;
        reject(this.#failure ?? error);
      });
    });
  }

  closeWrite(): Promise<void> {
    this.#writes++;
    this.#hold();
    return new Promise((resolve) => {
      this.#socket.end(() => {
        this.#writes--;
        this.#hold();
        resolve();
      });
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  setNoDelay(isOn = true): void {
    this.#socket.setNoDelay(isOn);
  }

  setKeepAlive(isOn = true): void {
    this.#socket.setKeepAlive(isOn);
  }

  ref(): void {
    this.#isReferenced = true;
    this.#hold();
  }

  unref(): void {
    this.#isReferenced = false;
    this.#hold();
  }

  /** Keeps the program running, or lets it end, as what is under way demands. */
  #hold(): void {
    const isNeeded = this.#writes > 0 ||
      (this.#isReading && this.#isReferenced);
    if (isNeeded) this.#socket.ref();
    else this.#socket.unref();
  }
}
