// Lesson 11: non-blocking calls, and one task for many clients.
//
// What if I must not wait? While a call waits for one client, all others wait,
// too. A non-blocking call does what can be done now, or else raises
// BlockingIOError. Who then asks over and over burns a core; who asks `select`,
// or a selector, is told when there is something to do. An event loop is made of
// nothing else, and `await` is all that is left to write of it.
//
// Run:  deno run -A lessons/nonblocking.ts            both ends, narrated
//       deno run -A lessons/nonblocking.ts server     then, in another terminal,
//       deno run -A lessons/nonblocking.ts client     or Python, or nc
//
// With --native the same in plain Deno, where nothing blocks. The demo begins in
// _nonblocking_calls.ts and _nonblocking_costs.ts.

import * as socket from "../mod.ts";
import { select } from "../src/select.ts";
import { type Bytes, encode, formatNumber } from "./_bytes.ts";
import { failureOf, inviteToTry, show } from "./_demo.ts";
import { drawBoxes } from "./_draw.ts";
import type { Text } from "./_languages.ts";
import { readLines, writeLine } from "./_lines.ts";
import { showCalls } from "./_nonblocking_calls.ts";
import { showCosts } from "./_nonblocking_costs.ts";
import { FLOOD, HELLO, showAwait, showLoop } from "./_nonblocking_crowd.ts";
import { EchoLoop } from "./_nonblocking_loop.ts";
import { withPatience } from "./_patience.ts";
import { describeEnd, describeWait } from "./_reply_words.ts";
import { type Lesson, type Run, runLesson } from "./_run.ts";
import { listen, nativeServe, writeAll } from "./tcp_echo.ts";

// ## The server
//
// One task serves all clients. It is `EchoLoop` in _nonblocking_loop.ts, the heart
// of this lesson. Here it gets its listener, and hears of Ctrl-C.

/** How many may wait to be let in; at the usual 128 a crowd is turned away. */
const BACKLOG = 1024;

// At Ctrl-C the server is most likely asleep in `select`. Python raises
// KeyboardInterrupt in there, and other threads can wake it through a socket
// alone: asyncio keeps a pair for that. Here the rest of the program goes on
// while it sleeps, and to close the selector wakes it.
async function server(run: Run): Promise<void> {
  using listener = listen(run, BACKLOG);
  using loop = new EchoLoop(listener, run.note);
  run.interrupted.addEventListener("abort", () => loop[Symbol.dispose]());
  await loop.serve();
}

// ## The client
//
// To look a name up and to connect takes its time; the demo shows how not to wait
// for that either. From then on only `select` waits.
async function client(run: Run): Promise<void> {
  using sock = await socket.create_connection([run.host, run.port]);
  sock.setblocking(false);
  run.interrupted.addEventListener("abort", () => sock.close());
  await talk((data, reply) => exchange(sock, data, reply), run);
}

// Both directions at the same time: a line that is longer than all buffers comes
// back while it is still being sent. If it were sent to its end first, nobody
// would receive, and the server could not go on.
async function exchange(
  sock: socket.Socket,
  data: Bytes,
  reply: Reply,
): Promise<void> {
  let unsent = data;
  while (unsent.length > 0 || reply.missing > 0) {
    const readers = reply.missing > 0 ? [sock] : [];
    const writers = unsent.length > 0 ? [sock] : [];
    const [readable, writable] = await select(readers, writers, []);
    if (readable.length > 0) {
      reply.add(await sock.recv(Math.min(reply.missing, 65536)));
    }
    if (writable.length > 0) unsent = unsent.subarray(await sock.send(unsent));
  }
}

/** Sends each line with its line feed by `exchange`, and prints the reply. */
async function talk(
  exchange: (data: Bytes, reply: Reply) => Promise<void>,
  run: Run,
): Promise<void> {
  for await (const line of readLines(run.interrupted)) {
    if (line === "q") return;
    const data = encode(line + "\n");
    const reply = new Reply(data.length, run);
    await withPatience(run, reply.wait, exchange(data, reply));
    await writeLine(reply.text.replace(/\n$/, ""));
  }
}

/** The echo of a line, which comes in pieces: so many bytes, then it is done. */
class Reply {
  text = "";
  missing: number;
  readonly #size: number;
  readonly #run: Run;
  readonly #decoder = new TextDecoder();

  constructor(size: number, run: Run) {
    this.missing = this.#size = size;
    this.#run = run;
  }

  /** What is waited for, as it is when the text is read. */
  get wait(): Text {
    const find = () => describeWait(this.missing);
    return {
      get en() {
        return find().en;
      },
      get zh() {
        return find().zh;
      },
    };
  }

  add(piece: Bytes): void {
    if (piece.length === 0) {
      const end = describeEnd(this.#size - this.missing, this.#size);
      throw new socket.ConnectionError(this.#run.text(end));
    }
    this.missing -= piece.length;
    this.text += this.#decoder.decode(piece, { stream: this.missing > 0 });
  }
}

// ## The same in plain Deno
//
// In plain Deno no call blocks: it returns a promise, and the loop, Deno's own,
// goes on. What was kept in a `Client` are variables again. Back-pressure needs
// no word: a client whose echo is not out yet is not read from.
async function nativeEcho(conn: Deno.Conn): Promise<Text> {
  using _ = conn;
  const buffer = new Uint8Array(4096);
  let count = 0;
  while (true) {
    const n = await conn.read(buffer);
    if (n === null) break;
    await writeAll(conn, buffer.subarray(0, n));
    count += n;
  }
  return {
    en: `${formatNumber(count, "byte")} echoed`,
    zh: `回送了 ${count} 字节`,
  };
}

// The loop that accepts is lesson 1's: a task for each client.
const nativeServer = (run: Run) => nativeServe(run, nativeEcho);

// Two tasks that go on at the same time are what one `select` was for both
// directions.
async function nativeClient(run: Run): Promise<void> {
  const { host: hostname, port, interrupted: signal } = run;
  using conn = await Deno.connect({ hostname, port, signal });
  signal.addEventListener("abort", () => conn[Symbol.dispose]());
  await talk((data, reply) => nativeExchange(conn, data, reply), run);
}

async function nativeExchange(
  conn: Deno.Conn,
  data: Bytes,
  reply: Reply,
): Promise<void> {
  await Promise.all([writeAll(conn, data), readAll(conn, reply)]);
}

async function readAll(conn: Deno.Conn, reply: Reply): Promise<void> {
  const buffer = new Uint8Array(65536);
  while (reply.missing > 0) {
    const n = await conn.read(buffer.subarray(0, reply.missing));
    reply.add(buffer.subarray(0, n ?? 0));
  }
}

// ## Both together
//
// First what single calls do, and what waiting costs. Then the loop, and what is
// left of it with `await`.
async function demo(run: Run): Promise<void> {
  await showCalls(run);
  await showCosts(run);
  await showLoop(run);
  await showAwait(run);
  inviteToTry(run, import.meta.url);
}

// In plain Deno there is nothing to set: every call is like that.
async function nativeDemo(run: Run): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const connect = () => Deno.connect({ hostname, port });
  using client = await connect();
  using conn = await listener.accept();
  const reading = conn.read(new Uint8Array(1024));
  run.say({
    en:
      "What if I must not wait? In plain Deno no call blocks. It returns a\n" +
      "promise at once; there is no setblocking and no BlockingIOError.\n\n" +
      "1. Nothing has come. read returns all the same:",
    zh: "如果程序不能等，怎么办？Deno 自带的 API 从不阻塞：调用立刻返回一个\n" +
      "Promise，既没有 setblocking，也没有 BlockingIOError。\n\n" +
      "1. 还没有数据到达，read 照样立刻返回：",
  });
  show("conn.read(buffer)", Deno.inspect(reading));
  await writeAll(client, encode("hi"));
  run.say({
    en:
      "   The client sends hi. The promise is the read itself: keep it, for\n" +
      "   what it has read is nowhere else.",
    zh:
      "   客户端发来 hi。这个 Promise 就是那次读操作本身：要留着它，读到的\n" +
      "   数据只能从它那里拿到。",
  });
  show("await", await reading);
  show("conn.read(buffer)", Deno.inspect(reading));
  await showNativeConnect(run);
  await showNativeCrowd(run);
}

async function showNativeConnect(run: Run): Promise<void> {
  const unused = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = unused.addr;
  unused.close();
  run.say({
    en: "2. To connect is one await: no 115, no select, no SO_ERROR. Nobody\n" +
      "   listens at this port:",
    zh: "2. 连接也只要一个 await：没有 115，不用 select，也不用 SO_ERROR。\n" +
      "   下面这个端口没有程序在监听：",
  });
  const connecting = () => Deno.connect({ hostname, port });
  show("await Deno.connect(…)", await failureOf(connecting));
}

// Three clients, and a task for each. The write of the one who never reads does
// not end: it is this that stops its task, and not an order of anybody's.
async function showNativeCrowd(run: Run): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  using clients = new DisposableStack();
  const visits: Promise<Text>[] = [];
  const connect = async () => {
    const client = clients.use(await Deno.connect({ hostname, port }));
    visits.push(nativeEcho(await listener.accept()));
    return client;
  };
  const [_silent, rude, good] = [
    await connect(),
    await connect(),
    await connect(),
  ];
  const flood = failureOf(async () => {
    while (true) await writeAll(rude, FLOOD);
  });
  const ended = Promise.allSettled(visits);
  const reply = new Reply(HELLO.length, run);
  await nativeExchange(good, HELLO, reply);
  run.say({
    en:
      "3. A task for each client, of ten lines. One client says nothing, one\n" +
      "   sends and never reads, one says 你好, and has its echo:",
    zh:
      "3. 每个客户端一个任务，只有十来行。一个客户端一声不吭，一个只发不收，\n" +
      "   一个发来“你好”，并收到了回声：",
  });
  show(
    run.text({ en: "echo(silent)", zh: "echo(silent)（不说话）" }),
    Deno.inspect(visits[0]),
  );
  show(
    run.text({ en: "echo(rude)", zh: "echo(rude)（只发不收）" }),
    Deno.inspect(visits[1]),
  );
  show("good", reply.text);
  clients.dispose();
  await Promise.all([flood, ended]);
  run.say({
    en: "   What you know from Python, and what has become of it:",
    zh: "   Python 里的写法，在 Deno 里对应的是：",
  });
  const every = run.text({
    en: "every call: a promise",
    zh: "每个调用都返回 Promise",
  });
  console.log(drawBoxes(
    ["Python", run.text({ en: "plain Deno", zh: "Deno 自带" })],
    ["setblocking(False)", every],
    ["select, selectors", "await"],
    ["connect_ex, SO_ERROR", "await Deno.connect(…)"],
    ["b'' + data, EVENT_WRITE", "await conn.write(…)"],
  ));
  run.say({
    en:
      "4. One thing still blocks, and then nobody is served: code of your own\n" +
      "   that does not wait but works, such as a long loop, or prompt(), or\n" +
      "   any …Sync call.",
    zh:
      "4. 还有一样东西会阻塞，那时谁也得不到服务：你自己的、一直占着 CPU 的\n" +
      "   代码，比如一个很长的循环；另外还有 prompt() 和各种 …Sync 调用。",
  });
  inviteToTry(run, import.meta.url);
}

/** The lesson: what `deno run` runs. */
export const LESSON: Lesson = {
  url: import.meta.url,
  title: {
    en: "non-blocking calls, and one task for many clients",
    zh: "非阻塞调用，以及用一个任务服务许多客户端",
  },
  help: {
    client: {
      en: "send each line, print its echo, just the same bytes; q ends",
      zh: "把每一行发出去，并打印回复（服务器须原样回送）；输入 q 退出",
    },
  },
  demo,
  server,
  client,
  native: { demo: nativeDemo, server: nativeServer, client: nativeClient },
};

if (import.meta.main) await runLesson(LESSON);
