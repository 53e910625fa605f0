/** The lesson on non-blocking calls: its loop, its ends, and both in company. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { encode } from "../lessons/_bytes.ts";
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
import {
  closeAll,
  connectMany,
  findUnusedPort,
  readExactly,
  readPiece,
  writeAll,
} from "./_conns.ts";
import { assertFails, assertPrints } from "./_endings.ts";
import {
  assertAnswersNc,
  assertClosesAtCtrlC,
  assertFailsWhenLeft,
  assertPrintsAtOnce,
  assertPythonFinds,
  assertTalksWithNc,
  assertTalksWithPython,
  ECHO_CASES,
} from "./_ends.ts";
import { testSurvival } from "./_hostile.ts";
import { testMemory } from "./_memory.ts";
import { NO_NC, NO_PYTHON, runPython } from "./_peers.ts";
import { DIALECTS, findLesson, together, within } from "./_process.ts";
import { testUnless } from "./_unless.ts";

const lesson = findLesson("nonblocking");
const { run, runClient, startClient, startServer } = lesson;

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

  Deno.test(`${client} prints the echo of each line, from either server`, async () => {
    const lines = "\n你好\n\nworld\nfrom Windows\r\n";
    const long = `${LONG}\nno line feed at the end`;
    await together(DIALECTS, async ([, other], i) => {
      await using server = await startServer(other);
      // One of the servers is enough for the long line.
      const rest = i === 0 ? long : "before\nq\nafter\n";
      const printed = i === 0 ? `${long}\n` : "before\n";
      const input = lines + rest;
      assertPrints(
        await runClient(server.address.port, input, args),
        lines.replace("\r", "") + printed,
      );
    });
  });

  Deno.test(`${client} sends a line before the next one is typed`, async () => {
    const rows = [["one\n", "one\n"], ["二\n", "二\n"]] as const;
    await assertPrintsAtOnce(lesson, args, rows);
  });

  Deno.test(`${client} fails if the server is not there, or leaves`, async () => {
    const refused = ["--lang", "en", ...args];
    assertFails(
      await runClient(findUnusedPort(), "hello\n", refused),
      /^ConnectionRefused.*: 127.0.0.1:\d+ \(is the server running\?\)\n$/,
    );
    const rows: [language: string, line: string][] = [
      ["en", "The server closed the connection after 3 of 6 bytes"],
      ["zh", "回复应有 6 字节，只收到 3 字节，服务器就关闭了连接"],
    ];
    await together(rows, async ([language, line]) => {
      const options = ["--lang", language, ...args];
      const left = { input: "hello\n", size: 6, reply: "hel", args: options };
      await assertFailsWhenLeft(lesson, left, `ConnectionError: ${line}`);
    });
  });

  Deno.test(`${client} that waits for long says how much is missing`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const options = ["--lang", "zh", ...args];
    await using client = startClient(listener.addr.port, options);
    using conn = await within("a client", listener.accept());
    await client.write("hello\n");
    await writeAll(conn, "HEL\n");
    await client.find(
      /还在等服务器的回复：还差 2 字节，服务器应当原/,
      "stderr",
    );
    assertEquals((await client.interrupt()).code, 130);
  });

  Deno.test(`${client} closes its connection at Ctrl-C`, async () => {
    // While it waits for input, and while it waits for the reply.
    await assertClosesAtCtrlC(lesson, args, [["", 0], ["hello\n", 6]]);
  });

  Deno.test(`${server} closes everything at Ctrl-C`, async () => {
    await using server = await startServer(args);
    using silent = await Deno.connect(server.address);
    using rude = await Deno.connect(server.address);
    const flood = rude.write(new Uint8Array(32 * 1024 * 1024));
    await server.findAll(/has connected\n/, 2, "stderr");
    await flood; // A part of it; the server is full of what is not read.
    const { code, stderr } = await server.interrupt();
    assertEquals(code, 130);
    assertEquals(stderr.replaceAll(/.* has connected\n/g, ""), "");
    assertEquals(await readPiece(silent), null);
  });

  // ## In company

  testUnless(
    NO_PYTHON,
    `${server} sends CPython every byte back, blocking or not`,
    async () => {
      await using server = await startServer(args);
      const rows: [program: string, cases: string[]][] = [
        ["nonblocking_client.py", ["2 MiB both ways", "300 clients at once"]],
        ["exact_client.py", ECHO_CASES],
      ];
      await together(rows, async ([program, cases]) => {
        await assertPythonFinds(server.address, program, cases);
      });
    },
  );

  testUnless(
    NO_PYTHON,
    `${server} talks with the client of the notes`,
    async () => {
      await using server = await startServer([...args, "--lang", "zh"]);
      const port = `${server.address.port}`;
      const notes = runPython("notes_client.py", [port], "hello\n你好\nq\n");
      assertPrints(await notes, "hello\n你好\n");
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
      await together(rows, async ([program, input]) => {
        await assertTalksWithPython(lesson, [program], { input, args });
      });
    },
  );

  testUnless(
    NO_NC,
    `${server} sends nc every byte back`,
    async () => {
      await using server = await startServer(args);
      await assertAnswersNc(server.address, "hello\n你好\n".repeat(10_000));
    },
  );

  testUnless(
    NO_NC,
    `${client} talks with nc, which answers by hand`,
    async () => {
      const [input, printed] = ["123456\n", "你好\n"];
      await assertTalksWithNc(lesson, { input, printed, args });
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
  const clients = await connectMany(server.address, 1000);
  const message = encode("你好\n");
  await together(clients, async (conn) => {
    await writeAll(conn, message);
    assertEquals(await readExactly(conn, message.length), message);
  });
  closeAll(clients);
  assertEquals((await server.interrupt()).code, 130);
});
