/** What every lesson promises on the command line, kept by tcp_echo. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { encode } from "../lessons/_bytes.ts";
import { LANGUAGES, type Text } from "../lessons/_languages.ts";
import {
  answer,
  closeAll,
  connectMany,
  findUnusedPort,
  readPiece,
} from "./_conns.ts";
import { assertFails, assertPrints, assertRefuses } from "./_endings.ts";
import {
  assertClosesAtCtrlC,
  assertFailsWhenLeft,
  assertPrintsAtOnce,
} from "./_ends.ts";
import {
  DIALECTS,
  findLesson,
  type Outcome,
  type Process,
  together,
  within,
} from "./_process.ts";
import { NO_IPV6, NO_SHELL, testUnless } from "./_unless.ts";

const lesson = findLesson("tcp_echo");
const { run, runClient, start, startClient, startInShell, startServer } =
  lesson;

// ## The demo

const PICTURE = `
  client                    listener                  conn
                            | bind, listen
  | connect --------------->|
  | sendall(你好) ----------------------------------->.
  |                         | accept ---------------->| THIRD
  | shutdown(SHUT_WR) ------------------------------->|
  |                         |                         | recv: 你好, end
  | recv: 你好 <--------------------------------------| sendall
  | recv: end <---------------------------------------| close
`;

for (const [dialect, args] of DIALECTS) {
  Deno.test(`tcp_echo demo in ${dialect} shows whose address is whose`, async () => {
    const { stdout } = await run(args);
    const addresses = [...stdout.matchAll(/^ +(\w+)\.\S+ +(\S+:\d+)$/gm)]
      .map(([, name, address]) => `${name} ${address}`);
    const [listener, , , client] = addresses.map((each) => each.split(" ")[1]);
    assertEquals(addresses, [
      `listener ${listener}`,
      `conn ${listener}`,
      `conn ${client}`,
      `client ${client}`,
    ]);
    assert(listener !== client);
  });
}

Deno.test("tcp_echo demo draws sockets, and shows what fails, in each language", async () => {
  const third: Text = { en: "the third socket", zh: "第三个套接字" };
  await together(LANGUAGES, async (language) => {
    const { stdout } = await run(["--lang", language]);
    const picture = PICTURE.replace("THIRD", third[language]);
    assert(stdout.includes(picture), stdout);
    // A listener can do none of it; and then the port is wrong.
    assertEquals(
      [...stdout.matchAll(/^ +(\S+) +(\w+Error: \[Errno)/gm)]
        .map(([, call, error]) => `${call} ${error}`),
      [
        "listener.getpeername() OSError: [Errno",
        "listener.recv(1024) OSError: [Errno",
        "listener.sendall(…) BrokenPipeError: [Errno",
        "connect ConnectionRefusedError: [Errno",
      ],
    );
  });
});

// ## Languages and usage

Deno.test("Text lacking a language does not compile", () => {
  // @ts-expect-error There is no Chinese.
  const text: Text = { en: "hello" };
  assert(text);
});

Deno.test("tcp_echo --help prints the usage in the reader's language", async () => {
  const english = /^Lesson 1.*\n\nUsage: deno run -A lessons\/tcp_echo\.ts/;
  const chinese = /^第 1 课.*\n\n用法：deno run -A lessons\/tcp_echo\.ts/;
  const unset = { LC_ALL: "", LC_MESSAGES: "", LANG: "" };
  const rows: [args: string[], env: Record<string, string>, RegExp][] = [
    [[], { LC_ALL: "C", LANG: "zh_CN.UTF-8" }, english],
    [[], { ...unset, LANG: "zh_CN.UTF-8" }, chinese],
    [[], { ...unset, LC_MESSAGES: "zh_TW", LANG: "en_GB.UTF-8" }, chinese],
    [[], { ...unset, LC_ALL: "zh_CN.UTF-8", LANG: "en_GB.UTF-8" }, chinese],
    [["--lang", "zh"], { LC_ALL: "C" }, chinese],
    [["--lang", "en"], { LC_ALL: "zh_CN.UTF-8" }, english],
    [["server", "--port", "nonsense"], {}, english],
  ];
  await together(rows, async ([args, env, usage]) => {
    const outcome = await run([...args, "--help"], { env });
    assertMatch(outcome.stdout, usage);
    assertEquals([outcome.code, outcome.stderr], [0, ""]);
  });
});

Deno.test("tcp_echo ends wrong usage with exit code 2 and the usage", async () => {
  await assertRefuses("tcp_echo", [
    [
      ["server", "--port", "70000"],
      'Option --port must be 0-65535: current value is "70000"',
    ],
    [
      ["server", "--port", "abc"],
      'Option --port must be 0-65535: current value is "abc"',
    ],
    [
      ["server", "--port"],
      'Option --port must be 0-65535: current value is ""',
    ],
    [
      ["client", "--port", "0"],
      'Option --port must be 1-65535: current value is "0"',
    ],
    [["--host="], "Option --host must not be empty"],
    [["--lang", "fr"], 'Option --lang must be en or zh: current value is "fr"'],
    [["--colour"], "Unknown option: --colour"],
    [["server", "-p", "8000"], "Unknown option: -p"],
    [["serve"], "Unknown command: serve"],
    [["server", "8000"], "Unknown command: 8000"],
    [["serve", "--lang", "zh"], "未知命令：serve"],
  ]);
});

// ## What can go wrong

for (const [dialect, args] of DIALECTS) {
  const server = `tcp_echo server in ${dialect}`;
  const client = `tcp_echo client in ${dialect}`;

  Deno.test(`${server} fails if its port is in use`, async () => {
    using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = other.addr;
    assertFails(
      await run(["server", "--port", `${port}`, ...args]),
      new RegExp(
        `^(OSError|AddrInUse): .*in use.*: 127.0.0.1:${port} \\(is a server`,
      ),
    );
  });

  Deno.test(`tcp_echo in ${dialect} fails if the host is unknown`, async () => {
    // Longer than a name may be, so that nobody has to ask a name server.
    const host = `${"x".repeat(64)}.invalid`;
    for (const command of ["server", "client"]) {
      assertFails(
        await run([command, "--host", host, ...args]),
        /^(gaierror|UnicodeError|Error|URIError): .*: x+\.invalid:8000\n$/,
      );
    }
  });

  Deno.test(`${client} fails if no server runs`, async () => {
    const port = findUnusedPort();
    assertFails(
      await runClient(port, "hello\n", args),
      new RegExp(
        `^ConnectionRefused.*refused.*: 127.0.0.1:${port} \\(is the server running\\?\\)\n$`,
      ),
    );
    assertFails(
      await runClient(port, "hello\n", [...args, "--lang", "zh"]),
      new RegExp(`: 127.0.0.1:${port}（服务器启动了吗？）\n$`),
    );
  });

  Deno.test(`${client} fails if the server closes in the middle of a line`, async () => {
    const rows: [language: string, line: string][] = [
      ["en", "The server closed the connection after 3 of 6 bytes"],
      ["zh", "回复应有 6 字节，只收到 3 字节，服务器就关闭了连接"],
      ["en", "The server closed the connection and sent no reply"],
      ["zh", "服务器已关闭连接，没有收到回复"],
    ];
    const sent = ["hel", "hel", "", ""];
    const pairs = rows.map((row, i) => [...row, sent[i] ?? ""] as const);
    await together(pairs, async ([language, line, reply]) => {
      const options = [...args, "--lang", language];
      const left = { input: "hello\n", size: 6, reply, args: options };
      await assertFailsWhenLeft(lesson, left, `ConnectionError: ${line}`);
    });
  });

  Deno.test(`${client} fails if the server has left before the next line`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await using client = startClient(listener.addr.port, args);
    await answer(listener, 0, "");
    await client.write("hello\n");
    assertFails(
      await client.outcome(),
      /^(ConnectionError|ConnectionReset|BrokenPipe).*: 127\.0\.0\.1:\d+\n$/,
    );
  });

  Deno.test(`${client} says once that a reply is no echo`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const rows: [reply: Uint8Array<ArrayBuffer>, stdout: string][] = [
      [encode("HELLO\n"), "HELLO\nHELLO\n"],
      // Nor is it one that is no text.
      [Uint8Array.of(...encode("hell"), 0xff, 10), "hell\uFFFD\nhell\uFFFD\n"],
    ];
    for (const [reply, stdout] of rows) {
      const [outcome] = await Promise.all([
        runClient(port, "hello\nworld\n", ["--lang", "en", ...args]),
        answerEach(listener, reply),
      ]);
      const stderr =
        "That is not an echo: is another lesson's server at this port?\n";
      assertEquals(outcome, { code: 0, stdout, stderr });
    }
  });

  // ## Lines

  Deno.test(`${client} prints the echo of each line, and ends with the input`, async () => {
    await using server = await startServer(args);
    const { port } = server.address;
    const long = `${"长".repeat(3_500_000)}\n`; // 10.5 MB
    const rows: [input: string, stdout: string][] = [
      ["", ""],
      ["\n", "\n"],
      [
        `\n你好\n\nworld\nfrom Windows\r\n${long}no line feed at the end`,
        `\n你好\n\nworld\nfrom Windows\n${long}no line feed at the end\n`,
      ],
      ["before\nq\nafter\n", "before\n"],
    ];
    await together(rows, async ([input, stdout]) => {
      assertPrints(await runClient(port, input, args), stdout);
    });
    const marked = await runClient(port, "\n\uFEFFa byte order mark\n", args);
    assertEquals([marked.code, marked.stderr], [0, ""]);
    await server.find(/has left, 1 byte echoed\n/, "stderr");
  });

  Deno.test(`${client} sends a line before the next one is typed`, async () => {
    await assertPrintsAtOnce(lesson, args, [["one\n", "one\n"], [
      "二\n",
      "二\n",
    ]]);
  });

  Deno.test(`tcp_echo in ${dialect} takes localhost for a host`, async () => {
    const host = ["--host", "localhost", ...args];
    await using server = start(["server", "--port", "0", ...host]);
    const outcome = await runClient(await server.port(), "hi\n", host);
    assertPrints(outcome, "hi\n");
  });

  testUnless(
    NO_IPV6,
    `tcp_echo in ${dialect} takes ::1 for a host`,
    async () => {
      const host = ["--host", "::1", ...args];
      await using server = start(["server", "--port", "0", ...host]);
      await server.find(/^listening on \[::1\]:\d+\n/);
      const outcome = await runClient(await server.port(), "hi\n", host);
      assertPrints(outcome, "hi\n");
      assertFails(
        await runClient(findUnusedPort("::1"), "hi\n", host),
        /: \[::1\]:\d+ \(is the server running\?\)\n$/,
      );
    },
  );

  // ## Ctrl-C

  Deno.test(`${server} closes everything at Ctrl-C`, async () => {
    for (const clients of [0, 3]) {
      await using server = await startServer(args);
      const conns = await connectMany(server.address, clients);
      await server.findAll(/has connected\n/, clients, "stderr");
      const { code, stderr } = await server.interrupt();
      assertEquals(code, 130);
      assertEquals(stderr.replaceAll(/.* has connected\n/g, ""), "");
      for (const conn of conns) assertEquals(await readPiece(conn), null);
      closeAll(conns);
    }
  });

  Deno.test(`${client} closes its connection at Ctrl-C`, async () => {
    // While it waits for input, and while it waits for the reply.
    await assertClosesAtCtrlC(lesson, args, [["", 0], ["hello\n", 6]]);
  });
}

// ## Standard streams

testUnless(NO_SHELL, "tcp_echo runs without standard input", async () => {
  await using server = await startServer();
  const port = `${server.address.port}`;
  await together([[], ["client", "--port", port]], async (args) => {
    const { code, stderr } = await runToEnd(
      startInShell('exec "$@" <&-', args),
    );
    assertEquals([code, stderr], [0, ""]);
  });
});

testUnless(NO_SHELL, "tcp_echo ends when nobody reads its output", async () => {
  await using server = await startServer();
  const port = `${server.address.port}`;
  const rows: [script: string, args: string[], stderr: RegExp][] = [
    ['"$@" | head -n 1', [], /^$/],
    ['"$@" | head -n 1', ["--help"], /^$/],
    ['yes | "$@" | head -n 1', ["client", "--port", port], /^$/],
    // Not one who has left, but none from the beginning.
    ['"$@" >&-', [], /^(StandardStreamError: .*\n)?$/],
  ];
  await together(rows, async ([script, args, expected]) => {
    const { stderr } = await runToEnd(startInShell(script, args));
    assertMatch(stderr, expected);
  });
});

Deno.test("tcp_echo client refuses input that is not UTF-8", async () => {
  await using server = await startServer();
  await using client = startClient(server.address.port);
  await client.write(Uint8Array.of(0xff, 0x0a));
  assertFails(
    await client.outcome(),
    /Standard input is not UTF-8, in line 1 or after it\n$/,
  );
});

async function runToEnd(started: Process): Promise<Outcome> {
  await using process = started;
  return await process.outcome();
}

/** Serves one client badly: answers so many bytes by these, whatever they are. */
async function answerEach(
  listener: Deno.TcpListener,
  reply: Uint8Array<ArrayBuffer>,
): Promise<void> {
  using conn = await within("a client", listener.accept());
  const buffer = new Uint8Array(reply.length);
  let count = 0;
  while (true) {
    const reading = conn.read(buffer.subarray(count));
    const n = await within("bytes of the client", reading);
    if (n === null) return;
    count = (count + n) % reply.length;
    if (count === 0) await conn.write(reply);
  }
}
