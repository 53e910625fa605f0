/** The lesson on send: its loop, its demo, its server and its client. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type Bytes, concat, formatCount } from "../lessons/_bytes.ts";
import { sendAll } from "../lessons/send_sendall.ts";
import * as socket from "../mod.ts";
import { createServer } from "node:net";
import { ask, readLine, writeAll } from "./_conns.ts";
import { assertPrints } from "./_endings.ts";
import {
  assertAnswersNc,
  assertClosesAtCtrlC,
  assertFailsWhenLeft,
  assertPrintsAtOnce,
  assertPythonFinds,
  assertTalksWithPython,
} from "./_ends.ts";
import { assertClosesAllAtCtrlC, sendBadGuests } from "./_hostile.ts";
import { NO_NC, NO_PYTHON } from "./_peers.ts";
import { findLesson, together, within } from "./_process.ts";
import { testUnless } from "./_unless.ts";

const lesson = findLesson("send_sendall");
const { run, runClient, startServer } = lesson;

// ## sendAll

/** A sender that takes as many bytes at once as it is told, and keeps them. */
class Shim {
  readonly taken: Bytes[] = [];

  constructor(readonly takes: () => number) {}

  send(data: Bytes): number {
    const part = data.slice(
      0,
      Math.max(1, Math.min(this.takes(), data.length)),
    );
    this.taken.push(part);
    return part.length;
  }
}

Deno.test("sendAll() sends every byte once, in parts of any size", async () => {
  const data = crypto.getRandomValues(new Uint8Array(5000));
  for (let most = 1; most <= 5000; most = most * 2 + 1) {
    const shim = new Shim(() => 1 + Math.floor(Math.random() * most));
    await sendAll(shim, data);
    assertEquals(concat(shim.taken), data);
  }
});

Deno.test("sendAll() sends 100,000 parts", async () => {
  const data = crypto.getRandomValues(new Uint8Array(50_000));
  const shim = new Shim(() => 1);
  await sendAll(shim, concat([data, data]));
  assertEquals(shim.taken.length, 100_000);
  assertEquals(concat(shim.taken), concat([data, data]));
});

Deno.test("sendAll() of nothing sends nothing", async () => {
  const shim = new Shim(() => 1);
  await sendAll(shim, new Uint8Array());
  assertEquals(shim.taken, []);
});

Deno.test("sendAll() says how much went out before it failed", async () => {
  for (const parts of [0, 1, 7]) {
    let calls = 0;
    const send = (data: Bytes) => {
      if (calls++ === parts) throw new socket.TimeoutError("timed out");
      return Math.min(3, data.length);
    };
    const error = await assertRejects(
      () => sendAll({ send }, new Uint8Array(100)),
      socket.TimeoutError,
    );
    assertEquals(error.bytes_sent, 3 * parts);
  }
});

Deno.test("sendAll() leaves errors that are none of the system's as they are", async () => {
  const bug = new TypeError("bug");
  const send = () => Promise.reject(bug);
  assertEquals(
    await assertRejects(() => sendAll({ send }, new Uint8Array(1))),
    bug,
  );
});

Deno.test("sendAll() sends all to a slow reader, as sendall does", async () => {
  using listener = socket.create_server(["127.0.0.1", 0]);
  using client = await socket.create_connection(listener.getsockname());
  using conn = (await listener.accept())[0];
  client.settimeout(10);
  const data = crypto.getRandomValues(new Uint8Array(60_000));
  const all = concat(Array(100).fill(data));
  const receiveAll = async () => {
    const pieces: Bytes[] = [];
    for (let n = 0; n < all.length; n += pieces.at(-1)!.length) {
      pieces.push(await conn.recv(50_000));
    }
    return concat(pieces);
  };
  for (const send of [() => sendAll(client, all), () => client.sendall(all)]) {
    const [received] = await within(
      "6 MB",
      Promise.all([receiveAll(), send()]),
    );
    assert(received.every((byte, i) => byte === all[i]));
  }
});

Deno.test("sendAll() says how much went out before the peer broke off", async () => {
  const server = createServer((conn) => {
    conn.once("data", () => conn.resetAndDestroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  using client = await socket.create_connection(["127.0.0.1", port]);
  client.settimeout(10);
  const error = await assertRejects(
    () => sendAll(client, new Uint8Array(50_000_000)),
    socket.ConnectionError,
  );
  assert(error.bytes_sent! > 0 && error.bytes_sent! < 50_000_000);
  await new Promise((resolve) => server.close(resolve));
});

// ## The demo

Deno.test("send_sendall demo accounts for every byte that was taken", async () => {
  const { stdout } = await run(["--lang", "en"]);
  const count = (label: string) => {
    const [, digits = ""] = stdout.match(
      new RegExp(`^ {3}${RegExp.escape(label)} +(?:\\[.*\\] )?([\\d,]+)`, "m"),
    ) ?? [];
    return Number(digits.replaceAll(",", ""));
  };
  const [room, part] = [count("taken before that"), count("client.send(lot)")];
  const lot = count("sendAll(client, lot)");
  assert(0 < room && 0 < part && part < lot && room < lot, stdout);
  assert(0 < count("client.write(lot)") && count("client.write(lot)") < lot);
  assertEquals(count("client.recv(…), in all"), lot);
  const received = stdout.match(/(?<=conn\.recv\(…\), in all +)[\d,]+/g);
  const sent = [room, count("error.bytes_sent"), lot];
  assertEquals(received, sent.map(formatCount));
  assertEquals(
    [...stdout.matchAll(/^ {3}(.+?) +(\w+Error: [\w ]+)/gm)]
      .slice(-4)
      .map(([, call, error]) => [call, error]),
    [
      ["a recursion", "RangeError: Maximum call stack size exceeded"],
      ["client.sendall(lot)", "TimeoutError: timed out"],
      ["client.sendall(lot)", "TimeoutError: timed out"],
      ["conn.sendall(lot)", "TimeoutError: timed out"],
    ],
  );
  if (Deno.build.os !== "linux") return;
  const near = count("client's socket object") + count("client's kernel");
  assertEquals(near + count("server's kernel"), room);
  assertMatch(stdout, /server's program +\[\.{30}\] 0 bytes\n/);
});

// ## The server

const SIZES: [input: string, replies: string][] = [
  ["", ""],
  ["\n", "received 1 byte\n"],
  ["hello\n", "received 6 bytes\n"],
  ["你好\n", "received 7 bytes\n"],
  ["a\nbc\n\n", "received 2 bytes\nreceived 5 bytes\nreceived 6 bytes\n"],
  ["no end", "received 6 bytes\n"],
  ["a\nno end", "received 2 bytes\nreceived 8 bytes\n"],
  ["from Windows\r\n", "received 14 bytes\n"],
  [`${"长".repeat(1_000_000)}\n`, "received 3000001 bytes\n"],
];

Deno.test("send_sendall server replies to each line with all bytes so far", async () => {
  await using server = await startServer(["--lang", "zh"]);
  const replies = await Promise.all(
    SIZES.map(([input]) => ask(server.address, input)),
  );
  assertEquals(replies, SIZES.map(([, reply]) => reply));
  await server.find(/已离开，共收到 3000001 字节\n/, "stderr");
  assertEquals((await server.interrupt()).code, 130);
});

Deno.test("send_sendall server replies to a line as soon as it ends", async () => {
  await using server = await startServer();
  using conn = await Deno.connect(server.address);
  for (const [part, size] of [["a", ""], ["b\nc", "3"], ["\n", "5"]]) {
    await writeAll(conn, part!);
    if (size === "") continue;
    assertEquals(await readLine(conn), `received ${size} bytes`);
  }
});

Deno.test("send_sendall server survives its guests, and Ctrl-C ends it", async () => {
  await using server = await startServer([], { isQuiet: true });
  const message = "hello\n";
  const guests = { message, halves: ["hel"] };
  await sendBadGuests(server.address, guests, async () => {
    assertEquals(await ask(server.address, message), "received 6 bytes\n");
  });
  await assertClosesAllAtCtrlC(server, message);
});

// ## The client

Deno.test("send_sendall client sends each line, and prints the reply", async () => {
  await using server = await startServer();
  const { port } = server.address;
  const long = "长".repeat(3_000_000);
  const rows: [input: string, stdout: string][] = [
    ["q\nhello\n", ""],
    [
      "\n你好\r\nno end",
      "received 1 byte\nreceived 8 bytes\nreceived 15 bytes\n",
    ],
    [`${long}\nx\nq\n`, "received 9000001 bytes\nreceived 9000003 bytes\n"],
  ];
  await together(rows, async ([input, stdout]) => {
    assertPrints(await runClient(port, input), stdout);
  });
});

Deno.test("send_sendall client prints a reply before the next line is typed", () =>
  assertPrintsAtOnce(lesson, [], [
    ["one\n", "received 4 bytes\n"],
    ["二\n", "received 8 bytes\n"],
  ]));

Deno.test("send_sendall client fails without a whole reply", async () => {
  const rows: [reply: string, lang: string, line: string][] = [
    [
      "received",
      "en",
      "The server closed the connection after 8 bytes of its reply",
    ],
    [
      "x".repeat(70_000) + "\n",
      "en",
      "The server's reply is not UTF-8 text, or too long \\(70000 bytes\\)",
    ],
    ["", "en", "The server closed the connection and sent no reply"],
  ];
  await together(rows, async ([reply, lang, line]) => {
    const left = { input: "hello\n", size: 6, reply, args: ["--lang", lang] };
    await assertFailsWhenLeft(lesson, left, `ConnectionError: ${line}`);
  });
});

Deno.test("send_sendall client ends at Ctrl-C, also while it waits for a reply", () =>
  assertClosesAtCtrlC(lesson, [], [["", 0], ["hello\n", 6]]));

// ## Python and nc

testUnless(
  NO_PYTHON,
  "send_sendall server answers CPython, to the byte",
  async () => {
    await using server = await startServer();
    await assertPythonFinds(server.address, "counting_client.py", [
      "Chinese",
      "an empty line",
      "two at once",
      "3 MB",
      "half-close",
      "nothing",
    ]);
  },
);

testUnless(
  NO_PYTHON,
  "send_sendall client talks with CPython's server",
  async () => {
    await assertTalksWithPython(lesson, ["counting_server.py"], {
      input: `\n你好\n${"x".repeat(5_000_000)}\n`,
      printed: "received 1 byte\nreceived 8 bytes\nreceived 5000009 bytes\n",
    });
  },
);

testUnless(NO_NC, "send_sendall server answers nc", async () => {
  await using server = await startServer();
  const replies = "received 6 bytes\nreceived 12 bytes\n";
  await assertAnswersNc(server.address, "hello\n你好", replies);
});
