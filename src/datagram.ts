/**
 * One datagram socket of the system: it owns the receive that is in flight and
 * the datagram that has come when nobody was waiting. While that one is not
 * taken no other is received, so the rest stays with the kernel.
 *
 * @module
 */

import type { Bytes } from "./connection.ts";
import type {
  Arrival,
  DatagramConn,
  DatagramOptions,
} from "./datagram_conn.ts";
import { canOpenByDeno, DenoDatagramConn } from "./deno_datagram.ts";
import { BlockingIOError, OSError, osError, translate } from "./errors.ts";
import { KeepAlive } from "./keep_alive.ts";
import { knowledge } from "./knowledge.ts";
import { rejectLate, retrace } from "./late_error.ts";
import type { LocalAddress } from "./listener.ts";
import { NodeDatagramConn } from "./node_datagram.ts";
import {
  type Finder,
  isGreedy,
  noteCall,
  noteTurned,
  share,
} from "./shortcut.ts";
import { operations } from "./turn.ts";
import { UnixDatagramConn } from "./unix_datagram.ts";
import { Deadline, Line, NOT_YET, settled } from "./waiting.ts";

/** A receive has room for the largest datagram there can be. */
const LARGEST_DATAGRAM = 64 * 1024;
const LARGEST_UNIX_DATAGRAM = 256 * 1024;

/** More than the kernel's buffer can hold, unless somebody has enlarged it. */
const MOST_TAKEN_IN = 1_000;

/** How often to look for an error of which Deno tells those who send only. */
const ERROR_CHECK_MS = 10;

const NOTHING: Bytes = new Uint8Array(0);

/**
 * Addresses of closed sockets that the system has not released yet: Deno ends a
 * pending receive on a later turn of the event loop, and only then the address
 * is free. A promise for each settles at that moment.
 */
const releasing = new Map<number | string, Promise<void>>();

function keyOf(address: LocalAddress): number | string {
  return "path" in address ? address.path : address.port;
}

/** What is made of a datagram; without a sender it is the end. */
type Use<T> = (data: Uint8Array, from: Deno.Addr | undefined) => T;

/** A call without a limit that waits alone, which is the usual case. */
interface OnlyCaller {
  // deno-lint-ignore no-explicit-any -- the promise is of what it makes
  readonly use: Use<any>;
  // deno-lint-ignore no-explicit-any -- as above
  readonly resolve: (value: any) => void;
}

/** Datagrams in and out, for callers who wait as long as their timeout says. */
export class DatagramSocket {
  #conn: DatagramConn | undefined;
  #local: LocalAddress | undefined;
  #opening: Promise<void> | undefined;
  #receiving: Promise<void> | undefined;
  #buffer = NOTHING;
  readonly #arrivals: Arrival[] = [];
  #onlyCaller: OnlyCaller | undefined;
  #peer: Deno.Addr | undefined;
  #failure: unknown;
  #findError: (() => unknown) | undefined;
  #errorChecks: ReturnType<typeof setInterval> | undefined;
  #isShut = false;
  #isEnding = false;
  #isClosed = false;
  #isUnreferenced = false;
  #onChange: (() => void) | undefined;
  readonly #receivers = new Line(() => this.#letProcessExit());
  /** Before there is a receive that does it. */
  readonly #keepAlive = new KeepAlive();
  readonly #finder: Finder | undefined;

  /** `finder` can find the descriptor of what it stands on. */
  constructor(finder?: Finder) {
    this.#finder = finder;
  }

  /** The address that is bound, once one is. */
  get local(): LocalAddress | undefined {
    return this.#local;
  }

  /** What it stands on, once it is open. */
  get conn(): DatagramConn | undefined {
    return this.#conn;
  }

  /**
   * Binds at once: the port is known, and a failure is raised, here. `onOpen`
   * runs when the socket is open, which is so then, too, in most cases.
   */
  open(
    address: LocalAddress,
    options: DatagramOptions,
    onOpen: () => void = () => {},
  ): void {
    const open = () => {
      this.adopt(openConn(address, options, this.#finder));
      onOpen();
    };
    const release = releasing.get(keyOf(address));
    try {
      open();
    } catch (error) {
      const failure = translate(error);
      const isOurs = release !== undefined &&
        failure instanceof OSError && failure.code === "EADDRINUSE";
      if (!isOurs) throw failure;
      // Our own closed socket still has the address, for one more turn.
      this.#local = address;
      this.#opening = release.then(() => {
        this.#opening = undefined;
        if (!this.#isClosed) open();
      });
      this.#opening.catch((error) => this.#fail(error));
    }
  }

  /** Stands on a socket that is open already, and closes an earlier one. */
  adopt(conn: DatagramConn): void {
    this.#conn?.close();
    this.#conn = conn;
    this.#isUnreferenced = false;
    conn.onWritable = () => this.#onChange?.();
    this.#local = conn.local;
    this.#keepAlive.end();
    if (!this.#isDeserted) this.#startReceiving();
    else if (this.#onChange !== undefined) this.#lookOut();
  }

  /** From now on takes datagrams of one sender only; of all, if none is named. */
  admitOnly(peer: Deno.Addr | undefined): void {
    this.#peer = peer;
  }

  /**
   * From now on looks for errors as well, such as ECONNREFUSED, which a socket
   * that the kernel has connected gets for an earlier datagram of its own. Deno
   * lets a receive wait on when there is one.
   */
  lookForErrors(findError: () => unknown): void {
    this.#findError = findError;
  }

  /** Receives what the kernel holds already, before `admitOnly`. */
  async takeIn(): Promise<void> {
    if (this.#opening !== undefined) await this.#opening;
    if (this.#conn === undefined) return;
    try {
      for (let i = 0; i < MOST_TAKEN_IN; i++) {
        if (this.#isClosed || this.#failure !== undefined) break;
        this.#startReceiving();
        await settled(this.#receiving ?? Promise.resolve(), 0);
      }
    } catch (error) {
      if (!(error instanceof BlockingIOError)) throw error;
    }
    this.#letProcessExit();
  }

  /**
   * Makes something of the next datagram. It answers at once if it can, and has
   * no layer of `async`, nor have those who call it: each costs 0.2 µs a call.
   */
  next<T>(use: Use<T>, timeout: number | null, isPeek: boolean): Promise<T> {
    if (isGreedy()) return share(() => this.next(use, timeout, isPeek));
    // A look at what is here waits for nothing, and a loop of looks neither.
    if (isPeek && this.#arrivals.length > 0) noteCall();
    const isUsual = timeout === null && !isPeek && !this.#isReadable &&
      this.#receiving === undefined && this.#conn !== undefined &&
      this.#onChange === undefined && !this.#isClosed;
    if (!isUsual) return this.#nextInLine(use, timeout, isPeek);
    const arrival = this.#receiveAtOnce();
    if (arrival !== undefined) {
      return Promise.resolve(use(arrival[0], arrival[1]));
    }
    if (this.#failure !== undefined) return Promise.reject(this.takeFailure());
    return new Promise((resolve) => {
      this.#onlyCaller = { use, resolve };
      this.#keepProcessAlive();
      this.#startReceiving();
    });
  }

  /** A datagram of the peer's that is here already. */
  #receiveAtOnce(): Arrival | undefined {
    try {
      const arrival = this.#conn?.receiveAtOnce?.(this.#makeRoom());
      const peer = this.#peer;
      return arrival && peer && !isSame(peer, arrival[1]) ? undefined : arrival;
    } catch (error) {
      this.#failure = translate(error);
      return undefined;
    }
  }

  #nextInLine<T>(
    use: Use<T>,
    timeout: number | null,
    isPeek: boolean,
  ): Promise<T> {
    if (this.#isClosed) return Promise.reject(osError("EBADF"));
    // A call that waits without limit hears of it soon enough.
    if (timeout !== null && this.#findError !== undefined) this.#checkError();
    const take = () => {
      if (this.#failure !== undefined) throw this.takeFailure();
      const arrival = this.#arrivals[0];
      if (arrival !== undefined) {
        if (!isPeek) this.#arrivals.shift();
        return use(arrival[0], arrival[1]);
      }
      return this.#isEnding && timeout === null
        ? use(NOTHING, undefined)
        : NOT_YET;
    };
    if (this.#arrivals.length === 0) this.#startReceiving();
    // Only a call that would wait for ever hears of the end, on Linux.
    const isEnd = this.#isShut && timeout === null;
    const deadline = Deadline.of(isEnd ? 0 : timeout);
    const answer = this.#receivers.wait(take, deadline);
    if (!this.#receivers.isEmpty) this.#keepProcessAlive();
    // It has failed at once, and what it began goes on without it.
    else if (this.#arrivals.length === 0) this.#letProcessExit();
    if (this.#onChange !== undefined) this.#lookOut();
    if (!isEnd) return answer;
    return answer.catch((error) => {
      if (error instanceof BlockingIOError) return use(NOTHING, undefined);
      throw error;
    });
  }

  /** Answers the call that waits alone. */
  #answerOnlyCaller(answer: (caller: OnlyCaller) => void): void {
    const caller = this.#onlyCaller;
    if (caller === undefined) return;
    this.#onlyCaller = undefined;
    answer(caller);
  }

  /** Whether nobody waits. */
  get #isDeserted(): boolean {
    return this.#onlyCaller === undefined && this.#receivers.isEmpty;
  }

  /** Whether anybody waits or looks out. */
  get #isWanted(): boolean {
    return !this.#isDeserted || this.#onChange !== undefined;
  }

  get #isReadable(): boolean {
    return this.#arrivals.length > 0 || this.#failure !== undefined ||
      this.#isShut;
  }

  /** Whether no receive is under way, and nothing waits to be received. */
  get isIdle(): boolean {
    return !this.#receiving && !this.#isReadable;
  }

  /** Whether a call that receives would have an answer now. */
  get isReadable(): boolean {
    return this.#isReadable || this.#isClosed;
  }

  /** Whether a call that sends would be taken now. */
  get isWritable(): boolean {
    return this.#conn?.isWritable ?? true;
  }

  /**
   * Looks out for what comes, and calls back whenever something has come, until
   * it is called without a callback. What comes stays for those who receive.
   */
  watch(onChange: (() => void) | undefined): void {
    this.#onChange = onChange;
    if (onChange === undefined) return this.#letProcessExit();
    if (this.#findError !== undefined) this.#checkError();
    this.#lookOut();
  }

  #lookOut(): void {
    if (!this.isReadable) this.#startReceiving();
    if (this.#conn?.holdsProgram) this.#keepProcessAlive();
    else this.#letProcessExit();
  }

  /** Looks for an error now and, as long as anybody waits, now and then. */
  readonly #checkError = (): void => {
    if (!this.#isWanted) this.#stopErrorChecks();
    const error = this.#isClosed ? undefined : this.#findError?.();
    if (error !== undefined) this.#fail(error);
  };

  #startErrorChecks(): void {
    if (this.#errorChecks !== undefined) return;
    this.#errorChecks = setInterval(this.#checkError, ERROR_CHECK_MS);
    this.#errorChecks.unref();
  }

  #stopErrorChecks(): void {
    clearInterval(this.#errorChecks);
    this.#errorChecks = undefined;
  }

  #startReceiving(): void {
    if (this.#findError !== undefined) this.#startErrorChecks();
    if (this.#receiving !== undefined || this.#conn === undefined) return;
    operations.underWay++;
    this.#receiving = this.#conn.receive(this.#makeRoom())
      .then(this.#onArrival, this.#onFailure);
  }

  /** The memory for the next datagram. */
  #makeRoom(): Bytes {
    // What is still here needs its memory for itself.
    for (const [i, [data, from]] of this.#arrivals.entries()) {
      if (data.buffer === this.#buffer.buffer) {
        this.#arrivals[i] = [data.slice(), from];
      }
    }
    if (this.#buffer.length === 0) {
      const isUnix = this.#local !== undefined && "path" in this.#local;
      this.#buffer = new Uint8Array(
        isUnix ? LARGEST_UNIX_DATAGRAM : LARGEST_DATAGRAM,
      );
    }
    return this.#buffer;
  }

  readonly #onArrival = (arrival: Arrival): void => {
    const peer = this.#peer;
    const caller = this.#onlyCaller;
    if (peer !== undefined && !isSame(peer, arrival[1])) {
      // Not for this socket.
    } else if (caller !== undefined) {
      this.#onlyCaller = undefined;
      caller.resolve(caller.use(arrival[0], arrival[1]));
    } else this.#arrivals.push(arrival);
    this.#afterReceive();
  };

  readonly #onFailure = (error: unknown): void => {
    this.#fail(error);
    this.#afterReceive();
  };

  #afterReceive(): void {
    operations.underWay--;
    operations.ended++;
    noteTurned();
    this.#receiving = undefined;
    if (this.#isClosed) return;
    if (!this.#receivers.isEmpty) this.#receivers.serve();
    if (!this.#isDeserted) this.#startReceiving();
    if (this.#onChange === undefined) return;
    this.#onChange();
    if (this.#onChange !== undefined) this.#lookOut();
  }

  /** What no call waits for has failed: the next call raises it. */
  #fail(error: unknown): void {
    if (this.#isClosed) return;
    this.#failure = translate(error);
    this.#answerOnlyCaller(({ resolve }) =>
      rejectLate(resolve, this.takeFailure())
    );
    this.#receivers.serve();
    this.#letProcessExit();
    this.#onChange?.();
  }

  /** What has gone wrong, for the one call that reports it. */
  takeFailure(): unknown {
    const failure = this.#failure ?? this.#findError?.();
    this.#failure = undefined;
    return retrace(failure);
  }

  #keepProcessAlive(): void {
    if (this.#conn === undefined) return this.#keepAlive.hold();
    if (!this.#isUnreferenced) return;
    this.#isUnreferenced = false;
    this.#conn.ref();
  }

  /** A receive that nobody waits for must not keep the process running. */
  #letProcessExit(): void {
    if (this.#isClosed || !this.#isDeserted) return;
    if (this.#onChange !== undefined && this.#conn?.holdsProgram) return;
    this.#keepAlive.release();
    if (!this.#receiving || this.#isUnreferenced) return;
    this.#isUnreferenced = true;
    this.#conn?.unref();
  }

  /** Sends a datagram, and says how many bytes that were. */
  send(
    data: Bytes,
    remote: Deno.Addr,
    timeout: number | null,
  ): Promise<number> {
    if (isGreedy()) return share(() => this.send(data, remote, timeout));
    if (this.#isClosed) return Promise.reject(osError("EBADF"));
    const conn = this.#conn;
    if (conn === undefined) return this.#sendOnceOpen(data, remote, timeout);
    // As the kernel: of an error every call tells, whichever is the next.
    if (this.#failure !== undefined) return Promise.reject(this.takeFailure());
    if (this.#findError !== undefined && !conn.tellsErrors) {
      const error = this.#findError();
      if (error !== undefined) return Promise.reject(error);
    }
    knowledge.noteDatagram();
    return conn.send(data, remote, timeout).catch(this.#onSendFailure);
  }

  async #sendOnceOpen(
    data: Bytes,
    remote: Deno.Addr,
    timeout: number | null,
  ): Promise<number> {
    await this.#opening;
    return await this.send(data, remote, timeout);
  }

  readonly #onSendFailure = (error: unknown): never => {
    throw this.#isClosed ? osError("EBADF") : translate(error);
  };

  /** Whether receiving has been shut down. */
  get isShut(): boolean {
    return this.#isShut;
  }

  /** SHUT_RD: what comes is still received, but no call waits for it for ever. */
  shutReceiving(): void {
    this.#isShut = true;
    this.#answerOnlyCaller(({ use, resolve }) =>
      resolve(use(NOTHING, undefined))
    );
    this.#isEnding = true;
    this.#receivers.serve();
    this.#isEnding = false;
    this.#onChange?.();
    this.#letProcessExit();
  }

  /** Closes it, and ends every call that waits; settles when it has gone. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#keepAlive.end();
    this.#stopErrorChecks();
    this.#answerOnlyCaller(({ resolve }) =>
      rejectLate(resolve, osError("EBADF"))
    );
    this.#receivers.close();
    this.#arrivals.length = 0;
    const conn = this.#conn;
    if (conn === undefined) return;
    const release = conn.close();
    const key = keyOf(conn.local);
    releasing.set(key, release);
    await release;
    if (releasing.get(key) === release) releasing.delete(key);
  }
}

/** Opens a socket in whichever way Deno can. */
function openConn(
  address: LocalAddress,
  options: DatagramOptions,
  finder: Finder | undefined,
): DatagramConn {
  if ("path" in address) return new UnixDatagramConn(address.path);
  return canOpenByDeno(options)
    ? new DenoDatagramConn(address, options, finder)
    : new NodeDatagramConn(address, options);
}

function isSame(peer: Deno.Addr, from: Deno.Addr): boolean {
  if ("path" in peer || "path" in from) {
    return "path" in peer && "path" in from && peer.path === from.path;
  }
  const [one, other] = [peer as Deno.NetAddr, from as Deno.NetAddr];
  return one.hostname === other.hostname &&
    (one.port === other.port || one.port === 0);
}
