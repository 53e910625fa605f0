/**
 * What a contender in TypeScript plays, written once for all of them. A role
 * that listens prints its address first; one that measures prints its seconds.
 */

/** Bytes, as all contenders take and give them. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** One end of a connection, as each contender offers it. */
export interface Conn extends Disposable {
  /** A new array of at most `size` bytes; an empty one at the end. */
  receive(size: number): Promise<Bytes>;
  /** How many bytes it has put into `target`; none at the end. */
  receiveInto(target: Bytes): Promise<number | null>;
  /** How many bytes it has taken. */
  send(data: Bytes): Promise<number>;
  sendAll(data: Bytes): Promise<void>;
  endSending(): Promise<void>;
}

/** A socket that accepts. */
export interface Listener extends Disposable {
  /** A port, or the path of a Unix socket. */
  readonly address: string;
  accept(): Promise<Conn>;
}

/** A UDP socket; `A` is what the contender calls an address. */
export interface Datagrams<A> extends Disposable {
  readonly port: number;
  send(data: Bytes, to: A): Promise<unknown>;
  /** Fills `target`, and says how many bytes came and from where. */
  receiveInto(target: Bytes): Promise<[count: number, from: A]>;
}

/** What a contender has to bring. */
export interface Contender<A> {
  connect(address: string): Promise<Conn>;
  listen(address: string): Listener;
  bind(): Datagrams<A>;
  /** The address of a port on this computer. */
  addressOf(port: number): A;
}

/** The arguments of every role. */
export interface Task {
  /** A port, or the path of a Unix socket. */
  readonly address: string;
  /** Bytes a message. */
  readonly size: number;
  /** How many messages. */
  readonly count: number;
}

/** How many datagrams go before the receiver says that it has them. */
const WINDOW = 64;

/** Plays the role that the command line names: ROLE ADDRESS SIZE COUNT. */
export async function play<A>(contender: Contender<A>): Promise<void> {
  const [role = "", address = "0", size, count] = Deno.args;
  const task = { address, size: Number(size), count: Number(count) };
  const roles: Record<string, () => Promise<void>> = {
    echo: () => acceptOne(contender, task, echo),
    source: () => acceptOne(contender, task, send),
    sink: () => acceptOne(contender, task, sink),
    serve: () => serve(contender, task),
    greet: () => greet(contender, task),
    ping: () => connect(contender, task, ping),
    drain: () => connect(contender, task, drain),
    gather: () => connect(contender, task, gather),
    pour: () => connect(contender, task, pour),
    trickle: () => connect(contender, task, trickle),
    churn: () => churn(contender, task),
    udp_echo: () => udpEcho(contender, task),
    udp_ping: () => udpPing(contender, task),
    udp_sink: () => udpSink(contender, task),
    udp_flood: () => udpFlood(contender, task),
  };
  const start = roles[role];
  if (start === undefined) throw new Error(`Cannot play the role "${role}"`);
  await start();
}

type Role = (conn: Conn, task: Task) => Promise<void>;

async function acceptOne<A>(
  contender: Contender<A>,
  task: Task,
  role: Role,
): Promise<void> {
  using listener = contender.listen(task.address);
  console.log(listener.address);
  using conn = await listener.accept();
  await role(conn, task);
}

async function connect<A>(
  contender: Contender<A>,
  task: Task,
  role: Role,
): Promise<void> {
  using conn = await contender.connect(task.address);
  await role(conn, task);
}

// ## Streams

async function echo(conn: Conn, { size }: Task): Promise<void> {
  const buffer = new Uint8Array(size);
  let count: number | null;
  while ((count = await conn.receiveInto(buffer))) {
    await conn.sendAll(buffer.subarray(0, count));
  }
}

/** Echoes to everybody, until the process is ended. */
async function serve<A>(contender: Contender<A>, task: Task): Promise<void> {
  using listener = contender.listen(task.address);
  console.log(listener.address);
  while (true) {
    const conn = await listener.accept();
    echo(conn, task).finally(() => conn[Symbol.dispose]());
  }
}

/** Round trips, each with another first byte, which has to come back. */
async function ping(conn: Conn, { size, count }: Task): Promise<void> {
  const message = new Uint8Array(size);
  const reply = new Uint8Array(size);
  const repeat = async (times: number) => {
    for (let i = 0; i < times; i++) {
      message[0] = i;
      await conn.sendAll(message);
      let got = await conn.receiveInto(reply) ?? 0;
      while (got < size) {
        got += await conn.receiveInto(reply.subarray(got)) || fail();
      }
      if (reply[0] !== message[0]) throw new Error("The echo is not mine");
    }
  };
  await repeat(count); // The compilers have their turn first.
  const start = performance.now();
  await repeat(count);
  reportTime(start);
}

async function send(conn: Conn, { size, count }: Task): Promise<void> {
  const piece = new Uint8Array(size);
  for (let i = 0; i < count; i++) await conn.sendAll(piece);
}

/** Receives all into one array. */
async function drain(conn: Conn, { size, count }: Task): Promise<void> {
  const buffer = new Uint8Array(size);
  let total = await conn.receiveInto(buffer) ?? 0;
  const start = performance.now();
  let got: number | null;
  while ((got = await conn.receiveInto(buffer))) total += got;
  reportTime(start);
  checkTotal(total, size * count);
}

/** Receives all, in a new array each time. */
async function gather(conn: Conn, { size, count }: Task): Promise<void> {
  let total = (await conn.receive(size)).length;
  const start = performance.now();
  let data: Bytes;
  while ((data = await conn.receive(size)).length > 0) total += data.length;
  reportTime(start);
  checkTotal(total, size * count);
}

/** Receives all that is poured, and answers how much it was. */
async function sink(conn: Conn): Promise<void> {
  const buffer = new Uint8Array(256 * 1024);
  let total = 0;
  let got: number | null;
  while ((got = await conn.receiveInto(buffer))) total += got;
  await conn.sendAll(new TextEncoder().encode(String(total)));
}

async function pour(conn: Conn, task: Task): Promise<void> {
  const start = performance.now();
  await send(conn, task);
  await endPouring(conn, task, start);
}

/** As `pour`, with one `send` a piece, which may take a part of it. */
async function trickle(conn: Conn, task: Task): Promise<void> {
  const { size, count } = task;
  const piece = new Uint8Array(size);
  const start = performance.now();
  for (let left = size * count; left > 0;) {
    left -= await conn.send(left < size ? piece.subarray(0, left) : piece);
  }
  await endPouring(conn, task, start);
}

async function endPouring(
  conn: Conn,
  { size, count }: Task,
  start: number,
): Promise<void> {
  await conn.endSending();
  const answer = await conn.receive(100);
  reportTime(start);
  checkTotal(Number(new TextDecoder().decode(answer)), size * count);
}

/** Closes each connection as soon as it is there. */
async function greet<A>(contender: Contender<A>, task: Task): Promise<void> {
  using listener = contender.listen(task.address);
  console.log(listener.address);
  while (true) (await listener.accept())[Symbol.dispose]();
}

/** Connects, sees the end, and closes. */
async function churn<A>(
  contender: Contender<A>,
  { address, count }: Task,
): Promise<void> {
  const repeat = async (times: number) => {
    for (let i = 0; i < times; i++) {
      using conn = await contender.connect(address);
      checkTotal((await conn.receive(1)).length, 0);
    }
  };
  await repeat(count);
  const start = performance.now();
  await repeat(count);
  reportTime(start);
}

// ## Datagrams

async function udpEcho<A>(
  contender: Contender<A>,
  { size }: Task,
): Promise<void> {
  using sock = contender.bind();
  console.log(sock.port);
  const buffer = new Uint8Array(size);
  while (true) {
    const [count, from] = await sock.receiveInto(buffer);
    if (count === 0) return; // So the other end says that it was all.
    await sock.send(buffer.subarray(0, count), from);
  }
}

async function udpPing<A>(
  contender: Contender<A>,
  { address, size, count }: Task,
): Promise<void> {
  using sock = contender.bind();
  const to = contender.addressOf(Number(address));
  const message = new Uint8Array(size);
  const reply = new Uint8Array(size);
  const repeat = async (times: number) => {
    for (let i = 0; i < times; i++) {
      message[0] = i;
      await sock.send(message, to);
      const [got] = await sock.receiveInto(reply);
      checkTotal(got, size);
      if (reply[0] !== message[0]) throw new Error("The echo is not mine");
    }
  };
  await repeat(count);
  const start = performance.now();
  await repeat(count);
  reportTime(start);
  await sock.send(new Uint8Array(0), to);
}

async function udpSink<A>(
  contender: Contender<A>,
  { size, count }: Task,
): Promise<void> {
  using sock = contender.bind();
  console.log(sock.port);
  const buffer = new Uint8Array(size);
  const ack = new Uint8Array(1);
  for (let i = 1; i <= count; i++) {
    const [got, from] = await sock.receiveInto(buffer);
    checkTotal(got, size);
    if (i % WINDOW === 0) await sock.send(ack, from);
  }
}

async function udpFlood<A>(
  contender: Contender<A>,
  { address, size, count }: Task,
): Promise<void> {
  using sock = contender.bind();
  const to = contender.addressOf(Number(address));
  const message = new Uint8Array(size);
  const ack = new Uint8Array(1);
  const start = performance.now();
  for (let i = 1; i <= count; i++) {
    await sock.send(message, to);
    if (i % WINDOW === 0) await sock.receiveInto(ack);
  }
  reportTime(start);
}

// ## What they report

function fail(): never {
  throw new Error("The peer has ended the connection");
}

/** Prints the seconds since `start`. */
export function reportTime(start: number): void {
  console.log((performance.now() - start) / 1e3);
}

/** Nothing may be missing. */
export function checkTotal(total: number, expected: number): void {
  if (total !== expected) {
    throw new Error(`Bytes are missing: ${total} of ${expected} arrived`);
  }
}
