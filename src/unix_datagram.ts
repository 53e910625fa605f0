/**
 * Unix datagrams by way of `Deno.listenDatagram`.
 *
 * Deno lets such a socket receive or send, not both at a time, and its receive
 * keeps the program running. So a receive is begun when a caller waits, and
 * ended by a bell when a send has to go before or no caller waits any more.
 *
 * A send to a receiver whose queue is full can neither be taken back nor told to
 * wait: when its caller's time is over it counts as sent, as if that queue had
 * room for one more, and the next send finds none until it is out.
 *
 * @module
 */

import { Bell } from "./bell.ts";
import type { Bytes } from "./connection.ts";
import type { Arrival, DatagramConn } from "./datagram_conn.ts";
import { listenDatagram, type NativeDatagramConn } from "./deno_datagram.ts";
import { OSError, osError } from "./errors.ts";
import { KeepAlive } from "./keep_alive.ts";
import { operations } from "./turn.ts";
import { freshName, removeFreshFile } from "./unix_name.ts";
import { Deadline, Line, NOT_YET } from "./waiting.ts";

/** A receive that somebody waits for. */
interface Receiver {
  readonly target: Bytes;
  resolve(arrival: Arrival): void;
  reject(reason: unknown): void;
}

/** A Unix datagram socket of Deno's. */
export class UnixDatagramConn implements DatagramConn {
  readonly local: { readonly path: string };
  readonly tellsErrors = true;
  readonly holdsProgram = true;
  onWritable: (() => void) | undefined;
  readonly #conn: NativeDatagramConn;
  readonly #bell: Bell | undefined;
  readonly #keepAlive = new KeepAlive();
  #receiver: Receiver | undefined;
  /** Deno's receive; it settles, and never rejects, when that is over. */
  #receiving: Promise<void> | undefined;
  #hasRung = false;
  #isReferenced = true;
  #isSending = false;
  #isClosed = false;
  readonly #senders = new Line();

  /**
   * Binds to a path; without one, to a name that stands for none. To such a name
   * nobody sends, unless it `isPaired` with another socket of this program.
   */
  constructor(path: string | undefined, isPaired = false) {
    const name = path ?? freshName();
    this.#conn = listenDatagram!({ transport: "unixpacket", path: name });
    if (path === undefined && !isPaired) removeFreshFile(name);
    this.local = { path: name };
    const isReachable = path !== undefined || isPaired;
    this.#bell = isReachable ? new Bell(name) : undefined;
  }

  get isWritable(): boolean {
    return !this.#isSending;
  }

  receive(target: Bytes): Promise<Arrival> {
    return new Promise((resolve, reject) => {
      this.#receiver = { target, resolve, reject };
      this.#resume();
    });
  }

  /** Lets Deno receive, if that is wanted, possible and not done already. */
  #resume(): void {
    const { target } = this.#receiver ?? {};
    const isWanted = target !== undefined && this.#isReferenced;
    if (this.#bell === undefined) {
      if (isWanted) this.#keepAlive.hold();
      else this.#keepAlive.release();
      return;
    }
    const isBusy = this.#receiving !== undefined || this.#isSending;
    if (!isWanted || isBusy || this.#isClosed) return;
    this.#receiving = this.#conn.receive(target)
      .then(this.#onArrival, this.#onFailure);
  }

  readonly #onArrival = (arrival: Arrival): void => {
    this.#receiving = undefined;
    if (Bell.isFrom(arrival[1])) {
      this.#hasRung = false;
      operations.ended++;
      return this.#resume();
    }
    this.#receiver?.resolve(arrival);
    this.#receiver = undefined;
  };

  readonly #onFailure = (error: unknown): void => {
    this.#receiving = undefined;
    this.#receiver?.reject(error);
    this.#receiver = undefined;
  };

  /** Ends the receive that is under way, with whatever comes first. */
  async #interrupt(): Promise<void> {
    if (this.#receiving === undefined || this.#bell === undefined) return;
    if (!this.#hasRung) {
      this.#hasRung = true;
      this.#hasRung = await this.#bell.ring();
    }
    await this.#receiving;
  }

  async send(
    data: Bytes,
    remote: Deno.Addr,
    timeout: number | null,
  ): Promise<number> {
    const deadline = Deadline.of(timeout);
    await this.#takeTurn(deadline);
    // Of a caller that may have returned before it is out, it is a copy.
    const sending = this.#send(deadline ? data.slice() : data, remote);
    if (deadline === undefined) return await sending;
    try {
      return await this.#senders.waitFor(sending, deadline);
    } catch (error) {
      // Deno's own failures are no OSErrors yet: this one is the line's.
      const isTimeOver = error instanceof OSError && !this.#isClosed;
      if (!isTimeOver) throw error;
      return data.length;
    }
  }

  async #takeTurn(deadline: Deadline | undefined): Promise<void> {
    if (this.#isSending) {
      await this.#senders.wait(
        () => this.#isSending ? NOT_YET : this.#isSending = true,
        deadline,
      );
    }
    this.#isSending = true;
    if (!this.#isClosed) return;
    throw osError("EBADF");
  }

  async #send(data: Bytes, remote: Deno.Addr): Promise<number> {
    try {
      await this.#interrupt();
      return await this.#conn.send(data, remote);
    } finally {
      this.#isSending = false;
      this.#resume();
      this.#senders.serve();
      if (!this.#isSending) this.onWritable?.();
    }
  }

  set(): void {
    // Nothing that such a socket has.
  }

  join(): void {
    throw osError("EOPNOTSUPP");
  }

  leave(): void {
    throw osError("EOPNOTSUPP");
  }

  setMulticastInterface(): void {
    throw osError("EOPNOTSUPP");
  }

  ref(): void {
    this.#isReferenced = true;
    this.#resume();
  }

  unref(): void {
    this.#isReferenced = false;
    this.#resume();
    this.#interrupt();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#keepAlive.end();
    this.#senders.close();
    this.#bell?.close();
    this.#conn.close();
    if (this.#receiving !== undefined) return await this.#receiving;
    this.#onFailure(new Deno.errors.BadResource("Bad resource ID"));
  }
}
