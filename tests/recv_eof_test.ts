/** The lesson about what recv returns, and where a stream ends. */

import { assertEquals, assertMatch } from "@std/assert";
import { type Bytes, encode } from "../lessons/_bytes.ts";
import { ask } from "./_conns.ts";
import { assertPrints } from "./_endings.ts";
import {
  assertAnswersNc,
  assertClosesAtCtrlC,
  assertFailsWhenLeft,
  assertPrintsAtOnce,
  assertTalksWithPython,
} from "./_ends.ts";
import { sendBadGuests } from "./_hostile.ts";
import { NO_NC, NO_PYTHON, runPython, startNc } from "./_peers.ts";
import { findLesson, together } from "./_process.ts";
import { testUnless } from "./_unless.ts";

const lesson = findLesson("recv_eof");
const { run, runClient, startClient, startServer } = lesson;

// ## The demo

Deno.test("recv_eof demo shows bytes, nothing yet, the end and an error", async () => {
  const { stdout } = await run(["--lang", "en"]);
  const calls = /^ {3}((?:recv|send|read)\(.*?) {2,}(.*)$/gm;
  const results = [...stdout.matchAll(calls)]
    .map(([, call, result]) => `${call} ${result}`)
    .map((line) => line.replace(/(Error: \[Errno) .*/, "$1"));
  assertEquals(results, [
    "recv(1024) 1024",
    "recv(1024) 1024",
    "recv(1024) 952",
    "recv() TypeError: recv() takes at least 1 argument (0 given)",
    "recv(1024, DONTWAIT) BlockingIOError: [Errno",
    "recv(1024), then hello b'hello'",
    "send(b'') 0",
    "recv(1024, DONTWAIT) BlockingIOError: [Errno",
    "recv(1024) b'\\n'",
    "recv(5, PEEK) b'ab'",
    "recv(5, WAITALL) b'abcde'",
    "recv(5, WAITALL) b'bye'",
    "recv(1024) b''",
    "recv(1024) b''",
    "recv(1024) b''",
    "recv(1024) ConnectionResetError: [Errno",
    "read(buffer) 5",
    "read(new Uint8Array(0)) 0",
    "read(buffer) null",
    "read(buffer) null",
    "recv(n) Deno: read(array)       what it means",
  ]);
  assertMatch(stdout, /^ +b'' within 0\.2 s +\d{3,} times$/m);
  assertMatch(stdout, /^ +!data +false\n +data\.length === 0 +true$/m);
});

// ## The server

Deno.test("recv_eof server counts each line, however it is cut, and the end", async () => {
  await using server = await startServer();
  const { address } = server;
  const rows: [pieces: (Bytes | string)[], replies: string][] = [
    [[], "end after 0 bytes, line feeds included\n"],
    [["\n"], "0 bytes\nend after 1 byte, line feeds included\n"],
    [
      ["a\n\n你好\n"],
      "1 byte\n0 bytes\n6 bytes\nend after 10 bytes, line feeds included\n",
    ],
    [[..."one\ntwo"], "3 bytes\nend after 7 bytes, line feeds included\n"],
    [
      [Uint8Array.of(0xe4), Uint8Array.of(0, 10, 0xff)],
      "2 bytes\nend after 4 bytes, line feeds included\n",
    ],
    // Exactly what one recv takes, and one byte less and more.
    ...[1022, 1023, 1024].map((size): [string[], string] => [
      ["x".repeat(size) + "\n"],
      `${size} bytes\nend after ${size + 1} bytes, line feeds included\n`,
    ]),
    [
      ["\n".repeat(5000)],
      "0 bytes\n".repeat(5000) + "end after 5000 bytes, line feeds included\n",
    ],
  ];
  for (const [pieces, replies] of rows) {
    assertEquals(await ask(address, ...pieces), replies);
  }
  await server.find(/has left, 10 bytes received\n/, "stderr");
});

Deno.test("recv_eof server survives resets, floods and silence", async () => {
  await using server = await startServer(["--lang", "zh"]);
  const { address } = server;
  await sendBadGuests(address, {
    message: "line\nline\n",
    halves: ["half a lin"],
    floods: ["x\n"],
  }, async () => {
    assertEquals(
      await ask(address, "好\n"),
      "3 bytes\nend after 4 bytes, line feeds included\n",
    );
  });
  const replies = await Promise.all(
    Array.from({ length: 200 }, () => ask(address, "o", "ne\ntw", "o")),
  );
  for (const reply of replies) {
    assertEquals(reply, "3 bytes\nend after 7 bytes, line feeds included\n");
  }
  const size = 8 * 1024 * 1024;
  const endless = new Uint8Array(size);
  assertEquals(
    await ask(address, endless),
    `end after ${size} bytes, line feeds included\n`,
  );
  await server.find(/已离开，收到 4 字节\n/, "stderr");
  assertEquals((await server.interrupt()).code, 130);
});

testUnless(
  NO_PYTHON,
  "recv_eof server answers CPython, which sends byte by byte and half-closes",
  async () => {
    await using server = await startServer();
    const port = `${server.address.port}`;
    const input = "你好\n\nno line feed";
    assertPrints(
      await runPython("cut_client.py", [port], input),
      "6 bytes\n0 bytes\nend after 20 bytes, line feeds included\n",
    );
  },
);

testUnless(NO_NC, "recv_eof server answers nc, which half-closes", async () => {
  await using server = await startServer();
  const replies = "6 bytes\n".repeat(1000) +
    "end after 7000 bytes, line feeds included\n";
  await assertAnswersNc(server.address, "你好\n".repeat(1000), replies);
});

// ## The client

const INPUT = "hello\n\n你好\nfrom Windows\r\n";
const OUTPUT =
  "5 bytes\n0 bytes\n6 bytes\n12 bytes\nend after 27 bytes, line feeds included\n";

Deno.test("recv_eof client half-closes at the end and at q, and prints what comes", async () => {
  await using server = await startServer();
  const { port } = server.address;
  const long = "长".repeat(3_500_000); // 10.5 MB
  const rows: [input: string, stdout: string][] = [
    [INPUT, OUTPUT],
    [`${INPUT}q\nafter q\n`, OUTPUT],
    ["", "end after 0 bytes, line feeds included\n"],
    ["no line feed", "12 bytes\nend after 13 bytes, line feeds included\n"],
    [
      `${long}\n`,
      "10500000 bytes\nend after 10500001 bytes, line feeds included\n",
    ],
  ];
  await together(rows, async ([input, stdout]) => {
    assertPrints(await runClient(port, input), stdout);
  });
});

Deno.test("recv_eof client prints a reply before the next line is typed", async () => {
  const rows = [["one\n", "3 bytes\n"], ["\n", "0 bytes\n"]] as const;
  await assertPrintsAtOnce(
    lesson,
    [],
    rows,
    "end after 5 bytes, line feeds included\n",
  );
});

testUnless(
  NO_PYTHON,
  "recv_eof client talks with CPython, which replies byte by byte",
  async () => {
    await assertTalksWithPython(lesson, ["line_server.py", "count"], {
      input: INPUT,
      printed: OUTPUT,
    });
  },
);

testUnless(
  NO_NC,
  "recv_eof client talks with nc, which answers by hand, and says more than it was asked",
  async () => {
    await using server = await startNc("-N");
    await using client = startClient(server.at);
    await client.write("4\n");
    await server.find(/^4\n$/);
    await server.write("四\n");
    await client.find(/^四\n$/);
    // Before the client's end, at which nc may leave.
    await server.write("再见\nno line feed");
    await server.endInput();
    await client.endInput();
    assertPrints(await client.outcome(), "四\n再见\nno line feed\n");
  },
);

Deno.test("recv_eof client fails in one line if a reply is none", async () => {
  const rows: [input: string, reply: Bytes, line: string][] = [
    ["hi\n", encode("2 b"), "The server closed the connection after 3 bytes"],
    ["hi\n", encode("好").slice(1), "The server closed the connection after 2"],
    [
      "",
      Uint8Array.of(0xff),
      "The server's reply is not UTF-8 text, or too long \\(1 byte\\)",
    ],
  ];
  await together(rows, async ([input, reply, line]) => {
    const left = { input, size: 3, reply, args: ["--lang", "en"] };
    await assertFailsWhenLeft(lesson, left, `ConnectionError: ${line}.*`);
  });
});

// While it waits for a reply, and while it waits for the end.
Deno.test("recv_eof client closes its connection at Ctrl-C", () =>
  assertClosesAtCtrlC(lesson, [], [["hello\n", 6], [null, 0]]));
