/**
 * One connection: it owns the read that is in flight, the bytes that nobody has
 * asked for yet, and the bytes that are on their way out.
 *
 * @module
 */

import {
  BlockingIOError,
  OSError,
  osError,
  timedOut,
  TimeoutError,
  translate,
} from "./errors.ts";
import { operations } from "./turn.ts";
import { Deadline, Line, NOT_YET, settled } from "./waiting.ts";

/** The part of `Deno.Conn` that a stream stands on. */
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
  & Partial<Pick<Deno.TcpConn, "setNoDelay" | "setKeepAlive">>;

/** Bytes in an array of their own, as every method takes and returns them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A read takes at most this much at once, whatever the caller asks for. */
const LARGEST_READ = 256 * 1024;

/**
 * A read whose bytes may be there for a later call, since its caller gives up or
 * only peeks, has room for at least this much: that call may ask for more.
 */
const SMALLEST_SHARED_READ = 4 * 1024;

/** How much a caller who may not wait can put into the stream's own buffer. */
const OUTGOING_LIMIT = 64 * 1024;

/** How long a closed stream goes on sending what it has taken from callers. */
const LINGER_SECONDS = 10;

const NOTHING: Bytes = new Uint8Array(0);

/** A call that has lent its array to the read in flight. */
interface Loan {
  readonly array: Bytes;
  readonly resolve: (count: number) => void;
  readonly reject: (reason: unknown) => void;
  /** The call has been answered already, so the read's bytes are for others. */
  isOver: boolean;
}

/** A connected stream, whose calls wait as long as their timeout says. */
export class Stream {
  readonly #conn: Connection;
  #isClosed = false;

  // ## Receiving. The read in flight belongs to the stream and not to the caller
  // who started it: when that caller gives up, its bytes go to the next one. What
  // nobody has asked for yet stands in `#buffer` from `#start` to `#end`; when
  // there is nothing, the buffer is free for the next read.
  readonly #receivers = new Line(() => this.#letProcessExit());
  #reading: Promise<void> | undefined;
  #loan: Loan | undefined;
  #buffer: Bytes = NOTHING;
  #start = 0;
  #end = 0;
  #hasEnded = false;
  #isReadShut = false;
  #isEndAssumed = false;
  #isUnreferenced = false;

  // ## Sending. One write at a time. `#outgoing` is a write that goes on after
  // its caller has returned: those bytes count as sent, as in a kernel's buffer.
  // Few streams need the lines, and each takes 1 KB, so they are made when needed.
  #senders: Line | undefined;
  #writers: Line | undefined;
  #isWriting = false;
  #outgoing: Promise<void> | undefined;
  #isWriteShut = false;

  // ## What broke the connection, until one call has reported it, as the kernel
  // does; and that it is broken, which stays.
  #failure: unknown;
  #isBroken = false;

  /** Takes over a connection. */
  constructor(conn: Connection) {
    this.#conn = conn;
  }

  /** This side's address, as Deno gives it. */
  get localAddr(): Deno.Addr {
    return this.#conn.localAddr;
  }

  /** The peer's address, as Deno gives it. */
  get remoteAddr(): Deno.Addr {
    return this.#conn.remoteAddr;
  }

  /** Whether there is still a peer, as far as this side has noticed. */
  get isConnected(): boolean {
    return !this.#isBroken && !(this.#isWriteShut && this.#hasEnded);
  }

  // ## Receiving

  /** Up to `size` bytes; none at the end of the stream. */
  receive(
    size: number,
    timeout: number | null,
    isPeek: boolean,
  ): Promise<Bytes> {
    const take = () => {
      if (!this.#isReadable) return NOT_YET;
      this.#checkReceivable();
      return this.#take(size, isPeek);
    };
    return this.#whenReadable(take, timeout, size, isPeek);
  }

  /** `size` bytes, fewer only at the end of the stream; never a timeout. */
  async receiveAll(size: number): Promise<Bytes> {
    const pieces: Bytes[] = [];
    let missing = size;
    try {
      while (missing > 0) {
        const piece = await this.receive(missing, null, false);
        if (piece.length === 0) break;
        pieces.push(piece);
        missing -= piece.length;
      }
    } catch (error) {
      // Like the kernel: first what has arrived, then, next time, what failed.
      if (pieces.length === 0 || this.#isClosed) throw error;
      this.#failure = error;
    }
    const [first = NOTHING, ...others] = pieces;
    if (others.length === 0) return first;
    const whole = new Uint8Array(size - missing);
    let end = 0;
    for (const piece of pieces) {
      whole.set(piece, end);
      end += piece.length;
    }
    return whole;
  }

  /** Fills an array from its start, and says with how many bytes. */
  receiveInto(
    target: Bytes,
    timeout: number | null,
    isPeek: boolean,
  ): Promise<number> {
    const isIdle = !this.#reading && !this.#isReadable &&
      !this.#isReadShut && !this.#isClosed;
    if (timeout === null && !isPeek && isIdle) return this.#readInto(target);
    const take = () => {
      if (!this.#isReadable) return NOT_YET;
      this.#checkReceivable();
      const end = Math.min(this.#start + target.length, this.#end);
      const count = end - this.#start;
      target.set(this.#buffer.subarray(this.#start, end));
      if (!isPeek) this.#start = end;
      return count;
    };
    return this.#whenReadable(take, timeout, target.length, isPeek);
  }

  /**
   * Without a timeout the call lasts until the read ends, so the read may write
   * straight into the caller's array, which saves a copy of every byte.
   */
  #readInto(array: Bytes): Promise<number> {
    this.#keepProcessAlive();
    return new Promise((resolve, reject) => {
      this.#loan = { array, resolve, reject, isOver: false };
      this.#startReading(array);
    });
  }

  /** Answers the call whose array is with the read, and if need be too early. */
  #endLoan(answer: (loan: Loan) => void): void {
    const loan = this.#loan;
    if (loan === undefined || loan.isOver) return;
    loan.isOver = true;
    answer(loan);
  }

  /**
   * Answers at once if that is possible, else when the pending read is over. No
   * layer of `async` here and in what calls it: each costs 0.2 µs a call.
   */
  #whenReadable<T>(
    take: () => T | typeof NOT_YET,
    timeout: number | null,
    size: number,
    isPeek: boolean,
  ): Promise<T> {
    if (this.#isClosed) return Promise.reject(osError("EBADF"));
    if (!this.#isReadable && !this.#reading) {
      const isShared = timeout !== null || isPeek;
      const least = isShared ? SMALLEST_SHARED_READ : 0;
      this.#startReading(this.#makeRoom(Math.max(size, least)));
    }
    this.#keepProcessAlive();
    const isLate = this.#isReadShut;
    const deadline = Deadline.of(isLate ? 0 : timeout);
    const answer = this.#receivers.wait(take, deadline);
    if (this.#isReadable) this.#receivers.serve();
    return isLate ? answer.catch((error) => this.#endOf(take, error)) : answer;
  }

  /** After SHUT_RD Linux still delivers what arrives, and never waits for it. */
  #endOf<T>(take: () => T | typeof NOT_YET, reason: unknown): T {
    if (!(reason instanceof BlockingIOError)) throw reason;
    this.#isEndAssumed = true;
    try {
      return take() as T;
    } finally {
      this.#isEndAssumed = false;
    }
  }

  /** Whether a caller can be answered: with bytes, their end or an error. */
  get #isReadable(): boolean {
    return this.#start < this.#end || this.#hasEnded || this.#isEndAssumed ||
      this.#failure !== undefined;
  }

  /** Bytes that have arrived come before the error that came after them. */
  #checkReceivable(): void {
    if (this.#start === this.#end) this.#throwFailure();
  }

  #take(size: number, isPeek: boolean): Bytes {
    const start = this.#start;
    const end = Math.min(start + size, this.#end);
    if (isPeek) return this.#buffer.slice(start, end);
    this.#start = end;
    if (end - start < this.#buffer.length) {
      return this.#buffer.slice(start, end);
    }
    // A buffer that is full goes to the caller as it is, without a copy.
    const full = this.#buffer;
    this.#buffer = NOTHING;
    return full;
  }

  /** The buffer for the next read, made anew only if it is too small. */
  #makeRoom(size: number): Bytes {
    const room = Math.min(size, LARGEST_READ);
    if (this.#buffer.length < room) this.#buffer = new Uint8Array(room);
    return this.#buffer;
  }

  #startReading(target: Bytes): void {
    operations.underWay++;
    this.#reading = this.#conn.read(target)
      .then(this.#onRead, this.#onReadFailure);
  }

  readonly #onRead = (count: number | null): void => {
    const loan = this.#loan;
    if (count === null) this.#hasEnded = true;
    if (loan !== undefined && !loan.isOver) loan.resolve(count ?? 0);
    else if (count !== null) {
      if (loan !== undefined) this.#buffer = loan.array.slice(0, count);
      this.#start = 0;
      this.#end = count;
    }
    this.#afterRead();
  };

  readonly #onReadFailure = (error: unknown): void => {
    if (!this.#isClosed) {
      this.#hasEnded = true;
      this.#break(error);
    }
    this.#afterRead();
  };

  #afterRead(): void {
    operations.underWay--;
    operations.ended++;
    this.#reading = undefined;
    this.#loan = undefined;
    if (this.#receivers.isEmpty) return;
    this.#receivers.serve();
    if (this.#receivers.isEmpty) return;
    this.#startReading(this.#makeRoom(SMALLEST_SHARED_READ));
  }

  #keepProcessAlive(): void {
    if (!this.#isUnreferenced) return;
    this.#isUnreferenced = false;
    this.#conn.ref();
  }

  /** A read that nobody waits for must not keep the process running. */
  #letProcessExit(): void {
    if (this.#isClosed || !this.#reading) return;
    this.#isUnreferenced = true;
    this.#conn.unref();
  }

  // ## Sending

  /**
   * Sends, and says how many bytes the system has taken: all of them without a
   * timeout, else as many as there was room for.
   */
  async send(data: Bytes, timeout: number | null): Promise<number> {
    if (timeout !== null) {
      return await this.#sendSome(data, new Deadline(timeout));
    }
    try {
      await this.sendAll(data, null);
      return data.length;
    } catch (error) {
      // Like the kernel: first say what went out, then, next time, what failed.
      const sent = error instanceof OSError ? error.bytes_sent ?? 0 : 0;
      if (sent === 0 || this.#isClosed) throw error;
      this.#failure = error;
      return sent;
    }
  }

  /** Sends all of it, with one deadline for the whole. */
  async sendAll(data: Bytes, timeout: number | null): Promise<void> {
    if (timeout !== null) return await this.#sendAllWithin(data, timeout);
    this.#checkSendable();
    if (this.#isWriting) await this.#takeTurnToSend();
    this.#isWriting = true;
    let sent = 0;
    try {
      // Straight from the caller's array, since the caller waits for the end.
      if (data.length > 0) sent = await this.#conn.write(data);
      while (sent < data.length) {
        sent += await this.#conn.write(data.subarray(sent));
      }
    } catch (error) {
      throw this.#sendFailure(error, sent);
    } finally {
      this.#endTurnToSend();
    }
  }

  async #sendAllWithin(data: Bytes, timeout: number): Promise<void> {
    const deadline = new Deadline(timeout);
    let sent = 0;
    try {
      sent = await this.#sendSome(data, deadline);
      while (sent < data.length) {
        if (timeout > 0 && deadline.isOver) throw timedOut();
        sent += await this.#sendSome(data.subarray(sent), deadline);
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
    const piece = data.slice(0, OUTGOING_LIMIT);
    const write = this.#conn.write(piece);
    try {
      const sent = await (this.#writers ??= new Line()).waitFor(
        write,
        deadline,
      );
      this.#endTurnToSend();
      return sent;
    } catch (error) {
      if (error instanceof OSError && !this.#isClosed) {
        // The line's word that the time is over; the write itself goes on.
        this.#outgoing = this.#finish(write, piece);
        return piece.length;
      }
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
      if (!this.#isClosed) this.#break(error);
    } finally {
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
  }

  #checkSendable(): void {
    if (this.#isClosed) throw osError("EBADF");
    this.#throwFailure();
    if (this.#isWriteShut || this.#isBroken) throw osError("EPIPE");
  }

  #sendFailure(error: unknown, sent: number): unknown {
    if (this.#isClosed) return osError("EBADF", { bytes_sent: sent });
    this.#isBroken = true;
    const failure = translate(error);
    if (failure instanceof OSError) failure.bytes_sent = sent;
    return failure;
  }

  // ## Failing and closing

  #break(error: unknown): void {
    this.#isBroken = true;
    this.#failure = translate(error);
    this.#endLoan((loan) => loan.reject(this.takeFailure()));
    this.#receivers.serve();
  }

  /** What broke the connection, for the one call that reports it. */
  takeFailure(): unknown {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure;
  }

  #throwFailure(): void {
    const failure = this.takeFailure();
    if (failure !== undefined) throw failure;
  }

  /** TCP_NODELAY; nothing on a Unix socket. */
  setNoDelay(isOn: boolean): void {
    if (!this.#isClosed) this.#conn.setNoDelay?.(isOn);
  }

  /** SO_KEEPALIVE; nothing on a Unix socket. */
  setKeepAlive(isOn: boolean): void {
    if (!this.#isClosed) this.#conn.setKeepAlive?.(isOn);
  }

  /** Shuts one direction down, or both. */
  async shutdown(isRead: boolean, isWrite: boolean): Promise<void> {
    if (!this.isConnected) throw osError("ENOTCONN");
    if (isRead) {
      // Deno cannot shut the read side down; to callers it looks as if.
      this.#isReadShut = true;
      this.#isEndAssumed = true;
      this.#endLoan((loan) => loan.resolve(0));
      this.#receivers.serve();
      this.#isEndAssumed = false;
      this.#letProcessExit();
    }
    if (isWrite && !this.#isWriteShut) await this.#endSending();
    if (this.#isReadShut && this.#isWriteShut) await this.#lookForEnd();
  }

  async #endSending(): Promise<void> {
    this.#isWriteShut = true;
    if (this.#outgoing === undefined) return await this.#closeWrite();
    // What counts as sent goes out first; nobody needs to wait for it.
    this.#outgoing.then(() => this.#closeWrite()).catch((error) => {
      if (!this.#isClosed) this.#break(error);
    });
  }

  async #closeWrite(): Promise<void> {
    try {
      await this.#conn.closeWrite();
    } catch (error) {
      throw translate(error);
    }
  }

  /** Finds out whether the peer has ended as well, when nobody receives. */
  async #lookForEnd(): Promise<void> {
    if (this.#isClosed || this.#hasEnded || this.#start < this.#end) return;
    if (!this.#reading) {
      this.#startReading(this.#makeRoom(SMALLEST_SHARED_READ));
    }
    this.#keepProcessAlive();
    try {
      await settled(this.#reading!, 0);
    } catch (error) {
      if (!(error instanceof BlockingIOError)) throw error;
    }
    this.#letProcessExit();
  }

  /**
   * Ends the connection and every call that waits on it. The promise settles
   * when the connection is really closed.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#keepProcessAlive();
    this.#isClosed = true;
    this.#endLoan((loan) => loan.reject(osError("EBADF")));
    this.#receivers.close();
    this.#senders?.close();
    this.#writers?.close();
    if (this.#outgoing !== undefined) await this.#linger(this.#outgoing);
    this.#conn.close();
    await this.#reading;
  }

  /** Lets what counts as sent go out, as the kernel does after `close`. */
  async #linger(outgoing: Promise<void>): Promise<void> {
    try {
      await settled(outgoing, LINGER_SECONDS);
    } catch (error) {
      // A peer that reads nothing for so long must not keep us running.
      if (!(error instanceof TimeoutError)) throw error;
    }
  }
}
