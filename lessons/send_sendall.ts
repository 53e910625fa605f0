// Lesson 4: send, sendall, and whether the bytes went out.
//
// `send` returns a number that most programs throw away. It says how many bytes
// the system has taken, which may be fewer than there were, and the peer may not
// have seen one of them. `sendall` takes care of the rest; but it waits for ever
// if both ends send and neither receives.
//
// Run:  deno run -A lessons/send_sendall.ts            both ends, narrated
//       deno run -A lessons/send_sendall.ts server     then, in another terminal,
//       deno run -A lessons/send_sendall.ts client     or Python, or nc
//
// Next: sticky.ts

import * as socket from "../mod.ts";
import { type Bytes, encode, formatCount, formatNumber } from "./_bytes.ts";
import { failureOf, inviteToTry, show } from "./_demo.ts";
import { drawBoxes, Lanes } from "./_draw.ts";
import type { Text } from "./_languages.ts";
import { readLines, writeLine } from "./_lines.ts";
import { connectPair, type Pair } from "./_pair.ts";
import { LINE_FEED, receiveLines, receiveReply } from "./_received_lines.ts";
import { type Lesson, type Run, runLesson } from "./_run.ts";
import { fill, formatBytes } from "./_send_sendall_queues.ts";
import { serve } from "./tcp_echo.ts";

// ## What sendall does
//
// `send` may take only a part, so the rest is sent again. If that fails, nobody
// but this loop knows how much went out before; the error carries it. The
// module's own `sendall` does the same, with one deadline for the whole.

/** Whatever has a `send` that may take only a part, and says how much. */
export interface Sender {
  /** Sends, and returns how many bytes were taken. */
  send(data: Bytes): number | Promise<number>;
}

/** Sends all of it. An error's `bytes_sent` says how much went out before. */
export async function sendAll(sender: Sender, data: Bytes): Promise<void> {
  let sent = 0;
  try {
    while (sent < data.length) sent += await sender.send(data.subarray(sent));
  } catch (error) {
    if (error instanceof socket.OSError) error.bytes_sent = sent;
    throw error;
  }
}

// The same by recursion, which the demo compares: one call deeper for each part.
function sendRest(send: (data: Bytes) => number, data: Bytes): void {
  const sent = send(data);
  if (sent < data.length) sendRest(send, data.subarray(sent));
}

// ## The server
//
// Only a reply proves that bytes have arrived. At the end of each line this server
// replies how many have arrived in all. It counts them and keeps none, so that the
// longest line needs no memory.
async function count(conn: socket.Socket): Promise<Text> {
  using _ = conn;
  let total = 0;
  let replied = 0;
  while (true) {
    const data = await conn.recv(4096);
    if (data.length === 0) break;
    let replies = "";
    for (const byte of data) {
      total++;
      if (byte !== LINE_FEED) continue;
      replies += formatReply(total);
      replied = total;
    }
    if (replies !== "") await conn.sendall(encode(replies));
  }
  // A last line may lack its end; after a half-close there is still a reply.
  if (replied < total) await conn.sendall(encode(formatReply(total)));
  return {
    en: `${formatNumber(total, "byte")} received`,
    zh: `共收到 ${total} 字节`,
  };
}

function formatReply(total: number): string {
  return `received ${formatNumber(total, "byte")}\n`;
}

const server = (run: Run) => serve(run, count);

// ## The client
//
// A line goes out whole, however long it is. While it does, this server sends
// nothing; so the client may receive afterwards, which is not always so.
async function client(run: Run): Promise<void> {
  using sock = await socket.create_connection([run.host, run.port]);
  run.interrupted.addEventListener("abort", () => sock.close());
  const replies = receiveLines((size) => sock.recv(size));
  for await (const line of readLines(run.interrupted)) {
    if (line === "q") return;
    await sock.sendall(encode(line + "\n"));
    await writeLine(await receiveReply(replies, run));
  }
}

// ## Both together
//
// The demo fills the queues of both kernels. Each step ends when all that was
// taken has been received, so that nothing is on its way when the next begins.
async function demo(run: Run): Promise<void> {
  using pair = await connectPair();
  const room = await fill(pair, run);
  await showTaken(pair, room, run);
  // More than there is room for, whatever system this runs on.
  const lot = new Uint8Array(Math.max(5 * room, 20 * 1024 * 1024));
  await sendPart(pair, lot, run);
  await compareLoops(run);
  await failMidway(pair, lot, run);
  await sendFirst(pair, lot, run);
  await writeNatively(lot, run);
  inviteToTry(run, import.meta.url);
}

// The server's program has seen nothing yet. Now it receives.
async function showTaken(
  { client, conn }: Pair,
  room: number,
  run: Run,
): Promise<void> {
  run.say({
    en:
      "2. Some notes say that send returns the number of bytes “to be sent”.\n" +
      "   It is what your side has taken. That need not have been sent yet, and\n" +
      "   the peer's program has seen none of it: it has not called recv. Only\n" +
      "   a reply proves more. (The server command of this lesson gives one.)\n\n" +
      "   Now the demo's server receives: exactly so many bytes, and there is\n" +
      "   room again:",
    zh:
      "2. 有的笔记说 send 返回“要发送的字节数”。其实它是本机已经放进发送缓冲区\n" +
      "   的字节数：不等于已经发出，更不等于对端程序已经读到，因为对端还没有\n" +
      "   调用过 recv。要想确认，只能靠对端回复。（本课的 server 命令就会这样\n" +
      "   回复。）\n\n" +
      "   现在演示里的服务器开始接收：收到的正好是这么多，缓冲区也腾出了空间：",
  });
  await receive(conn, room);
  showReceived("conn", room, run);
  conn.setblocking(false);
  show("conn.recv(1)", await failureOf(() => conn.recv(1)));
  conn.setblocking(true);
  show("client.send(你好)", await client.send(HELLO));
  await receive(conn, HELLO.length);
}

const HELLO = encode("你好");

/** Receives so many bytes, and throws them away. */
async function receive(sock: socket.Socket, size: number): Promise<void> {
  for (let n = 0; n < size;) {
    const data = await sock.recv(Math.min(size - n, 65536));
    if (data.length === 0) {
      throw new socket.ConnectionError(`${n} of ${size} bytes, then the end`);
    }
    n += data.length;
  }
}

function showReceived(end: string, size: number, run: Run): void {
  const call = run.text({ en: "recv(…), in all", zh: "recv(…)，一共" });
  show(`${end}.${call}`, formatBytes(size, run));
}

// With a timeout, `send` takes what there is room for.
async function sendPart(
  { client, conn }: Pair,
  lot: Bytes,
  run: Run,
): Promise<void> {
  run.say({
    en: `3. One send of ${formatBytes(lot.length, run)}, with a timeout:`,
    zh: `3. 设好超时，一次 send 发送 ${formatBytes(lot.length, run)}：`,
  });
  client.settimeout(3);
  const taken = await client.send(lot);
  show("client.send(lot)", formatBytes(taken, run));
  await receive(conn, taken);
  run.say({
    en:
      "   Only a part! Who ignores the number loses the rest. On Linux a send\n" +
      "   without a timeout hides this mistake: it waits until all is taken.\n" +
      "   The rest has to be sent again, in a loop, while the server receives:",
    zh: "   只发了一部分！不看返回值，剩下的就丢了。在 Linux 上，不设超时的\n" +
      "   send 会等到全部放下才返回，所以这个错误平时看不出来。剩下的要用\n" +
      "   循环接着发，同时服务器在接收：",
  });
  await Promise.all([sendAll(client, lot), receive(conn, lot.length)]);
  show("sendAll(client, lot)", formatBytes(lot.length, run));
}

// A sender that takes one byte at a time shows how deep a recursion would get.
async function compareLoops(run: Run): Promise<void> {
  run.say({
    en:
      "4. Such a loop is what sendall does (it is sendall, not sendAll, in\n" +
      "   Python). Some notes say that it calls itself, by recursion. Run it:\n" +
      "   100,000 bytes, and a send that takes only one at a time:",
    zh:
      "4. sendall 做的就是这样的循环（Python 里叫 sendall，不叫 sendAll）。\n" +
      "   有的笔记说它“递归调用 send”。运行一下就知道：共 100,000 字节，\n" +
      "   每次 send 只发 1 字节：",
  });
  const data = new Uint8Array(100_000);
  let calls = 0;
  const sender = { send: () => (calls++, 1) };
  await sendAll(sender, data);
  const label: Text = { en: "a loop", zh: "循环" };
  const count = formatCount(calls);
  const times = { en: `${count} × send`, zh: `send × ${count} 次` };
  show(run.text(label), run.text(times));
  const failure = await failureOf(() => sendRest(sender.send, data));
  show(run.text({ en: "a recursion", zh: "递归" }), failure);
  run.say({
    en:
      "   In Python it would be a RecursionError, after about 1,000 calls by\n" +
      "   default. Unless you want to count yourself, call sendall and not send.",
    zh:
      "   在 Python 里递归，默认到大约 1,000 层就会抛出 RecursionError。除非想\n" +
      "   自己数字节，否则请用 sendall，不要用 send。",
  });
}

// One deadline for the whole call; a loop of `send` has a new one each time.
async function failMidway(
  { client, conn }: Pair,
  lot: Bytes,
  run: Run,
): Promise<void> {
  run.say({
    en:
      "5. sendall returns None (here: undefined) when all is taken, and raises\n" +
      "   an error otherwise. A timeout is one deadline for the whole call. This\n" +
      "   time the server does not receive. How much has been handed over when\n" +
      "   the time is up?",
    zh:
      "5. sendall 全部放下后返回 None（这里是 undefined），否则抛出异常。超时\n" +
      "   是整个调用的截止时间，不是每次 send 各算各的。这次服务器不接收。\n" +
      "   到时间时，已经交出去多少？",
  });
  client.settimeout(0.1);
  const error = await failToSend(client, lot);
  const { bytes_sent = 0 } = error;
  show("client.sendall(lot)", error);
  show("error.bytes_sent", formatBytes(bytes_sent, run));
  await receive(conn, bytes_sent);
  showReceived("conn", bytes_sent, run);
  run.say({
    en:
      "   CPython does not say how much: all you can do there is close. What has\n" +
      "   been handed over cannot be taken back, and if you sent everything\n" +
      "   again, the peer would have this part twice.",
    zh:
      "   CPython 不会告诉你交出去多少，只好关闭连接。交出去的收不回来；如果\n" +
      "   从头重发，对端就会把这一部分收到两遍。",
  });
}

async function failToSend(
  sock: socket.Socket,
  data: Bytes,
): Promise<socket.OSError> {
  try {
    await sock.sendall(data);
  } catch (error) {
    if (error instanceof socket.OSError) return error;
    throw error;
  }
  throw new TypeError("The call was to fail and has not");
}

// Timeouts at both ends make two errors of what would be a deadlock. What had been
// taken by then arrives as soon as both receive.
async function sendFirst(
  { client, conn }: Pair,
  lot: Bytes,
  run: Run,
): Promise<void> {
  run.say({
    en:
      "6. Some notes have a rule: one send, then one receive. Guess what happens\n" +
      "   if both ends keep to it, send first, and send a lot:",
    zh:
      "6. 有的笔记总结出“一发一收”的规则。如果双方都照做，都先发后收，而且\n" +
      "   都发很多，会怎样？先猜一猜：",
  });
  client.settimeout(0.3);
  conn.settimeout(0.3);
  const [near, far] = await Promise.all([
    failToSend(client, lot),
    failToSend(conn, lot),
  ]);
  show("client.sendall(lot)", near);
  show("conn.sendall(lot)", far);
  console.log(`\n${drawDeadlock(run)}`);
  client.settimeout(null);
  conn.settimeout(null);
  await Promise.all([
    receive(conn, near.bytes_sent ?? 0),
    receive(client, far.bytes_sent ?? 0),
  ]);
  run.say({
    en:
      "   Without timeouts they would wait for ever: a deadlock. Short messages\n" +
      "   hide it, as long as the kernels have room for them. TCP is full duplex:\n" +
      "   it carries both directions at once. So send and receive at once, here\n" +
      "   by Promise.all, in Python with a thread:",
    zh:
      "   如果没有超时，双方会一直等下去，这就是死锁。消息短的时候内核放得下，\n" +
      "   所以看不出来。其实 TCP 是全双工的，两个方向可以同时传输，所以应该\n" +
      "   一边发一边收：这里用 Promise.all，Python 里可以用线程：",
  });
  await Promise.all([
    client.sendall(lot),
    conn.sendall(lot),
    receive(client, lot.length),
    receive(conn, lot.length),
  ]);
  showReceived("client", lot.length, run);
  showReceived("conn", lot.length, run);
}

function drawDeadlock(run: Run): Lanes {
  const lanes = new Lanes("client", "conn");
  lanes.arrow("client", "connect", "conn", "accept");
  lanes.arrow("client", "sendall", "conn");
  lanes.arrow("conn", "sendall", "client");
  const room = run.text({ en: "waits for room", zh: "等对端腾出空间" });
  const recv = run.text({ en: "(recv comes later)", zh: "（recv 还在后面）" });
  for (const text of [room, recv]) {
    for (const end of ["client", "conn"]) lanes.at(end, text);
  }
  return lanes;
}

// Deno has only the first of the two, and no timeout: `write` returns as soon as
// something has been taken.
async function writeNatively(lot: Bytes, run: Run): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  using client = await Deno.connect({ hostname, port });
  using _ = await listener.accept();
  run.say({
    en: "7. Plain Deno has write, which is send. Here, too, the number counts:",
    zh: "7. Deno 自带的 write 相当于 send，同样要看返回值：",
  });
  show("client.write(lot)", formatBytes(await client.write(lot), run));
  const here = run.text({ en: "here", zh: "本模块" });
  const native = run.text({ en: "plain Deno", zh: "Deno 自带" });
  const loop = run.text({
    en: "writeAll, in lesson 1's script",
    zh: "第 1 课脚本里的函数 writeAll",
  });
  console.log(
    "\n" + drawBoxes(
      ["Python", "sock.send(data)", "sock.sendall(data)"],
      [here, "await sock.send(data)", "await sock.sendall(data)"],
      [native, "await conn.write(data)", loop],
    ),
  );
}

/** The lesson: what `deno run` runs. */
export const LESSON: Lesson = {
  url: import.meta.url,
  title: {
    en: "send, sendall, and whether the bytes went out",
    zh: "send 和 sendall：数据真的发出去了吗",
  },
  help: {
    server: {
      en: "reply to each line how many bytes have come, until Ctrl-C",
      zh: "收到每一行就回复一共收到多少字节，按 Ctrl-C 结束",
    },
    client: {
      en: "send each line, print the reply, which has to be a line; q ends",
      zh: "发送输入的每一行，打印回复（须是一行文本）；输入 q 退出",
    },
  },
  demo,
  server,
  client,
};

if (import.meta.main) await runLesson(LESSON);
