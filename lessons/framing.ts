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
  decode,
  encode,
  formatCount,
  formatNumber,
  hex,
} from "./_bytes.ts";
import { failureOf, inviteToTry, show } from "./_demo.ts";
import { drawPieces, type Pieces } from "./_draw.ts";
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
import { waitForUnread } from "./_kernel.ts";
import type { Text } from "./_languages.ts";
import { readLines, writeLine } from "./_lines.ts";
import { connectPair } from "./_pair.ts";
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
// Three messages, one of them empty and one not ASCII, travel in both ways.
const MESSAGES = ["hi", "", "你"].map(encode);

const FRAMED_BY_LENGTH: Pieces = MESSAGES.flatMap((message) => [
  ...draft(packLength(message).subarray(0, 4), `${message.length}`),
  ...draft(message, decode(message)),
]);

const FRAMED_BY_LINE: Pieces = MESSAGES.flatMap((message) => [
  ...draft(message, decode(message)),
  ...draft(encode("\n"), "\\n"),
]);

/** What is drawn for bytes: them, if any, and below them what they mean. */
function draft(bytes: Bytes, meaning: string): Pieces {
  if (bytes.length === 0) return [];
  return [[bytes.length, `${hex(bytes)}\n${meaning}`]];
}

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

function showFrames(run: Run): void {
  run.say({
    en:
      "How do I get my messages back? TCP carries bytes, and forgets which of\n" +
      "them were sent together. So the sender writes down where each ends.\n\n" +
      "1. Three messages: hi, an empty one, and 你. Either each comes after its\n" +
      '   length, in 4 bytes (Python: struct.pack(">I", n)):',
    zh: "怎样把消息原样取回来？TCP 只传送字节，不记得哪些字节是一起发送的。\n" +
      "所以发送方必须写明每条消息到哪里结束。\n\n" +
      "1. 三条消息：hi、一条空消息、你。第一种办法：先发长度，占 4 个字节\n" +
      '   （Python：struct.pack(">I", n)），再发内容：',
  });
  console.log(drawPieces(4, FRAMED_BY_LENGTH));
  console.log(run.text({
    en: "   Or a delimiter comes after each, here a line feed:",
    zh: "   第二种办法：在每条消息后面加一个分隔符，这里用换行符：",
  }));
  console.log(drawPieces(5, FRAMED_BY_LINE));
}

// With 5 bytes a cut goes through a message, through a character, or behind two
// messages.
async function showPieces(run: Run): Promise<void> {
  run.say({
    en:
      "2. We send all of it at once and receive at most 5 bytes at a time. What\n" +
      "   can be printed after each recv? Predict it, then look below the cuts\n" +
      "   (-: nothing yet). In brackets is what is no whole message yet and has\n" +
      "   to be kept:",
    zh:
      "2. 一次全部发出，但每次最多接收 5 个字节。每次 recv 之后能打印出什么？\n" +
      "   先猜一猜，再看切口下面的结果（- 表示还打印不出任何消息）。方括号里的\n" +
      "   字节还凑不成一条消息，要先留着：",
  });
  console.log(await drawReceived(LENGTHS, 4, FRAMED_BY_LENGTH));
  console.log();
  console.log(await drawReceived(LINES, 5, FRAMED_BY_LINE));
}

async function drawReceived(
  { pack, createReader }: Framing,
  scale: number,
  sent: Pieces,
): Promise<string> {
  const reader = createReader();
  const received: [size: number, text: string][] = [];
  for await (const piece of deliver(concat(MESSAGES.map(pack)), 5)) {
    const messages = format(split(reader, piece)) || "-";
    const kept = reader.kept.length > 0 ? `[${hex(reader.kept)}]` : "";
    received.push([piece.length, `${messages}\n${kept}`]);
  }
  return drawPieces(scale, sent, received);
}

// All of the stream waits in the kernel before the first `recv`, so that each piece
// is as long as it may be, and the demo the same each time.
async function* deliver(stream: Bytes, size: number): AsyncGenerator<Bytes> {
  using pair = await connectPair();
  const { client, conn } = pair;
  await client.sendall(stream);
  await waitForUnread(conn.getsockname(), conn.getpeername(), stream.length);
  client.close();
  for (let piece; (piece = await conn.recv(size)).length > 0;) yield piece;
}

// One piece may bring no message, one, or several.
function split(reader: FrameReader, piece: Bytes): Bytes[] {
  reader.push(piece);
  const messages: Bytes[] = [];
  for (let each; (each = reader.shift()) !== undefined;) messages.push(each);
  return messages;
}

function format(messages: Bytes[]): string {
  return messages.map((each) => JSON.stringify(decode(each))).join(" ");
}

// Each bit of a number says whether there is a cut behind one of the bytes, so that
// counting up goes through all cuts there are.
function showAllCuts(run: Run): void {
  run.say({
    en:
      "3. TCP may cut anywhere. Are LengthReader and LineReader always right? We\n" +
      "   try all cuts of the last two messages: with lengths 11 bytes, cut in\n" +
      "   2^10 ways; as lines 5 bytes, cut in 2^4. Read correctly:",
    zh:
      "3. TCP 可能在任何地方切开。LengthReader（按长度读）和 LineReader（按行读）\n" +
      "   每次都对吗？把后两条消息的所有切法都试一遍：先发长度，共 11 个字节，有\n" +
      "   2^10 种切法；按行分隔，共 5 个字节，有 2^4 种。读对的有：",
  });
  const messages = MESSAGES.slice(1);
  const rows: [name: string, framing: Framing][] = [
    ["LengthReader", LENGTHS],
    ["LineReader", LINES],
  ];
  for (const [name, { pack, createReader }] of rows) {
    const stream = concat(messages.map(pack));
    const count = 2 ** (stream.length - 1);
    let right = 0;
    for (let cuts = 0; cuts < count; cuts++) {
      const reader = createReader();
      const found = cut(stream, cuts).flatMap((piece) => split(reader, piece));
      if (format(found) === format(messages)) right++;
    }
    const [all, good] = [count, right].map(formatCount);
    const text = { en: `${good} of ${all}`, zh: `${all} 种中的 ${good} 种` };
    show(name, run.text(text));
  }
}

function cut(stream: Bytes, cuts: number): Bytes[] {
  const pieces: Bytes[] = [];
  let start = 0;
  for (let end = 1; end <= stream.length; end++) {
    const isCut = end === stream.length || (cuts >> (end - 1)) % 2 === 1;
    if (!isCut) continue;
    pieces.push(stream.subarray(start, end));
    start = end;
  }
  return pieces;
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
  show('"one\\n"', format(await lines("one\n")));
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
  show('"a\\nb\\n"', format(split(new LineReader(), encode("a\nb\n"))));
  show("packLine", await failureOf(() => packLine(message)));
  show("packLength", format(split(new LengthReader(), packLength(message))));
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
  show("messages.at(-1)", format(got.slice(-1)));
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
