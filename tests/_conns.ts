/** Connections of plain Deno: clients of a server, and a server for one client. */

import { assertMatch } from "@std/assert";
import { connect } from "node:net";
import { type Bytes, concat, decode, encode } from "../lessons/_bytes.ts";
import { within } from "./_process.ts";

/** Bytes, or a text that stands for its bytes. */
export type Data = Bytes | string;

function toBytes(data: Data): Bytes {
  return typeof data === "string" ? encode(data) : data;
}

/** So many connections to a server. */
export async function connectMany(
  address: Deno.ConnectOptions,
  count: number,
): Promise<Deno.Conn[]> {
  const all = Array.from({ length: count }, () => Deno.connect(address));
  return await within(`${count} connections`, Promise.all(all));
}

/** Closes all of them. */
export function closeAll(conns: readonly Deno.Conn[]): void {
  for (const conn of conns) conn.close();
}

/**
 * A port that nobody listens at. The system gives it to nobody by chance: not to
 * a server of another test, nor to a client, which would connect to itself.
 */
export function findUnusedPort(hostname = "127.0.0.1"): number {
  const start = 20_000 + Math.floor(Math.random() * 10_000);
  for (let port = start;; port++) {
    try {
      Deno.listen({ hostname, port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

// ## To write and to read

/** Writes all of it. */
export async function writeAll(conn: Deno.Conn, data: Data): Promise<void> {
  const bytes = toBytes(data);
  for (let n = 0; n < bytes.length;) n += await conn.write(bytes.subarray(n));
}

/** The next piece, or `null` at the end. */
export async function readPiece(conn: Deno.Conn): Promise<Bytes | null> {
  const buffer = new Uint8Array(65_536);
  const count = await within("a piece, or the end", conn.read(buffer));
  return count === null ? null : buffer.subarray(0, count);
}

/** So many bytes, or fewer if the end comes first. */
export async function readExactly(
  conn: Deno.Conn,
  size: number,
): Promise<Bytes> {
  const data = new Uint8Array(size);
  let end = 0;
  const reading = (async () => {
    while (end < size) {
      const count = await conn.read(data.subarray(end));
      if (count === null) break;
      end += count;
    }
  })();
  await within(`${size} bytes`, reading);
  return data.subarray(0, end);
}

/** Reads up to a line feed, which is left out and must come last. */
export async function readLine(conn: Deno.Conn): Promise<string> {
  const pieces: Bytes[] = [];
  while (pieces.at(-1)?.at(-1) !== 0x0a) {
    const piece = await readPiece(conn);
    if (piece === null) throw new Error("The end came before the line feed");
    pieces.push(piece);
  }
  return decode(concat(pieces)).slice(0, -1);
}

// ## To ask a server

/** All that a server sends to one who sends this, piece by piece, and its end. */
export async function exchange(
  address: Deno.ConnectOptions,
  ...pieces: Data[]
): Promise<Bytes> {
  const [received, ...failures] = await converse(address, pieces);
  if (failures.length > 0) throw failures[0];
  return received;
}

/** The same, as text. */
export async function ask(
  address: Deno.ConnectOptions,
  ...pieces: Data[]
): Promise<string> {
  return decode(await exchange(address, ...pieces));
}

/**
 * The same with a server that closes as soon as something is wrong, which breaks
 * the connection for what is still coming.
 */
export async function exchangeUntilCut(
  address: Deno.ConnectOptions,
  ...pieces: Data[]
): Promise<Bytes> {
  const [received, ...failures] = await converse(address, pieces);
  for (const failure of failures) {
    assertMatch(`${failure}`, /^(ConnectionReset|BrokenPipe|NotConnected)/);
  }
  return received;
}

async function converse(
  address: Deno.ConnectOptions,
  pieces: readonly Data[],
): Promise<[received: Bytes, ...failures: unknown[]]> {
  using conn = await within("a connection", Deno.connect(address));
  conn.setNoDelay();
  const sending = (async () => {
    for (const piece of pieces) await writeAll(conn, piece);
    await conn.closeWrite();
  })();
  const received: Bytes[] = [];
  const receiving = (async () => {
    const buffer = new Uint8Array(65_536);
    while (true) {
      const count = await conn.read(buffer);
      if (count === null) return;
      received.push(buffer.slice(0, count));
    }
  })();
  const ends = Promise.allSettled([sending, receiving]);
  const failures = (await within("the end of a connection", ends))
    .flatMap((end) => end.status === "rejected" ? [end.reason] : []);
  return [concat(received), ...failures];
}

// ## To break off

/** Connects, sends something, and breaks the connection. */
export async function reset(
  address: Deno.ConnectOptions,
  data: Data = "",
): Promise<void> {
  await breakOff(address, data, false);
}

/** Connects, sends something, and breaks the connection when an answer comes. */
export async function resetAtAnswer(
  address: Deno.ConnectOptions,
  data: Data,
): Promise<void> {
  await breakOff(address, data, true);
}

async function breakOff(
  { hostname = "", port }: Deno.ConnectOptions,
  data: Data,
  isAnswered: boolean,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const client = connect({ host: hostname, port });
  client.on("error", reject);
  client.on("close", () => resolve());
  client.on("connect", () => {
    // The reset throws away what has not been sent yet.
    if (data.length === 0) client.resetAndDestroy();
    else client.write(data, () => isAnswered || client.resetAndDestroy());
  });
  if (isAnswered) client.on("data", () => client.resetAndDestroy());
  await within("a reset", promise);
}

// ## To answer a client

/** Plays a server for one client: reads up to `count` bytes, and sends `data`. */
export async function answer(
  listener: Deno.TcpListener,
  count: number,
  data: Data,
): Promise<void> {
  using conn = await within("a client", listener.accept());
  await readExactly(conn, count);
  await writeAll(conn, data);
}
