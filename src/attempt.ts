/**
 * A connection that is being made: by Deno while a call waits for it, by
 * `node:net` while none does, since only there it need not keep the program
 * running.
 *
 * @module
 */

import { osError, translate } from "./errors.ts";
import { whenReleased } from "./listener.ts";
import { connectFrom, type Connecting } from "./node_conn.ts";
import type { HostPort } from "./resolve.ts";
import type { Connection } from "./connection.ts";
import { settled } from "./waiting.ts";

/** An attempt to connect, and what came of it. */
export class Attempt {
  /** Settles, and never rejects, when it is known what came of it. */
  readonly done: Promise<void>;
  /** The connection, if one was made. */
  conn: Connection | undefined;
  /** What went wrong, if something did. */
  failure: unknown;
  readonly #local: HostPort | undefined;
  readonly #remote: HostPort;
  readonly #isByNode: boolean;
  readonly #abort = new AbortController();
  #connecting: Connecting | undefined;
  #isAwaited = false;
  #isStopped = false;

  /**
   * Begins to connect, from a local address if one is given. In the background
   * it goes on when no call waits for it.
   */
  constructor(
    local: HostPort | undefined,
    remote: HostPort,
    isInBackground: boolean,
  ) {
    this.#local = local;
    this.#remote = remote;
    // Deno cannot connect from a given address.
    this.#isByNode = isInBackground || local !== undefined;
    this.done = this.#open().then((conn) => {
      if (this.#isStopped) conn.close();
      else this.conn = conn;
    }, (error) => {
      this.failure = translate(error);
    });
  }

  /** Whether it is known what came of it. */
  get isDone(): boolean {
    return this.conn !== undefined || this.failure !== undefined;
  }

  async #open(): Promise<Connection> {
    await whenReleased(this.#remote);
    // No host listens at port 0, and Deno does not take it.
    if (this.#remote.port === 0) throw osError("ECONNREFUSED");
    if (!this.#isByNode) {
      return await Deno.connect({
        ...this.#remote,
        signal: this.#abort.signal,
      });
    }
    this.#connecting = connectFrom(this.#local, this.#remote);
    if (this.#isStopped) this.#connecting.stop();
    else this.#hold();
    return await this.#connecting.connected;
  }

  /** Waits, within the timeout, until it is known what came of it. */
  async wait(timeout: number | null): Promise<void> {
    this.#isAwaited = true;
    this.#hold();
    await settled(this.done, timeout);
  }

  /** Keeps the program running, or lets it end, as who waits demands. */
  #hold(): void {
    if (this.#isAwaited) this.#connecting?.ref();
    else this.#connecting?.unref();
  }

  /**
   * The same attempt for the time when no call waits. The kernel goes on with
   * it, but one of Deno's would keep the program running: so that is given up,
   * and made once more.
   */
  toBackground(): Attempt {
    if (!this.#isByNode) {
      this.stop();
      return new Attempt(this.#local, this.#remote, true);
    }
    this.#isAwaited = false;
    this.#hold();
    return this;
  }

  /** Gives it up. */
  stop(): void {
    this.#isStopped = true;
    this.#abort.abort();
    this.#connecting?.stop();
    this.conn?.close();
  }
}
