/** `Socket.close()`, and `using`. */

import { assert, assertEquals } from "@std/assert";
import { create_server, type Socket, socket } from "../mod.ts";
import {
  assertRows,
  bytes,
  EBADF,
  ECONNREFUSED,
  EMPTY,
  inTime,
  isPending,
  outcome,
} from "./_outcome.ts";
import {
  breakable,
  closed,
  connected,
  end,
  fill,
  listening,
  LOCALHOST,
  silent,
} from "./_pairs.ts";

Deno.test("Socket.close() and detach() take no argument", async () => {
  await using sock = socket();
  for (const method of ["close", "detach"]) {
    await assertRows(sock, method, [[
      [1],
      `TypeError: socket.${method}() takes 1 positional argument but 2 were given`,
    ]]);
  }
  assertEquals(sock.getsockname(), ["0.0.0.0", 0]);
});

Deno.test("Socket.close() may be called again", async () => {
  await using pair = await connected();
  for (const sock of [socket(), listening(), pair.client]) {
    assertEquals(sock.close(), undefined);
    assertEquals(sock.close(), undefined);
    await end(sock);
  }
});

Deno.test("Socket.close() makes every later call raise EBADF", async () => {
  const calls: readonly ((sock: Socket) => unknown)[] = [
    (sock) => sock.accept(),
    (sock) => sock.bind([LOCALHOST, 0]),
    (sock) => sock.connect([LOCALHOST, 1]),
    (sock) => sock.getpeername(),
    (sock) => sock.getsockname(),
    (sock) => sock.getsockopt(1, 2),
    (sock) => sock.listen(),
    (sock) => sock.recv(1),
    (sock) => sock.recv_into(new Uint8Array(1)),
    (sock) => sock.send(bytes("x")),
    (sock) => sock.sendall(bytes("x")),
    (sock) => sock.setblocking(true),
    (sock) => sock.setsockopt(1, 2, 1),
    (sock) => sock.settimeout(1),
    (sock) => sock.shutdown(2),
  ];
  const pair = await connected();
  const listener = listening();
  for (const sock of [await closed(), listener, pair.client, pair.conn]) {
    sock.close();
    for (const each of calls) {
      assertEquals(await outcome(() => each(sock)), EBADF, String(each));
    }
    await end(sock);
  }
});

Deno.test("Socket.close() tells the peer that nothing more comes", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  client.close();
  assertEquals(await inTime(conn.recv(1)), EMPTY);
});

Deno.test("Socket.close() ends every waiting call with EBADF", async () => {
  for (const timeout of [null, 30]) {
    await using pair = await connected();
    const { client } = pair;
    client.settimeout(timeout);
    await fill(client);
    const waiting = [
      outcome(() => client.recv(1)),
      outcome(() => client.recv(1)),
      outcome(() => client.recv_into(new Uint8Array(1))),
      outcome(() => client.send(bytes("x"))),
      outcome(() => client.sendall(bytes("x"))),
    ];
    assert(await isPending(Promise.race(waiting)));
    const start = performance.now();
    client.close();
    for (const each of waiting) assertEquals(await each, EBADF);
    assert(performance.now() - start < 1000);
    await end(pair.conn);
  }
});

Deno.test("Socket.close() ends a waiting connect() with EBADF", async () => {
  await using nobody = await silent();
  for (const timeout of [null, 30]) {
    const sock = socket();
    sock.settimeout(timeout);
    const connecting = outcome(() => sock.connect(nobody.address));
    assert(await isPending(connecting));
    sock.close();
    assertEquals(await connecting, EBADF);
    await end(sock);
  }
});

Deno.test("Socket.close() ends a recv_into() that has begun, and leaves its array", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const buffer = new Uint8Array(4);
  const receiving = outcome(() => client.recv_into(buffer));
  assert(await isPending(receiving));
  client.close();
  assertEquals(await receiving, EBADF);
  await outcome(() => conn.sendall(bytes("late")));
  await end(client);
  assertEquals(buffer, new Uint8Array(4));
});

Deno.test("Socket.close() is quiet about a connection that is broken", async () => {
  await using pair = await breakable();
  await pair.reset();
  assertEquals(pair.client.close(), undefined);
});

Deno.test("Socket.close() frees the port for the next bind() at once", async () => {
  let address = [LOCALHOST, 0] as [string, number];
  for (let round = 0; round < 5; round++) {
    const listener = socket();
    listener.bind(address);
    listener.listen();
    address = listener.getsockname() as [string, number];
    listener.close();
  }
  await end(create_server(address));
});

Deno.test("Socket.close() frees the port also when an accept() has timed out", async () => {
  const first = listening();
  const address = first.getsockname();
  for (const timeout of [0.01, 0]) {
    first.settimeout(timeout);
    await outcome(() => first.accept());
  }
  first.close();
  await using second = socket();
  second.bind(address);
  second.listen();
  assertEquals(second.getsockname(), address);
  await using client = socket();
  await inTime(client.connect(address));
  const [conn, peer] = await inTime(second.accept());
  assertEquals(peer, client.getsockname());
  await end(conn);
});

Deno.test("Socket.close() frees the port also while accept() calls wait", async () => {
  const first = listening();
  const address = first.getsockname();
  const accepting = outcome(() => first.accept());
  first.close();
  await using second = create_server(address);
  assertEquals(await accepting, EBADF);
  await using client = socket();
  await inTime(client.connect(address));
  const [conn] = await inTime(second.accept());
  await end(conn);
});

Deno.test("Socket.close() of a listener refuses those who come later", async () => {
  const listener = listening();
  const address = listener.getsockname();
  listener.settimeout(0.001);
  await outcome(() => listener.accept());
  listener.close();
  await using client = socket();
  assertEquals(
    await outcome(() => client.connect(address)),
    ECONNREFUSED,
  );
});

Deno.test("await using a socket waits until its port is free", async () => {
  let address;
  {
    await using listener = listening();
    address = listener.getsockname();
    listener.setblocking(false);
    await outcome(() => listener.accept());
  }
  // Deno itself has no patience with a port that is not quite free.
  Deno.listen({ hostname: LOCALHOST, port: address[1] }).close();
});

Deno.test("using a socket closes it at the end of the block", () => {
  let inside;
  {
    using sock = socket();
    inside = sock;
  }
  assertEquals(String(inside).includes("[closed]"), true);
});
