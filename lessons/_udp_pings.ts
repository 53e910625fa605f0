/**
 * The step of the UDP lesson in which datagrams get lost on their way: numbered
 * pings, as in the laboratory course of Kurose and Ross.
 *
 * @module
 */

import * as socket from "../mod.ts";
import { type Bytes, encode } from "./_bytes.ts";
import { formatEnds, show } from "./_demo.ts";
import { paint } from "./_draw.ts";
import type { Run } from "./_run.ts";
import { bindDatagram } from "./_udp_whole.ts";

/** Sends a request, and returns its reply if that comes in time. */
export type Ask = (
  sock: socket.Socket,
  request: Bytes,
  timeout: number,
  run: Run,
) => Promise<Bytes | undefined>;

// ## A network that loses
//
// Loopback loses nothing but what finds a queue full. So this server throws away
// by itself: some requests, as if they had never come, and some replies. It looks
// like chance and is the same each time, since it begins at the same number.

/** Echoes so many requests, but for what gets lost; returns how many it served. */
async function serveBadly(
  sock: socket.Socket,
  requests: number,
): Promise<number> {
  let [served, chance] = [0, 6];
  const isLost = () => (chance = chance * 48271 % 2147483647) % 100 < 20;
  for (let i = 0; i < requests; i++) {
    const [data, sender] = await sock.recvfrom(65_535);
    if (isLost()) continue;
    served++;
    if (!isLost()) await sock.sendto(data, sender);
  }
  return served;
}

// ## The pings
//
// Each has a number, so that a late reply to one is no reply to the next. A ping
// is not sent again: what is lost is what we want to know.

/** Sends pings; returns what each has taken in milliseconds, if it came back. */
async function ping(
  ask: (request: Bytes) => Promise<Bytes | undefined>,
  count: number,
): Promise<(number | undefined)[]> {
  const times: (number | undefined)[] = [];
  for (let n = 1; n <= count; n++) {
    const start = performance.now();
    const reply = await ask(encode(`ping ${n}`));
    times.push(reply && performance.now() - start);
  }
  return times;
}

/**
 * Shows what comes back of ten pings, and after what time; and how to see it with
 * the ends of the lesson that is at `url`.
 */
export async function showPings(
  run: Run,
  ask: Ask,
  url: string,
): Promise<void> {
  using server = bindDatagram();
  using client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  await client.connect(server.getsockname());
  const [served, times] = await Promise.all([
    serveBadly(server, 10),
    ping((request) => ask(client, request, 0.1, run), 10),
  ]);
  run.say({
    en:
      "9. UDP promises neither arrival nor order, nor that a datagram comes\n" +
      "   only once. Ten pings to a server that loses some:",
    zh:
      "9. UDP 既不保证到达，也不保证顺序，还可能重复。向一个会丢包的服务器\n" +
      "   发 10 个 ping：",
  });
  const ends = formatEnds(url, { server: "--drop 2" });
  const nothing = run.text({
    en: "no reply within 0.1 s",
    zh: "0.1 秒内没有回复",
  });
  for (const [i, time] of times.entries()) {
    const result = time === undefined
      ? paint("red", nothing)
      : formatMs(time, run);
    show(`ping ${i + 1}`, result);
  }
  const known = times.filter((time) => time !== undefined);
  const lost = times.length - known.length;
  const rate = Math.round(100 * lost / times.length);
  const average = formatMs(
    known.reduce((a, b) => a + b, 0) / known.length,
    run,
  );
  run.say({
    en:
      `   Loss: ${lost} of ${times.length}, ${rate} %. Round trip: ${average} on average.\n\n` +
      `   The client has got ${known.length} replies, but the server has served ${served}. So\n` +
      "   a missing reply does not say that nothing was done: who asks again\n" +
      "   may have it done twice. Reading twice is harmless, paying twice is not.\n\n" +
      "   See it happen, in two terminals. Of the second line you type the reply\n" +
      `   gets lost: the server's log has it served twice.\n\n${ends}`,
    zh:
      `   丢包率：${lost}/${times.length}，即 ${rate}%。平均往返时间：${average}。\n\n` +
      `   客户端发了 ${times.length} 个，收到 ${known.length} 个回复；服务器却处理了 ${served} 个。可见没有\n` +
      "   回复不等于没有处理，重发可能让同一件事做两遍：查询两遍无妨，付款\n" +
      "   两遍可不行。\n\n" +
      "   亲眼看看：一个终端里运行 server，另一个终端里运行 client。你输入的第二行，\n" +
      `   回复会丢失；看服务器的日志，它被处理了两遍。\n\n${ends}`,
  });
}

function formatMs(time: number, run: Run): string {
  const ms = time.toFixed(2);
  return run.text({ en: `${ms} ms`, zh: `${ms} 毫秒` });
}
