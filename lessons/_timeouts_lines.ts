/**
 * Lines out of bytes that come as they like, and that are not lost when the time
 * is over in the middle of one.
 *
 * @module
 */

import { type Bytes, concat } from "./_bytes.ts";

/** One end of a connection, whose calls are told how many seconds they have. */
export interface End {
  /** Receives what has come, up to so many bytes; none at the end. */
  recv(size: number, timeout: number): Promise<Bytes>;
  /** Sends all of it. */
  sendall(data: Bytes, timeout: number): Promise<void>;
}

/** A line has become longer than it may. */
export class LongLineError extends Error {
  /** `limit` is how many bytes it may have. */
  constructor(limit: number) {
    super(`A line is longer than ${limit} bytes`);
    this.name = "LongLineError";
  }
}

const LINE_FEED = 10;

const NOTHING: Bytes = new Uint8Array(0);

/** The lines that come to one end of a connection. */
export class Lines {
  readonly #end: End;
  readonly #limit: number;
  // What has come and is not read: the beginning of a line, in the pieces in
  // which it came, and then what has not been looked through yet.
  #begun: Bytes[] = [];
  #size = 0;
  #rest = NOTHING;

  /** The lines that come to `end`, of about `limit` bytes at most. */
  constructor(end: End, limit: number) {
    this.#end = end;
    this.#limit = limit;
  }

  /** Whether a part of the next line is here already. */
  get isBegun(): boolean {
    return this.#size + this.#rest.length > 0;
  }

  // The timeout is asked for before each `recv`, so that whoever calls us can
  // keep a deadline. If the time is over, what has come stays here, and the next
  // `read` goes on with it.

  /** The next line with its line feed; what is left at the end; then nothing. */
  async read(findTimeout: () => number): Promise<Bytes> {
    while (true) {
      const end = this.#rest.indexOf(LINE_FEED) + 1;
      if (end > 0) return this.#take(end);
      if (this.#rest.length > 0) this.#begun.push(this.#rest);
      this.#size += this.#rest.length;
      this.#rest = NOTHING;
      if (this.#size > this.#limit) throw new LongLineError(this.#limit);
      this.#rest = await this.#end.recv(4096, findTimeout());
      if (this.#rest.length === 0) return this.#take(0);
    }
  }

  /** What was begun, and what follows up to `end`. */
  #take(end: number): Bytes {
    const line = concat([...this.#begun, this.#rest.subarray(0, end)]);
    this.#begun = [];
    this.#size = 0;
    this.#rest = this.#rest.subarray(end);
    return line;
  }
}
