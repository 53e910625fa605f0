/** Clients that do everything wrong, and what an echo server promises then. */

import { assert, assertEquals } from "@std/assert";
import { connect } from "node:net";
import { type LessonProcesses, testUnless, within } from "./_process.ts";

/** Lets memory show what is held, and not what could be collected. */
const EAGER_COLLECTOR = "--max-semi-space-size=1,--optimize-for-size";

const NO_ULIMIT = Deno.build.os === "windows" ? "no ulimit" : undefined;
const NO_PROC = Deno.build.os === "linux" ? undefined : "no /proc";

/** One of the ways in which a lesson is written, as in `DIALECTS`. */
type Dialect = readonly [name: string, args: readonly string[]];

/** Tests that the echo server of a lesson serves on, whatever its clients do. */
export function testSurvival(
  { name, startInShell, startServer }: LessonProcesses,
  [dialect, args]: Dialect,
): void {
  const server = `${name} server in ${dialect}`;

  Deno.test(`${server} survives 200 resets`, async () => {
    await using server = await startServer(args);
    // In waves that fit into the backlog: the kernel forgets a reset connection
    // that found it full, and the server never hears of it.
    for (let wave = 0; wave < 4; wave++) {
      // Before a byte is sent, while one is on its way, after the echo.
      const stages = Array.from({ length: 50 }, (_, i) => i % 3);
      await Promise.all(stages.map((stage) => reset(server.address, stage)));
      // Who comes after them is served after them.
      await assertEchoes(server.address);
    }
    assertEquals((await server.interrupt()).code, 130);
  });

  Deno.test(`${server} serves others while 200 clients say nothing`, async () => {
    await using server = await startServer(args);
    const silent = await connectMany(server.address, 200);
    await assertEchoes(server.address);
    closeAll(silent);
    await assertEchoes(server.address);
  });

  Deno.test(`${server} serves others while some stop reading`, async () => {
    await using server = await startServer(args);
    const rude = await connectMany(server.address, 5);
    // More than all buffers together hold, so that these writes do not end.
    const writes = Promise.allSettled(
      rude.map((conn) => writeAll(conn, new Uint8Array(32 * 1024 * 1024))),
    );
    for (let i = 0; i < 20; i++) await assertEchoes(server.address);
    closeAll(rude);
    const outcomes = (await writes).map(({ status }) => status);
    assertEquals(outcomes, Array(5).fill("rejected"));
    await assertEchoes(server.address);
  });

  Deno.test(`${server} answers clients that half-close, to the last byte`, async () => {
    await using server = await startServer(args);
    const data = crypto.getRandomValues(new Uint8Array(50_000));
    await Promise.all(Array.from({ length: 50 }, async () => {
      using conn = await Deno.connect(server.address);
      const writing = writeAll(conn, data).then(() => conn.closeWrite());
      const answer = within("all bytes and their end", readToEnd(conn));
      assertEquals(await answer, data);
      await writing;
    }));
  });

  Deno.test(`${server} sends random bytes back as they are`, async () => {
    await using server = await startServer(args);
    for (let i = 0; i < 20; i++) {
      const size = 1 + Math.floor(Math.random() * 65_536);
      const data = crypto.getRandomValues(new Uint8Array(size));
      await assertEchoes(server.address, data);
    }
  });

  testUnless(
    NO_ULIMIT,
    `${server} outlives having too many files open`,
    async () => {
      const command = ["server", "--port", "0", ...args];
      const script = 'ulimit -n 64 && exec "$@"';
      await using server = startInShell(script, command);
      const address = { hostname: "127.0.0.1", port: await server.port() };
      const crowd = await connectMany(address, 100);
      await server.find(/accept failed: .*Too many open files/, "stderr");
      closeAll(crowd);
      await assertEchoes(address);
    },
  );
}

/** Tests that the server of a lesson keeps nothing of clients that have left. */
export function testMemory(
  { name, startServer }: LessonProcesses,
  [dialect, args]: Dialect,
  count = 2_000,
): void {
  const [few, many] = [count, 4 * count].map((n) => n.toLocaleString("en-US"));
  const promise =
    `needs no more memory after ${many} clients than after ${few}`;
  testUnless(NO_PROC, `${name} server in ${dialect} ${promise}`, async () => {
    await using server = await startServer(args, {
      isQuiet: true,
      denoArgs: ["-A", `--v8-flags=${EAGER_COLLECTOR}`],
    });
    await visit(server.address, count);
    const early = await readMemory(server.pid);
    await visit(server.address, 3 * count);
    const late = await readMemory(server.pid);
    // Leaked connections would take four times as much.
    assert(late < early + 8 * count, `${early} kB have become ${late} kB`);
  });
}

/** Connects, does a part of what a good client does, and breaks the connection. */
async function reset(
  { hostname = "", port }: Deno.ConnectOptions,
  stage: number,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const client = connect({ host: hostname, port });
  client.on("error", reject);
  client.on("close", () => resolve());
  client.on("connect", () => {
    if (stage > 0) client.write("hello");
    if (stage < 2) client.resetAndDestroy();
  });
  client.on("data", () => client.resetAndDestroy());
  await within("a reset", promise);
}

async function connectMany(
  address: Deno.ConnectOptions,
  count: number,
): Promise<Deno.Conn[]> {
  return await within(
    `${count} connections`,
    Promise.all(Array.from({ length: count }, () => Deno.connect(address))),
  );
}

function closeAll(conns: Deno.Conn[]): void {
  for (const conn of conns) conn.close();
}

const GREETING = new TextEncoder().encode("你好\n".repeat(5_000));

/** What a good client sees. */
async function assertEchoes(
  address: Deno.ConnectOptions,
  data: Uint8Array<ArrayBuffer> = GREETING,
): Promise<void> {
  await within(
    "an echo",
    (async () => {
      using conn = await Deno.connect(address);
      const writing = writeAll(conn, data);
      assertEquals(await readExactly(conn, data.length), data);
      await writing;
    })(),
  );
}

/** So many good clients, 50 at a time; every other one leaves with a reset. */
async function visit(
  address: Deno.ConnectOptions,
  count: number,
): Promise<void> {
  const hello = new TextEncoder().encode("hello");
  await Promise.all(Array.from({ length: 50 }, async () => {
    while (count-- > 0) {
      if (count % 10 === 0) {
        await reset(address, 2);
        continue;
      }
      await assertEchoes(address, hello);
    }
  }));
}

/** What a process has in memory, in kB. */
async function readMemory(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(status.match(/^VmRSS:\s+(\d+) kB/m)?.[1]);
}

async function writeAll(
  conn: Deno.Conn,
  data: Uint8Array<ArrayBuffer>,
): Promise<void> {
  for (let n = 0; n < data.length;) n += await conn.write(data.subarray(n));
}

async function readExactly(
  conn: Deno.Conn,
  size: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const data = new Uint8Array(size);
  for (let n = 0; n < size;) {
    const count = await conn.read(data.subarray(n));
    if (count === null) return data.subarray(0, n);
    n += count;
  }
  return data;
}

async function readToEnd(conn: Deno.Conn): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  while (true) {
    const piece = new Uint8Array(65_536);
    const count = await conn.read(piece);
    if (count === null) break;
    pieces.push(piece.subarray(0, count));
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
