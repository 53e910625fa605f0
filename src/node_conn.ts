/**
 * A connection from a chosen local address. `Deno.connect` has no such option,
 * `node:net` has: here it stands behind the part of `Deno.Conn` that a stream
 * needs.
 *
 * @module
 */

import { connect, type Socket } from "node:net";
import type { Endpoint } from "./resolve.ts";
import type { Connection } from "./stream.ts";

/** Connects `local` to `remote`; aborting the signal gives up. */
export function connectFrom(
  local: Endpoint,
  remote: Endpoint,
  signal: AbortSignal,
): Promise<Connection> {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>();
  const socket = connect({
    host: remote.hostname,
    port: remote.port,
    localAddress: local.hostname,
    localPort: local.port,
    // The peer's end of stream must not close our side as well.
    allowHalfOpen: true,
  });
  const abort = () => socket.destroy(signal.reason);
  signal.addEventListener("abort", abort);
  socket.once("error", reject);
  socket.once("connect", () => {
    socket.off("error", reject);
    signal.removeEventListener("abort", abort);
    resolve(new NodeConnection(socket));
  });
  return promise;
}

/** A socket of `node:net`, read and written as a `Deno.Conn` is. */
class NodeConnection implements Connection {
  readonly localAddr: Deno.NetAddr;
  readonly remoteAddr: Deno.NetAddr;
  readonly #socket: Socket;
  #failure: Error | undefined;
  #unread: Uint8Array | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.localAddr = {
      transport: "tcp",
      hostname: socket.localAddress!,
      port: socket.localPort!,
    };
    this.remoteAddr = {
      transport: "tcp",
      hostname: socket.remoteAddress!,
      port: socket.remotePort!,
    };
    socket.pause();
    socket.on("error", (error: Error) => this.#failure = error);
  }

  async read(target: Uint8Array): Promise<number | null> {
    this.#unread ??= await this.#nextChunk();
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
    return new Promise((resolve, reject) => {
      this.#socket.write(data, (error) => {
        if (error) reject(this.#failure ?? error);
        else resolve(data.length);
      });
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve) => this.#socket.end(() => resolve()));
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
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }
}
