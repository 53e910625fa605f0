/**
 * Deadlines: one limit for all calls of an exchange together, where a timeout is
 * for each call alone.
 *
 * @module
 */

import * as socket from "../mod.ts";
import { type Bytes, concat } from "./_bytes.ts";

// A timeout is a length of time and begins anew with each call. A deadline is a
// point in time, the same for all calls: what remains until then is the timeout
// of the next one. It needs a clock that nobody sets, as Python's
// `time.monotonic()`; the time of day can jump.

/** Seconds on a clock that only goes forward. */
export function now(): number {
  return performance.now() / 1000;
}

// Less than nothing would be a ValueError, and 0 has a meaning of its own: do not
// wait at all, and raise BlockingIOError. Both are to be a TimeoutError here.

/** What is left until a deadline, as the timeout of the next call. */
export function remaining(deadline: number): number {
  const seconds = deadline - now();
  if (seconds <= 0) throw new socket.TimeoutError("timed out");
  return seconds;
}

// Not all bytes came in time, but some did. They have left the socket, so that
// nobody else can tell the caller: the error has to bring them.

/** The time was over in the middle of what was to be received. */
export class RecvTimeoutError extends socket.TimeoutError {
  /** What had come by then. The rest can be received later. */
  readonly received: Bytes;

  /** `received` is what had come by then. */
  constructor(received: Bytes) {
    super("timed out");
    this.received = received;
  }
}

// Each `recv` asks for what is missing, and waits for what remains. In the end
// the socket has its own timeout again, however that comes about.

/**
 * Receives exactly so many bytes until the deadline, a time of {@linkcode now}.
 * Those that came in time are not lost with those that did not: the error has
 * them, and the next call gets the rest.
 */
export async function recvExactly(
  sock: socket.Socket,
  size: number,
  deadline: number,
): Promise<Bytes> {
  const pieces: Bytes[] = [];
  const timeout = sock.gettimeout();
  try {
    for (let n = 0; n < size;) {
      sock.settimeout(remaining(deadline));
      const piece = await sock.recv(size - n);
      if (piece.length === 0) {
        throw new socket.ConnectionError(
          `The peer ended after ${n} of ${size}`,
        );
      }
      pieces.push(piece);
      n += piece.length;
    }
    return concat(pieces);
  } catch (error) {
    if (!(error instanceof socket.TimeoutError)) throw error;
    throw new RecvTimeoutError(concat(pieces));
  } finally {
    sock.settimeout(timeout);
  }
}
