/** The lesson about bytes and text. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type Bytes, concat, encode, formatNumber } from "../lessons/_bytes.ts";
import { createDecoder, receiveText } from "../lessons/_bytes_text_pieces.ts";
import { drawPieces } from "../lessons/_draw.ts";
import { receiveLines } from "../lessons/_received_lines.ts";
import { measure } from "../lessons/bytes_text.ts";
import { ask } from "./_conns.ts";
import { assertPrints } from "./_endings.ts";
import {
  assertAnswersNc,
  assertClosesAtCtrlC,
  assertFailsWhenLeft,
  assertTalksWithNc,
  assertTalksWithPython,
} from "./_ends.ts";
import { sendBadGuests } from "./_hostile.ts";
import { NO_NC, NO_PYTHON, runPython } from "./_peers.ts";
import { findLesson, together } from "./_process.ts";
import { testUnless } from "./_unless.ts";

const lesson = findLesson("bytes_text");
const { run, runClient, startServer } = lesson;

/** Characters of 1 to 4 bytes, side by side in many ways, and lines of them. */
const MIXED = "aé你😀ñ\n\n好a𝄞é\nß";

/** A `recv` that returns these pieces, one a call, and then the end. */
function receiver(pieces: readonly Bytes[]): () => Promise<Bytes> {
  const rest = [...pieces];
  return () => Promise.resolve(rest.shift() ?? new Uint8Array());
}

/** Data in pieces: cut once or twice, at each place there is, and into bytes. */
function* cutEverywhere(data: Bytes): Generator<Bytes[]> {
  for (let i = 1; i < data.length; i++) {
    for (let j = i; j < data.length; j++) {
      const pieces = [data.subarray(0, i), data.subarray(i, j), data.slice(j)];
      yield pieces.filter((piece) => piece.length > 0);
    }
  }
  yield Array.from(data, (byte) => Uint8Array.of(byte));
}

// ## The pieces

Deno.test("bytes_text receiveText() gives a text whole, wherever it is cut", async () => {
  for (const pieces of cutEverywhere(encode(MIXED))) {
    assertEquals(await receiveText(receiver(pieces)), MIXED);
  }
  assertEquals(await receiveText(receiver([])), "");
  const mark = "\uFEFFa";
  assertEquals(await receiveText(receiver([encode(mark)])), mark);
});

Deno.test("bytes_text receiveText() fails if a character lacks its end", async () => {
  for (const character of "é你😀") {
    const data = encode(`a${character}`);
    for (let size = 2; size < data.length; size++) {
      for (const pieces of cutEverywhere(data.subarray(0, size))) {
        await assertRejects(() => receiveText(receiver(pieces)), TypeError);
      }
    }
  }
  const garbage = receiver([encode("a"), Uint8Array.of(0xff), encode("b")]);
  await assertRejects(() => receiveText(garbage), TypeError);
  assert(createDecoder().fatal);
});

Deno.test("bytes_text receiveLines() finds the same lines, wherever they are cut", async () => {
  const expected = MIXED.split("\n").map((text, i, { length }) => ({
    data: encode(text),
    size: encode(text).length,
    isEnded: i < length - 1,
  }));
  for (const pieces of cutEverywhere(encode(MIXED))) {
    const lines = await Array.fromAsync(receiveLines(receiver(pieces)));
    assertEquals(lines, expected);
  }
  assertEquals(await Array.fromAsync(receiveLines(receiver([]))), []);
  const ended = receiveLines(receiver([encode("a\n")]));
  assertEquals((await Array.fromAsync(ended)).length, 1);
});

Deno.test("bytes_text receiveLines() keeps no more than its limit, and counts all", async () => {
  const data = encode("1234\n12345\n" + "x".repeat(1000) + "\n1");
  for (let size = 1; size < 20; size++) {
    const pieces: Bytes[] = [];
    for (let i = 0; i < data.length; i += size) {
      pieces.push(data.subarray(i, i + size));
    }
    const lines = await Array.fromAsync(receiveLines(receiver(pieces), 4));
    assertEquals(
      lines.map((line) => [line.data.length, line.size, line.isEnded]),
      [[4, 4, true], [4, 5, true], [4, 1000, true], [1, 1, false]],
    );
  }
});

Deno.test("bytes_text measure() counts characters as Python does, and bytes", () => {
  const rows: [data: Bytes, reply: string][] = [
    [encode(""), "0 characters, 0 bytes: "],
    [encode("A"), "1 character, 1 byte: A"],
    [encode("你好"), "2 characters, 6 bytes: 你好"],
    [encode("😀"), "1 character, 4 bytes: 😀"],
    [encode("\uFEFFa\0"), "3 characters, 5 bytes: \uFEFFa\0"],
    [encode("你").subarray(0, 2), "not UTF-8, 2 bytes"],
    [Uint8Array.of(0xff), "not UTF-8, 1 byte"],
    // A surrogate, which only other encodings have.
    [Uint8Array.of(0xed, 0xa0, 0x80), "not UTF-8, 3 bytes"],
  ];
  for (const [data, reply] of rows) {
    assertEquals(measure({ data, size: data.length, isEnded: true }), reply);
  }
  const long = { data: encode("ab"), size: 3, isEnded: true };
  assertEquals(measure(long), "too long, 3 bytes");
  assertEquals(formatNumber(2, "line"), "2 lines");
});

Deno.test("bytes_text drawPieces() draws cuts of one whole to the same scale", () => {
  const drawing = drawPieces(
    5,
    [[3, "e4   bd   a0\n你"], [3, "e5   a5   bd\n好"]],
    [[4, "recv: 4 bytes"], [2, "2 bytes"]],
  );
  assertEquals(
    drawing,
    `
   +--------------+--------------+
   | e4   bd   a0 | e5   a5   bd |
   | 你           | 好           |
   +--------------+----+---------+
   | recv: 4 bytes     | 2 bytes |
   +-------------------+---------+`.slice(1),
  );
});

// ## The demo

Deno.test("bytes_text demo shows what a character is to each side", async () => {
  const { stdout } = await run(["--lang", "en"]);
  const lines = stdout.split("\n").map((line) =>
    line.trim().split(/ +/).join(" ")
  );
  const rows: [call: string, result: string][] = [
    [
      'send("你好")',
      "TypeError: a bytes-like object is required, not 'str'",
    ],
    ['send(encode("你好"))', "6"],
    ["你好", "2 2 6"],
    ["😀", "1 2 4"],
    ["decode(data)", "你好"],
    ["first = recv(4)", "b'\\xe4\\xbd\\xa0\\xe5'"],
    ["second = recv(4)", "b'\\xa5\\xbd'"],
    ["loose.decode(first)", "你\uFFFD"],
    ["loose.decode(second)", "\uFFFD\uFFFD"],
    ["strict.decode(first)", "TypeError: The encoded data is not valid"],
    ["each by itself", "2 of 8 are right"],
    ["one decoder", "8 of 8 are right"],
    ["recv(1), recv(1), …", "ñ你😀"],
    ["decode()", "TypeError: The encoded data is not valid"],
    ["n bytes, then m", "你好"],
  ];
  for (const [call, result] of rows) {
    assert(lines.includes(`${call} ${result}`), `${call}\n${stdout}`);
  }
  assertMatch(stdout, / UnicodeDecodeError\n +'utf-8' codec can't decode/);
});

// ## The server

const LINES: readonly [line: Bytes, reply: string][] = [
  [encode("hello"), "5 characters, 5 bytes: hello"],
  [encode(""), "0 characters, 0 bytes: "],
  [encode("你好，世界"), "5 characters, 15 bytes: 你好，世界"],
  [Uint8Array.of(0xe4, 0xbd), "not UTF-8, 2 bytes"],
  [Uint8Array.of(0, 0xff, 0xfe), "not UTF-8, 3 bytes"],
  [encode("x".repeat(65_537)), "too long, 65537 bytes"],
  [encode("from Windows\r"), "13 characters, 13 bytes: from Windows\r"],
];
const REQUEST = concat(LINES.flatMap(([line]) => [line, encode("\n")]));
const REPLIES = LINES.map(([, reply]) => `${reply}\n`).join("");

Deno.test("bytes_text server answers each line, however it is cut", async () => {
  await using server = await startServer();
  const { address } = server;
  assertEquals(await ask(address, REQUEST), REPLIES);
  const bytes = Array.from(encode("你😀\né"), (byte) => Uint8Array.of(byte));
  assertEquals(
    await ask(address, ...bytes),
    "2 characters, 7 bytes: 你😀\n1 character, 2 bytes: é\n",
  );
  assertEquals(await ask(address), "");
  // A character without its end, and then the end of the stream.
  const cut = encode("你").subarray(0, 1);
  assertEquals(await ask(address, cut), "not UTF-8, 1 byte\n");
  const long = "字".repeat(21_845); // 65,535 bytes
  assertEquals(
    await ask(address, `${long}\n`),
    `21845 characters, 65535 bytes: ${long}\n`,
  );
  await server.find(/has left, 7 lines answered\n/, "stderr");
  await server.find(/has left, 1 line answered\n/, "stderr");
});

Deno.test("bytes_text server survives resets, floods and silence", async () => {
  await using server = await startServer(["--lang", "zh"]);
  const { address } = server;
  await sendBadGuests(address, {
    message: "line\nline\n",
    halves: ["half a lin"],
    // There is no line feed in it, ever.
    floods: [Uint8Array.of(0xbd)],
  }, async () => {
    assertEquals(await ask(address, "好\n"), "1 character, 3 bytes: 好\n");
  });
  // So many at once, each with a line that is cut in the middle of 好.
  const [start, end] = [encode("你好").slice(0, 4), encode("你好\n").slice(4)];
  const replies = await Promise.all(
    Array.from({ length: 200 }, () => ask(address, start, end)),
  );
  for (const reply of replies) {
    assertEquals(reply, "2 characters, 6 bytes: 你好\n");
  }
  const size = 8 * 1024 * 1024;
  const endless = new Uint8Array(size).fill(0xe4);
  assertEquals(await ask(address, endless), `too long, ${size} bytes\n`);
  await server.find(/已离开，回复了 1 行\n/, "stderr");
  assertEquals((await server.interrupt()).code, 130);
});

testUnless(
  NO_PYTHON,
  "bytes_text server answers CPython, which sends byte by byte",
  async () => {
    await using server = await startServer();
    const input = "你好\n\nhello 😀\nno line feed";
    assertPrints(
      await runPython("cut_client.py", [`${server.address.port}`], input),
      "2 characters, 6 bytes: 你好\n0 characters, 0 bytes: \n" +
        "7 characters, 10 bytes: hello 😀\n" +
        "12 characters, 12 bytes: no line feed\n",
    );
  },
);

testUnless(NO_NC, "bytes_text server answers nc", async () => {
  await using server = await startServer();
  const replies = "2 characters, 6 bytes: 你好\n".repeat(1000);
  await assertAnswersNc(server.address, "你好\n".repeat(1000), replies);
});

// ## The client

const INPUT = "hello\n\n你好，世界\nfrom Windows\r\nq\nafter q\n";
const OUTPUT = "5 characters, 5 bytes: hello\n" +
  "0 characters, 0 bytes: \n" +
  "5 characters, 15 bytes: 你好，世界\n" +
  "12 characters, 12 bytes: from Windows\n";

Deno.test("bytes_text client prints the reply to each line, up to q", async () => {
  await using server = await startServer();
  const { port } = server.address;
  const long = "长".repeat(3_500_000); // 10.5 MB
  const rows: [input: string, stdout: string][] = [
    [INPUT, OUTPUT],
    ["", ""],
    ["no line feed", "12 characters, 12 bytes: no line feed\n"],
    [`${long}\na\n`, "too long, 10500000 bytes\n1 character, 1 byte: a\n"],
  ];
  await together(rows, async ([input, stdout]) => {
    assertPrints(await runClient(port, input), stdout);
  });
});

testUnless(
  NO_PYTHON,
  "bytes_text client talks with CPython, which replies byte by byte",
  async () => {
    await assertTalksWithPython(lesson, ["line_server.py", "text"], {
      input: INPUT,
      printed: OUTPUT,
    });
  },
);

testUnless(
  NO_NC,
  "bytes_text client talks with nc, which answers by hand",
  () => assertTalksWithNc(lesson, { input: "4\n", printed: "四\n" }),
);

Deno.test("bytes_text client fails in one line if the reply is none", async () => {
  const rows: [lang: string, reply: Bytes, line: string][] = [
    ["en", encode("abc"), "The server closed the connection after 3 bytes of"],
    ["en", encode("a"), "The server closed the connection after 1 byte of"],
    ["en", encode(""), "The server closed the connection and sent no reply"],
    ["zh", encode("好"), "回复只收到 3 字节，服务器就关闭了连接"],
    ["zh", encode(""), "服务器已关闭连接，没有收到回复"],
    ["en", Uint8Array.of(0xff, 10), "The server's reply is not UTF-8 text, or"],
    [
      "zh",
      Uint8Array.of(0xff, 10),
      "服务器的回复不是 UTF-8 文本，或者太长（1 ",
    ],
  ];
  await together(rows, async ([lang, reply, line]) => {
    const args = ["--lang", lang];
    const left = { input: "hi\n", size: 3, reply, args };
    await assertFailsWhenLeft(lesson, left, `ConnectionError: ${line}.*`);
  });
});

Deno.test("bytes_text client closes its connection at Ctrl-C", () =>
  assertClosesAtCtrlC(lesson, [], [["hello\n", 6]]));
