/** Timeouts, and the deadline that they do not replace. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
} from "@std/assert";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { type Bytes, decode, encode } from "../lessons/_bytes.ts";
import { now, RecvTimeoutError } from "../lessons/_timeouts_deadline.ts";
import { Lines, LongLineError } from "../lessons/_timeouts_lines.ts";
import { connectWithin, TimedConn } from "../lessons/_timeouts_native.ts";
import { recvExactly } from "../lessons/timeouts.ts";
import {
  type CallEvent,
  ConnectionError,
  OSError,
  type Socket,
  TimeoutError,
} from "../mod.ts";
import { connected, silent } from "./_pairs.ts";
import { ask, type Data, exchange } from "./_conns.ts";
import { assertFails, assertPrints, assertRefuses } from "./_endings.ts";
import {
  assertAnswersNc,
  assertClosesAtCtrlC,
  assertFailsWhenLeft,
  assertTalksWithPython,
} from "./_ends.ts";
import { assertClosesAllAtCtrlC, sendBadGuests } from "./_hostile.ts";
import { NO_NC, NO_PYTHON, runPython, startPython } from "./_peers.ts";
import {
  DIALECTS,
  findLesson,
  inBothDialects,
  type Process,
  together,
} from "./_process.ts";
import { testUnless } from "./_unless.ts";

const lesson = findLesson("timeouts");
const { run, runClient, startClient, startServer } = lesson;

/** Seconds that are over soon, and those that are not while a test runs. */
const SOON = 0.05;
const NEVER = 60;

// ## recvExactly

Deno.test("recvExactly() receives exactly so many bytes, and leaves the rest", async () => {
  await using pair = await connected();
  await pair.conn.sendall(encode("hello world"));
  for (const [size, text] of [[6, "hello "], [0, ""], [5, "world"]] as const) {
    const data = await recvExactly(pair.client, size, now() + NEVER);
    assertEquals(decode(data), text);
  }
});

Deno.test("recvExactly() ends a drip, which no timeout does, and loses no byte", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  using dripping = answerEachRecv(client, () => conn.sendall(encode("x")));
  // A clock for each `recv`: whatever the sum is, each of them is in time.
  client.settimeout(NEVER);
  for (let i = 0; i < 20; i++) await client.recv(1);
  // One clock for all: more than comes until then is asked for.
  const call = recvExactly(client, 1_000_000, now() + SOON);
  const { received } = await assertRejects(() => call, RecvTimeoutError);
  assert(received.length > 0);
  // Every byte is with the error, or waits for the next call.
  const missing = dripping.count - 20 - received.length;
  const rest = await recvExactly(client, missing, now() + NEVER);
  assertEquals(rest.length, missing);
});

Deno.test("recvExactly() raises a TimeoutError with what came in time", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  for (const sent of ["", "he"]) {
    await conn.sendall(encode(sent));
    const call = recvExactly(client, 5, now() + SOON);
    const error = await assertRejects(() => call, RecvTimeoutError);
    assertInstanceOf(error, TimeoutError);
    assertInstanceOf(error, OSError);
    assertEquals([error.message, error.errno], ["timed out", null]);
    assertEquals(decode(error.received), sent);
  }
  await conn.sendall(encode("llo"));
  assertEquals(decode(await recvExactly(client, 3, now() + NEVER)), "llo");
});

Deno.test("recvExactly() takes nothing if the deadline is over already", async () => {
  await using pair = await connected();
  await pair.conn.sendall(encode("hello"));
  const call = recvExactly(pair.client, 5, now() - 1);
  const error = await assertRejects(() => call, RecvTimeoutError);
  assertEquals(error.received.length, 0);
  const data = await recvExactly(pair.client, 5, now() + NEVER);
  assertEquals(decode(data), "hello");
});

Deno.test("recvExactly() raises a ConnectionError at the end of the stream", async () => {
  await using pair = await connected();
  await pair.conn.sendall(encode("he"));
  pair.conn.close();
  const call = recvExactly(pair.client, 5, now() + NEVER);
  await assertRejects(() => call, ConnectionError, "ended after 2 of 5");
});

Deno.test("recvExactly() ends when the socket is closed, with nothing left open", async () => {
  const pair = await connected();
  const call = recvExactly(pair.client, 5, now() + NEVER);
  pair.client.close();
  await assertRejects(() => call, OSError, "Bad file descriptor");
  await pair[Symbol.asyncDispose]();
});

Deno.test("recvExactly() gives the socket its timeout back", async () => {
  for (const timeout of [null, 0, 7]) {
    await using pair = await connected();
    const { client, conn } = pair;
    client.settimeout(timeout);
    await assertRejects(() => recvExactly(client, 5, now() + SOON));
    assertEquals(client.gettimeout(), timeout);
    await conn.sendall(encode("hello"));
    await recvExactly(client, 5, now() + NEVER);
    assertEquals(client.gettimeout(), timeout);
    conn.close();
    await assertRejects(() => recvExactly(client, 5, now() + NEVER));
    assertEquals(client.gettimeout(), timeout);
  }
});

/** Lets something happen whenever a `recv` of this socket has begun. */
function answerEachRecv(
  sock: Socket,
  answer: () => Promise<void>,
): Disposable & { readonly count: number } {
  let count = 0;
  const onCall = (event: unknown) => {
    const { socket, call, phase } = event as CallEvent;
    if (socket !== sock || call !== "recv" || phase !== "start") return;
    count++;
    answer();
  };
  subscribe("pysocket.call", onCall);
  return {
    get count() {
      return count;
    },
    [Symbol.dispose]: () => void unsubscribe("pysocket.call", onCall),
  };
}

// ## Lines

Deno.test("Lines.read() finds the same lines however they are cut", async () => {
  const data = encode("a\n\n你好\nb");
  for (let cuts = 0; cuts < 2 ** (data.length - 1); cuts++) {
    const lines = new Lines(feed(cut(data, cuts)), 100);
    const read = async () => decode(await lines.read(() => NEVER));
    const found = [await read(), await read(), await read(), await read()];
    assertEquals(found, ["a\n", "\n", "你好\n", "b"]);
    assertEquals([await read(), lines.isBegun], ["", false]);
  }
});

Deno.test("Lines.read() keeps what has come when the time is over", async () => {
  const lines = new Lines(feed(["a\nhel", "", "", "lo\n"].map(encode)), 100);
  const read = () => lines.read(() => NEVER);
  assertEquals(decode(await read()), "a\n");
  assertEquals(lines.isBegun, true);
  const late = () => {
    throw new TimeoutError("timed out");
  };
  await assertRejects(() => lines.read(late), TimeoutError);
  assertEquals(lines.isBegun, true);
  assertEquals(decode(await read()), "hel");
});

Deno.test("Lines.read() refuses a line without an end", async () => {
  const full = encode("x".repeat(10));
  const long = new Lines(feed([full, encode("x")]), 10);
  await assertRejects(() => long.read(() => NEVER), LongLineError);
  const fitting = new Lines(feed([full, encode("\n")]), 10);
  assertEquals((await fitting.read(() => NEVER)).length, 11);
});

/** An end to which these pieces come. */
function feed(pieces: Bytes[]) {
  let next = 0;
  return {
    recv: () => Promise.resolve(pieces[next++] ?? encode("")),
    sendall: () => Promise.resolve(),
  };
}

/** Data in pieces: each bit of `cuts` is a place at which to cut, or not. */
function cut(data: Bytes, cuts: number): Bytes[] {
  const ends = [...data.keys()].filter((i) => i > 0 && cuts & 1 << (i - 1));
  return [0, ...ends].map((start, i) => data.slice(start, ends[i]));
}

// ## Plain Deno

Deno.test("TimedConn.recv() gives what came too late to the next call", async () => {
  await using pair = await openNative();
  const { client, conn } = pair;
  for (let i = 0; i < 3; i++) {
    await assertTimesOut(() => client.recv(100, SOON));
  }
  await conn.write(encode("one"));
  assertEquals(decode(await client.recv(2, NEVER)), "on");
  assertEquals(decode(await client.recv(100, NEVER)), "e");
  await assertTimesOut(() => client.recv(100, SOON));
  await conn.closeWrite();
  for (let i = 0; i < 2; i++) {
    assertEquals((await client.recv(100, NEVER)).length, 0);
  }
});

Deno.test("TimedConn.sendall() that is not over in time closes the connection", async () => {
  await using pair = await openNative();
  const { client } = pair;
  await client.sendall(encode("hello"), SOON);
  const receiving = client.recv(100, NEVER);
  const interrupted = assertRejects(() => receiving, Deno.errors.Interrupted);
  await assertTimesOut(() => client.sendall(new Uint8Array(2 ** 26), SOON));
  await interrupted;
  await assertRejects(() => client.recv(1, NEVER), Deno.errors.Interrupted);
});

Deno.test("connectWithin() gives up in time, and at Ctrl-C", async () => {
  await using full = await silent();
  const [hostname, port] = full.address;
  const address = { hostname, port };
  const interrupt = new AbortController();
  const { signal } = interrupt;
  await assertTimesOut(() => connectWithin(address, SOON, signal));
  const connecting = connectWithin(address, NEVER, signal);
  interrupt.abort();
  await assertRejects(() => connecting, DOMException, "aborted");
});

async function assertTimesOut(call: () => Promise<unknown>): Promise<void> {
  const error = await assertRejects(call, DOMException, "timed out");
  assertEquals(error.name, "TimeoutError");
}

/** A connection in plain Deno, one end of which knows timeouts. */
async function openNative(): Promise<
  { client: TimedConn; conn: Deno.TcpConn } & AsyncDisposable
> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { hostname, port } = listener.addr;
  const client = new TimedConn(await Deno.connect({ hostname, port }));
  const conn = await listener.accept();
  return {
    client,
    conn,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      conn.close();
      // A read that nobody waits for ends a turn after that.
      await new Promise((resolve) => setTimeout(resolve));
    },
  };
}

// ## The demo

Deno.test("timeouts demo shows what each timeout means, and what a race loses", async () => {
  const [ours, native] = await Promise.all(
    [[], ["--native"]].map((args) => run([...args, "--lang", "en"])),
  );
  const find = (call: string) =>
    ours!.stdout.split("\n").map((line) => line.trim())
      .filter((line) => line.startsWith(call))
      .map((line) => line.slice(call.length).trim());
  assertEquals(find("settimeout(null), recv"), ["b'hi'"]);
  assertMatch(find("settimeout(0), recv")[0]!, /^BlockingIOError: \[Errno \d+/);
  for (const call of ["settimeout(0.1), recv", "accept", "recv", "sendall"]) {
    assertEquals(find(`${call}  `)[0], "TimeoutError: timed out");
  }
  assertEquals(find("the next recv"), ["b'late'"]);
  assertMatch(find("recv, recv, recv, …")[0]!, /^b'hello' \(\d+\.\d\d s\)$/);
  assertEquals(find("error.received + rest"), ["b'good morning'"]);
  const { stdout } = native!;
  assertMatch(stdout, /Promise\.race +TimeoutError: timed out\n/);
  assertMatch(stdout, /the second read +b'two'\n +the one that lost +b'one'\n/);
  assertMatch(stdout, /TimeoutError.*\n +recv\(.*\) +b'one'\n.*b'two'\n/);
});

// ## The ends

Deno.test("timeouts ends a timeout that is none with exit code 2", async () => {
  const rows = [["timeout", "0"], ["deadline", "86401"]] as const;
  await assertRefuses(
    "timeouts",
    rows.map(([name, value]) => [
      ["server", "--port=0", `--${name}=${value}`],
      `Option --${name} must be seconds, more than 0 and up to 86400: ` +
      `current value is "${value}"`,
    ]),
  );
});

testUnless(
  NO_PYTHON,
  "timeouts server sends silent and deaf clients away, CPython's too, and serves on",
  () =>
    inBothDialects(async (args) => {
      await using server = await startServer(["--timeout", "0.4", ...args]);
      const { address } = server;
      const port = `${address.port}`;
      await using _ = startPython("timeouts_client.py", port, "deaf");
      await using client = startClient(port, args);
      const [silent, half] = await Promise.all(
        ["silent", "half"].map((mode) => endOfPeer(port, mode)),
      );
      assertEquals(silent, "goodbye: silent for 0.4 s\n");
      assertEquals(half, "goodbye: the line did not end in time\n");
      const away = /:\d+ was sent away: silent for 0.4 s\n/;
      await server.findAll(away, 2, "stderr");
      await server.find(/was sent away: it does not read\n/, "stderr");
      await assertIsSentAway(client);
      // Where the machine is slow we, too, may be silent for too long.
      while (await ask(address, "hi\n") !== "hi\n");
    }),
);

/** A client finds the goodbye where a reply should be. */
async function assertIsSentAway(client: Process): Promise<void> {
  await client.write("hello\n");
  assertFails(
    await client.outcome(),
    /^ConnectionError: The server has sent us away: silent for 0.4 s: 127.*\n$/,
  );
}

testUnless(
  NO_PYTHON,
  "timeouts server sends CPython's dripping client away, and that of the notes",
  () =>
    inBothDialects(async (args) => {
      const limits = ["--deadline", "0.3", "--lang", "zh"];
      await using server = await startServer([...limits, ...args]);
      const port = `${server.address.port}`;
      const goodbye = "goodbye: the line did not end in time\n";
      const [answer, { stdout }] = await Promise.all([
        endOfPeer(port, "drip"),
        // It never ends a line, and prints what it gets instead of an echo.
        runPython("notes_client.py", [port], "你好\nq\n"),
      ]);
      assertEquals([answer, stdout], [goodbye, `${goodbye}\n`]);
      await server.findAll(/被断开：这一行没有按时结束\n/, 2, "stderr");
      await assertEchoes(server.address);
    }),
);

testUnless(
  NO_PYTHON,
  "timeouts client gives up CPython's servers that are silent, drip, or are full",
  async () => {
    const late = "ConnectionError: No complete reply within 0.3 s";
    const rows: [mode: string, line: string, hint: string][] = [
      ["silent", late, ""],
      ["drip", late, ""],
    ];
    if (Deno.build.os === "linux") {
      const hint =
        " (no answer in time: a busy server, a wrong host, a firewall?)";
      rows.push(["full", "TimeoutError: timed out", hint]);
    }
    await together(rows, async ([mode, line, hint]) => {
      await using server = startPython("timeouts_server.py", mode);
      const port = await server.port();
      const stderr = `${line}: 127.0.0.1:${port}${hint}\n`;
      await inBothDialects(async (args) => {
        const patience = ["--timeout", "0.3", ...args];
        const outcome = await runClient(port, "hello\n", patience);
        assertEquals(outcome, { code: 1, stdout: "", stderr });
      });
    });
  },
);

for (const [dialect, args] of DIALECTS) {
  const server = `timeouts server in ${dialect}`;
  const client = `timeouts client in ${dialect}`;

  Deno.test(`${server} survives what clients do wrong, and Ctrl-C`, async () => {
    await using server = await startServer(args);
    const { address } = server;
    const guests = {
      message: "hello\n",
      halves: ["hel"],
      floods: [`${"x".repeat(10_000)}\n`],
    };
    await sendBadGuests(address, guests, () => assertEchoes(address));
    // Half-close with a line that has no end; bytes that are no text.
    assertEquals(await ask(address, "你好\nhello"), "你好\nhello");
    const garbage = Uint8Array.of(0xff, 0xfe, 0, 13, 10, 0xe4);
    assertEquals(await exchange(address, garbage), garbage);
    const flood = "你好\n".repeat(10_000);
    assertEquals(await ask(address, flood), flood);
    const long = "x".repeat(64 * 1024 + 1);
    assertEquals(await ask(address, long), "goodbye: the line is too long\n");
    await assertClosesAllAtCtrlC(server, "hello\n");
  });

  testUnless(NO_NC, `${server} sends nc every line back`, async () => {
    await using server = await startServer(args);
    const input = "hello\n\n你好\n".repeat(1000) + "end";
    await assertAnswersNc(server.address, input);
  });

  testUnless(
    NO_PYTHON,
    `${client} talks with CPython's server`,
    async () => {
      const printed = `hello\n\n你好，世界\n${"长".repeat(100_000)}\n`;
      const talk = { input: `${printed}q\nafter\n`, printed, args };
      await assertTalksWithPython(lesson, ["echo_server.py"], talk);
    },
  );

  Deno.test(`${client} is told why it was sent away, though its line could not go`, async () => {
    await using server = await startServer(args);
    for (const size of [70_000, 300_000, 3_000_000]) {
      const input = `hi\n${"x".repeat(size)}\nnever sent\n`;
      assertFails(
        await runClient(server.address.port, input, args),
        /^ConnectionError: The server has sent us away: the line is too long: .*\n$/,
        "hi\n",
      );
    }
    // What only looks like a goodbye is our own line, echoed.
    const own = "goodbye: all\n";
    assertPrints(await runClient(server.address.port, own, args), own);
  });

  Deno.test(`${client} says what is wrong with a reply`, async () => {
    const rows: [reply: Data, language: string, line: string][] = [
      ["", "zh", "服务器已关闭连接，没有收到回复"],
      ["he", "en", "The server closed .* after 2 bytes of its reply"],
      [Uint8Array.of(0xff, 10), "en", "The server's reply is not UTF-8 text.*"],
    ];
    await together(rows, async ([reply, language, line]) => {
      const options = ["--lang", language, ...args];
      const left = { input: "hello\n", size: 6, reply, args: options };
      await assertFailsWhenLeft(lesson, left, `ConnectionError: ${line}`);
    });
  });

  Deno.test(`${client} that waits for a reply closes its connection at Ctrl-C`, () =>
    assertClosesAtCtrlC(lesson, args, [["hello\n", 6]]));
}

/** What CPython's client is told in the end. */
async function endOfPeer(port: string, mode: string): Promise<string> {
  const client = runPython("timeouts_client.py", [port, mode]);
  const { code, stdout, stderr } = await client;
  assertEquals([code, stderr], [0, ""]);
  return stdout;
}

/** What a good client sees. */
async function assertEchoes(address: Deno.ConnectOptions): Promise<void> {
  assertEquals(await ask(address, "你好\n"), "你好\n");
}
