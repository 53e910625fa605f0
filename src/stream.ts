/**
 * One connection: its two halves, and their common end.
 *
 * @module
 */

import { type Bytes, type Connection, Fate } from "./connection.ts";
import { osError } from "./errors.ts";
import { Inflow } from "./inflow.ts";
import { knowledge } from "./knowledge.ts";
import { Outflow } from "./outflow.ts";
import { type Finder, Shortcut } from "./shortcut.ts";

/** A connected stream, whose calls wait as long as their timeout says. */
export class Stream {
  readonly #conn: Connection;
  readonly #fate = new Fate(() => this.#inflow.onBreak());
  readonly #inflow: Inflow;
  readonly #outflow: Outflow;
  readonly #shortcut: Shortcut;

  /** Takes over a connection; `finder` knows its descriptor, or can find it. */
  constructor(conn: Connection, finder?: Finder) {
    this.#conn = conn;
    this.#shortcut = new Shortcut(
      this.#isTcp && !conn.isNodes ? finder : undefined,
    );
    this.#inflow = new Inflow(conn, this.#fate, this.#shortcut);
    this.#outflow = new Outflow(conn, this.#fate, this.#shortcut);
  }

  /** This side's address, as Deno gives it. */
  get localAddr(): Deno.Addr {
    return this.#conn.localAddr;
  }

  /** The peer's address, as Deno gives it. */
  get remoteAddr(): Deno.Addr {
    return this.#conn.remoteAddr;
  }

  /** The names that the system knows, where others are shown. */
  get systemNames(): Connection["systemNames"] {
    return this.#conn.systemNames;
  }

  /** Linux lets go of the peer on TCP only. */
  get #isTcp(): boolean {
    return this.localAddr.transport === "tcp";
  }

  /** Whether there is still a peer, as far as this side has noticed. */
  get isConnected(): boolean {
    if (!this.#isTcp) return true;
    const haveBothEnded = this.#outflow.isShut && this.#inflow.hasEnded;
    return !this.#fate.isBroken && !haveBothEnded;
  }

  /** Up to `size` bytes; none at the end of the stream. */
  receive(
    size: number,
    timeout: number | null,
    isPeek: boolean,
  ): Promise<Bytes> {
    return this.#inflow.receive(size, timeout, isPeek);
  }

  /** `size` bytes, fewer only at the end of the stream; never a timeout. */
  receiveAll(size: number): Promise<Bytes> {
    return this.#inflow.receiveAll(size);
  }

  /** As many bytes as that, fewer only at their end; they stay. */
  peekAll(size: number): Promise<Bytes> {
    return this.#inflow.peekAll(size);
  }

  /** Fills an array from its start, and says with how many bytes. */
  receiveInto(
    target: Bytes,
    timeout: number | null,
    isPeek: boolean,
  ): Promise<number> {
    return this.#inflow.receiveInto(target, timeout, isPeek);
  }

  /** Sends, and says how many bytes the system has taken. */
  send(data: Bytes, timeout: number | null): Promise<number> {
    return this.#outflow.send(data, timeout);
  }

  /** Sends all of it, with one deadline for the whole. */
  sendAll(data: Bytes, timeout: number | null): Promise<void> {
    return this.#outflow.sendAll(data, timeout);
  }

  /** Whether no read is under way, and nothing waits to be received. */
  get isIdle(): boolean {
    return this.#inflow.isIdle;
  }

  /** Whether bytes have arrived that nobody has received. */
  get hasUnread(): boolean {
    return this.#inflow.hasUnread;
  }

  /** Whether a call that receives would have an answer now. */
  get isReadable(): boolean {
    return this.#inflow.isReadable;
  }

  /** Whether a call that sends would be taken now. */
  get isWritable(): boolean {
    return this.#outflow.isWritable;
  }

  /** Looks out for changes of both, until it is called without a callback. */
  watch(onChange: (() => void) | undefined): void {
    this.#outflow.watch(onChange);
    this.#inflow.watch(onChange);
  }

  /** What broke the connection, for the one call that reports it. */
  takeFailure(): unknown {
    return this.#fate.takeFailure();
  }

  /** TCP_NODELAY; nothing on a Unix socket. */
  setNoDelay(isOn: boolean): void {
    if (!this.#fate.isClosed) this.#conn.setNoDelay?.(isOn);
  }

  /** SO_KEEPALIVE; nothing on a Unix socket. */
  setKeepAlive(isOn: boolean): void {
    if (!this.#fate.isClosed) this.#conn.setKeepAlive?.(isOn);
  }

  /** Directions that were shut before there was a peer, who is not told. */
  refuse(shut: { receiving: boolean; sending: boolean }): void {
    if (shut.receiving) this.#inflow.shut();
    if (shut.sending) this.#outflow.refuse();
  }

  /** Shuts one direction down, or both. */
  async shutdown(isRead: boolean, isWrite: boolean): Promise<void> {
    if (!this.isConnected) throw osError("ENOTCONN");
    if (isRead) this.#inflow.shut();
    if (isWrite && !this.#outflow.hasEnded) await this.#outflow.shut();
    const isShut = this.#inflow.isShut && this.#outflow.isShut;
    if (isShut) await this.#inflow.lookForEnd();
  }

  /**
   * Ends the connection and every call that waits on it. The promise settles
   * when the connection is really closed.
   */
  async close(): Promise<void> {
    if (this.#fate.isClosed) return;
    this.#fate.close();
    this.#shortcut.close();
    this.#inflow.close();
    this.#outflow.close();
    if (this.#outflow.isLingering) await this.#outflow.linger();
    const idle = this.#inflow.whenIdle();
    this.#conn.close();
    knowledge.noteSent();
    await idle;
  }
}
