/**
 * Looking at the other end of a Unix path before a datagram socket connects to
 * it, which for Deno means nothing but to remember the path.
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
