/**
 * Two ends of one connection, for the demos.
 *
 * @module
 */

import { create_connection, create_server, type Socket } from "../mod.ts";

/** Two sockets that are connected with each other; `using` closes both. */
export interface Pair extends Disposable {
  /** The one that connected. */
  readonly client: Socket;
  /** The one that the server's `accept` returned. */
  readonly conn: Socket;
}

/** Connects two sockets by TCP; `socketpair` would take a Unix socket. */
export async function connectPair(): Promise<Pair> {
  using listener = create_server(["127.0.0.1", 0]);
  const client = await create_connection(listener.getsockname());
  const [conn] = await listener.accept();
  const close = () => [client, conn].forEach((each) => each.close());
  return { client, conn, [Symbol.dispose]: close };
}
