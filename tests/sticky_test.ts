/** The lesson on sticky messages: its demo, its server and its client. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { encode } from "../lessons/_bytes.ts";
import { LANGUAGES } from "../lessons/_languages.ts";
import { ask, readLine, writeAll } from "./_conns.ts";
import { assertPrints } from "./_endings.ts";
import {
  assertClosesAtCtrlC,
  assertFailsWhenLeft,
  assertPrintsAtOnce,
  assertPrintsWhenLeft,
  assertPythonFinds,
  assertTalksWithPython,
} from "./_ends.ts";
import { assertClosesAllAtCtrlC, sendBadGuests } from "./_hostile.ts";
import { NO_PYTHON, runPython, startPython } from "./_peers.ts";
import { findLesson, together } from "./_process.ts";
import { testUnless } from "./_unless.ts";

const lesson = findLesson("sticky");
const { run, runClient, startClient, startServer } = lesson;

/** What the replies say of the messages that were made of what was sent. */
function parseReplies(replies: string): { sizes: number[]; text: string } {
  const lines = replies.split("\n").slice(0, -1);
  const parsed = lines.map((line) => {
    const [, size, text] = line.match(/^1 message of (\d+) bytes?: (".*")$/)!;
    return { size: Number(size), text: JSON.parse(text!) as string };
  });
  return {
    sizes: parsed.map(({ size }) => size),
    text: parsed.map(({ text }) => text).join(""),
  };
}

/** Asserts that the replies are for all of a text of ASCII, cut anywhere. */
function assertRepliesFor(replies: string, sent: string): void {
  const { sizes, text } = parseReplies(replies);
  assertEquals(text, sent);
  assertEquals(sizes.reduce((sum, n) => sum + n, 0), sent.length);
  assert(sizes.every((size) => size <= 1024), `${sizes}`);
}

// ## The demo

Deno.test("sticky demo shows every outcome, in each language", async () => {
  await together(LANGUAGES, async (language) => {
    const { stdout } = await run(["--lang", language]);
    const drawn = stdout.match(/(?<=[|] )recv: \w+/g);
    const all = "onetwo one two onetwo onet wo 1024 1024 956".split(" ");
    assertEquals(drawn, all.map((piece) => `recv: ${piece}`));
    const received = stdout.match(/(?<=conn\.recv\(1024\) +)b'\w+'/g);
    assertEquals(received, ["b'onetwo'", "b'onetwo'", "b'helloq'"]);
    assertMatch(stdout, /data == b"q" +false\n/);
    const answers = stdout.match(/(?<=client\.recv\(1024\) +)b'\w+'/g);
    assertEquals(answers, ["b'ok'", "b'okok'"]);
    assertEquals(stdout.match(/ [\d.]+ (s|秒)$/gm)?.length, 2);
    if (Deno.build.os !== "linux") return;
    const waiting = stdout.match(/\d+(?= bytes wait| 字节$)/gm)?.map(Number);
    assertEquals(waiting, [3, 6, 3000, 1976, 1980]);
    assertMatch(stdout, /(client|客户端\S+) +0\n.*(server|服务器\S+) +6\n/);
  });
});

// ## The server

Deno.test("sticky server replies what each recv has returned", async () => {
  await using server = await startServer(["--lang", "zh"]);
  using conn = await Deno.connect(server.address);
  const rows: [message: string, reply: string][] = [
    ["x", '1 message of 1 byte: "x"'],
    ["onetwo", '1 message of 6 bytes: "onetwo"'],
    ["one\n", '1 message of 4 bytes: "one\\n"'],
    ["你好", '1 message of 6 bytes: "你好"'],
    ['say "hi"\\', '1 message of 9 bytes: "say \\"hi\\"\\\\"'],
    ["\ufeff\u0000", '1 message of 4 bytes: "\ufeff\\u0000"'],
  ];
  for (const [message, reply] of rows) {
    await writeAll(conn, message);
    assertEquals(await readLine(conn), reply);
  }
  await writeAll(conn, encode("你").subarray(0, 2));
  assertEquals(await readLine(conn), '1 message of 2 bytes: "\ufffd"');
  await conn.closeWrite();
  await server.find(/已离开，收到 7 条“消息”\n/, "stderr");
  assertEquals((await server.interrupt()).code, 130);
});

Deno.test("sticky server cuts a long message, and half-close is no matter", async () => {
  await using server = await startServer();
  const long = "0123456789".repeat(300);
  const replies = await ask(server.address, long);
  assertRepliesFor(replies, long);
  assert(parseReplies(replies).sizes.length >= 3);
  assertEquals(await ask(server.address), "");
  const much = "0123456789".repeat(100_000);
  assertRepliesFor(await ask(server.address, much), much);
});

Deno.test("sticky server survives its guests, and Ctrl-C ends it", async () => {
  await using server = await startServer([], { isQuiet: true });
  const reply = '1 message of 5 bytes: "hello"\n';
  const guests = { message: "hello", halves: ["hel"] };
  await sendBadGuests(server.address, guests, async () => {
    assertEquals(await ask(server.address, "hello"), reply);
  });
  await assertClosesAllAtCtrlC(server, "hello");
});

// The client connects and sends at once, and the server is late by half a second.
Deno.test("sticky server with --busy makes what a burst sends stick each time", async () => {
  await using server = await startServer(["--busy", "0.5"]);
  const port = `${server.address.port}`;
  const client = ["client", "--burst", "--port", port];
  const outcomes = await Promise.all(
    Array.from({ length: 3 }, () => run(client, { input: "one\n你好\ntwo\n" })),
  );
  for (const outcome of outcomes) {
    const stdout = '1 message of 12 bytes: "one你好two"\n';
    assertEquals(outcome, { code: 0, stdout, stderr: "" });
  }
  await server.findAll(/has left, 1 message taken\n/, 3, "stderr");
  using _busy = await Deno.connect(server.address);
  assertEquals((await server.interrupt()).code, 130);
});

Deno.test("sticky server refuses a --busy that is no number of seconds", async () => {
  const values = ["", "-1", "1e3", "61", "x"];
  await Promise.all(values.map(async (value) => {
    const args = ["server", "--port", "0", `--busy=${value}`, "--lang", "en"];
    const { code, stdout, stderr } = await run(args);
    assertEquals([code, stdout], [2, ""]);
    assertEquals(
      stderr.split("\n")[0],
      `Option --busy must be seconds, up to 60: current value is "${value}"`,
    );
  }));
});

// ## The client

Deno.test("sticky client gets a reply to each line, and to each piece", async () => {
  await using server = await startServer();
  const { port } = server.address;
  const long = "0123456789".repeat(200_000);
  const [none, lines, pieces] = await Promise.all(
    ["q\nhello\n", "one\n\ntwo\n你好\r\nno end", long].map((input) =>
      runClient(port, input, ["--lang", "en"])
    ),
  );
  assertPrints(none!, "");
  assertEquals(lines, {
    code: 0,
    stdout: '1 message of 3 bytes: "one"\n1 message of 3 bytes: "two"\n' +
      '1 message of 6 bytes: "你好"\n1 message of 6 bytes: "no end"\n',
    stderr: "an empty line has no bytes: nothing was sent\n",
  });
  assertEquals([pieces!.code, pieces!.stderr], [0, ""]);
  assertRepliesFor(pieces!.stdout, long);
});

Deno.test("sticky client prints a reply before the next line is typed", () =>
  assertPrintsAtOnce(lesson, [], [
    ["one\n", '1 message of 3 bytes: "one"\n'],
    ["二\n", '1 message of 3 bytes: "二"\n'],
  ]));

// TCP allows any cuts. Where they are, depends on when the server receives.
Deno.test("sticky client with --burst sends all lines before it prints", async () => {
  await using server = await startServer();
  await using client = startClient(server.address.port, ["--burst"]);
  await client.write("one\n");
  await client.write("\ntwo\n");
  await client.write("three".repeat(1000));
  await client.endInput();
  const { code, stdout, stderr } = await client.outcome();
  assertEquals([code, stderr], [0, ""]);
  assertRepliesFor(stdout, `onetwo${"three".repeat(1000)}`);
});

Deno.test("sticky client with --burst makes lines stick for a late server", async () => {
  const input = "one\ntwo\nq\nthree\n";
  const reply = '1 message of 6 bytes: "onetwo"\n';
  const left = { input, size: 6, reply, args: ["--burst"] };
  await assertPrintsWhenLeft(lesson, left, reply);
});

Deno.test("sticky client fails without a whole reply, or a sensible one", async () => {
  const isCut =
    "ConnectionError: The server closed the connection after 9 bytes of its reply";
  const isOther = "Error: That is no reply of this lesson's server, which " +
    'would be "1 message of N bytes: …" ' +
    "\\(with a Python server use lesson 2's client\\)";
  const rows: [reply: string, line: string][] = [
    ['1 message of 1 byte: "h"\n1 message', isCut],
    ["received 6 bytes\n", isOther],
    ['1 message of 0 bytes: ""\n', isOther],
  ];
  await together(rows, async ([reply, line]) => {
    const left = { input: "hello\n", size: 5, reply, args: ["--lang", "en"] };
    const printed = reply.replace(/[^\n]*$/, "");
    await assertFailsWhenLeft(lesson, left, line, printed);
  });
});

Deno.test("sticky client ends at Ctrl-C, also while it waits for a reply", () =>
  assertClosesAtCtrlC(lesson, [], [["", 0], ["hello\n", 5]]));

// ## Python

testUnless(
  NO_PYTHON,
  "sticky server answers CPython for every byte",
  async () => {
    await using server = await startServer();
    await assertPythonFinds(server.address, "sticky_client.py", [
      "one message",
      "quotes",
      "one byte",
      "many messages",
      "a long message",
      "half-close",
    ]);
  },
);

testUnless(
  NO_PYTHON,
  "sticky server seems to work with the client of the notes",
  async () => {
    await using server = await startServer();
    const port = `${server.address.port}`;
    assertPrints(
      await runPython("notes_client.py", [port], "one\n你好\nq\n"),
      '1 message of 3 bytes: "one"\n\n1 message of 6 bytes: "你好"\n\n',
    );
  },
);

testUnless(
  NO_PYTHON,
  "sticky client talks with CPython's server",
  async () => {
    await using server = startPython("sticky_server.py");
    const long = "0123456789".repeat(300);
    const input = `one\n你好 "hi"\n${long}\n`;
    const outcome = await runClient(await server.port(), input);
    const { code, stdout, stderr } = outcome;
    assertEquals([code, stderr], [0, ""]);
    const { sizes, text } = parseReplies(stdout);
    assertEquals(text, `one你好 "hi"${long}`);
    assertEquals(sizes.slice(0, 2), [3, 11]);
  },
);

testUnless(
  NO_PYTHON,
  "sticky client with --burst makes lines stick in CPython's server",
  async () => {
    await assertTalksWithPython(lesson, ["sticky_server.py", "9"], {
      input: "one\n你好\n",
      printed: '1 message of 9 bytes: "one你好"\n',
      args: ["--burst"],
    });
  },
);
