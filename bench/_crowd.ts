/**
 * Many connections to one server: ADDRESS CONNECTIONS. Prints how many seconds it
 * took to have them; after a line of input, one round trip over each, and again.
 */

import { reportTime } from "./_roles.ts";

const [address, connections] = Deno.args.map(Number);
const conns: Deno.TcpConn[] = [];

const start = performance.now();
while (conns.length < connections!) {
  const wanted = Math.min(100, connections! - conns.length);
  conns.push(
    ...await Promise.all(Array.from(
      { length: wanted },
      () => Deno.connect({ hostname: "127.0.0.1", port: address! }),
    )),
  );
}
// The last one has its echo: so all of them have been accepted.
await echo(conns.at(-1)!);
reportTime(start);
await Deno.stdin.read(new Uint8Array(1));
const again = performance.now();
await Promise.all(conns.map(echo));
reportTime(again);
for (const conn of conns) conn.close();

async function echo(conn: Deno.TcpConn): Promise<void> {
  const byte = Uint8Array.of(7);
  await conn.write(byte);
  byte[0] = 0;
  await conn.read(byte);
  if (byte[0] !== 7) throw new Error("The echo is not mine");
}
