/**
 * What the programs of the benchmark have in common: each plays one role, says
 * on its first line at which port it listens, and on its last how long it took.
 */

/** One end of a connection, as every contender offers it. */
export interface Conn extends Disposable {
  /** Fills the array from its start; nothing, or 0, at the end of the stream. */
  receiveInto(target: Uint8Array<ArrayBuffer>): Promise<number | null>;
  /** Sends all of it, or says how much it has sent. */
  send(data: Uint8Array<ArrayBuffer>): Promise<number | void>;
  endSending(): Promise<void>;
}

/** What a contender has to bring. */
export interface Contender {
  connect(port: number): Promise<Conn>;
  /** Listens, hands the port over, and accepts one connection. */
  acceptOne(onPort: (port: number) => void): Promise<Conn>;
}

/** Plays the role that the command line names: ROLE PORT SIZE COUNT. */
export async function play(contender: Contender): Promise<void> {
  const [role = "", ...numbers] = Deno.args;
  const [port = 0, size = 0, count = 0] = numbers.map(Number);
  using conn = port === 0
    ? await contender.acceptOne((port) => console.log(port))
    : await contender.connect(port);
  switch (role) {
    case "echo":
      return await echo(conn, size);
    case "ping":
      return await ping(conn, size, count);
    case "source":
      return await send(conn, size, count);
    case "drain":
      return await drain(conn, size, count);
    case "sink":
      return await sink(conn, size);
    case "pour":
      return await pour(conn, size, count);
    default:
      throw new Error(`Cannot play the role "${role}"`);
  }
}

async function echo(conn: Conn, size: number): Promise<void> {
  const buffer = new Uint8Array(size);
  let count: number | null;
  while ((count = await conn.receiveInto(buffer))) {
    const data = buffer.subarray(0, count);
    let sent = await conn.send(data) ?? count;
    while (sent < count) sent += await conn.send(data.subarray(sent)) ?? count;
  }
}

/** Round trips, each with another first byte, which has to come back. */
async function ping(conn: Conn, size: number, count: number): Promise<void> {
  const message = new Uint8Array(size);
  const reply = new Uint8Array(size);
  const repeat = async (times: number) => {
    for (let i = 0; i < times; i++) {
      message[0] = i;
      let sent = await conn.send(message) ?? size;
      while (sent < size) {
        sent += await conn.send(message.subarray(sent)) ?? size;
      }
      let got = await conn.receiveInto(reply) ?? 0;
      while (got < size) {
        got += await conn.receiveInto(reply.subarray(got)) ?? fail();
      }
      if (reply[0] !== message[0]) throw new Error("The echo is not mine");
    }
  };
  await repeat(count / 10); // The compiler has its turn first.
  const start = performance.now();
  await repeat(count);
  reportTime(start);
}

async function send(conn: Conn, size: number, count: number): Promise<void> {
  const piece = new Uint8Array(size);
  for (let i = 0; i < count; i++) {
    let sent = await conn.send(piece) ?? size;
    while (sent < size) sent += await conn.send(piece.subarray(sent)) ?? size;
  }
}

/** Receives all that a source sends. */
async function drain(conn: Conn, size: number, count: number): Promise<void> {
  const buffer = new Uint8Array(size);
  let total = await conn.receiveInto(buffer) ?? 0;
  const start = performance.now();
  let got: number | null;
  while ((got = await conn.receiveInto(buffer))) total += got;
  reportTime(start);
  checkTotal(total, size * count);
}

/** Receives all that is poured, and answers how much it was. */
async function sink(conn: Conn, size: number): Promise<void> {
  const buffer = new Uint8Array(size);
  let total = 0;
  let got: number | null;
  while ((got = await conn.receiveInto(buffer))) total += got;
  await conn.send(new TextEncoder().encode(String(total)));
}

async function pour(conn: Conn, size: number, count: number): Promise<void> {
  const start = performance.now();
  await send(conn, size, count);
  await conn.endSending();
  const answer = new Uint8Array(100);
  const got = await conn.receiveInto(answer) ?? 0;
  reportTime(start);
  const total = Number(new TextDecoder().decode(answer.subarray(0, got)));
  checkTotal(total, size * count);
}

function fail(): never {
  throw new Error("The peer has ended the connection");
}

function reportTime(start: number): void {
  console.log((performance.now() - start) / 1e3);
}

function checkTotal(total: number, expected: number): void {
  if (total !== expected) {
    throw new Error(`Bytes are missing: ${total} of ${expected} arrived`);
  }
}
