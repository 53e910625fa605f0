/** Clients that do everything wrong, and what a server promises then. */

import { assertEquals } from "@std/assert";
import { encode } from "../lessons/_bytes.ts";
import {
  closeAll,
  connectMany,
  type Data,
  exchange,
  exchangeUntilCut,
  readExactly,
  readPiece,
  reset,
  resetAtAnswer,
  writeAll,
} from "./_conns.ts";
import { assertSameBytes } from "./_outcome.ts";
import { type LessonProcesses, type Process, within } from "./_process.ts";
import { NO_SHELL, testUnless } from "./_unless.ts";

// ## For any server

/** What bad guests of a server say. */
export interface BadGuests {
  /** A message, which the server answers. */
  readonly message: Data;
  /** Parts of one, of which the rest is missing. */
  readonly halves: readonly Data[];
  /** What some send without end, each its own; the message if left out. */
  readonly floods?: readonly Data[];
  /** How many say nothing, or too little, all the while. */
  readonly crowd?: number;
  /** Whether the server breaks off what cannot be a message. */
  readonly isStrict?: boolean;
}

/**
 * Sends bad guests: some say nothing, or half of something, or nonsense; some send
 * without end and never receive; some break the connection, in each state that it
 * can be in. Good ones come meanwhile and afterwards, and do what `visit` says.
 */
export async function sendBadGuests(
  address: Deno.ConnectOptions,
  {
    message,
    halves,
    floods = [message, message, message],
    crowd = 100,
    isStrict = false,
  }: BadGuests,
  visit: () => Promise<void>,
): Promise<void> {
  const guests: Deno.Conn[] = [];
  while (guests.length < crowd) {
    guests.push(...await connectMany(address, 100));
    // Once this one is served, the others no longer fill the backlog.
    await visit();
  }
  const flooding = Promise.allSettled(
    floods.map((flood, i) => writeForEver(guests[i]!, flood)),
  );
  const garbage = crypto.getRandomValues(new Uint8Array(30_000));
  const words = ["", ...halves, garbage.slice(0, 5000)];
  const speaking = Promise.allSettled(
    guests.slice(floods.length).map((guest, i) =>
      writeAll(guest, words[i % words.length]!)
    ),
  );
  // In waves that fit into the backlog: the kernel forgets a reset connection
  // that found it full, and the server never hears of it.
  for (let wave = 0; wave < 4; wave++) {
    await Promise.all(
      Array.from({ length: 8 }, () => [
        reset(address),
        ...[...halves, message].map((data) => reset(address, data)),
        resetAtAnswer(address, message),
      ]).flat(),
    );
    await visit();
  }
  const talk = isStrict ? exchangeUntilCut : exchange;
  await Promise.all([
    talk(address, garbage),
    ...Array.from({ length: 50 }, visit),
  ]);
  await within("what nobody reads to be sent", speaking);
  closeAll(guests);
  await flooding;
  await visit();
}

/** Sends without end, until the connection is closed; receives nothing. */
async function writeForEver(conn: Deno.Conn, data: Data): Promise<never> {
  const piece = typeof data === "string" ? encode(data) : data;
  const much = new Uint8Array(piece.length * Math.ceil(65_536 / piece.length));
  for (let i = 0; i < much.length; i += piece.length) much.set(piece, i);
  while (true) await writeAll(conn, much);
}

/** Asserts that at Ctrl-C a server ends, and with it all of its connections. */
export async function assertClosesAllAtCtrlC(
  server: Process & { readonly address: Deno.ConnectOptions },
  message: Data,
): Promise<void> {
  const guests = await connectMany(server.address, 100);
  // When the last one is answered, the others have been let in.
  const last = guests.at(-1)!;
  await writeAll(last, message);
  assertEquals((await readExactly(last, 1)).length, 1);
  assertEquals((await server.interrupt()).code, 130);
  for (const guest of guests) while (await readPiece(guest) !== null);
  closeAll(guests);
}

// ## For an echo server

/** One of the ways in which a lesson is written, as in `DIALECTS`. */
export type Dialect = readonly [name: string, args: readonly string[]];

/** Tests that the echo server of a lesson serves on, whatever its clients do. */
export function testSurvival(
  { name, startInShell, startServer }: LessonProcesses,
  [dialect, args]: Dialect,
): void {
  const server = `${name} server in ${dialect}`;

  Deno.test(`${server} survives 200 resets`, async () => {
    await using server = await startServer(args);
    for (let wave = 0; wave < 4; wave++) {
      // Before a byte is sent, while one is on its way, after the echo.
      const resets = Array.from({ length: 17 }, () => [
        reset(server.address),
        reset(server.address, "hello"),
        resetAtAnswer(server.address, "hello"),
      ]);
      await Promise.all(resets.flat());
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
      assertSameBytes(await exchange(server.address, data), data);
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
    NO_SHELL,
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

const GREETING = encode("你好\n".repeat(5_000));

/** What a good client sees: all that it sends, before it sends its end. */
export async function assertEchoes(
  address: Deno.ConnectOptions,
  data: Data = GREETING,
): Promise<void> {
  using conn = await within("a connection", Deno.connect(address));
  const expected = typeof data === "string" ? encode(data) : data;
  const [received] = await Promise.all([
    readExactly(conn, expected.length),
    writeAll(conn, expected),
  ]);
  assertSameBytes(received, expected);
}
