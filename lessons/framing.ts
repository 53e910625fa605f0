// Lesson 6: messages in a stream.
//
// How do I get my messages back? TCP carries bytes and forgets which of them were
// sent together, so the sender has to write down where a message ends. There are
// two ways: its length before it, or a delimiter after it, here a line feed. Both
// readers are in _frames.ts, which is the heart of this lesson: read it first.
//
// Run:  deno run -A lessons/framing.ts            both ends, narrated
//       deno run -A lessons/framing.ts server     then, in another terminal,
//       deno run -A lessons/framing.ts client     or Python, with struct
//
// With --delimiter messages are lines, and nc can be either end.
// Next: base64.ts

import * as socket from "../mod.ts";
import {
  type Bytes,
  concat,
  encode,
  formatCount,
  formatNumber,
  hex,
} from "./_bytes.ts";
import { failureOf, inviteToTry, show } from "./_demo.ts";
import {
  type End,
  type FrameReader,
  type Framing,
  LengthReader,
  LENGTHS,
  LIMIT,
  LineReader,
  LINES,
  packLength,
  packLine,
  readFrame,
} from "./_frames.ts";
import {
  deliver,
  formatMessages,
  showAllCuts,
  showFrames,
  showPieces,
  split,
} from "./_framing_pieces.ts";
import type { Text } from "./_languages.ts";
import { readLines, writeLine } from "./_lines.ts";
import { withPatience } from "./_patience.ts";
import { decodeReply } from "./_received_lines.ts";
import { describeEnd, NO_LINE } from "./_reply_words.ts";
import { type Lesson, type Run, runLesson } from "./_run.ts";
import { serve } from "./tcp_echo.ts";

export * from "./_frames.ts";

// ## The server
//
// The server sends each message back when it is whole: it no longer matters what
// one `recv` brings. A client that breaks the rules ends its own visit: the reader
// throws, `using` closes `conn`, and `serve` tells why.
async function echo(
  conn: socket.Socket,
  { pack, createReader }: Framing,
): Promise<Text> {
  using _ = conn;
  const reader = createReader();
  let count = 0;
  while (true) {
    const message = await readFrame((size) => conn.recv(size), reader);
    if (message === null) return formatEchoed(count);
    await conn.sendall(pack(message));
    count++;
  }
}

function formatEchoed(count: number): Text {
  return {
    en: `${formatNumber(count, "message")} echoed`,
    zh: `回送了 ${count} 条消息`,
  };
}

async function server(run: Run): Promise<void> {
  const framing = chooseFraming(run);
  await serve(run, (conn) => echo(conn, framing));
}

// Two ends that frame their messages differently wait for each other, or take
// text for a length. So each end says at the beginning which way is its own.
function chooseFraming(run: Run): Framing {
  if (run.switches.has("delimiter")) {
    run.note({
      en: "each message is a line (--delimiter)",
      zh: "每条消息是一行（--delimiter）",
    });
    return LINES;
  }
  run.note({
    en: "each message after its length (4 bytes)",
    zh: "每条消息之前先发长度（4 字节）",
  });
  return LENGTHS;
}

// ## The client
//
// A line of input is a message. One that is too long is not sent: the server would
// refuse it, and send us away.
async function client(run: Run): Promise<void> {
  const framing = chooseFraming(run);
  const reader = framing.createReader();
  using sock = await socket.create_connection([run.host, run.port]);
  run.interrupted.addEventListener("abort", () => sock.close());
  const end: End = {
    send: (data) => sock.sendall(data),
    recv: (size) => sock.recv(size),
  };
  for await (const line of readLines(run.interrupted)) {
    if (line === "q") return;
    const message = encode(line);
    if (!fits(message, run)) continue;
    const asked = ask(framing.pack(message), reader, end, run, HINT);
    const data = await withPatience(run, findPatience(framing), asked);
    const size = data.length;
    await writeLine(decodeReply({ data, size, isEnded: true }, run));
  }
}

/** Whether a message is short enough to go; if not, the reader is told. */
export function fits({ length }: Bytes, run: Run): boolean {
  if (length <= LIMIT) return true;
  run.note({
    en: `not sent: ${length} bytes, at most ${LIMIT} can go`,
    zh: `没有发送：${length} 字节，最多只能发 ${LIMIT} 字节`,
  });
  return false;
}

const HINT: Text = {
  en: " (is its --delimiter as ours?)",
  zh: "（它的 --delimiter 与这里一致吗？）",
};

function findPatience(framing: Framing): Text {
  return framing === LINES ? NO_LINE : {
    en:
      "still waiting for the server's reply: it has to come after its length" +
      ", in 4 bytes (Ctrl-C ends)",
    zh: "还在等服务器的回复：回复之前必须先发长度，占 4 字节（按 Ctrl-C 结束）",
  };
}

// In lesson 1 the client counted bytes to know when the reply was complete; now
// the reply says it itself. Sending and receiving go on at the same time, for
// servers that begin to answer early.

/**
 * Sends a message that is packed already, and waits for the answer to it. If none
 * comes, `hint` says what may be wrong.
 */
export async function ask(
  frame: Bytes,
  reader: FrameReader,
  { send, recv }: End,
  run: Run,
  hint: Text = { en: "", zh: "" },
): Promise<Bytes> {
  const [reply] = await Promise.all([readFrame(recv, reader), send(frame)]);
  if (reply !== null) return reply;
  const words = run.text(describeEnd(0)) + run.text(hint);
  throw new socket.ConnectionError(words);
}

// ## Both together
//
// Steps 1 to 3, in _framing_pieces.ts, show that both readers are right, however the
// stream is cut. The others show what else a framing has to see to.
async function demo(run: Run): Promise<void> {
  showFrames(run);
  await showPieces(run);
  showAllCuts(run);
  await showLimits(run);
  await showEnds(run);
  await showDelimiter(run);
  await showNoWaiting(run);
  inviteToTry(run, import.meta.url);
}

// Whoever allocates what a header promises can be filled up by a few of them.
async function showLimits(run: Run): Promise<void> {
  run.say({
    en:
      "4. A stranger may send anything, so a reader needs a limit. Four bytes\n" +
      "   can promise 4 GiB. A browser begins with “GET ”, which reads as a\n" +
      "   length of more than 1 GB. And a line need not end:",
    zh:
      "4. 陌生人什么都可能发来，所以要限制长度。4 个字节就能谎称后面有 4 GiB；\n" +
      "   浏览器一上来就发“GET ”，读成长度就超过 1 GB；一行也可能永远没有\n" +
      "   换行符：",
  });
  const huge = Uint8Array.of(0xff, 0xff, 0xff, 0xff);
  const http = encode("GET / HTTP/1.1\r\n");
  const endless = encode("x".repeat(LIMIT + 1));
  show(hex(huge), await failureOf(() => split(new LengthReader(), huge)));
  show("GET / …", await failureOf(() => split(new LengthReader(), http)));
  show("xxxxx…", await failureOf(() => split(new LineReader(), endless)));
}

async function showEnds(run: Run): Promise<void> {
  run.say({
    en:
      "5. A stream that ends between two messages is complete. One that ends\n" +
      "   inside a message is not, or half a message would pass for a whole one.\n" +
      "   (Python's makefile leaves that to you: readline returns half a line.)",
    zh:
      "5. 字节流在两条消息之间结束，是正常结束；在一条消息中间结束，就是错误，\n" +
      "   否则半条消息会被当成一整条。（Python 的 makefile 不管这件事：这时\n" +
      "   readline 照样返回半行。）",
  });
  const lines = (text: string) => receiveAll(LINES, encode(text));
  const half = packLength(encode("hi")).subarray(0, 5);
  show('"one\\n"', formatMessages(await lines("one\n")));
  show('"one\\ntw"', await failureOf(() => lines("one\ntw")));
  show(hex(half), await failureOf(() => receiveAll(LENGTHS, half)));
}

async function receiveAll(framing: Framing, stream: Bytes): Promise<Bytes[]> {
  const reader = framing.createReader();
  const messages: Bytes[] = [];
  for await (const piece of deliver(stream, 4096)) {
    messages.push(...split(reader, piece));
  }
  reader.end();
  return messages;
}

async function showDelimiter(run: Run): Promise<void> {
  run.say({
    en:
      "6. A message must not hold the delimiter: “a\\nb” becomes two messages.\n" +
      "   packLine refuses it, and a length carries it:",
    zh:
      "6. 消息里不能含有分隔符：“a\\nb”会变成两条消息。packLine 拒绝发送它；\n" +
      "   先发长度的办法则没有问题：",
  });
  const message = encode("a\nb");
  show('"a\\nb\\n"', formatMessages(split(new LineReader(), encode("a\nb\n"))));
  show("packLine", await failureOf(() => packLine(message)));
  show(
    "packLength",
    formatMessages(split(new LengthReader(), packLength(message))),
  );
  console.log(run.text({
    en:
      "   In UTF-8 no character but the line feed contains the byte 0a. In UTF-16\n" +
      "   others do: 上 is 0a 4e (little-endian). What may hold line feeds is\n" +
      "   written in another way first: JSON has \\n for it, and base64, the next\n" +
      "   lesson, needs none.",
    zh:
      "   在 UTF-8 里，只有换行符含有字节 0a；UTF-16 则不然：“上”就是 0a 4e\n" +
      "   （小端序）。内容可能含换行符时，先换一种写法：JSON 把它写成 \\n；\n" +
      "   base64（下一课）的结果里没有换行符。",
  }));
}

async function showNoWaiting(run: Run): Promise<void> {
  const many = Array.from({ length: 1000 }, (_, i) => encode(`message ${i}`));
  const stream = concat(many.map(packLength));
  const got = await receiveAll(LENGTHS, stream);
  run.say({
    en:
      "7. Some notes wait for an answer after each message, so that no two of\n" +
      "   them stick together. That costs a round trip each, and a message\n" +
      "   longer than one recv is still cut. With lengths 1,000 messages go out\n" +
      "   in one sendall, and nobody waits:",
    zh:
      "7. 有的笔记说，每发一条就等对端回复一次，可以避免粘包。这样每条消息都\n" +
      "   要多花一次往返时间，一次 recv 收不完的长消息还是会被切开。写明长度，\n" +
      "   1,000 条消息就可以用一次 sendall 发完，谁也不用等谁：",
  });
  show("messages.length", formatCount(got.length));
  show("messages.at(-1)", formatMessages(got.slice(-1)));
  run.say({
    en:
      "Which one? After a length any bytes may come, and the receiver knows how\n" +
      "many. Lines can be read and typed by people, with nc for instance.",
    zh: "选哪一种？先发长度，内容可以是任何字节，接收方还能事先知道有多少；\n" +
      "按行分隔，人能看懂，也能手工输入，例如用 nc。",
  });
}

/** The lesson: what `deno run` runs. */
export const LESSON: Lesson = {
  url: import.meta.url,
  title: { en: "messages in a stream", zh: "字节流中的消息" },
  help: {
    client: {
      en: "send each line, print each reply, framed in the same way; q ends",
      zh: "把每一行发出去，并打印每个回复（成帧方式相同）；输入 q 退出",
    },
  },
  demo,
  server,
  client,
  options: {
    delimiter: {
      help: {
        en: "a line feed after each message (for nc), no length before it",
        zh: "每条消息后面加换行符（可以用 nc），而不是前面加长度",
      },
    },
  },
};

if (import.meta.main) await runLesson(LESSON);
