/** Long runs with tiny timeouts: every byte and every connection arrives. */

import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import {
  BlockingIOError,
  create_connection,
  create_server,
  MSG_DONTWAIT,
  type Socket,
  TimeoutError,
} from "../mod.ts";

const MEBIBYTE = 1024 * 1024;

/** Numbers that look random and are the same in every run (mulberry32). */
function createRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}

async function createPair(): Promise<[Socket, Socket]> {
  using listener = create_server(["127.0.0.1", 0]);
  const client = await create_connection(listener.getsockname());
  const [conn] = await listener.accept();
  return [client, conn];
}

/** Sends in pieces of random size, after pauses of random length. */
async function sendRandomly(sock: Socket, total: number): Promise<string> {
  const random = createRandom(total);
  const hash = createHash("sha256");
  const words = new Uint32Array(64 * 1024);
  const bytes = new Uint8Array(words.buffer);
  let left = total;
  while (left > 0) {
    for (let i = 0; i < 64; i++) words[random(words.length)] = random(2 ** 32);
    const start = random(1000);
    const most = random(4) === 0 ? 100 : bytes.length - start;
    const piece = bytes.subarray(
      start,
      start + Math.min(1 + random(most), left),
    );
    hash.update(piece);
    await sock.sendall(piece);
    left -= piece.length;
    // The pause is the workload here, not a wait for something.
    if (random(8) === 0) {
      await new Promise((resolve) => setTimeout(resolve, random(4)));
    }
  }
  return hash.digest("hex");
}

/** Receives to the end with calls that give up all the time. */
async function receiveImpatiently(
  sock: Socket,
  receive: () => Promise<Uint8Array>,
): Promise<{ total: number; digest: string; givenUp: number }> {
  const hash = createHash("sha256");
  let total = 0;
  let givenUp = 0;
  while (true) {
    try {
      const bytes = await receive();
      if (bytes.length === 0) break;
      hash.update(bytes);
      total += bytes.length;
    } catch (error) {
      const isExpected = error instanceof TimeoutError ||
        error instanceof BlockingIOError;
      if (!isExpected) throw error;
      givenUp++;
    }
  }
  sock.close();
  return { total, digest: hash.digest("hex"), givenUp };
}

Deno.test("Socket.recv() with a timeout of 1 ms loses none of 64 MiB", async () => {
  const [sender, receiver] = await createPair();
  receiver.settimeout(0.001);
  const random = createRandom(1);
  const received = receiveImpatiently(
    receiver,
    () => receiver.recv(1 + random(100_000)),
  );
  const digest = await sendRandomly(sender, 64 * MEBIBYTE);
  sender.close();
  const result = await received;
  assertEquals(result.total, 64 * MEBIBYTE);
  assertEquals(result.digest, digest);
});

Deno.test("Socket.recv() that may not wait loses none of 64 MiB", async () => {
  const [sender, receiver] = await createPair();
  receiver.setblocking(false);
  const random = createRandom(2);
  const received = receiveImpatiently(
    receiver,
    () => receiver.recv(1 + random(100_000)),
  );
  const digest = await sendRandomly(sender, 64 * MEBIBYTE);
  sender.close();
  const result = await received;
  assertEquals(result.total, 64 * MEBIBYTE);
  assertEquals(result.digest, digest);
});

Deno.test("Socket.recv_into() loses nothing when modes and sizes change", async () => {
  const [sender, receiver] = await createPair();
  const random = createRandom(3);
  const buffer = new Uint8Array(100_000);
  const received = receiveImpatiently(receiver, async () => {
    receiver.settimeout([null, 0.001, 0][random(3)]!);
    const flags = random(4) === 0 ? MSG_DONTWAIT : 0;
    const size = 1 + random(buffer.length);
    if (random(2) === 0) return await receiver.recv(size, flags);
    const count = await receiver.recv_into(buffer, size, flags);
    return buffer.subarray(0, count);
  });
  const digest = await sendRandomly(sender, 16 * MEBIBYTE);
  sender.close();
  const result = await received;
  assertEquals(result.total, 16 * MEBIBYTE);
  assertEquals(result.digest, digest);
});

Deno.test("Socket.send() that may not wait sends what it says, and no more", async () => {
  const [sender, receiver] = await createPair();
  const total = 32 * MEBIBYTE;
  const random = createRandom(4);
  const received = receiveImpatiently(receiver, () => receiver.recv(65536));

  const sent = createHash("sha256");
  const bytes = new Uint8Array(200_000);
  let left = total;
  while (left > 0) {
    // The array is used again at once, so nothing may still be read from it.
    crypto.getRandomValues(bytes.subarray(0, 1000));
    const piece = bytes.subarray(0, Math.min(1 + random(bytes.length), left));
    const copy = piece.slice();
    sender.settimeout([0.001, 0][random(2)]!);
    try {
      const count = await sender.send(piece);
      sent.update(copy.subarray(0, count));
      left -= count;
    } catch (error) {
      const isExpected = error instanceof TimeoutError ||
        error instanceof BlockingIOError;
      if (!isExpected) throw error;
    }
  }
  sender.close();
  const result = await received;
  assertEquals(result.total, total);
  assertEquals(result.digest, sent.digest("hex"));
});

Deno.test("Socket.accept() with a timeout of 1 ms loses none of 2,000 connections", async () => {
  using listener = create_server(["127.0.0.1", 0]);
  listener.settimeout(0.001);
  const clients: Socket[] = [];
  const connecting = (async () => {
    const random = createRandom(5);
    while (clients.length < 2000) {
      const count = Math.min(1 + random(20), 2000 - clients.length);
      clients.push(
        ...await Promise.all(
          Array.from(
            { length: count },
            () => create_connection(listener.getsockname()),
          ),
        ),
      );
      if (random(4) === 0) {
        await new Promise((resolve) => setTimeout(resolve, random(4)));
      }
    }
  })();

  const ports = new Set<number>();
  const conns: Socket[] = [];
  while (conns.length < 2000) {
    try {
      const [conn, [, port]] = await listener.accept();
      conns.push(conn);
      ports.add(port);
    } catch (error) {
      if (!(error instanceof TimeoutError)) throw error;
    }
  }
  await connecting;
  const expected = new Set(clients.map((each) => each.getsockname()[1]));
  for (const sock of [...clients, ...conns]) sock.close();
  assertEquals(ports, expected);
});

Deno.test("Socket.recv() that may not wait finds what 500 sockets hold", async () => {
  using listener = create_server(["127.0.0.1", 0], { backlog: 600 });
  const pairs: [Socket, Socket][] = [];
  for (let i = 0; i < 500; i++) {
    const client = await create_connection(listener.getsockname());
    const [conn] = await listener.accept();
    conn.setblocking(false);
    pairs.push([client, conn]);
  }
  for (let round = 0; round < 5; round++) {
    for (const [client] of pairs) await client.sendall(Uint8Array.of(round));
    // Each byte is in the kernel now, so Python would find it.
    const found = await Promise.allSettled(
      pairs.map(([, conn]) => conn.recv(1)),
    );
    const missed = found.filter(({ status }) => status === "rejected");
    assertEquals(missed.length, 0);
  }
  for (const pair of pairs) for (const sock of pair) sock.close();
});
