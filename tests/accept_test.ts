/** `Socket.accept()`. */

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  AF_INET6,
  create_connection,
  IPPROTO_TCP,
  setdefaulttimeout,
  SO_KEEPALIVE,
  SO_REUSEADDR,
  Socket,
  socket,
  SOL_SOCKET,
  TCP_NODELAY,
} from "../mod.ts";
import {
  assertRows,
  bytes,
  EAGAIN,
  EBADF,
  EINVAL,
  inTime,
  isPending,
  outcome,
  text,
  TIMED_OUT,
} from "./_outcome.ts";
import {
  closed,
  connectAndReset,
  connected,
  drain,
  end,
  listening,
  LOCALHOST,
  NO_IPV6,
  testUnless,
} from "./_pairs.ts";

Deno.test("Socket.accept() takes no argument", async () => {
  await using listener = listening();
  await assertRows(listener, "accept", [
    [
      [1],
      "TypeError: socket.accept() takes 1 positional argument but 2 were given",
    ],
  ]);
});

Deno.test("Socket.accept() raises EINVAL at once on what does not listen", async () => {
  for (const timeout of [null, 0, 5]) {
    await using fresh = socket();
    await using bound = socket();
    bound.bind([LOCALHOST, 0]);
    await using pair = await connected();
    for (const sock of [fresh, bound, pair.client, pair.conn]) {
      sock.settimeout(timeout);
      assertEquals(await outcome(() => sock.accept()), EINVAL);
    }
  }
});

Deno.test("Socket.accept() raises EBADF on a closed socket", async () => {
  const sock = await closed();
  assertEquals(await outcome(() => sock.accept()), EBADF);
});

Deno.test("Socket.accept() returns a socket and the peer's address", async () => {
  await using listener = listening();
  await using client = await create_connection(listener.getsockname());
  const [conn, address] = await listener.accept();
  assertEquals(address, client.getsockname());
  assertEquals(conn.getsockname(), listener.getsockname());
  assertEquals(
    [conn.family, conn.type, conn.proto],
    [listener.family, listener.type, listener.proto],
  );
  await end(conn);
});

testUnless(
  NO_IPV6,
  "Socket.accept() returns an IPv6 address of four parts",
  async () => {
    await using listener = listening(AF_INET6);
    const [host, port] = listener.getsockname();
    await using client = await create_connection([host, port]);
    const [conn, address] = await listener.accept();
    assertEquals(address, ["::1", client.getsockname()[1], 0, 0]);
    await end(conn);
  },
);

Deno.test("Socket.accept() waits for a client", async () => {
  await using listener = listening();
  const accepting = listener.accept();
  assert(await isPending(accepting));
  await using client = await create_connection(listener.getsockname());
  const [conn, address] = await inTime(accepting);
  assertEquals(address, client.getsockname());
  await end(conn);
});

Deno.test("Socket.accept() gives up after the timeout, and not before", async () => {
  await using listener = listening();
  listener.settimeout(0.05);
  const start = performance.now();
  assertEquals(await outcome(() => listener.accept()), TIMED_OUT);
  assert(performance.now() - start >= 49);
});

Deno.test("Socket.accept() never waits with a timeout of 0", async () => {
  await using listener = listening();
  listener.setblocking(false);
  assertEquals(await outcome(() => listener.accept()), EAGAIN);
  await using client = await create_connection(listener.getsockname());
  const [conn, address] = await listener.accept();
  assertEquals(address, client.getsockname());
  await end(conn);
  assertEquals(await outcome(() => listener.accept()), EAGAIN);
});

Deno.test("Socket.accept() gets the client that came after a timeout", async () => {
  await using listener = listening();
  for (const timeout of [0.01, 0]) {
    listener.settimeout(timeout);
    const failure = await outcome(() => listener.accept());
    assertEquals(failure, timeout === 0 ? EAGAIN : TIMED_OUT);
    await using client = await create_connection(listener.getsockname());
    listener.settimeout(null);
    const [conn, address] = await inTime(listener.accept());
    assertEquals(address, client.getsockname());
    await end(conn);
  }
});

Deno.test("Socket.accept() serves its callers in their order", async () => {
  await using listener = listening();
  const callers = [listener.accept(), listener.accept(), listener.accept()];
  for (const caller of callers) {
    await using client = await create_connection(listener.getsockname());
    const [conn, address] = await inTime(caller);
    assertEquals(address, client.getsockname());
    await end(conn);
  }
});

Deno.test("Socket.accept() passes a caller over who has timed out", async () => {
  await using listener = listening();
  const first = listener.accept();
  listener.settimeout(0.01);
  const hasty = outcome(() => listener.accept());
  listener.settimeout(null);
  const last = listener.accept();
  assertEquals(await hasty, TIMED_OUT);
  for (const caller of [first, last]) {
    await using client = await create_connection(listener.getsockname());
    const [conn, address] = await inTime(caller);
    assertEquals(address, client.getsockname());
    await end(conn);
  }
});

Deno.test("Socket.accept() returns clients in the order in which they came", async () => {
  await using listener = listening();
  const clients: Socket[] = [];
  for (let i = 0; i < 20; i++) {
    clients.push(await create_connection(listener.getsockname()));
  }
  for (const client of clients) {
    const [conn, address] = await listener.accept();
    assertEquals(address, client.getsockname());
    await end(conn);
    await end(client);
  }
});

Deno.test("Socket.accept() also returns a client that has said all and gone", async () => {
  await using listener = listening();
  const client = await create_connection(listener.getsockname());
  await client.sendall(bytes("early"));
  await end(client);
  const [conn] = await listener.accept();
  assertEquals(text(await drain(conn)), "early");
  await end(conn);
});

Deno.test("Socket.accept() makes a plain Socket, whatever the listener is", async () => {
  class MySocket extends Socket {}
  await using listener = new MySocket();
  listener.bind([LOCALHOST, 0]);
  listener.listen();
  await using _client = await create_connection(listener.getsockname());
  const [conn] = await listener.accept();
  assertStrictEquals(conn.constructor, Socket);
  await end(conn);
});

Deno.test("Socket.accept() makes sockets with the default timeout, never the listener's", async () => {
  for (const own of [null, 0, 5]) {
    for (const byDefault of [null, 0, 7]) {
      await using listener = listening();
      await using _client = await create_connection(listener.getsockname());
      listener.settimeout(own);
      setdefaulttimeout(byDefault);
      try {
        const [conn] = await listener.accept();
        assertEquals(conn.gettimeout(), byDefault);
        await end(conn);
      } finally {
        setdefaulttimeout(null);
      }
    }
  }
});

Deno.test("Socket.accept() makes sockets with the listener's options", async () => {
  await using listener = socket();
  listener.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1);
  listener.setsockopt(SOL_SOCKET, SO_KEEPALIVE, 1);
  listener.bind([LOCALHOST, 0]);
  listener.listen();
  await using _client = await create_connection(listener.getsockname());
  const [conn] = await listener.accept();
  assertEquals(conn.getsockopt(IPPROTO_TCP, TCP_NODELAY), 1);
  assertEquals(conn.getsockopt(SOL_SOCKET, SO_KEEPALIVE), 1);
  assertEquals(conn.getsockopt(SOL_SOCKET, SO_REUSEADDR), 0);
  conn.setsockopt(IPPROTO_TCP, TCP_NODELAY, 0);
  assertEquals(listener.getsockopt(IPPROTO_TCP, TCP_NODELAY), 1);
  await end(conn);
});

Deno.test("Socket.accept() ends with EBADF when the socket is closed", async () => {
  for (const timeout of [null, 30]) {
    const listener = listening();
    listener.settimeout(timeout);
    const callers = [1, 2].map(() => outcome(() => listener.accept()));
    await end(listener);
    assertEquals(await Promise.all(callers), [EBADF, EBADF]);
  }
});

Deno.test("Socket.accept() ends with EINVAL when the listener is shut down", async () => {
  await using listener = listening();
  const accepting = outcome(() => listener.accept());
  await listener.shutdown(2);
  assertEquals(await accepting, EINVAL);
});

Deno.test("Socket.accept() passes over a client that is gone before", async () => {
  using listener = listening();
  // Each is connected by the kernel, and breaks the connection at once.
  for (let i = 0; i < 3; i++) await connectAndReset(listener);
  using client = new Socket();
  await client.connect(listener.getsockname());
  const [conn, address] = await inTime(listener.accept());
  conn.close();
  assertEquals(address, client.getsockname());
});
