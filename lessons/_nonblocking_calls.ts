/**
 * What each call does that must not wait: the first steps of the demo.
 *
 * @module
 */

import * as socket from "../mod.ts";
import { select } from "../src/select.ts";
import { type Bytes, encode, formatCount, repr } from "./_bytes.ts";
import { failureOf, show } from "./_demo.ts";
import { drawBoxes } from "./_draw.ts";
import type { Run } from "./_run.ts";

/** More than all buffers of a connection together hold. */
const MUCH = 64 * 1024 * 1024;

/** Shows how calls answer when there is nothing to do, or no room, yet. */
export async function showCalls(run: Run): Promise<void> {
  using listener = socket.create_server(["127.0.0.1", 0]);
  using client = await socket.create_connection(listener.getsockname());
  using conn = (await listener.accept())[0];
  showModes(client, run);
  listener.setblocking(false);
  await showNothing(listener, client, conn, run);
  await showNoRoom(client, conn, run);
  await showConnect(listener, run);
}

// A socket has one number for all this, its timeout: none, 0, or some seconds.
function showModes(sock: socket.Socket, run: Run): void {
  run.say({
    en:
      "What if I must not wait? A call that waits for one client keeps all\n" +
      "others waiting.\n\n" +
      "1. A new socket is blocking: its calls wait. setblocking(False) is\n" +
      "   settimeout(0). (Some notes list them under “module-oriented\n" +
      "   functions”; what is meant is blocking-oriented, and they are methods:\n" +
      "   each socket is set for itself.) null and 0 are Python's None and 0.0:",
    zh: "如果程序不能等，怎么办？一个调用在等某个客户端时，其他客户端都得\n" +
      "跟着等。\n\n" +
      "1. 新建的套接字是阻塞的：调用会一直等到有结果。setblocking(False)\n" +
      "   等价于 settimeout(0)。（有的笔记把它们归入“面向模块的函数”，这是误译：\n" +
      "   原文是 blocking-oriented，意为“与阻塞有关的”；而且它们是套接字的\n" +
      "   方法，每个套接字各自设置。）null 和 0 即 Python 的 None 和 0.0：",
  });
  const mode = () => {
    const [seconds, isBlocking] = [sock.gettimeout(), sock.getblocking()];
    return `gettimeout() ${seconds}, getblocking() ${isBlocking}`;
  };
  show(run.text({ en: "a new socket", zh: "新建的套接字" }), mode());
  sock.settimeout(0.5);
  show("settimeout(0.5)", mode());
  sock.setblocking(true);
  show("setblocking(true)", mode());
  sock.setblocking(false);
  show("setblocking(false)", mode());
}

// No bytes would mean the end of the stream. "Nothing yet" has to be something
// else, and so it is an error.
async function showNothing(
  listener: socket.Socket,
  client: socket.Socket,
  conn: socket.Socket,
  run: Run,
): Promise<void> {
  run.say({
    en:
      "2. Nobody connects, and nothing has come. What does a call return that\n" +
      "   must not wait? (Not b'': that is the end of the stream.)",
    zh: "2. 没有客户端连接，也没有数据到达。不能等待的调用会返回什么？\n" +
      "   （不会是 b''：那表示字节流已经结束。）",
  });
  show("listener.accept()", await failureOf(() => listener.accept()));
  show("client.recv(1024)", await failureOf(() => client.recv(1024)));
  await conn.sendall(encode("hi"));
  run.say({
    en: "   The server sends hi: now there is something, once.",
    zh: "   服务器发来 hi：现在有数据了，但只够收一次。",
  });
  show("client.recv(1024)", repr(await client.recv(1024)));
  show("client.recv(1024)", await failureOf(() => client.recv(1024)));
  run.say({
    en:
      "   Some notes say: it raises socket.error. Since Python 3.3 that is another\n" +
      "   name of OSError, and this is its subclass BlockingIOError. Catch\n" +
      "   that, not a number. The 10035 of many posts (“[WinError 10035] A\n" +
      "   non-blocking socket operation could not be completed immediately”)\n" +
      "   is Windows' number for it:",
    zh:
      "   有的笔记说会抛出 socket.error。从 Python 3.3 起，它只是 OSError 的\n" +
      "   别名，而这里抛出的是其子类 BlockingIOError。应当捕获这个类，不要\n" +
      "   去比较数字。网上常见的 10035（“[WinError 10035] 无法立即完成一个\n" +
      "   非阻止性套接字操作。”）就是它在 Windows 上的编号：",
  });
  const nothing = run.text({
    en: "nothing there yet",
    zh: "暂时没有数据或连接",
  });
  const begun = run.text({ en: "connect has begun", zh: "connect 已开始" });
  console.log(drawBoxes(
    ["", "Linux", "macOS", "Windows"],
    [nothing, "11", "35", "10035"],
    [begun, "115", "36", "10035"],
  ));
  show("socket.error === OSError", socket.error === socket.OSError);
}

// `send` puts bytes into a buffer of the kernel's, from where they travel on
// their own. It has to wait when the buffer is full, because the peer's is, too.
async function showNoRoom(
  client: socket.Socket,
  conn: socket.Socket,
  run: Run,
): Promise<void> {
  run.say({
    en:
      "3. send must not wait either. The server does not receive. How much of\n" +
      `   ${formatCount(MUCH)} bytes does one send get into the buffer?`,
    zh:
      `3. send 同样不能等。服务器一直不接收。要发 ${
        formatCount(MUCH)
      } 字节，一次\n` +
      "   send 能放进缓冲区多少？",
  });
  const data = new Uint8Array(MUCH);
  const sent = await client.send(data);
  show("client.send(data)", formatCount(sent));
  const rest = data.subarray(sent);
  show("client.send(rest)", await failureOf(() => client.send(rest)));
  show("select([], [client], …)", await look([], [client], 0));
  await receiveAll(conn, sent);
  run.say({
    en: "   Now the server receives them all, which makes room:",
    zh: "   现在服务器把它们全部接收，缓冲区又空了出来：",
  });
  show("select([], [client], …)", await look([], [client]));
  show("client.send(hi)", await client.send(encode("hi")));
}

async function receiveAll(conn: socket.Socket, size: number): Promise<void> {
  for (let n = 0; n < size;) {
    const data: Bytes = await conn.recv(Math.min(size - n, 65536));
    if (data.length === 0) throw new socket.ConnectionError("It has ended");
    n += data.length;
  }
}

/** What `select` returns, as Python would show it, with names. */
async function look(
  readers: socket.Socket[],
  writers: socket.Socket[],
  timeout: number | null = null,
): Promise<string> {
  const lists = await select(readers, writers, [], timeout);
  const shown = lists.map((list) => `[${list.map(() => "client").join(", ")}]`);
  return `[${shown.join(", ")}]`;
}

// `connect` is the odd one: it has begun something, and the error says no more
// than that. What comes of it is to be fetched.
async function showConnect(listener: socket.Socket, run: Run): Promise<void> {
  using unused = socket.socket(socket.AF_INET, socket.SOCK_STREAM);
  unused.bind(["127.0.0.1", 0]);
  const wrong = unused.getsockname();
  unused.close();
  run.say({
    en:
      "4. connect begins, and does not wait for what becomes of it: 115 means\n" +
      "   “in progress”, and 114 “already”. (In Python, on one computer, it is\n" +
      "   mostly connected by then: the second connect succeeds, and a third\n" +
      "   gets 106.) Somebody listens at one of these two ports, nobody at the\n" +
      "   other. Which one is which?",
    zh: "4. connect 只负责开始连接，不等结果：115 表示“正在进行”，114 表示\n" +
      "   “已经在进行”。（Python 在本机上通常已经连好：第二次 connect 直接\n" +
      "   成功，第三次得到 106。）下面两个端口，一个有程序在监听，另一个\n" +
      "   没有。你看得出哪个是哪个吗？",
  });
  using first = socket.socket(socket.AF_INET, socket.SOCK_STREAM);
  using second = socket.socket(socket.AF_INET, socket.SOCK_STREAM);
  first.setblocking(false);
  second.setblocking(false);
  const address = listener.getsockname();
  show("first.connect(…)", await failureOf(() => first.connect(address)));
  show("first.connect(…)", await failureOf(() => first.connect(address)));
  show("second.connect_ex(…)", await second.connect_ex(wrong));
  run.say({
    en:
      "   There is no telling yet. When the socket is writable it is known, and\n" +
      "   SO_ERROR says what it came to. 0 is success:",
    zh: "   看不出来。等套接字可写时，才知道结果；结果要用 SO_ERROR 来取，\n" +
      "   0 表示成功：",
  });
  for (const [name, sock] of [["first", first], ["second", second]] as const) {
    await select([], [sock], []);
    const error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) as number;
    const words = error === 0 ? "" : ` ${socket.strerror(error)}`;
    show(`${name}: SO_ERROR`, `${error}${words}`);
  }
}
