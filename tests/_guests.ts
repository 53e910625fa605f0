/** A house full of guests for a lesson's server, most of them bad ones. */

import { type Bytes, concat, decode } from "../lessons/_bytes.ts";
import { reset } from "./_clients.ts";
import { within } from "./_process.ts";

/**
 * Sends bad guests, all at the same time: some say nothing, some break the
 * connection, one talks nonsense, some send `text` without end and never receive.
 * Good guests come meanwhile and afterwards, and do what `visit` says.
 */
export async function sendBadGuests(
  address: Deno.ConnectOptions,
  text: string,
  visit: () => Promise<void>,
): Promise<void> {
  const guests = await within(
    "20 connections",
    Promise.all(Array.from({ length: 20 }, () => Deno.connect(address))),
  );
  const much = new TextEncoder().encode(text.repeat(10_000));
  const floods = Promise.allSettled(
    guests.slice(0, 3).map((guest) => flood(guest, much)),
  );
  const garbage = crypto.getRandomValues(new Uint8Array(30_000));
  const resets = Array.from(
    { length: 30 },
    (_, i) => reset(address, i % 2 === 0 ? text : ""),
  );
  const visits = Array.from({ length: 50 }, visit);
  await Promise.all([...resets, talk(address, garbage), ...visits]);
  for (const guest of guests) guest.close();
  await floods;
  await visit();
}

/** Sends without end, until the connection is closed. */
async function flood(conn: Deno.Conn, data: Bytes): Promise<never> {
  while (true) await writeAll(conn, data);
}

/** Sends, half-closes, and waits for the end; what comes back is no matter. */
async function talk(address: Deno.ConnectOptions, data: Bytes): Promise<void> {
  using conn = await Deno.connect(address);
  const buffer = new Uint8Array(65_536);
  const receive = async () => {
    while (await conn.read(buffer) !== null);
  };
  const send = async () => {
    await writeAll(conn, data);
    await conn.closeWrite();
  };
  await within("the end after garbage", Promise.all([receive(), send()]));
}

/** Writes all of it. */
export async function writeAll(conn: Deno.Conn, data: Bytes): Promise<void> {
  for (let n = 0; n < data.length;) n += await conn.write(data.subarray(n));
}

/** Reads up to a line feed, which is left out and must come last. */
export async function readLine(conn: Deno.Conn): Promise<string> {
  const pieces: Bytes[] = [];
  while (pieces.at(-1)?.at(-1) !== 0x0a) {
    const buffer = new Uint8Array(65_536);
    const count = await within("a line", conn.read(buffer));
    if (count === null) throw new Error("The end came before the line feed");
    pieces.push(buffer.subarray(0, count));
  }
  return decode(concat(pieces)).slice(0, -1);
}
