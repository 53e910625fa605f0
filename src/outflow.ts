/**
 * The sending half of a connection: one write at a time, and the bytes that are
 * on their way out although their caller has returned. Those count as sent, as
 * the bytes in a kernel's buffer do.
 *
 * @module
 */

import type { Bytes, Connection, Fate } from "./connection.ts";
import {
  BlockingIOError,
  OSError,
  osError,
  timedOut,
  TimeoutError,
  translate,
} from "./errors.ts";
import { knowledge } from "./knowledge.ts";
import { isGreedy, share, type Shortcut } from "./shortcut.ts";
import { Deadline, Line, NOT_YET, settled, soon } from "./waiting.ts";

/** How much a caller who may not wait can put into this half's own buffer. */
const OUTGOING_LIMIT = 64 * 1024;

/** How long a closed connection goes on sending what it has taken. */
const LINGER_SECONDS = 10;

/** What goes out, for callers who wait as long as their timeout says. */
export class Outflow {
  readonly #conn: Connection;
  readonly #fate: Fate;
  readonly #shortcut: Shortcut;
  #isWriting = false;
  #outgoing: Promise<void> | undefined;
  #isShut = false;
  #hasEnded = false;
  #onChange: (() => void) | undefined;
  // Few connections need these lines, and each takes 1 KB.
  #senders: Line | undefined;
  #writers: Line | undefined;

  /** The sending half of a connection with this fate. */
  constructor(conn: Connection, fate: Fate, shortcut: Shortcut) {
    this.#conn = conn;
    this.#fate = fate;
    this.#shortcut = shortcut;
  }

  /** Whether this side has shut the direction down. */
  get isShut(): boolean {
    return this.#isShut;
  }

  /** Whether the peer has been told so. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether a call that sends would be taken now, or fail at once. */
  get isWritable(): boolean {
    return !this.#isWriting || this.#isShut || this.#fate.isBroken;
  }

  /** Calls back whenever there may be room, until called without a callback. */
  watch(onChange: (() => void) | undefined): void {
    this.#onChange = onChange;
  }

  /**
   * Sends, and says how many bytes the system has taken: all of them without a
   * timeout, else as many as there was room for.
   */
  send(data: Bytes, timeout: number | null): Promise<number> {
    if (isGreedy()) return share(() => this.send(data, timeout));
    try {
      const sent = this.#sendAtOnce(data);
      const isEnough = sent === data.length || timeout !== null;
      if (sent > 0 && isEnough) return Promise.resolve(sent);
      if (timeout === null) return this.#sendOrFail(data, sent);
    } catch (error) {
      return Promise.reject(this.#sendFailure(error, 0));
    }
    const deadline = new Deadline(timeout);
    return data.length <= OUTGOING_LIMIT
      ? this.#sendSome(data, deadline)
      : this.#sendMuch(data, deadline);
  }

  /** Sends all of it, with one deadline for the whole. */
  sendAll(data: Bytes, timeout: number | null): Promise<void> {
    if (isGreedy()) return share(() => this.sendAll(data, timeout));
    try {
      const sent = this.#sendAtOnce(data);
      if (sent > 0 && sent === data.length) return Promise.resolve();
      return timeout === null
        ? this.#sendRest(data, sent)
        : this.#sendRestWithin(data, sent, timeout);
    } catch (error) {
      return Promise.reject(this.#sendFailure(error, 0));
    }
  }

  /** Sends what there is room for now, if nothing is in the way; or nothing. */
  #sendAtOnce(data: Bytes): number {
    const fate = this.#fate;
    const isInTheWay = this.#isWriting || this.#isShut || fate.isBroken ||
      fate.isClosed || fate.hasFailure;
    if (isInTheWay || !this.#shortcut.isOpenFor(data.length)) return 0;
    knowledge.noteSent();
    return Math.max(0, this.#shortcut.send(data));
  }

  /** As the kernel, which takes at once as much as it has room for. */
  async #sendMuch(data: Bytes, deadline: Deadline): Promise<number> {
    let sent = await this.#sendSome(data, deadline);
    while (sent < data.length && !this.#isWriting && !this.#fate.isClosed) {
      try {
        sent += await this.#sendSome(data.subarray(sent), new Deadline(0));
      } catch (error) {
        // What went out is said first; what failed, the next time.
        if (!(error instanceof BlockingIOError)) this.#fate.break(error);
        break;
      }
    }
    return sent;
  }

  async #sendOrFail(data: Bytes, start: number): Promise<number> {
    try {
      await this.#sendRest(data, start);
      return data.length;
    } catch (error) {
      // Like the kernel: first say what went out, then, next time, what failed.
      const sent = error instanceof OSError ? error.bytes_sent ?? 0 : 0;
      if (sent === 0 || this.#fate.isClosed) throw error;
      this.#fate.break(error);
      return sent;
    }
  }

  /** Sends all but the first bytes, which have been sent. */
  async #sendRest(data: Bytes, start: number): Promise<void> {
    this.#checkSendable();
    if (this.#isWriting) await this.#takeTurnToSend();
    this.#isWriting = true;
    knowledge.noteSent();
    let sent = start;
    try {
      // Straight from the caller's array, since the caller waits for the end;
      // no bytes too, for the kernel's word on a connection that has ended.
      do {
        sent += await this.#conn.write(data.subarray(sent));
      } while (sent < data.length);
    } catch (error) {
      throw this.#sendFailure(error, sent);
    } finally {
      this.#endTurnToSend();
    }
  }

  async #sendRestWithin(
    data: Bytes,
    start: number,
    timeout: number,
  ): Promise<void> {
    const deadline = new Deadline(timeout);
    let sent = start;
    try {
      while (true) {
        sent += await this.#sendSome(data.subarray(sent), deadline);
        if (sent >= data.length) return;
        if (timeout > 0 && deadline.isOver) throw timedOut();
      }
    } catch (error) {
      if (error instanceof OSError) error.bytes_sent = sent;
      throw error;
    }
  }

  /**
   * Writes as much as there is room for within the timeout.
   *
   * A write that finds the kernel's buffer full cannot be taken back. So it is
   * made from a copy of limited size, and one that is still under way when the
   * time is over counts as sent: the stream's own buffer has taken it, as the
   * kernel's would have. The next `send` finds no room until it is out.
   */
  async #sendSome(data: Bytes, deadline: Deadline): Promise<number> {
    this.#checkSendable();
    if (this.#isWriting) await this.#takeTurnToSend(deadline);
    this.#isWriting = true;
    knowledge.noteSent();
    const piece = copyOf(data);
    const write = this.#conn.write(piece);
    try {
      const sent = await soon(write) ??
        await (this.#writers ??= new Line()).waitFor(write, deadline);
      giveBack(piece);
      this.#endTurnToSend();
      return sent;
    } catch (error) {
      if (error instanceof OSError && !this.#fate.isClosed) {
        // The line's word that the time is over; the write itself goes on.
        this.#outgoing = this.#finish(write, piece);
        return piece.length;
      }
      giveBack(piece);
      this.#endTurnToSend();
      throw this.#sendFailure(error, 0);
    }
  }

  /** Sees to the end of a write whose caller has returned. */
  async #finish(write: Promise<number>, piece: Bytes): Promise<void> {
    try {
      let sent = await write;
      while (sent < piece.length) {
        sent += await this.#conn.write(piece.subarray(sent));
      }
    } catch (error) {
      this.#fate.break(error);
    } finally {
      giveBack(piece);
      this.#outgoing = undefined;
      this.#endTurnToSend();
    }
  }

  /** Waits until no other write is under way. */
  async #takeTurnToSend(deadline?: Deadline): Promise<void> {
    await (this.#senders ??= new Line()).wait(
      () => this.#isWriting ? NOT_YET : this.#isWriting = true,
      deadline,
    );
    try {
      this.#checkSendable();
    } catch (error) {
      this.#endTurnToSend();
      throw error;
    }
  }

  #endTurnToSend(): void {
    this.#isWriting = false;
    this.#senders?.serve();
    this.#onChange?.();
  }

  #checkSendable(): void {
    const failure = this.#findFailure();
    if (failure === undefined) return;
    // What an earlier call has sent, that one has told.
    if (failure instanceof OSError) failure.bytes_sent = 0;
    throw failure;
  }

  /** Why nothing can be sent, if that is so. */
  #findFailure(): unknown {
    const fate = this.#fate;
    if (fate.isClosed) return osError("EBADF");
    const isOver = this.#isShut || fate.isBroken;
    return fate.takeFailure() ?? (isOver ? osError("EPIPE") : undefined);
  }

  #sendFailure(error: unknown, sent: number): unknown {
    const failure = this.#fate.fail(error);
    if (failure instanceof OSError) failure.bytes_sent = sent;
    return failure;
  }

  /** SHUT_WR before there was a peer, who is not told. */
  refuse(): void {
    this.#isShut = true;
  }

  /** SHUT_WR: the peer gets the end of the stream after all that was sent. */
  async shut(): Promise<void> {
    this.#isShut = this.#hasEnded = true;
    if (this.#outgoing === undefined) return await this.#closeWrite();
    // What counts as sent goes out first; nobody needs to wait for it.
    this.#outgoing.then(() => this.#closeWrite())
      .catch((error) => this.#fate.break(error));
  }

  async #closeWrite(): Promise<void> {
    knowledge.noteSent();
    try {
      await this.#conn.closeWrite();
    } catch (error) {
      throw translate(error);
    }
  }

  /** Ends every call that waits. */
  close(): void {
    this.#senders?.close();
    this.#writers?.close();
  }

  /** Lets what counts as sent go out, as the kernel does after `close`. */
  async linger(): Promise<void> {
    try {
      await settled(this.#outgoing!, LINGER_SECONDS);
    } catch (error) {
      // A peer that reads nothing for so long must not keep us running.
      if (!(error instanceof TimeoutError)) throw error;
    }
  }

  /** Whether there are bytes that count as sent and are not out yet. */
  get isLingering(): boolean {
    return this.#outgoing !== undefined;
  }
}

/**
 * The array that copies are made in, one at a time; a new one for each would cost
 * more than the copy. Nearly every write has ended when the next one begins.
 */
let copies: Bytes | undefined;
/** The part of it that holds a copy now. */
let lent: Bytes | undefined;

function copyOf(data: Bytes): Bytes {
  if (lent !== undefined) return data.slice(0, OUTGOING_LIMIT);
  const size = Math.min(data.length, OUTGOING_LIMIT);
  copies ??= new Uint8Array(OUTGOING_LIMIT);
  copies.set(size < data.length ? data.subarray(0, size) : data);
  return lent = copies.subarray(0, size);
}

function giveBack(copy: Bytes): void {
  if (copy === lent) lent = undefined;
}
