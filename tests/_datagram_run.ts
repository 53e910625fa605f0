/**
 * The other end of `peers/datagram_peer.py`, with calls that give up all the
 * time. It is a program of its own, so that it can be run with other flags.
 *
 *     _datagram_run.ts COUNT WINDOW [PATH]
 */

import * as socket from "../mod.ts";

const [count = 0, window = 1] = Deno.args.map(Number);
const path = Deno.args[2];

const sock = new socket.Socket(
  path === undefined ? socket.AF_INET : socket.AF_UNIX,
  socket.SOCK_DGRAM,
);
if (path === undefined) sock.bind(["127.0.0.1", 0]);
else sock.bind(path);
const [, port] = path === undefined ? sock.getsockname() : [path, 0];
console.log(`listening on ${port}`);

let peer: socket.AddressLike = "";
let timeouts = 0;

async function receive(limits: readonly number[]): Promise<string> {
  while (true) {
    sock.settimeout(limits[timeouts % limits.length] ?? null);
    try {
      const [data, from] = await sock.recvfrom<socket.Address>(100);
      peer = from;
      return new TextDecoder().decode(data);
    } catch (error) {
      const isTimeout = error instanceof socket.TimeoutError ||
        error instanceof socket.BlockingIOError;
      if (!isTimeout) throw error;
      timeouts++;
    }
  }
}

const send = (text: string) =>
  sock.sendto(new TextEncoder().encode(text), peer);

for (let i = 0; i < count; i++) {
  const text = await receive([0.001, 0, 0.0005]);
  if (text !== String(i)) throw new Error(`${text} instead of ${i}`);
  if (i % window === window - 1) await send(text);
}
for (let i = 0; i < count; i++) {
  await send(String(i));
  if (i % window === window - 1) {
    const text = await receive([0.001]);
    if (text !== String(i)) throw new Error(`${text} instead of ${i}`);
  }
}
sock.close();
console.log(`all ${count}, ${timeouts} timeouts`);
