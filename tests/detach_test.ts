/** `Socket.detach()`, and the constructor that takes what it returns. */

import { assert, assertEquals } from "@std/assert";
import { close, type Descriptor, socket } from "../mod.ts";
import {
  bytes,
  EBADF,
  ECONNRESET,
  inTime,
  outcome,
  text,
  TIMED_OUT,
} from "./_outcome.ts";
import {
  breakable,
  closed,
  connected,
  end,
  listening,
  testUnless,
} from "./_pairs.ts";
import { NO_POSIX } from "./_posix.ts";

Deno.test("Socket.detach() closes the object and not the connection", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const descriptor = client.detach();
  assert(descriptor !== -1);
  assertEquals(client.detach(), -1);
  assertEquals(client.close(), undefined);
  assertEquals(await outcome(() => client.recv(1)), EBADF);
  assertEquals(await outcome(() => client.settimeout(5)), EBADF);
  assertEquals(client.gettimeout(), 5);
  await using adopted = socket(-1, -1, -1, descriptor);
  assertEquals(adopted.getpeername(), conn.getsockname());
  await conn.sendall(bytes("still"));
  assertEquals(text(await adopted.recv(9)), "still");
  await adopted.sendall(bytes("here"));
  assertEquals(text(await conn.recv(9)), "here");
});

Deno.test("Socket.detach() of a closed socket is -1", async () => {
  assertEquals((await closed()).detach(), -1);
});

Deno.test("Socket.detach() takes along bytes that were received and not read", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await conn.sendall(bytes("abcdef"));
  client.settimeout(5);
  assertEquals(text(await client.recv(2)), "ab");
  const descriptor = client.detach();
  assert(descriptor !== -1);
  await using adopted = socket(-1, -1, -1, descriptor);
  assertEquals(adopted.gettimeout(), null);
  assertEquals(text(await inTime(adopted.recv(99))), "cdef");
});

Deno.test("Socket.detach() takes along a read that was pending", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  client.settimeout(0.01);
  assertEquals(await outcome(() => client.recv(9)), TIMED_OUT);
  const descriptor = client.detach();
  assert(descriptor !== -1);
  await conn.sendall(bytes("late"));
  await using adopted = socket(-1, -1, -1, descriptor);
  assertEquals(text(await inTime(adopted.recv(9))), "late");
});

Deno.test("Socket.detach() takes along a client that nobody has accepted", async () => {
  await using listener = listening();
  const address = listener.getsockname();
  listener.settimeout(0.01);
  await outcome(() => listener.accept());
  await using client = socket();
  await client.connect(address);
  const descriptor = listener.detach();
  assert(descriptor !== -1);
  await using adopted = socket(-1, -1, -1, descriptor);
  const [conn, peer] = await inTime(adopted.accept());
  assertEquals(peer, client.getsockname());
  await end(conn);
});

testUnless(
  NO_POSIX,
  "Socket.detach() still finds the descriptor when the peer has reset",
  async () => {
    await using pair = await breakable();
    await pair.reset();
    assertEquals(await outcome(() => pair.client.recv(1)), ECONNRESET);
    const descriptor = pair.client.detach() as Descriptor;
    assert(descriptor.fileno() > 0);
    close(descriptor);
  },
);
