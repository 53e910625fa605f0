/**
 * Timeouts in plain Deno, where only `connect` knows one: a connection that owns
 * its pending read, and what happens to one that does not.
 *
 * @module
 */

import { type Bytes, encode, repr } from "./_bytes.ts";
import { failureOf, show } from "./_demo.ts";
import type { Run } from "./_run.ts";
import type { End } from "./_timeouts_lines.ts";
import { writeAll } from "./tcp_echo.ts";

// ## Connecting
//
// `Deno.connect` takes a signal, and ends the attempt when that is aborted. It
// fails with the signal's reason, a DOMException that is called as Python's error.

/** An error such as `AbortSignal.timeout` makes, with Python's words. */
export function timedOut(): DOMException {
  return new DOMException("timed out", "TimeoutError");
}

/** Connects within so many seconds, unless `interrupted` comes first. */
export async function connectWithin(
  address: { hostname: string; port: number },
  timeout: number,
  interrupted: AbortSignal,
): Promise<Deno.TcpConn> {
  const late = AbortSignal.timeout(timeout * 1000);
  const signal = AbortSignal.any([interrupted, late]);
  try {
    return await Deno.connect({ ...address, signal });
  } catch (error) {
    throw error === late.reason ? timedOut() : error;
  }
}

// ## Receiving
//
// `Promise.race` returns what is first and forgets the other, which goes on
// nevertheless. That is right only for a promise that has an owner, who does not
// forget it. (`deadline` of @std/async races in the same way.)

/** Waits so many seconds for what somebody owns who goes on with it anyway. */
async function within<T>(owned: Promise<T>, timeout: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(timedOut()), timeout * 1000);
  });
  try {
    return await Promise.race([owned, late]);
  } finally {
    clearTimeout(timer);
  }
}

// Here is the owner. One read is pending at most. If the time is over it stays
// pending, and what it brings, be it an error, belongs to the next call.

/** A connection of Deno's whose calls have a timeout. */
export class TimedConn implements End, Disposable {
  readonly #conn: Deno.Conn;
  readonly #buffer: Bytes = new Uint8Array(4096);
  #reading: Promise<number | null> | undefined;
  #unread: Bytes = new Uint8Array(0);

  /** Takes the connection, which nobody else may read from now on. */
  constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /**
   * Receives what has come, up to so many bytes; none at the end. One call at a
   * time: two would get the same bytes.
   */
  async recv(size: number, timeout: number): Promise<Bytes> {
    if (this.#unread.length === 0) {
      this.#reading ??= this.#conn.read(this.#buffer);
      const count = await within(this.#reading, timeout);
      this.#reading = undefined;
      this.#unread = this.#buffer.slice(0, count ?? 0);
    }
    const data = this.#unread.subarray(0, size);
    this.#unread = this.#unread.subarray(size);
    return data;
  }

  // A pending write cannot be taken back either, and nobody knows how much of it
  // is out. Who gives up here can only close, which ends every call that waits.

  /** Sends all of it. If the time is over, the connection is closed. */
  async sendall(data: Bytes, timeout: number): Promise<void> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this[Symbol.dispose]();
    }, timeout * 1000);
    try {
      await writeAll(this.#conn, data);
    } catch (error) {
      throw isLate ? timedOut() : error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes it, and so ends every call that waits. */
  [Symbol.dispose](): void {
    this.#conn[Symbol.dispose]();
  }
}

// ## Both together

/** Both ends in one process, in plain Deno, narrated. */
export async function nativeDemo(run: Run): Promise<void> {
  await showConnect(run);
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await showRace(listener, run);
  await showOwner(listener, run);
  await showClose(listener, run);
}

// Nothing is accepted, so that the kernel's queue of connections gets full.
async function showConnect(run: Run): Promise<void> {
  const hostname = "127.0.0.1";
  using listener = Deno.listen({ hostname, port: 0, tcpBacklog: 2 });
  const { port } = listener.addr;
  run.say({
    en:
      "How long do I wait? In plain Deno only connect can be given a timeout,\n" +
      "as a signal.\n\n" +
      "1. connect takes a signal: AbortSignal.timeout(100) ends the attempt\n" +
      "   after 100 ms. tcpBacklog: 2 is listen(2). On Linux a full queue stays\n" +
      "   silent. (Windows refuses.)",
    zh:
      "要等多久？Deno 自带的 API 里，只有 connect 能设超时，用的是 signal。\n\n" +
      "1. connect 可以接受一个 signal，AbortSignal.timeout(100) 会在 100 毫秒后\n" +
      "   中止它。tcpBacklog: 2 相当于 listen(2)：在 Linux 上，队列满了便没有\n" +
      "   任何回应。（Windows 则会拒绝。）",
  });
  using clients = new DisposableStack();
  for (let count = 0;; count++) {
    const signal = AbortSignal.timeout(100);
    try {
      clients.use(await Deno.connect({ hostname, port, signal }));
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
      show(run.text({ en: "clients connected", zh: "连上的客户端" }), count);
      show(run.text({ en: "the next one", zh: "下一个" }), error.name);
      return;
    }
  }
}

// The race is over when the timer wins, but the read is not. It has no owner, and
// takes the bytes that come next. We look what it got, which no program does that
// has been told that its read has failed.
async function showRace(listener: Deno.TcpListener, run: Run): Promise<void> {
  const { hostname, port } = listener.addr;
  using client = await Deno.connect({ hostname, port });
  using conn = await listener.accept();
  run.say({
    en:
      "2. read takes no signal. Many programs let it race against a timer, and\n" +
      "   read again when the timer has won. Then the peer sends one, and after\n" +
      "   that two. What does the second read get?",
    zh:
      "2. read 不接受 signal。于是很多程序让它和计时器赛跑（Promise.race），\n" +
      "   计时器赢了就重新 read。随后对端先发 one，再发 two。第二次 read 会\n" +
      "   得到什么？",
  });
  const buffer = new Uint8Array(1024);
  const read = client.read(buffer);
  const timer = new Promise<never>((_, reject) => {
    setTimeout(() => reject(timedOut()), 50);
  });
  show("Promise.race", await failureOf(() => Promise.race([read, timer])));
  const second = new Uint8Array(1024);
  const again = client.read(second);
  await writeAll(conn, encode("one"));
  const lost = buffer.subarray(0, await read ?? 0);
  await writeAll(conn, encode("two"));
  const count = await again;
  show(
    run.text({ en: "the second read", zh: "第二次 read" }),
    repr(second.subarray(0, count ?? 0)),
  );
  show(run.text({ en: "the one that lost", zh: "输掉的 read" }), repr(lost));
  run.say({
    en:
      "   The read that lost the race had not ended, and took what came first.\n" +
      "   Nobody waits for it any more: for the program these bytes are gone.",
    zh:
      "   赛跑输掉的那次 read 并没有取消，先到的数据给了它。程序早就不再理会\n" +
      "   它，这些字节也就丢了。",
  });
}

async function showOwner(listener: Deno.TcpListener, run: Run): Promise<void> {
  const { hostname, port } = listener.addr;
  using client = new TimedConn(await Deno.connect({ hostname, port }));
  using conn = await listener.accept();
  run.say({
    en:
      "3. So the read needs an owner. A call that gives up leaves it pending,\n" +
      "   and the next call waits for the same one. The lesson's TimedConn does\n" +
      "   that, and so does every socket of the module:",
    zh:
      "3. 所以这次 read 得有个“主人”：等的人放弃了，它就留在那里，下一次调用\n" +
      "   接着等它。本课的 TimedConn 就是这样做的，socket 模块的每个套接字\n" +
      "   也一样：",
  });
  show("recv(1024, 0.05)", await failureOf(() => client.recv(1024, 0.05)));
  await writeAll(conn, encode("one"));
  show("recv(1024, 5)", repr(await client.recv(1024, 5)));
  await writeAll(conn, encode("two"));
  show("recv(1024, 5)", repr(await client.recv(1024, 5)));
}

async function showClose(listener: Deno.TcpListener, run: Run): Promise<void> {
  const { hostname, port } = listener.addr;
  using client = await Deno.connect({ hostname, port });
  using _ = await listener.accept();
  run.say({
    en:
      "4. If the whole connection is to be given up, close it when the time is\n" +
      "   over. That ends every read and write that waits, and the connection:",
    zh:
      "4. 如果连整个连接都不要了，到时间直接 close 就行。正在等待的 read 和\n" +
      "   write 都会立刻结束，当然这个连接也不能再用了：",
  });
  const timer = setTimeout(() => client.close(), 50);
  show("read", await failureOf(() => client.read(new Uint8Array(1024))));
  clearTimeout(timer);
  run.say({
    en:
      "   For a write that waits there is no other way: it cannot be taken\n" +
      "   back, and nobody knows how much of it is out. A deadline works as in\n" +
      "   the module: what is left of it is the timeout of the next call.",
    zh:
      "   正在等待的 write 收不回来，发出了多少也无从知道，所以只能这样做。\n" +
      "   截止时间的用法不变：剩下多少时间，下一次调用就等多久。",
  });
}
