/** The framing lesson: its demo, and both ends among good and bad peers. */

import { assert, assertEquals } from "@std/assert";
import { type Bytes, concat, encode } from "../lessons/_bytes.ts";
import { packLength, packLine } from "../lessons/framing.ts";
import { exchange, exchangeUntilCut } from "./_conns.ts";
import { assertFails, assertPrints } from "./_endings.ts";
import {
  assertAnswersNc,
  assertFailsWhenLeft,
  assertPythonFinds,
  assertTalksWithNc,
  assertTalksWithPython,
} from "./_ends.ts";
import { sendBadGuests } from "./_hostile.ts";
import { NO_NC, NO_PYTHON } from "./_peers.ts";
import { findLesson, together } from "./_process.ts";
import { testUnless } from "./_unless.ts";

/** What each end says of its messages. */
const GREETING =
  /^(each message (after|is) .*|每条消息(之前先发长度|是一行)（.*）)\n/;

const lesson = findLesson("framing", GREETING);
const { run, runClient, startClient, startServer } = lesson;

/** The options of each way, and how a message travels in it. */
const WAYS: [args: string[], pack: (message: Bytes) => Bytes][] = [
  [[], packLength],
  [["--delimiter"], packLine],
];

/** What our client is given, and prints, whatever the server is written in. */
const INPUT = `hello\n\n你好，世界\n${"长".repeat(300_000)}\nlast`;

Deno.test("framing demo shows frames, limits and ends", async () => {
  const { stdout } = await run(["--lang", "en"]);
  for (
    const line of [
      "| 00 00 00 02   | 68 69 | 00 00 00 00   | 00 00 00 03   | e4 bd a0  |",
      "| 68 69   | 0a | 0a | e4 bd a0     | 0a |",
      '| -                 | "hi" ""           | -                 | "你"  |',
      "| [00 00 00 02 68]  |                   | [00 00 00 03 e4]  |       |",
      '| "hi" ""                | "你"         |',
      "LengthReader             1,024 of 1,024\n",
      "LineReader               16 of 16\n",
      "ff ff ff ff              FrameError: Message too long: 4294967295 bytes",
      '"one\\ntw"                FrameError: Stream ends inside a message',
      '"a\\nb\\n"                 "a" "b"\n',
      'messages.at(-1)          "message 999"\n',
    ]
  ) {
    assert(stdout.includes(line), `${line} is not in ${stdout}`);
  }
});

for (const [args, pack] of WAYS) {
  const name = ["framing", ...args].join(" ");

  Deno.test(`${name} client prints the echo of each line`, async () => {
    await using server = await startServer(args);
    const { port } = server.address;
    const rows: [input: string, stdout: string][] = [
      ["", ""],
      [INPUT, `${INPUT}\n`],
      ["before\nq\nafter\n", "before\n"],
    ];
    await together(rows, async ([input, stdout]) => {
      assertPrints(await runClient(port, input, args), stdout);
    });
    await server.find(/has left, 1 message echoed\n/, "stderr");
    await server.find(/has left, 5 messages echoed\n/, "stderr");
    const input = `short\n${"x".repeat(1024 * 1024 + 1)}\nnext\n`;
    assertEquals(await runClient(port, input, args), {
      code: 0,
      stdout: "short\nnext\n",
      stderr: "not sent: 1048577 bytes, at most 1048576 can go\n",
    });
    assertEquals((await server.interrupt()).code, 130);
  });

  Deno.test(`${name} server sends clients away that break the rules`, async () => {
    await using server = await startServer(args);
    const half = pack(encode("你好")).subarray(0, 5);
    const rows: [bytes: Bytes, answer: Bytes, note: RegExp][] = [
      // Good messages before the bad one are answered.
      [
        concat([pack(encode("good")), half]),
        pack(encode("good")),
        /is gone: FrameError: Stream ends inside a message, 5 bytes into it/,
      ],
      ...args.length === 0
        ? [
          [
            encode("GET / HTTP/1.1\r\n\r\n"),
            new Uint8Array(0),
            /: Message too long: 1195725856 bytes, .* \(it begins with "GET ": is/,
          ],
          [
            concat([pack(encode("")), Uint8Array.of(255, 255, 255, 255)]),
            pack(encode("")),
            /is gone: FrameError: Message too long: 4294967295 bytes[^(]*$/m,
          ],
        ] as [Bytes, Bytes, RegExp][]
        : [
          [
            encode("x".repeat(2 * 1024 * 1024)),
            new Uint8Array(0),
            /is gone: FrameError: Message too long: \d+ bytes/,
          ],
        ] as [Bytes, Bytes, RegExp][],
    ];
    for (const [bytes, answer, note] of rows) {
      assertEquals(await exchangeUntilCut(server.address, bytes), answer);
      await server.find(note, "stderr");
    }
    await assertEchoes(server.address, pack);
    assertEquals((await server.interrupt()).code, 130);
  });

  Deno.test(`${name} server survives silence, resets, floods and a thousand at once`, async () => {
    await using server = await startServer(args, { isQuiet: true });
    const { address } = server;
    const message = pack(encode("hello"));
    await sendBadGuests(address, {
      message,
      // A half of a header or of a line, and more of it.
      halves: [message.subarray(0, 2), message.subarray(0, 5)],
      floods: Array(3).fill(pack(encode("x".repeat(10_000)))),
      crowd: 1000,
      isStrict: true,
    }, () => assertEchoes(address, pack));
    // Empty messages are the smallest there are.
    const empty = concat(Array(20_000).fill(pack(encode(""))));
    assertEquals(await exchange(address, empty), empty);
    assertEquals((await server.interrupt()).code, 130);
  });

  Deno.test(`${name} client fails if the server closes without an answer`, async () => {
    const size = pack(encode("hello")).length;
    const rows: [reply: Bytes, language: string, line: string][] = [
      [
        encode(""),
        "en",
        "ConnectionError: The server .* sent no reply \\(is its --delimiter as.*",
      ],
      [
        encode(""),
        "zh",
        "ConnectionError: 服务器已关闭连接，没有收到回复（它的 --delimiter.*",
      ],
      [Uint8Array.of(0, 0), "en", "FrameError: Stream ends inside a message.*"],
      // Whole, and no text.
      [
        pack(Uint8Array.of(0xff)),
        "zh",
        "ConnectionError: 服务器的回复不是 UTF-8 文本.*",
      ],
    ];
    await together(rows, async ([reply, language, line]) => {
      const options = ["--lang", language, ...args];
      const left = { input: "hello\n", size, reply, args: options };
      await assertFailsWhenLeft(lesson, left, line);
    });
  });
}

Deno.test("framing ends say how messages travel, and the client what it waits for", async () => {
  await using server = await startServer(["--delimiter"]);
  await server.find(/^each message is a line \(--delimiter\)\n/, "stderr");
  // Lengths are no lines, so that the server waits, too.
  await using client = startClient(server.address.port, ["--lang", "zh"]);
  await client.find(/^每条消息之前先发长度（4 字节）\n/, "stderr");
  await client.write("hello\n");
  await client.find(/还在等服务器的回复：回复之前必须先发长度/, "stderr");
  const { code, stdout, stderr } = await client.interrupt();
  assertEquals([code, stdout], [130, ""]);
  assertEquals(stderr.trim().split("\n").length, 1);
});

Deno.test("framing client of lines is sent away by a server of lengths", async () => {
  await using server = await startServer();
  assertFails(
    await runClient(server.address.port, "hello\n", ["--delimiter"]),
    /^ConnectionError: The server closed|^ConnectionReset/,
  );
  // "hell" is a length.
  await server.find(
    /Message too long: 1751477356 bytes.* \(it begins with "hell": is that text/,
    "stderr",
  );
});

Deno.test("framing client sends a line before the next one is typed, and ends at Ctrl-C", async () => {
  await using server = await startServer();
  await using client = startClient(server.address.port);
  for (const line of ["one\n", "二\n"]) {
    await client.write(line);
    await client.find(new RegExp(`${line}$`));
  }
  const outcome = await client.interrupt();
  assertEquals(outcome, { code: 130, stdout: "one\n二\n", stderr: "" });
  await server.find(/has left, 2 messages echoed\n/, "stderr");
});

testUnless(
  NO_PYTHON,
  "framing server answers CPython's messages, and in Chinese says how many",
  async () => {
    await using server = await startServer(["--lang", "zh"]);
    await assertPythonFinds(server.address, "framed_client.py", [
      "one message",
      "empty messages",
      "Chinese text",
      "any bytes",
      "byte by byte",
      "1 MiB",
      "10,000 in one go",
    ]);
    await server.find(/已离开，回送了 10000 条消息/, "stderr");
  },
);

testUnless(
  NO_PYTHON,
  "framing client talks with CPython's servers",
  async () => {
    // An echo of bytes is an echo of lines, too.
    const rows: [program: string, args: string[]][] = [
      ["framed_server.py", []],
      ["echo_server.py", ["--delimiter"]],
    ];
    await together(rows, async ([program, args]) => {
      const talk = { input: INPUT, printed: `${INPUT}\n`, args };
      await assertTalksWithPython(lesson, [program], talk);
    });
  },
);

testUnless(
  NO_NC,
  "framing --delimiter talks with nc, whichever end it is",
  async () => {
    const args = ["--delimiter"];
    await using server = await startServer(args);
    await assertAnswersNc(server.address, "hello\n\n你好\n".repeat(5000));
    const talk = { input: "123456\n", printed: "你好\n", args };
    await assertTalksWithNc(lesson, talk);
  },
);

/** What a good client sees. */
async function assertEchoes(
  address: Deno.ConnectOptions,
  pack: (message: Bytes) => Bytes,
): Promise<void> {
  const bytes = concat(["hello", "", "你好"].map(encode).map(pack));
  assertEquals(await exchange(address, bytes), bytes);
}
