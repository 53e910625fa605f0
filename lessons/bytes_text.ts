// Lesson 2: bytes and text.
//
// A socket carries bytes and no text. UTF-8 makes 1 to 4 bytes of each character,
// and TCP may cut a stream between any two bytes: also in the middle of 好. Who
// decodes each piece by itself then gets garbage, or an error, now and then.
//
// Run:  deno run -A lessons/bytes_text.ts            both ends, narrated
//       deno run -A lessons/bytes_text.ts server     then, in another terminal,
//       deno run -A lessons/bytes_text.ts client     or Python, or nc
//
// The server says how many characters and how many bytes each line has.
// Next: recv_eof.ts

import { isUtf8 } from "node:buffer";
import * as socket from "../mod.ts";
import {
  type Bytes,
  decode,
  encode,
  formatNumber,
  hex,
  repr,
} from "./_bytes.ts";
import { failureOf, inviteToTry, show } from "./_demo.ts";
import { createDecoder, cutAndDecode, HELLO } from "./_bytes_text_pieces.ts";
import { pad } from "./_draw.ts";
import { waitForUnread } from "./_kernel.ts";
import type { Text } from "./_languages.ts";
import { readLines, writeLine } from "./_lines.ts";
import { connectPair } from "./_pair.ts";
import {
  type Line,
  LINE_LIMIT,
  receiveLines,
  receiveReply,
} from "./_received_lines.ts";
import { type Lesson, type Run, runLesson } from "./_run.ts";
import { serve, writeAll } from "./tcp_echo.ts";

export { formatNumber };

// ## The server
//
// First it finds the end of a line, among bytes, and decodes then: what stands
// between two line feeds is whole characters. That is so because in UTF-8 all
// bytes of a longer character are 128 or more: a byte 10 is never a part of 好.
async function measureLines(conn: socket.Socket): Promise<Text> {
  using _ = conn;
  let count = 0;
  for await (const line of receiveLines((size) => conn.recv(size))) {
    await conn.sendall(encode(`${measure(line)}\n`));
    count++;
  }
  return {
    en: `${formatNumber(count, "line")} answered`,
    zh: `回复了 ${count} 行`,
  };
}

const server = (run: Run) => serve(run, measureLines);

// A line that is no text is answered, too: that is no reason to close the
// connection, and even less to end the server. Of one that is too long the server
// has kept only the beginning, so that nobody can fill its memory.
//
// Python's `len(text)` counts characters (code points), as `[...text]` does here.
// `text.length` counts units of UTF-16, of which 😀 has two.

/** What the server answers: how long a line is, as text and as bytes. */
export function measure({ data, size }: Line): string {
  const bytes = formatNumber(size, "byte");
  if (size > data.length) return `too long, ${bytes}`;
  if (!isUtf8(data)) return `not UTF-8, ${bytes}`;
  const text = decode(data);
  return `${formatNumber([...text].length, "character")}, ${bytes}: ${text}`;
}

// ## The client
//
// `encode` on the way out, `decode` on the way in, and that one again only when a
// whole line is there. A reply is longer than its line by a few words.
async function client(run: Run): Promise<void> {
  using sock = await socket.create_connection([run.host, run.port]);
  run.interrupted.addEventListener("abort", () => sock.close());
  const replies = receiveLines((size) => sock.recv(size), 2 * LINE_LIMIT);
  for await (const line of readLines(run.interrupted)) {
    if (line === "q") return;
    await sock.sendall(encode(line + "\n"));
    await writeLine(await receiveReply(replies, run));
  }
}

// ## Both together
//
// Steps 1 and 2 say what a socket carries. Steps 3 to 6, where a character is cut,
// are in _bytes_text_pieces.ts, with a decoder that lets you cut anywhere.
async function demo(run: Run): Promise<void> {
  countCharacters(run);
  await sendText(run);
  await cutAndDecode(run);
  await readNative(run);
  compareCalls(run);
  inviteToTry(run, import.meta.url);
}

// A character is one thing, its bytes are another; even "how long is it?" has
// three answers.
function countCharacters(run: Run): void {
  run.say({
    en: "Why bytes, and why do Chinese characters break?\n\n" +
      "1. A socket carries bytes: numbers from 0 to 255. UTF-8 turns each\n" +
      "   character into 1 to 4 of them. So how long is a text? It depends:",
    zh: "为什么要用字节？汉字又为什么会变成乱码？\n\n" +
      "1. 套接字只传输字节，也就是 0 到 255 的数。UTF-8 把每个字符编码成\n" +
      "   1 到 4 个字节。那么一段文本有多长？要看怎么数：",
  });
  const rows = ["A", "ñ", "你好", "😀"].map((text) =>
    [text, [...text].length, text.length, encode(text).length].map(String)
  );
  const head = [
    run.text({ en: "text", zh: "文本" }),
    "Python: len(text)",
    "JavaScript: text.length",
    run.text({ en: "bytes", zh: "字节" }),
  ];
  for (const row of [head, ...rows]) {
    const cells = row.map((cell, i) => pad(cell, head[i]!.length + 4));
    console.log(`   ${cells.join("").trimEnd()}`);
  }
}

// TypeScript refuses text where bytes belong, before anything runs. To see what
// happens when it does run, the demo has to pretend.
async function sendText(run: Run): Promise<void> {
  using pair = await connectPair();
  const { client, conn } = pair;
  run.say({
    en: "2. Some notes say that send takes a string and returns a number of\n" +
      "   characters, and that recv returns a string. That was Python 2, which\n" +
      "   ended in 2020. Run it:",
    zh:
      "2. 有的笔记说：send 接收字符串，返回发送的字符数；recv 返回字符串。\n" +
      "   那是 Python 2 的情况，它已在 2020 年停止维护。运行看看：",
  });
  const text = HELLO as unknown as Bytes;
  show('send("你好")', await failureOf(() => client.send(text)));
  show('send(encode("你好"))', await client.send(encode(HELLO)));
  const data = await conn.recv(1024);
  show("data = recv(1024)", repr(data));
  show("console.log(data)", Deno.inspect(data));
  show("decode(data)", decode(data));
  run.say({
    en:
      "   send counts bytes: 6, not 2. What recv returns is bytes, too, and\n" +
      "   printing them is not decoding them: Python prints b'…', JavaScript\n" +
      "   a row of numbers.",
    zh: "   send 返回的是字节数：6，而不是 2。recv 返回的也是字节，直接打印\n" +
      "   不等于解码：Python 会打印 b'…'，JavaScript 会打印一串数。",
  });
}

// Plain Deno has the same decoder, and a mistake of its own: `read` fills an array
// of ours, in which bytes of the last time still stand.
async function readNative(run: Run): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  using client = await Deno.connect({ hostname, port });
  using conn = await listener.accept();
  await writeAll(client, encode(HELLO));
  await waitForUnread([hostname, port], [hostname, client.localAddr.port], 6);
  run.say({
    en:
      "7. In plain Deno read fills an array of yours, here one of 4 bytes, and\n" +
      "   returns how many are new:",
    zh:
      "7. Deno 自带的 read 把数据写进你给的数组（这里是 4 个字节），返回值是\n" +
      "   这次新写入了几个字节：",
  });
  const decoder = createDecoder();
  const buffer = new Uint8Array(4);
  const n = await conn.read(buffer) ?? 0;
  show("n = read(buffer)", `${n}   buffer: ${hex(buffer)}`);
  const first = decoder.decode(buffer.subarray(0, n), { stream: true });
  const m = await conn.read(buffer) ?? 0;
  show("m = read(buffer)", `${m}   buffer: ${hex(buffer)}`);
  const second = decoder.decode(buffer.subarray(0, m), { stream: true });
  const all = run.text({ en: "all of buffer", zh: "整个 buffer" });
  show(all, new TextDecoder().decode(buffer));
  const news = run.text({ en: "n bytes, then m", zh: "先 n 个，再 m 个" });
  show(news, first + second + decoder.decode());
  run.say({
    en: "   Its last 2 bytes are old: take subarray(0, m), never all of it.",
    zh: "   后两个字节是上一次留下的：只能取 subarray(0, m)，不能取整个数组。",
  });
}

// The module brings no decoder: JavaScript has one. Without `ignoreBOM` it leaves
// out a U+FEFF at the very start.
function compareCalls(run: Run): void {
  run.say({
    en: "What you know from Python:\n",
    zh: "Python 里的写法，在这里对应的是：\n",
  });
  const rows = [
    [
      "Python",
      run.text({ en: "here, plain Deno", zh: "本模块、Deno 自带" }),
    ],
    ["len(text)", "[...text].length"],
    ["text.encode()", "new TextEncoder().encode(text)"],
    ["data.decode()", 'd = new TextDecoder("utf-8",'],
    ["", "  { fatal: true, ignoreBOM: true })"],
    ["", "d.decode(data)"],
    [
      run.text({
        en: "codecs' incremental decoder",
        zh: "codecs 里的增量解码器",
      }),
      "d.decode(data, { stream: true })",
    ],
    [
      run.text({
        en: '  at the end: decode(b"", True)',
        zh: '  最后调用 decode(b"", True)',
      }),
      "d.decode()",
    ],
  ];
  for (const [python = "", here] of rows) {
    console.log(`   ${pad(python, 34)}${here}`);
  }
}

/** The lesson: what `deno run` runs. */
export const LESSON: Lesson = {
  url: import.meta.url,
  title: { en: "bytes and text", zh: "字节与文本" },
  help: {
    client: {
      en: "send each line; the reply, a line, says how long it is; q ends",
      zh: "发送输入的每一行，回复（一行文本）是它的长度；输入 q 退出",
    },
  },
  demo,
  server,
  client,
};

if (import.meta.main) await runLesson(LESSON);
