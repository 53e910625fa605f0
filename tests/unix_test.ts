/** Sockets of AF_UNIX: connecting, states, sending. */

import { assert, assertEquals } from "@std/assert";
import { AF_UNIX, errno, SOCK_STREAM, Socket, socket } from "../mod.ts";
import {
  bytes,
  ECONNREFUSED,
  EINVAL,
  ENOENT,
  ENOTCONN,
  EPIPE,
  inTime,
  isPending,
  outcome,
} from "./_outcome.ts";
import {
  connected,
  drain,
  end,
  fill,
  NO_UNIX,
  testUnless,
  unixPath,
} from "./_pairs.ts";

/** A listener at a path. */
function listeningAt(path: string | Uint8Array): Socket {
  const sock = new Socket(AF_UNIX, SOCK_STREAM);
  sock.bind(path);
  sock.listen();
  return sock;
}

testUnless(
  NO_UNIX,
  "Socket.connect() of AF_UNIX tells what is wrong with a path",
  async () => {
    await using folder = await unixPath();
    const file = folder.path + ".txt";
    await Deno.writeTextFile(file, "");
    await using bound = socket(AF_UNIX);
    bound.bind(folder.path);
    for (const timeout of [null, 0, 5]) {
      await using sock = socket(AF_UNIX);
      sock.settimeout(timeout);
      for (
        const [path, expected, number] of [
          ["/nonexistent", ENOENT, errno.ENOENT],
          [file, ECONNREFUSED, errno.ECONNREFUSED],
          ["", EINVAL, errno.EINVAL],
        ] as const
      ) {
        assertEquals(await outcome(() => sock.connect(path)), expected);
        assertEquals(await sock.connect_ex(path), number);
      }
    }
  },
);

testUnless(
  NO_UNIX,
  "Socket.connect() of AF_UNIX connects at once, whatever the timeout",
  async () => {
    for (const timeout of [null, 0, 5]) {
      await using folder = await unixPath();
      const { path } = folder;
      await using listener = listeningAt(path);
      await using client = socket(AF_UNIX);
      client.settimeout(timeout);
      assertEquals(await client.connect(path), undefined);
      const [conn, address] = await listener.accept<string>();
      assertEquals(address, "");
      assertEquals(
        [conn.getsockname<string>(), conn.getpeername<string>()],
        [path, ""],
      );
      assertEquals(
        [client.getsockname<string>(), client.getpeername<string>()],
        ["", path],
      );
      await end(conn);
    }
  },
);

testUnless(
  NO_UNIX,
  "Socket of AF_UNIX that is not connected says so",
  async () => {
    await using sock = socket(AF_UNIX);
    for (const timeout of [null, 0, 5]) {
      sock.settimeout(timeout);
      assertEquals(await outcome(() => sock.recv(1)), EINVAL);
      assertEquals(await outcome(() => sock.send(bytes("x"))), ENOTCONN);
      assertEquals(await outcome(() => sock.sendall(bytes("x"))), ENOTCONN);
      assertEquals(await outcome(() => sock.getpeername()), ENOTCONN);
      assertEquals(await outcome(() => sock.listen()), EINVAL);
      assertEquals(await outcome(() => sock.accept()), EINVAL);
    }
  },
);

testUnless(
  NO_UNIX,
  "Socket.send() of AF_UNIX raises EPIPE when the peer has gone",
  async () => {
    await using pair = await connected(AF_UNIX);
    const { client, conn } = pair;
    await end(conn);
    assertEquals(
      await outcome(() => client.send(bytes("x"))),
      EPIPE,
    );
    assertEquals(await client.recv(1), new Uint8Array(0));
  },
);

testUnless(
  NO_UNIX,
  "Socket.send() of AF_UNIX waits for room, and loses nothing",
  async () => {
    await using pair = await connected(AF_UNIX);
    const { client, conn } = pair;
    const before = await fill(client);
    const sending = client.sendall(new Uint8Array(500_000));
    assert(await isPending(sending));
    const draining = drain(conn);
    await inTime(sending);
    await end(client);
    assertEquals((await inTime(draining)).length, before + 500_000);
  },
);

testUnless(
  NO_UNIX,
  "Socket.connect() of AF_UNIX waits for room in the backlog",
  async () => {
    await using folder = await unixPath();
    await using listener = listeningAt(folder.path);
    const clients: Socket[] = [];
    let failure = "";
    while (failure === "") {
      const client = socket(AF_UNIX);
      client.setblocking(false);
      clients.push(client);
      const number = await client.connect_ex(folder.path);
      if (number !== 0) failure = String(number);
      assert(clients.length < 10_000);
    }
    assertEquals(failure, String(errno.EAGAIN));
    const last = clients.at(-1)!;
    last.settimeout(null);
    const connecting = last.connect(folder.path);
    assert(await isPending(connecting));
    const [conn] = await listener.accept();
    await inTime(connecting);
    await end(conn);
    await Promise.all(clients.map(end));
  },
);
