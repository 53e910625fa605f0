/** `Socket.recv()` at the end: the peer has closed, reset, or this side shut down. */

import { assertEquals } from "@std/assert";
import { AF_UNIX, SHUT_RD } from "../mod.ts";
import {
  bytes,
  ECONNRESET,
  EMPTY,
  ENOTCONN,
  EPIPE,
  inTime,
  outcome,
  text,
} from "./_outcome.ts";
import {
  breakable,
  connected,
  drain,
  end,
  NO_UNIX,
  testUnless,
} from "./_pairs.ts";

Deno.test("Socket.recv() returns an empty array once the peer has shut down", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await conn.sendall(bytes("last"));
  await end(conn);
  assertEquals(text(await client.recv(99)), "last");
  for (const timeout of [null, 0, 5]) {
    client.settimeout(timeout);
    assertEquals(await inTime(client.recv(9)), EMPTY);
    assertEquals(await inTime(client.recv_into(new Uint8Array(9))), 0);
  }
});

Deno.test("Socket.recv() reports a reset once, then the end of the stream", async () => {
  for (const timeout of [null, 0, 5]) {
    await using pair = await breakable();
    const { client } = pair;
    client.settimeout(timeout);
    await pair.reset();
    assertEquals(await outcome(() => client.recv(1)), ECONNRESET);
    assertEquals(await client.recv(1), EMPTY);
    assertEquals(
      await outcome(() => client.send(bytes("x"))),
      EPIPE,
    );
    assertEquals(await outcome(() => client.getpeername()), ENOTCONN);
    assertEquals(await outcome(() => client.shutdown(2)), ENOTCONN);
  }
});

Deno.test("Socket.recv() that waits is told of a reset", async () => {
  for (const receive of ["recv", "recv_into"] as const) {
    await using pair = await breakable();
    const { client } = pair;
    const receiving = outcome(() =>
      receive === "recv" ? client.recv(9) : client.recv_into(new Uint8Array(9))
    );
    await pair.reset();
    assertEquals(await receiving, ECONNRESET);
    assertEquals(await client.recv(1), EMPTY);
  }
});

Deno.test("Socket.recv() returns bytes that came before a reset first", async () => {
  await using pair = await breakable();
  const { client } = pair;
  await pair.send(bytes("last"));
  assertEquals(text(await client.recv(2)), "la");
  await pair.reset();
  assertEquals(text(await client.recv(9)), "st");
  assertEquals(await outcome(() => client.recv(1)), ECONNRESET);
});

Deno.test("Socket.recv() that waits is woken by SHUT_RD", async () => {
  for (const timeout of [null, 5]) {
    await using pair = await connected();
    const { client } = pair;
    client.settimeout(timeout);
    const buffer = new Uint8Array(9);
    const receiving = [client.recv(1), client.recv(1)];
    const filling = client.recv_into(buffer);
    await client.shutdown(SHUT_RD);
    for (const each of receiving) assertEquals(await inTime(each), EMPTY);
    assertEquals(await inTime(filling), 0);
  }
});

Deno.test("Socket.recv() after SHUT_RD returns what arrives, and never waits", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await client.shutdown(SHUT_RD);
  assertEquals(await inTime(client.recv(9)), EMPTY);
  await conn.sendall(bytes("late"));
  assertEquals(text(await inTime(client.recv(9))), "late");
  assertEquals(await inTime(client.recv(9)), EMPTY);
  await conn.sendall(bytes("later"));
  assertEquals(text(await inTime(client.recv(2))), "la");
  assertEquals(text(await inTime(client.recv(9))), "ter");
  assertEquals(await inTime(client.recv(9)), EMPTY);
});

testUnless(
  NO_UNIX,
  "Socket.recv() on AF_UNIX returns all up to the end",
  async () => {
    await using pair = await connected(AF_UNIX);
    const { client, conn } = pair;
    const data = crypto.getRandomValues(new Uint8Array(60_000));
    const draining = drain(conn);
    await client.sendall(data);
    await end(client);
    assertEquals(await inTime(draining), data);
  },
);
