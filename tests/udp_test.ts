/** What the lesson on UDP promises: its demo, its server and its client. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { decode, encode } from "../lessons/_bytes.ts";
import * as socket from "../mod.ts";
import { assertFails, assertPrints, assertRefuses } from "./_endings.ts";
import { assertPythonFinds, assertTalksWithPython } from "./_ends.ts";
import { NO_NC, NO_PYTHON, runPython } from "./_peers.ts";
import {
  findLesson,
  type Outcome,
  Process,
  runProcess,
  together,
} from "./_process.ts";
import { NO_IPV6, NO_LINUX, testUnless } from "./_unless.ts";

const lesson = findLesson("udp");
const { run, start, startClient, startServer } = lesson;

const IS_LINUX = Deno.build.os === "linux";

/** What a client is told that gets the echo of everything, and waits for it. */
const PATIENCE = ["--timeout", "10"];

/** A socket of the test's own, which does not wait for ever. */
function createSocket(host = "127.0.0.1", port = 0): socket.Socket {
  const family = host.includes(":") ? socket.AF_INET6 : socket.AF_INET;
  const sock = socket.socket(family, socket.SOCK_DGRAM);
  sock.settimeout(20);
  sock.bind([host, port]);
  return sock;
}

/** A client that gets the echo of everything, and waits for it patiently. */
async function runClient(
  port: number,
  input: string,
  args: readonly string[] = [],
): Promise<Outcome> {
  return await lesson.runClient(port, input, [...PATIENCE, ...args]);
}

// ## The demo

Deno.test("udp demo shows what a datagram is, by running it", async () => {
  const { stdout } = await run(["--lang", "en"]);
  for (
    const fact of [
      /sender\.getsockname\(\) +0\.0\.0\.0:0\n.*\n.* +0\.0\.0\.0:[1-9]/,
      /\| b'one' \| b'two' \| b'three' \|/,
      /\| b'onetwothree' \|/,
      /MSG_TRUNC +true\n +receiver\.recv\(1024\) +b'next'\n/,
      /recvfrom\(1024\) +\(b'', \('127\.0\.0\.1', \d+\)\)\n.*\(b'x', /,
      /TypeError: a bytes-like object is required, not 'str'/,
      /PermissionError: \[Errno \d+\] Permission denied/,
      /tcp\.getsockname\(\) +(\S+)\n +udp\.getsockname\(\) +\1\n/,
      /\(b'I am the server', .*\n.*\(b'hello', /,
      /Loss: 3 of 10, 30 %/,
      /got 7 replies, but the server has served 8/,
    ]
  ) assertMatch(stdout, fact);
  const [sent = 0, kept = 0] = [...stdout.matchAll(/ ([\d,]{6,}) bytes/g)]
    .slice(-2).map(([, count = ""]) => Number(count.replaceAll(",", "")));
  assertEquals(sent, 9_000_000);
  assert(kept > 0 && kept <= sent && kept % 9000 === 0, `${kept} bytes kept`);
  if (!IS_LINUX) return;
  assertMatch(stdout, /sendto\(65,507 bytes\) +65,507\n/);
  assertMatch(stdout, /sendto\(65,508 bytes\) +OSError: .* Message too long\n/);
  assertMatch(stdout, /recv\(1024\) +ConnectionRefusedError: \[Errno 111\]/);
  assertMatch(stdout, /receiver\.receive\(…\) +1,024, /);
});

Deno.test("udp demo does without --unstable-net, and says so", async () => {
  const code = 'delete Deno["listenDatagram"];' +
    'const { LESSON } = await import("./lessons/udp.ts");' +
    'const { runLesson } = await import("./lessons/_run.ts");' +
    'await runLesson(LESSON, ["--lang", "en"]);';
  const outcome = await runProcess(Deno.execPath(), ["eval", code]);
  assertEquals([outcome.code, outcome.stderr], [0, ""]);
  assertMatch(outcome.stdout, /needs --unstable-net/);
  assertMatch(outcome.stdout, /Loss: 3 of 10/);
});

Deno.test("udp demo does without --allow-ffi: then nobody refuses", async () => {
  const denoArgs = ["--no-prompt", "--allow-net"];
  const outcome = await run([], { denoArgs });
  assertEquals([outcome.code, outcome.stderr], [0, ""]);
  assertMatch(
    outcome.stdout,
    /connected\.recv\(1024\) +TimeoutError: timed out/,
  );
});

// ## Usage

Deno.test("udp refuses options that make no sense", async () => {
  await assertRefuses("udp", [
    [
      ["server", "--drop", "some"],
      'Option --drop must be a whole number: current value is "some"',
    ],
    [
      ["server", "--drop=-1"],
      'Option --drop must be a whole number: current value is "-1"',
    ],
    [
      ["client", "--tries", "0"],
      'Option --tries must be a whole number from 1: current value is "0"',
    ],
    [
      ["client", "--timeout", "0.0"],
      "Option --timeout must be seconds, more than 0 and up to 86400: " +
      'current value is "0.0"',
    ],
    [
      ["client", "--timeout", "1e9", "--lang", "zh"],
      "选项 --timeout 必须是大于 0、不超过 86400 的秒数，而不是“1e9”",
    ],
  ]);
});

Deno.test("udp server fails if its port is in use", async () => {
  using other = createSocket();
  const [, port] = other.getsockname();
  assertFails(
    await run(["server", "--port", `${port}`]),
    new RegExp(`^OSError: .*in use: 127\\.0\\.0\\.1:${port} \\(is a .*\n$`),
  );
});

Deno.test("udp server shares its port number with a TCP server", async () => {
  using listener = socket.create_server(["127.0.0.1", 0]);
  const port = `${listener.getsockname()[1]}`;
  await using server = start(["server", "--port", port]);
  assertEquals(await server.port(), Number(port));
});

// ## Lines

Deno.test("udp client prints the echo of each line, and ends with the input", async () => {
  await using server = await startServer();
  const { port } = server.address;
  const longest = "x".repeat(IS_LINUX ? 65_507 : 9_000);
  const rows: [input: string, stdout: string][] = [
    ["", ""],
    [`你好\n\nsame\nsame\r\n${longest}\nno line feed`, ""],
    ["before\nq\nafter\n", "before\n"],
  ];
  rows[1]![1] = `你好\n\nsame\nsame\n${longest}\nno line feed\n`;
  await together(rows, async ([input, stdout]) => {
    assertPrints(await runClient(port, input), stdout);
  });
  await server.find(/^127\.0\.0\.1:\d+: 0 bytes echoed$/m, "stderr");
});

Deno.test("udp client goes on after a line that is too long for a datagram", async () => {
  await using server = await startServer();
  const { port } = server.address;
  const input = `${"长".repeat(21_836)}\nnext\n`;
  assertEquals(await runClient(port, input), {
    code: 1,
    stdout: "next\n",
    stderr: "a line of 65,508 bytes does not fit into a datagram: " +
      `OSError: [Errno ${socket.errno.EMSGSIZE}] Message too long\n`,
  });
});

testUnless(NO_IPV6, "udp takes ::1 for a host", async () => {
  const host = ["--host", "::1"];
  await using server = start(["server", "--port", "0", ...host]);
  await server.find(/^listening on \[::1\]:\d+\n/);
  assertPrints(await runClient(await server.port(), "hi\n", host), "hi\n");
});

// ## Loss

Deno.test("udp client asks again for the reply that --drop drops, and is served twice", async () => {
  await using server = await startServer(["--drop", "2", "--lang", "zh"]);
  const { port } = server.address;
  const patience = ["--timeout", "0.2", "--tries", "9"];
  const { code, stdout, stderr } = await runClient(port, "一\n二\n三\n", [
    ...patience,
    ...["--lang", "zh"],
  ]);
  assertEquals([code, stdout], [0, "一\n二\n三\n"]);
  assertMatch(stderr, /^0\.2 秒内没有回复，重发（第 2 次，共 9 次）$/m);
  const [, twice] = await server.findAll(
    /^127\.0\.0\.1:\d+：3 字节，(.*)$/m,
    5,
    "stderr",
  );
  assertEquals(twice?.[1], "已处理，但丢弃了回复");
});

Deno.test("udp client goes on without a reply, and fails in the end", async () => {
  await using server = await startServer(["--drop", "1"]);
  const { port } = server.address;
  const patience = ["--timeout", "0.05", "--tries", "2"];
  assertEquals(await runClient(port, "one\ntwo\n", patience), {
    code: 1,
    stdout: "",
    stderr: "no reply within 0.05 s, sending again (try 2 of 2)\n" +
      "no reply within 0.05 s, giving up this line\n" +
      "no reply within 0.05 s, sending again (try 2 of 2)\n" +
      "no reply within 0.05 s, giving up this line\n" +
      `ConnectionError: 2 of 2 lines without a reply: 127.0.0.1:${port}\n`,
  });
});

testUnless(
  NO_LINUX,
  "udp client fails at once if the system refuses",
  async () => {
    // It takes its peer's datagrams only, and nobody else can have its port.
    using connected = createSocket();
    await connected.connect(["127.0.0.1", 9]);
    const port = connected.getsockname()[1];
    assertFails(
      await runClient(port, "hello\n"),
      new RegExp(`^ConnectionRefusedError: .*:${port} \\(is the server .*\n$`),
    );
  },
);

/** A port that no datagram socket has. */
function findUnusedPort(): number {
  using sock = createSocket();
  return sock.getsockname()[1];
}

// ## Strangers and latecomers

for (const more of [[], ["--deny-ffi"]]) {
  const name = ["udp client", ...more].join(" with ");
  Deno.test(`${name} ignores strangers and late replies`, async () => {
    using server = createSocket();
    using stranger = createSocket();
    const patience = ["--timeout", "0.2", "--tries", "99"];
    const options = { denoArgs: ["-A", ...more] };
    const port = server.getsockname()[1];
    await using client = startClient(port, patience, options);

    // Two copies of one line have two replies, of which one is late.
    await client.write("one\n");
    await receive(server, "one");
    const address = await receive(server, "one");
    for (let i = 0; i < 2; i++) await server.sendto(encode("one"), address);
    await client.find(/^one\n$/);

    // It asks again, so that the stranger's was not the reply.
    await client.write("two\n");
    await receive(server, "two");
    await stranger.sendto(encode("two"), address);
    await receive(server, "two");
    await server.sendto(encode("two"), address);
    await client.find(/^one\ntwo\n$/);

    await client.endInput();
    const { code, stdout, stderr } = await client.outcome();
    assertEquals([code, stdout], [0, "one\ntwo\n"]);
    assertMatch(stderr, /^ignored 3 bytes: "one" \(this client takes only an/m);
    assertMatch(
      stderr,
      /^no reply within 0\.2 s, sending again \(try 2 of 99/m,
    );
  });
}

/** Receives until that text comes, and returns from where it came. */
async function receive(
  sock: socket.Socket,
  text: string,
): Promise<socket.InetAddress> {
  while (true) {
    const [data, address] = await sock.recvfrom(65_535);
    if (decode(data) === text) return address;
  }
}

// ## A server among clients that do everything wrong

Deno.test("udp server survives floods, and clients that have left", async () => {
  await using server = await startServer();
  const { port } = server.address;
  const address = ["127.0.0.1", port] as const;
  // It has its port before the others have theirs: it could get one of those, and
  // with it what the server still sends there.
  using client = await createClient(port);
  for (let wave = 0; wave < 5; wave++) {
    const crowd = Array.from({ length: 20 }, () => createSocket());
    for (let i = 0; i < 400; i++) {
      const size = Math.floor(Math.random() * 2000) * (i % 3);
      const data = crypto.getRandomValues(new Uint8Array(size));
      await crowd[i % crowd.length]!.sendto(data, address);
    }
    // They leave unheard what comes back: it finds nobody.
    for (const sock of crowd) sock.close();
  }
  await assertEchoes(client);
  assertEquals((await server.interrupt()).code, 130);
});

testUnless(
  NO_LINUX,
  "udp server does not play ping-pong with another one",
  async () => {
    await using server = await startServer();
    const { port } = server.address;
    // The other server has the same port on another of this computer's addresses.
    using other = createSocket("127.0.0.2", port);
    await other.sendto(encode("ping"), ["127.0.0.1", port]);
    await server.find(/^127\.0\.0\.2:\d+: 4 bytes not echoed/m, "stderr");
    using client = await createClient(port);
    await assertEchoes(client);
    other.setblocking(false);
    const nothing = await other.recv(1).catch((error) => error);
    assert(nothing instanceof socket.BlockingIOError);
  },
);

/** A client that takes only what comes from the server. */
async function createClient(port: number): Promise<socket.Socket> {
  const sock = createSocket();
  await sock.connect(["127.0.0.1", port]);
  return sock;
}

/** What a good client sees. It asks again, since a full queue drops. */
async function assertEchoes(sock: socket.Socket): Promise<void> {
  const data = crypto.getRandomValues(new Uint8Array(9000));
  sock.settimeout(1);
  for (let i = 0; i < 20; i++) {
    await sock.send(data);
    try {
      assertEquals(await sock.recv(65_535), data);
      return;
    } catch (error) {
      if (!(error instanceof socket.TimeoutError)) throw error;
    }
  }
  throw new Error("The server echoes no more");
}

// ## Ctrl-C

Deno.test("udp client ends at Ctrl-C, while it waits for input or a reply", async () => {
  using server = createSocket();
  const port = server.getsockname()[1];
  for (const isAnswered of [true, false]) {
    await using client = startClient(port, PATIENCE);
    await client.write("hello\n");
    const address = await receive(server, "hello");
    if (isAnswered) {
      await server.sendto(encode("hello"), address);
      await client.find(/hello\n/);
    }
    const { code, stderr } = await client.interrupt();
    assertEquals([code, stderr], [130, ""]);
  }
});

// ## Peers

testUnless(
  NO_PYTHON,
  "udp server sends CPython every datagram back",
  async () => {
    await using server = await startServer();
    await assertPythonFinds(server.address, "udp_client.py", [
      "1 byte",
      "Chinese text",
      "an empty datagram",
      "65507 bytes",
      "each by itself",
      "100 clients at once",
    ]);
  },
);

testUnless(
  NO_PYTHON,
  "udp server talks with the client of the notes",
  async () => {
    await using server = await startServer();
    const port = `${server.address.port}`;
    const notes = runPython(
      "notes_udp_client.py",
      [port],
      "hello\n\n你好\nq\n",
    );
    assertPrints(
      await notes,
      "b'hello'\nb''\nb'\\xe4\\xbd\\xa0\\xe5\\xa5\\xbd'\n",
    );
  },
);

testUnless(NO_PYTHON, "udp client talks with CPython's server", async () => {
  const input = `hello\n\n你好，世界\n${"x".repeat(9000)}\n`;
  const talk = { input, args: PATIENCE };
  await assertTalksWithPython(lesson, ["udp_echo_server.py"], talk);
});

testUnless(NO_NC, "udp server sends nc every line back", async () => {
  await using server = await startServer();
  const port = `${server.address.port}`;
  await using client = new Process("nc", ["-u", "127.0.0.1", port]);
  for (const text of ["hello\n", "你好\n"]) {
    await client.write(text);
    await client.find(new RegExp(`${text}$`));
  }
});

testUnless(
  NO_NC,
  "udp client talks with nc, which echoes by hand",
  async () => {
    const port = findUnusedPort();
    const address = ["127.0.0.1", `${port}`];
    await using server = new Process("nc", ["-u", "-v", "-l", ...address]);
    await server.find(/Bound on/, "stderr");
    await using client = startClient(port, ["--tries", "99"]);
    await client.write("你好\n");
    await server.find(/你好/);
    await server.write("你好");
    await client.find(/^你好\n$/);
  },
);
