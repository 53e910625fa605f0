// Lesson 8: UDP, and what changes without a connection.
//
// TCP is a telephone call, UDP a post card: an address, some bytes, and off it
// goes. It arrives as it was sent, or not at all, and perhaps twice; nobody says
// which. So the server has one socket for all clients, and the client has to
// doubt: it waits so long and no longer, asks again, and looks at who answers.
//
// Run:  deno run -A lessons/udp.ts            both ends, narrated
//       deno run -A lessons/udp.ts server     then, in another terminal,
//       deno run -A lessons/udp.ts client     or Python, or nc -u
//
// Try it with a server whose every second reply gets lost: server --drop 2.
// Next: udp_chat.ts

import * as socket from "../mod.ts";
import {
  type Bytes,
  decode,
  encode,
  formatCount,
  formatNumber,
  repr,
} from "./_bytes.ts";
import { show } from "./_demo.ts";
import { readLine } from "./_harmless.ts";
import type { Text } from "./_languages.ts";
import { readLines, writeLine } from "./_lines.ts";
import { formatAddress, UsageError } from "./_options.ts";
import { type Lesson, type Run, runLesson } from "./_run.ts";
import { readSeconds } from "./_seconds.ts";
import { showNative } from "./_udp_native.ts";
import { showNobody, showStranger } from "./_udp_peers.ts";
import { showPings } from "./_udp_pings.ts";
import {
  bindDatagram,
  formatReceived,
  showBoundaries,
  showCut,
  showEmpty,
  showFullQueue,
  showRefused,
} from "./_udp_whole.ts";

// ## The server
//
// One socket is enough: there is nothing to listen for and nobody to accept.
// Each datagram says where it comes from, and that is where the echo goes. The
// server remembers nobody, so that neither a crowd nor a flood takes memory.
async function server(run: Run): Promise<void> {
  const drop = readNumber(run, "drop", COUNT);
  using sock = openDatagram(run.host);
  sock.bind([run.host, run.port]);
  console.log(`listening on ${formatAddress(sock.getsockname())}`);
  run.interrupted.addEventListener("abort", () => sock.close());
  let count = 0;
  while (!run.interrupted.aborted) {
    try {
      const [data, sender] = await sock.recvfrom(LARGEST);
      const isDropped = drop > 0 && ++count % drop === 0;
      const outcome = isDropped ? DROPPED : await echo(sock, data, sender);
      noteDatagram(run, sender, data, outcome);
    } catch (error) {
      passOver(error, run);
    }
  }
}

/** No datagram has more bytes, so that none is cut. */
const LARGEST = 65_535;

// A reply that is lost, and not the request: what was asked for is done, and the
// client does not know.
const DROPPED: Text = {
  en: "served, and the reply dropped",
  zh: "已处理，但丢弃了回复",
};
const ECHOED: Text = { en: "echoed", zh: "已回送" };
const OWN_PORT: Text = {
  en: "not echoed, from a port like ours",
  zh: "来自与本机相同的端口，不回送",
};

// Whoever can forge an address can send us a datagram that seems to come from
// another echo server, or from ourselves. The two would send it to each other for
// ever. Such servers usually have the same port, and their clients have not.
async function echo(
  sock: socket.Socket,
  data: Bytes,
  sender: socket.InetAddress,
): Promise<Text> {
  if (sender[1] === sock.getsockname()[1]) return OWN_PORT;
  await sock.sendto(data, sender);
  return ECHOED;
}

function noteDatagram(
  run: Run,
  sender: socket.InetAddress,
  { length }: Bytes,
  outcome: Text,
): void {
  const name = formatAddress(sender);
  run.note({
    en: `${name}: ${formatNumber(length, "byte")} ${outcome.en}`,
    zh: `${name}：${length} 字节，${outcome.zh}`,
  });
}

// An error concerns one datagram, and not the socket: the next may be echoed.
// Windows even tells `recvfrom` that an earlier echo has found nobody.
function passOver(error: unknown, run: Run): void {
  if (run.interrupted.aborted) return;
  if (!(error instanceof Error && "code" in error)) throw error;
  run.note({ en: `passed over: ${error}`, zh: `跳过：${error}` });
}

/** A datagram socket of the family that the host is of. */
function openDatagram(host: string): socket.Socket {
  const family = host.includes(":") ? socket.AF_INET6 : socket.AF_INET;
  return socket.socket(family, socket.SOCK_DGRAM);
}

// ## The client
//
// A line is one datagram, and needs no line feed: a datagram ends by itself. An
// empty line is an empty datagram. `connect` sends nothing; it keeps strangers
// out, and lets `recv` raise ECONNREFUSED where the system tells that nobody is
// there. That ends the client, while a server that is silent does not.
async function client(run: Run): Promise<void> {
  const timeout = readSeconds(run, "timeout");
  const tries = readNumber(run, "tries", TRIES);
  using sock = openDatagram(run.host);
  run.interrupted.addEventListener("abort", () => sock.close());
  await sock.connect([run.host, run.port]);
  let [count, missing] = [0, 0];
  for await (const line of readLines(run.interrupted)) {
    if (line === "q") break;
    try {
      const reply = await askAgain(sock, encode(line), { timeout, tries, run });
      count++;
      if (reply === undefined) missing++;
      else await writeLine(decode(reply));
    } catch (error) {
      noteTooLong(error, line, run);
    }
  }
  if (missing === 0) return;
  throw new socket.ConnectionError(run.text({
    en: `${missing} of ${count} lines without a reply`,
    zh: `${count} 行中有 ${missing} 行没有回复`,
  }));
}

// Such a line was not sent, so that no reply is missing; but not all went well.
function noteTooLong(error: unknown, line: string, run: Run): void {
  const isTooLong = error instanceof socket.OSError &&
    error.code === "EMSGSIZE";
  if (!isTooLong) throw error;
  Deno.exitCode = 1;
  const size = formatCount(encode(line).length);
  run.note({
    en: `a line of ${size} bytes does not fit into a datagram: ${error}`,
    zh: `这一行有 ${size} 字节，一个数据报装不下：${error}`,
  });
}

interface Patience {
  /** How many seconds to wait for one reply. */
  readonly timeout: number;
  /** How often to ask, at most. */
  readonly tries: number;
  readonly run: Run;
}

// Silence can mean that the request was lost, or the reply, or that the server is
// slow; the client cannot know. So it asks again, which is right only if being
// asked twice does no harm. Protocols double the wait each time, to let a network
// recover that is too full.
async function askAgain(
  sock: socket.Socket,
  data: Bytes,
  { timeout, tries, run }: Patience,
): Promise<Bytes | undefined> {
  for (let n = 1; n <= tries; n++) {
    if (n > 1) {
      run.note({
        en:
          `no reply within ${timeout} s, sending again (try ${n} of ${tries})`,
        zh: `${timeout} 秒内没有回复，重发（第 ${n} 次，共 ${tries} 次）`,
      });
    }
    const reply = await ask(sock, data, timeout, run);
    if (reply !== undefined) return reply;
  }
  run.note({
    en: `no reply within ${timeout} s, giving up this line`,
    zh: `${timeout} 秒内${tries > 1 ? "仍" : ""}没有回复，放弃这一行`,
  });
  return undefined;
}

// The reply is known by what it says. So a late echo, of a line that was sent again
// meanwhile, is not taken for the reply to the next line. But if that line says the
// same, it is: to tell them apart each request needs a number, as the pings of the
// demo have. What is ignored must not make us wait longer, so the time is counted
// from the beginning.
async function ask(
  sock: socket.Socket,
  data: Bytes,
  timeout: number,
  run: Run,
): Promise<Bytes | undefined> {
  const end = performance.now() + timeout * 1000;
  sock.settimeout(timeout);
  await sock.send(data);
  while (true) {
    const reply = await receive(sock);
    if (reply === undefined || isEqual(reply, data)) return reply;
    noteIgnored(run, reply);
    const left = (end - performance.now()) / 1000;
    if (left <= 0) return undefined;
    sock.settimeout(left);
  }
}

function noteIgnored(run: Run, reply: Bytes): void {
  const text = readLine(reply.subarray(0, 60));
  const start = text === undefined ? repr(reply.subarray(0, 20)) : `"${text}"`;
  run.note({
    en: `ignored ${formatNumber(reply.length, "byte")}: ${start} ` +
      "(this client takes only an echo of the line for a reply)",
    zh: `忽略 ${reply.length} 字节：${start}` +
      "（本课的客户端只认这一行的原样回送）",
  });
}

/** One datagram, or `undefined` if none comes in time. */
async function receive(sock: socket.Socket): Promise<Bytes | undefined> {
  try {
    return await sock.recv(LARGEST);
  } catch (error) {
    if (!(error instanceof socket.TimeoutError)) throw error;
    return undefined;
  }
}

function isEqual(one: Bytes, other: Bytes): boolean {
  return one.length === other.length &&
    one.every((byte, i) => byte === other[i]);
}

/** What an option's value must look like, and how that is said. */
type Rule = readonly [pattern: RegExp, wanted: Text];

const COUNT: Rule = [/^\d+$/, { en: "a whole number", zh: "整数" }];
const TRIES: Rule = [/^[1-9]\d*$/, {
  en: "a whole number from 1",
  zh: "不小于 1 的整数",
}];

function readNumber(run: Run, name: string, [pattern, wanted]: Rule): number {
  const value = run.values.get(name) ?? "";
  if (pattern.test(value)) return Number(value);
  throw new UsageError({
    en: `Option --${name} must be ${wanted.en}: current value is "${value}"`,
    zh: `选项 --${name} 必须是${wanted.zh}，而不是“${value}”`,
  }, run.language);
}

// ## Both together
//
// The demo does one step after the other: nothing depends on timing. The steps
// about single datagrams, and about the other end, are in files of their own.
async function demo(run: Run): Promise<void> {
  using receiver = bindDatagram();
  using sender = openDatagram("127.0.0.1");
  // To be bound by `sendto` is to be bound on all networks. A run that may use
  // 127.0.0.1 alone cannot do that.
  const permission = { name: "net", host: "0.0.0.0" } as const;
  const { state } = await Deno.permissions.query(permission);
  if (state !== "granted") sender.bind(["127.0.0.1", 0]);
  run.say({
    en:
      "What changes without a connection? TCP is a telephone call, UDP a post\n" +
      "card: an address, some bytes, and off it goes.\n\n" +
      "1. No listen, no accept, no connect. The receiver binds, to be found. The\n" +
      "   sender need not: its first sendto gives it an address, at a free port:",
    zh:
      "没有连接，会有什么不同？TCP 像打电话，UDP 像寄明信片：写上地址和内容，\n" +
      "寄出去就完事了。\n\n" +
      "1. 不用 listen，不用 accept，也不用 connect。接收方要 bind，别人才能找到\n" +
      "   它；发送方不必，第一次 sendto 时系统会自动给它绑定一个空闲端口：",
  });
  const address = receiver.getsockname();
  show("sender.getsockname()", formatAddress(sender.getsockname()));
  show("sender.sendto(你好, …)", await sender.sendto(HELLO, address));
  show("sender.getsockname()", formatAddress(sender.getsockname()));
  const [data, from] = await receiver.recvfrom(1024);
  show("receiver.recvfrom(1024)", formatReceived([data, from]));
  run.say({
    en:
      "   recvfrom returns the bytes and the sender's address, and there an\n" +
      "   answer goes: sendto(data, address). Some notes have senddto(string,\n" +
      "   address): there is no such method, and it takes and gives bytes.",
    zh:
      "   recvfrom 返回字节和发送方的地址，回复就发到那里：sendto(data, address)。\n" +
      "   有的笔记写成 senddto(字符串, 地址)：没有这个方法，而且收发的都是字节。",
  });
  await showBoundaries(run);
  await showCut(run);
  await showEmpty(run);
  await showRefused(run);
  await showNobody(run);
  await showStranger(run);
  await showFullQueue(run);
  await showPings(run, ask, import.meta.url);
  await showNative(run);
}

const HELLO = encode("你好");

/** The lesson: what `deno run` runs. */
export const LESSON: Lesson = {
  url: import.meta.url,
  title: {
    en: "UDP, and what changes without a connection",
    zh: "UDP，没有连接会有什么不同",
  },
  help: {
    server: {
      en: "send each datagram back to its sender, until Ctrl-C",
      zh: "把每个数据报发回给发送方，按 Ctrl-C 结束",
    },
    client: {
      en: "send each line as a datagram, print its echo; q ends",
      zh: "把每一行作为一个数据报发出，打印原样回送的回复；输入 q 退出",
    },
  },
  options: {
    drop: {
      end: "server",
      help: {
        en: "server: drop every Nth reply (0: none), for practice",
        zh: "服务器：每 N 个回复丢弃一个，供练习用（0：不丢）",
      },
      placeholder: "N",
      default: "0",
    },
    timeout: {
      end: "client",
      help: {
        en: "client: wait S seconds for a reply (1)",
        zh: "客户端：等待回复的秒数（1）",
      },
      placeholder: "S",
      default: "1",
    },
    tries: {
      end: "client",
      help: {
        en: "client: send a line N times at most (3)",
        zh: "客户端：每行最多发送几次（3）",
      },
      placeholder: "N",
      default: "3",
    },
  },
  demo,
  server,
  client,
};

if (import.meta.main) await runLesson(LESSON);
