// Lesson 5: why two sends arrive as one.
//
// Chinese notes call it 粘包, “sticky packets”: two messages are sent, and one
// arrives. Nothing sticks. TCP carries a stream of bytes and knows no messages,
// so `recv` returns whatever has arrived. What the notes do against it is slow,
// and does not help.
//
// Run:  deno run -A lessons/sticky.ts            both ends, narrated
//       deno run -A lessons/sticky.ts server     then, in another terminal,
//       deno run -A lessons/sticky.ts client     or Python, or nc
//
// With --burst the client sends all lines at once, so that they can stick.
// Next: framing.ts

import * as socket from "../mod.ts";
import {
  type Answers,
  formatSize,
  openAnswers,
  readAnswer,
} from "./_answers.ts";
import { type Bytes, decode, encode, repr } from "./_bytes.ts";
import { show } from "./_demo.ts";
import { pad } from "./_draw.ts";
import { type Queues, waitForQueues, waitForUnread } from "./_kernel.ts";
import type { Text } from "./_languages.ts";
import { readLines, writeLine } from "./_lines.ts";
import { type Lesson, type Run, runLesson } from "./_run.ts";
import {
  type Ends,
  showAcknowledging,
  showWaiting,
} from "./_sticky_acknowledging.ts";
import { serve, writeAll } from "./tcp_echo.ts";

// ## The server
//
// This server makes the mistake on purpose: it takes whatever one `recv` returns
// for one message, and answers what it took. The quotes show where that begins
// and ends; a character that was cut in two shows as �.
async function takeMessages(conn: socket.Socket): Promise<Text> {
  using _ = conn;
  let count = 0;
  while (true) {
    const data = await conn.recv(1024);
    if (data.length === 0) break;
    count++;
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(data);
    const answer = `1 message of ${formatSize(data.length)}: `;
    await conn.sendall(encode(`${answer}${JSON.stringify(text)}\n`));
  }
  return { en: `${count} messages taken`, zh: `收到 ${count} 条“消息”` };
}

const server = (run: Run) => serve(run, takeMessages);

// ## The client
//
// A line is one `send`, without its line feed. When a person types, the server has
// long received a line before the next one comes, and all seems well. With
// --burst nobody waits, and the lines may come out in any pieces.
async function client(run: Run): Promise<void> {
  using sock = await socket.create_connection([run.host, run.port]);
  using answers = openAnswers(sock, run);
  const burst: string[] = [];
  for await (const line of readLines(run.interrupted)) {
    if (line === "q") break;
    if (run.switches.has("burst")) burst.push(line);
    else await exchange(sock, answers, [line], run);
  }
  await exchange(sock, answers, burst, run);
}

// How many answers will there be? Not one for each line, for that is the point.
// But each tells how many bytes it is for, and together they are for all of them.
// They are received while we send, as lesson 4 has shown.
async function exchange(
  sock: socket.Socket,
  answers: Answers,
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
    printAnswers(answers, size, run),
  ]);
}

async function sendEach(
  sock: socket.Socket,
  messages: readonly Bytes[],
): Promise<void> {
  for (const message of messages) await sock.sendall(message);
}

async function printAnswers(
  answers: Answers,
  size: number,
  run: Run,
): Promise<void> {
  for (let answered = 0; answered < size;) {
    const answer = await readAnswer(answers, run);
    await writeLine(answer);
    const [, taken] = answer.match(/^1 message of ([1-9]\d*) bytes?: /) ?? [];
    if (taken === undefined) {
      throw new Error(run.text({
        en: "The server's answer does not say how many bytes it is for",
        zh: "服务器的回复没有说明收到了多少字节",
      }));
    }
    answered += Number(taken);
  }
}

// ## Both together
//
// Nothing here depends on timing: before the server receives, its kernel holds
// what it is to hold.
async function demo(run: Run): Promise<void> {
  using listener = socket.create_server(["127.0.0.1", 0]);
  using client = await socket.create_connection(listener.getsockname());
  using conn = (await listener.accept())[0];
  const ends: Ends = { client, conn };
  await sendTwo(ends, run);
  await sendWithoutDelay(ends, run);
  await receiveAtThreeTimes(ends, run);
  await missTheEnd(ends, run);
  await showAcknowledging(ends, run);
  await readNatively(run);
  run.say({
    en:
      "8. So what does help? The sender has to say where a message ends, and the\n" +
      "   receiver has to read on until there. That is called framing.",
    zh:
      "8. 那么怎样才对？发送方要说明消息到哪里为止，接收方要一直读到那里。\n" +
      "   这叫做分帧（framing）。",
  });
}

const ONE = encode("one");
const TWO = encode("two");

async function sendTwo({ client, conn }: Ends, run: Run): Promise<void> {
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
  await showWaiting('client.send("one")', { client, conn }, 3, run);
  await client.sendall(TWO);
  await showWaiting('client.send("two")', { client, conn }, 6, run);
  const data = await conn.recv(1024);
  show("conn.recv(1024)", repr(data));
  console.log(`
      byte     0 1 2 3 4 5
      send    ${drawCuts([ONE, TWO])}
      kernel  ${drawCuts([data])}
      recv    ${drawCuts([data])}`);
  run.say({
    en:
      "   Two sends, one recv. TCP gives every byte its number, so that all of\n" +
      "   them arrive in order. (Some notes say that it numbers packets.) Where\n" +
      "   one send ended and the next began, it does not tell.",
    zh:
      "   两次 send，一次 recv。TCP 给每个字节编号，保证全部按顺序到达（有的\n" +
      "   笔记说是给每个包编号）。至于哪里是一次 send 的结尾、下一次的开头，\n" +
      "   TCP 并不记录。",
  });
}

/** Bytes of ASCII, with a bar wherever one piece ends. */
function drawCuts(pieces: readonly Bytes[]): string {
  return `|${pieces.map((each) => [...decode(each)].join(" ")).join("|")}|`;
}

// TCP_NODELAY stays on from here. The kernel tells that nothing waits at the
// client any more; it may take a moment until the server's has confirmed it.
async function sendWithoutDelay(ends: Ends, run: Run): Promise<void> {
  const { client, conn } = ends;
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
  const far = await sendBoth(ends);
  const near = await waitForQueues(
    client.getsockname(),
    conn.getsockname(),
    ({ unsent }) => unsent === 0,
  );
  const [here, there] = AT[run.language];
  if (near !== undefined) show(here, near.unsent);
  if (far !== undefined) show(there, far.unread);
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

async function sendBoth({ client, conn }: Ends): Promise<Queues | undefined> {
  await client.sendall(ONE);
  await client.sendall(TWO);
  return await waitForUnread(conn.getsockname(), client.getsockname(), 6);
}

// The same two sends; the server receives in between, afterwards, or by four.
async function receiveAtThreeTimes(ends: Ends, run: Run): Promise<void> {
  const { client, conn } = ends;
  run.say({
    en: "3. The same two sends again. Only recv differs: when, and how much.",
    zh: "3. 还是这两次 send，只是 recv 的时机和大小不同。",
  });
  await client.sendall(ONE);
  const early = [await conn.recv(1024)];
  await client.sendall(TWO);
  early.push(await conn.recv(1024));
  await sendBoth(ends);
  const late = [await conn.recv(1024)];
  await sendBoth(ends);
  const short = [await conn.recv(4), await conn.recv(1024)];
  const rows: [Text, Bytes[]][] = [
    [{ en: "recv after each send", zh: "每次 send 之后就 recv" }, early],
    [{ en: "recv after both", zh: "两次 send 之后才 recv" }, late],
    [{ en: "recv(4), then recv(1024)", zh: "先 recv(4)，再 recv" }, short],
  ];
  console.log();
  for (const [label, pieces] of rows) {
    console.log(`   ${pad(run.text(label), 26)}${drawCuts(pieces)}`);
  }
  run.say({
    en:
      "   So nobody can know. One program, three outcomes, and all are right. The\n" +
      "   first is what you see when you try it by hand on one computer: “it\n" +
      "   worked in my tests”. IP cuts the bytes into packets, too; TCP joins\n" +
      "   them again, and those cuts say nothing about your messages either.",
    zh:
      "   所以答案是“说不准”。同一个程序，三种结果，都是正确的。在一台电脑上\n" +
      "   手动试的时候，看到的往往是第一种，于是觉得“我测试时没问题”。数据到了\n" +
      "   IP 层还会切成包，再由 TCP 拼起来，这些切口同样和你的消息无关。",
  });
}

async function missTheEnd({ client, conn }: Ends, run: Run): Promise<void> {
  run.say({
    en: "4. Some notes say that the socket hides TCP, so that we need not\n" +
      "   understand it. This it does not hide: a server that is to end when\n" +
      "   recv returns “q”, and a client that sends “hello”, then “q”:",
    zh:
      "4. 有的笔记说，socket 已经把 TCP 封装好了，不必理解 TCP。但这一点它藏\n" +
      "   不住：服务器约定 recv 收到“q”就结束，客户端先发“hello”，再发“q”：",
  });
  await client.sendall(encode("hello"));
  await client.sendall(encode("q"));
  await waitForUnread(conn.getsockname(), client.getsockname(), 6);
  const data = await conn.recv(1024);
  show("data = conn.recv(1024)", repr(data));
  show('data == b"q"', decode(data) === "q");
}

// Plain Deno reads what has arrived, too. Its option is a method.
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
  show("conn.read(buffer)", count);
  show("buffer.subarray(0, 6)", repr(buffer.subarray(0, count ?? 0)));
}

/** The lesson: what `deno run` runs. */
export const LESSON: Lesson = {
  url: import.meta.url,
  title: {
    en: "why two sends arrive as one",
    zh: "粘包：为什么分两次发，却一次收到",
  },
  help: {
    server: {
      en: "answer each recv as if it were a message, until Ctrl-C",
      zh: "把每次 recv 的结果当作一条消息来回复，按 Ctrl-C 结束",
    },
    client: {
      en: "send each line without its end, print each answer; q ends",
      zh: "把每一行不带换行符发出去，并打印每个回复；输入 q 退出",
    },
  },
  options: {
    burst: {
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
