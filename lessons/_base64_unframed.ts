/**
 * Base64 over TCP as many notes have it: nothing between two messages, one `recv`
 * taken for one message. It is here to talk with their programs, and to show what
 * gets lost; do not copy it.
 *
 * @module
 */

import { decodeBase64 } from "@std/encoding/base64";
import * as socket from "../mod.ts";
import { answer, decodeText, encodeText } from "./_base64_text.ts";
import { type Bytes, encode, repr } from "./_bytes.ts";
import { failureOf, show } from "./_demo.ts";
import { drawBoxes } from "./_draw.ts";
import type { End } from "./_frames.ts";
import { waitForUnread } from "./_kernel.ts";
import { readLines, writeLine } from "./_lines.ts";
import { connectPair } from "./_pair.ts";
import { describeEnd } from "./_reply_words.ts";
import type { Run } from "./_run.ts";

/** How much the notes receive at a time. */
const BUFLEN = 512;

// ## The server

/** Answers each piece that `recv` brings; returns how many there were. */
export async function answerPieces({ send, recv }: End): Promise<number> {
  let count = 0;
  while (true) {
    const data = await recv(BUFLEN);
    if (data.length === 0) return count;
    await send(answer(data));
    count++;
  }
}

// ## The client
//
// What cannot work is not tried. An empty line has no bytes to send, so that the
// server could not know of it. A long one would be cut, and be answered twice.

/**
 * Sends each line of input, and prints the piece that answers it within `seconds`.
 */
export async function talkUnframed(
  { send, recv }: End,
  seconds: number,
  run: Run,
): Promise<void> {
  for await (const line of readLines(run.interrupted)) {
    if (line === "q") return;
    const data = encodeText(line);
    if (!arrivesWhole(data, run)) continue;
    await send(data);
    const reply = await answerWithin(seconds, recv(BUFLEN), run);
    if (reply.length === 0) {
      throw new socket.ConnectionError(run.text(describeEnd(0)));
    }
    await writeLine(decodeText(reply));
  }
}

/** Whether one `recv` can bring it; if not, the reader is told. */
function arrivesWhole({ length }: Bytes, run: Run): boolean {
  if (length === 0) {
    run.note({
      en: "not sent: an empty line is no bytes, so the server would not hear " +
        "of it",
      zh: "没有发送：空行编码后是 0 字节，服务器根本不会知道",
    });
  } else if (length > BUFLEN) {
    run.note({
      en: `not sent: ${length} bytes of base64, one recv takes ${BUFLEN}`,
      zh: `没有发送：编码后有 ${length} 字节，一次 recv 只收 ${BUFLEN} 字节`,
    });
  }
  return length > 0 && length <= BUFLEN;
}

// Who gives up waiting has to leave: an answer that comes later would be taken for
// that to the next line.
async function answerWithin(
  seconds: number,
  answer: Promise<Bytes>,
  run: Run,
): Promise<Bytes> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(
      new socket.ConnectionError(run.text({
        en: `No answer within ${seconds} s. Was the server started with ` +
          "--unframed? (That of the notes sends none.)",
        zh: `${seconds} 秒内没有回复。服务器是用 --unframed 启动的吗？` +
          "（笔记里的服务器从不回复。）",
      })),
    );
  }, seconds * 1000);
  try {
    return await Promise.race([answer, promise]);
  } finally {
    clearTimeout(timer);
  }
}

// ## What gets lost
//
// Nothing here is a rare accident: each step waits until the bytes are where TCP
// may as well have put them by itself.

/** Plays the programs of the notes, and what happens to their messages. */
export async function showLosses(run: Run): Promise<void> {
  using pair = await connectPair();
  const { client, conn } = pair;
  const local = conn.getsockname();
  const remote = conn.getpeername();

  await client.sendall(encodeText("hi"));
  await client.sendall(encodeText("bye"));
  await waitForUnread(local, remote, 8);
  const glued = await conn.recv(BUFLEN);
  await client.sendall(encodeText("x".repeat(385)));
  await waitForUnread(local, remote, 516);
  const parts = [await conn.recv(BUFLEN), await conn.recv(BUFLEN)];
  // The first six of eight bytes: the network may cut there.
  await client.sendall(encodeText("你好").subarray(0, 6));
  await waitForUnread(local, remote, 6);
  const half = await conn.recv(BUFLEN);
  run.say({
    en:
      "4. Some notes send base64 with nothing in between, and take one recv for\n" +
      "   one message. hi and bye are sent one after the other, then 385 times\n" +
      "   x, then 你好, of which a part arrives. Predict what recv returns:",
    zh:
      "4. 有的笔记直接发送 base64，消息之间什么也不加，把一次 recv 当作一条\n" +
      "   消息。先后发送 hi 和 bye，再发送 385 个 x，最后“你好”只到了一部分。\n" +
      "   先猜一猜，recv 返回什么：",
  });
  show("recv(512)", repr(glued));
  for (const part of parts) {
    show(
      "recv(512)",
      run.text({
        en: `${part.length} bytes, as if a whole message: ${
          decodeText(part).length
        } x`,
        zh: `${part.length} 字节，看起来像一条完整的消息：${
          decodeText(part).length
        } 个 x`,
      }),
    );
  }
  show("recv(512)", repr(half));
  run.say({
    en:
      "   512 is a multiple of 4, so that both parts of the long one pass for\n" +
      "   messages. What do decoders make of the others, and of aG, a half of\n" +
      "   hi? Python drops bye without a word, and raises “Incorrect padding”\n" +
      "   for a half, which ends the server. Others take a half for a whole:",
    zh:
      "   512 是 4 的倍数，所以长消息的两段都能冒充完整的消息。另外两段，还有\n" +
      "   aG（hi 的一半），解码器会怎样处理？Python 一声不响地把 bye 丢掉了；\n" +
      "   遇到一半则抛出 Incorrect padding，服务器就此退出。有的解码器却把一半\n" +
      "   当成完整的：",
  });
  console.log(compareDecoders(run));

  // Both wait for bytes that nobody is going to send. They give up, here.
  await client.sendall(encodeText(""));
  for (const each of [client, conn]) each.settimeout(0.1);
  const [unanswered, empty] = await Promise.all([
    failureOf(() => client.recv(BUFLEN)),
    failureOf(() => conn.recv(BUFLEN)),
  ]);
  run.say({
    en:
      "5. The notes' client waits for an answer that their server never sends. An\n" +
      "   empty line is no bytes, so that the server does not hear of it. Both\n" +
      "   would wait for ever; we give up after 0.1 s:",
    zh:
      "5. 笔记里的客户端要等回复，而笔记里的服务器从不回复。空行编码后是 0 个\n" +
      "   字节，等于什么也没发，服务器毫不知情。双方会一直等下去；这里等 0.1 秒\n" +
      "   就放弃：",
  });
  show("client.recv(512)", unanswered);
  show("conn.recv(512)", empty);
}

// Four opinions on bytes that are no message. Python is not asked here: its row is
// what Python 3.11 said.
const INPUTS = ["aGk=Ynll", "5L2g5a", "aG"];
const PYTHON_SAYS = ["b'hi'", null, null];

function compareDecoders(run: Run): string {
  const error = run.text({ en: "error", zh: "报错" });
  const rows: [name: string, decoder: (text: string) => string][] = [
    ["atob", (text) => repr(toBytes(atob(text)))],
    ["@std/encoding", (text) => repr(decodeBase64(text))],
    [
      run.text({ en: "this lesson", zh: "本课" }),
      (text) => decodeText(encode(text)),
    ],
  ];
  return drawBoxes(
    ["", ...INPUTS],
    ["Python b64decode", ...PYTHON_SAYS.map((said) => said ?? error)],
    ...rows.map(([name, decoder]) => [
      name,
      ...INPUTS.map((text) => tryOut(() => decoder(text)) ?? error),
    ]),
  );
}

// What `atob` returns has a character for each byte, and is not text yet.
function toBytes(characters: string): Bytes {
  return Uint8Array.from(characters, (each) => each.charCodeAt(0));
}

// Which error it is depends on the decoder: DOMException, TypeError, …
function tryOut(decode: () => string): string | null {
  try {
    return decode();
  } catch {
    return null;
  }
}
