/** The framing lesson: its demo, and both ends among good and bad peers. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { connect } from "node:net";
import { type Bytes, concat, encode } from "../lessons/_bytes.ts";
import { packLength, packLine } from "../lessons/framing.ts";
import { NO_NC, NO_PYTHON, peer } from "./_peers.ts";
import {
  findLesson,
  Process,
  runProcess,
  testUnless,
  within,
} from "./_process.ts";

const { run, start, startServer } = findLesson("framing");

/** The options of each way, how a message travels in it, and how both ends say so. */
const WAYS: [args: string[], pack: (message: Bytes) => Bytes, note: string][] =
  [
    [[], packLength, "each message after its length (4 bytes)\n"],
    [["--delimiter"], packLine, "each message is a line (--delimiter)\n"],
  ];
const [[, , LENGTHS_NOTE], [, , LINES_NOTE]] = WAYS as [
  typeof WAYS[0],
  typeof WAYS[0],
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

for (const [args, pack, way] of WAYS) {
  const name = ["framing", ...args].join(" ");

  Deno.test(`${name} client prints the echo of each line`, async () => {
    await using server = await startServer(args);
    const port = `${server.address.port}`;
    const client = ["client", "--port", port, ...args];
    const rows: [input: string, stdout: string][] = [
      ["", ""],
      [INPUT, `${INPUT}\n`],
      ["before\nq\nafter\n", "before\n"],
    ];
    for (const [input, stdout] of rows) {
      const outcome = await run(client, { input });
      assertEquals([outcome.code, outcome.stderr], [0, way]);
      assert(outcome.stdout === stdout, outcome.stdout.slice(0, 100));
    }
    await server.find(/has left, 1 message echoed\n/, "stderr");
    await server.find(/has left, 5 messages echoed\n/, "stderr");
    const input = `short\n${"x".repeat(1024 * 1024 + 1)}\nnext\n`;
    assertEquals(await run(client, { input }), {
      code: 0,
      stdout: "short\nnext\n",
      stderr: `${way}not sent: 1048577 bytes, at most 1048576 can go\n`,
    });
    const { code, stderr } = await server.interrupt();
    assertEquals(code, 130);
    assert(stderr.startsWith(way), stderr);
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
      assertEquals(await exchange(server.address, bytes), answer);
      await server.find(note, "stderr");
    }
    await assertEchoes(server.address, pack);
    assertEquals((await server.interrupt()).code, 130);
  });

  Deno.test(`${name} server survives silence, resets, floods and a thousand at once`, async () => {
    await using server = await startServer(args, { isQuiet: true });
    const { address } = server;
    // Half a header, or half a line, and then nothing.
    const half = pack(encode("hello")).subarray(0, 3);
    const silent: Deno.Conn[] = [];
    while (silent.length < 1000) {
      const some = Array.from({ length: 100 }, () => Deno.connect(address));
      silent.push(...await within("connections", Promise.all(some)));
      // Once this one is served, the others no longer fill the backlog.
      await assertEchoes(address, pack);
    }
    await Promise.all(silent.map((conn) => conn.write(half)));
    // These never read what they ask for.
    const flood = concat(Array(1000).fill(pack(encode("x".repeat(10_000)))));
    const rude = silent.splice(0, 3);
    await Promise.all(rude.map((conn) => conn.write(flood)));
    await assertEchoes(address, pack);
    // Each reset finds another state: nothing sent, half a message, an answer.
    for (let wave = 0; wave < 4; wave++) {
      await Promise.all(
        Array.from({ length: 40 }, (_, i) => reset(address, pack, i % 4)),
      );
      await assertEchoes(address, pack);
    }
    // Empty messages are the smallest there are.
    const empty = concat(Array(20_000).fill(pack(encode(""))));
    assertEquals(await exchange(address, empty), empty);
    for (const conn of [...silent, ...rude]) conn.close();
    await assertEchoes(address, pack);
    assertEquals((await server.interrupt()).code, 130);
  });

  Deno.test(`${name} client fails if the server closes without an answer`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = `${listener.addr.port}`;
    const rows: [bytes: Bytes, language: string, line: RegExp][] = [
      [
        new Uint8Array(0),
        "en",
        /^ConnectionError: The server .* sent no reply \(is its --delimiter as/m,
      ],
      [
        new Uint8Array(0),
        "zh",
        /^ConnectionError: 服务器已关闭连接，没有收到回复（它的 --delimiter/m,
      ],
      [Uint8Array.of(0, 0), "en", /^FrameError: Stream ends inside a message/m],
      // Whole, and no text.
      [
        pack(Uint8Array.of(0xff)),
        "zh",
        /^ConnectionError: 服务器的回复不是 UTF-8 文本/m,
      ],
    ];
    for (const [bytes, language, line] of rows) {
      const client = ["client", "--port", port, "--lang", language, ...args];
      const [outcome] = await Promise.all([
        run(client, { input: "hello\n" }),
        answerOnce(listener, pack(encode("hello")).length, bytes),
      ]);
      assertEquals([outcome.code, outcome.stdout], [1, ""]);
      assertMatch(outcome.stderr, line);
      assertMatch(outcome.stderr, /(: |（)127\.0\.0\.1:\d+）?\n$/);
    }
  });
}

Deno.test("framing client that waits for long says what for, once", async () => {
  await using server = await startServer(["--delimiter"]);
  // Its lengths are no lines, so that the server waits, too.
  const port = `${server.address.port}`;
  await using client = start(["client", "--port", port, "--lang", "zh"]);
  await client.write("hello\n");
  await client.find(/还在等服务器的回复：回复之前必须先发长度/, "stderr");
  const { code, stdout, stderr } = await client.interrupt();
  assertEquals([code, stdout], [130, ""]);
  assertEquals(stderr.trim().split("\n").length, 2);
});

Deno.test("framing client of lines is sent away by a server of lengths", async () => {
  await using server = await startServer();
  const port = `${server.address.port}`;
  const client = ["client", "--port", port, "--delimiter"];
  const { code, stderr } = await run(client, { input: "hello\n" });
  assertEquals(code, 1);
  assertMatch(stderr, /^ConnectionError: The server closed|^ConnectionReset/m);
  // "hell" is a length.
  await server.find(
    /Message too long: 1751477356 bytes.* \(it begins with "hell": is that text/,
    "stderr",
  );
});

Deno.test("framing client sends a line before the next one is typed, and ends at Ctrl-C", async () => {
  await using server = await startServer();
  await using client = start(["client", "--port", `${server.address.port}`]);
  for (const line of ["one\n", "二\n"]) {
    await client.write(line);
    await client.find(new RegExp(`${line}$`));
  }
  const outcome = await client.interrupt();
  const stderr = LENGTHS_NOTE;
  assertEquals(outcome, { code: 130, stdout: "one\n二\n", stderr });
  await server.find(/has left, 2 messages echoed\n/, "stderr");
});

testUnless(
  NO_PYTHON,
  "framing server answers CPython's messages, and in Chinese says how many",
  async () => {
    await using server = await startServer(["--lang", "zh"]);
    const client = [peer("framed_client.py"), `${server.address.port}`];
    const { code, stdout, stderr } = await runProcess("python3", client);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertEquals(stdout.trim().split(/\r?\n/), [
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
    for (
      const [program, args, way] of [
        ["framed_server.py", [], LENGTHS_NOTE],
        ["echo_server.py", ["--delimiter"], LINES_NOTE],
      ] as const
    ) {
      await using server = new Process("python3", [peer(program)]);
      const port = `${await server.port()}`;
      const client = ["client", "--port", port, ...args];
      const { code, stdout, stderr } = await run(client, { input: INPUT });
      assertEquals([code, stderr], [0, way]);
      assert(stdout === `${INPUT}\n`, stdout.slice(0, 100));
    }
  },
);

testUnless(
  NO_NC,
  "framing --delimiter talks with nc, whichever end it is",
  async () => {
    await using server = await startServer(["--delimiter"]);
    const input = "hello\n\n你好\n".repeat(5000);
    const address = ["127.0.0.1", `${server.address.port}`];
    assertEquals(
      await runProcess("nc", ["-N", ...address], input),
      { code: 0, stdout: input, stderr: "" },
    );
    await using nc = new Process("nc", ["-v", "-l", "127.0.0.1", "0"]);
    const [, port = ""] = await nc.find(/(\d+)\s*$/m, "stderr");
    await nc.write("你好\n");
    const client = ["client", "--port", port, "--delimiter"];
    assertEquals(
      await run(client, { input: "123456\n" }),
      { code: 0, stdout: "你好\n", stderr: LINES_NOTE },
    );
    await nc.find(/^123456\n$/);
  },
);

/** Sends bytes and their end, and returns all that comes back. */
async function exchange(
  address: Deno.ConnectOptions,
  bytes: Bytes,
): Promise<Bytes> {
  using conn = await Deno.connect(address);
  const sending = (async () => {
    for (let n = 0; n < bytes.length;) {
      n += await conn.write(bytes.subarray(n));
    }
    await conn.closeWrite();
  })();
  const pieces: Bytes[] = [];
  const receiving = (async () => {
    while (true) {
      const buffer = new Uint8Array(65_536);
      const n = await conn.read(buffer);
      if (n === null) return;
      pieces.push(buffer.subarray(0, n));
    }
  })();
  // A server that closes at once breaks the connection for what is still coming.
  const ends = Promise.allSettled([sending, receiving]);
  for (const end of await within("the end of a connection", ends)) {
    if (end.status === "fulfilled") continue;
    assertMatch(`${end.reason}`, /^(ConnectionReset|BrokenPipe|NotConnected)/);
  }
  return concat(pieces);
}

/** What a good client sees. */
async function assertEchoes(
  address: Deno.ConnectOptions,
  pack: (message: Bytes) => Bytes,
): Promise<void> {
  const bytes = concat(["hello", "", "你好"].map(encode).map(pack));
  assertEquals(await exchange(address, bytes), bytes);
}

/** Connects, does a part of what a good client does, and breaks the connection. */
async function reset(
  { hostname = "", port }: Deno.ConnectOptions,
  pack: (message: Bytes) => Bytes,
  stage: number,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const client = connect({ host: hostname, port });
  const frame = pack(encode("hello"));
  client.on("error", reject);
  client.on("close", () => resolve());
  client.on("connect", () => {
    if (stage === 0) client.resetAndDestroy();
    else if (stage === 3) client.write(frame);
    else {client.write(frame.subarray(0, stage * 2), () =>
        client.resetAndDestroy());}
  });
  client.on("data", () => client.resetAndDestroy());
  await within("a reset", promise);
}

/** Serves one client: reads so many bytes, sends some, and closes. */
async function answerOnce(
  listener: Deno.TcpListener,
  count: number,
  answer: Bytes,
): Promise<void> {
  using conn = await within("a client", listener.accept());
  const buffer = new Uint8Array(count);
  for (let n = 0; n < count;) {
    const reading = conn.read(buffer.subarray(n));
    n += await within("bytes of the client", reading) ?? count;
  }
  if (answer.length > 0) await conn.write(answer);
}
