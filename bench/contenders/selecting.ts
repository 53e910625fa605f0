/** An echo server on this package's `selectors`: one task for all clients. */

import { create_server, type Socket } from "../../mod.ts";
import {
  DefaultSelector,
  EVENT_READ,
  EVENT_WRITE,
} from "../../src/selectors.ts";

const [, address = "0", size] = Deno.args;
const buffer = new Uint8Array(Number(size));
using selector = new DefaultSelector();
using listener = create_server(["127.0.0.1", Number(address)], {
  backlog: 4096,
});
listener.setblocking(false);
selector.register(listener, EVENT_READ);
console.log(listener.getsockname()[1]);

/** What each client has still to get. */
const unsent = new Map<Socket, Uint8Array<ArrayBuffer>>();

while (true) {
  for (const [key, events] of await selector.select()) {
    const sock = key.fileobj as Socket;
    if (sock === listener) await accept();
    else if (events & EVENT_WRITE) await flush(sock);
    else await echo(sock);
  }
}

async function accept(): Promise<void> {
  const [conn] = await listener.accept();
  conn.setblocking(false);
  selector.register(conn, EVENT_READ);
}

async function echo(conn: Socket): Promise<void> {
  const count = await conn.recv_into(buffer);
  if (count === 0) {
    selector.unregister(conn);
    conn.close();
    return;
  }
  const sent = await conn.send(buffer.subarray(0, count));
  if (sent === count) return;
  unsent.set(conn, buffer.slice(sent, count));
  selector.modify(conn, EVENT_WRITE);
}

async function flush(conn: Socket): Promise<void> {
  const data = unsent.get(conn)!;
  const rest = data.subarray(await conn.send(data));
  unsent.set(conn, rest);
  if (rest.length === 0) selector.modify(conn, EVENT_READ);
}
