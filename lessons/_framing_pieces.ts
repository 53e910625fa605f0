/**
 * Three messages, framed in both ways, in whatever pieces they arrive: the first
 * three steps of framing.
 *
 * @module
 */

import {
  type Bytes,
  concat,
  decode,
  encode,
  formatCount,
  hex,
} from "./_bytes.ts";
import { show } from "./_demo.ts";
import { drawPieces, type Pieces } from "./_draw.ts";
import {
  type FrameReader,
  type Framing,
  LENGTHS,
  LINES,
  packLength,
} from "./_frames.ts";
import { waitForUnread } from "./_kernel.ts";
import { connectPair } from "./_pair.ts";
import type { Run } from "./_run.ts";

// ## The messages
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

/** Draws the messages, framed in both ways. */
export function showFrames(run: Run): void {
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

// ## In pieces
//
// With 5 bytes a cut goes through a message, through a character, or behind two
// messages.

/** Draws what a reader makes of each piece, in both ways. */
export async function showPieces(run: Run): Promise<void> {
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
    const messages = formatMessages(split(reader, piece)) || "-";
    const kept = reader.kept.length > 0 ? `[${hex(reader.kept)}]` : "";
    received.push([piece.length, `${messages}\n${kept}`]);
  }
  return drawPieces(scale, sent, received);
}

// All of the stream waits in the kernel before the first `recv`, so that each piece
// is as long as it may be, and the demo the same each time.

/** Sends a stream over a connection, and receives it in pieces of that size. */
export async function* deliver(
  stream: Bytes,
  size: number,
): AsyncGenerator<Bytes> {
  using pair = await connectPair();
  const { client, conn } = pair;
  await client.sendall(stream);
  await waitForUnread(conn.getsockname(), conn.getpeername(), stream.length);
  client.close();
  for (let piece; (piece = await conn.recv(size)).length > 0;) yield piece;
}

/** The messages that a piece completes: none, one, or several. */
export function split(reader: FrameReader, piece: Bytes): Bytes[] {
  reader.push(piece);
  const messages: Bytes[] = [];
  for (let each; (each = reader.shift()) !== undefined;) messages.push(each);
  return messages;
}

/** Messages as they are shown. */
export function formatMessages(messages: Bytes[]): string {
  return messages.map((each) => JSON.stringify(decode(each))).join(" ");
}

// ## Cut in every way
//
// Each bit of a number says whether there is a cut behind one of the bytes, so that
// counting up goes through all cuts there are.

/** Counts how many ways to cut a stream are read correctly. */
export function showAllCuts(run: Run): void {
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
      if (formatMessages(found) === formatMessages(messages)) right++;
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
