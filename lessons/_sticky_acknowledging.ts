/**
 * The cure that many notes have for sticky messages, in steps 5 and 6 of sticky:
 * wait for an answer after each send. What it costs, and how it fails.
 *
 * @module
 */

import type { Socket } from "../mod.ts";
import { type Bytes, concat, encode, repr } from "./_bytes.ts";
import { show } from "./_demo.ts";
import { drawPieces, type Pieces } from "./_draw.ts";
import { waitForUnread } from "./_kernel.ts";
import type { Pair } from "./_pair.ts";
import { Progress } from "./_progress.ts";
import type { Run } from "./_run.ts";

/** Waits until so many bytes wait for the server, and says so if that is known. */
export async function showWaiting(
  call: string,
  { client, conn }: Pair,
  count: number,
  run: Run,
): Promise<void> {
  const [local, remote] = [conn.getsockname(), client.getsockname()];
  const queues = await waitForUnread(local, remote, count);
  if (queues === undefined) return;
  const { unread } = queues;
  show(
    call,
    run.text({
      en: `${unread} bytes wait at the server`,
      zh: `服务器内核里有 ${unread} 字节`,
    }),
  );
}

/** Shows what it costs, and how it fails. */
export async function showAcknowledging(pair: Pair, run: Run): Promise<void> {
  await measure(pair, run);
  await cut(pair, run);
}

const OK = encode("ok");
const MESSAGES = Array.from({ length: 100 }, (_, i) => encode(`message ${i}`));

/** How long a byte is on its way to a server that is far away, and back. */
const ROUND_TRIP_MS = 10;

// The server answers late, as one would that is far away. Without that both would
// be over in no time, as they are in most tests.
async function measure({ client, conn }: Pair, run: Run): Promise<void> {
  run.say({
    en:
      "5. Some notes have a cure: after each send, wait for an answer, so that\n" +
      "   nothing can stick. Here are 100 messages to a server that is far away\n" +
      "   (simulated: it answers 10 ms later, as if the way took so long):",
    zh:
      "5. 有的笔记给出的办法是：每次 send 之后，先等对端回复，就不会粘在一起。\n" +
      "   下面给一台很远的服务器发 100 条消息（其实它就在本机，只是晚 10 毫秒\n" +
      "   才回复，模拟数据在路上花的时间）：",
  });
  const text = run.text({ en: "one answer each", zh: "每条都等回复" });
  const slow = await time(async () => {
    using progress = new Progress(text, MESSAGES.length);
    await Promise.all([answerEach(conn), sendInTurn(client, progress)]);
  });
  show(text, formatTime(slow, run));
  const fast = await time(() =>
    Promise.all([answerOnce(conn), sendFramed(client)])
  );
  const framed = run.text({ en: "length before each", zh: "每条前面加长度" });
  show(framed, formatTime(fast, run));
  run.say({
    en:
      "   All of them have arrived, whole, both times. With the length in front,\n" +
      "   the client does not have to wait before the next one.",
    zh:
      "   两种办法都把消息完整送到了。但只要在前面加上长度，客户端就不用等\n" +
      "   回复，可以接着发下一条。",
  });
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function formatTime(ms: number, run: Run): string {
  const seconds = (ms / 1000).toFixed(3);
  return run.text({ en: `${seconds} s`, zh: `${seconds} 秒` });
}

async function sendInTurn(client: Socket, progress: Progress): Promise<void> {
  for (const [i, message] of MESSAGES.entries()) {
    await client.sendall(message);
    check(await receive(client, OK.length), OK);
    progress.report(i + 1);
  }
}

async function answerEach(conn: Socket): Promise<void> {
  for (const message of MESSAGES) {
    check(await conn.recv(1024), message);
    await answerFromAfar(conn);
  }
}

async function answerFromAfar(conn: Socket): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ROUND_TRIP_MS));
  await conn.sendall(OK);
}

// Four bytes before each message say how long it is.
async function sendFramed(client: Socket): Promise<void> {
  for (const message of MESSAGES) {
    const header = new Uint8Array(4);
    new DataView(header.buffer).setUint32(0, message.length);
    await client.sendall(concat([header, message]));
  }
  check(await receive(client, OK.length), OK);
}

async function answerOnce(conn: Socket): Promise<void> {
  for (const message of MESSAGES) {
    const header = await receive(conn, 4);
    const size = new DataView(header.buffer).getUint32(0);
    check(await receive(conn, size), message);
  }
  await answerFromAfar(conn);
}

/** Receives exactly so many bytes, or throws. */
async function receive(sock: Socket, size: number): Promise<Bytes> {
  const pieces: Bytes[] = [];
  for (let n = 0; n < size;) {
    const data = await sock.recv(size - n);
    if (data.length === 0) {
      throw new Error(`${n} of ${size} bytes, then the end`);
    }
    n += data.length;
    pieces.push(data);
  }
  return concat(pieces);
}

function check(received: Bytes, sent: Bytes): void {
  if (repr(received) === repr(sent)) return;
  throw new Error(`${repr(sent)} arrived as ${repr(received)}`);
}

// The server takes at most 1024 bytes for a message, as in the notes.
async function cut(pair: Pair, run: Run): Promise<void> {
  const { client, conn } = pair;
  run.say({
    en:
      "6. And it does not help. A message of 3000 bytes, then “next”. The server\n" +
      "   receives by recv(1024), and answers “ok” each time:",
    zh: "6. 何况“等回复”根本不管用。先发一条 3000 字节的消息，再发“next”。\n" +
      "   服务器每次 recv(1024)，然后回复“ok”：",
  });
  await client.sendall(new Uint8Array(3000));
  const call = run.text({
    en: "client.send(3000 bytes)",
    zh: "client.send(3000 字节)",
  });
  await showWaiting(call, pair, 3000, run);
  const first = await conn.recv(1024);
  show(
    "conn.recv(1024)",
    run.text({
      en: `${first.length} bytes, answers “ok”`,
      zh: `${first.length} 字节，回复“ok”`,
    }),
  );
  await conn.sendall(OK);
  show("client.recv(1024)", repr(await client.recv(1024)));
  await showWaiting(run.text({ en: "now", zh: "此时" }), pair, 1976, run);
  await client.sendall(encode("next"));
  await showWaiting('client.send("next")', pair, 1980, run);
  const sizes = [first.length];
  for (let left = 3004 - first.length; left > 0;) {
    const { length } = await conn.recv(1024);
    await conn.sendall(OK);
    sizes.push(length);
    left -= length;
  }
  const answers = OK.length * (sizes.length - 1);
  await waitForUnread(client.getsockname(), conn.getsockname(), answers);
  show("client.recv(1024)", repr(await client.recv(1024)));
  // Not to scale: of the second message there is too little.
  const sent: Pieces = [[45, "send: 3000"], [13, "send: next"]];
  const widths = [16, 16, 26];
  const taken: Pieces = sizes.map((
    size,
    i,
  ) => [widths[i] ?? 16, `recv: ${size}`]);
  console.log(`\n${drawPieces(1, sent, taken)}`);
  run.say({
    en:
      "   Two messages are taken for three, and two of the answers have stuck.\n" +
      "   Some notes say that after the answer “the buffer has been emptied”, but\n" +
      "   1976 bytes were left: an answer proves no more than that one recv has\n" +
      "   returned something. And once the two ends count differently, each may\n" +
      "   wait for the other for ever.",
    zh:
      "   两条消息被当成了三条，后两个回复也粘在了一起。有的笔记说，收到回复\n" +
      "   就说明“缓冲区已经清空”，其实那时还剩 1976 字节：回复只能说明某一次\n" +
      "   recv 返回了一些数据。而一旦双方数出的消息条数不同，就可能互相等待，\n" +
      "   都停在那里。",
  });
}
