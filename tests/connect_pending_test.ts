/** `Socket.connect()` that does not end at once: timeouts, and attempts in the background. */

import { assert, assertEquals } from "@std/assert";
import {
  create_connection,
  errno,
  SO_ERROR,
  type Socket,
  socket,
  SOL_SOCKET,
} from "../mod.ts";
import {
  bytes,
  EAGAIN,
  EALREADY,
  EBADF,
  EINPROGRESS,
  EISCONN,
  ENOTCONN,
  inTime,
  isPending,
  outcome,
  text,
  TIMED_OUT,
} from "./_outcome.ts";
import { end, listening, LOCALHOST, refusing, silent } from "./_pairs.ts";

/** Tries until it is no longer true that the attempt goes on. */
async function connectedAtLast(sock: Socket): Promise<void> {
  while (true) {
    try {
      sock.getpeername();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
}

Deno.test("Socket.connect() gives up after the timeout, and not before", async () => {
  await using nobody = await silent();
  await using sock = socket();
  sock.settimeout(0.05);
  const start = performance.now();
  assertEquals(await outcome(() => sock.connect(nobody.address)), TIMED_OUT);
  assert(performance.now() - start >= 49);
});

Deno.test("Socket.connect_ex() returns EAGAIN after the timeout", async () => {
  await using nobody = await silent();
  await using sock = socket();
  sock.settimeout(0.01);
  assertEquals(await sock.connect_ex(nobody.address), errno.EAGAIN);
});

Deno.test("Socket.connect() says EALREADY after a timeout", async () => {
  await using nobody = await silent();
  await using sock = socket();
  sock.settimeout(0.01);
  assertEquals(await outcome(() => sock.connect(nobody.address)), TIMED_OUT);
  assertEquals(await outcome(() => sock.connect(nobody.address)), EALREADY);
  assertEquals(await sock.connect_ex(nobody.address), errno.EALREADY);
});

Deno.test("Socket.connect() waits without a timeout until the socket is closed", async () => {
  await using nobody = await silent();
  const sock = socket();
  const connecting = outcome(() => sock.connect(nobody.address));
  assert(await isPending(connecting));
  await end(sock);
  assertEquals(await connecting, EBADF);
});

Deno.test("Socket.connect() that may not wait goes on after EINPROGRESS", async () => {
  await using listener = listening();
  const address = listener.getsockname();
  await using sock = socket();
  sock.setblocking(false);
  assertEquals(await outcome(() => sock.connect(address)), EINPROGRESS);
  await inTime(connectedAtLast(sock));
  assertEquals(
    await outcome(() => sock.connect(address)),
    "returned undefined",
  );
  assertEquals(await outcome(() => sock.connect(address)), EISCONN);
});

Deno.test("Socket.connect_ex() that may not wait tells 115, 0 and 106", async () => {
  await using listener = listening();
  const address = listener.getsockname();
  await using sock = socket();
  sock.setblocking(false);
  assertEquals(await sock.connect_ex(address), errno.EINPROGRESS);
  await inTime(connectedAtLast(sock));
  assertEquals(sock.getsockopt(SOL_SOCKET, SO_ERROR), 0);
  assertEquals(sock.getpeername(), address);
  assertEquals(await sock.connect_ex(address), 0);
  assertEquals(await sock.connect_ex(address), errno.EISCONN);
});

Deno.test("Socket.connect_ex() tells a refusal once, then tries again", async () => {
  const address = await refusing();
  await using sock = socket();
  sock.setblocking(false);
  for (let round = 0; round < 2; round++) {
    assertEquals(await sock.connect_ex(address), errno.EINPROGRESS);
    let result = errno.EALREADY;
    while (result === errno.EALREADY) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      result = await sock.connect_ex(address);
    }
    assertEquals(result, errno.ECONNREFUSED);
  }
});

Deno.test("SO_ERROR of a socket tells once why a connection was not made", async () => {
  await using sock = socket();
  sock.setblocking(false);
  assertEquals(await sock.connect_ex(await refusing()), errno.EINPROGRESS);
  let number = 0;
  while (number === 0) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    number = sock.getsockopt(SOL_SOCKET, SO_ERROR);
  }
  assertEquals(number, errno.ECONNREFUSED);
  assertEquals(sock.getsockopt(SOL_SOCKET, SO_ERROR), 0);
});

Deno.test("Socket.connect() under way: calls that may not wait say so", async () => {
  await using nobody = await silent();
  const { address } = nobody;
  await using sock = socket();
  sock.setblocking(false);
  assertEquals(await sock.connect_ex(address), errno.EINPROGRESS);
  assertEquals(await sock.connect_ex(address), errno.EALREADY);
  assertEquals(await outcome(() => sock.connect(address)), EALREADY);
  assertEquals(await outcome(() => sock.send(bytes("x"))), EAGAIN);
  assertEquals(await outcome(() => sock.recv(1)), EAGAIN);
  assertEquals(await outcome(() => sock.getpeername()), ENOTCONN);
});

Deno.test("Socket.connect() under way: a call with a timeout times out", async () => {
  await using nobody = await silent();
  await using sock = socket();
  sock.setblocking(false);
  assertEquals(await sock.connect_ex(nobody.address), errno.EINPROGRESS);
  sock.settimeout(0.01);
  assertEquals(await outcome(() => sock.recv(1)), TIMED_OUT);
  assertEquals(await outcome(() => sock.send(bytes("x"))), TIMED_OUT);
  assertEquals(await sock.connect_ex(nobody.address), errno.EALREADY);
});

Deno.test("Socket.connect() in the background: send() and recv() wait for it", async () => {
  await using listener = listening();
  await using sock = socket();
  sock.setblocking(false);
  assertEquals(
    await sock.connect_ex(listener.getsockname()),
    errno.EINPROGRESS,
  );
  sock.settimeout(null);
  assertEquals(await inTime(sock.send(bytes("hi"))), 2);
  const [conn] = await listener.accept();
  assertEquals(text(await conn.recv(9)), "hi");
  await end(conn);
});

Deno.test("Socket.connect() goes on after a timeout, and the next call gets the connection", async () => {
  // With one place in the backlog taken, the next client has to wait.
  await using listener = socket();
  listener.bind([LOCALHOST, 0]);
  listener.listen(0);
  await using first = await create_connection(listener.getsockname());
  await using sock = socket();
  sock.settimeout(0.02);
  const failure = await outcome(() => sock.connect(listener.getsockname()));
  assertEquals(failure, TIMED_OUT);
  const [conn, address] = await listener.accept();
  assertEquals(address, first.getsockname());
  await end(conn);
  sock.settimeout(null);
  assertEquals(await inTime(sock.send(bytes("late"))), 4);
  const [other] = await inTime(listener.accept());
  assertEquals(text(await other.recv(9)), "late");
  await end(other);
});
