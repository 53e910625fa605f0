/**
 * Two connections that are each other's peer. Deno has no `socketpair(2)`, so
 * one is made through a listener that nobody else can know of.
 *
 * @module
 */

import { formatUnixPath, type UnixAddress } from "./address.ts";
import type { Connection } from "./connection.ts";
import { translate } from "./errors.ts";

/** How many random bytes prove that the peer is ours. */
const TOKEN_LENGTH = 16;

/** A connected pair of Unix stream sockets, which have no names. */
export async function connectPair(): Promise<[Connection, Connection]> {
  const path = await freshPath();
  try {
    using listener = Deno.listen({ transport: "unix", path });
    const connected = await Deno.connect({ transport: "unix", path });
    const accepted = await acceptFrom(connected, listener);
    const name = formatUnixPath(path);
    return [unnamed(connected, "", name), unnamed(accepted, name, "")];
  } catch (error) {
    throw translate(error);
  }
}

/** Linux needs no file: a name in its abstract namespace will do. */
async function freshPath(): Promise<string> {
  const name = `pysocket-${crypto.randomUUID()}`;
  if (Deno.build.os === "linux") return `\0${name}`;
  return await Deno.makeTempFile({ prefix: name }).then(async (path) => {
    await Deno.remove(path);
    return path;
  });
}

/** The connection whose other end we hold; a stranger's is turned away. */
async function acceptFrom(
  connected: Deno.UnixConn,
  listener: Deno.UnixListener,
): Promise<Deno.UnixConn> {
  const token = crypto.getRandomValues(new Uint8Array(TOKEN_LENGTH));
  await connected.write(token);
  while (true) {
    const accepted = await listener.accept();
    const received = new Uint8Array(TOKEN_LENGTH);
    // So few bytes arrive in one piece.
    await accepted.read(received);
    if (received.every((byte, i) => byte === token[i])) return accepted;
    accepted.close();
  }
}

const NO_NAME: Deno.UnixAddr = { transport: "unix", path: "" };

/** A connection without the name that its making has left on it. */
function unnamed(
  conn: Deno.UnixConn,
  local: UnixAddress,
  peer: UnixAddress,
): Connection {
  return {
    localAddr: NO_NAME,
    remoteAddr: NO_NAME,
    systemNames: { local, peer },
    read: (target) => conn.read(target),
    write: (data) => conn.write(data),
    closeWrite: () => conn.closeWrite(),
    close: () => conn.close(),
    ref: () => conn.ref(),
    unref: () => conn.unref(),
  };
}
