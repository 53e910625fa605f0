/** `node:net` and `node:dgram` in Deno, as their users write: with events. */

import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import {
  type AddressInfo,
  createConnection,
  createServer,
  type Socket,
} from "node:net";

import { checkTotal, reportTime } from "../_roles.ts";

const host = "127.0.0.1";
const [role = "", address = "0", ...numbers] = Deno.args;
const [size = 0, count = 0] = numbers.map(Number);

/** Answers each connection with `serve`; only the first one unless `isMany`. */
function listen(serve: (conn: Socket) => void, isMany = false): void {
  const isPath = address.includes("/");
  const server = createServer({ allowHalfOpen: true }, (conn) => {
    if (!isMany) server.close();
    conn.setNoDelay(false);
    serve(conn);
  });
  const onListening = () => {
    const { port } = isPath
      ? { port: address }
      : server.address() as AddressInfo;
    console.log(port);
  };
  if (isPath) server.listen(address, onListening);
  else server.listen(Number(address), host, 4096, onListening);
}

async function connect(): Promise<Socket> {
  const conn = address.includes("/")
    ? createConnection({ path: address })
    : createConnection({ host, port: Number(address) });
  await once(conn, "connect");
  return conn;
}

function echo(conn: Socket): void {
  conn.on("data", (data) => {
    if (!conn.write(data)) {
      conn.pause();
      conn.once("drain", () => conn.resume());
    }
  });
  conn.on("end", () => conn.end());
}

async function write(conn: Socket, data: Uint8Array): Promise<void> {
  if (!conn.write(data)) await once(conn, "drain");
}

async function ping(): Promise<void> {
  const conn = await connect();
  const message = new Uint8Array(size);
  let got = 0;
  let first: number | undefined;
  let onReply = () => {};
  conn.on("data", (data) => {
    first ??= data[0];
    got += data.length;
    if (got >= size) onReply();
  });
  const repeat = async (times: number) => {
    for (let i = 0; i < times; i++) {
      message[0] = i;
      [got, first] = [0, undefined];
      const reply = new Promise<void>((resolve) => onReply = resolve);
      conn.write(Uint8Array.from(message));
      await reply;
      if (first !== message[0]) throw new Error("The echo is not mine");
    }
  };
  await repeat(count);
  const start = performance.now();
  await repeat(count);
  reportTime(start);
  conn.destroy();
}

async function drain(): Promise<void> {
  const conn = await connect();
  let total = 0;
  let start = 0;
  conn.on("data", (data) => {
    if (total === 0) start = performance.now();
    total += data.length;
  });
  await once(conn, "end");
  reportTime(start);
  checkTotal(total, size * count);
}

async function source(conn: Socket): Promise<void> {
  const piece = new Uint8Array(size);
  for (let i = 0; i < count; i++) await write(conn, piece);
  conn.end();
}

function sink(conn: Socket): void {
  let total = 0;
  conn.on("data", (data) => total += data.length);
  conn.on("end", () => conn.end(String(total)));
}

async function pour(): Promise<void> {
  const conn = await connect();
  const piece = new Uint8Array(size);
  const start = performance.now();
  const answer = once(conn, "data");
  for (let i = 0; i < count; i++) await write(conn, piece);
  conn.end();
  const [data] = await answer;
  reportTime(start);
  checkTotal(Number(String(data)), size * count);
}

async function churn(): Promise<void> {
  const repeat = async (times: number) => {
    for (let i = 0; i < times; i++) {
      const conn = await connect();
      conn.resume();
      await once(conn, "end");
      conn.destroy();
    }
  };
  await repeat(count);
  const start = performance.now();
  await repeat(count);
  reportTime(start);
}

async function bind() {
  const sock = createSocket("udp4");
  sock.bind(0, host);
  await once(sock, "listening");
  return sock;
}

async function udpEcho(): Promise<void> {
  const sock = await bind();
  console.log(sock.address().port);
  sock.on("message", (data, { port }) => {
    if (data.length === 0) sock.close();
    else sock.send(data, port, host);
  });
}

async function udpPing(): Promise<void> {
  const sock = await bind();
  const message = Buffer.alloc(size);
  let onReply = (_: Uint8Array) => {};
  sock.on("message", (data) => onReply(data));
  const repeat = async (times: number) => {
    for (let i = 0; i < times; i++) {
      message[0] = i;
      const reply = new Promise<Uint8Array>((resolve) => onReply = resolve);
      sock.send(message, Number(address), host);
      const data = await reply;
      checkTotal(data.length, size);
      if (data[0] !== message[0]) throw new Error("The echo is not mine");
    }
  };
  await repeat(count);
  const start = performance.now();
  await repeat(count);
  reportTime(start);
  sock.send(Buffer.alloc(0), Number(address), host, () => sock.close());
}

const ROLES: Record<string, () => unknown> = {
  echo: () => listen(echo),
  serve: () => listen(echo, true),
  source: () => listen(source),
  sink: () => listen(sink),
  greet: () => listen((conn) => conn.end(), true),
  ping,
  drain,
  gather: drain, // Each `data` event brings an array of its own.
  pour,
  churn,
  udp_echo: udpEcho,
  udp_ping: udpPing,
};
const start = ROLES[role];
if (start === undefined) throw new Error(`Cannot play the role "${role}"`);
await start();
