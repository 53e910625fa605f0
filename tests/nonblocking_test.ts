/** The lesson on non-blocking calls: its loop, its ends, and both in company. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  type Client,
  EchoLoop,
  eventsFor,
  MOST_UNSENT,
} from "../lessons/_nonblocking_loop.ts";
import {
  create_connection,
  create_server,
  errno,
  OSError,
  SHUT_WR,
  Socket,
  ValueError,
} from "../mod.ts";
import { EVENT_READ, EVENT_WRITE } from "../src/selectors.ts";
import { testMemory, testSurvival } from "./_hostile.ts";
import { NO_NC, NO_PYTHON, peer } from "./_peers.ts";
import {
  DIALECTS,
  findLesson,
  type Outcome,
  Process,
  runProcess,
  testUnless,
  within,
} from "./_process.ts";

const lesson = findLesson("nonblocking");
const { run, start, startServer } = lesson;

// ## The loop

Deno.test("eventsFor() asks for room only while something is to be sent", () => {
  const rows: [unsent: number, hasEnded: boolean, events: number][] = [
    [0, false, EVENT_READ],
    [1, false, EVENT_READ | EVENT_WRITE],
    [MOST_UNSENT - 1, false, EVENT_READ | EVENT_WRITE],
    [MOST_UNSENT, false, EVENT_WRITE],
    [MOST_UNSENT + 4095, false, EVENT_WRITE],
    [1, true, EVENT_WRITE],
    // Once more, to know that all is out.
    [0, true, EVENT_WRITE],
  ];
  for (const [unsent, hasEnded, events] of rows) {
    const client = { unsent: new Uint8Array(unsent), hasEnded } as Client;
    assertEquals(eventsFor(client), events);
  }
});

Deno.test("EchoLoop keeps no more than its limit for who does not read, and loses nothing", async () => {
  using listener = create_server(["127.0.0.1", 0]);
  using loop = new EchoLoop(listener);
  using rude = await create_connection(listener.getsockname());
  let [sent, most] = [0, 0];
  const measure = () => {
    for (const { unsent } of loop.clients) most = Math.max(most, unsent.length);
    return most;
  };
  const sending = (async () => {
    while (most < MOST_UNSENT) {
      const data = new Uint8Array(65536).map((_, i) => byteAt(sent + i));
      await rude.sendall(data);
      sent += data.length;
    }
    await rude.shutdown(SHUT_WR);
  })();
  await within("the limit", loop.serve(() => measure() >= MOST_UNSENT));
  // Now it reads, and everything comes, up to the end.
  const receiving = (async () => {
    let received = 0;
    while (true) {
      const data = await rude.recv(65536);
      if (data.length === 0) return received;
      assert(data.every((byte, i) => byte === byteAt(received + i)));
      received += data.length;
    }
  })();
  const serving = loop.serve(() => {
    measure();
    return loop.clients.size === 0;
  });
  const all = Promise.all([receiving, sending, serving]);
  const [received] = await within("all of it", all);
  assertEquals(received, sent);
  assert(most < MOST_UNSENT + 4096, `${most} bytes`);
});

/** What stands at a place of a long text: the places differ. */
function byteAt(place: number): number {
  return (place ^ (place >> 8) ^ (place >> 16)) & 0xff;
}

Deno.test("EchoLoop.serve() waits without a turn while nobody says anything", async () => {
  using listener = create_server(["127.0.0.1", 0]);
  using loop = new EchoLoop(listener);
  using client = await create_connection(listener.getsockname());
  let turns = 0;
  await loop.serve(() => loop.clients.size === 1);
  const serving = loop.serve(() => ++turns > 1);
  await giveTurns();
  assertEquals(turns, 1);
  await client.sendall(Uint8Array.of(1));
  await within("a turn", serving);
});

/** Lets Deno's loop turn many times: a pair talks meanwhile. */
async function giveTurns(): Promise<void> {
  using listener = create_server(["127.0.0.1", 0]);
  using client = await create_connection(listener.getsockname());
  using conn = (await listener.accept())[0];
  for (let i = 0; i < 50; i++) {
    await client.sendall(Uint8Array.of(i));
    assertEquals(await conn.recv(1), Uint8Array.of(i));
  }
}

Deno.test("EchoLoop leaves its listener alone for a while when too many files are open", async () => {
  using listener = create_server(["127.0.0.1", 0]);
  using loop = new EchoLoop(listener);
  using _client = await create_connection(listener.getsockname());
  let [calls, begin] = [0, performance.now()];
  listener.accept = () => {
    if (calls++ === 0) begin = performance.now();
    return Promise.reject(new OSError(errno.EMFILE, "Too many open files"));
  };
  const serving = loop.serve(() => loop.clients.size === 1);
  await giveTurns();
  assert(calls <= 1 + (performance.now() - begin) / 200, `${calls} calls`);
  listener.accept = Socket.prototype.accept;
  await within("the client to be let in", serving);
});

Deno.test("EchoLoop ends at once when it is closed, with all its clients", async () => {
  using listener = create_server(["127.0.0.1", 0]);
  const loop = new EchoLoop(listener);
  using client = await create_connection(listener.getsockname());
  await loop.serve(() => loop.clients.size === 1);
  const serving = assertRejects(() => loop.serve(), ValueError);
  loop[Symbol.dispose]();
  await within("the end of serve()", serving);
  assertEquals((await within("the end", client.recv(1))).length, 0);
});

Deno.test("EchoLoop tells who comes and goes", async () => {
  const notes: string[] = [];
  using listener = create_server(["127.0.0.1", 0]);
  using loop = new EchoLoop(listener, ({ en, zh }) => notes.push(en, zh));
  {
    using client = await create_connection(listener.getsockname());
    await loop.serve(() => loop.clients.size === 1);
    await client.sendall(Uint8Array.of(1, 2, 3));
    await loop.serve(() => [...loop.clients].some(({ echoed }) => echoed > 0));
  }
  await loop.serve(() => loop.clients.size === 0);
  assertEquals(notes.map((note) => note.replace(/^\S+:\d+ /, "")), [
    "has connected",
    "已连接",
    "has left, 3 bytes echoed",
    "已离开，回送了 3 字节",
  ]);
});

// ## The demo

Deno.test("nonblocking demo shows what each call says that must not wait", async () => {
  const { stdout } = await run(["--lang", "en"]);
  const calls = [...stdout.matchAll(/^ {3}(\S.*?) {2,}(\S.*)$/gm)]
    .map(([, call, result]) => `${call} = ${result!.split("]")[0]}`);
  for (
    const fact of [
      "setblocking(false) = gettimeout() 0, getblocking() false",
      "setblocking(true) = gettimeout() null, getblocking() true",
      "listener.accept() = BlockingIOError: [Errno 11",
      "client.recv(1024) = BlockingIOError: [Errno 11",
      "client.send(rest) = BlockingIOError: [Errno 11",
      "first.connect(…) = BlockingIOError: [Errno 115",
      "first.connect(…) = BlockingIOError: [Errno 114",
      "second.connect_ex(…) = 115",
      "first: SO_ERROR = 0",
      "second: SO_ERROR = 111 Connection refused",
    ]
  ) assert(calls.includes(fact), `${fact} is not in\n${calls.join("\n")}`);
  assertMatch(stdout, /^ {3}client\.send\(data\) +[\d,]{5,}$/m);
  assertMatch(stdout, /^ {3}1 select +[\d.]+ ms, CPU [\d.]+ ms$/m);
  // The lines that it shows are those that it runs.
  const [shown] = stdout.match(/^ {5}while[^]*?^ {5}\}/m)!;
  const path = new URL("../lessons/_nonblocking_crowd.ts", import.meta.url);
  const source = await Deno.readTextFile(path);
  assert(source.includes(shown.replaceAll(/^ {3}/gm, "")), shown);
});

// ## Its two ends

const LONG = "长".repeat(3_500_000); // 10.5 MB

for (const [dialect, args] of DIALECTS) {
  const server = `nonblocking server in ${dialect}`;
  const client = `nonblocking client in ${dialect}`;
  const runClient = (port: number, input: string, ...more: string[]) =>
    run(["client", "--port", `${port}`, ...args, ...more], { input });

  Deno.test(`${client} prints the echo of each line, from either server`, async () => {
    const lines = "\n你好\n\nworld\nfrom Windows\r\n";
    const long = `${LONG}\nno line feed at the end`;
    await Promise.all(DIALECTS.map(async ([, other], i) => {
      await using server = await startServer(other);
      // One of the servers is enough for the long line.
      const rest = i === 0 ? long : "before\nq\nafter\n";
      const printed = i === 0 ? `${long}\n` : "before\n";
      const outcome = await runClient(server.address.port!, lines + rest);
      assertEquals([outcome.code, outcome.stderr], [0, ""]);
      const expected = lines.replace("\r", "") + printed;
      assert(outcome.stdout === expected, outcome.stdout.slice(0, 100));
    }));
  });

  Deno.test(`${client} sends a line before the next one is typed`, async () => {
    await using server = await startServer(args);
    const port = `${server.address.port}`;
    await using client = start(["client", "--port", port, ...args]);
    for (const line of ["one\n", "二\n"]) {
      await client.write(line);
      await client.find(new RegExp(`${line}$`));
    }
    await client.endInput();
    assertEquals((await client.outcome()).stdout, "one\n二\n");
  });

  Deno.test(`${client} fails if the server is not there, or leaves`, async () => {
    const unused = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    unused.close();
    const leave = async (language: string) => {
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const [outcome] = await Promise.all([
        runClient(listener.addr.port, "hello\n", "--lang", language),
        closeAfter(listener, 6, 3),
      ]);
      return outcome;
    };
    const [refused, broken, kaput] = await Promise.all([
      runClient(unused.addr.port, "hello\n", "--lang", "en"),
      leave("en"),
      leave("zh"),
    ]);
    assertFails(
      refused,
      /^ConnectionRefused.*: 127.0.0.1:\d+ \(is the server running\?\)\n$/,
    );
    const en = "The server closed the connection after 3 of 6 bytes";
    assertFails(broken, new RegExp(`^ConnectionError: ${en}: 127.*\n$`));
    const zh = "回复应有 6 字节，只收到 3 字节，服务器就关闭了连接";
    assertFails(kaput, new RegExp(`^ConnectionError: ${zh}（127.*）\n$`));
  });

  Deno.test(`${client} that waits for long says how much is missing`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const options = ["--port", `${listener.addr.port}`, "--lang", "zh"];
    await using client = start(["client", ...options, ...args]);
    using conn = await within("a client", listener.accept());
    await client.write("hello\n");
    await conn.write(new TextEncoder().encode("HEL\n"));
    await client.find(
      /还在等服务器的回复：还差 2 字节，服务器应当原/,
      "stderr",
    );
    assertEquals((await client.interrupt()).code, 130);
  });

  Deno.test(`${client} closes its connection at Ctrl-C`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = `${listener.addr.port}`;
    // While it waits for input, then while it waits for the reply.
    for (const input of ["", "hello\n"]) {
      await using client = start(["client", "--port", port, ...args]);
      using conn = await within("a client", listener.accept());
      await client.write(input);
      const buffer = new Uint8Array(100);
      const read = () => within("bytes of the client", conn.read(buffer));
      if (input !== "") assertEquals(await read(), input.length);
      const outcome = await client.interrupt();
      assertEquals(outcome, { code: 130, stdout: "", stderr: "" });
      assertEquals(await read(), null);
    }
  });

  Deno.test(`${server} closes everything at Ctrl-C`, async () => {
    await using server = await startServer(args);
    const silent = await Deno.connect(server.address);
    using rude = await Deno.connect(server.address);
    const flood = rude.write(new Uint8Array(32 * 1024 * 1024));
    await server.findAll(/has connected\n/, 2, "stderr");
    await flood; // A part of it; the server is full of what is not read.
    const { code, stderr } = await server.interrupt();
    assertEquals(code, 130);
    assertEquals(stderr.replaceAll(/.* has connected\n/g, ""), "");
    const end = silent.read(new Uint8Array(1));
    assertEquals(await within("the end of a connection", end), null);
    silent.close();
  });

  // ## In company

  testUnless(
    NO_PYTHON,
    `${server} sends CPython every byte back, blocking or not`,
    async () => {
      await using server = await startServer(args);
      const port = `${server.address.port}`;
      const rows: [client: string, cases: string[]][] = [
        ["nonblocking_client.py", ["2 MiB both ways", "300 clients at once"]],
        ["exact_client.py", [
          "1 byte",
          "Chinese text",
          "1 MiB",
          "half-close",
          "nothing",
          "200 clients at once",
        ]],
      ];
      await Promise.all(rows.map(async ([client, cases]) => {
        const outcome = await runProcess("python3", [peer(client), port]);
        assertEquals([outcome.code, outcome.stderr], [0, ""]);
        assertEquals(outcome.stdout.trim().split(/\r?\n/), cases);
      }));
    },
  );

  testUnless(
    NO_PYTHON,
    `${server} talks with the client of the notes`,
    async () => {
      await using server = await startServer([...args, "--lang", "zh"]);
      const client = [peer("notes_client.py"), `${server.address.port}`];
      const outcome = await runProcess("python3", client, "hello\n你好\nq\n");
      assertEquals(outcome, { code: 0, stdout: "hello\n你好\n", stderr: "" });
      await server.find(/127\.0\.0\.1:\d+ 已连接\n/, "stderr");
      await server.find(/已离开，回送了 11 字节/, "stderr");
    },
  );

  testUnless(
    NO_PYTHON,
    `${client} talks with CPython's selectors, and its threads`,
    async () => {
      // The manual's server loses what does not fit; short lines do.
      const lines = "hello\n\n你好，世界\n".repeat(50);
      const rows = [
        ["selectors_server.py", lines],
        ["echo_server.py", `${lines}${"x".repeat(1_000_000)}\n`],
      ] as const;
      await Promise.all(rows.map(async ([name, input]) => {
        await using server = new Process("python3", [peer(name)]);
        const outcome = await runClient(await server.port(), input);
        assertEquals(outcome, { code: 0, stdout: input, stderr: "" });
      }));
    },
  );

  testUnless(
    NO_NC,
    `${server} sends nc every byte back`,
    async () => {
      await using server = await startServer(args);
      const input = "hello\n你好\n".repeat(10_000);
      const client = ["-N", "127.0.0.1", `${server.address.port}`];
      const outcome = await runProcess("nc", client, input);
      assertEquals(outcome, { code: 0, stdout: input, stderr: "" });
    },
  );

  testUnless(
    NO_NC,
    `${client} talks with nc, which answers by hand`,
    async () => {
      await using server = new Process("nc", ["-v", "-l", "127.0.0.1", "0"]);
      const [, port = ""] = await server.find(/(\d+)\s*$/m, "stderr");
      await server.write("你好\n");
      const outcome = await runClient(Number(port), "123456\n");
      assertEquals(outcome, { code: 0, stdout: "你好\n", stderr: "" });
      await server.find(/^123456\n$/);
    },
  );
}

// ## Hostile clients, and many
//
// The server in plain Deno lets them in as lesson 1's, which is tested for that.

testSurvival(lesson, DIALECTS[0]!);
testMemory(lesson, DIALECTS[0]!, 1_000);

Deno.test("nonblocking server serves a thousand clients at once", async () => {
  await using server = await startServer([], { isQuiet: true });
  const clients = await within(
    "a thousand connections",
    Promise.all(
      Array.from({ length: 1000 }, () => Deno.connect(server.address)),
    ),
  );
  const message = new TextEncoder().encode("你好\n");
  await within(
    "a thousand echoes",
    Promise.all(clients.map(async (conn) => {
      await conn.write(message);
      const answer = new Uint8Array(message.length);
      for (let n = 0; n < answer.length;) {
        n += await conn.read(answer.subarray(n)) ?? answer.length;
      }
      assertEquals(answer, message);
    })),
  );
  for (const conn of clients) conn.close();
  assertEquals((await server.interrupt()).code, 130);
});

/** A failure as a lesson reports it: one line, exit code 1, no stack trace. */
function assertFails(outcome: Outcome, line: RegExp): void {
  assertMatch(outcome.stderr, line);
  assertEquals([outcome.code, outcome.stdout], [1, ""]);
}

/** Serves one client badly: reads and sends so many bytes, and closes. */
async function closeAfter(
  listener: Deno.TcpListener,
  read: number,
  sent: number,
): Promise<void> {
  using conn = await within("a client", listener.accept());
  const buffer = new Uint8Array(read);
  for (let n = 0; n < read;) {
    const reading = conn.read(buffer.subarray(n));
    n += await within("bytes of the client", reading) ?? read;
  }
  await conn.write(buffer.subarray(0, sent));
}
