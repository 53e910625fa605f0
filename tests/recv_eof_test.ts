/** The lesson about what recv returns, and where a stream ends. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Bytes, encode } from "../lessons/_bytes.ts";
import { answer, ask, reset } from "./_clients.ts";
import { NO_NC, NO_PYTHON, peer } from "./_peers.ts";
import {
  findLesson,
  Process,
  runProcess,
  testUnless,
  within,
} from "./_process.ts";

const { run, start, startServer } = findLesson("recv_eof");

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
  using _silent = await Deno.connect(address);
  using deaf = await Deno.connect(address);
  const writing = writeForEver(deaf);
  for (const text of ["", "half a lin", "line\nline\n"]) {
    await Promise.all(Array.from({ length: 20 }, () => reset(address, text)));
    assertEquals(
      await ask(address, "好\n"),
      "3 bytes\nend after 4 bytes, line feeds included\n",
    );
  }
  const replies = await Promise.all(
    Array.from({ length: 200 }, () => ask(address, "o", "ne\ntw", "o")),
  );
  for (const reply of replies) {
    assertEquals(reply, "3 bytes\nend after 7 bytes, line feeds included\n");
  }
  deaf.close();
  await writing;
  const size = 8 * 1024 * 1024;
  const endless = new Uint8Array(size);
  assertEquals(
    await ask(address, endless),
    `end after ${size} bytes, line feeds included\n`,
  );
  await server.find(/已离开，收到 4 字节\n/, "stderr");
  assertEquals((await server.interrupt()).code, 130);
});

/** Sends lines, and receives no reply, until the connection is closed. */
async function writeForEver(conn: Deno.Conn): Promise<void> {
  const data = encode("x\n".repeat(10_000));
  try {
    while (true) await conn.write(data);
  } catch (error) {
    if (error instanceof Deno.errors.Interrupted) return;
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

testUnless(
  NO_PYTHON,
  "recv_eof server answers CPython, which sends byte by byte and half-closes",
  async () => {
    await using server = await startServer();
    const client = [peer("cut_client.py"), String(server.address.port)];
    assertEquals(await runProcess("python3", client, "你好\n\nno line feed"), {
      code: 0,
      stdout: "6 bytes\n0 bytes\nend after 20 bytes, line feeds included\n",
      stderr: "",
    });
  },
);

testUnless(NO_NC, "recv_eof server answers nc, which half-closes", async () => {
  await using server = await startServer();
  const client = ["-N", "127.0.0.1", String(server.address.port)];
  assertEquals(
    await runProcess("nc", client, "你好\n".repeat(1000)),
    {
      code: 0,
      stdout: "6 bytes\n".repeat(1000) +
        "end after 7000 bytes, line feeds included\n",
      stderr: "",
    },
  );
});

// ## The client

const INPUT = "hello\n\n你好\nfrom Windows\r\n";
const OUTPUT =
  "5 bytes\n0 bytes\n6 bytes\n12 bytes\nend after 27 bytes, line feeds included\n";

Deno.test("recv_eof client half-closes at the end and at q, and prints what comes", async () => {
  await using server = await startServer();
  const args = ["client", "--port", `${server.address.port}`];
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
  await Promise.all(rows.map(async ([input, stdout]) => {
    assertEquals(await run(args, { input }), { code: 0, stdout, stderr: "" });
  }));
});

Deno.test("recv_eof client prints a reply before the next line is typed", async () => {
  await using server = await startServer();
  await using client = start(["client", "--port", `${server.address.port}`]);
  await client.write("one\n");
  await client.find(/^3 bytes\n$/);
  await client.write("\n");
  await client.find(/^3 bytes\n0 bytes\n$/);
  await client.endInput();
  assertEquals(await client.outcome(), {
    code: 0,
    stdout: "3 bytes\n0 bytes\nend after 5 bytes, line feeds included\n",
    stderr: "",
  });
});

testUnless(
  NO_PYTHON,
  "recv_eof client talks with CPython, which replies byte by byte",
  async () => {
    const python = [peer("line_server.py"), "count"];
    await using server = new Process("python3", python);
    const args = ["client", "--port", `${await server.port()}`];
    const outcome = await run(args, { input: INPUT });
    assertEquals(outcome, { code: 0, stdout: OUTPUT, stderr: "" });
  },
);

testUnless(
  NO_NC,
  "recv_eof client talks with nc, which answers by hand, also after the end",
  async () => {
    const listen = ["-N", "-v", "-l", "127.0.0.1", "0"];
    await using server = new Process("nc", listen);
    const [, port = ""] = await server.find(/(\d+)\s*$/m, "stderr");
    await using client = start(["client", "--port", port]);
    await client.write("4\n");
    await server.find(/^4\n$/);
    await server.write("四\n");
    await client.find(/^四\n$/);
    await client.endInput();
    await server.write("再见\nno line feed");
    await server.endInput();
    assertEquals(await client.outcome(), {
      code: 0,
      stdout: "四\n再见\nno line feed\n",
      stderr: "",
    });
  },
);

Deno.test("recv_eof client fails in one line if a reply is none", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `127.0.0.1:${listener.addr.port}`;
  const rows: [input: string, reply: Bytes, line: string][] = [
    ["hi\n", encode("2 b"), "The server closed the connection after 3 bytes"],
    ["hi\n", encode("好").slice(1), "The server closed the connection after 2"],
    [
      "",
      Uint8Array.of(0xff),
      "The server's reply is not UTF-8 text, or too long (1 byte)",
    ],
  ];
  for (const [input, reply, line] of rows) {
    const args = ["client", "--port", `${listener.addr.port}`, "--lang", "en"];
    const [{ code, stdout, stderr }] = await Promise.all([
      run(args, { input }),
      answer(listener, 3, reply),
    ]);
    assertEquals([code, stdout], [1, ""]);
    assert(stderr.startsWith(`ConnectionError: ${line}`), stderr);
    assert(stderr.endsWith(`: ${address}\n`), stderr);
    assertEquals(stderr.trim().split("\n").length, 1, stderr);
  }
});

Deno.test("recv_eof client closes its connection at Ctrl-C", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  // While it waits for a reply, then while it waits for the end.
  for (const input of ["hello\n", ""]) {
    await using client = start(["client", "--port", `${listener.addr.port}`]);
    using conn = await within("a client", listener.accept());
    if (input === "") await client.endInput();
    else await client.write(input);
    const read = () => within("the client", conn.read(new Uint8Array(9)));
    assertEquals(await read(), input === "" ? null : 6);
    const outcome = await client.interrupt();
    assertEquals(outcome, { code: 130, stdout: "", stderr: "" });
    assertEquals(await read(), null);
  }
});
