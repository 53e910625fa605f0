/**
 * Looking at what stands at a Unix path, where the kernel says so and Deno does
 * not get so far: before a datagram socket connects to it, which for Deno means
 * nothing but to remember the path; and where another error comes second.
 *
 * @module
 */

import { OSError, osError, translate } from "./errors.ts";

/**
 * Raises what the kernel says to a path at which no datagram socket is. A stream
 * that is to be connected there is told what is: EPROTOTYPE, if all is well.
 */
export async function checkUnixPeer(path: string): Promise<void> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch (error) {
    const failure = translate(error);
    const code = failure instanceof OSError ? failure.code : null;
    if (code === "EPROTOTYPE") return;
    // A listener whose backlog is full.
    if (code !== "EAGAIN") throw failure;
  }
  throw osError("EPROTOTYPE");
}

/** Raises what the kernel says to a path at which no socket can be. */
export function checkSocketFile(path: string): void {
  if (path === "") throw osError("EINVAL");
  if (path.startsWith("\0")) return;
  let isSocket: boolean | null;
  try {
    ({ isSocket } = Deno.statSync(path));
  } catch (error) {
    throw translate(error);
  }
  if (!isSocket) throw osError("ECONNREFUSED");
}

/** Whether there is a file at a path. */
export function isFile(path: string): boolean {
  if (path === "" || path.startsWith("\0")) return false;
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw translate(error);
  }
}
