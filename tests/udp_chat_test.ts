/** What udp_chat promises: its demo, its room at a socket, and its client. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { concat, decode, encode } from "../lessons/_bytes.ts";
import * as socket from "../mod.ts";
import { assertFails, assertPrints, assertRefuses } from "./_endings.ts";
import { readMemory } from "./_memory.ts";
import { NO_NC, NO_PYTHON, runPython, startPython } from "./_peers.ts";
import {
  findLesson,
  inBothDialects,
  Process,
  together,
  within,
} from "./_process.ts";
import { NO_LINUX, NO_SHELL, testUnless } from "./_unless.ts";

const lesson = findLesson("udp_chat");
const { command, run, runClient, startClient, startInShell, startServer } =
  lesson;

/** A socket of a test's own. */
class Peer implements Disposable {
  readonly #conn = Deno.listenDatagram({
    transport: "udp",
    hostname: "127.0.0.1",
    port: 0,
  });

  get port(): number {
    return (this.#conn.addr as Deno.NetAddr).port;
  }

  async send(data: string | Uint8Array, port: number): Promise<void> {
    const bytes = typeof data === "string" ? encode(data) : data;
    const hostname = "127.0.0.1";
    await this.#conn.send(bytes, { transport: "udp", hostname, port });
  }

  /** The next datagram, and the port that it comes from. */
  async receive(): Promise<readonly [line: string, port: number]> {
    const receiving = this.#conn.receive(new Uint8Array(2048));
    const [data, from] = await within("a datagram", receiving);
    return [decode(data as never), (from as Deno.NetAddr).port];
  }

  /** Receives until a line is right, and returns that. */
  async find(regExp: RegExp): Promise<string> {
    while (true) {
      const [line] = await this.receive();
      if (regExp.test(line)) return line;
    }
  }

  /** Sends something, and returns the first answer. */
  async ask(data: string | Uint8Array, port: number): Promise<string> {
    await this.send(data, port);
    return (await this.receive())[0];
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }
}

/** A test of both dialects, which run beside each other. */
function testBoth(
  missing: string | undefined,
  name: string,
  fn: (args: readonly string[]) => Promise<void>,
): void {
  testUnless(missing, name, () => inBothDialects(fn));
}

/** A port that nobody is at. */
function findUnusedPort(): number {
  using unused = new Peer();
  return unused.port;
}

// ## The demo

Deno.test("udp_chat demo shows who waits for what, and then nobody waiting", async () => {
  const { stdout } = await run(["--lang", "en"]);
  const rows = [...stdout.matchAll(/^ {3}(\S.*?) {2,}(.+)$/gm)]
    .map(([, call, result]) => `${call} ${result}`).slice(0, 7);
  assertEquals(rows, [
    "B's screen b'\\xe4\\xbd\\xa0\\xe5\\xa5\\xbd'",
    "typed at A, unread 2",
    "select([b], [], [], 0) [b], [], []",
    "before Enter (nothing)",
    "after Enter 你好",
    "B's screen 你好, 2, 3",
    "A's screen ok",
  ]);
  assert(stdout.includes(`
  | recvfrom: ok <----------| sendto(ok)              |
  | input, sendto(2) ------>|                         |
  |                         | recvfrom: fire!         |
`));
  assertMatch(stdout, /\| 小明: 大家好 +\| 小明: 大家好 +\| 小明: 大家好 +\|/);
});

Deno.test("udp_chat in plain Deno says which flag is missing", async () => {
  const denoArgs = [
    "-A",
    "--preload=data:text/javascript,delete Deno.listenDatagram",
  ];
  const rows = [["--native"], ["client", "--native"], ["--lang", "en"]];
  const [demo, client, module] = await Promise.all(
    rows.map((args) => run(args, { denoArgs })),
  );
  for (const outcome of [demo!, client!]) {
    assertFails(outcome, /^NotSupported: .* the flag --unstable-net\n$/);
  }
  // The module itself needs no flag.
  assertEquals([module!.code, module!.stderr], [0, ""]);
});

Deno.test("udp_chat ends wrong options with exit code 2", async () => {
  const server = ["server", "--port", "0"];
  await assertRefuses("udp_chat", [
    [[...server, "--idle", "0"], /^Option --idle must be 1-999999: .* "0"$/],
    [
      [...server, "--members=", "--lang", "zh"],
      /^选项 --members 的范围是 1–999999/,
    ],
  ]);
});

// ## The client

testBoth(
  undefined,
  "udp_chat client prints what becomes of each line",
  async (args) => {
    await using server = await startServer(args);
    const { port } = server.address;
    const client = ["--name", "alice", ...args];
    const long = "长".repeat(350);
    const rows: [input: string, stdout: string][] = [
      ["hello\nq\nafter\n", "# You are alice\nalice: hello\n"],
      [
        `hello\n\n你好\r\n/name 小明\nx\ty\n${long}\n世界`,
        "# You are alice\nalice: hello\nalice: 你好\n# You are 小明\n" +
        "小明: x\\ty\n# Too long: 1,058 bytes with your name, at most 1,024. " +
        "Nobody has got it\n" +
        "小明: 世界\n",
      ],
    ];
    for (const [input, stdout] of rows) {
      assertPrints(await runClient(port, input, client), stdout);
    }
    await server.findAll(/^\S+ has left, 0 in the room\n/m, 2, "stderr");
  },
);

// These wait, and so all at once.
Deno.test("udp_chat client waits for the room: silent, or too slow for it", async () => {
  await together(
    [assertTellsSilence, assertLosesNothing],
    inBothDialects,
  );
});

async function assertTellsSilence(args: readonly string[]): Promise<void> {
  const refused =
    /^ConnectionRefusedError: .*: 127\.0\.0\.1:\d+ \(is the server running\?\)\n$/;
  const silence =
    /^ConnectionError: The room has not answered .*: 127\.0\.0\.1:\d+\n$/;
  using silent = new Peer();
  await using half = startClient(silent.port, args);
  const [, from] = await silent.receive();
  await silent.send("# You are 小明", from);
  await half.write("hello\n");
  const never = await runClient(findUnusedPort(), "hello\n", args);
  // Only Linux tells that nobody is there, and only to the module.
  const isTold = Deno.build.os === "linux" && args.length === 0;
  assertFails(never, isTold ? refused : silence);
  assertFails(await half.outcome(), silence, "# You are 小明\n");
}

async function assertLosesNothing(args: readonly string[]): Promise<void> {
  const lines = Array.from({ length: 6 }, (_, i) => `line ${i}`);
  using room = new Peer();
  await using client = startClient(room.port, args);
  const [hello, port] = await room.receive();
  assertEquals(hello, "/name");
  await room.send("# You are 小明", port);
  await client.write(lines.map((line) => `${line}\n`).join(""));
  await client.endInput();
  // To this room the first line and the last are too fast, once each.
  const tooFast = new Set([lines.at(0), lines.at(-1)]);
  const heard: string[] = [];
  while (heard.at(-1) !== "/quit") {
    const [line] = await room.receive();
    if (tooFast.delete(line)) await room.send("# Too fast: wait", port);
    else {
      heard.push(line);
      await room.send(`小明: ${line}`, port);
    }
  }
  assertEquals(heard, [...lines, "/quit"]);
  const { code, stdout } = await client.outcome();
  assertEquals([code, stdout.match(/(?<=^小明: )line \d/gm)], [0, lines]);
  assertEquals(stdout.match(/^# Too fast: /gm)?.length, 2);
}

testBoth(
  undefined,
  "udp_chat client listens to its server alone, and shows nothing harmful",
  async (args) => {
    using room = new Peer();
    using stranger = new Peer();
    await using client = startClient(room.port, args);
    const [hello, port] = await room.receive();
    assertEquals(hello, "/name");
    await stranger.send("I am the server", port);
    await room.send("# You are 小明\n", port);
    await room.send("\x1b[2J\nbob: hi", port);
    await room.send(Uint8Array.of(0xff), port);
    await room.send("", port);
    await client.find(/not UTF-8\)\n$/);
    await client.endInput();
    assertPrints(
      await client.outcome(),
      "# You are 小明\n\\x1b[2J\\nbob: hi\n(not UTF-8)\n",
    );
    assertEquals((await room.receive())[0], "/quit");
  },
);

testBoth(
  undefined,
  "udp_chat client and server end at Ctrl-C, and the client leaves",
  async (args) => {
    const host = ["--host", "localhost", ...args];
    await using server = await startServer(host);
    const names = ["--name", "alice", ...host];
    await using client = startClient(server.address.port, names);
    await client.find(/# You are alice/);
    const { code, stderr } = await client.interrupt();
    assertEquals([code, stderr], [130, ""]);
    await server.find(/alice has left/, "stderr");
    assertEquals((await server.interrupt()).code, 130);
  },
);

Deno.test("udp_chat client is told that the room is full, or its name taken", async () => {
  await using server = await startServer(["--members", "2"]);
  const { port } = server.address;
  const client = ["--name", "alice"];
  using alice = new Peer();
  await alice.ask("/name alice", port);
  assertMatch(
    (await runClient(port, "hello\n", client)).stdout,
    /^# The name alice is taken: you are (\S+)\n\1: hello\n$/,
  );
  using bob = new Peer();
  await bob.ask("/name bob", port);
  const text = "The room is full: it has 2 members";
  assertFails(
    await runClient(port, "hello\n", client),
    new RegExp(`^ConnectionError: ${text}: 127\\.0\\.0\\.1:${port}\n$`),
    `# ${text}\n`,
  );
});

testBoth(
  undefined,
  "udp_chat client gives its name again to a room that does not know it",
  async (args) => {
    using room = new Peer();
    const names = ["--name", "alice", ...args];
    await using client = startClient(room.port, names);
    const [, port] = await room.receive();
    const receive = async () => (await room.receive())[0];
    await room.send("# You are alice", port);
    await client.write("hello\n/name bob\nhi\n");
    assertEquals(await receive(), "hello");
    // What others say alike is not the answer.
    await room.send("eve: hello", port);
    await room.send(`127.0.0.1:${port}: hello`, port);
    assertEquals(await receive(), "/name alice");
    await room.send("# You are alice", port);
    assertEquals(await receive(), "/name bob");
    await room.send("# You are bob", port);
    assertEquals(await receive(), "hi");
    await room.send("bob: hi", port);
    await room.send("# You have left: silent for 600 s", port);
    assertEquals(await receive(), "/name bob");
    // Another has that name by now, and nobody insists.
    const you = `127.0.0.1:${port}`;
    await room.send(`# The name bob is taken: you are ${you}`, port);
    await client.find(/taken/);
    await client.write("hi\n");
    assertEquals(await receive(), "hi");
    await room.send(`${you}: hi`, port);
    await client.endInput();
    assertEquals((await client.outcome()).code, 0);
    assertEquals(await receive(), "/quit");
  },
);

testBoth(
  undefined,
  "udp_chat client outlives its room, and goes on in the next one",
  async (args) => {
    await using first = await startServer(args);
    const { port } = first.address;
    await using client = startClient(port, ["--name", "alice", ...args]);
    await client.find(/# You are alice/);
    assertEquals((await first.interrupt()).code, 130);
    await client.find(/^\* The room has ended\n/m);
    const again = ["server", "--port", `${port}`, ...args];
    await using second = lesson.start(again);
    await second.port();
    await client.write("hello\nagain\n");
    await client.endInput();
    const { code, stdout } = await client.outcome();
    assertEquals(code, 0);
    assertEquals(
      stdout.replace(/127\.0\.0\.1:\d+/, "ADDRESS"),
      "# You are alice\n* The room has ended\nADDRESS: hello\n" +
        "# You are alice\nalice: again\n",
    );
    await second.find(/^alice has left/m, "stderr");
  },
);

testBoth(
  undefined,
  "udp_chat client goes on after a line that no datagram holds",
  async (args) => {
    await using server = await startServer(args);
    const lines = [65_508, 65_507, 1].map((size) => "x".repeat(size));
    const { code, stdout, stderr } = await runClient(
      server.address.port,
      lines.join("\n"),
      ["--name", "alice", ...args],
    );
    assertEquals([code, stderr], [
      0,
      "Too long: a datagram has at most 65,507 bytes. Nobody has got it\n",
    ]);
    assertMatch(stdout, /^# You.*\n# Too long: 65,514 .*\nalice: x\n$/);
  },
);

testBoth(
  undefined,
  "udp_chat client leaves, too, when it fails or is ended by a signal",
  async (args) => {
    await using server = await startServer(args);
    const { port } = server.address;
    await using failing = startClient(port, ["--name", "alice", ...args]);
    await failing.find(/# You are alice/);
    await failing.write(Uint8Array.of(0xff, 0x0a));
    await server.find(/^alice has left/m, "stderr");
    assertFails(
      await failing.outcome(),
      /^StandardStreamError: /,
      "# You are alice\n",
    );
    // Windows has no such signals.
    if (Deno.build.os === "windows") return;
    for (const [signal, code] of [["SIGHUP", 129], ["SIGTERM", 143]] as const) {
      const name = signal.toLowerCase();
      await using client = startClient(port, ["--name", name, ...args]);
      await client.find(new RegExp(`# You are ${name}`));
      client.kill(signal);
      const outcome = await client.outcome();
      assertEquals([outcome.code, outcome.stderr], [code, ""]);
      await server.find(new RegExp(`^${name} has left`, "m"), "stderr");
    }
  },
);

Deno.test("udp_chat client shows to be there, every 100 lines that it gets", async () => {
  using room = new Peer();
  await using client = startClient(room.port);
  const [, port] = await room.receive();
  for (let i = 1; i <= 100; i++) await room.send(`* line ${i}`, port);
  assertEquals((await room.receive())[0], "");
  await client.find(/line 100\n$/);
});

testUnless(
  NO_SHELL,
  "udp_chat client ends when nobody reads its output, though nothing is typed",
  async () => {
    using room = new Peer();
    const args = ["client", "--port", `${room.port}`];
    await using client = startInShell('"$@" | head -n 1', args);
    const [, port] = await room.receive();
    await room.send("# You are 小明", port);
    await client.find(/小明\n/);
    const saying = setInterval(() => room.send("* anything", port), 10);
    const { stderr } = await client.outcome();
    clearInterval(saying);
    assertEquals(stderr, "");
  },
);

testUnless(
  NO_PYTHON,
  "udp_chat client prints above what is being typed",
  async () => {
    await using server = await startServer();
    const port = `${server.address.port}`;
    const client = [...command, "client", "--port", port, "--name", "alice"];
    const above = (line: string) =>
      `\x1bD\x1b[1A\x1b7\r\x1b[1L${line}\x1b8\x1b[1B`;
    const keys = JSON.stringify(["你好\n", "\n", "\x04"]);
    const { code, stdout } = await runPython("terminal.py", [keys, ...client]);
    assertEquals(code, 0);
    assertEquals(
      stdout.replaceAll("\b", ""),
      "Type a line and press Enter; q ends.\n" +
        `${above("# You are alice")}>>> 你好\n${above("alice: 你好")}` +
        ">>> \n>>> \n",
    );
  },
);

testUnless(
  NO_PYTHON,
  "udp_chat client at a terminal waits as long as a person takes",
  async () => {
    using person = new Peer();
    const client = [...command, "client", "--port", `${person.port}`];
    const keys = JSON.stringify(["one\n", "two\n", "q\n"]);
    const running = runPython("terminal.py", [keys, ...client]);
    const lines: string[] = [];
    while (lines.at(-1) !== "/quit") lines.push((await person.receive())[0]);
    assertEquals(lines, ["/name", "one", "two", "/quit"]);
    const { code, stdout } = await running;
    assertEquals(code, 0);
    assertMatch(
      stdout,
      /^.*\nThe room has not answered .*\n>>> one\n>>> two\n>>> q\n$/,
    );
  },
);

testUnless(
  NO_PYTHON ?? NO_LINUX,
  "udp_chat client begins a new line for its failure",
  async () => {
    using room = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
    room.bind(["127.0.0.1", 0]);
    const [host, port] = room.getsockname();
    const client = [...command, "client", "--port", `${port}`];
    const running = runPython("terminal.py", ["[]", ...client]);
    const [, to] = await within("/name", room.recvfrom(2048));
    await room.sendto(encode("# You are 小明"), to);
    for (let i = 2; i < 100; i++) await room.sendto(encode(`line ${i}`), to);
    // From now on it takes only its own datagrams. To the client, who says after
    // a hundred that it is still there, nobody is there.
    await room.connect([host, port]);
    await room.sendto(encode("line 100"), to);
    const { code, stdout } = await running;
    assertEquals(code, 1);
    assertMatch(stdout, /\nConnectionRefusedError: .*\n$/);
  },
);

// ## The server

testBoth(
  undefined,
  "udp_chat server tells what happens, and answers garbage",
  async (args) => {
    await using server = await startServer([...args, "--lang", "zh"]);
    const { port } = server.address;
    using alice = new Peer();
    using bob = new Peer();
    await alice.ask("/name alice", port);
    assertMatch(await bob.ask("hello", port), /^127\.0\.0\.1:\d+: hello$/);
    const large = new Uint8Array(65_507).fill(0x78);
    const rows: [data: string | Uint8Array, answer: RegExp][] = [
      ["/name 小明", /^# You are 小明$/],
      [large, /^# Too long: 65,515 bytes/],
      [
        concat([encode("/name "), large.subarray(0, 60_000)]),
        /^# You are \S+: a name has up/,
      ],
      [Uint8Array.of(0xc3, 0x28), /^# That is no UTF-8/],
      ["", /^$/],
      ["/help", /^# Nobody has got that: there are two commands/],
      ["/quit", /^# You have left$/],
    ];
    for (const [data, answer] of rows) {
      assertMatch(await bob.ask(data, port), answer);
    }
    // Alice has heard of bob, and of nothing else.
    const heard: string[] = [];
    for (let i = 0; i < 4; i++) heard.push((await alice.receive())[0]);
    const { code, stderr } = await server.interrupt();
    const hide = (text: string) =>
      text.replaceAll(/127\.0\.0\.1:\d+/g, "ADDRESS");
    assertEquals(heard.map(hide), [
      "* ADDRESS has joined",
      "ADDRESS: hello",
      "* ADDRESS is now 小明",
      "* 小明 has left",
    ]);
    assertEquals([code, hide(stderr)], [
      130,
      "“alice”（ADDRESS）加入，聊天室现有 1 人\n" +
      "“ADDRESS”加入，聊天室现有 2 人\n" +
      "“ADDRESS”改名为“小明”\n" +
      "“小明”离开，聊天室现有 1 人\n",
    ]);
  },
);

testBoth(
  undefined,
  "udp_chat server survives noise, a flood and a crowd of 1,000",
  async (args) => {
    await using server = await startServer(args, { isQuiet: true });
    const { port } = server.address;
    using open = new DisposableStack();
    const crowd = Array.from({ length: 1000 }, () => open.use(new Peer()));
    const [alice, bob, noisy] = crowd as [Peer, Peer, Peer];
    // In waves that fit into the kernel's buffer.
    for (let i = 0; i < 1000; i += 50) {
      await Promise.all(
        crowd.slice(i, i + 50).map(async (each, j) => {
          await each.send(`/name m${i + j}`, port);
          assertEquals(await each.find(/^# /), `# You are m${i + j}`);
        }),
      );
    }
    const early = await readMemory(server.pid);

    await alice.send("hello, all", port);
    await Promise.all(crowd.map((each) => each.find(/^m0: hello, all$/)));

    for (let i = 0; i < 300; i++) {
      const size = Math.floor(Math.random() * (i % 10 === 0 ? 60_000 : 100));
      await noisy.send(crypto.getRandomValues(new Uint8Array(size)), port);
    }
    for (let i = 0; i < 20_000; i++) await noisy.send(`flood ${i}`, port);
    // What comes while the kernel's buffer is full is lost: so ask again.
    const asking = setInterval(() => bob.send("/name bob", port), 50);
    await bob.find(/^# You are bob$/);
    clearInterval(asking);
    using late = new Peer();
    const answer = await late.ask("hello", port);
    assertEquals(answer, "# The room is full: it has 1,000 members");
    const growth = await readMemory(server.pid) - early;
    assert(growth < 60_000, `${early} kB have become ${growth} kB more`);
    assertEquals((await server.interrupt()).code, 130);
  },
);

testBoth(
  undefined,
  "udp_chat says which address is no good",
  async (args) => {
    using taken = new Peer();
    const unknown = ["--host", `${"x".repeat(64)}.invalid`, ...args];
    const [inUse, noServer, noClient] = await Promise.all([
      run(["server", "--port", `${taken.port}`, ...args]),
      run(["server", ...unknown]),
      run(["client", ...unknown]),
    ]);
    assertFails(
      inUse,
      /^(OSError|AddrInUse): .*in use.*: 127\.0\.0\.1:\d+ \(is a server/,
    );
    for (const outcome of [noServer, noClient]) {
      assertFails(
        outcome,
        /^(gaierror|UnicodeError|Error): .*: x+.invalid:8000/,
      );
    }
  },
);

// ## All mixtures

const SERVERS: [name: string, start: () => Promise<Process> | Process][] = [
  ["the module", () => startServer()],
  ["plain Deno", () => startServer(["--native"])],
  ["CPython", () => startPython("chat_room.py")],
];

for (const [name, start] of SERVERS) {
  testUnless(
    NO_PYTHON,
    `udp_chat room in ${name} brings clients of every kind together`,
    async () => {
      await using server = await start();
      const port = `${await server.port()}`;
      const clients: Process[] = [];
      await using open = new AsyncDisposableStack();
      const names = ["module", "原生", "python"];
      for (const name of names) {
        const client = open.use(startMember(name, port));
        await client.find(new RegExp(`^# You are ${name}\n`));
        clients.push(client);
      }
      // Each reads what the others have said, and types nothing meanwhile.
      for (const [i, client] of clients.entries()) {
        await client.write(`大家好 ${i}\n`);
        const line = new RegExp(`^${names[i]}: 大家好 ${i}\n`, "m");
        for (const each of clients) await each.find(line);
      }
      for (const [i, client] of clients.entries()) {
        await client.endInput();
        const { code, stdout, stderr } = await client.outcome();
        assertEquals([code, stderr], [0, ""]);
        const said = stdout.match(/: 大家好 \d/g);
        assertEquals([names[i], said?.length], [names[i], 3]);
        const rest = clients.slice(i + 1);
        const left = new RegExp(`^\\* ${names[i]} has left\n`, "m");
        for (const each of rest) await each.find(left);
      }
    },
  );
}

function startMember(name: string, port: string): Process {
  if (name === "python") {
    return startPython("chat_client.py", port, name);
  }
  const native = name === "原生" ? ["--native"] : [];
  return startClient(port, ["--name", name, ...native]);
}

testBoth(
  NO_PYTHON,
  "udp_chat server answers the client of the notes each time",
  async (args) => {
    await using server = await startServer(args);
    const port = `${server.address.port}`;
    const input = "hello\n\n/name 小明\n你好\nq\n";
    const notes = runPython("notes_udp_client.py", [port], input);
    const { code, stdout } = await notes;
    assertEquals(code, 0);
    assertMatch(
      stdout.replaceAll("\r", ""),
      /^b'(127\.0\.0\.1:\d+): hello'\nb''\nb'# You are \\x.*'\nb'\\x.*: \\x.*'\n$/,
    );
  },
);

testBoth(NO_NC, "udp_chat server has nc for a member", async (args) => {
  await using server = await startServer(args);
  const { port } = server.address;
  using alice = new Peer();
  await alice.ask("/name alice", port);
  await using nc = new Process("nc", ["-u", "127.0.0.1", `${port}`]);
  await nc.write("/name nc\n");
  await nc.find(/# You are nc/);
  await nc.write("你好\n");
  await nc.find(/^# You are nc\nnc: 你好\n$/);
  assertEquals(await alice.find(/^nc/), "nc: 你好");
});

testBoth(
  NO_NC,
  "udp_chat client talks with nc, where somebody answers by hand",
  async (args) => {
    const port = `${findUnusedPort()}`;
    await using nc = new Process("nc", ["-u", "-l", "127.0.0.1", port]);
    await nc.write("hi\n");
    await using client = startClient(port, args);
    await client.find(/^hi\n/);
    await nc.find(/\/name/);
    await client.write("你好\n");
    await nc.find(/你好/);
    await nc.write("再见\n");
    await client.find(/再见\n/);
    await client.endInput();
    assertEquals((await client.outcome()).code, 0);
  },
);
