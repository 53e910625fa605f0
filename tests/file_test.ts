/** What file objects do beyond what CPython's do: wait, in order, and close. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotInstanceOf,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  BlockingIOError,
  BrokenPipeError,
  type BufferedReader,
  type BufferedRWPair,
  type BufferedWriter,
  LookupError,
  OSError,
  SHUT_WR,
  SocketIO,
  type TextIOWrapper,
  UnicodeDecodeError,
  UnicodeEncodeError,
  UnicodeError,
  UnsupportedOperation,
  ValueError,
} from "../mod.ts";
import {
  bytes,
  EBADF,
  EMPTY,
  inTime,
  isPending,
  outcome,
  text,
} from "./_outcome.ts";
import { connected, drain, end, fill } from "./_pairs.ts";
import { run } from "./_program.ts";

Deno.test("Socket.makefile() has the type that its mode asks for", async () => {
  await using pair = await connected();
  const { client } = pair;
  // Types are checked by the compiler, classes at run time.
  const files: [SocketIO, BufferedReader, BufferedWriter, BufferedRWPair] = [
    client.makefile("rb", { buffering: 0 }),
    client.makefile("rb"),
    client.makefile("wb", 4096),
    client.makefile("rwb"),
  ];
  const texts: TextIOWrapper[] = [
    client.makefile(),
    client.makefile("rw", { encoding: "utf-8" }),
  ];
  const unbuffered: SocketIO = client.makefile("rwb", 0);
  const all = [...files, ...texts, unbuffered];
  assertEquals(all.map((file) => file.constructor.name), [
    "SocketIO",
    "BufferedReader",
    "BufferedWriter",
    "BufferedRWPair",
    "TextIOWrapper",
    "TextIOWrapper",
    "SocketIO",
  ]);
  for (const file of all) await file.close();
});

Deno.test("Socket.makefile() takes two arguments", async () => {
  await using pair = await connected();
  const makefile = pair.client.makefile.bind(pair.client) as unknown as (
    ...args: unknown[]
  ) => void;
  const error = assertThrows(() => makefile("r", null, "utf-8"), TypeError);
  assertEquals(
    error.message,
    "socket.makefile() takes from 1 to 3 positional arguments but 4 were given",
  );
});

Deno.test("Socket.makefile() that fails leaves nothing open", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  for (const mode of ["r", "w"] as const) {
    assertThrows(() => client.makefile(mode, { encoding: "?" }), LookupError);
    assertThrows(() => client.makefile(mode, { newline: "?" }), ValueError);
    assertThrows(() => client.makefile(mode, 0), ValueError);
  }
  client.close();
  assertEquals(await conn.recv(1), EMPTY);
});

Deno.test("await using writes what a file has and closes it", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  for (const mode of ["w", "rw"] as const) {
    await using file = client.makefile(mode);
    await file.write(mode);
  }
  for (const mode of ["wb", "rwb"] as const) {
    await using file = client.makefile(mode);
    await file.write(bytes(mode));
  }
  client.close();
  assertEquals(text(await drain(conn)), "wrwwbrwb");
});

Deno.test("using closes a file, and one for writing writes behind", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  {
    using reader = client.makefile("rb");
    using writer = client.makefile("w");
    await writer.write("behind");
    client.close();
    assert(!reader.closed);
  }
  assertEquals(text(await drain(conn)), "behind");
});

Deno.test("close() of the last file waits until the socket is closed", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const reader = client.makefile("rb");
  const writer = client.makefile("wb");
  await client[Symbol.asyncDispose]();
  assert(await isPending(conn.recv(1)));
  await reader.close();
  await writer.write(bytes("last words"));
  const closing = writer.close();
  assertEquals(text(await drain(conn)), "ast words");
  await inTime(closing);
  assertEquals(await outcome(() => client.send(bytes("x"))), EBADF);
});

Deno.test("close() of a file ends a read only with the connection", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const file = client.makefile("rb");
  const line = file.readline();
  await file.close();
  assert(await isPending(line));
  await conn.sendall(bytes("late\n"));
  assertEquals(text(await inTime(line)), "late\n");

  for (const mode of ["rb", "r", "rwb"] as const) {
    await using other = await connected();
    const last = other.client.makefile(mode);
    const waiting = outcome(() => last.readline());
    other.client.close();
    await last.close();
    assertEquals(await waiting, EBADF);
  }
});

Deno.test("readline() calls at the same time are served in order", async () => {
  for (const mode of ["rb", "rwb", "r", "rw"] as const) {
    await using pair = await connected();
    const { client, conn } = pair;
    const file = client.makefile(mode);
    const lines = Array.from({ length: 5 }, () => file.readline());
    for (const piece of ["0\n1", "\n", "2\n3\n", "4", "\n"]) {
      await conn.sendall(bytes(piece));
      await isPending(lines[4]!);
    }
    const got = (await inTime(Promise.all<string | Uint8Array>(lines)))
      .map((line) => typeof line === "string" ? line : text(line));
    assertEquals(got, ["0\n", "1\n", "2\n", "3\n", "4\n"]);
    await file.close();
  }
});

Deno.test("different reads at the same time are served in order", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  using file = client.makefile("rb");
  const target = new Uint8Array(2);
  const reads = Promise.all([
    file.read(3),
    file.readline(),
    file.readinto(target),
    file.read1(),
    file.peek(),
    file.read(),
  ]);
  for (const piece of ["ab", "cd", "e\nf", "gh"]) {
    await conn.sendall(bytes(piece));
    await isPending(reads);
  }
  await conn.sendall(bytes("ij"));
  await conn.shutdown(SHUT_WR);
  const [a, b, count, c, d, e] = await inTime(reads);
  assertEquals([a, b, c, d, e].map(text), ["abc", "de\n", "h", "ij", "ij"]);
  assertEquals([count, text(target)], [2, "fg"]);
});

Deno.test("writes at the same time go out in order, and close() last", async () => {
  for (const mode of ["wb", "rwb", "w", "rw"] as const) {
    await using pair = await connected();
    const { client, conn } = pair;
    const full = await fill(client);
    const file = client.makefile(mode);
    const write = (data: string) =>
      "buffer" in file ? file.write(data) : file.write(bytes(data));
    const pieces = [20_000, 1, 8_000, 8_192, 8_193, 3, 50_000]
      .map((size, i) => String(i).repeat(size));
    const writing = pieces.map(write);
    const flushing = file.flush();
    const closing = write("the end").then(() => file.close());
    assert(await isPending(writing[0]!));
    client.close();
    const received = text((await inTime(drain(conn))).subarray(full));
    assert(received === pieces.join("") + "the end");
    const sizes = await Promise.all<number | null>(writing);
    assertEquals(sizes, pieces.map(({ length }) => length));
    await flushing;
    await closing;
  }
});

Deno.test("write() of a file that is being closed raises ValueError", async () => {
  for (const mode of ["wb", "w"] as const) {
    await using pair = await connected();
    const { client, conn } = pair;
    const full = await fill(client);
    const file = client.makefile(mode);
    const write = (data: string) =>
      "buffer" in file ? file.write(data) : file.write(bytes(data));
    await write("x");
    const closing = file.close();
    const late = outcome(() => write("y".repeat(9000)));
    const again = file.close();
    client.close();
    assertEquals((await inTime(drain(conn))).length, full + 1);
    await Promise.all([closing, again]);
    assertEquals(await late, "ValueError: write to closed file");
  }
});

Deno.test("close() that cannot write closes nevertheless", async () => {
  for (const mode of ["w", "wb", "rw", "rwb"] as const) {
    await using pair = await connected();
    const { client, conn } = pair;
    const file = client.makefile(mode);
    if ("buffer" in file) await file.write("lost");
    else await file.write(bytes("lost"));
    await client.shutdown(SHUT_WR);
    await assertRejects(() => file.close(), BrokenPipeError);
    assert(file.closed);
    await file.close();
    client.close();
    assertEquals(await conn.recv(1), EMPTY);
  }
});

Deno.test("characters_written tells what a file has taken", async () => {
  await using pair = await connected();
  const { client } = pair;
  client.setblocking(false);
  await fill(client);
  const file = client.makefile("wb");
  const error = await assertRejects(
    () => file.write(new Uint8Array(9000)),
    BlockingIOError,
  );
  assertEquals(error.characters_written, 8192);
  assertEquals(error.code, "EAGAIN");
  await end(pair.conn);
  await file.close().catch(() => {});
});

Deno.test("readline() gives lines that stay what they were", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const sent = Array.from({ length: 5000 }, (_, i) => `line ${i}\n`);
  const sending = conn.sendall(bytes(sent.join("")));
  using file = client.makefile("rb");
  const lines: Uint8Array[] = [];
  while (lines.length < sent.length) lines.push(await file.readline());
  await sending;
  assert(lines.map(text).join("") === sent.join(""));
});

Deno.test("read() and its kin give arrays of their own", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await conn.sendall(bytes("abcdefghijklm"));
  using file = client.makefile("rb");
  const got = [
    await file.peek(),
    await file.read(2),
    await file.read1(3),
    await file.read1(),
  ];
  for (const { buffer, length } of got) assertEquals(buffer.byteLength, length);
  got[0]!.fill(0);
  assertEquals(got.slice(1).map(text), ["ab", "cde", "fghijklm"]);
});

Deno.test("for await may stop and go on", async () => {
  for (const mode of ["rb", "r", "rwb"] as const) {
    await using pair = await connected();
    const { client, conn } = pair;
    await conn.sendall(bytes("1\n2\n3\n"));
    await conn.shutdown(SHUT_WR);
    const file = client.makefile(mode);
    const lines: string[] = [];
    const add = (line: string | Uint8Array) =>
      lines.push(typeof line === "string" ? line : text(line));
    for await (const line of file) {
      add(line);
      break;
    }
    add(await file.readline());
    for await (const line of file) add(line);
    assertEquals(lines, ["1\n", "2\n", "3\n"]);
    assertEquals(await file.next(), { value: undefined, done: true });
    await file.close();
  }
});

Deno.test("TextIOWrapper reads what comes in any pieces", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const line = "Zeile 行 \u{1f600} é\r\n";
  const all = bytes(line.repeat(2000));
  const sending = (async () => {
    for (let at = 0, i = 0; at < all.length; i++) {
      const next = at + 1 + i * 7919 % 997;
      await conn.sendall(all.subarray(at, next));
      at = next;
    }
    await conn.shutdown(SHUT_WR);
  })();
  using file = client.makefile("r");
  let count = 0;
  for await (const got of file) {
    assert(got === line.replace("\r", ""), got);
    count++;
  }
  await sending;
  assertEquals([count, file.newlines], [2000, "\r\n"]);
});

Deno.test("files have the errors of Python, by class", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await conn.sendall(Uint8Array.of(0xff));
  await using reader = client.makefile("r");
  await using writer = client.makefile("w", { encoding: "ascii" });
  const decoding = await assertRejects(
    () => reader.read(1),
    UnicodeDecodeError,
    "'utf-8' codec can't decode byte 0xff in position 0: invalid start byte",
  );
  const encoding = await assertRejects(
    () => writer.write("a\u{1f600}b"),
    UnicodeEncodeError,
    "'ascii' codec can't encode character '\\U0001f600' in position 1: " +
      "ordinal not in range(128)",
  );
  for (const error of [decoding, encoding]) {
    assertInstanceOf(error, UnicodeError);
    assertInstanceOf(error, ValueError);
    assertEquals(error.name, error.constructor.name);
  }
  const { object, start, end: stop, reason } = decoding;
  assertEquals({ object, start, stop, reason }, {
    object: Uint8Array.of(0xff),
    start: 0,
    stop: 1,
    reason: "invalid start byte",
  });
  const unsupported = await assertRejects(
    () => writer.read(),
    UnsupportedOperation,
    "not readable",
  );
  assertEquals([unsupported.errno, unsupported.name], [
    null,
    "UnsupportedOperation",
  ]);
  assertInstanceOf(unsupported, OSError);
  // In Python it is one, but a class of JavaScript has one parent.
  assertNotInstanceOf(unsupported, ValueError);
});

Deno.test("SocketIO does not keep its socket open", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const file = new SocketIO(client, "rw");
  assertEquals(file.mode, "rwb");
  await file.write(bytes("x"));
  client.close();
  assertEquals(text(await drain(conn)), "x");
  assertEquals(await outcome(() => file.read(1)), EBADF);
  await file.close();
  assertThrows(
    () => new SocketIO(client, "x"),
    ValueError,
    "invalid mode: 'x'",
  );
});

Deno.test("a file of a socket that is detached says EBADF", async () => {
  await using pair = await connected();
  const { client } = pair;
  await using reader = client.makefile("rb");
  await using raw = client.makefile("wb", { buffering: 0 });
  const descriptor = client.detach();
  assertEquals(await outcome(() => reader.read(1)), EBADF);
  assertEquals(await outcome(() => raw.write(bytes("x"))), EBADF);
  assert(descriptor !== -1);
  await descriptor.close();
});

Deno.test("detach() of a closed socket whose file is open gives the socket", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await using _file = client.makefile("rb");
  client.close();
  const descriptor = client.detach();
  assert(descriptor !== -1);
  await descriptor.close();
  assertEquals(await conn.recv(1), EMPTY);
});

const PAIR = `
  const listener = socket.create_server(["127.0.0.1", 0]);
  const client = await socket.create_connection(listener.getsockname());
  const [conn] = await listener.accept();`;

const ENDING: Readonly<Record<string, string>> = {
  "open": `
    const file = client.makefile("r");
    await conn.sendall(new TextEncoder().encode("a line\\n"));
    if (await file.readline() !== "a line\\n") throw new Error();`,
  "read until a timeout": `
    client.settimeout(0.01);
    await client.makefile("rb").readline().catch(() => {});`,
  "read that may not wait": `
    client.setblocking(false);
    if (await client.makefile("rb").read(1) !== null) throw new Error();`,
};

for (const [what, code] of Object.entries(ENDING)) {
  Deno.test(`a file that is ${what} keeps no program running`, async () => {
    assertEquals(await run(`${PAIR}${code}\nconsole.log("last line");`), {
      code: 0,
      stdout: "last line\n",
      stderr: "",
    });
  });
}

Deno.test("await using of a file does not raise again what a write has raised", async () => {
  const { client, conn } = await connected();
  conn.close();
  const error = await assertRejects(async () => {
    await using file = client.makefile("wb");
    // The first tells the peer, who answers that nobody is there.
    while (true) {
      await file.write(new Uint8Array(10_000));
      await file.flush();
    }
  }, OSError);
  assert(error instanceof OSError);
  client.close();
});

Deno.test("await using of a file raises what nobody has heard of yet", async () => {
  const { client, conn } = await connected();
  await client.shutdown(SHUT_WR);
  await assertRejects(async () => {
    await using file = client.makefile("wb");
    await file.write(new Uint8Array(1));
  }, BrokenPipeError);
  client.close();
  conn.close();
});
