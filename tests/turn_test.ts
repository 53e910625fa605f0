/** Calls that may not wait, while others are being told that nothing is there. */

import { assertEquals } from "@std/assert";
import { bytes, EAGAIN, inTime, outcome, text } from "./_outcome.ts";
import { connected } from "./_pairs.ts";

Deno.test("Socket.recv() that may not wait finds what is there, whenever another call began", async () => {
  await using idle = await connected();
  await using pair = await connected();
  const { client, conn } = pair;
  idle.client.setblocking(false);
  client.setblocking(false);
  for (let ticks = 0; ticks < 80; ticks += 2) {
    const other = outcome(() => idle.client.recv(1));
    for (let i = 0; i < ticks; i++) await new Promise<void>(setImmediate);
    // Long enough for a timer of the other call to be due.
    for (const end = performance.now() + 2; performance.now() < end;);
    await conn.sendall(bytes("x"));
    const received = await outcome(async () => text(await client.recv(9)));
    assertEquals(received, 'returned "x"', `after ${ticks} ticks`);
    assertEquals(await inTime(other), EAGAIN);
  }
});
