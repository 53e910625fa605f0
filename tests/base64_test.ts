/** The base64 lesson: its coding, its demo, and its ends in every mixture. */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Base64Error } from "../lessons/_base64_text.ts";
import { decode, encode } from "../lessons/_bytes.ts";
import { answer, decodeText, encodeText } from "../lessons/base64.ts";
import { ask, readPiece } from "./_conns.ts";
import { assertFails, assertPrints, assertRefuses } from "./_endings.ts";
import {
  assertClosesAtCtrlC,
  assertFailsWhenLeft,
  assertTalksWithPython,
} from "./_ends.ts";
import { sendBadGuests } from "./_hostile.ts";
import { NO_NC, NO_PYTHON, runNc, runPython, startPython } from "./_peers.ts";
import { DIALECTS, findLesson, runProcess, together } from "./_process.ts";
import { testUnless } from "./_unless.ts";

/** What each end says of its messages. */
const GREETING =
  /^(each message is a line of base64|一次 recv 当作一条消息（--unframed）|one recv is taken for one message \(--unframed\)|每条消息是一行 base64)\n/;

const lesson = findLesson("base64", GREETING);
const { run, runClient, startClient, startServer } = lesson;

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

/** What clients are given; with a line too long for one piece if lines end. */
const SHORT = "hello\n你好，世界\n😀\n";
const INPUT = `hello\n\n你好，世界\n${"长".repeat(200_000)}\nlast\n`;

for (const [dialect, args] of DIALECTS) {
  const server = `base64 server in ${dialect}`;
  const client = `base64 client in ${dialect}`;

  Deno.test(`${server} answers the clients of both dialects`, async () => {
    await using server = await startServer(args);
    const { port } = server.address;
    await together(DIALECTS, async ([, clientArgs]) => {
      const input = `${INPUT}q\nafter\n`;
      assertPrints(await runClient(port, input, clientArgs), INPUT);
    });
    await server.findAll(/has left, 5 messages answered\n/, 2, "stderr");
    assertEquals((await server.interrupt()).code, 130);
  });

  testUnless(NO_PYTHON, `${server} answers CPython`, async () => {
    await using server = await startServer([...args, "--lang", "zh"]);
    const port = `${server.address.port}`;
    assertPrints(await runPython("base64_client.py", [port], INPUT), INPUT);
    await server.find(/已离开，回复了 5 条消息\n/, "stderr");
  });

  testUnless(NO_PYTHON, `${client} talks with CPython`, async () => {
    const talk = { input: INPUT, args };
    await assertTalksWithPython(lesson, ["base64_server.py"], talk);
  });

  testUnless(NO_NC, `${server} tells nc what is not base64`, async () => {
    await using server = await startServer(args);
    assertPrints(
      await runNc(
        server.address,
        "5L2g5aW9\nhello!\n\naGk\naGk=\r\n/w==\nlast",
      ),
      "5L2g5aW9\n" +
        'error: Not base64: "hello!"\n' +
        "\n" +
        'error: Not base64: "aGk"\n' +
        "aGk=\n" +
        'error: Base64, but not of UTF-8: "/w=="\n',
    );
    // The last line has no end.
    await server.find(
      /is gone: FrameError: Stream ends inside a message, 4 bytes into it\n/,
      "stderr",
    );
  });

  // ## As the notes have it

  Deno.test(`${server} answers unframed clients of both dialects`, async () => {
    await using server = await startServer([...args, "--unframed"]);
    const { port } = server.address;
    const [long, longest] = ["x".repeat(385), "x".repeat(384)];
    const input = `${SHORT}\n${long}\n${longest}\nq\nafter\n`;
    await together(DIALECTS, async ([, clientArgs]) => {
      const args = ["--unframed", ...clientArgs];
      assertEquals(await runClient(port, input, args), {
        code: 0,
        stdout: `${SHORT}${longest}\n`,
        stderr: "not sent: an empty line is no bytes, so the server would " +
          "not hear of it\n" +
          "not sent: 516 bytes of base64, one recv takes 512\n",
      });
    });
    // What is glued or cut gets an answer, too, and harms nobody.
    using conn = await Deno.connect(server.address);
    const rows: [sent: string, answer: string][] = [
      ["aGk=Ynll", 'error: Not base64: "aGk=Ynll"'],
      ["5L2g5a", 'error: Not base64: "5L2g5a"'],
      ["aGk=", "aGk="],
    ];
    for (const [sent, expected] of rows) {
      await conn.write(encode(sent));
      assertEquals(decode((await readPiece(conn))!), expected);
    }
    assertEquals((await server.interrupt()).code, 130);
  });

  testUnless(
    NO_PYTHON,
    `${server} answers the client of the notes, one after the other`,
    async () => {
      await using server = await startServer([...args, "--unframed"]);
      const port = `${server.address.port}`;
      for (let i = 0; i < 2; i++) {
        const notes = runPython("notes_base64_client.py", [port], SHORT);
        assertPrints(await notes, SHORT);
      }
      await server.findAll(/has left, 3 messages answered\n/, 2, "stderr");
    },
  );

  testUnless(
    NO_PYTHON,
    `${client} gives up waiting for the server of the notes`,
    async () => {
      await using server = startPython("notes_base64_server.py");
      const language = args.length === 0 ? "en" : "zh";
      const line = {
        en: "No answer within 0.2 s. Was the server started with --unframed?",
        zh: "0.2 秒内没有回复。服务器是用 --unframed 启动的吗？",
      };
      const unframed = ["--unframed", "--timeout", "0.2", "--lang", language];
      assertFails(
        await runClient(await server.port(), "你好\nnever sent\n", [
          ...unframed,
          ...args,
        ]),
        new RegExp(
          `^ConnectionError: ${
            RegExp.escape(line[language])
          }.*(: |（)127\\.0\\.0\\.1:\\d+）?\n$`,
        ),
      );
      const outcome = await server.outcome();
      assertMatch(outcome.stdout, /\nb'\\xe4\\xbd\\xa0\\xe5\\xa5\\xbd'\r?\n$/);
      assertEquals(outcome.code, 0);
    },
  );

  // ## Bad peers

  Deno.test(`${server} survives resets, silence, garbage and 100 at once`, async () => {
    // What has no frames is the same program in both dialects, but for its end.
    for (const more of args.length === 0 ? [[], ["--unframed"]] : [[]]) {
      await using server = await startServer([...args, ...more], {
        isQuiet: true,
      });
      const { address } = server;
      const guests = {
        message: "5L2g5aW9\n",
        halves: ["aG"],
        floods: [`${"aGkh".repeat(2500)}\n`],
      };
      await sendBadGuests(address, guests, async () => {
        // Framed or not.
        const reply = await ask(address, "5L2g5aW9\n");
        assertEquals(reply.trimEnd(), "5L2g5aW9");
      });
      assertEquals((await server.interrupt()).code, 130);
    }
  });

  Deno.test(`${client} fails if the server answers with nonsense or not at all`, async () => {
    const rows: [more: string[], size: number, reply: string, line: string][] =
      [
        [[], 5, "aG", "FrameError: Stream ends inside a message, 2 bytes.*"],
        [[], 5, "hello!\n", 'Base64Error: Not base64: "hello!".*'],
        [
          ["--unframed"],
          4,
          "",
          "ConnectionError: The server closed .* and sent no reply",
        ],
      ];
    await together(rows, async ([more, size, reply, line]) => {
      const left = { input: "hi\n", size, reply, args: [...args, ...more] };
      await assertFailsWhenLeft(lesson, left, line);
    });
  });

  // With frames in one dialect, without them in the other.
  Deno.test(`${client} ends at Ctrl-C, also while it waits for an answer`, () =>
    args.length === 0
      ? assertClosesAtCtrlC(lesson, args, [["hi\n", 5]])
      : assertClosesAtCtrlC(lesson, [...args, "--unframed"], [["hi\n", 4]]));
}

testUnless(
  NO_PYTHON,
  "base64: the server of the notes ends at half a message",
  async () => {
    await using server = startPython("notes_base64_server.py");
    const address = { hostname: "127.0.0.1", port: await server.port() };
    using conn = await Deno.connect(address);
    await conn.write(encode("5L2g5a"));
    const { code, stderr } = await server.outcome();
    assertEquals(code, 1);
    assertMatch(stderr, /binascii\.Error: Incorrect padding\s*$/);
  },
);

Deno.test("base64 ends say what a message is, and the client what it waits for", async () => {
  await using server = await startServer(["--unframed"]);
  await server.find(/^one recv is taken .*\n/, "stderr");
  await using client = startClient(server.address.port);
  await client.find(/^each message is a line of base64\n/, "stderr");
  await client.write("hi\n");
  await client.find(/reply: it has to end with a line feed, not so/, "stderr");
  assertEquals((await client.interrupt()).code, 130);
});

Deno.test("base64 --timeout takes seconds above zero only", async () => {
  // It is refused before anything is connected: nobody listens there.
  const client = ["client", "--port", "9", "--unframed"];
  await assertRefuses(
    "base64",
    ["0", "-1", "soon", "", "1e9"].map((value) => [
      [...client, `--timeout=${value}`],
      /^Option --timeout must be seconds, more than 0 and up to 86400: /,
    ]),
  );
});
