/** What every lesson promises on the command line, kept by tcp_echo. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { encode } from "../lessons/_bytes.ts";
import { LANGUAGES, type Text } from "../lessons/_languages.ts";
import {
  DIALECTS,
  findLesson,
  type Outcome,
  type Process,
  testUnless,
  within,
} from "./_process.ts";

const { run: runLesson, start: startLesson, startInShell, startServer } =
  findLesson("tcp_echo");

const NO_SHELL = Deno.build.os === "windows" ? "no POSIX shell" : undefined;
const NO_IPV6 = canListen("::1") ? undefined : "no IPv6";

function canListen(hostname: string): boolean {
  try {
    Deno.listen({ hostname, port: 0 }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  }
}

/** A failure as a lesson reports it: one line, exit code 1, no stack trace. */
function assertFails(outcome: Outcome, line: RegExp): void {
  assertMatch(outcome.stderr, line);
  assertEquals(outcome.stderr.trim().split("\n").length, 1, outcome.stderr);
  assertEquals([outcome.code, outcome.stdout], [1, ""]);
}

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
  for (const language of LANGUAGES) {
    const name = `tcp_echo demo in ${dialect} and ${language}`;
    Deno.test(`${name} ends by itself, the same each time`, async () => {
      const outcomes: Outcome[] = [];
      for (let i = 0; i < 3; i++) {
        const start = performance.now();
        const outcome = await runLesson([...args, "--lang", language]);
        assert(performance.now() - start < 5_000);
        const stdout = outcome.stdout.replaceAll(/:\d+/g, ":PORT");
        outcomes.push({ ...outcome, stdout });
      }
      const [first, ...others] = outcomes;
      assertEquals([first!.code, first!.stderr], [0, ""]);
      for (const other of others) assertEquals(other, first);
      assertEquals(/[\p{sc=Han}]{3}/u.test(first!.stdout), language === "zh");
    });
  }

  Deno.test(`tcp_echo demo in ${dialect} shows whose address is whose`, async () => {
    const { stdout } = await runLesson(args);
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

Deno.test("tcp_echo demo shows what a listener cannot do, and a wrong port", async () => {
  const { stdout } = await runLesson([]);
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

Deno.test("tcp_echo demo draws the picture in each language", async () => {
  const third: Text = { en: "the third socket", zh: "第三个套接字" };
  for (const language of LANGUAGES) {
    const { stdout } = await runLesson(["--lang", language]);
    const picture = PICTURE.replace("THIRD", third[language]);
    assert(stdout.includes(picture), stdout);
  }
});

Deno.test("tcp_echo demo needs no other permission than --allow-net", async () => {
  const denoArgs = ["--no-prompt", "--allow-net"];
  const { code, stderr } = await runLesson([], { denoArgs });
  assertEquals([code, stderr], [0, ""]);
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
  for (const [args, env, usage] of rows) {
    const outcome = await runLesson([...args, "--help"], { env });
    assertMatch(outcome.stdout, usage);
    assertEquals([outcome.code, outcome.stderr], [0, ""]);
  }
});

Deno.test("tcp_echo ends wrong usage with exit code 2 and the usage", async () => {
  const rows: [args: string[], line: string][] = [
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
  ];
  const outcomes = await Promise.all(rows.map(([args]) => runLesson(args)));
  for (const [i, { code, stdout, stderr }] of outcomes.entries()) {
    const [, line] = rows[i]!;
    assertEquals(stderr.split("\n")[0], line);
    assertMatch(stderr, /^(Usage: |用法：)deno run/m);
    assertEquals([code, stdout], [2, ""]);
  }
});

// ## What can go wrong

for (const [dialect, args] of DIALECTS) {
  const server = `tcp_echo server in ${dialect}`;
  const client = `tcp_echo client in ${dialect}`;
  const runClient = (port: number, input: string, ...more: string[]) =>
    runLesson(["client", "--port", `${port}`, ...args, ...more], { input });

  Deno.test(`${server} fails if its port is in use`, async () => {
    using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = other.addr;
    assertFails(
      await runLesson(["server", "--port", `${port}`, ...args]),
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
        await runLesson([command, "--host", host, ...args]),
        /^(gaierror|UnicodeError|Error|URIError): .*: x+\.invalid:8000\n$/,
      );
    }
  });

  Deno.test(`${client} fails if no server runs`, async () => {
    const port = findUnusedPort();
    assertFails(
      await runClient(port, "hello\n"),
      new RegExp(
        `^ConnectionRefused.*refused.*: 127.0.0.1:${port} \\(is the server running\\?\\)\n$`,
      ),
    );
    assertFails(
      await runClient(port, "hello\n", "--lang", "zh"),
      new RegExp(`: 127.0.0.1:${port}（服务器启动了吗？）\n$`),
    );
  });

  Deno.test(`${client} fails if the server closes in the middle of a line`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const rows: [language: string, line: string][] = [
      ["en", "The server closed the connection after 3 of 6 bytes"],
      ["zh", "回复应有 6 字节，只收到 3 字节，服务器就关闭了连接"],
      ["en", "The server closed the connection and sent no reply"],
      ["zh", "服务器已关闭连接，没有收到回复"],
    ];
    for (const [i, [language, line]] of rows.entries()) {
      const [outcome] = await Promise.all([
        runClient(port, "hello\n", "--lang", language),
        closeAfter(listener, 6, i < 2 ? 3 : 0),
      ]);
      const address = `127.0.0.1:${port}`;
      const expected =
        `^ConnectionError: ${line}(: ${address}|（${address}）)\n$`;
      assertFails(outcome, new RegExp(expected));
    }
  });

  Deno.test(`${client} fails if the server has left before the next line`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    await using client = startLesson(["client", "--port", `${port}`, ...args]);
    await closeAfter(listener, 0, 0);
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
        runClient(port, "hello\nworld\n", "--lang", "en"),
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
    const long = "长".repeat(3_500_000); // 10.5 MB
    const rows: [input: string, stdout: string][] = [
      ["", ""],
      ["\n", "\n"],
      ["你好\n\nworld\n", "你好\n\nworld\n"],
      ["no line feed at the end", "no line feed at the end\n"],
      ["from Windows\r\n", "from Windows\n"],
      ["before\nq\nafter\n", "before\n"],
      [`${long}\n`, `${long}\n`],
    ];
    for (const [input, stdout] of rows) {
      const outcome = await runClient(port, input);
      assertEquals([outcome.code, outcome.stderr], [0, ""]);
      assert(outcome.stdout === stdout, outcome.stdout.slice(0, 100));
    }
    const marked = await runClient(port, "\n\uFEFFa byte order mark\n");
    assertEquals([marked.code, marked.stderr], [0, ""]);
    await server.find(/has left, 1 byte echoed\n/, "stderr");
  });

  Deno.test(`${client} sends a line before the next one is typed`, async () => {
    await using server = await startServer(args);
    const port = `${server.address.port}`;
    await using client = startLesson(["client", "--port", port, ...args]);
    for (const line of ["one\n", "二\n"]) {
      await client.write(line);
      await client.find(new RegExp(`${line}$`));
    }
    await client.endInput();
    assertEquals((await client.outcome()).stdout, "one\n二\n");
  });

  Deno.test(`tcp_echo in ${dialect} takes localhost for a host`, async () => {
    const host = ["--host", "localhost", ...args];
    await using server = startLesson(["server", "--port", "0", ...host]);
    const outcome = await runClient(await server.port(), "hi\n", ...host);
    assertEquals(outcome, { code: 0, stdout: "hi\n", stderr: "" });
  });

  testUnless(
    NO_IPV6,
    `tcp_echo in ${dialect} takes ::1 for a host`,
    async () => {
      const host = ["--host", "::1", ...args];
      await using server = startLesson(["server", "--port", "0", ...host]);
      await server.find(/^listening on \[::1\]:\d+\n/);
      const outcome = await runClient(await server.port(), "hi\n", ...host);
      assertEquals(outcome, { code: 0, stdout: "hi\n", stderr: "" });
      assertFails(
        await runClient(findUnusedPort(), "hi\n", ...host),
        /: \[::1\]:\d+ \(is the server running\?\)\n$/,
      );
    },
  );

  // ## Ctrl-C

  Deno.test(`${server} closes everything at Ctrl-C`, async () => {
    for (const clients of [0, 3]) {
      await using server = await startServer(args);
      const conns: Deno.Conn[] = [];
      for (let i = 0; i < clients; i++) {
        conns.push(await Deno.connect(server.address));
      }
      await server.findAll(/has connected\n/, clients, "stderr");
      const { code, stderr } = await server.interrupt();
      assertEquals(code, 130);
      assertEquals(stderr.replaceAll(/.* has connected\n/g, ""), "");
      for (const conn of conns) {
        const end = conn.read(new Uint8Array(1));
        assertEquals(await within("the end of a connection", end), null);
        conn.close();
      }
    }
  });

  Deno.test(`${client} closes its connection at Ctrl-C`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = `${listener.addr.port}`;
    // While it waits for input, then while it waits for the reply.
    for (const input of ["", "hello\n"]) {
      await using client = startLesson(["client", "--port", port, ...args]);
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

  Deno.test(`tcp_echo demo in ${dialect} ends at Ctrl-C`, async () => {
    await using demo = startLesson(args);
    await demo.find(/1\./);
    demo.kill("SIGINT");
    const { code, stderr } = await demo.outcome();
    // It may have been at its end already.
    assert(code === 130 || code === 0, `exit code ${code}`);
    assertEquals(stderr, "");
  });
}

// ## Standard streams

testUnless(NO_SHELL, "tcp_echo runs without standard input", async () => {
  await using server = await startServer();
  const port = `${server.address.port}`;
  for (const args of [[], ["client", "--port", port]]) {
    const { code, stderr } = await runToEnd(
      startInShell('exec "$@" <&-', args),
    );
    assertEquals([code, stderr], [0, ""]);
  }
});

testUnless(NO_SHELL, "tcp_echo ends when nobody reads its output", async () => {
  await using server = await startServer();
  const port = `${server.address.port}`;
  const rows: [script: string, args: string[]][] = [
    ['"$@" | head -n 1', []],
    ['"$@" | head -n 1', ["--help"]],
    ['yes | "$@" | head -n 1', ["client", "--port", port]],
    ['"$@" >&-', []],
  ];
  for (const [script, args] of rows) {
    const { stderr } = await runToEnd(startInShell(script, args));
    assertMatch(stderr, /^(StandardStreamError: .*\n)?$/);
  }
});

Deno.test("tcp_echo client refuses input that is not UTF-8", async () => {
  await using server = await startServer();
  const args = ["client", "--port", `${server.address.port}`];
  await using client = startLesson(args);
  await client.write(Uint8Array.of(0xff, 0x0a));
  assertFails(await client.outcome(), /Standard input is not UTF-8\n$/);
});

async function runToEnd(started: Process): Promise<Outcome> {
  await using process = started;
  return await process.outcome();
}

/** A port that nobody listens at. */
function findUnusedPort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
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
