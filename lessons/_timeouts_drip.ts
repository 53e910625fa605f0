/**
 * The step of the demo in which a peer drips: it defeats a timeout, and not a
 * deadline.
 *
 * @module
 */

import * as socket from "../mod.ts";
import { type Bytes, concat, encode, repr } from "./_bytes.ts";
import { show } from "./_demo.ts";
import { pad } from "./_draw.ts";
import type { Run } from "./_run.ts";
import { now, recvExactly, RecvTimeoutError } from "./_timeouts_deadline.ts";

// The loop of many programs. The socket has a timeout, and the loop no limit.
async function recvAll(sock: socket.Socket, size: number): Promise<Bytes> {
  const pieces: Bytes[] = [];
  for (let n = 0; n < size;) {
    const piece = await sock.recv(size - n);
    if (piece.length === 0) break;
    pieces.push(piece);
    n += piece.length;
  }
  return concat(pieces);
}

/** Seconds between two bytes of a peer that drips: much less than `LIMIT`. */
const PACE = 0.05;
const LIMIT = 0.2;

/** Sends one byte at a time. */
async function drip(sock: socket.Socket, text: string): Promise<void> {
  for (const byte of encode(text)) {
    await pause(PACE);
    await sock.sendall(Uint8Array.of(byte));
  }
}

/** Waits so many seconds. */
export async function pause(seconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

// Five bytes take longer than the limit, of which each `recv` needs a quarter.
/** Shows a timeout that does not end the wait, and a deadline that does. */
export async function showDrip(
  listener: socket.Socket,
  run: Run,
): Promise<void> {
  using client = await socket.create_connection(listener.getsockname());
  using conn = (await listener.accept())[0];
  run.say({
    en:
      `6. The timeout is ${LIMIT} s. The peer drips: one byte every ${PACE} s, until\n` +
      "   hello is complete. Will a recv time out?",
    zh:
      `6. 超时设为 ${LIMIT} 秒。对端“滴水”：每 ${PACE} 秒只发一个字节，直到发完 hello。\n` +
      "   会有 recv 超时吗？",
  });
  client.settimeout(LIMIT);
  const start = now();
  const [data] = await Promise.all([recvAll(client, 5), drip(conn, "hello")]);
  const seconds = (now() - start).toFixed(2);
  const time = run.text({ en: ` (${seconds} s)`, zh: `（${seconds} 秒）` });
  show("recv, recv, recv, …", repr(data) + time);
  run.say({
    en:
      "   No. Every recv starts a clock of its own, so such a peer can hold us\n" +
      "   for ever. recvExactly has one deadline for all of them: each recv may\n" +
      `   take what is left of it.\n\n${drawClocks(run)}`,
    zh: "   不会。每次 recv 都重新计时，这样的对端能让我们永远等下去。\n" +
      "   recvExactly 给所有 recv 定一个共同的截止时间，每次只等剩下的时间。\n\n" +
      drawClocks(run),
  });
  await showDeadline(client, conn, run);
}

// What came in time is in the error, and the rest is still to come.
async function showDeadline(
  client: socket.Socket,
  conn: socket.Socket,
  run: Run,
): Promise<void> {
  run.say({
    en:
      `   Now the peer drips good morning, and recvExactly has ${LIMIT} s for it.\n` +
      "   What came in time is not lost: the error brings it, and the next call\n" +
      "   gets the rest:",
    zh:
      `   现在对端用同样的办法发 good morning，recvExactly 的截止时间是 ${LIMIT} 秒\n` +
      "   之后。按时到的字节不会丢：它们在异常里，其余的由下一次调用接着收：",
  });
  const dripping = drip(conn, "good morning");
  const error: unknown = await recvExactly(client, 12, now() + LIMIT)
    .catch((reason) => reason);
  if (!(error instanceof RecvTimeoutError)) throw error;
  const { received } = error;
  const missing = 12 - received.length;
  const [rest] = await Promise.all([
    recvExactly(client, missing, now() + 5),
    dripping,
  ]);
  show("recvExactly", error);
  show(
    run.text({ en: "error.received + rest", zh: "error.received + 其余" }),
    repr(concat([received, rest])),
  );
  console.log(run.text({
    en: "   recvExactly has given the socket its own timeout back:",
    zh: "   recvExactly 已把套接字原来的超时还给了它：",
  }));
  show("gettimeout()", client.gettimeout());
}

/** The clocks of `recv` and `recvExactly`, while five bytes come. */
function drawClocks(run: Run): string {
  const clock = (before: number, length: number, end: string) =>
    " ".repeat(before * 5) + "|" + "-".repeat(length * 5 - 1) + end;
  const rows: [name: string, clock: string, note: string][] = [
    [run.text({ en: "bytes", zh: "字节" }), "     h    e    l    l    o", ""],
    ...[1, 2, 3, 4, 5].map((n): [string, string, string] => [
      run.text({ en: `recv ${n}`, zh: `第 ${n} 次 recv` }),
      clock(n - 1, 1, "*"),
      n === 1 ? run.text({ en: "* in time", zh: "* 按时收到" }) : "",
    ]),
    [
      "recvExactly",
      clock(0, 4, "!"),
      run.text({ en: "! the time is over", zh: "! 时间到" }),
    ],
  ];
  return rows.map(([name, clock, note]) =>
    `   ${pad(name, 16)}${pad(clock, 30)}${note}`.trimEnd()
  ).join("\n");
}
