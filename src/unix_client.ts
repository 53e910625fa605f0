/**
 * A connection from a Unix path of one's own, which Deno has no call for: made by
 * the system, and then taken over by Deno.
 *
 * @module
 */

import { formatUnixPath } from "./address.ts";
import { adopt } from "./adopt.ts";
import type { Connection } from "./connection.ts";
import { AF_UNIX, SOCK_STREAM } from "./constants.ts";
import type { Posix } from "./posix.ts";
import { packSockaddr } from "./sockaddr.ts";

/** Connects from one path to another; a Unix socket does that at once. */
export function connectFromPath(
  system: Posix,
  local: string,
  remote: string,
): Connection {
  const fd = system.socket(AF_UNIX, SOCK_STREAM, 0);
  try {
    // The file is there from `bind` on, and the system binds to none that is.
    if (!local.startsWith("\0")) Deno.removeSync(local);
    system.bind(fd, packSockaddr(AF_UNIX, formatUnixPath(local)));
    system.connect(fd, packSockaddr(AF_UNIX, formatUnixPath(remote)));
    return adopt(system, fd);
  } catch (error) {
    system.close(fd);
    throw error;
  }
}
