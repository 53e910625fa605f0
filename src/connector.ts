/**
 * How a stream socket gets connected: the attempt that is under way, what one
 * that has failed leaves behind, and what the caller has been told of it.
 *
 * @module
 */

import { Attempt } from "./attempt.ts";
import type { Connection } from "./connection.ts";
import { osError } from "./errors.ts";
import { retrace } from "./late_error.ts";
import type { LocalAddress } from "./listener.ts";
import type { HostPort } from "./resolve.ts";

/**
 * What an attempt to connect has left behind that failed in the background. The
 * kernel has not noticed yet that the caller knows: the next `connect` tells it
 * once more. After `shutdown` nothing helps any more.
 */
type Residue = "aborted" | "disconnecting";

/** Whom a connector works for. */
export interface Connectable {
  /** An attempt begins: nothing else may hold the local address. */
  onBegin(): void;
  /** An attempt has begun, or failed. */
  onChange(): void;
  /** There is a connection. */
  onConnected(conn: Connection): void;
}

/** The way of one socket to its peer. */
export class Connector {
  readonly #socket: Connectable;
  #attempt: Attempt | undefined;
  #residue: Residue | undefined;
  #isReported = true;
  #isStopped = false;
  /** The directions that were shut down before there was a connection. */
  readonly shut = { receiving: false, sending: false };

  /** For a socket that is not connected. */
  constructor(socket: Connectable) {
    this.#socket = socket;
  }

  /** Whether nobody knows yet what comes of an attempt. */
  get isUnderWay(): boolean {
    return this.#attempt?.isDone === false;
  }

  /** Whether there is an attempt whose outcome no call has told. */
  get isAwaited(): boolean {
    return this.#attempt !== undefined;
  }

  /** Whether an attempt, or what is left of one, keeps the socket from listening. */
  get isInTheWay(): boolean {
    return this.isAwaited || this.#residue !== undefined;
  }

  /**
   * Connects. A call that may not wait raises EINPROGRESS and the attempt goes
   * on; later calls raise EALREADY until one tells what came of it.
   */
  async connect(
    local: LocalAddress | undefined,
    remote: HostPort,
    timeout: number | null,
  ): Promise<void> {
    this.#reportResidue();
    const earlier = this.#attempt;
    const attempt = earlier ??
      this.#begin(local as HostPort | undefined, remote, timeout === 0);
    if (timeout !== null && !attempt.isDone) {
      if (earlier !== undefined) throw osError("EALREADY");
      if (timeout === 0) throw osError("EINPROGRESS");
    }
    await this.#wait(timeout, true);
    // A caller with a timeout has it from CPython, and the kernel says it again.
    if (timeout === null) this.#isReported = true;
  }

  #begin(
    local: HostPort | undefined,
    remote: HostPort,
    isInBackground: boolean,
  ): Attempt {
    this.#socket.onBegin();
    return this.#follow(new Attempt(local, remote, isInBackground));
  }

  /** Has a connection, or not, when it is known what came of the attempt. */
  #follow(attempt: Attempt): Attempt {
    this.#attempt = attempt;
    this.#socket.onChange();
    attempt.done.then(() => {
      if (this.#attempt !== attempt || this.#isStopped) return;
      if (attempt.conn === undefined) return this.#socket.onChange();
      this.#attempt = undefined;
      this.#isReported = false;
      this.#socket.onConnected(attempt.conn);
    });
    return attempt;
  }

  /** Waits for the end of an attempt, if there is one; raises why it failed. */
  async whenOver(timeout: number | null): Promise<void> {
    if (this.isAwaited) await this.#wait(timeout, false);
  }

  /** A failure that the caller hears of otherwise than the kernel's `connect`. */
  async #wait(timeout: number | null, isToConnect: boolean): Promise<void> {
    const attempt = this.#attempt!;
    const isTold = isToConnect && (timeout === null || attempt.isDone);
    try {
      await attempt.wait(timeout);
    } catch (error) {
      if (this.#attempt === attempt && !attempt.isDone) {
        this.#follow(attempt.toBackground());
      }
      throw error;
    }
    if (this.#isStopped) throw osError("EBADF");
    // A failure is told once; after that the socket is free.
    if (this.#attempt === attempt) {
      this.#attempt = undefined;
      if (isTold) this.#setShut(false);
      else if (attempt.failure !== undefined) this.#leaveResidue();
    }
    if (attempt.failure !== undefined) throw retrace(attempt.failure);
  }

  /** Why an attempt has failed, for the one call that reports it. */
  takeFailure(): unknown {
    const failure = this.#attempt?.failure;
    if (failure !== undefined) {
      this.#attempt = undefined;
      this.#leaveResidue();
    }
    return failure;
  }

  #leaveResidue(): void {
    this.#residue ??= "aborted";
    this.#setShut(true);
  }

  #setShut(isShut: boolean): void {
    this.shut.receiving = this.shut.sending = isShut;
  }

  #reportResidue(): void {
    if (this.#residue === "disconnecting") throw osError("EINVAL");
    if (this.#residue === undefined) return;
    this.#residue = undefined;
    this.#setShut(false);
    throw osError("ECONNABORTED");
  }

  /** `connect` of a socket that is connected: told once, an error after that. */
  report(): void {
    if (this.#isReported) throw osError("EISCONN");
    this.#isReported = true;
  }

  /** Somebody knows that there is a connection without having been told. */
  noteReported(): void {
    this.#isReported = true;
  }

  /** `shutdown` of a socket that is not connected, for the connection to come. */
  shutDown(isReceiving: boolean, isSending: boolean): void {
    this.shut.receiving ||= isReceiving;
    this.shut.sending ||= isSending;
  }

  /** The kernel begins to let go of what an attempt has left. */
  disconnect(): void {
    if (this.#attempt?.isDone || this.#residue) this.#residue = "disconnecting";
  }

  /** Gives it up; settles when nothing is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#attempt?.stop();
    await this.#attempt?.done;
  }
}
