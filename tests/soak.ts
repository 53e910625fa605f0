/**
 * Many short lives in one process: `deno task soak`. Memory and descriptors must
 * be where they were after the first tenth, however many connections and
 * datagrams have come and gone.
 *
 * It takes about a minute, so it is no part of the tests.
 */

import { assert, assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";
import {
  AF_INET,
  create_connection,
  create_server,
  SOCK_DGRAM,
  type Socket,
  socket,
} from "../mod.ts";

/** How much the heap may have grown; a leak of 40 bytes a life would show. */
const GROWTH_BYTES = 2 * 1024 * 1024;

/** So many datagrams are under way at once, which every kernel has room for. */
const WINDOW = 50;

interface Usage {
  readonly heap: number;
  readonly descriptors: number;
}

async function measure(): Promise<Usage> {
  // Closed sockets are gone for the system only some turns later.
  for (let i = 0; i < 10; i++) {
    await new Promise((resolve) => setTimeout(resolve));
    (globalThis as unknown as { gc: () => void }).gc();
  }
  const { heapUsed } = Deno.memoryUsage();
  return {
    heap: heapUsed,
    descriptors: [...Deno.readDirSync("/dev/fd")].length,
  };
}

/** Runs ten tenths, and compares what is in use after the first and the last. */
async function soak(
  name: string,
  times: number,
  run: (times: number) => Promise<void>,
): Promise<void> {
  const tenth = Math.ceil(times / 10);
  await run(tenth);
  const first = await measure();
  for (let i = 1; i < 10; i++) await run(tenth);
  const last = await measure();
  const growth = last.heap - first.heap;
  console.log(
    `${10 * tenth} ${name}: heap ${kilobytes(first.heap)} → ` +
      `${kilobytes(last.heap)}, descriptors ${first.descriptors} → ` +
      last.descriptors,
  );
  assertEquals(last.descriptors, first.descriptors, `${name}: descriptors`);
  assert(growth < GROWTH_BYTES, `${name}: ${growth} bytes more in use`);
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1024)} KiB`;
}

/** Connects, says one thing, hears it back and closes, so many times. */
async function connections(times: number): Promise<void> {
  await using listener = create_server(["127.0.0.1", 0]);
  const address = listener.getsockname();
  for (let i = 0; i < times; i++) {
    const [client, [conn]] = await Promise.all([
      create_connection(address),
      listener.accept(),
    ]);
    await client.sendall(Uint8Array.of(i));
    await conn.sendall(await conn.recv(16));
    assertEquals((await client.recv(16))[0], i % 256);
    client.close();
    conn.close();
  }
}

/** Sends datagrams that carry their number, and counts them at the other end. */
async function datagrams(times: number): Promise<void> {
  await using receiver = boundDatagram();
  await using sender = boundDatagram();
  const address = receiver.getsockname();
  const data = new Uint8Array(64);
  const view = new DataView(data.buffer);
  for (let sent = 0; sent < times; sent += WINDOW) {
    for (let i = 0; i < WINDOW; i++) {
      view.setUint32(0, sent + i);
      await sender.sendto(data, address);
    }
    for (let i = 0; i < WINDOW; i++) {
      const [received] = await receiver.recvfrom(100);
      assertEquals(new DataView(received.buffer).getUint32(0), sent + i);
    }
  }
}

function boundDatagram(): Socket {
  const sock = socket(AF_INET, SOCK_DGRAM);
  sock.bind(["127.0.0.1", 0]);
  return sock;
}

const options = parseArgs(Deno.args, {
  string: ["connections", "datagrams"],
  default: { connections: "100000", datagrams: "1000000" },
});
await soak("connections", Number(options.connections), connections);
await soak("datagrams", Number(options.datagrams), datagrams);
