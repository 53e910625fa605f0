/**
 * The receiving half of a connection: it owns the read that is in flight and the
 * bytes that nobody has asked for yet.
 *
 * The read belongs to the connection and not to the caller who started it. When
 * that caller gives up the read goes on, and its bytes go to the next one.
 *
 * @module
 */

import { gather } from "./buffers.ts";
import type { Bytes, Connection, Fate } from "./connection.ts";
import { BlockingIOError, osError } from "./errors.ts";
import { rejectLate } from "./late_error.ts";
import {
  isGreedy,
  noteCall,
  noteTurned,
  share,
  type Shortcut,
} from "./shortcut.ts";
import { operations, whenAsked, whenTurned } from "./turn.ts";
import { Unread } from "./unread.ts";
import { Deadline, Line, NOT_YET, settled, soon } from "./waiting.ts";

/**
 * A read whose bytes may be there for a later call, since its caller gives up or
 * only peeks, has room for at least this much: that call may ask for more. A call
 * with a timeout seldom gives up, so its read has just the room that it asks for:
 * after a read that was not full Deno has to ask the system before the next one,
 * which costs 8 µs.
 */
const SMALLEST_SHARED_READ = 4 * 1024;

/**
 * A call for so little takes in all there is, at once, and the next ones get the
 * rest: that makes them twice as fast at 64 bytes, and 1.5 times at 1 KiB. From 8
 * KiB on the copy costs more than it saves.
 */
const LARGEST_SMALL_RECEIVE = 4 * 1024;

/** A call that has lent its array to the read in flight. */
interface Loan {
  readonly array: Bytes;
  readonly resolve: (count: number | Promise<never>) => void;
  /** The call has been answered already, so the read's bytes are for others. */
  isOver: boolean;
}

/** What comes in, for callers who wait as long as their timeout says. */
export class Inflow {
  readonly #conn: Connection;
  readonly #fate: Fate;
  readonly #shortcut: Shortcut;
  /** The callers whose arrays the read cannot fill; idle sockets have none. */
  #receivers: Line | undefined;
  #reading: Promise<void> | undefined;
  #loan: Loan | undefined;
  readonly #unread = new Unread();
  /** Whether the caller for whom the read in flight was made has given up. */
  #isLeftOver = false;
  /** Whether the last read was full, so that there may be more at once. */
  #isFlowing = false;
  #room = 0;
  #hasEnded = false;
  #isEndTold = false;
  #isShut = false;
  #isEndAssumed = false;
  #isUnreferenced = false;
  #onChange: (() => void) | undefined;

  /** The receiving half of a connection with this fate. */
  constructor(conn: Connection, fate: Fate, shortcut: Shortcut) {
    this.#conn = conn;
    this.#fate = fate;
    this.#shortcut = shortcut;
  }

  /** Whether the peer has no more to send, as far as this side has noticed. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether this side has shut the direction down. */
  get isShut(): boolean {
    return this.#isShut;
  }

  /** Up to `size` bytes; none at the end of the stream. */
  receive(
    size: number,
    timeout: number | null,
    isPeek: boolean,
  ): Promise<Bytes> {
    if (isGreedy()) return share(() => this.receive(size, timeout, isPeek));
    if (isPeek) this.#noteLook();
    else if (this.#isFree) {
      if (this.hasUnread) return this.#answerWith(this.#take(size));
      if (this.#receiveAtOnce(size)) return Promise.resolve(this.#take(size));
    }
    const take = () => {
      if (!this.#isReadable) return NOT_YET;
      this.#checkReceivable();
      return this.#unread.take(size, isPeek);
    };
    return isPeek && this.#isShortOf(size)
      ? this.#lookFurther(take, timeout, size)
      : this.#whenReadable(take, timeout, size, isPeek);
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
      if (pieces.length === 0 || this.#fate.isClosed) throw error;
      this.#fate.break(error);
    }
    return gather(pieces);
  }

  /** Fills an array from its start, and says with how many bytes. */
  receiveInto(
    target: Bytes,
    timeout: number | null,
    isPeek: boolean,
  ): Promise<number> {
    if (isGreedy()) {
      return share(() => this.receiveInto(target, timeout, isPeek));
    }
    if (isPeek) this.#noteLook();
    else if (this.#isFree) {
      if (this.hasUnread) {
        return this.#answerWith(this.#unread.takeInto(target, false));
      }
      const count = this.#receiveAtOnceInto(target);
      if (count > 0) return Promise.resolve(count);
      if (timeout === null && this.isIdle) return this.#readInto(target);
    }
    const take = () => {
      if (!this.#isReadable) return NOT_YET;
      this.#checkReceivable();
      return this.#unread.takeInto(target, isPeek);
    };
    const size = target.length;
    return isPeek && this.#isShortOf(size)
      ? this.#lookFurther(take, timeout, size)
      : this.#whenReadable(take, timeout, size, isPeek);
  }

  /**
   * Without a timeout the call lasts until the read ends, so the read may write
   * straight into the caller's array, which saves a copy of every byte.
   */
  #readInto(array: Bytes): Promise<number> {
    this.#keepProcessAlive();
    return new Promise((resolve) => {
      this.#loan = { array, resolve, isOver: false };
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

  /** Whether bytes are here, but fewer, and there may be more. */
  #isShortOf(size: number): boolean {
    const isOver = this.#hasEnded || this.#fate.isBroken || this.#fate.isClosed;
    return this.hasUnread && this.#unread.size < size && !isOver;
  }

  /**
   * Looks what the kernel holds behind the bytes that are here: who peeks again
   * and again until there is enough must find it.
   */
  async #lookFurther<T>(
    take: () => T | typeof NOT_YET,
    timeout: number | null,
    size: number,
  ): Promise<T> {
    this.#readBehind(size);
    await whenAsked();
    this.#letProcessExit();
    return await this.#whenReadable(take, timeout, size, true);
  }

  /** As many bytes as that, fewer only at their end; they stay. */
  async peekAll(size: number): Promise<Bytes> {
    if (!this.hasUnread) await this.receive(size, null, true);
    while (this.#isShortOf(size)) {
      this.#readBehind(size);
      this.#keepProcessAlive();
      await this.#reading;
    }
    return await this.receive(size, null, true);
  }

  /** Reads on, into what room there is behind the bytes that are here. */
  #readBehind(size: number): void {
    if (this.#reading) return;
    const least = SMALLEST_SHARED_READ;
    this.#startReading(this.#unread.makeRoomBehind(size, least));
  }

  /**
   * Answers at once if that is possible, else when the pending read is over. No
   * layer of `async` here and in what calls it: each costs 0.2 µs a call.
   *
   * The end can be had again and again. A loop that never stops asking must not
   * stop everything else: timers, other sockets, Ctrl-C.
   */
  #whenReadable<T>(
    take: () => T | typeof NOT_YET,
    timeout: number | null,
    size: number,
    isPeek: boolean,
  ): Promise<T> {
    if (this.#hasEnded && !this.hasUnread) {
      if (this.#isEndTold) {
        return whenTurned()
          .then(() => this.#answer(take, timeout, size, isPeek));
      }
      this.#isEndTold = true;
    }
    return this.#answer(take, timeout, size, isPeek);
  }

  #answer<T>(
    take: () => T | typeof NOT_YET,
    timeout: number | null,
    size: number,
    isPeek: boolean,
  ): Promise<T> {
    if (this.#fate.isClosed) return Promise.reject(osError("EBADF"));
    if (!this.#isReadable && !this.#reading) {
      const isShared = timeout === 0 || isPeek;
      const least = isShared ? SMALLEST_SHARED_READ : 0;
      this.#startReading(this.#unread.makeRoom(Math.max(size, least)));
    }
    const isLate = this.#isShut;
    const deadline = Deadline.of(isLate ? 0 : timeout);
    const receivers = this.#receivers ??= new Line(() => this.#onDeserted());
    const answer = receivers.wait(take, deadline);
    if (!receivers.isEmpty) this.#keepProcessAlive();
    if (this.#onChange !== undefined) this.#lookOut();
    return isLate ? answer.catch((error) => this.#endOf(take, error)) : answer;
  }

  /** Answers with what was here, as others have to have their share as well. */
  #answerWith<T>(answer: T): Promise<T> {
    noteCall();
    if (this.#onChange !== undefined) this.#lookOut();
    return Promise.resolve(answer);
  }

  /** A look at what is here waits for nothing, and a loop of looks neither. */
  #noteLook(): void {
    if (this.hasUnread) noteCall();
  }

  #take(size: number): Bytes {
    return this.#unread.take(size, false);
  }

  /** Whether nobody is before this caller, and nothing in the way. */
  get #isFree(): boolean {
    return !this.#isAwaited && !this.#isShut && !this.#fate.isClosed;
  }

  /** Takes in what is there after a read that was full; says whether it did. */
  #receiveAtOnce(size: number): boolean {
    if (!this.#mayFlow(size)) return false;
    const count = this.#receiveNow(
      size <= LARGEST_SMALL_RECEIVE
        ? this.#unread.makeLargeRoom()
        : this.#unread.makeRoom(size),
    );
    if (count > 0) this.#unread.add(count);
    else this.#unread.freeLargeRoom();
    return count > 0;
  }

  /** The same into an array of the caller's; 0 leaves it to Deno. */
  #receiveAtOnceInto(target: Bytes): number {
    return this.#mayFlow(target.length) ? this.#receiveNow(target) : 0;
  }

  /** Whether there is likely to be more, and the shortcut leads to it. */
  #mayFlow(size: number): boolean {
    return this.#isFlowing && this.isIdle && this.#shortcut.isPromising(size);
  }

  /** What is there goes into an array; 0 leaves it to Deno. */
  #receiveNow(target: Bytes): number {
    const { length } = target;
    try {
      const count = this.#shortcut.receive(target);
      this.#isFlowing = count === length;
      return Math.max(0, count);
    } catch (error) {
      // The caller will hear of it in the ordinary way.
      this.#fail(error);
      return 0;
    }
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

  /** Whether callers stand in the line. */
  get #isAwaited(): boolean {
    return this.#receivers?.isEmpty === false;
  }

  /** Whether no read is under way, and nothing waits to be received. */
  get isIdle(): boolean {
    return !this.#reading && !this.#isReadable;
  }

  /** Whether bytes have arrived that nobody has received. */
  get hasUnread(): boolean {
    return this.#unread.size > 0;
  }

  /** Whether a call that receives would have an answer now. */
  get isReadable(): boolean {
    return this.#isReadable || this.#isShut || this.#fate.isClosed;
  }

  /**
   * Looks out for what comes, and calls back whenever something has come, until
   * it is called without a callback. What comes stays for those who receive.
   */
  watch(onChange: (() => void) | undefined): void {
    this.#onChange = onChange;
    if (onChange !== undefined) this.#lookOut();
  }

  #lookOut(): void {
    if (!this.#reading && this.#isWorthReading) {
      this.#startReading(this.#unread.makeRoomAhead());
    }
    this.#letProcessExit();
  }

  /** Nobody knows how much is coming: after a full read there may be more. */
  get #isWorthReading(): boolean {
    if (!this.isReadable) return true;
    const isOver = this.#hasEnded || this.#isShut || this.#fate.isBroken ||
      this.#fate.isClosed;
    return this.#unread.mayGrow && !isOver;
  }

  /** Whether a caller can be answered: with bytes, their end or an error. */
  get #isReadable(): boolean {
    return this.hasUnread || this.#hasEnded || this.#isEndAssumed ||
      this.#fate.hasFailure;
  }

  /** Bytes that have arrived come before the error that came after them. */
  #checkReceivable(): void {
    if (!this.hasUnread) this.#fate.throwFailure();
  }

  #startReading(target: Bytes): void {
    this.#room = target.length;
    operations.underWay++;
    this.#reading = this.#conn.read(target)
      .then(this.#onRead, this.#onReadFailure);
  }

  readonly #onRead = (count: number | null): void => {
    const loan = this.#loan;
    this.#isFlowing = count === this.#room;
    if (count === null) this.#hasEnded = true;
    if (loan !== undefined && !loan.isOver) loan.resolve(count ?? 0);
    else if (count !== null) {
      if (loan === undefined) this.#unread.add(count);
      else this.#unread.replace(loan.array.slice(0, count));
    }
    this.#afterRead();
  };

  readonly #onReadFailure = (error: unknown): void => {
    this.#fail(error);
    this.#afterRead();
  };

  #fail(error: unknown): void {
    if (this.#fate.isClosed) return;
    this.#hasEnded = true;
    this.#fate.break(error);
  }

  #afterRead(): void {
    operations.underWay--;
    operations.ended++;
    noteTurned();
    this.#reading = undefined;
    this.#loan = undefined;
    if (this.#isLeftOver) {
      this.#isLeftOver = false;
      const mayBeMore = this.#unread.wasFull && !this.#hasEnded;
      if (mayBeMore && !this.#fate.isClosed) return void this.#fillUp();
    }
    this.#serve();
  }

  /** The bytes for which the one who gave up had no room belong to the same answer. */
  async #fillUp(): Promise<void> {
    this.#readBehind(SMALLEST_SHARED_READ);
    await soon(this.#reading!);
    // If there were any, that has served everybody.
    this.#serve();
    this.#letProcessExit();
  }

  #serve(): void {
    if (this.#isAwaited) {
      this.#receivers?.serve();
      if (this.#isAwaited && !this.#reading) {
        this.#startReading(this.#unread.makeRoom(SMALLEST_SHARED_READ));
      }
    }
    this.#onChange?.();
    if (this.#onChange !== undefined) this.#lookOut();
  }

  /** The last of those who waited has given up. */
  #onDeserted(): void {
    this.#isLeftOver = this.#reading !== undefined;
    this.#letProcessExit();
  }

  #keepProcessAlive(): void {
    if (!this.#isUnreferenced) return;
    this.#isUnreferenced = false;
    this.#conn.ref();
  }

  /** A read that nobody waits for must not keep the process running. */
  #letProcessExit(): void {
    const isAwaited = this.#isAwaited || this.#loan?.isOver === false;
    if (this.#isUnreferenced || isAwaited || !this.#reading) return;
    if (this.#fate.isClosed) return;
    this.#isUnreferenced = true;
    this.#conn.unref();
  }

  /** Tells those who wait that the connection is broken. */
  onBreak(): void {
    this.#endLoan(({ resolve }) =>
      rejectLate(resolve, this.#fate.takeFailure())
    );
    this.#receivers?.serve();
    this.#onChange?.();
  }

  /** SHUT_RD: Deno cannot tell the system, but to callers it looks as if. */
  shut(): void {
    this.#isShut = true;
    this.#isEndAssumed = true;
    this.#endLoan((loan) => loan.resolve(0));
    this.#receivers?.serve();
    this.#isEndAssumed = false;
    this.#onChange?.();
    this.#letProcessExit();
  }

  /** Finds out whether the peer has ended as well, when nobody receives. */
  async lookForEnd(): Promise<void> {
    if (this.#fate.isClosed || this.#hasEnded || this.hasUnread) {
      return;
    }
    if (!this.#reading) {
      this.#startReading(this.#unread.makeRoom(SMALLEST_SHARED_READ));
    }
    this.#keepProcessAlive();
    try {
      await settled(this.#reading!, 0);
    } catch (error) {
      if (!(error instanceof BlockingIOError)) throw error;
    }
    this.#letProcessExit();
  }

  /** Ends every call that waits. */
  close(): void {
    this.#endLoan(({ resolve }) => rejectLate(resolve, osError("EBADF")));
    this.#receivers?.close();
  }

  /** Settles when the read in flight is over, which closing ends. */
  async whenIdle(): Promise<void> {
    this.#isUnreferenced = false;
    this.#conn.ref();
    await this.#reading;
  }
}
