// Lesson 5: why two sends arrive as one.
//
// Chinese notes call it 粘包, “sticky packets”: two messages are sent, and one
// arrives. Nothing sticks. TCP carries a stream of bytes and knows no messages,
// so `recv` returns whatever has arrived. What many notes do against it is slow,
// and does not help.
//
// Run:  deno run -A lessons/sticky.ts            both ends, narrated
//       deno run -A lessons/sticky.ts server     then, in another terminal,
//       deno run -A lessons/sticky.ts client     or Python, or nc
//
// With --burst the client sends all lines at once; with --busy 0.5 the server is
// late, and they stick.
// Next: framing.ts

import * as socket from "../mod.ts";
import { type Bytes, decode, encode, formatNumber, repr } from "./_bytes.ts";
import { formatEnds, show } from "./_demo.ts";
import { drawPieces, type Pieces } from "./_draw.ts";
import { waitForBoth, waitForUnread } from "./_kernel.ts";
import type { Text } from "./_languages.ts";
import { readLines, writeLine } from "./_lines.ts";
import { UsageError } from "./_options.ts";
import { connectPair, type Pair } from "./_pair.ts";
import { type Line, receiveLines, receiveReply } from "./_received_lines.ts";
import { type Lesson, type Run, runLesson } from "./_run.ts";
import { showAcknowledging, showWaiting } from "./_sticky_acknowledging.ts";
import { serve, writeAll } from "./tcp_echo.ts";

// ## The server
//
// This server makes the mistake on purpose: it takes whatever one `recv` returns
// for one message, and replies what it took. The quotes show where that begins
// and ends; half a character shows as �.
async function takeMessages(conn: socket.Socket, busy: number): Promise<Text> {
  using _ = conn;
  let count = 0;
  while (true) {
    if (busy > 0) await work(busy);
    const data = await conn.recv(1024);
    if (data.length === 0) break;
    count++;
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(data);
    const size = formatNumber(data.length, "byte");
    const reply = `1 message of ${size}: ${JSON.stringify(text)}\n`;
    await conn.sendall(encode(reply));
  }
  return {
    en: `${formatNumber(count, "message")} taken`,
    zh: `收到 ${count} 条“消息”`,
  };
}

// A real program has other work, too, and comes to its next `recv` when that is
// done. With --busy so does this one; what the client sends meanwhile joins.
async function work(seconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
}

async function server(run: Run): Promise<void> {
  const busy = readBusy(run);
  await serve(run, (conn) => takeMessages(conn, busy));
}

function readBusy(run: Run): number {
  const value = run.values.get("busy") ?? "";
  if (/^\d+(\.\d+)?$/.test(value) && Number(value) <= 60) return Number(value);
  throw new UsageError({
    en: `Option --busy must be seconds, up to 60: current value is "${value}"`,
    zh: `选项 --busy 必须是不超过 60 的秒数，而不是“${value}”`,
  }, run.language);
}

// ## The client
//
// A line is one `send`, without its line feed. When a person types, the server has
// received a line long before the next one, and all seems well. With --burst the
// client connects when the input has ended and sends all lines at once: nobody
// waits, and the lines may come out in any pieces.
async function client(run: Run): Promise<void> {
  const burst = run.switches.has("burst") ? await readAll(run) : [];
  if (run.interrupted.aborted) return;
  using sock = await socket.create_connection([run.host, run.port]);
  run.interrupted.addEventListener("abort", () => sock.close());
  const replies = receiveLines((size) => sock.recv(size));
  if (run.switches.has("burst")) {
    return await exchange(sock, replies, burst, run);
  }
  for await (const line of readLines(run.interrupted)) {
    if (line === "q") return;
    await exchange(sock, replies, [line], run);
  }
}

async function readAll(run: Run): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readLines(run.interrupted)) {
    if (line === "q") break;
    lines.push(line);
  }
  return lines;
}

// How many replies will there be? Not one for each line: that is the point. But
// each tells how many bytes it is for, and together they are for all. They are
// received while we send, or both ends could wait for each other (lesson 4).
async function exchange(
  sock: socket.Socket,
  replies: AsyncGenerator<Line, void>,
  lines: readonly string[],
  run: Run,
): Promise<void> {
  const messages = lines.map(encode);
  const size = messages.reduce((sum, { length }) => sum + length, 0);
  if (lines.length > 0 && size === 0) {
    run.note({
      en: "an empty line has no bytes: nothing was sent",
      zh: "空行没有字节，什么也没有发出去",
    });
  }
  await Promise.all([
    sendEach(sock, messages),
    printReplies(replies, size, run),
  ]);
}

async function sendEach(
  sock: socket.Socket,
  messages: readonly Bytes[],
): Promise<void> {
  for (const message of messages) await sock.sendall(message);
}

async function printReplies(
  replies: AsyncGenerator<Line, void>,
  size: number,
  run: Run,
): Promise<void> {
  for (let taken = 0; taken < size;) {
    const reply = await receiveReply(replies, run);
    await writeLine(reply);
    const [, count] = reply.match(/^1 message of ([1-9]\d*) bytes?: /) ?? [];
    if (count === undefined) throw new Error(run.text(NO_COUNT));
    taken += Number(count);
  }
}

const NO_COUNT: Text = {
  en: "That is no reply of this lesson's server, which would be " +
    '"1 message of N bytes: …" (with a Python server use lesson 2\'s client)',
  zh: '这不是本课服务器的回复，应为 "1 message of N bytes: …"' +
    "（与 Python 服务器通信，请用第 2 课的 client）",
};

// ## Both together
//
// Nothing here depends on timing: before the server receives, its kernel holds
// what it is to hold.
async function demo(run: Run): Promise<void> {
  using pair = await connectPair();
  await sendTwo(pair, run);
  await sendWithoutDelay(pair, run);
  await receiveAtThreeTimes(pair, run);
  await missTheEnd(pair, run);
  await showAcknowledging(pair, run);
  await readNatively(run);
  run.say({
    en:
      "8. So what does help? The sender has to say where a message ends, and the\n" +
      "   receiver has to read on until there. That is framing: the next lesson.",
    zh:
      "8. 那么怎样才对？发送方要说明每条消息到哪里为止，接收方要一直读到那里。\n" +
      "   怎么做，请看下一课。",
  });
}

const ONE = encode("one");
const TWO = encode("two");

/** What is sent: three bytes, then three bytes, each with its number. */
const SENT: Pieces = [
  [3, "0     1     2\no     n     e"],
  [3, "3     4     5\nt     w     o"],
];
const SCALE = 6;

async function sendTwo(pair: Pair, run: Run): Promise<void> {
  const { client, conn } = pair;
  run.say({
    en:
      "The client sends “one”, then “two”. How many times does the server have\n" +
      "to call recv(1024) to have both: once, twice, or can nobody know? Make a\n" +
      "guess, then look.\n\n" +
      "1. Both are sent before the server receives. Its kernel keeps them:",
    zh: "客户端先发“one”，再发“two”。服务器要调用几次 recv(1024) 才能收全：\n" +
      "一次，两次，还是说不准？先猜一猜，再往下看。\n\n" +
      "1. 两次都发完，服务器才开始接收。在此之前，数据放在服务器的内核里：",
  });
  await client.sendall(ONE);
  await showWaiting('client.send("one")', pair, 3, run);
  await client.sendall(TWO);
  await showWaiting('client.send("two")', pair, 6, run);
  const data = await conn.recv(1024);
  show("conn.recv(1024)", repr(data));
  console.log(`\n${drawPieces(SCALE, SENT, piecesOf([data]))}`);
  run.say({
    en:
      "   Two sends, one recv. TCP gives every byte its number, so that all of\n" +
      "   them arrive in order. (Some notes say that it numbers packets; it does\n" +
      "   not.) Where one send ended and the next began, it does not tell.",
    zh:
      "   两次 send，一次 recv。TCP 给每个字节编号，保证全部按顺序到达。（有的\n" +
      "   笔记说是给每个包编号，不对。）至于哪里是一次 send 的结尾、下一次的\n" +
      "   开头，TCP 并不记录。",
  });
}

/** What each `recv` has returned, to be drawn below what was sent. */
function piecesOf(received: readonly Bytes[]): Pieces {
  return received.map((data) => [data.length, `recv: ${decode(data)}`]);
}

// TCP_NODELAY stays on from here. The kernel tells that nothing waits at the
// client any more; it may take a moment until the server's has confirmed it.
async function sendWithoutDelay(pair: Pair, run: Run): Promise<void> {
  const { client, conn } = pair;
  run.say({
    en:
      "2. Some notes say that the two stick while they wait in the client's send\n" +
      "   buffer. There is such a thing: Nagle's algorithm keeps small pieces\n" +
      "   back while earlier ones are not confirmed, to spare packets. So switch\n" +
      "   it off, by TCP_NODELAY:",
    zh:
      "2. 有的笔记说，粘包是因为数据在客户端的发送缓冲区里等着凑在一起。的确有\n" +
      "   这样的机制：前面的数据还没有确认时，小块数据会先等一等，以减少小包的\n" +
      "   数量，这叫 Nagle 算法。那就用 TCP_NODELAY 把它关掉：",
  });
  client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1);
  await client.sendall(ONE);
  await client.sendall(TWO);
  const queues = await waitForBoth(
    client.getsockname(),
    conn.getsockname(),
    ({ unsent }, { unread }) => unsent === 0 && unread === 6,
  );
  if (queues !== undefined) {
    const [here, there] = AT[run.language];
    show(here, queues[0].unsent);
    show(there, queues[1].unread);
  }
  show("conn.recv(1024)", repr(await conn.recv(1024)));
  run.say({
    en:
      "   The same. Both have left at once; they meet at the server, which has\n" +
      "   not called recv yet.",
    zh:
      "   结果一样。两块数据都立刻发出去了，是在服务器那边碰到一起的，因为\n" +
      "   服务器还没有调用 recv。",
  });
}

const AT = {
  en: ["bytes at the client", "bytes at the server"],
  zh: ["客户端内核里的字节数", "服务器内核里的字节数"],
} as const;

// The same two sends; the server receives in between, afterwards, or by four.
async function receiveAtThreeTimes(pair: Pair, run: Run): Promise<void> {
  const { client, conn } = pair;
  run.say({
    en:
      "3. The same two sends, three times. Only recv differs: it comes after\n" +
      "   each send; after both; after both, but as recv(4), then recv(1024):",
    zh:
      "3. 同样的两次 send，做三遍，只是 recv 不同：每次 send 之后就 recv；\n" +
      "   两次 send 之后才 recv；两次之后先 recv(4)，再 recv(1024)：",
  });
  await client.sendall(ONE);
  const between = [await conn.recv(1024)];
  await client.sendall(TWO);
  between.push(await conn.recv(1024));
  await sendBoth(pair);
  const after = [await conn.recv(1024)];
  await sendBoth(pair);
  const short = [await conn.recv(4), await conn.recv(1024)];
  const rows = [between, after, short].map(piecesOf);
  console.log(`\n${drawPieces(SCALE, SENT, ...rows)}`);
  run.say({
    en:
      "   So nobody can know. One program, three outcomes, and all are right. The\n" +
      "   first is what you see when you try it by hand on one computer: “it\n" +
      "   worked in my tests”. TCP cuts the bytes into segments, too, one for each\n" +
      "   IP packet; it joins them again, and these cuts are not yours either.",
    zh:
      "   所以答案是“说不准”。同一个程序，三种结果，都是正确的。在一台电脑上\n" +
      "   手动试的时候，看到的往往是第一种，于是觉得“我测试时没问题”。TCP 还会\n" +
      "   把数据切成段，装进 IP 包，收到后再拼好，这些切口同样和你的消息无关。",
  });
  const ends = formatEnds(import.meta.url, {
    server: "--busy 0.5",
    client: "--burst",
  });
  run.say({
    en:
      "   See it yourself. Run this server, which has other work for half a second\n" +
      "   before each recv, and the client in another terminal. Type a few lines,\n" +
      `   then Ctrl-D (on Windows Ctrl-Z and Enter):\n\n${ends}`,
    zh:
      "   亲眼看看粘包：一个终端里运行 server，它每次 recv 之前要先忙半秒别的\n" +
      "   事；另一个终端里运行 client，输入几行，再按 Ctrl-D（Windows 上是\n" +
      `   Ctrl-Z 加回车）：\n\n${ends}`,
  });
}

async function sendBoth({ client, conn }: Pair): Promise<void> {
  await client.sendall(ONE);
  await client.sendall(TWO);
  await waitForUnread(conn.getsockname(), client.getsockname(), 6);
}

async function missTheEnd({ client, conn }: Pair, run: Run): Promise<void> {
  run.say({
    en: "4. Some notes say that the socket hides TCP, so that we need not\n" +
      "   understand it. But it cannot hide that TCP has no messages. A server is\n" +
      "   to end when recv returns “q”; a client sends “hello”, then “q”:",
    zh:
      "4. 有的笔记说，socket 已经把 TCP 封装好了，不必理解 TCP。可是“没有消息\n" +
      "   边界”这一点，它隐藏不了。约定服务器收到“q”就结束，客户端先发“hello”，\n" +
      "   再发“q”：",
  });
  await client.sendall(encode("hello"));
  await client.sendall(encode("q"));
  await waitForUnread(conn.getsockname(), client.getsockname(), 6);
  const data = await conn.recv(1024);
  show("data = conn.recv(1024)", repr(data));
  show('data == b"q"', decode(data) === "q");
}

// Plain Deno reads what has arrived, too. The option is a method.
async function readNatively(run: Run): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  using client = await Deno.connect({ hostname, port });
  using conn = await listener.accept();
  const { hostname: host, port: source } = client.localAddr;
  run.say({
    en: "7. Plain Deno does the same, for it is TCP that does it:",
    zh: "7. 用 Deno 自带的 API，结果也一样，因为这就是 TCP 的特点：",
  });
  client.setNoDelay(true);
  await writeAll(client, ONE);
  await writeAll(client, TWO);
  await waitForUnread([hostname, port], [host, source], 6);
  const buffer = new Uint8Array(1024);
  const count = await conn.read(buffer);
  show("n = conn.read(buffer)", count);
  show("buffer.subarray(0, n)", repr(buffer.subarray(0, count ?? 0)));
}

/** The lesson: what `deno run` runs. */
export const LESSON: Lesson = {
  url: import.meta.url,
  title: {
    en: "why two sends arrive as one",
    zh: "粘包：为什么两次 send 会一次收到",
  },
  help: {
    server: {
      en: "take each recv for a message and reply, until Ctrl-C",
      zh: "把每次 recv 的结果当作一条消息来回复，按 Ctrl-C 结束",
    },
    client: {
      en: "send each line without its end, print each reply; q ends",
      zh: "把每一行不带换行符发出去，打印本课服务器的回复；输入 q 退出",
    },
  },
  options: {
    busy: {
      end: "server",
      placeholder: "S",
      default: "0",
      help: {
        en: "server: other work before each recv, so many seconds (0)",
        zh: "服务器：每次 recv 之前先忙别的事，忙多少秒（0）",
      },
    },
    burst: {
      end: "client",
      help: {
        en: "client: send all lines at once, when the input ends",
        zh: "客户端：等输入结束，把所有行一口气发出去",
      },
    },
  },
  demo,
  server,
  client,
};

if (import.meta.main) await runLesson(LESSON);
