/** `Socket.send()` and `Socket.sendall()` when there is no room for everything. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BrokenPipeError,
  ConnectionError,
  OSError,
  SHUT_WR,
  TimeoutError,
} from "../mod.ts";
import {
  assertSameBytes,
  bytes,
  describe,
  EAGAIN,
  EMPTY,
  inTime,
  isPending,
  outcome,
  pattern,
  TIMED_OUT,
} from "./_outcome.ts";
import { concat, connected, drain, end, fill, type Pair } from "./_pairs.ts";

/** More than any buffer on the way holds. */
const MUCH = 20_000_000;

Deno.test("Socket.send() may be partial with a timeout, and says so", async () => {
  for (const timeout of [0, 0.2]) {
    await using pair = await connected();
    const { client, conn } = pair;
    client.settimeout(timeout);
    const data = pattern(MUCH);
    const sent = await inTime(client.send(data));
    assert(sent > 0 && sent < MUCH, String(sent));
    const draining = drain(conn);
    await end(client);
    assertSameBytes(await inTime(draining), data.subarray(0, sent));
  }
});

/** A connection whose peer has gone in the middle of a large `send`. */
async function brokenWhileSending(): Promise<Pair & { sent: number }> {
  const pair = await connected();
  const sending = pair.client.send(new Uint8Array(MUCH));
  await pair.conn.recv(1);
  await end(pair.conn);
  return { ...pair, sent: await inTime(sending) };
}

Deno.test("Socket.send() says once what went out, and then what failed", async () => {
  await using pair = await brokenWhileSending();
  const { client, sent } = pair;
  assert(sent > 0 && sent < MUCH, String(sent));
  for (let i = 0; i < 3; i++) {
    const size = i === 0 ? 1 : MUCH;
    const error = await assertRejects(
      () => inTime(client.send(new Uint8Array(size))),
      i === 0 ? ConnectionError : BrokenPipeError,
    );
    assertEquals(error.bytes_sent, 0);
  }
});

Deno.test("Socket.sendall() after a partial send() says that it has sent nothing", async () => {
  await using pair = await brokenWhileSending();
  const error = await assertRejects(
    () => inTime(pair.client.sendall(bytes("x"))),
    ConnectionError,
  );
  assertEquals(error.bytes_sent, 0);
});

for (const buffering of [0, -1]) {
  Deno.test(`a file of buffering ${buffering} does not write for ever when the peer has gone`, async () => {
    await using pair = await brokenWhileSending();
    const file = pair.client.makefile("wb", { buffering });
    await assertRejects(
      () => inTime(file.write(new Uint8Array(MUCH)).then(() => file.flush())),
      ConnectionError,
    );
    await file.close();
  });
}

Deno.test("Socket.send() that may not wait: the peer gets exactly what was counted", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  client.setblocking(false);
  const data = pattern(MUCH);
  const sendWhatFits = async (from: number) => {
    let sent = from;
    while (true) {
      try {
        sent += await client.send(data.subarray(sent, sent + 100_000));
      } catch (error) {
        assertEquals(describe(error), EAGAIN);
        return sent;
      }
    }
  };
  let sent = 0, received = 0;
  const pieces: Uint8Array[] = [];
  for (let round = 0; round < 4; round++) {
    const before = sent;
    while (sent === before) sent = await sendWhatFits(sent);
    while (received < sent) {
      const piece = await inTime(conn.recv(1 << 20));
      pieces.push(piece);
      received += piece.length;
    }
    assertEquals(received, sent);
  }
  conn.setblocking(false);
  assertEquals(await outcome(() => conn.recv(1)), EAGAIN);
  assertSameBytes(concat(pieces), data.subarray(0, sent));
});

Deno.test("Socket.close() after a non-blocking fill delivers everything", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const sent = await fill(client);
  client.close();
  assertEquals((await inTime(drain(conn))).length, sent);
});

Deno.test("Socket.shutdown() after a non-blocking fill delivers everything", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const sent = await fill(client);
  await client.shutdown(SHUT_WR);
  assertEquals((await inTime(drain(conn))).length, sent);
});

Deno.test("Socket.send() leaves the caller's array alone and free for reuse", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  client.setblocking(false);
  const data = new Uint8Array(64 * 1024);
  let sent = 0;
  for (let round = 1;; round++) {
    data.fill(round);
    try {
      const count = await client.send(data);
      assert(data.every((byte) => byte === (round & 255)));
      sent += count;
      // Whatever is still on its way must not change with the array.
      data.fill(0);
    } catch (error) {
      assertEquals(describe(error), EAGAIN);
      break;
    }
  }
  data.fill(0);
  client.close();
  const received = await inTime(drain(conn));
  assertEquals(received.length, sent);
  assertEquals(received.indexOf(0), -1);
});

Deno.test("Socket.sendall() has one deadline for the whole call", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  client.settimeout(0.1);
  // The peer takes a little now and then: progress does not extend the deadline.
  let isOver = false;
  const sipping = (async () => {
    while (!isOver) {
      await conn.recv(1 << 16);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  const start = performance.now();
  const failure = await outcome(() => client.sendall(new Uint8Array(10 ** 8)));
  const elapsed = performance.now() - start;
  isOver = true;
  await sipping;
  assertEquals(failure, TIMED_OUT);
  assert(elapsed >= 99 && elapsed < 1000, String(elapsed));
});

Deno.test("Socket.sendall() that times out tells in bytes_sent what went out", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  client.settimeout(0.05);
  const data = pattern(MUCH);
  const error = await assertRejects(() => client.sendall(data), TimeoutError);
  const sent = error.bytes_sent!;
  assert(sent > 0 && sent < MUCH, String(sent));
  data.fill(0);
  client.close();
  const received = await inTime(drain(conn));
  assertSameBytes(received, pattern(MUCH).subarray(0, sent));
});

Deno.test("Socket.sendall() that may not wait tells in bytes_sent what went out", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  client.setblocking(false);
  const data = pattern(MUCH);
  const error = await assertRejects(() => client.sendall(data), OSError);
  assertEquals(describe(error), EAGAIN);
  const sent = error.bytes_sent!;
  assert(sent > 0 && sent < MUCH, String(sent));
  data.fill(0);
  client.close();
  const received = await inTime(drain(conn));
  assertSameBytes(received, pattern(MUCH).subarray(0, sent));
});

Deno.test("Socket.send() after a timed-out sendall() goes behind its bytes", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  client.settimeout(0.02);
  const data = pattern(MUCH);
  const error = await assertRejects(() => client.sendall(data), TimeoutError);
  const draining = drain(conn);
  client.settimeout(null);
  assertEquals(await inTime(client.send(bytes("end"))), 3);
  await end(client);
  const expected = concat([data.subarray(0, error.bytes_sent!), bytes("end")]);
  assertSameBytes(await inTime(draining), expected);
});

Deno.test("Socket.sendall() of no bytes waits for room too", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await fill(client);
  client.settimeout(0.02);
  assertEquals(await outcome(() => client.sendall(EMPTY)), TIMED_OUT);
  await end(conn);
});

Deno.test("Socket.send() waits until the peer has made room", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const before = await fill(client);
  const sending = client.send(bytes("x"));
  assert(await isPending(sending));
  let received = 0;
  while (received < before + 1) {
    received += (await inTime(conn.recv(1 << 20))).length;
  }
  assertEquals(await inTime(sending), 1);
});
