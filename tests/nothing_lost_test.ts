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
): Promise<{ total: number; digest: string }> {
  const hash = createHash("sha256");
  let total = 0;
  while (true) {
    try {
      const bytes = await receive();
      if (bytes.length === 0) break;
      hash.update(bytes);
      total += bytes.length;
    } catch (error) {
      passOver(error);
    }
  }
  sock.close();
  return { total, digest: hash.digest("hex") };
}

/** A call that has given up is tried again. */
function passOver(error: unknown): void {
  const isExpected = error instanceof TimeoutError ||
    error instanceof BlockingIOError;
  if (!isExpected) throw error;
}

/** Sends from one end while the other receives, and compares what went over. */
async function checkTransfer(
  sender: Socket,
  receiver: Socket,
  total: number,
  receive: () => Promise<Uint8Array>,
): Promise<void> {
  const received = receiveImpatiently(receiver, receive);
  const digest = await sendRandomly(sender, total);
  sender.close();
  assertEquals(await received, { total, digest });
}

for (
  const [manner, timeout] of [
    ["with a timeout of 1 ms", 0.001],
    ["that may not wait", 0],
  ] as const
) {
  Deno.test(`Socket.recv() ${manner} loses none of 64 MiB`, async () => {
    const [sender, receiver] = await createPair();
    receiver.settimeout(timeout);
    const random = createRandom(1);
    await checkTransfer(
      sender,
      receiver,
      64 * MEBIBYTE,
      () => receiver.recv(1 + random(100_000)),
    );
  });
}

Deno.test("Socket.recv_into() loses nothing when modes and sizes change", async () => {
  const [sender, receiver] = await createPair();
  const random = createRandom(3);
  const buffer = new Uint8Array(100_000);
  await checkTransfer(sender, receiver, 16 * MEBIBYTE, async () => {
    receiver.settimeout([null, 0.001, 0][random(3)]!);
    const flags = random(4) === 0 ? MSG_DONTWAIT : 0;
    const size = 1 + random(buffer.length);
    if (random(2) === 0) return await receiver.recv(size, flags);
    const count = await receiver.recv_into(buffer, size, flags);
    return buffer.subarray(0, count);
  });
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
      passOver(error);
    }
  }
  sender.close();
  assertEquals(await received, { total, digest: sent.digest("hex") });
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
      passOver(error);
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
