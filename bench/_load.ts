/**
 * Round trips over many connections at once: ADDRESS SIZE COUNT CONNECTIONS. It
 * is one and the same for all contenders, whose servers it measures.
 */

import { checkTotal, reportTime } from "./_roles.ts";

const [address, ...numbers] = Deno.args;
const [size = 0, count = 0, connections = 0] = numbers.map(Number);

const conns: Deno.TcpConn[] = [];
while (conns.length < connections) {
  const wanted = Math.min(100, connections - conns.length);
  conns.push(...await Promise.all(Array.from({ length: wanted }, connect)));
}

async function connect(): Promise<Deno.TcpConn> {
  return await Deno.connect({ hostname: "127.0.0.1", port: Number(address) });
}

/** Round trips on one connection while there are any to be made. */
async function talk(conn: Deno.TcpConn, left: { count: number }) {
  const message = new Uint8Array(size);
  const reply = new Uint8Array(size);
  for (let i = 0; left.count > 0; i++) {
    left.count--;
    message[0] = i;
    for (let n = 0; n < size;) n += await conn.write(message.subarray(n));
    for (let n = 0; n < size;) {
      const got = await conn.read(reply.subarray(n));
      if (got === null) throw new Error("The server has ended it");
      n += got;
    }
    checkTotal(reply[0]!, message[0]!);
  }
}

async function talkAll(times: number): Promise<void> {
  const left = { count: times };
  await Promise.all(conns.map((conn) => talk(conn, left)));
}

await talkAll(count);
const start = performance.now();
await talkAll(count);
reportTime(start);
for (const conn of conns) conn.close();
