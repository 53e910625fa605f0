// Lesson 10: timeouts and deadlines.
//
// How long do I wait? For ever, unless I say otherwise; and so one silent peer
// can hold up a program for good. A timeout ends one call. It does not end an
// exchange: a peer that sends a byte now and then is in time again and again.
// That takes a deadline, one point in time for all calls together.
//
// Run:  deno run -A lessons/timeouts.ts            both ends, narrated
//       deno run -A lessons/timeouts.ts server     then, in another terminal,
//       deno run -A lessons/timeouts.ts client     or Python, or nc
//
// Start the server with --timeout 5, and let the client say nothing. Then look at
// the server; type a line at the client, and it tells that it was sent away. With
// --native the same in plain Deno; --help says what else there is.
// Next: nonblocking.ts

import * as socket from "../mod.ts";
import { type Bytes, encode, formatNumber } from "./_bytes.ts";
import { inviteToTry } from "./_demo.ts";
import type { Text } from "./_languages.ts";
import { readLines, writeLine } from "./_lines.ts";
import { formatAddress } from "./_options.ts";
import { decodeReply } from "./_received_lines.ts";
import { describeEnd } from "./_reply_words.ts";
import { type Lesson, type Run, runLesson } from "./_run.ts";
import { readSeconds } from "./_seconds.ts";
import { now, recvExactly, remaining } from "./_timeouts_deadline.ts";
import { demo } from "./_timeouts_demo.ts";
import { type End, Lines, LongLineError } from "./_timeouts_lines.ts";
import { connectWithin, nativeDemo, TimedConn } from "./_timeouts_native.ts";
import { formatNet, nativeServe, serve } from "./tcp_echo.ts";

// ## A deadline
//
// This function is what the lesson is about: `recv` for as many bytes as there
// have to be, and one limit for all of them. _timeouts_deadline.ts has it, and
// _timeouts_lines.ts the same for lines, which the server and the client need.
export { recvExactly };

// ## The server
//
// It sends each line back when it is complete. A client that says nothing, takes
// too long for a line, or makes one too long, is told so and sent away: it could
// otherwise keep a connection, and memory, for as long as it likes.
async function echoLines(
  end: End,
  limits: Limits,
  tell: (reason: Text) => void,
): Promise<Text> {
  const lines = new Lines(end, LONGEST_LINE);
  let count = 0;
  while (true) {
    const line = await readLine(lines, limits);
    if ("en" in line) {
      await trySend(end, encode(`${GOODBYE}${line.en}\n`), limits.timeout);
      tell(line);
      return formatEchoed(count);
    }
    if (line.length === 0) return formatEchoed(count);
    if (!await trySend(end, line, limits.timeout)) {
      tell(UNREAD);
      return formatEchoed(count);
    }
    count += line.length;
  }
}

/** What a client is told that is sent away, and before the reason. */
const GOODBYE = "goodbye: ";

function tellAway(run: Run, name: string): (reason: Text) => void {
  return ({ en, zh }) =>
    run.note({
      en: `${name} was sent away: ${en}`,
      zh: `${name} 被断开：${zh}`,
    });
}

// There are two clocks. Between two lines a client may be silent for `timeout`.
// From the first byte of a line on there is a deadline, too, which one byte more
// does not put off. Without it a byte a minute would be enough to stay.

/** Reads a line, or says what is wrong with the client. */
async function readLine(
  lines: Lines,
  { timeout, deadline }: Limits,
): Promise<Bytes | Text> {
  let end: number | undefined;
  const findTimeout = () => {
    if (!lines.isBegun) return timeout;
    end ??= now() + deadline;
    return Math.min(timeout, remaining(end));
  };
  try {
    return await lines.read(findTimeout);
  } catch (error) {
    if (error instanceof LongLineError) {
      return { en: "the line is too long", zh: "这一行太长" };
    }
    if (!isTimeout(error)) throw error;
    return lines.isBegun
      ? { en: "the line did not end in time", zh: "这一行没有按时结束" }
      : { en: `silent for ${timeout} s`, zh: `${timeout} 秒没有动静` };
  }
}

// Sending waits, too, once the buffers of both ends are full: a client that sends
// and never reads would hold us here. There is no way to tell it so.
async function trySend(
  end: End,
  data: Bytes,
  timeout: number,
): Promise<boolean> {
  try {
    await end.sendall(data, timeout);
    return true;
  } catch (error) {
    if (!isTimeout(error)) throw error;
    return false;
  }
}

const UNREAD: Text = { en: "it does not read", zh: "它不读取数据" };

function formatEchoed(count: number): Text {
  return {
    en: `${formatNumber(count, "byte")} echoed`,
    zh: `回送了 ${count} 字节`,
  };
}

/** Bytes that a line may have, about. */
const LONGEST_LINE = 64 * 1024;

// The timeout belongs to the socket, and each call takes it as it is when the
// call begins. So it can be another one before each call.
function withTimeouts(sock: socket.Socket): End {
  return {
    recv: async (size, timeout) => {
      sock.settimeout(timeout);
      return await sock.recv(size);
    },
    sendall: async (data, timeout) => {
      sock.settimeout(timeout);
      await sock.sendall(data);
    },
  };
}

async function server(run: Run): Promise<void> {
  const limits = readLimits(run);
  await serve(run, async (conn) => {
    using _ = conn;
    const tell = tellAway(run, formatAddress(conn.getpeername()));
    return await echoLines(withTimeouts(conn), limits, tell);
  });
}

// ## The client
//
// `create_connection` takes the timeout for each address that the host has, and
// the socket keeps it.
async function client(run: Run): Promise<void> {
  const timeout = readSeconds(run, "timeout", "5");
  const options = { timeout };
  using sock = await socket.create_connection([run.host, run.port], options);
  run.interrupted.addEventListener("abort", () => sock.close());
  await talk(withTimeouts(sock), timeout, run);
}

// After a timeout the reply may still come, and would be taken for that to the
// next line: so we end.
async function talk(end: End, timeout: number, run: Run): Promise<void> {
  const lines = new Lines(end, LONGEST_REPLY);
  for await (const line of readLines(run.interrupted)) {
    if (line === "q") return;
    try {
      const reply = await exchange(line, end, lines, timeout);
      await writeLine(checkReply(reply, line, run));
    } catch (error) {
      if (!isTimeout(error)) throw error;
      throw new socket.ConnectionError(run.text({
        en: `No complete reply within ${timeout} s`,
        zh: `${timeout} 秒内没有收到完整的回复`,
      }));
    }
  }
}

// One deadline for a line and its reply, in however many pieces that comes. Both
// are under way at the same time, as in the first lesson. Sending fails when the
// server has sent us away, and its goodbye is here nevertheless: so we read on.
async function exchange(
  line: string,
  end: End,
  lines: Lines,
  timeout: number,
): Promise<Bytes> {
  const deadline = now() + timeout;
  const [reply, sent] = await Promise.allSettled([
    lines.read(() => remaining(deadline)),
    end.sendall(encode(line + "\n"), timeout),
  ]);
  const isReply = reply.status === "fulfilled" && reply.value.length > 0;
  if (isReply) return reply.value;
  if (sent.status === "rejected") throw sent.reason;
  if (reply.status === "rejected") throw reply.reason;
  return reply.value;
}

// A goodbye may come at any time, even before the line that we take it for the
// reply to. It is one unless it is our own line, echoed.

/** The text of a reply, which has to be whole, and no goodbye. */
function checkReply(reply: Bytes, line: string, run: Run): string {
  const size = reply.length;
  if (reply.at(-1) !== LINE_FEED) {
    throw new socket.ConnectionError(run.text(describeEnd(size)));
  }
  const received = decodeReply({ data: reply, size, isEnded: true }, run);
  const text = received.replace(/\r?\n$/, "");
  if (!text.startsWith(GOODBYE) || text === line) return text;
  const reason = text.slice(GOODBYE.length);
  throw new socket.ConnectionError(run.text({
    en: `The server has sent us away: ${reason}`,
    zh: `服务器断开了连接，它说：${reason}`,
  }));
}

const LINE_FEED = 10;

/** Bytes that a reply may have, about. */
const LONGEST_REPLY = 64 * 1024 * 1024;

// ## The same in plain Deno
//
// `Deno.connect` takes a signal, `read` and `write` take nothing. What they lack
// is in _timeouts_native.ts: a connection that owns its pending read.
async function nativeServer(run: Run): Promise<void> {
  const limits = readLimits(run);
  await nativeServe(run, async (conn) => {
    using end = new TimedConn(conn);
    const tell = tellAway(run, formatNet(conn.remoteAddr as Deno.NetAddr));
    return await echoLines(end, limits, tell);
  });
}

async function nativeClient(run: Run): Promise<void> {
  const timeout = readSeconds(run, "timeout", "5");
  const address = { hostname: run.host, port: run.port };
  const conn = await connectWithin(address, timeout, run.interrupted);
  using end = new TimedConn(conn);
  run.interrupted.addEventListener("abort", () => end[Symbol.dispose]());
  await talk(end, timeout, run);
}

// ## What both need
//
// The error has this name in both dialects, and in Python.
function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === "TimeoutError";
}

/** How long the server waits, in seconds. */
interface Limits {
  /** For a client that says nothing. */
  readonly timeout: number;
  /** For all of a line, from its first byte on. */
  readonly deadline: number;
}

function readLimits(run: Run): Limits {
  return {
    timeout: readSeconds(run, "timeout", "60"),
    deadline: readSeconds(run, "deadline", "30"),
  };
}

/** The lesson: what `deno run` runs. */
export const LESSON: Lesson = {
  url: import.meta.url,
  title: {
    en: "timeouts and deadlines",
    zh: "超时与截止时间",
  },
  options: {
    timeout: {
      placeholder: "S",
      help: {
        en: "server: for a silent client (60); client: for a whole reply (5)",
        zh: "服务器：等没有动静的客户端（60）；客户端：等完整的回复（5）",
      },
    },
    deadline: {
      end: "server",
      placeholder: "S",
      help: {
        en: "server: seconds from the first byte of a line to its end (30)",
        zh: "服务器：一行从首字节到结束最多用多少秒（30）",
      },
    },
  },
  help: {
    client: {
      en: "send each line, print each reply, which is a line; q ends",
      zh: "把每一行发出去，并打印每个回复（一行文本）；输入 q 退出",
    },
  },
  demo: async (run) => {
    await demo(run);
    inviteToTry(run, import.meta.url);
  },
  server,
  client,
  native: {
    demo: async (run) => {
      await nativeDemo(run);
      inviteToTry(run, import.meta.url);
    },
    server: nativeServer,
    client: nativeClient,
  },
};

if (import.meta.main) await runLesson(LESSON);
