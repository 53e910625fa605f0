/** The flags of `Socket.recv()` and `Socket.recv_into()`. */

import { assert, assertEquals } from "@std/assert";
import { MSG_DONTWAIT, MSG_OOB, MSG_PEEK, MSG_WAITALL } from "../mod.ts";
import {
  bytes,
  EAGAIN,
  ECONNRESET,
  EMPTY,
  EOPNOTSUPP,
  inTime,
  isPending,
  outcome,
  text,
  TIMED_OUT,
} from "./_outcome.ts";
import { breakable, connected, end } from "./_pairs.ts";

Deno.test("MSG_PEEK leaves the bytes to the next call", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await conn.sendall(bytes("hello"));
  assertEquals(text(await client.recv(2, MSG_PEEK)), "he");
  const buffer = new Uint8Array(4);
  assertEquals(await client.recv_into(buffer, 3, MSG_PEEK), 3);
  assertEquals(text(buffer), "hel\0");
  assertEquals(text(await client.recv(9)), "hello");
  await end(conn);
  assertEquals(await client.recv(9, MSG_PEEK), EMPTY);
  assertEquals(await client.recv(9), EMPTY);
});

Deno.test("MSG_PEEK waits for bytes, and the next caller gets them too", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const peeking = client.recv(9, MSG_PEEK);
  const receiving = client.recv(9);
  assert(await isPending(peeking));
  await conn.sendall(bytes("both"));
  assertEquals(text(await inTime(peeking)), "both");
  assertEquals(text(await inTime(receiving)), "both");
});

Deno.test("MSG_DONTWAIT never waits, on a socket without a timeout", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  assertEquals(await outcome(() => client.recv(9, MSG_DONTWAIT)), EAGAIN);
  const buffer = new Uint8Array(9);
  const receive = () => client.recv_into(buffer, 0, MSG_DONTWAIT);
  assertEquals(await outcome(receive), EAGAIN);
  await conn.sendall(bytes("hello"));
  assertEquals(text(await client.recv(9, MSG_DONTWAIT)), "hello");
});

Deno.test("MSG_DONTWAIT waits all the same on a socket with a timeout", async () => {
  await using pair = await connected();
  pair.client.settimeout(0.02);
  const start = performance.now();
  assertEquals(
    await outcome(() => pair.client.recv(9, MSG_DONTWAIT)),
    TIMED_OUT,
  );
  assert(performance.now() - start >= 19);
});

Deno.test("MSG_WAITALL waits for everything that was asked for", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await conn.sendall(bytes("12"));
  const receiving = client.recv(5, MSG_WAITALL);
  assert(await isPending(receiving));
  await conn.sendall(bytes("3456"));
  assertEquals(text(await inTime(receiving)), "12345");
  assertEquals(text(await client.recv(9)), "6");
  const buffer = new Uint8Array(4);
  const filling = client.recv_into(buffer, 3, MSG_WAITALL);
  await conn.sendall(bytes("a"));
  await conn.sendall(bytes("bc"));
  assertEquals(await inTime(filling), 3);
  assertEquals(text(buffer), "abc\0");
});

Deno.test("MSG_WAITALL is content with less at the end of the stream", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await conn.sendall(bytes("12"));
  await end(conn);
  assertEquals(text(await client.recv(5, MSG_WAITALL)), "12");
  assertEquals(await client.recv(5, MSG_WAITALL), EMPTY);
});

Deno.test("MSG_OOB, which Deno cannot do, is EOPNOTSUPP", async () => {
  await using pair = await connected();
  const expected = EOPNOTSUPP;
  assertEquals(await outcome(() => pair.client.recv(1, MSG_OOB)), expected);
  assertEquals(
    await outcome(() => pair.client.send(bytes("x"), MSG_OOB)),
    expected,
  );
});

Deno.test("MSG_WAITALL returns what came before a reset, which the next call tells", async () => {
  await using pair = await breakable();
  const { client } = pair;
  const receiving = client.recv(9, MSG_WAITALL);
  await pair.send(bytes("la"));
  assert(await isPending(receiving));
  await pair.reset();
  assertEquals(text(await inTime(receiving)), "la");
  assertEquals(await outcome(() => client.recv(1)), ECONNRESET);
  assertEquals(await client.recv(1), EMPTY);
});

Deno.test("MSG_WAITALL for no bytes waits until there are some", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const receiving = client.recvfrom(0, MSG_WAITALL);
  assert(await isPending(receiving));
  await conn.sendall(bytes("x"));
  assertEquals((await inTime(receiving))[0], EMPTY);
  assertEquals(text(await client.recv(1)), "x");
});

Deno.test("MSG_WAITALL with MSG_PEEK takes nothing", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await conn.sendall(bytes("hello"));
  assertEquals(text(await client.recv(5, MSG_WAITALL | MSG_PEEK)), "hello");
  assertEquals(text(await client.recv(5)), "hello");
});

Deno.test("MSG_PEEK finds what has arrived since the last one", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await conn.sendall(bytes("he"));
  assertEquals(text(await client.recv(9, MSG_PEEK)), "he");
  await conn.sendall(bytes("llo"));
  assertEquals(text(await client.recv(9, MSG_PEEK)), "hello");
  const buffer = new Uint8Array(9);
  await conn.sendall(bytes("!"));
  assertEquals(await client.recv_into(buffer, 9, MSG_PEEK), 6);
  assertEquals(text(await client.recv(3)), "hel");
  assertEquals(text(await client.recv(9)), "lo!");
});

Deno.test("MSG_PEEK may be repeated until there is enough", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await conn.sendall(bytes("he"));
  setTimeout(() => conn.sendall(bytes("llo")), 1);
  let peeked = "";
  while (peeked.length < 5) peeked = text(await client.recv(5, MSG_PEEK));
  assertEquals(peeked, "hello");
});

Deno.test("MSG_PEEK with MSG_WAITALL waits for all bytes, or their end", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await conn.sendall(bytes("he"));
  const peeking = client.recv(5, MSG_PEEK | MSG_WAITALL);
  setTimeout(() => conn.sendall(bytes("llo")), 1);
  assertEquals(text(await peeking), "hello");
  await end(conn);
  assertEquals(text(await client.recv(9, MSG_PEEK | MSG_WAITALL)), "hello");
  assertEquals(text(await client.recv(9)), "hello");
});

Deno.test("recv() at the end again and again lets others have their turn", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await end(conn);
  let isDue = false;
  setTimeout(() => isDue = true, 1);
  while (!isDue) assertEquals(await client.recv(9), EMPTY);
  isDue = false;
  setTimeout(() => isDue = true, 1);
  const buffer = new Uint8Array(9);
  while (!isDue) assertEquals(await client.recv_into(buffer), 0);
});
