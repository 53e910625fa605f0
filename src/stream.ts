/**
 * One connection: it owns the read that is in flight, the bytes that nobody has
 * asked for yet, and the bytes that are on their way out.
 *
 * @module
 */

import { OSError, osError, timedOut, translate } from "./errors.ts";
import { Deadline, ioTurn, Line, NOT_YET, settled } from "./waiting.ts";

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
 * A read that may outlive its caller has room for at least this much: its bytes
 * go to a later caller then, who may ask for more.
 */
const SMALLEST_SHARED_READ = 4 * 1024;

/** How much a caller who may not wait can put into the stream's own buffer. */
const OUTGOING_LIMIT = 64 * 1024;

/** How long a closed stream goes on sending what it has taken from callers. */
const LINGER_SECONDS = 10;

const NOTHING: Bytes = new Uint8Array(0);

/** A caller's own array that a read in flight writes into. */
interface Loan {
  /** The caller has been sent away, so the bytes are not for this array. */
  isRevoked: boolean;
}

/** A connected stream, whose calls wait as long as their timeout says. */
export class Stream {
  readonly #conn: Connection;
  #isClosed = false;

  // ## Receiving. The read in flight belongs to the stream and not to the caller
  // who started it: when that caller gives up, its bytes go to the next one.
  readonly #receivers = new Line(() => this.#letProcessExit());
  #reading: Promise<void> | undefined;
  #readBuffer: Bytes = NOTHING;
  #loan: Loan | undefined;
  #unread: Bytes = NOTHING;
  #spare: Bytes = NOTHING;
  #hasEnded = false;
  #isReadShut = false;
  #isUnreferenced = false;

  // ## Sending. One write at a time. `#outgoing` is a write that goes on after
  // its caller has returned: those bytes count as sent, as in a kernel's buffer.
  readonly #senders = new Line();
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
    return this.#whenReadable(() => this.#take(size, isPeek), timeout, size);
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
    const isIdle = !this.#isClosed && !this.#reading && !this.#isReadable;
    if (timeout === null && !isPeek && isIdle) return this.#readInto(target);
    const fill = () => {
      this.#throwFailure();
      const bytes = this.#unread.subarray(0, target.length);
      target.set(bytes);
      if (!isPeek) this.#unread = this.#unread.subarray(bytes.length);
      return bytes.length;
    };
    return this.#whenReadable(fill, timeout, target.length);
  }

  /**
   * Without a timeout the call lasts until the read ends, so the read may write
   * straight into the caller's array, which saves a copy of every byte.
   */
  #readInto(target: Bytes): Promise<number> {
    const loan: Loan = { isRevoked: false };
    this.#loan = loan;
    this.#startReading(target);
    const settle = () => {
      // Sent away by SHUT_RD, while the read still has the array.
      if (this.#reading) loan.isRevoked = true;
      else this.#loan = undefined;
      this.#throwFailure();
      const count = loan.isRevoked ? 0 : this.#unread.length;
      if (!loan.isRevoked) this.#unread = NOTHING;
      return count;
    };
    return this.#whenReadable(settle, null, target.length);
  }

  async #whenReadable<T>(
    take: () => T,
    timeout: number | null,
    size: number,
  ): Promise<T> {
    if (this.#isClosed) throw osError("EBADF");
    if (this.#isReadable && this.#receivers.isEmpty) {
      if (this.#isReadShut && this.#unread.length === 0) {
        await this.#lookForLateBytes(size);
      }
      return take();
    }
    this.#keepProcessAlive();
    if (!this.#reading) {
      const room = Math.max(size, timeout === null ? 0 : SMALLEST_SHARED_READ);
      this.#startReading(this.#buffer(room));
    }
    return await this.#receivers.wait(
      () => this.#isReadable ? take() : NOT_YET,
      timeout,
    );
  }

  /** Whether a caller can be answered: with bytes, their end or an error. */
  get #isReadable(): boolean {
    return this.#unread.length > 0 || this.#hasEnded ||
      this.#failure !== undefined;
  }

  #take(size: number, isPeek: boolean): Bytes {
    const unread = this.#unread;
    if (unread.length === 0) {
      this.#throwFailure();
      return new Uint8Array(0);
    }
    if (isPeek) return unread.slice(0, size);
    if (size < unread.length) {
      this.#unread = unread.subarray(size);
      return unread.slice(0, size);
    }
    this.#unread = NOTHING;
    // A buffer that is full goes to the caller as it is. Of one that is not the
    // caller gets a copy of the right size, and the next read gets the buffer.
    if (unread.length === unread.buffer.byteLength) return unread;
    this.#spare = new Uint8Array(unread.buffer);
    return unread.slice();
  }

  #buffer(size: number): Bytes {
    const spare = this.#spare;
    this.#spare = NOTHING;
    const room = Math.min(size, LARGEST_READ);
    return spare.length >= room ? spare : new Uint8Array(room);
  }

  #startReading(buffer: Bytes): void {
    this.#readBuffer = buffer;
    this.#reading = this.#conn.read(buffer)
      .then(this.#onRead, this.#onReadFailure);
  }

  readonly #onRead = (count: number | null): void => {
    if (count === null) this.#hasEnded = true;
    else {
      const bytes = this.#readBuffer.subarray(0, count);
      this.#unread = this.#loan?.isRevoked ? bytes.slice() : bytes;
    }
    this.#afterRead();
  };

  readonly #onReadFailure = (error: unknown): void => {
    if (this.#isClosed) return;
    this.#break(error);
    this.#hasEnded = true;
    this.#afterRead();
  };

  #afterRead(): void {
    this.#reading = undefined;
    this.#readBuffer = NOTHING;
    if (this.#loan?.isRevoked) this.#loan = undefined;
    this.#receivers.serve();
    if (this.#receivers.isEmpty) return;
    this.#startReading(this.#buffer(SMALLEST_SHARED_READ));
  }

  /** After SHUT_RD Linux still delivers what arrives, and never waits for it. */
  async #lookForLateBytes(size: number): Promise<void> {
    if (!this.#reading) this.#startReading(this.#buffer(size));
    await ioTurn();
    this.#letProcessExit();
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
    const deadline = new Deadline(timeout);
    await this.#takeTurnToSend(timeout);
    const left = deadline.left();
    if (left !== null) return await this.#sendSome(data, left);
    try {
      return await this.#sendWhole(data);
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
    if (timeout === null) {
      await this.#takeTurnToSend(null);
      await this.#sendWhole(data);
      return;
    }
    const deadline = new Deadline(timeout);
    let sent = 0;
    try {
      do {
        const left = timeout === 0 ? 0 : deadline.left()!;
        if (timeout > 0 && left === 0) throw timedOut();
        sent += await this.send(data.subarray(sent), left);
      } while (sent < data.length);
    } catch (error) {
      if (error instanceof OSError) error.bytes_sent = sent;
      throw error;
    }
  }

  /** Waits until no other write is under way; the caller's is next then. */
  async #takeTurnToSend(timeout: number | null): Promise<void> {
    this.#checkSendable();
    if (this.#isWriting || !this.#senders.isEmpty) {
      await this.#senders.wait(
        () => this.#isWriting ? NOT_YET : this.#isWriting = true,
        timeout,
      );
    }
    this.#isWriting = true;
    try {
      this.#checkSendable();
    } catch (error) {
      this.#endTurnToSend();
      throw error;
    }
  }

  #checkSendable(): void {
    if (this.#isClosed) throw osError("EBADF");
    this.#throwFailure();
    if (this.#isWriteShut || this.#isBroken) throw osError("EPIPE");
  }

  #endTurnToSend(): void {
    this.#isWriting = false;
    this.#senders.serve();
  }

  /** Writes straight from the caller's array, since the caller waits for it. */
  async #sendWhole(data: Bytes): Promise<number> {
    let sent = 0;
    try {
      while (sent < data.length) {
        const rest = sent === 0 ? data : data.subarray(sent);
        sent += await this.#conn.write(rest);
      }
      return sent;
    } catch (error) {
      throw this.#sendFailure(error, sent);
    } finally {
      this.#endTurnToSend();
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
  async #sendSome(data: Bytes, timeout: number): Promise<number> {
    const piece = data.slice(0, OUTGOING_LIMIT);
    let sent: number | typeof NOT_YET = 0;
    try {
      const write = this.#conn.write(piece);
      sent = await settled(write, timeout);
      if (sent !== NOT_YET) return sent;
      this.#outgoing = this.#finish(write, piece);
      return piece.length;
    } catch (error) {
      throw this.#sendFailure(error, 0);
    } finally {
      if (sent !== NOT_YET) this.#endTurnToSend();
    }
  }

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
      this.#hasEnded = true;
      this.#receivers.serve();
      this.#letProcessExit();
    }
    if (!isWrite || this.#isWriteShut) return;
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

  /**
   * Ends the connection and every call that waits on it. The promise settles
   * when the connection is really closed.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#receivers.fail(() => osError("EBADF"));
    this.#senders.fail(() => osError("EBADF"));
    if (this.#outgoing !== undefined) {
      await settled(this.#outgoing, LINGER_SECONDS);
    }
    this.#conn.close();
    await this.#reading;
  }
}
