/**
 * An echo server that serves all of its clients in one task.
 *
 * It waits in one place only: in `select`, for all of them at once. Neither one
 * who is silent nor one who never reads holds up the others.
 *
 * @module
 */

import { BlockingIOError, OSError, type Socket } from "../mod.ts";
import { DefaultSelector, EVENT_READ, EVENT_WRITE } from "../src/selectors.ts";
import { type Bytes, concat, formatNumber } from "./_bytes.ts";
import type { Text } from "./_languages.ts";
import { formatAddress } from "./_options.ts";

/**
 * A client. What a function that may wait has in its variables, and knows by the
 * line where it stands, is written down here.
 */
export interface Client {
  /** The socket that was accepted. */
  readonly conn: Socket;
  /** The client's address. */
  readonly name: string;
  /** What has come and has not gone back yet. */
  unsent: Bytes;
  /** How much has gone back. */
  echoed: number;
  /** Whether it sends no more. It may still be receiving. */
  hasEnded: boolean;
}

/** When so much waits for a client who does not read, no more is taken. */
export const MOST_UNSENT: number = 64 * 1024;

// What to ask the selector for follows from these. Bytes to receive, unless too
// many wait to go back: then they stay in the kernel's buffers, and when those
// are full the client has to wait, which is called back-pressure. Room to send
// only while there is something to send, for a socket nearly always has room, and
// `select` would return at once, again and again. After the last byte it is asked
// for once more: when there is room again, all of it is out.

/** What is to be waited for at a client's socket. */
export function eventsFor({ unsent, hasEnded }: Client): number {
  const mayReceive = !hasEnded && unsent.length < MOST_UNSENT;
  const mustSend = unsent.length > 0 || hasEnded;
  return (mayReceive ? EVENT_READ : 0) | (mustSend ? EVENT_WRITE : 0);
}

/** The server. To close it closes all of its clients. */
export class EchoLoop implements Disposable {
  /** Those who are connected. */
  readonly clients: Set<Client> = new Set<Client>();
  // A selector keeps the list of sockets, which `select` is given anew at each
  // call, and with each a piece of data: its client, or `null` for the listener.
  readonly #selector = new DefaultSelector<Client>();
  readonly #listener: Socket;
  readonly #note: (text: Text) => void;
  #isClosed = false;

  /** `note` is told who comes and goes. */
  constructor(listener: Socket, note: (text: Text) => void = () => {}) {
    this.#listener = listener;
    this.#note = note;
    listener.setblocking(false);
    this.#selector.register(listener, EVENT_READ);
  }

  /** Serves whoever has something to do; after each round it may be over. */
  async serve(isOver: () => boolean = () => false): Promise<void> {
    while (!isOver()) {
      for (const [{ data }, events] of await this.#selector.select()) {
        if (data === null) await this.#accept();
        else await this.#visit(data, events);
      }
    }
  }

  // The listener is readable when `accept` has somebody to let in.
  async #accept(): Promise<void> {
    try {
      const [conn, address] = await this.#listener.accept();
      conn.setblocking(false);
      const name = formatAddress(address);
      const unsent = new Uint8Array(0);
      const client = { conn, name, unsent, echoed: 0, hasEnded: false };
      this.clients.add(client);
      this.#selector.register(conn, EVENT_READ, client);
      this.#note({ en: `${name} has connected`, zh: `${name} 已连接` });
    } catch (error) {
      this.#passOver(error);
    }
  }

  // One `recv` and one `send`, of as much as there is and as there is room for.
  // The rest has its turn when `select` says so, after the others.
  async #visit(client: Client, events: number): Promise<void> {
    const { conn } = client;
    try {
      if ((events & EVENT_READ) !== 0) {
        const data = await conn.recv(4096);
        if (data.length === 0) client.hasEnded = true;
        client.unsent = concat([client.unsent, data]);
      }
      if ((events & EVENT_WRITE) !== 0) {
        if (client.unsent.length === 0) return this.#leave(client);
        const sent = await conn.send(client.unsent);
        client.unsent = client.unsent.subarray(sent);
        client.echoed += sent;
      }
      this.#selector.modify(conn, eventsFor(client), client);
    } catch (error) {
      // What was ready may be so no more when it is called: ask again.
      if (error instanceof BlockingIOError) return;
      if (!(error instanceof OSError)) throw error;
      this.#leave(client, error);
    }
  }

  // A client that breaks its connection ends itself alone.
  #leave(client: Client, error?: OSError): void {
    if (this.#isClosed) return;
    const { conn, name, echoed } = client;
    this.#selector.unregister(conn);
    this.clients.delete(client);
    conn.close();
    this.#note(
      error
        ? { en: `${name} is gone: ${error}`, zh: `${name} 异常断开：${error}` }
        : {
          en: `${name} has left, ${formatNumber(echoed, "byte")} echoed`,
          zh: `${name} 已离开，回送了 ${echoed} 字节`,
        },
    );
  }

  // A client may be gone before it was let in. When too many files are open, the
  // listener stays readable, and the next `accept` would fail at once, too: it is
  // left alone for a while. Python would give `select` a timeout for that.
  #passOver(error: unknown): void {
    if (this.#isClosed || error instanceof BlockingIOError) return;
    if (!(error instanceof OSError)) throw error;
    this.#note({ en: `accept failed: ${error}`, zh: `accept 失败：${error}` });
    if (!/^(EMFILE|ENFILE|ENOBUFS|ENOMEM)$/.test(`${error.code}`)) return;
    this.#selector.unregister(this.#listener);
    setTimeout(() => {
      if (this.#isClosed) return;
      this.#selector.register(this.#listener, EVENT_READ);
    }, 200);
  }

  /** Closes everything but the listener. `serve` ends, too, by an error. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#selector.close();
    for (const { conn } of this.clients) conn.close();
  }
}
