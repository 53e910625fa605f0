// Lesson 1: an echo server and its client.
//
// A server waits at an address, and a client asks for it. Between them there are
// three sockets, not two: one that only listens, and one at each end of the
// connection. Everything is here twice: with this module, as in Python, and in
// plain Deno.
//
// Run:  deno run -A lessons/tcp_echo.ts            both ends, narrated
//       deno run -A lessons/tcp_echo.ts server     then, in another terminal,
//       deno run -A lessons/tcp_echo.ts client     or Python, or nc
//
// With --native the same in plain Deno; --help says what else there is.
// Next: bytes_text.ts

import * as socket from "../mod.ts";
import { type Bytes, encode, formatNumber } from "./_bytes.ts";
import { failureOf, inviteToTry, show } from "./_demo.ts";
import { Lanes } from "./_draw.ts";
import type { Text } from "./_languages.ts";
import { readLines, writeLine } from "./_lines.ts";
import { formatAddress } from "./_options.ts";
import { withPatience } from "./_patience.ts";
import { describeEnd, describeWait, NO_ECHO } from "./_reply_words.ts";
import { type Lesson, type Run, runLesson } from "./_run.ts";

// ## The server
//
// The listening socket is a door: it has an address and lets clients in, but no
// byte of theirs ever goes through it. An IPv6 address, the one with colons,
// needs a socket of its own family. It has one name: who makes `con` and then calls
// `conn.listen()` gets a NameError in Python, and `deno check` refuses it here. (And
// `//` begins a comment here; in Python it divides, and a comment begins with `#`.)

/** Listens where the command line says, and says so in the first line. */
export function listen(run: Run, backlog = 128): socket.Socket {
  const family = run.host.includes(":") ? socket.AF_INET6 : socket.AF_INET;
  const listener = socket.socket(family, socket.SOCK_STREAM);
  listener.bind([run.host, run.port]);
  listener.listen(backlog);
  console.log(`listening on ${formatAddress(listener.getsockname())}`);
  return listener;
}

// `accept` waits for a client and makes a second socket, `conn`, for this client
// alone. What happens there is not awaited: the next client must not wait for
// this one to leave. In Python a call that waits stops its thread, so that such a
// server has a thread for each client; here `await` lets everything else go on.
// Ctrl-C closes all sockets, and so ends each call on them.

/** Serves every client by `visit`, which says in the end what became of it. */
export async function serve(
  run: Run,
  visit: (conn: socket.Socket) => Promise<Text>,
): Promise<void> {
  using listener = listen(run);
  const open = new Set([listener]);
  run.interrupted.addEventListener("abort", () => {
    for (const each of open) each.close();
  });
  while (!run.interrupted.aborted) {
    try {
      const [conn, address] = await listener.accept();
      open.add(conn);
      const visited = visit(conn).finally(() => open.delete(conn));
      narrate(formatAddress(address), visited, run);
    } catch (error) {
      await passOver(error, run);
    }
  }
}

// `recv` returns what has arrived, here up to 4096 bytes, and waits only while
// nothing has. No bytes at all means that the client sends no more. It may still
// be receiving: all of its bytes go back before `using` closes `conn`.
async function echo(conn: socket.Socket): Promise<Text> {
  using _ = conn;
  let count = 0;
  while (true) {
    const data = await conn.recv(4096);
    if (data.length === 0) return formatEchoed(count);
    await conn.sendall(data);
    count += data.length;
  }
}

function formatEchoed(count: number): Text {
  return {
    en: `${formatNumber(count, "byte")} echoed`,
    zh: `回送了 ${count} 字节`,
  };
}

const server = (run: Run) => serve(run, echo);

// A client that breaks its connection ends its own visit and not the server.
// Every error of the network has a code, such as ECONNRESET; others are bugs.
async function narrate(
  name: string,
  visited: Promise<Text>,
  run: Run,
): Promise<void> {
  run.note({ en: `${name} has connected`, zh: `${name} 已连接` });
  try {
    const { en, zh } = await visited;
    run.note({ en: `${name} has left, ${en}`, zh: `${name} 已离开，${zh}` });
  } catch (error) {
    if (run.interrupted.aborted) return;
    if (!(error instanceof Error && "code" in error)) throw error;
    run.note({
      en: `${name} is gone: ${error}`,
      zh: `${name} 异常断开：${error}`,
    });
  }
}

// One `accept` can fail. When the client is gone already, the next one is served
// at once. When too many files are open, the next `accept` would fail at once,
// too: first others have to leave.
async function passOver(error: unknown, run: Run): Promise<void> {
  if (run.interrupted.aborted) return;
  if (!(error instanceof Error && "code" in error)) throw error;
  run.note({ en: `accept failed: ${error}`, zh: `accept 失败：${error}` });
  if (!/^(EMFILE|ENFILE|ENOBUFS|ENOMEM)$/.test(`${error.code}`)) return;
  await new Promise((resolve) => setTimeout(resolve, 200));
}

// ## The client
//
// A client needs no `bind`: any free port will do. That the server has gone it
// notices only when it sends the next line; lesson 9 shows why, and how to notice.
async function client(run: Run): Promise<void> {
  using sock = await socket.create_connection([run.host, run.port]);
  run.interrupted.addEventListener("abort", () => sock.close());
  await talk((data) => sock.sendall(data), (size) => sock.recv(size), run);
}

// A line travels with its line feed, so that an empty line is a byte too. It is
// sent and received at the same time. If a long line were sent to its end first,
// the server would wait for us to receive, and we for the server, for ever.
async function talk(
  send: (data: Bytes) => Promise<void>,
  recv: (size: number) => Promise<Bytes>,
  run: Run,
): Promise<void> {
  let isEcho = true;
  for await (const line of readLines(run.interrupted)) {
    if (line === "q") return;
    const data = encode(line + "\n");
    const echoed = receive(recv, data.length, run);
    const [reply] = await Promise.all([echoed, send(data)]);
    await writeLine(reply.replace(/\n$/, ""));
    if (isEcho && reply !== line + "\n") run.note(NO_ECHO);
    isEcho &&= reply === line + "\n";
  }
}

// TCP keeps the order of bytes and nothing else, so a reply can come in pieces.
// By counting we know when it is complete, which only an echo allows: a real
// protocol has to say where a message ends. A piece can also end in the middle of
// a character; with `stream` the decoder keeps that half for the next piece. Bytes
// that are no text show as �, which is enough here: then it is no echo anyway.
async function receive(
  recv: (size: number) => Promise<Bytes>,
  size: number,
  run: Run,
): Promise<string> {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let text = "";
  for (let n = 0; n < size;) {
    const piece = recv(Math.min(size - n, 65536));
    const data = await withPatience(run, describeWait(size - n), piece);
    if (data.length === 0) {
      throw new socket.ConnectionError(run.text(describeEnd(n, size)));
    }
    n += data.length;
    text += decoder.decode(data, { stream: true });
  }
  return text + decoder.decode();
}

// ## The same in plain Deno
//
// `Deno.listen` is `socket`, `bind` and `listen` in one.

/** Serves every client by `visit`, as {@linkcode serve} does, in plain Deno. */
export async function nativeServe(
  run: Run,
  visit: (conn: Deno.Conn) => Promise<Text>,
): Promise<void> {
  using listener = Deno.listen({ hostname: run.host, port: run.port });
  console.log(`listening on ${formatNet(listener.addr)}`);
  const open = new Set<Disposable>([listener]);
  run.interrupted.addEventListener("abort", () => {
    for (const each of open) each[Symbol.dispose]();
  });
  while (!run.interrupted.aborted) {
    try {
      const conn = await listener.accept();
      open.add(conn);
      const visited = visit(conn).finally(() => open.delete(conn));
      narrate(formatNet(conn.remoteAddr), visited, run);
    } catch (error) {
      await passOver(error, run);
    }
  }
}

// `read` fills an array of ours and returns how many of its bytes are new. Here
// the end is `null`.
async function nativeEcho(conn: Deno.Conn): Promise<Text> {
  using _ = conn;
  const buffer = new Uint8Array(4096);
  let count = 0;
  while (true) {
    const n = await conn.read(buffer);
    if (n === null) return formatEchoed(count);
    await writeAll(conn, buffer.subarray(0, n));
    count += n;
  }
}

const nativeServer = (run: Run) => nativeServe(run, nativeEcho);

// `write` is Python's `send`: it may take only a part, and says how much. This
// loop is what `sendall` does.

/** Writes all of `data`, as Python's `sendall`. */
export async function writeAll(conn: Deno.Conn, data: Bytes): Promise<void> {
  for (let n = 0; n < data.length;) n += await conn.write(data.subarray(n));
}

async function nativeClient(run: Run): Promise<void> {
  const { host: hostname, port, interrupted: signal } = run;
  using conn = await Deno.connect({ hostname, port, signal });
  signal.addEventListener("abort", () => conn[Symbol.dispose]());
  await talk((data) => writeAll(conn, data), (size) => read(conn, size), run);
}

/** As Python's `recv`: no bytes mean the end. */
export async function read(conn: Deno.Conn, size: number): Promise<Bytes> {
  const buffer = new Uint8Array(size);
  return buffer.subarray(0, await conn.read(buffer) ?? 0);
}

/** An address of Deno's, as people write it. */
export function formatNet({ hostname, port }: Deno.NetAddr): string {
  return formatAddress([hostname, port]);
}

// ## Both together
//
// The demo does one step after the other: nothing depends on timing. First the
// listener alone, which is often mistaken for a connection.
async function demo(run: Run): Promise<void> {
  const lanes = new Lanes("client", "listener", "conn");
  using listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM);
  listener.bind(["127.0.0.1", 0]);
  const early = await failureOf(() => listener.accept());
  listener.listen();
  lanes.at("listener", "bind, listen");
  run.say(QUESTION);
  run.say({
    en:
      "1. A listening socket has an address and no peer. It can only accept,\n" +
      "   and that not before listen:",
    zh: "1. 监听套接字有自己的地址，但没有对端。它只能 accept（而且要先\n" +
      "   listen），不能收发数据：",
  });
  show("accept before listen", early);
  show("listener.getpeername()", await failureOf(() => listener.getpeername()));
  show("listener.recv(1024)", await failureOf(() => listener.recv(1024)));
  show("listener.sendall(…)", await failureOf(() => listener.sendall(HELLO)));

  // The kernel connects them, without `accept`, and keeps what the client sends.
  using client = socket.socket(socket.AF_INET, socket.SOCK_STREAM);
  await client.connect(listener.getsockname());
  lanes.arrow("client", "connect", "listener");
  await client.sendall(HELLO);
  lanes.arrow("client", "sendall(你好)", "conn");
  run.say({
    en: "2. The client has connected and sent 你好 (2 characters, 6 bytes).\n" +
      "   The server has not called accept yet: the kernel does the three-way\n" +
      "   handshake, and keeps the bytes.",
    zh:
      "2. 客户端已经连上，并发出了“你好”（2 个字符，6 个字节）。此时服务器\n" +
      "   还没有调用 accept：三次握手由内核完成，数据也先存放在内核里。",
  });

  // `accept` makes the third socket. Its addresses are the client's, swapped.
  using conn = (await listener.accept())[0];
  const third = run.text({ en: "the third socket", zh: "第三个套接字" });
  lanes.arrow("listener", "accept", "conn", third);
  run.say({
    en:
      "3. accept returns the third socket, conn. Notes call it the client's,\n" +
      "   sk, or even data; it is the server's own, one for each client. It has\n" +
      "   the address of the listener, and its peer is the client:",
    zh:
      "3. accept 返回第三个套接字 conn，也就是已连接套接字。有的笔记叫它 sk，\n" +
      "   甚至 data，还说它是“客户端的套接字”；其实它属于服务器，每个客户端\n" +
      "   对应一个。它与监听套接字地址相同，对端则是客户端：",
  });
  show("listener.getsockname()", formatAddress(listener.getsockname()));
  show("conn.getsockname()", formatAddress(conn.getsockname()));
  show("conn.getpeername()", formatAddress(conn.getpeername()));
  show("client.getsockname()", formatAddress(client.getsockname()));

  // Half-close: each direction ends by itself. `conn` receives the end, no bytes,
  // and can still send.
  await client.shutdown(socket.SHUT_WR);
  lanes.arrow("client", "shutdown(SHUT_WR)", "conn");
  const data = await conn.recv(1024);
  const end = await conn.recv(1024);
  lanes.at("conn", "recv: 你好, end");
  await conn.sendall(data);
  const reply = await receive((size) => client.recv(size), data.length, run);
  lanes.arrow("conn", "sendall", "client", `recv: ${reply}`);
  conn.close();
  lanes.arrow("conn", "close", "client", "recv: end");
  const [n, m] = [end.length, (await client.recv(1024)).length];
  run.say({
    en: "4. The client has no more to send and says so (half-close). conn\n" +
      `   receives ${data.length} bytes, then ${n}: the end. It can still send: it echoes\n` +
      `   and closes. The client receives ${reply}, then ${m} bytes.`,
    zh: "4. 客户端不再发送数据，并通知对端（半关闭）。conn 先收到 " +
      `${data.length} 个字节，\n   再收到 ${n} 个字节，表示字节流结束。它仍可以发送，于是` +
      `回送数据，\n   然后关闭。客户端收到“${reply}”，再收到 ${m} 个字节。`,
  });

  // A common mistake is another port than the server's; here, one just freed.
  using unused = socket.socket(socket.AF_INET, socket.SOCK_STREAM);
  unused.bind(["127.0.0.1", 0]);
  const wrong = unused.getsockname();
  unused.close();
  using stray = socket.socket(socket.AF_INET, socket.SOCK_STREAM);
  run.say({
    en:
      "5. Nobody listens at a mistyped port, such as 8032 in a client whose\n" +
      "   server is at 8034. The connection is refused:",
    zh:
      "5. 端口写错了会怎样？比如服务器在 8034，客户端却连 8032：那里没有程序\n" +
      "   在监听，连接会被拒绝：",
  });
  show("connect", await failureOf(() => stray.connect(wrong)));
  run.say({
    en:
      "The sockets, from top to bottom (“.”: in the kernel, not accepted yet):" +
      `\n\n${lanes}`,
    zh: "三个套接字，从上往下看（“.”：数据已到内核，尚未 accept）：\n\n" +
      lanes,
  });
  inviteToTry(run, import.meta.url);
}

const QUESTION: Text = {
  en: "Which socket talks to whom? There are three of them, not two.",
  zh: "哪个套接字在和哪个套接字通信？一共有三个，而不是两个。",
};

// In plain Deno a listener has neither `read` nor `write`: the mistakes of step 1
// do not compile. `closeWrite` is `shutdown(SHUT_WR)`.
async function nativeDemo(run: Run): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  using client = await Deno.connect({ hostname, port });
  await writeAll(client, HELLO);
  using conn = await listener.accept();
  run.say(QUESTION);
  run.say({
    en: "1. The same in plain Deno. Here, too, 你好 is sent before accept:",
    zh: "1. 改用 Deno 自带的 API。“你好”同样是在 accept 之前发出的：",
  });
  show("listener.addr", formatNet(listener.addr));
  show("conn.localAddr", formatNet(conn.localAddr));
  show("conn.remoteAddr", formatNet(conn.remoteAddr));
  show("client.localAddr", formatNet(client.localAddr));

  await client.closeWrite();
  await nativeEcho(conn);
  const n = HELLO.length;
  const reply = await receive((size) => read(client, size), n, run);
  const end = await client.read(new Uint8Array(1024));
  run.say({
    en:
      `2. After closeWrite, conn still echoes ${n} bytes: ${reply}. Then it\n` +
      `   closes, and read returns ${end}, where recv returns no bytes.`,
    zh:
      `2. closeWrite 之后，conn 仍能回送 ${n} 个字节：“${reply}”。然后它关闭，\n` +
      `   read 返回 ${end}，而 recv 返回的是空字节串。`,
  });
  inviteToTry(run, import.meta.url);
}

const HELLO = encode("你好");

/** The lesson: what `deno run` runs. */
export const LESSON: Lesson = {
  url: import.meta.url,
  title: {
    en: "an echo server and its client",
    zh: "回显服务器和客户端",
  },
  help: {
    client: {
      en: "send each line of input, which the server echoes; q ends",
      zh: "发送输入的每一行，服务器须原样回送；输入 q 退出",
    },
  },
  demo,
  server,
  client,
  native: { demo: nativeDemo, server: nativeServer, client: nativeClient },
};

if (import.meta.main) await runLesson(LESSON);
