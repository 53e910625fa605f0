/**
 * The steps of the UDP lesson about one datagram: it arrives whole, or cut by the
 * receiver's buffer, or not at all.
 *
 * @module
 */

import * as socket from "../mod.ts";
import { type Bytes, encode, formatCount, repr } from "./_bytes.ts";
import { failureOf, show } from "./_demo.ts";
import { drawBoxes } from "./_draw.ts";
import { waitForUnread } from "./_kernel.ts";
import type { Run } from "./_run.ts";

/** A datagram socket with a port of its own, where only this computer sends to. */
export function bindDatagram(): socket.Socket {
  const sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  sock.bind(["127.0.0.1", 0]);
  return sock;
}

/** What `recvfrom` returns, as Python prints it. */
export function formatReceived(
  [data, [host, port]]: [Bytes, socket.InetAddress],
): string {
  return `(${repr(data)}, ('${host}', ${port}))`;
}

// ## Boundaries
//
// The same three pieces by UDP and by TCP. Before it receives, the TCP end waits
// until the kernel holds all of them, so that nothing depends on timing.

/** Shows that a datagram keeps its boundaries, where TCP has none. */
export async function showBoundaries(run: Run): Promise<void> {
  using receiver = bindDatagram();
  using sender = bindDatagram();
  const pieces = ["one", "two", "three"].map(encode);
  for (const piece of pieces) {
    await sender.sendto(piece, receiver.getsockname());
  }
  const received: string[] = [];
  for (const _ of pieces) received.push(repr(await receiver.recv(1024)));
  const glued = await receiveGlued(pieces);
  const [udp, tcp] = [drawBoxes(received), drawBoxes([repr(glued)])];
  run.say({
    en:
      "2. one, two and three are sent, and all have arrived. Guess first: how\n" +
      "   many recv(1024) does it take?\n\n" +
      "   In UDP as many as there were sendto: datagrams have boundaries.\n\n" +
      `${udp}\n\n   In TCP, after three sendall, a single one:\n\n${tcp}`,
    zh:
      "2. 依次发出 one、two、three，都已到达。猜一猜：recv(1024) 要调用几次？\n\n" +
      "   用 UDP，调用几次 sendto，就要调用几次 recv：数据报之间有边界。\n\n" +
      `${udp}\n\n   用 TCP，三次 sendall，一次就全收到了（粘包）：\n\n${tcp}`,
  });
}

async function receiveGlued(pieces: Bytes[]): Promise<Bytes> {
  using listener = socket.create_server(["127.0.0.1", 0]);
  using client = await socket.create_connection(listener.getsockname());
  using conn = (await listener.accept())[0];
  for (const piece of pieces) await client.sendall(piece);
  const size = pieces.reduce((sum, piece) => sum + piece.length, 0);
  await waitForUnread(conn.getsockname(), conn.getpeername(), size);
  return await conn.recv(1024);
}

// ## A buffer that is too small
//
// `recvfrom` takes a whole datagram from the kernel and gives us what fits. Only
// `recvmsg` tells that there was more.

/** Shows that what does not fit into the buffer is gone. */
export async function showCut(run: Run): Promise<void> {
  using receiver = bindDatagram();
  using sender = bindDatagram();
  const long = encode("x".repeat(3000));
  for (const data of [long, long, encode("next")]) {
    await sender.sendto(data, receiver.getsockname());
  }
  run.say({
    en:
      "3. Some notes say: what is too long for recv is cut, and the rest waits\n" +
      "   for the next recv. In TCP, yes. In UDP? Two datagrams of 3,000 bytes\n" +
      "   are sent, and then b'next':",
    zh: "3. 有的笔记说：数据太长会被截断，剩下的留在缓冲区，等下一次 recv。\n" +
      "   TCP 是这样，UDP 呢？先发两个 3,000 字节的数据报，再发 b'next'：",
  });
  const first = await receiver.recv(1024);
  const [second, , flags] = await receiver.recvmsg(1024);
  show("receiver.recv(1024)", formatBytes(first.length, run));
  show("receiver.recvmsg(1024)", formatBytes(second.length, run));
  show("… flags & MSG_TRUNC", (flags & socket.MSG_TRUNC) !== 0);
  show("receiver.recv(1024)", repr(await receiver.recv(1024)));
  const sizes = [first.length, long.length - first.length];
  const row = sizes.map((size) => formatBytes(size, run));
  run.say({
    en:
      `${
        drawBoxes(["recv(1024)", "gone"], row)
      }\n\n   Nothing brings the rest back. recv does not even tell, only recvmsg\n` +
      "   does. So write recv(65535): no datagram is longer.",
    zh:
      `${
        drawBoxes(["recv(1024)", "丢弃"], row)
      }\n\n   剩下的部分再也收不到了。recv 不会提醒，只有 recvmsg 的 flags 会说明。\n` +
      "   所以请写 recv(65535)：没有比这更长的数据报。",
  });
}

function formatBytes(size: number, run: Run): string {
  const count = formatCount(size);
  return run.text({ en: `${count} bytes`, zh: `${count} 字节` });
}

// ## No bytes at all
//
// In TCP no bytes mean the end. A datagram without bytes is one like any other:
// it has a sender, and after it others come.

/** Shows that an empty datagram arrives, and is no end. */
export async function showEmpty(run: Run): Promise<void> {
  using receiver = bindDatagram();
  using sender = bindDatagram();
  run.say({
    en:
      "4. Some notes say that you cannot send empty data. In TCP nothing travels\n" +
      "   then, that is true, and to receive b'' means the end. In UDP:",
    zh:
      "4. 有的笔记说不能发送空数据。在 TCP 里，发空数据的确什么也传不出去，\n" +
      "   而收到 b'' 表示对端不再发送。在 UDP 里：",
  });
  const address = receiver.getsockname();
  show("sender.sendto(b'', …)", await sender.sendto(encode(""), address));
  show("sender.sendto(b'x', …)", await sender.sendto(encode("x"), address));
  for (let i = 0; i < 2; i++) {
    const received = formatReceived(await receiver.recvfrom(1024));
    show("receiver.recvfrom(1024)", received);
  }
  run.say({
    en: "   It is a datagram like any other, and others follow. The line\n" +
      "   `if not data: break` is right in a TCP server; in a UDP server it would\n" +
      "   let anybody stop it. UDP has no end: nobody tells you who has left.",
    zh:
      "   空数据报也是数据报，后面还可以有别的数据报。`if not data: break` 在 TCP\n" +
      "   服务器里是对的；写进 UDP 服务器，任何人发一个空数据报，就能让它退出。\n" +
      "   UDP 没有“结束”：对端走了，不会有人通知你。",
  });
}

// ## What is refused at once
//
// The length of an IP packet has 16 bits, and the headers are part of it. macOS
// allows less, unless it is told to allow more.

/** The longest datagram that this system sends. */
const LONGEST = Deno.build.os === "darwin" ? 9_216 : 65_507;

/** Shows what `sendto` refuses before anything is sent. */
export async function showRefused(run: Run): Promise<void> {
  using receiver = bindDatagram();
  using sender = bindDatagram();
  const address = receiver.getsockname();
  const header = drawBoxes(
    run.language === "zh"
      ? ["IP 首部", "UDP 首部", "数据"]
      : ["IP header", "UDP header", "data"],
    ["20", "8", "65,507"],
  );
  run.say({
    en:
      "5. UDP never cuts what you send, so that a datagram has to fit into one\n" +
      `   IP packet, of 65,535 bytes at most:\n\n${header}\n`,
    zh:
      "5. UDP 不会拆开你要发的数据，所以一个数据报必须装进一个 IP 包，而 IP 包\n" +
      `   最长 65,535 字节：\n\n${header}\n`,
  });
  const [longest, tooLong] = [LONGEST, LONGEST + 1].map((n) =>
    new Uint8Array(n)
  );
  const call = (data: Bytes) => `sendto(${formatBytes(data.length, run)})`;
  show(call(longest!), formatCount(await sender.sendto(longest!, address)));
  show(
    call(tooLong!),
    await failureOf(() => sender.sendto(tooLong!, address)),
  );
  run.say({
    en:
      "   It arrives whole, but it travels in fragments of about 1,500 bytes; if\n" +
      "   one is lost, so is all of it. Real programs stay below 1,200. Refused\n" +
      "   are also text, and broadcast as long as SO_BROADCAST is off:",
    zh:
      "   收到时是完整的，但途中 IP 会按约 1,500 字节分片，丢一片就等于全丢，所以\n" +
      "   实际程序一般不超过 1,200 字节。另外，字符串会被拒绝；没有打开\n" +
      "   SO_BROADCAST 时，广播也会被拒绝：",
  });
  const text = "你好" as unknown as Bytes;
  const everybody = ["255.255.255.255", 9] as const;
  show(
    'sendto("你好", …)',
    await failureOf(() => sender.sendto(text, address)),
  );
  show(
    "sendto(…, broadcast)",
    await failureOf(() => sender.sendto(encode("hi"), everybody)),
  );
}

// ## A full queue
//
// The kernel keeps what has arrived, up to the size of the socket's buffer. What
// finds it full is dropped, and neither end is told.

/** Shows that what comes too fast is lost, on one computer even. */
export async function showFullQueue(run: Run): Promise<void> {
  using receiver = bindDatagram();
  using sender = bindDatagram();
  const data = new Uint8Array(9000);
  let sent = 0;
  const start = performance.now();
  for (let i = 0; i < 1000; i++) {
    sent += await sender.sendto(data, receiver.getsockname());
  }
  const time = (performance.now() - start).toFixed(1);
  let kept = 0;
  for await (const each of takeAll(receiver)) kept += each.length;
  run.say({
    en:
      "8. “UDP is faster”? It only waits for nobody. 1,000 datagrams of 9,000\n" +
      "   bytes, to a receiver that is busy with something else:",
    zh:
      "8. “UDP 更快”？它只是不等任何人。连发 1,000 个 9,000 字节的数据报，而\n" +
      "   接收方正忙着别的事：",
  });
  const inTime = run.text({ en: ` in ${time} ms`, zh: `，用时 ${time} 毫秒` });
  show(
    run.text({ en: "sendto, 1,000 times", zh: "sendto，1,000 次" }),
    `${formatBytes(sent, run)}${inTime}`,
  );
  show(
    run.text({ en: "recv, until none is left", zh: "recv，直到收完" }),
    formatBytes(kept, run),
  );
  run.say({
    en:
      "   Every sendto has succeeded. What found the receiver's queue full is\n" +
      "   gone, and nobody was told. TCP would have slowed the sender down: to\n" +
      "   the receiver's pace, and to the network's. UDP saves the handshake and\n" +
      "   leaves that to you. QUIC, which carries HTTP/3, does it all on top of\n" +
      "   UDP; most live streams go by TCP or QUIC today.",
    zh:
      "   每次 sendto 都成功了，但到达时接收队列已满的数据报都丢掉了，双方都得不到\n" +
      "   通知。TCP 会让发送方慢下来，照顾接收方（流量控制）和网络（拥塞控制）；\n" +
      "   UDP 省去了握手，这些却要自己做。承载 HTTP/3 的 QUIC 就在 UDP 之上把它们\n" +
      "   重做了一遍；如今的直播大多走 TCP 或 QUIC。",
  });
}

/** The datagrams that have arrived by now. */
async function* takeAll(sock: socket.Socket): AsyncGenerator<Bytes> {
  sock.setblocking(false);
  while (true) {
    try {
      yield await sock.recv(65_535);
    } catch (error) {
      if (!(error instanceof socket.BlockingIOError)) throw error;
      return;
    }
  }
}
