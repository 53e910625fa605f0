/**
 * The error that the kernel keeps for a socket until somebody asks.
 *
 * @module
 */

import { SO_ERROR, SOL_SOCKET } from "./constants.ts";
import { strerror } from "./errno.ts";
import { OSError } from "./errors.ts";
import type { Posix } from "./posix.ts";

/** The error that the kernel has for a socket, which it tells once. */
export function takeError(system: Posix, fd: number): OSError | undefined {
  const [number = 0] = new Int32Array(
    system.getsockopt(fd, SOL_SOCKET, SO_ERROR, 4).buffer,
  );
  return number === 0 ? undefined : new OSError(number, strerror(number));
}
