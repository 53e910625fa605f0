// Lesson 9: a chat over UDP, where nobody waits for a turn.
//
// Why can I only receive after I type? Because the program waits in input(), and
// then it cannot wait in recvfrom. Lines and datagrams have to be awaited at the
// same time. With that, and one socket, a server is a room for a thousand people.
//
// Run:  deno run -A lessons/udp_chat.ts            both ends, narrated
//       deno run -A lessons/udp_chat.ts server     then, in other terminals,
//       deno run -A lessons/udp_chat.ts client     or Python, or nc -u
//
// With --native the same in plain Deno; --help says what else there is.
// Next: timeouts.ts

import { lookup } from "node:dns/promises";
import process from "node:process";
import { setInterval } from "node:timers/promises";
import * as socket from "../mod.ts";
import { type Bytes, encode } from "./_bytes.ts";
import { readLine } from "./_harmless.ts";
import type { Text } from "./_languages.ts";
import { readLines, writeAbove } from "./_lines.ts";
import { formatAddress } from "./_options.ts";
import type { Line, Post } from "./_post.ts";
import { openRoom, serveRoom } from "./_room_server.ts";
import { type Lesson, type Run, runLesson } from "./_run.ts";
import { showRoom } from "./_udp_chat_room.ts";
import { showFreedom, showPrompt, showTurns } from "./_udp_chat_turns.ts";
import { formatNet } from "./tcp_echo.ts";

// ## The server
//
// All members send to one socket, which says of each datagram where it is from.
// What goes to whom is the matter of `Room`; and while that sends to a thousand,
// it receives: two loops at once, here too.
async function server(run: Run): Promise<void> {
  const room = openRoom(formatAddress, run);
  using post = openPost(run.host, run.port);
  console.log(`listening on ${formatAddress(post.address)}`);
  await serveRoom(post, room, run);
}

// `bind` gives the socket the address that the members send to. There is nothing
// to listen for and nobody to accept.
function openPost(host: string, port: number): Post<socket.InetAddress> {
  const sock = openDatagram(host);
  sock.bind([host, port]);
  return {
    address: sock.getsockname(),
    receive: () => sock.recvfrom(LARGEST),
    send: (data, to) => sock.sendto(data, to),
    [Symbol.dispose]: () => sock.close(),
  };
}

/** More than the longest datagram has, so that none is cut without a word. */
const LARGEST = 65_535;

function openDatagram(host: string): socket.Socket {
  const family = host.includes(":") ? socket.AF_INET6 : socket.AF_INET;
  return socket.socket(family, socket.SOCK_DGRAM);
}

// ## The client
//
// `connect` sends nothing. It names the one who may answer: the client of many
// notes takes any datagram for the server's, whoever has sent it. And where the
// system says that nobody is there, `recv` raises ConnectionRefusedError.
async function client(run: Run): Promise<void> {
  using sock = openDatagram(run.host);
  await sock.connect([run.host, run.port]);
  await chat({
    receive: () => sock.recv(LARGEST),
    send: (data) => sock.send(data),
  }, run);
}

// Three loops, until the first of them ends or fails: datagrams are printed as
// they come, lines are sent as they are typed, and the third is for the room. To
// that somebody who only reads looks like somebody who has gone, so an empty
// datagram now and then says that we are here. And nobody but we can tell it
// that we go: hence `finally`, and the signals of `kill` and of a closed window.
async function chat({ receive, send }: Line, run: Run): Promise<void> {
  const isTerminal = Deno.stdin.isTerminal();
  const wish = run.values.get("name") ?? "";
  const end = new AbortController();
  const ended = AbortSignal.any([run.interrupted, end.signal]);
  let name: string | undefined; // No room has told us one yet.
  let said = "";
  let answer = Promise.withResolvers<string>();
  try {
    await Promise.race([listen(), talk(), stay(), awaitSignal()]);
  } finally {
    end.abort(); // So that no loop goes on to read the next line.
    await send(encode("/quit"));
  }

  async function listen(): Promise<void> {
    for (let count = 1; true; count++) {
      // Made harmless here, too: who knows whether the server does that?
      const line = readLine(await receive()) ?? NOT_TEXT;
      if (count % PRESENCE_LINES === 0) await send(PRESENCE);
      if (line === "") continue; // The room answers that in kind.
      await writeAbove(line);
      name = line.match(/^# .*?you are (\S+?)(?:: .*)?$/i)?.[1] ?? name;
      // Silent for too long, the room thinks; after our own /quit all is over.
      if (line.startsWith("# You have left")) {
        await send(encode(introduce()));
      }
      // To us alone, or our own line; another kind of server knows no names.
      const isOurs = line.startsWith("# ") || findSelf(line) !== undefined;
      if (isOurs || name === undefined) answer.resolve(line);
    }
  }

  // A line is sent when the last one has come back. UDP does not slow a sender
  // down: a file sent all at once would overrun the room, and be lost.
  async function talk(): Promise<void> {
    const welcome = await ask(`/name ${wish}`.trim());
    if (welcome === undefined) tellSilence();
    if (name === undefined && welcome?.startsWith("# ")) {
      throw new socket.ConnectionError(welcome.slice(2));
    }
    for await (const line of readLines(ended)) {
      if (line === "q" || line === "/quit") break;
      if (line !== "") await say(line);
    }
  }

  async function say(line: string): Promise<void> {
    const data = encode(line);
    if (data.length > DATAGRAM_MAX) return run.note(TOO_LONG);
    // No room, but perhaps a person who types the answers, and needs time.
    if (isTerminal && name === undefined) return void await send(data);
    const reply = await ask(line);
    if (reply === undefined) tellSilence();
    else if (reply.startsWith("# Too fast")) {
      await within(PAUSE_MS, new Promise(() => {}), ended);
      if (!ended.aborted) await say(line);
    } else if ((findSelf(reply) ?? name) !== name) {
      // Restarted, it knows our address only, or has put us out meanwhile.
      await ask(introduce());
    }
  }

  async function ask(line: string): Promise<string | undefined> {
    const data = encode(line);
    said = readLine(data) ?? NOT_TEXT;
    answer = Promise.withResolvers();
    await send(data);
    return await within(ANSWER_MS, answer.promise, ended);
  }

  // What the room calls us, if that is the line that we have said: our name, or
  // our address, which has a colon and so can be nobody's name.
  function findSelf(line: string): string | undefined {
    const [, speaker = "", text] = line.match(/^(\S+?): (.*)$/) ?? [];
    const isSelf = speaker === name || speaker.includes(":");
    return isSelf && text === said ? speaker : undefined;
  }

  // What tells a room our name again, or asks how it calls us.
  function introduce(): string {
    const isNamed = name !== undefined && !name.includes(":");
    return isNamed ? `/name ${name}` : "/name";
  }

  // Somebody at a terminal can see what has happened, and go on.
  function tellSilence(): void {
    if (ended.aborted) return;
    if (!isTerminal) throw new socket.ConnectionError(run.text(SILENCE));
    run.note(SILENCE);
  }

  async function stay(): Promise<void> {
    // Without `ref`, this timer does not keep the program running.
    for await (const _ of setInterval(PRESENCE_MS, null, { ref: false })) {
      await send(PRESENCE);
    }
  }
}

/** Waits for a signal that ends programs, and takes its exit code over. */
async function awaitSignal(): Promise<void> {
  Deno.exitCode = await new Promise<number>((resolve) => {
    process.once("SIGHUP", () => resolve(129));
    process.once("SIGTERM", () => resolve(143));
  });
}

const NOT_TEXT = "(not UTF-8)";

const PRESENCE = encode("");
const PRESENCE_MS = 60_000;
const PRESENCE_LINES = 100;

/** How long to wait for a line to come back. */
const ANSWER_MS = 2000;
/** How long to wait when the room says that this is too fast. */
const PAUSE_MS = 1000;

/** The most bytes of a datagram: the headers are 28 of 65,535. */
const DATAGRAM_MAX = 65_507;

const TOO_LONG: Text = {
  en: "Too long: a datagram has at most 65,507 bytes. Nobody has got it",
  zh: "太长：一个数据报最多 65,507 字节。这一行没有发出",
};

const SILENCE: Text = {
  en:
    "The room has not answered (not running, a datagram lost, or a person typing)",
  zh: "聊天室没有回应（没有启动，数据报丢了，或者对方是人，还在打字）",
};

/** What a promise comes to; `undefined` if that takes too long, or at `signal`. */
async function within<T>(
  milliseconds: number,
  promise: Promise<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const giveUp = () => resolve(undefined);
  const timer = setTimeout(giveUp, milliseconds);
  Deno.unrefTimer(timer); // If another loop fails meanwhile, all is over.
  signal.addEventListener("abort", giveUp);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", giveUp);
  }
}

// ## The same in plain Deno
//
// `Deno.listenDatagram` is `socket` and `bind` in one. It is there only with the
// flag --unstable-net, or where the project's deno.json says so, as ours does.
async function openNative(
  host: string,
  port: number,
): Promise<Post<Deno.NetAddr>> {
  checkNative();
  const { hostname } = await findHost(host);
  const conn = Deno.listenDatagram({ transport: "udp", hostname, port });
  const open = new DisposableStack();
  open.defer(() => conn.close());
  const buffer = new Uint8Array(LARGEST);
  return {
    address: conn.addr as Deno.NetAddr,
    receive: async () => {
      const [data, from] = await conn.receive(buffer);
      return [data as Bytes, from as Deno.NetAddr];
    },
    send: (data, to) => conn.send(data, to),
    [Symbol.dispose]: () => open.dispose(),
  };
}

function checkNative(): void {
  if ("listenDatagram" in Deno) return;
  throw new Deno.errors.NotSupported(
    "Deno.listenDatagram is there only with the flag --unstable-net",
  );
}

/** The number of a host: a name has one in each family, and IPv4 is usual. */
async function findHost(
  host: string,
): Promise<{ hostname: string; any: string }> {
  const family = host.includes(":") ? 6 : 4;
  const { address: hostname } = await lookup(host, { family });
  return { hostname, any: family === 6 ? "::" : "0.0.0.0" };
}

async function nativeServer(run: Run): Promise<void> {
  const room = openRoom(formatNet, run);
  using post = await openNative(run.host, run.port);
  console.log(`listening on ${formatNet(post.address)}`);
  await serveRoom(post, room, run);
}

// There is no `connect`: we look ourselves who has sent what, and nobody tells us
// that no server is there. Only the missing answer does.
async function nativeClient(run: Run): Promise<void> {
  const { hostname, any } = await findHost(run.host);
  using post = await openNative(any, 0);
  const server = { transport: "udp", hostname, port: run.port } as const;
  await chat({
    receive: async () => {
      while (true) {
        const [data, from] = await post.receive();
        if (formatNet(from) === formatNet(server)) return data;
      }
    },
    send: (data) => post.send(data, server),
  }, run);
}

// ## Both together
//
// First two people, as in the notes and as it should be; then the room. The steps
// are in files of their own, and wait for events only: nothing depends on timing.
async function demo(run: Run): Promise<void> {
  await showTurns(run);
  await showPrompt(run);
  const open = () => openPost("127.0.0.1", 0);
  await showFreedom(run, 4, open);
  await showRoom(run, [5, 6], {
    open,
    serve: (post, run) => serveRoom(post, openRoom(formatAddress, run), run),
  });
  run.say({
    en:
      "7. What a room over UDP cannot have: if a member's computer is just switched\n" +
      "   off, nobody tells the room, so after 600 s of silence it assumes that\n" +
      "   the member has gone. It does not know whether a line has arrived. And a\n" +
      "   sender's address can be forged, so the room limits how much it sends per\n" +
      "   second because of one member. For more than a chat among friends take\n" +
      "   TCP, or QUIC.",
    zh:
      "7. UDP 聊天室做不到的事：成员的电脑要是直接关机，没有人通知聊天室，它只好\n" +
      "   在对方静默 600 秒之后，当作对方已经离开；消息有没有送到，它不知道；发送方\n" +
      "   的地址还可以伪造，所以因某个成员而发出的数据报，每秒的数量有上限。如果\n" +
      "   不只是朋友之间聊聊天，请改用 TCP 或 QUIC。",
  });
}

async function nativeDemo(run: Run): Promise<void> {
  checkNative();
  const open = () => openNative("127.0.0.1", 0);
  run.say({
    en:
      "In plain Deno, Deno.listenDatagram is socket and bind in one, send is\n" +
      "sendto, and receive is recvfrom. The chat of the notes, and prompt(), are in\n" +
      "the demo without --native; here is the cure.",
    zh:
      "在 Deno 自带的 API 里，Deno.listenDatagram 相当于 socket 加 bind，send\n" +
      "相当于 sendto，receive 相当于 recvfrom。笔记里的聊天程序和 prompt() 的问题，\n" +
      "见不加 --native 的演示；这里直接看解决办法。",
  });
  await showFreedom(run, 1, open);
  await showRoom(run, [2, 3], {
    open,
    serve: (post, run) => serveRoom(post, openRoom(formatNet, run), run),
  });
  run.say({
    en:
      "4. There is neither connect nor settimeout: the client compares addresses\n" +
      "   and counts the seconds itself, and hears of no ConnectionRefusedError.",
    zh:
      "4. 这里没有 connect，也没有 settimeout：客户端要自己比较地址，自己计时；\n" +
      "   服务器没有启动时，也不会得到 ConnectionRefusedError。",
  });
}

/** The lesson: what `deno run` runs. */
export const LESSON: Lesson = {
  url: import.meta.url,
  title: {
    en: "a chat over UDP, where nobody waits for a turn",
    zh: "UDP 聊天：收发互不等待",
  },
  help: {
    server: {
      en: "a chat room, until Ctrl-C",
      zh: "运行聊天室，按 Ctrl-C 结束",
    },
    client: {
      en: "send each line, print what anybody says; q ends",
      zh: "发送每一行，并打印所有人的消息；输入 q 退出",
    },
  },
  options: {
    name: {
      end: "client",
      help: {
        en: "client: what to be called; else by its address",
        zh: "客户端：使用的名字；不给出就以地址为名",
      },
      placeholder: "NAME",
    },
    members: {
      end: "server",
      help: {
        en: "server: the most members (1000)",
        zh: "服务器：最多容纳的人数（1000）",
      },
      placeholder: "N",
      default: "1000",
    },
    idle: {
      end: "server",
      help: {
        en: "server: seconds of silence after which a member is out (600)",
        zh: "服务器：成员静默多少秒后视为离开（600）",
      },
      placeholder: "S",
      default: "600",
    },
  },
  demo,
  server,
  client,
  native: { demo: nativeDemo, server: nativeServer, client: nativeClient },
};

if (import.meta.main) await runLesson(LESSON);
