/** `Socket.listen()`, and `shutdown()` of what listens. */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  create_connection,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  socket,
} from "../mod.ts";
import {
  assertRows,
  bytes,
  call,
  EBADF,
  EINVAL,
  EISCONN,
  ENOTCONN,
  EPIPE,
  inTime,
  isPending,
  NOT_INT,
  outcome,
} from "./_outcome.ts";
import { closed, connected, end, listening, LOCALHOST } from "./_pairs.ts";

Deno.test("Socket.bind() lets peers in, whom accept() gets once listen() was called", async () => {
  await using listener = socket();
  listener.bind([LOCALHOST, 0]);
  await using client = await create_connection(listener.getsockname());
  assertEquals(await outcome(() => listener.accept()), EINVAL);
  listener.listen();
  const [conn, address] = await inTime(listener.accept());
  assertEquals(address, client.getsockname());
  await end(conn);
});

Deno.test("Socket.listen() refuses what is no backlog", async () => {
  await using sock = socket();
  await assertRows(sock, "listen", [
    [[2 ** 31], "OverflowError: signed integer is greater than maximum"],
    [[-(2 ** 31) - 1], "OverflowError: signed integer is less than minimum"],
    [[1.5], `TypeError: 'float' ${NOT_INT}`],
    [[null], `TypeError: 'NoneType' ${NOT_INT}`],
    [["5"], `TypeError: 'str' ${NOT_INT}`],
    [[5, 6], "TypeError: listen() takes at most 1 argument (2 given)"],
  ]);
  assertEquals(await outcome(() => sock.accept()), EINVAL);
});

Deno.test("Socket.listen() takes any backlog, also a negative one, and again", async () => {
  for (const args of [[], [0], [-1], [1], [5], [true], [2 ** 31 - 1]]) {
    await using sock = socket();
    sock.bind([LOCALHOST, 0]);
    const address = sock.getsockname();
    assertEquals(call(sock, "listen", args), undefined);
    assertEquals(sock.listen(10), undefined);
    assertEquals(sock.getsockname(), address);
    await using client = await create_connection(address);
    const [conn] = await sock.accept();
    assertEquals(conn.getpeername(), client.getsockname());
    await end(conn);
  }
});

Deno.test("Socket.listen() without bind() takes a port on all interfaces", async () => {
  await using sock = socket();
  sock.listen();
  const [host, port] = sock.getsockname();
  assertEquals(host, "0.0.0.0");
  assert(port > 0);
});

Deno.test("Socket.listen() raises EINVAL on a connected, EBADF on a closed socket", async () => {
  await using pair = await connected();
  assertEquals(await outcome(() => pair.client.listen()), EINVAL);
  const sock = await closed();
  assertEquals(await outcome(() => sock.listen()), EBADF);
});

Deno.test("Socket.listen() makes a socket that neither connects nor receives", async () => {
  await using sock = socket();
  await using other = listening();
  sock.listen();
  assertEquals(await outcome(() => sock.getpeername()), ENOTCONN);
  assertEquals(await outcome(() => sock.recv(1)), ENOTCONN);
  assertEquals(
    await outcome(() => sock.send(bytes("x"))),
    EPIPE,
  );
  assertEquals(
    await outcome(() => sock.connect(other.getsockname())),
    EISCONN,
  );
});

Deno.test("Socket.listen() keeps what it was told of the backlog", async () => {
  await using listener = socket();
  listener.bind([LOCALHOST, 0]);
  listener.listen(0);
  // The kernel completes one connection more than the backlog.
  await using first = socket();
  await first.connect(listener.getsockname());
  const second = socket();
  const connecting = outcome(() => second.connect(listener.getsockname()));
  assert(await isPending(connecting));
  await end(second);
  assertEquals(await connecting, EBADF);
});

Deno.test("Socket.listen() lets a listener go on after SHUT_RD", async () => {
  await using listener = listening();
  const address = listener.getsockname();
  await listener.shutdown(SHUT_RD);
  assertEquals(listener.getsockname(), address);
  assertEquals(await outcome(() => listener.accept()), EINVAL);
  listener.listen();
  await using client = await create_connection(listener.getsockname());
  const [conn, peer] = await inTime(listener.accept());
  assertEquals(peer, client.getsockname());
  await end(conn);
});

Deno.test("Socket.shutdown() of a listener: SHUT_WR changes nothing, SHUT_RDWR ends it", async () => {
  await using listener = listening();
  const address = listener.getsockname();
  await listener.shutdown(SHUT_WR);
  await using client = await create_connection(address);
  const [conn] = await listener.accept();
  await end(conn);
  await listener.shutdown(SHUT_RDWR);
  assertEquals(listener.getsockname(), address);
  assertEquals(await outcome(() => listener.accept()), EINVAL);
  await end(client);
});

Deno.test("Socket.shutdown() frees a listener's port that the system chose, and its name stays", async () => {
  await using other = listening();
  await using listener = listening();
  const address = listener.getsockname();
  await listener.shutdown(SHUT_RD);
  assertEquals(listener.getsockname(), address);
  await listener.connect(other.getsockname());
  assertNotEquals(listener.getsockname(), address);
  const [conn] = await other.accept();
  assertEquals(conn.getpeername(), listener.getsockname());
  await end(conn);
  await using bound = listening();
  await bound.shutdown(SHUT_RD);
  assertEquals(
    await outcome(() => bound.bind([LOCALHOST, 0])),
    "returned undefined",
  );
  const chosen = bound.getsockname();
  await end(bound);
  await using again = socket();
  again.bind(chosen);
  again.listen();
  await again.shutdown(SHUT_RD);
  assertEquals(await outcome(() => again.bind([LOCALHOST, 0])), EINVAL);
  again.listen();
  assertEquals(again.getsockname(), chosen);
});
