/**
 * What both halves of a connection have in common: the part of `Deno.Conn` that
 * they stand on, and its fate.
 *
 * @module
 */

import type { Address } from "./address.ts";
import { osError, translate } from "./errors.ts";
import { retrace } from "./late_error.ts";

/** Bytes in memory that is not shared, as every method returns them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** The part of `Deno.Conn` that a connection needs. */
export type Connection =
  & Pick<
    Deno.Conn,
    | "localAddr"
    | "remoteAddr"
    | "read"
    | "write"
    | "closeWrite"
    | "close"
    | "ref"
    | "unref"
  >
  & Partial<Pick<Deno.TcpConn, "setNoDelay" | "setKeepAlive">>
  & {
    /** Whether it is one of `node:net`, which takes bytes in before. */
    readonly isNodes?: boolean;
    /** The names that the system knows, where others are shown. */
    readonly systemNames?: {
      readonly local: Address;
      readonly peer: Address;
    };
  };

/**
 * What has become of a connection: the error that broke it, until one call has
 * reported it, as the kernel does; and that it is broken, or closed, for good.
 */
export class Fate {
  #failure: unknown;
  #isBroken = false;
  #isClosed = false;
  readonly #onBreak: () => void;

  /** `onBreak` runs when something fails that no call waits for. */
  constructor(onBreak: () => void) {
    this.#onBreak = onBreak;
  }

  /** Whether the peer or the network has broken it. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Whether this side has closed it. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether there is an error that no call has reported. */
  get hasFailure(): boolean {
    return this.#failure !== undefined;
  }

  /** The failure of a call, for that call to raise. */
  fail(error: unknown): unknown {
    if (this.#isClosed) return osError("EBADF");
    this.#isBroken = true;
    return translate(error);
  }

  /** The failure of what no call waits for: the next call raises it. */
  break(error: unknown): void {
    if (this.#isClosed) return;
    this.#failure = this.fail(error);
    this.#onBreak();
  }

  /** The error, for the one call that reports it. */
  takeFailure(): unknown {
    const failure = this.#failure;
    this.#failure = undefined;
    return retrace(failure);
  }

  /** Raises the error, once. */
  throwFailure(): void {
    const failure = this.takeFailure();
    if (failure !== undefined) throw failure;
  }

  /** From now on there is nothing to report but EBADF. */
  close(): void {
    this.#isClosed = true;
  }
}
