/** Clients for the servers of lessons: good ones, and all kinds of bad ones. */

import { connect } from "node:net";
import { concat, decode } from "../lessons/_bytes.ts";
import { within } from "./_process.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** Sends all of it, half-closes, and returns all that comes back. */
export async function exchange(
  address: Deno.ConnectOptions,
  data: Bytes,
): Promise<string> {
  using conn = await within("a connection", Deno.connect(address));
  const writing = writeAll(conn, data).then(() => conn.closeWrite());
  const answer = await within("answers and their end", readToEnd(conn));
  await writing;
  return decode(answer);
}

/** Writes all of it. */
export async function writeAll(conn: Deno.Conn, data: Bytes): Promise<void> {
  for (let n = 0; n < data.length;) n += await conn.write(data.subarray(n));
}

/** Reads up to the end of the stream. */
export async function readToEnd(conn: Deno.Conn): Promise<Bytes> {
  const pieces: Bytes[] = [];
  while (true) {
    const buffer = new Uint8Array(65536);
    const count = await conn.read(buffer);
    if (count === null) return concat(pieces);
    pieces.push(buffer.subarray(0, count));
  }
}

/** Reads until there is a line feed, which is left out. */
export async function readLine(conn: Deno.Conn): Promise<string> {
  const pieces: Bytes[] = [];
  while (true) {
    const buffer = new Uint8Array(65536);
    const count = await within("an answer", conn.read(buffer));
    if (count === null) throw new Error("The end came before the answer");
    pieces.push(buffer.subarray(0, count));
    if (buffer[count - 1] === 0x0a) return decode(concat(pieces)).slice(0, -1);
  }
}

/** Sends something, and breaks the connection: at once, or after an answer. */
export async function reset(
  { hostname = "", port }: Deno.ConnectOptions,
  data: Bytes,
  isAnswered: boolean,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const client = connect({ host: hostname, port });
  client.on("error", reject);
  client.on("close", () => resolve());
  client.on("connect", () => {
    if (data.length > 0) client.write(data);
    if (!isAnswered) client.resetAndDestroy();
  });
  client.on("data", () => client.resetAndDestroy());
  await within("a reset", promise);
}

/**
 * Sends all kinds of bad guests: who say nothing, who break the connection, who
 * talk nonsense, who send without end and never receive. They all are there at
 * the same time, and while `visit`, what a good guest does, goes on.
 */
export async function sendBadGuests(
  address: Deno.ConnectOptions,
  data: Bytes,
  visit: () => Promise<void>,
): Promise<void> {
  const guests = await Promise.all(
    Array.from({ length: 20 }, () => Deno.connect(address)),
  );
  const floods = Promise.allSettled(
    guests.slice(0, 3).map((guest) => flood(guest, data)),
  );
  const garbage = crypto.getRandomValues(new Uint8Array(30_000));
  await Promise.all([
    ...Array.from(
      { length: 30 },
      (_, i) =>
        reset(address, data.subarray(0, i % 3 * data.length), i % 3 === 2),
    ),
    exchangeGarbage(address, garbage),
    ...Array.from({ length: 50 }, visit),
  ]);
  for (const guest of guests) guest.close();
  await floods;
  await visit();
}

/** Sends until the connection is closed. */
async function flood(conn: Deno.Conn, data: Bytes): Promise<never> {
  const much = concat(Array(10_000).fill(data));
  while (true) await writeAll(conn, much);
}

/** What comes back is no matter, but its end has to come. */
async function exchangeGarbage(
  address: Deno.ConnectOptions,
  data: Bytes,
): Promise<void> {
  using conn = await Deno.connect(address);
  const writing = writeAll(conn, data).then(() => conn.closeWrite());
  await within("the end after garbage", readToEnd(conn));
  await writing;
}
