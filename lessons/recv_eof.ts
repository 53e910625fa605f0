// Lesson 3: what recv returns, and where a stream ends.
//
// `recv` returns what has arrived: 1 byte, or as many as you allow. No bytes at
// all mean something else: the peer has ended. And "nothing is there yet" is a
// third thing. Programs that mix these up hang, spin, or lose the end.
//
// Run:  deno run -A lessons/recv_eof.ts            both ends, narrated
//       deno run -A lessons/recv_eof.ts server     then, in another terminal,
//       deno run -A lessons/recv_eof.ts client     or Python, or nc
//
// The server says how many bytes each line has, and, at the end, all of them.
// Next: send_sendall.ts

import { once } from "node:events";
import { connect } from "node:net";
import * as socket from "../mod.ts";
import { type Bytes, encode, formatNumber, repr } from "./_bytes.ts";
import { failureOf, inviteToTry, show } from "./_demo.ts";
import { drawPieces, pad } from "./_draw.ts";
import { waitForUnread } from "./_kernel.ts";
import type { Text } from "./_languages.ts";
import { readLines, writeLine } from "./_lines.ts";
import { connectPair, type Pair } from "./_pair.ts";
import {
  decodeReply,
  LINE_FEED,
  receiveLines,
  receiveReply,
} from "./_received_lines.ts";
import { withPatience } from "./_patience.ts";
import { type Lesson, type Run, runLesson } from "./_run.ts";
import { serve, writeAll } from "./tcp_echo.ts";

// ## The server
//
// How many bytes `recv` returns says nothing about lines: one may come in ten
// pieces, and ten in one. Only no bytes mean the end, and only they leave the
// loop. It is Python's `if not data: break`; but in JavaScript an empty array
// counts as true, so that `if (!data)` would never be the case.
async function countBytes(conn: socket.Socket): Promise<Text> {
  using _ = conn;
  let total = 0;
  let size = 0;
  while (true) {
    const data = await conn.recv(1024);
    if (data.length === 0) break;
    total += data.length;
    let replies = "";
    for (const byte of data) {
      size++;
      if (byte !== LINE_FEED) continue;
      replies += `${formatNumber(size - 1, "byte")}\n`;
      size = 0;
    }
    await conn.sendall(encode(replies));
  }
  return await sayEnd(conn, total);
}

// The client sends no more, but it may still receive: each direction ends by
// itself. Nothing is kept of a line but its length, so that somebody who never
// sends a line feed does not fill the server's memory.
async function sayEnd(conn: socket.Socket, total: number): Promise<Text> {
  const bytes = formatNumber(total, "byte");
  await conn.sendall(encode(`end after ${bytes}, line feeds included\n`));
  return { en: `${bytes} received`, zh: `收到 ${total} 字节` };
}

const server = (run: Run) => serve(run, countBytes);

// ## The client
//
// An empty line is sent as well: its line feed is a byte. After the last line the
// client says that it sends no more (half-close), and receives up to the end. If it
// closed at once, it would never see the server's last line.
async function client(run: Run): Promise<void> {
  using sock = await socket.create_connection([run.host, run.port]);
  run.interrupted.addEventListener("abort", () => sock.close());
  const replies = receiveLines((size) => sock.recv(size));
  for await (const line of readLines(run.interrupted)) {
    if (line === "q") break;
    await sock.sendall(encode(line + "\n"));
    await writeLine(await receiveReply(replies, run));
  }
  await sock.shutdown(socket.SHUT_WR);
  while (true) {
    const next = withPatience(run, NO_END, replies.next());
    const { value: reply } = await next;
    if (reply === undefined) break;
    await writeLine(decodeReply(reply, run));
  }
}

const NO_END: Text = {
  en: "still waiting for the server to close the connection (Ctrl-C ends)",
  zh: "还在等服务器关闭连接（按 Ctrl-C 结束）",
};

// ## Both together
//
// What `recv` may return, case by case: bytes, nothing yet, no bytes, an error.
async function demo(run: Run): Promise<void> {
  using pair = await connectPair();
  await receivePieces(pair, run);
  await receiveNothing(pair, run);
  await lookWithFlags(pair, run);
  await receiveEnd(pair, run);
  await receiveError(run);
  await readNative(run);
  summarize(run);
  inviteToTry(run, import.meta.url);
}

// All 3000 bytes are there before the first `recv`: nothing here is about speed.
async function receivePieces({ client, conn }: Pair, run: Run): Promise<void> {
  await client.sendall(new Uint8Array(3000));
  await waitForUnread(conn.getsockname(), client.getsockname(), 3000);
  run.say({
    en: "What exactly may recv return, and what does empty mean?\n\n" +
      "1. One sendall has sent 3000 bytes, and all have arrived. What do three\n" +
      "   recv(1024) return?",
    zh: "recv 到底会返回什么？返回空又是什么意思？\n\n" +
      "1. 一次 sendall 发了 3000 字节，都已到达。连续三次 recv(1024) 各返回\n" +
      "   多少？",
  });
  const sizes: number[] = [];
  for (let i = 0; i < 3; i++) {
    const data = await conn.recv(1024);
    sizes.push(data.length);
    show("recv(1024)", data.length);
  }
  console.log(`\n${
    drawPieces(
      55 / 3000,
      [[3000, "sendall: 3000"]],
      sizes.map((size) => [size, `recv: ${size}`]),
    )
  }`);
  run.say({
    en:
      "   The number is a limit, not a wish: recv returns what is there, and\n" +
      "   what does not fit waits for the next recv. That is so in TCP; what\n" +
      "   does not fit of a datagram is lost (lesson 8). It has to be given:",
    zh:
      "   这个数只是上限，并不要求收满：有多少就返回多少，放不下的留给下一次\n" +
      "   recv。TCP 是这样；数据报放不下的部分会丢掉（第 8 课）。这个数不能省略：",
  });
  const recv = conn.recv as unknown as () => Promise<Bytes>;
  show("recv()", await failureOf(() => recv.call(conn)));
}

// "Nothing is there" is not "no bytes": `recv` waits, or says that it would.
async function receiveNothing({ client, conn }: Pair, run: Run): Promise<void> {
  run.say({
    en:
      "2. 952 is less than 1024. Some programs take that for the end, but it\n" +
      "   only says that no more was there. recv then waits, or with the flag\n" +
      "   MSG_DONTWAIT says that it would have to (DONTWAIT is short for\n" +
      "   socket.MSG_DONTWAIT below, and so are the other flags):",
    zh:
      "2. 952 比 1024 少。有些程序因此以为数据结束了，其实这只说明当时没有更多\n" +
      "   数据。再调用 recv 就会等待；加上标志 MSG_DONTWAIT 则不等，直接抛出\n" +
      "   异常（下面的 DONTWAIT 是 socket.MSG_DONTWAIT 的简写，其他标志也一样）：",
  });
  const receiveNow = () => conn.recv(1024, socket.MSG_DONTWAIT);
  show("recv(1024, DONTWAIT)", await failureOf(receiveNow));
  const [data] = await Promise.all([
    conn.recv(1024),
    client.sendall(encode("hello")),
  ]);
  const label = { en: "recv(1024), then hello", zh: "recv(1024)，hello 后到" };
  show(run.text(label), repr(data));
  run.say({
    en:
      "   It waits for 1 byte, not for 1024. And if it had returned all 1024,\n" +
      "   that would not mean that more will come.\n\n" +
      "3. Some notes say that you cannot send empty data. Run it:",
    zh:
      "   只要有 1 个字节它就返回，不会等满 1024 个。反过来，就算正好返回 1024\n" +
      "   个，也不说明后面还有数据。\n\n" +
      "3. 有的笔记说：不能发送空数据。运行看看：",
  });
  show("send(b'')", await client.send(NOTHING));
  show("recv(1024, DONTWAIT)", await failureOf(receiveNow));
  run.say({
    en:
      "   You can: it returns 0, but nothing travels. A recv that waits is not\n" +
      "   woken by it, only by the line feed that is sent next:",
    zh:
      "   可以发：返回 0，但什么也没有发出去。正在等待的 recv 不会被它唤醒，\n" +
      "   要等到接着发出的换行符：",
  });
  const [woken] = await Promise.all([
    conn.recv(1024),
    client.send(NOTHING),
    client.sendall(encode("\n")),
  ]);
  show("recv(1024)", repr(woken));
  run.say({
    en:
      "   That is why a client that sends just what input() returns hangs after\n" +
      "   Enter alone: the server waits for the client, and the client for the\n" +
      "   server. A line feed after each line helps, because it is a byte.",
    zh:
      "   所以，如果客户端原样发送 input() 的返回值，只按一下回车就会卡住：\n" +
      "   服务器在等客户端，客户端也在等服务器。每行末尾加上换行符就好了：\n" +
      "   换行符也是一个字节。",
  });
}

const NOTHING = new Uint8Array();

// Flags are for one call. Most programs need none, but these three are handy.
async function lookWithFlags({ client, conn }: Pair, run: Run): Promise<void> {
  run.say({
    en:
      "4. Some notes say that the flags can be ignored, but some are handy.\n" +
      "   MSG_PEEK looks and takes nothing; MSG_WAITALL waits for all bytes, here\n" +
      "   of two sends:",
    zh: "4. 有的笔记说标志可以忽略，其实有几个很有用。MSG_PEEK 只看不取；\n" +
      "   MSG_WAITALL 等到收满为止，这里跨了两次 send：",
  });
  await client.sendall(encode("ab"));
  show("recv(5, PEEK)", repr(await conn.recv(5, socket.MSG_PEEK)));
  const all = conn.recv(5, socket.MSG_WAITALL);
  await client.sendall(encode("cde"));
  show("recv(5, WAITALL)", repr(await all));
}

// The peer has closed. `recv` never waits again, so a loop without `break` never
// does either. It counts here for a fifth of a second.
async function receiveEnd({ client, conn }: Pair, run: Run): Promise<void> {
  await client.sendall(encode("bye"));
  client.close();
  run.say({
    en: "5. The peer sends its last 3 bytes, and closes:",
    zh: "5. 对端发出最后 3 个字节，然后关闭：",
  });
  show("recv(5, WAITALL)", repr(await conn.recv(5, socket.MSG_WAITALL)));
  for (let i = 0; i < 3; i++) show("recv(1024)", repr(await conn.recv(1024)));
  run.say({
    en:
      "   b'' means the end of the stream, on every system, and recv returns it\n" +
      "   again and again. (At the end even WAITALL returns less than asked.) A\n" +
      '   server without "if not data: break" spins:',
    zh:
      "   b'' 表示字节流结束，每个系统都是这样，而且以后每次 recv 都返回它。\n" +
      "   （到了结尾，WAITALL 也收不满。）服务器如果没写 if not data: break，\n" +
      "   就会空转：",
  });
  let count = 0;
  const end = performance.now() + 200;
  while (performance.now() < end) {
    await conn.recv(1024);
    count++;
  }
  const label = { en: "b'' within 0.2 s", zh: "0.2 秒内返回 b''" };
  show(run.text(label), run.text({ en: `${count} times`, zh: `${count} 次` }));
  const data = await conn.recv(1024);
  show("!data", !data);
  show("data.length === 0", data.length === 0);
  run.say({
    en:
      "   So often (here; CPython does several times as many), all for nothing,\n" +
      "   and the processor has been busy all the time. A server that was never\n" +
      "   tested with a client that leaves often does that. And in JavaScript an\n" +
      "   empty array counts as true: test its length.",
    zh:
      "   循环了这么多次（这是本模块的次数，CPython 要多好几倍），一无所获，\n" +
      "   处理器却没有停过。只要没有拿“客户端离开”测试过，服务器就很容易这样。\n" +
      "   还要注意：JavaScript 里空数组算“真”，应当判断它的长度。",
  });
}

// A peer that breaks the connection does not end it. `node:net` can do so at will.
async function receiveError(run: Run): Promise<void> {
  using listener = socket.create_server(["127.0.0.1", 0]);
  const [host, port] = listener.getsockname();
  const peer = connect({ host, port });
  const [[conn]] = await Promise.all([
    listener.accept(),
    once(peer, "connect"),
  ]);
  using _ = conn;
  peer.resetAndDestroy();
  run.say({
    en:
      "6. A peer that breaks the connection (a reset) has not ended the stream:",
    zh: "6. 对端强行断开连接（复位）不算正常结束，recv 会抛出异常：",
  });
  show("recv(1024)", await failureOf(() => conn.recv(1024)));
}

// `read` fills an array of ours, whose length is the limit. Here the end is a value
// of its own, `null`, and 0 only means that the array has no room.
async function readNative(run: Run): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  using client = await Deno.connect({ hostname, port });
  using conn = await listener.accept();
  await writeAll(client, encode("hello"));
  await client.closeWrite();
  run.say({
    en: "7. In plain Deno a peer sends hello, and ends its direction:",
    zh: "7. 换成 Deno 自带的 API，对端发出 hello，然后结束发送：",
  });
  const buffer = new Uint8Array(1024);
  show("read(buffer)", await conn.read(buffer));
  show("read(new Uint8Array(0))", await conn.read(new Uint8Array(0)));
  for (let i = 0; i < 2; i++) show("read(buffer)", await conn.read(buffer));
  run.say({
    en: "   An array of no length gets 0, which is not the end; null is.",
    zh: "   数组长度为 0 时返回 0，并不表示结束；返回 null 才表示结束。",
  });
}

function summarize(run: Run): void {
  const rows: [recv: Text, read: Text, meaning: Text][] = [
    [
      { en: "recv(n)", zh: "recv(n)" },
      { en: "Deno: read(array)", zh: "Deno: read(array)" },
      { en: "what it means", zh: "含义" },
    ],
    [
      { en: "1 to n bytes", zh: "1 到 n 个字节" },
      { en: "1 to array.length", zh: "1 到 array.length" },
      { en: "what has arrived", zh: "已经到达的数据" },
    ],
    [
      { en: "b''", zh: "b''" },
      { en: "null", zh: "null" },
      { en: "the peer has ended", zh: "对端已结束发送" },
    ],
    [
      { en: "waits, or EAGAIN", zh: "等待，或 EAGAIN" },
      { en: "waits", zh: "等待" },
      { en: "nothing is there yet", zh: "还没有数据" },
    ],
    [
      { en: "ConnectionResetError", zh: "ConnectionResetError" },
      { en: "ConnectionReset", zh: "ConnectionReset" },
      { en: "the connection is broken", zh: "连接异常断开" },
    ],
  ];
  const table = rows.map((row) =>
    `   ${row.map((text) => pad(run.text(text), 24)).join("").trimEnd()}`
  ).join("\n");
  run.say({ en: `In short:\n\n${table}`, zh: `总结一下：\n\n${table}` });
}

/** The lesson: what `deno run` runs. */
export const LESSON: Lesson = {
  url: import.meta.url,
  title: {
    en: "what recv returns, and where a stream ends",
    zh: "recv 返回什么，字节流在哪里结束",
  },
  help: {
    client: {
      en: "send each line; the reply, a line, is its length; q ends",
      zh: "发送输入的每一行，回复（一行文本）是它的长度；输入 q 结束",
    },
  },
  demo,
  server,
  client,
};

if (import.meta.main) await runLesson(LESSON);
