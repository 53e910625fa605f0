/**
 * The demo of timeouts: what each kind of call does when its time is over, and
 * what a timeout does not limit.
 *
 * @module
 */

import * as socket from "../mod.ts";
import { encode, formatCount, repr } from "./_bytes.ts";
import { failureOf, show } from "./_demo.ts";
import { pad } from "./_draw.ts";
import type { Text } from "./_languages.ts";
import type { Run } from "./_run.ts";
import { pause, showDrip } from "./_timeouts_drip.ts";

// ## Both together
//
// Every step has a connection of its own, so that nothing of one is left for the
// next.

/** Both ends in one process, narrated. */
export async function demo(run: Run): Promise<void> {
  using listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM);
  listener.bind(["127.0.0.1", 0]);
  listener.listen();
  await showValues(listener, run);
  await showDefault(listener, run);
  await showAccept(listener, run);
  await showRecv(listener, run);
  await showConnect(run);
  await showDrip(listener, run);
  await showSendall(listener, run);
  await showFile(listener, run);
  sayHowElsewhere(run);
}

// In the first line `recv` has begun before anything is sent: it waits.
async function showValues(listener: socket.Socket, run: Run): Promise<void> {
  using client = await socket.create_connection(listener.getsockname());
  using conn = (await listener.accept())[0];
  run.say({
    en:
      "How long do I wait? Each socket has a timeout, in seconds, for every\n" +
      "call that waits. Nothing has been sent yet. What will recv do if the\n" +
      "timeout is null (Python's None), 0 or 0.1?\n\n" +
      "1. null waits as long as it takes, 0 not at all, 0.1 at most that long.\n" +
      "   The timeout can be changed at any time, not only on a new socket.\n" +
      "   Some notes write gettimeout(time), and call settimeout a function of\n" +
      "   the module. Both are methods of a socket, and gettimeout takes no\n" +
      "   argument:",
    zh: "要等多久？每个套接字都有一个超时（单位是秒），每次可能阻塞的调用都\n" +
      "受它限制。现在对端还什么都没发。超时分别为 null（Python 的 None）、\n" +
      "0 和 0.1，recv 会怎样？先猜一猜。\n\n" +
      "1. null：一直等下去；0：完全不等；0.1：最多等这么久。超时随时可以改，\n" +
      "   不必在刚创建套接字时设置。有的笔记写 gettimeout(time)，还把\n" +
      "   settimeout 说成“模块的函数”。其实两者都是套接字的方法，gettimeout\n" +
      "   也不带参数：",
  });
  show("gettimeout()", client.gettimeout());
  client.settimeout(null);
  const receiving = client.recv(1024);
  const [data] = await Promise.all([receiving, conn.sendall(encode("hi"))]);
  show("settimeout(null), recv", repr(data));
  client.settimeout(0);
  show("settimeout(0), recv", await failureOf(() => client.recv(1024)));
  client.settimeout(0.1);
  show("settimeout(0.1), recv", await failureOf(() => client.recv(1024)));
  show("gettimeout()", client.gettimeout());
  // @ts-expect-error An argument too many, as in those notes.
  show("gettimeout(5)", await failureOf(() => client.gettimeout(5)));
  show('"settimeout" in socket', "settimeout" in socket);
}

// The default is for the whole program: a library had better leave it alone.
async function showDefault(listener: socket.Socket, run: Run): Promise<void> {
  run.say({
    en:
      "2. setdefaulttimeout is the module's. It counts for all sockets that are\n" +
      "   made after it, accepted ones included. The listener's own timeout is\n" +
      "   for accept; the connection does not inherit it:",
    zh:
      "2. setdefaulttimeout 才是模块的函数，只影响之后创建的套接字，accept\n" +
      "   返回的也算在内。监听套接字自己的超时只管 accept，不会传给新连接：",
  });
  listener.settimeout(3);
  try {
    socket.setdefaulttimeout(7);
    using client = await socket.create_connection(listener.getsockname());
    using conn = (await listener.accept())[0];
    show("listener.gettimeout()", listener.gettimeout());
    show("conn.gettimeout()", conn.gettimeout());
    show("client.gettimeout()", client.gettimeout());
  } finally {
    socket.setdefaulttimeout(null);
  }
}

async function showAccept(listener: socket.Socket, run: Run): Promise<void> {
  run.say({
    en:
      "3. accept: a server with other things to do need not wait for ever. A\n" +
      "   client that comes after the timeout is there for the next accept:",
    zh:
      "3. accept：服务器若还有别的事要做，就不必一直等客户端。超时之后才来的\n" +
      "   客户端，下一次 accept 照样能接到：",
  });
  listener.settimeout(0.1);
  show("accept", await failureOf(() => listener.accept()));
  using client = await socket.create_connection(listener.getsockname());
  const [conn, address] = await listener.accept();
  using _ = conn;
  const isSame = String(address) === String(client.getsockname());
  show(
    run.text({ en: "the next accept", zh: "下一次 accept" }),
    run.text({
      en: isSame ? "that client" : "somebody else",
      zh: isSame ? "正是这个客户端" : "别的客户端",
    }),
  );
}

async function showRecv(listener: socket.Socket, run: Run): Promise<void> {
  using client = await socket.create_connection(listener.getsockname());
  using conn = (await listener.accept())[0];
  run.say({
    en:
      "4. recv: the error is a TimeoutError, which is an OSError. It has no\n" +
      "   errno: the system refused nothing, we only stopped waiting. The\n" +
      "   connection is intact, and nothing is lost. What comes too late for\n" +
      "   one recv is there for the next:",
    zh:
      "4. recv：抛出的是 TimeoutError，它是 OSError 的子类。它没有 errno，因为\n" +
      "   并不是系统拒绝了调用，只是我们不再等了。连接没有断，数据也不会丢：\n" +
      "   迟到的数据，下一次 recv 照样收得到：",
  });
  client.settimeout(0.1);
  const error: unknown = await client.recv(1024).catch((reason) => reason);
  if (!(error instanceof socket.TimeoutError)) throw error;
  show("recv", error);
  show("error.errno", error.errno);
  show("… instanceof OSError", error instanceof socket.OSError);
  show("socket.timeout", socket.timeout.name);
  await conn.sendall(encode("late"));
  show(run.text(NEXT_RECV), repr(await client.recv(1024)));
}

const NEXT_RECV: Text = { en: "the next recv", zh: "下一次 recv" };

// Nothing is accepted here. So the kernel keeps what has connected in a queue,
// and that is as long as `listen` says.
async function showConnect(run: Run): Promise<void> {
  using listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM);
  listener.bind(["127.0.0.1", 0]);
  listener.listen(2);
  run.say({
    en:
      "5. connect, to a server that never accepts. Some notes say of listen(2):\n" +
      "   “two clients at most; others are refused”. How many will get in, and\n" +
      "   what does the next one see?",
    zh:
      "5. connect：这个服务器从不 accept。有的笔记这样解释 listen(2)：“最多两个\n" +
      "   客户端，再来就被拒绝”。到底能连上几个？下一个又会看到什么？",
  });
  using clients = new DisposableStack();
  const [count, error] = await crowd(listener, clients);
  show(run.text({ en: "clients connected", zh: "连上的客户端" }), count);
  show(run.text({ en: "the next one", zh: "下一个" }), error);
  run.say({
    en:
      "   On Linux the queue holds one more than the number. When it is full,\n" +
      "   the kernel refuses nobody: it stays silent, and only a timeout ends\n" +
      "   the wait. (Windows refuses.)",
    zh:
      "   在 Linux 上，队列能容纳的连接比参数多一个；队列满了也不会拒绝，而是\n" +
      "   毫无回应，只有超时才能结束等待。（Windows 则会拒绝。）",
  });
}

/** Connects clients until one cannot: how many could, and why that one not. */
async function crowd(
  listener: socket.Socket,
  clients: DisposableStack,
): Promise<[count: number, error: socket.OSError]> {
  for (let count = 0;; count++) {
    const client = clients.use(socket.socket());
    client.settimeout(0.1);
    try {
      await client.connect(listener.getsockname());
    } catch (error) {
      if (!(error instanceof socket.OSError)) throw error;
      return [count, error];
    }
  }
}

// A reader that takes a little all the time, so that `sendall` always gets on.
async function showSendall(listener: socket.Socket, run: Run): Promise<void> {
  using client = await socket.create_connection(listener.getsockname());
  using conn = (await listener.accept())[0];
  run.say({
    en:
      "7. sendall has had such a deadline since Python 3.5: its timeout is for\n" +
      "   the whole call, in however many pieces it sends. (When all went well\n" +
      "   it returns nothing.) Here 64 MiB go to a peer that reads slowly.\n" +
      "   Python does not say how much of it was sent; here the error does:",
    zh:
      "7. sendall 自带截止时间（Python 3.5 起）：虽然要分很多次发送，超时却是\n" +
      "   针对整个调用的；成功时没有返回值。现在把 64 MiB 发给一个读得很慢的\n" +
      "   对端。Python 不会告诉你交出去多少，这里的异常会告诉你：",
  });
  client.settimeout(0.15);
  const sending = client.sendall(new Uint8Array(64 * 1024 * 1024));
  const failed: Promise<unknown> = sending.catch((reason) => reason);
  let isOver = false;
  const [error] = await Promise.all([
    failed.finally(() => isOver = true),
    sip(conn, () => isOver),
  ]);
  if (!(error instanceof socket.TimeoutError)) throw error;
  show("sendall", error);
  show("error.bytes_sent", formatCount(error.bytes_sent ?? 0));
}

async function sip(sock: socket.Socket, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await sock.recv(4096);
    await pause(0.01);
  }
}

// A file reads ahead, and what it has read when the time is over is gone.
async function showFile(listener: socket.Socket, run: Run): Promise<void> {
  using client = await socket.create_connection(listener.getsockname());
  using conn = (await listener.accept())[0];
  run.say({
    en:
      "8. makefile wants a socket without a timeout. After one, the file can no\n" +
      "   longer be used, and what it had of the line is gone. Here the peer\n" +
      "   sends half, and the rest of the line too late:",
    zh:
      "8. makefile 要求套接字没有超时。一旦超时，这个文件就不能再用了，已经读到\n" +
      "   的半行也丢了。对端先发 half，这一行的其余部分来得太晚：",
  });
  client.settimeout(0.05);
  const file = client.makefile("r", { encoding: "utf-8" });
  await conn.sendall(encode("half"));
  show("readline", await failureOf(() => file.readline()));
  await conn.sendall(encode(" a line\n"));
  show("readline", await failureOf(() => file.readline()));
  show("recv", repr(await client.recv(1024)));
  await file.close();
}

// For who knows Python, what it is called elsewhere.
function sayHowElsewhere(run: Run): void {
  const none = run.text({ en: "none; see --native", zh: "没有；见 --native" });
  const rows = [
    [
      "Python",
      run.text({ en: "here", zh: "本模块" }),
      run.text({ en: "plain Deno", zh: "Deno 自带" }),
    ],
    ["s.settimeout(5)", "s.settimeout(5)", none],
    ["timeout=5", "{ timeout: 5 }", "AbortSignal.timeout(5000)"],
    [
      "time.monotonic()",
      "performance.now() / 1000",
      "performance.now() / 1000",
    ],
    ["except TimeoutError", "e instanceof", "e.name ==="],
    ["", "  socket.TimeoutError", '  "TimeoutError"'],
  ];
  const table = rows.map(([python, here, deno]) =>
    `   ${pad(python!, 21)}${pad(here!, 27)}${deno}`
  ).join("\n");
  run.say({
    en: `The Python you know, the same here, and in plain Deno:\n\n${table}`,
    zh:
      `熟悉的 Python 写法，以及在本模块和 Deno 自带 API 里的对应：\n\n${table}`,
  });
}
