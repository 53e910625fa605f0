// Lesson 7: base64 over TCP.
//
// What is base64, and what is it not? It is a way to write bytes with 64 letters,
// digits and signs, for places that take text only. It is no encryption, and it
// does not say where a message ends. What it never holds is a line feed: with one
// after each message, as in lesson 6, text travels whole.
//
// Run:  deno run -A lessons/base64.ts            both ends, narrated
//       deno run -A lessons/base64.ts server     then, in another terminal,
//       deno run -A lessons/base64.ts client     or Python, or nc
//
// With --native the same in plain Deno; with --unframed as many notes have it.
// Next: udp.ts

import * as socket from "../mod.ts";
import { showBits, showBtoa, showSizes, showText } from "./_base64_bits.ts";
import { answer, decodeText, encodeText } from "./_base64_text.ts";
import { answerPieces, showLosses, talkUnframed } from "./_base64_unframed.ts";
import { concat, decode, encode, formatNumber } from "./_bytes.ts";
import { failureOf, inviteToTry, show } from "./_demo.ts";
import { drawBoxes, Lanes } from "./_draw.ts";
import { type End, LineReader, packLine, readFrame } from "./_frames.ts";
import type { Text } from "./_languages.ts";
import { readLines, writeLine } from "./_lines.ts";
import { connectPair } from "./_pair.ts";
import { withPatience } from "./_patience.ts";
import { type Lesson, type Run, runLesson } from "./_run.ts";
import { readSeconds } from "./_seconds.ts";
import { ask, fits } from "./framing.ts";
import { nativeServe, read, serve, writeAll } from "./tcp_echo.ts";

export { answer, decodeText, encodeText } from "./_base64_text.ts";

// ## The server
//
// Each line is a message, and each message gets an answer: the same text again,
// or what is wrong with it. A wrong one harms nobody, since the next line is in
// its place nevertheless. _base64_text.ts has the coding and the decoding.
async function answerLines({ send, recv }: End): Promise<number> {
  const reader = new LineReader();
  let count = 0;
  while (true) {
    const line = await readFrame(recv, reader);
    if (line === null) return count;
    await send(packLine(answer(line)));
    count++;
  }
}

async function visit(end: End, run: Run): Promise<Text> {
  const count = await (isUnframed(run) ? answerPieces(end) : answerLines(end));
  return {
    en: `${formatNumber(count, "message")} answered`,
    zh: `回复了 ${count} 条消息`,
  };
}

// Two ends of which only one has frames wait for each other. So each end says at
// the beginning what it takes for a message.
function noteFraming(run: Run): void {
  run.note(
    isUnframed(run)
      ? {
        en: "one recv is taken for one message (--unframed)",
        zh: "一次 recv 当作一条消息（--unframed）",
      }
      : { en: "each message is a line of base64", zh: "每条消息是一行 base64" },
  );
}

function isUnframed({ switches }: Run): boolean {
  return switches.has("unframed");
}

// All that follows needs two things of a connection: to send, and to receive.
function endOf(sock: socket.Socket): End {
  return {
    send: (data) => sock.sendall(data),
    recv: (size) => sock.recv(size),
  };
}

async function server(run: Run): Promise<void> {
  noteFraming(run);
  await serve(run, async (conn) => {
    using _ = conn;
    return await visit(endOf(conn), run);
  });
}

// ## The client
//
// Between a line of input and the bytes that travel there are two steps: text
// becomes bytes, and these become other bytes, which are ASCII.
async function client(run: Run): Promise<void> {
  const timeout = readSeconds(run, "timeout");
  noteFraming(run);
  using sock = await socket.create_connection([run.host, run.port]);
  run.interrupted.addEventListener("abort", () => sock.close());
  await talk(endOf(sock), timeout, run);
}

async function talk(end: End, timeout: number, run: Run): Promise<void> {
  if (isUnframed(run)) return await talkUnframed(end, timeout, run);
  const reader = new LineReader();
  for await (const line of readLines(run.interrupted)) {
    if (line === "q") return;
    const message = encodeText(line);
    if (!fits(message, run)) continue;
    const asked = ask(packLine(message), reader, end, run);
    const reply = await withPatience(run, NO_END, asked);
    await writeLine(decodeText(reply));
  }
}

const NO_END: Text = {
  en: "still waiting for the server's reply: it has to end with a line feed, " +
    "not so with --unframed (Ctrl-C ends)",
  zh: "还在等服务器的回复：回复必须以换行符结尾，--unframed 的服务器不会加" +
    "（按 Ctrl-C 结束）",
};

// ## The same in plain Deno
//
// Messages, lines and base64 know nothing of sockets: only the ends are new.
function nativeEndOf(conn: Deno.Conn): End {
  return {
    send: (data) => writeAll(conn, data),
    recv: (size) => read(conn, size),
  };
}

async function nativeServer(run: Run): Promise<void> {
  noteFraming(run);
  await nativeServe(run, async (conn) => {
    using _ = conn;
    return await visit(nativeEndOf(conn), run);
  });
}

async function nativeClient(run: Run): Promise<void> {
  const { host: hostname, port, interrupted: signal } = run;
  const timeout = readSeconds(run, "timeout");
  noteFraming(run);
  using conn = await Deno.connect({ hostname, port, signal });
  signal.addEventListener("abort", () => conn[Symbol.dispose]());
  await talk(nativeEndOf(conn), timeout, run);
}

// ## Both together
//
// First what base64 does, without any network, in _base64_bits.ts.
async function demo(run: Run): Promise<void> {
  showBits(run);
  showSizes(run);
  await showText(run);
  await showLosses(run);
  await showLines(run);
  await showEavesdropper(run);
  inviteToTry(run, import.meta.url);
}

async function showLines(run: Run): Promise<void> {
  using pair = await connectPair();
  const { client, conn } = pair;
  run.say({
    en:
      "6. Base64 has no line feed, so that one can stand after each message\n" +
      "   (lesson 6). These leave in one sendall, all of them glued together.\n" +
      "   Each gets an answer, be it empty or no base64 at all. (Python:\n" +
      "   b64encode. encodebytes, and the command base64, put a line feed after\n" +
      "   every 76 characters.)",
    zh:
      "6. base64 里没有换行符，正好可以在每条消息后面加一个（第 6 课）。下面\n" +
      "   几条用一次 sendall 发出，全部粘在一起。每一条都得到回复，哪怕是空\n" +
      "   消息，或者根本不是 base64。（Python 用 b64encode；encodebytes 和命令\n" +
      "   base64 每 76 个字符加一个换行符。）",
  });
  const asked = drawAnswers(endOf(client), run)
    .finally(() => client.shutdown(socket.SHUT_WR));
  const [drawing] = await Promise.all([asked, answerLines(endOf(conn))]);
  console.log(drawing);
}

async function drawAnswers({ send, recv }: End, run: Run): Promise<string> {
  const texts = ["hi", "", "bye", "你好"];
  const lines = [...texts.map(encodeText), encode("hello!")];
  await send(concat(lines.map(packLine)));
  const head = {
    en: ["text", "message", "answer"],
    zh: ["文本", "消息", "回复"],
  };
  const rows = [head[run.language]];
  const reader = new LineReader();
  for (const [i, line] of lines.entries()) {
    const reply = await readFrame(recv, reader) ?? encode("(end)");
    rows.push(
      i < texts.length
        ? [quote(texts[i]!), decode(line), quote(decodeText(reply))]
        : ["", decode(line), decode(reply)],
    );
  }
  return drawBoxes(...rows);
}

function quote(text: string): string {
  return JSON.stringify(text);
}

// Everything passes here, as it passes a router. It reads each line on its way.
async function showEavesdropper(run: Run): Promise<void> {
  const relayed = run.text({ en: "relay", zh: "中继" });
  const lanes = new Lanes("client", relayed, "server");
  using outer = await connectPair();
  using inner = await connectPair();
  const message = packLine(encodeText("PIN 1234"));
  await Promise.all([
    ask(message, new LineReader(), endOf(outer.client), run)
      .finally(() => outer.client.shutdown(socket.SHUT_WR)),
    relay(outer.conn, inner.client, lanes, ["client", relayed, "server"]),
    relay(inner.client, outer.conn, lanes, ["server", relayed, "client"]),
    answerLines(endOf(inner.conn))
      .finally(() => inner.conn.shutdown(socket.SHUT_WR)),
  ]);
  run.say({
    en:
      "7. Is it secret? Some notes call it encryption. Between this client and\n" +
      "   its server sits a relay that has no key and no password:\n\n" +
      `${lanes}\n\n` +
      "   There is no key. To keep something secret use TLS, not a cipher of your\n" +
      "   own: Deno.connectTls here, ssl in Python.",
    zh:
      "7. 这样就保密了吗？有的笔记称之为“加密”。在客户端和服务器之间有一个\n" +
      "   中继，它没有密钥，也不知道任何密码：\n\n" +
      `${lanes}\n\n` +
      "   base64 根本没有密钥。不想让别人看到的内容，要用 TLS，而不是自己另造\n" +
      "   一种加密算法：这里用 Deno.connectTls，Python 用 ssl 模块。",
  });
  run.say({
    en:
      "Base64 is for places that take text only: JSON, e-mail, a URL. TCP takes\n" +
      "any bytes: after their length (lesson 6) they go as they are.",
    zh:
      "base64 适合只能放文本的地方：JSON、电子邮件、网址。TCP 可以传送任何\n" +
      "字节：先发长度（第 6 课），就可以原样发送。",
  });
}

async function relay(
  from: socket.Socket,
  to: socket.Socket,
  lanes: Lanes,
  [start, middle, end]: [string, string, string],
): Promise<void> {
  const reader = new LineReader();
  while (true) {
    const line = await readFrame((size) => from.recv(size), reader);
    if (line === null) break;
    lanes.arrow(start, decode(line), middle, decodeText(line));
    lanes.arrow(middle, decode(line), end, decodeText(line));
    await to.sendall(packLine(line));
  }
  await to.shutdown(socket.SHUT_WR);
}

// Browsers and Deno have base64 built in. `atob` and `btoa` are older than typed
// arrays, and have one character for each byte.
async function nativeDemo(run: Run): Promise<void> {
  run.say({
    en:
      "What is base64? Some notes “encrypt” messages with it; it hides nothing.\n\n" +
      "1. What plain Deno has. btoa takes a character for a byte. atob accepts\n" +
      "   half a group: aG of aGk=, which is hi. toBase64 and fromBase64 are\n" +
      "   newer, and the latter can be strict:",
    zh: "base64 是什么？有的笔记用它来“加密”消息，其实它什么也藏不住。\n\n" +
      "1. Deno 自带的工具。btoa 把一个字符当作一个字节。atob 连半组也接受，例如\n" +
      "   aGk=（即 hi）只收到 aG。较新的 toBase64 和 fromBase64 没有这些毛病，\n" +
      "   后者可以设成严格模式：",
  });
  const half = () =>
    Uint8Array.fromBase64("aG", { lastChunkHandling: "strict" });
  await showBtoa();
  show('atob("aG")', JSON.stringify(atob("aG")));
  show("toBase64()", encode("你好").toBase64());
  show('fromBase64("aG")', await failureOf(half));

  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  using sender = await Deno.connect({ hostname, port });
  using conn = await listener.accept();
  run.say({
    en:
      "2. Messages with a line feed after each (lesson 6), over Deno.Conn, all\n" +
      "   in one write:",
    zh:
      "2. 每条消息后面加换行符（第 6 课），用 Deno.Conn 一次 write 全部发出：",
  });
  const asked = drawAnswers(nativeEndOf(sender), run)
    .finally(() => sender.closeWrite());
  const [drawing] = await Promise.all([asked, answerLines(nativeEndOf(conn))]);
  console.log(drawing);
  run.say({
    en:
      "For secrecy, Deno.connectTls and Deno.listenTls (with a certificate) take\n" +
      "the places of connect and listen. Everything else stays as it is.",
    zh:
      "需要保密时，把 connect 和 listen 换成 Deno.connectTls 和 Deno.listenTls\n" +
      "（后者需要证书），其他代码都不用改。",
  });
  inviteToTry(run, import.meta.url);
}

/** The lesson: what `deno run` runs. */
export const LESSON: Lesson = {
  url: import.meta.url,
  title: { en: "base64 over TCP", zh: "在 TCP 上传送 base64" },
  help: {
    client: {
      en: "send each line as base64, print each reply (base64, too); q ends",
      zh: "把每一行用 base64 发出，解码并打印每个回复；输入 q 退出",
    },
  },
  demo,
  server,
  client,
  native: { demo: nativeDemo, server: nativeServer, client: nativeClient },
  options: {
    unframed: {
      help: {
        en: "as many notes have it: no line feeds, one recv is one message",
        zh: "像有的笔记那样：不加换行符，一次 recv 当作一条消息",
      },
    },
    timeout: {
      end: "client",
      help: {
        en: "client: seconds to wait for a reply, if --unframed (5)",
        zh: "客户端：--unframed 时等待回复的秒数（5）",
      },
      placeholder: "S",
      default: "5",
    },
  },
};

if (import.meta.main) await runLesson(LESSON);
