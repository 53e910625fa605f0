/**
 * Who holds what has been sent and not received: the first step of send_sendall.
 *
 * @module
 */

import { formatCount } from "./_bytes.ts";
import { failureOf, show } from "./_demo.ts";
import { drawGauge, pad } from "./_draw.ts";
import { type Queues, waitForBoth } from "./_kernel.ts";
import type { Text } from "./_languages.ts";
import type { Pair } from "./_pair.ts";
import type { Run } from "./_run.ts";

const PIECE = new Uint8Array(64 * 1024);

// Nobody receives. So whatever `send` has taken when there is no more room must be
// somewhere on its way, and the kernel tells where.

/** Sends until there is no more room, and returns how much there was. */
export async function fill(pair: Pair, run: Run): Promise<number> {
  const { client } = pair;
  run.say({
    en: "send has returned. Who has the bytes now: the peer's program, the\n" +
      "peer's kernel, or still your own? Make a guess, then look.\n\n" +
      "1. The client does not wait (setblocking(False)). It sends 64 KiB at a\n" +
      "   time until there is no more room. The server never calls recv:",
    zh:
      "send 已经返回了。这时数据在谁手里：对端程序、对端内核，还是本机内核？\n" +
      "先猜一猜，再往下看。\n\n" +
      "1. 客户端设为非阻塞（setblocking(False)），每次发送 64 KiB，直到缓冲区\n" +
      "   再也放不下。服务器一次也不调用 recv：",
  });
  client.setblocking(false);
  let room = 0;
  const sendOn = async () => {
    while (true) room += await client.send(PIECE);
  };
  show("client.send(…)", await failureOf(sendOn));
  const label = run.text({
    en: "taken before that",
    zh: "在此之前已放进缓冲区",
  });
  show(label, formatBytes(room, run));
  const held = await findHeld(pair, room);
  if (held !== undefined) drawHolders(held, room, run);
  return room;
}

// What has arrived stands in both queues until the server's kernel has confirmed
// it, and only then do they make up the whole. All but one piece at most: that one
// found no room, and waits in the socket object, since Deno takes no write back.
async function findHeld(
  { client, conn }: Pair,
  room: number,
): Promise<Held | undefined> {
  const queues = await waitForBoth(
    client.getsockname(),
    conn.getsockname(),
    ({ unsent }, { unread }) => {
      const kept = room - unsent - unread;
      return kept >= 0 && kept <= PIECE.length;
    },
  );
  return queues && { unsent: queues[0].unsent, unread: queues[1].unread };
}

/** What the client's kernel holds, and what the server's. */
type Held = Pick<Queues, "unsent" | "unread">;

function drawHolders({ unsent, unread }: Held, room: number, run: Run): void {
  const rows: [holder: Text, size: number][] = [
    [
      { en: "client's socket object", zh: "客户端的套接字对象" },
      room - unsent - unread,
    ],
    [{ en: "client's kernel", zh: "客户端内核的发送队列" }, unsent],
    [{ en: "server's kernel", zh: "服务器内核的接收队列" }, unread],
    [{ en: "server's program", zh: "服务器程序" }, 0],
  ];
  run.say({
    en:
      "   The kernel tells where they are. (The first line is of this module: in\n" +
      "   Deno a write that has begun cannot be taken back, so the last piece\n" +
      "   stays in the socket object. CPython has only the other three.)\n",
    zh:
      "   内核可以告诉我们数据在哪里。（第一行是本模块特有的：Deno 的写操作一旦\n" +
      "   开始就无法撤回，所以最后一块先留在套接字对象里；CPython 只有后三行。）\n",
  });
  for (const [holder, size] of rows) {
    const gauge = drawGauge(size, room);
    console.log(
      `   ${pad(run.text(holder), 24)} ${gauge} ${formatBytes(size, run)}`,
    );
  }
}

/** A number of bytes, in words. */
export function formatBytes(size: number, run: Run): string {
  const number = formatCount(size);
  return run.text({ en: `${number} bytes`, zh: `${number} 字节` });
}
