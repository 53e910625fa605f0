/** The base64 lesson: its coding, its demo, and its ends in every mixture. */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { connect } from "node:net";
import { Base64Error } from "../lessons/_base64_text.ts";
import { decode, encode } from "../lessons/_bytes.ts";
import { answer, decodeText, encodeText } from "../lessons/base64.ts";
import { NO_NC, NO_PYTHON, peer } from "./_peers.ts";
import {
  DIALECTS,
  findLesson,
  Process,
  runProcess,
  testUnless,
  within,
} from "./_process.ts";

const { run, start, startServer } = findLesson("base64");

// ## The coding

Deno.test("encodeText and decodeText go there and back, without a line feed", () => {
  const rows: [text: string, base64: string][] = [
    ["", ""],
    ["h", "aA=="],
    ["hi", "aGk="],
    ["bye", "Ynll"],
    ["你好", "5L2g5aW9"],
    ["😀\n", "8J+YgAo="],
    ["\ufeff", "77u/"],
  ];
  for (const [text, base64] of rows) {
    assertEquals(encodeText(text), encode(base64));
    assertEquals(decodeText(encode(base64)), text);
    assertEquals(decodeText(encode(`${base64}\r\n`)), text);
  }
  for (const [size, length] of [[300, 400], [384, 512], [385, 516]]) {
    assertEquals(encodeText("x".repeat(size!)).length, length);
  }
  assert(!encodeText("长".repeat(10_000)).includes(0x0a));
});

Deno.test("decodeText refuses halves, what is glued, and what is not UTF-8", () => {
  const inputs = [
    "aG",
    "aGk",
    "5L2g5a",
    "aGk=Ynll",
    "aGk=YQ==",
    "aG k",
    "hello!",
    "aGk-",
    "你好你好",
    "====",
    "5L0=",
    "/w==",
  ];
  for (const input of inputs) {
    const problem = ["5L0=", "/w=="].includes(input)
      ? "Base64, but not of UTF-8"
      : "Not base64";
    assertThrows(
      () => decodeText(encode(input)),
      Base64Error,
      `${problem}: "${input}"`,
    );
  }
  assertThrows(() => decodeText(Uint8Array.of(0xff, 0xfe, 1, 10)), Base64Error);
});

Deno.test("answer says what is wrong, in one line that is no base64", () => {
  assertEquals(answer(encode("5L2g5aW9")), encode("5L2g5aW9"));
  assertEquals(answer(encode("")), encode(""));
  const garbage = [encode("a\nb\x07"), encode("x".repeat(1e6 + 1))];
  for (const message of garbage) {
    const reply = decode(answer(message));
    assertMatch(reply, /^error: Not base64: "[\x20-\x7e…]+"$/);
    assert(reply.length < 100);
  }
});

// ## The demo

Deno.test("base64 demo shows sizes, losses, answers and the eavesdropper", async () => {
  const { stdout } = await run(["--lang", "en"]);
  for (
    const line of [
      "| 57     | 11     | 54     | 32     |\n   | 5      | L      | 2      |",
      "300 -> 400 ",
      "384 -> 512 ",
      "385 -> 516 ",
      'btoa("你好")             InvalidCharacterError: ',
      "recv(512)                b'aGk=Ynll'\n",
      "recv(512)                512 bytes, as if a whole message: 384 x\n",
      "recv(512)                4 bytes, as if a whole message: 1 x\n",
      "| Python b64decode | b'hi'    | error               | error |",
      "| atob             | error    | b'\\xe4\\xbd\\xa0\\xe5' | b'h'  |",
      "| this lesson      | error    | error               | error |",
      "client.recv(512)         TimeoutError: timed out\n",
      "conn.recv(512)           TimeoutError: timed out\n",
      '| ""     |          | ""                          |',
      '| "你好" | 5L2g5aW9 | "你好"                      |',
      "  | UElOIDEyMzQ= ---------->| PIN 1234\n",
    ]
  ) {
    assert(stdout.includes(line), `${line} is not in ${stdout}`);
  }
});

testUnless(NO_PYTHON, "base64 demo quotes Python rightly", async () => {
  const script = `
import base64
for text in ["aGk=Ynll", "5L2g5a", "aG"]:
    try:
        print(base64.b64decode(text))
    except ValueError as error:
        print(error)
`;
  const { stdout } = await runProcess("python3", ["-c", script]);
  assertEquals(
    stdout.trim().split(/\r?\n/),
    ["b'hi'", "Incorrect padding", "Incorrect padding"],
  );
});

// ## Every mixture

/** What both ends say of their messages. */
const LINES_NOTE = "each message is a line of base64\n";
const PIECES_NOTE = "one recv is taken for one message (--unframed)\n";

/** What clients are given; with a line too long for one piece if lines end. */
const SHORT = "hello\n你好，世界\n😀\n";
const INPUT = `hello\n\n你好，世界\n${"长".repeat(200_000)}\nlast\n`;

for (const [dialect, args] of DIALECTS) {
  const server = `base64 server in ${dialect}`;
  const client = `base64 client in ${dialect}`;

  Deno.test(`${server} answers the clients of both dialects`, async () => {
    await using server = await startServer(args);
    const port = `${server.address.port}`;
    for (const [, clientArgs] of DIALECTS) {
      const { code, stdout, stderr } = await run(
        ["client", "--port", port, ...clientArgs],
        { input: `${INPUT}q\nafter\n` },
      );
      assertEquals([code, stderr], [0, LINES_NOTE]);
      assert(stdout === INPUT, stdout.slice(0, 100));
    }
    await server.find(/^each message is a line of base64\n/, "stderr");
    await server.findAll(/has left, 5 messages answered\n/, 2, "stderr");
    assertEquals((await server.interrupt()).code, 130);
  });

  testUnless(NO_PYTHON, `${server} answers CPython`, async () => {
    await using server = await startServer([...args, "--lang", "zh"]);
    const python = [peer("base64_client.py"), `${server.address.port}`];
    const { code, stdout, stderr } = await runProcess("python3", python, INPUT);
    assertEquals([code, stderr], [0, ""]);
    assert(stdout === INPUT, stdout.slice(0, 100));
    await server.find(/已离开，回复了 5 条消息\n/, "stderr");
  });

  testUnless(NO_PYTHON, `${client} talks with CPython`, async () => {
    await using server = new Process("python3", [peer("base64_server.py")]);
    const port = `${await server.port()}`;
    const { code, stdout, stderr } = await run(
      ["client", "--port", port, ...args],
      { input: INPUT },
    );
    assertEquals([code, stderr], [0, LINES_NOTE]);
    assert(stdout === INPUT, stdout.slice(0, 100));
  });

  testUnless(NO_NC, `${server} tells nc what is not base64`, async () => {
    await using server = await startServer(args);
    const nc = ["-N", "127.0.0.1", `${server.address.port}`];
    const input = "5L2g5aW9\nhello!\n\naGk\naGk=\r\n/w==\nlast";
    assertEquals(await runProcess("nc", nc, input), {
      code: 0,
      stdout: "5L2g5aW9\n" +
        'error: Not base64: "hello!"\n' +
        "\n" +
        'error: Not base64: "aGk"\n' +
        "aGk=\n" +
        'error: Base64, but not of UTF-8: "/w=="\n',
      stderr: "",
    });
    // The last line has no end.
    await server.find(
      /is gone: FrameError: Stream ends inside a message, 4 bytes into it\n/,
      "stderr",
    );
  });

  // ## As the notes have it

  Deno.test(`${server} answers unframed clients of both dialects`, async () => {
    await using server = await startServer([...args, "--unframed"]);
    const port = `${server.address.port}`;
    for (const [, clientArgs] of DIALECTS) {
      const long = "x".repeat(385);
      const { code, stdout, stderr } = await run(
        ["client", "--port", port, "--unframed", ...clientArgs],
        { input: `${SHORT}\n${long}\n${"x".repeat(384)}\nq\nafter\n` },
      );
      assertEquals([code, stdout], [0, `${SHORT}${"x".repeat(384)}\n`]);
      assertEquals(
        stderr,
        PIECES_NOTE +
          "not sent: an empty line is no bytes, so the server would not hear " +
          "of it\nnot sent: 516 bytes of base64, one recv takes 512\n",
      );
    }
    // What is glued or cut gets an answer, too, and harms nobody.
    using conn = await Deno.connect(server.address);
    const rows: [sent: string, answer: string][] = [
      ["aGk=Ynll", 'error: Not base64: "aGk=Ynll"'],
      ["5L2g5a", 'error: Not base64: "5L2g5a"'],
      ["aGk=", "aGk="],
    ];
    for (const [sent, expected] of rows) {
      await conn.write(encode(sent));
      const buffer = new Uint8Array(1000);
      const n = await within("an answer", conn.read(buffer));
      assertEquals(decode(buffer.subarray(0, n ?? 0)), expected);
    }
    assertEquals((await server.interrupt()).code, 130);
  });

  testUnless(
    NO_PYTHON,
    `${server} answers the client of the notes, one after the other`,
    async () => {
      await using server = await startServer([...args, "--unframed"]);
      const python = [peer("notes_base64_client.py"), `${server.address.port}`];
      for (let i = 0; i < 2; i++) {
        assertEquals(
          await runProcess("python3", python, SHORT),
          { code: 0, stdout: SHORT, stderr: "" },
        );
      }
      await server.findAll(/has left, 3 messages answered\n/, 2, "stderr");
    },
  );

  testUnless(
    NO_PYTHON,
    `${client} gives up waiting for the server of the notes`,
    async () => {
      await using server = new Process("python3", [
        peer("notes_base64_server.py"),
      ]);
      const port = `${await server.port()}`;
      const language = args.length === 0 ? "en" : "zh";
      const unframed = ["--unframed", "--timeout", "0.2", "--lang", language];
      const { code, stdout, stderr } = await run(
        ["client", "--port", port, ...unframed, ...args],
        { input: "你好\nnever sent\n" },
      );
      assertEquals([code, stdout], [1, ""]);
      const line = {
        en: "No answer within 0.2 s. Was the server started with --unframed?",
        zh: "0.2 秒内没有回复。服务器是用 --unframed 启动的吗？",
      };
      assert(stderr.includes(`\nConnectionError: ${line[language]}`), stderr);
      assertMatch(stderr, /(: |（)127\.0\.0\.1:\d+）?\n$/);
      assertEquals(stderr.trim().split("\n").length, 2);
      const outcome = await server.outcome();
      assertMatch(outcome.stdout, /\nb'\\xe4\\xbd\\xa0\\xe5\\xa5\\xbd'\r?\n$/);
      assertEquals(outcome.code, 0);
    },
  );

  // ## Bad peers

  Deno.test(`${server} survives resets, silence, garbage and 100 at once`, async () => {
    // What has no frames is the same program in both dialects, but for its end.
    for (const more of args.length === 0 ? [[], ["--unframed"]] : [[]]) {
      await using server = await startServer([...args, ...more]);
      const { address } = server;
      const connecting = Array.from(
        { length: 100 },
        () => Deno.connect(address),
      );
      const crowd = await within("connections", Promise.all(connecting));
      const garbage = crypto.getRandomValues(new Uint8Array(5_000));
      await Promise.all(crowd.map(async (conn, i) => {
        // Half a message, or anything; nobody reads an answer.
        await conn.write(i % 2 === 0 ? encode("aG") : garbage);
      }));
      await Promise.all(
        Array.from({ length: 40 }, (_, i) => reset(address, i)),
      );
      await assertAnswers(address);
      for (const conn of crowd) conn.close();
      await assertAnswers(address);
      const { code } = await server.interrupt();
      assertEquals(code, 130);
    }
  });

  Deno.test(`${client} fails if the server answers with nonsense or not at all`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = `${listener.addr.port}`;
    const rows: [more: string[], answer: string, line: RegExp][] = [
      [[], "aG", /^FrameError: Stream ends inside a message, 2 bytes/m],
      [[], "hello!\n", /^Base64Error: Not base64: "hello!"/m],
      [
        ["--unframed"],
        "",
        /^ConnectionError: The server closed .* and sent no reply/m,
      ],
    ];
    for (const [more, reply, line] of rows) {
      const client = ["client", "--port", port, ...args, ...more];
      const [{ code, stdout, stderr }] = await Promise.all([
        run(client, { input: "hi\n" }),
        answerOnce(listener, reply, more.length === 0 ? 5 : 4),
      ]);
      assertEquals([code, stdout], [1, ""]);
      assertMatch(stderr, line);
      assertMatch(stderr, /: 127\.0\.0\.1:\d+\n$/);
    }
  });

  Deno.test(`${client} ends at Ctrl-C, also while it waits for an answer`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = `${listener.addr.port}`;
    // With frames in one dialect, without them in the other.
    const [more, size] = args.length === 0 ? [[], 5] : [["--unframed"], 4];
    await using client = start(["client", "--port", port, ...args, ...more]);
    using conn = await within("a client", listener.accept());
    await client.write("hi\n");
    const buffer = new Uint8Array(100);
    assertEquals(await within("a message", conn.read(buffer)), size);
    const stderr = args.length === 0 ? LINES_NOTE : PIECES_NOTE;
    assertEquals(
      await client.interrupt(),
      { code: 130, stdout: "", stderr },
    );
    assertEquals(await within("the end", conn.read(buffer)), null);
  });
}

testUnless(
  NO_PYTHON,
  "base64: the server of the notes ends at half a message",
  async () => {
    const program = peer("notes_base64_server.py");
    await using server = new Process("python3", [program]);
    const address = { hostname: "127.0.0.1", port: await server.port() };
    using conn = await Deno.connect(address);
    await conn.write(encode("5L2g5a"));
    const { code, stderr } = await server.outcome();
    assertEquals(code, 1);
    assertMatch(stderr, /binascii\.Error: Incorrect padding\s*$/);
  },
);

Deno.test("base64 client of lines says what it waits for at an unframed server", async () => {
  await using server = await startServer(["--unframed"]);
  const port = `${server.address.port}`;
  await using client = start(["client", "--port", port, "--lang", "en"]);
  await client.write("hi\n");
  await client.find(/reply: it has to end with a line feed, not so/, "stderr");
  assertEquals((await client.interrupt()).code, 130);
});

Deno.test("base64 --timeout takes seconds above zero only", async () => {
  // Nobody listens there: it is refused before anything is connected.
  const client = ["client", "--port", "9", "--unframed"];
  await Promise.all(["0", "-1", "soon", "", "1e9"].map(async (value) => {
    const { code, stdout, stderr } = await run(
      [...client, `--timeout=${value}`],
    );
    assertEquals([code, stdout], [2, ""]);
    assertMatch(
      stderr,
      /^Option --timeout must be seconds, more than 0 and up to 86400: .*\n\nLesson 7: .*\n\nUsage/,
    );
  }));
});

/** What a good client sees, framed or not. */
async function assertAnswers(address: Deno.ConnectOptions): Promise<void> {
  using conn = await Deno.connect(address);
  await conn.write(encode("5L2g5aW9\n"));
  const buffer = new Uint8Array(100);
  const n = await within("an answer", conn.read(buffer));
  assertEquals(decode(buffer.subarray(0, n ?? 0)).trimEnd(), "5L2g5aW9");
}

/** Breaks the connection: at once, after half a message, after the answer. */
async function reset(
  { hostname = "", port }: Deno.ConnectOptions,
  stage: number,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const client = connect({ host: hostname, port });
  client.on("error", reject);
  client.on("close", () => resolve());
  client.on("connect", () => {
    if (stage % 3 === 0) client.resetAndDestroy();
    else if (stage % 3 === 1) client.write("aGk=\n");
    else client.write("aG", () => client.resetAndDestroy());
  });
  client.on("data", () => client.resetAndDestroy());
  await within("a reset", promise);
}

/** Serves one client: reads so many bytes, sends an answer, and closes. */
async function answerOnce(
  listener: Deno.TcpListener,
  reply: string,
  count: number,
): Promise<void> {
  using conn = await within("a client", listener.accept());
  const buffer = new Uint8Array(count);
  for (let n = 0; n < count;) {
    const reading = conn.read(buffer.subarray(n));
    n += await within("a message", reading) ?? count;
  }
  if (reply !== "") await conn.write(encode(reply));
}
