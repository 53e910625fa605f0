/** `select()`: which sockets are ready, and that to look takes nothing away. */

import { assert, assertEquals } from "@std/assert";
import {
  AF_INET,
  AF_UNIX,
  create_connection,
  SHUT_WR,
  SO_ERROR,
  SOCK_DGRAM,
  Socket,
  socketpair,
  SOL_SOCKET,
} from "../mod.ts";
import { error, select } from "../src/select.ts";
import { OSError } from "../mod.ts";
import {
  assertSameBytes,
  bytes,
  EAGAIN,
  EBADF,
  ECONNREFUSED,
  ECONNRESET,
  EINPROGRESS,
  EMPTY,
  inTime,
  isPending,
  outcome,
  pattern,
  text,
} from "./_outcome.ts";
import {
  breakable,
  concat,
  connected,
  end,
  fill,
  listening,
  LOCALHOST,
  NO_UNIX,
  refusing,
  testUnless,
} from "./_pairs.ts";
import { run } from "./_program.ts";
import {
  type State,
  TCP_STATES,
  UDP_STATES,
  UNIX_DATAGRAM_STATES,
  UNIX_STATES,
} from "./_readiness.ts";

const MODULE = JSON.stringify(import.meta.resolve("../src/select.ts"));

function testStates(
  reason: string | undefined,
  states: Readonly<Record<string, State>>,
): void {
  for (const [name, [expected, make]] of Object.entries(states)) {
    testUnless(reason, `select() finds ${expected}: ${name}`, async () => {
      await using made = await make();
      const { sock } = made;
      // What was looked at is there to be looked at again.
      for (const timeout of [0, 0, expected === "---" ? 0.001 : 5]) {
        const ready = await inTime(select([sock], [sock], [sock], timeout));
        const found = ready.map((list, i) => list.length ? "rwx"[i] : "-");
        assertEquals(found.join(""), expected);
      }
    });
  }
}

testStates(undefined, TCP_STATES);
testStates(undefined, UDP_STATES);
testStates(NO_UNIX, UNIX_STATES);
testStates(NO_UNIX, UNIX_DATAGRAM_STATES);

Deno.test("select.error is OSError", () => {
  assertEquals(error, OSError);
});

Deno.test("select() leaves the bytes to those who receive", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  client.setblocking(false);
  await conn.sendall(bytes("hello"));
  const received: string[] = [];
  for (let i = 0; i < 5; i++) {
    assertEquals(await inTime(select([client], [], [])), [[client], [], []]);
    received.push(text(await client.recv(1)));
  }
  assertEquals(received.join(""), "hello");
  assertEquals(await select([client], [], [], 0), [[], [], []]);
  assertEquals(await outcome(() => client.recv(1)), EAGAIN);
});

Deno.test("select() loses no byte of a long stream, whatever is asked for", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  client.setblocking(false);
  const data = pattern(3_000_000);
  const sending = conn.sendall(data).then(() => conn.shutdown(SHUT_WR));
  const pieces: Uint8Array[] = [];
  for (let i = 0;; i++) {
    await inTime(select([client], i % 3 === 0 ? [client] : [], []));
    const size = [10, 5000, 5 * 1024, 70_000, 4096][i % 5]!;
    // It may have found room to send only.
    const piece = await client.recv(size).catch((error) => {
      assert(error instanceof OSError && error.code === "EAGAIN");
    });
    if (piece?.length === 0) break;
    if (piece !== undefined) pieces.push(piece);
  }
  await inTime(sending);
  assertSameBytes(concat(pieces), data);
});

Deno.test("select() leaves connections to those who accept", async () => {
  await using listener = listening();
  listener.setblocking(false);
  const address = listener.getsockname();
  const clients = await Promise.all(
    [1, 2, 3].map(() => create_connection(address)),
  );
  const peers: string[] = [];
  for (const _ of clients) {
    for (let i = 0; i < 2; i++) {
      const ready = await inTime(select([listener], [], [], 5));
      assertEquals(ready, [[listener], [], []]);
    }
    const [conn, peer] = await listener.accept();
    peers.push(String(peer));
    await end(conn);
  }
  const expected = clients.map((client) => String(client.getsockname()));
  assertEquals(peers.sort(), expected.sort());
  assertEquals(await select([listener], [], [], 0), [[], [], []]);
  await Promise.all(clients.map(end));
});

Deno.test("select() leaves the end of the stream to those who receive", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await conn.shutdown(SHUT_WR);
  for (let i = 0; i < 3; i++) {
    assertEquals(await inTime(select([client], [], [])), [[client], [], []]);
    assertEquals(await client.recv(9), EMPTY);
  }
});

Deno.test("select() leaves the peer's reset to those who receive", async () => {
  await using pair = await breakable();
  const { client } = pair;
  await pair.reset();
  for (let i = 0; i < 2; i++) {
    const ready = await inTime(select([client], [client], [], 0));
    assertEquals(ready, [[client], [client], []]);
  }
  assertEquals(await outcome(() => client.recv(9)), ECONNRESET);
  assertEquals(await inTime(select([client], [], [])), [[client], [], []]);
  assertEquals(await client.recv(9), EMPTY);
});

Deno.test("select() leaves datagrams whole, and in their order", async () => {
  await using receiver = new Socket(AF_INET, SOCK_DGRAM);
  await using sender = new Socket(AF_INET, SOCK_DGRAM);
  receiver.bind([LOCALHOST, 0]);
  receiver.setblocking(false);
  for (const word of ["one", "", "three"]) {
    await sender.sendto(bytes(word), receiver.getsockname());
  }
  const received: string[] = [];
  for (let i = 0; i < 3; i++) {
    const ready = await inTime(select([receiver], [], []));
    assertEquals(ready, [[receiver], [], []]);
    received.push(text((await receiver.recvfrom(99))[0]));
  }
  assertEquals(received, ["one", "", "three"]);
  assertEquals(await select([receiver], [], [], 0), [[], [], []]);
});

Deno.test("select() ends when an attempt to connect does", async () => {
  await using listener = listening();
  await using sock = new Socket();
  sock.setblocking(false);
  const told = await outcome(() => sock.connect(listener.getsockname()));
  assertEquals(told, EINPROGRESS);
  assertEquals(await select([sock], [sock], []), [[], [sock], []]);
  assertEquals(sock.getsockopt(SOL_SOCKET, SO_ERROR), 0);
  assertEquals(sock.getpeername(), listener.getsockname());
});

Deno.test("select() finds a refused attempt, and SO_ERROR says why", async () => {
  await using sock = new Socket();
  sock.setblocking(false);
  const address = await refusing();
  assertEquals(await outcome(() => sock.connect(address)), EINPROGRESS);
  assertEquals(await select([sock], [sock], []), [[sock], [sock], []]);
  const failure = new OSError(sock.getsockopt(SOL_SOCKET, SO_ERROR), "");
  assertEquals(`[${failure.code}]`, ECONNREFUSED.match(/\[.*\]/)?.[0]);
  assertEquals(sock.getsockopt(SOL_SOCKET, SO_ERROR), 0);
});

Deno.test("select() ends when there is room to send again", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await fill(client);
  const ready = select([], [client], []);
  assert(await isPending(ready));
  let isOver = false;
  const draining = (async () => {
    while (!isOver) await conn.recv(1 << 20);
  })();
  assertEquals(await inTime(ready), [[], [client], []]);
  isOver = true;
  await end(client);
  await inTime(draining);
});

Deno.test("select() finds all that is ready, however it came about", async () => {
  await using listener = listening();
  await using one = await connected();
  await using other = await connected();
  await using idle = await connected();
  const client = await create_connection(listener.getsockname());
  await one.conn.sendall(bytes("x"));
  await end(other.conn);
  const all = [idle.client, listener, one.client, other.client];
  for (const timeout of [null, 0, 5]) {
    assertEquals(await inTime(select(all, all, all, timeout)), [
      [listener, one.client, other.client],
      [idle.client, one.client, other.client],
      [],
    ]);
  }
  await end(client);
});

Deno.test("select() sees what this program has sent just before", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  client.setblocking(false);
  // It is ready in any case; what matters is that it is so for reading too.
  for (let i = 0; i < 100; i++) {
    await conn.sendall(bytes("x"));
    const ready = await inTime(select([client], [client], [], 5));
    assertEquals(ready, [[client], [client], []], `time ${i}`);
    assertEquals(text(await client.recv(9)), "x");
    const rest = await inTime(select([client], [client], [], 5));
    assertEquals(rest, [[], [client], []]);
  }
});

Deno.test("select() lets the program go on, though it always has an answer", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const received = client.recv(9);
  let isOver = false;
  received.then(() => isOver = true);
  await conn.sendall(bytes("x"));
  for (let i = 0; !isOver; i++) {
    await select([], [conn], []);
    assert(i < 10_000, "the event loop never turns");
  }
  assertEquals(text(await received), "x");
});

Deno.test("select() with a timeout waits that long, and no longer", async () => {
  await using pair = await connected();
  const { client } = pair;
  const start = performance.now();
  assertEquals(await select([client], [], [], 0.05), [[], [], []]);
  assertEquals(await select([], [], [], 0.05), [[], [], []]);
  const ms = performance.now() - start;
  assert(ms >= 99 && ms < 2_000, `${ms} ms`);
});

Deno.test("select() calls at the same time all see the same socket", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const calls = [1, 2, 3].map(() => select([client], [], []));
  const hasty = select([client], [], [], 0.01);
  assertEquals(await inTime(hasty), [[], [], []]);
  assert(await isPending(Promise.race(calls)));
  await conn.sendall(bytes("x"));
  for (const ready of await inTime(Promise.all(calls))) {
    assertEquals(ready, [[client], [], []]);
  }
  assertEquals(text(await client.recv(9)), "x");
});

Deno.test("select() and a waiting recv() do not disturb each other", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const received = client.recv(9);
  const looked = select([client], [], []);
  await conn.sendall(bytes("for recv"));
  assertEquals(text(await inTime(received)), "for recv");
  await conn.sendall(bytes("for select"));
  assertEquals(await inTime(looked), [[client], [], []]);
  assertEquals(text(await client.recv(99)), "for select");
});

Deno.test("select() raises EBADF when one of its sockets is closed meanwhile", async () => {
  await using pair = await connected();
  await using idle = await connected();
  const { client } = pair;
  const lists: [Socket[], Socket[], Socket[]][] = [
    [[client, idle.client], [], []],
    [[idle.client], [], [client]],
  ];
  const calls = lists.map((list) => outcome(() => select(...list)));
  assert(await isPending(Promise.race(calls)));
  client.close();
  assertEquals(await inTime(Promise.all(calls)), [EBADF, EBADF]);
});

Deno.test("select() takes what stands for a socket", async () => {
  const [one, other] = await socketpair();
  await other.send(bytes("x"));
  const server = { socket: one };
  assertEquals(await select([server], [], []), [[server], [], []]);
  const descriptor = one.detach();
  assert(descriptor !== -1);
  const file = { fileno: () => descriptor };
  assertEquals(await select([descriptor, file], [], []), [
    [descriptor, file],
    [],
    [],
  ]);
  await descriptor.close();
  assertEquals(
    await outcome(() => select([file], [], [])),
    "ValueError: file descriptor cannot be a negative integer (-1)",
  );
  await end(other);
});

Deno.test("select() rejects, and never throws", async () => {
  const wrong = select as unknown as (...args: unknown[]) => Promise<unknown>;
  const promise = wrong(5);
  assertEquals(
    await outcome(() => promise),
    "TypeError: select expected at least 3 arguments, got 1",
  );
});

Deno.test("select() that waits keeps the program running, and only so long", async () => {
  const { code, stdout, stderr } = await inTimeOfProgram(`
    const listener = socket.create_server(["127.0.0.1", 0]);
    const [one] = await socket.socketpair();
    const udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
    udp.bind(["127.0.0.1", 0]);
    const before = performance.now();
    const ready = await select([listener, one, udp], [], [], 0.3);
    const isLate = performance.now() - before >= 299;
    console.log(JSON.stringify(ready), isLate);
  `);
  assertEquals({ code, stdout, stderr }, {
    code: 0,
    stdout: "[[],[],[]] true\n",
    stderr: "",
  });
});

Deno.test("select() of nothing without a timeout keeps no program running", async () => {
  const { code, stderr } = await inTimeOfProgram(
    "await select([], [], []);",
  );
  assertEquals(code, 1);
  assert(stderr.includes("Top-level await promise never resolved"), stderr);
});

Deno.test("select() without a timeout waits for what comes from elsewhere", async () => {
  const { stdout, stderr } = await inTimeOfProgram(`
    const listener = socket.create_server(["127.0.0.1", 0]);
    const { port } = { port: listener.getsockname()[1] };
    const worker = new Worker("data:text/javascript," + encodeURIComponent(
      "setTimeout(async () => { (await Deno.connect({ port: " + port +
      " })).close(); self.close(); }, 100);"), { type: "module" });
    const [ready] = await select([listener], [], []);
    console.log(ready.length, (await listener.accept()).length);
    Deno.exit();
  `);
  assertEquals([stdout, stderr], ["1 2\n", ""]);
});

function inTimeOfProgram(code: string): ReturnType<typeof run> {
  return run(`import { select } from ${MODULE};\n${code}`);
}

testUnless(
  NO_UNIX,
  "select() looks at sockets of every kind at once",
  async () => {
    const pairs = [
      await socketpair(AF_UNIX),
      await socketpair(AF_UNIX, SOCK_DGRAM),
    ];
    await using tcp = await connected();
    pairs.push([tcp.client, tcp.conn]);
    for (const [, other] of pairs) await other.send(bytes("x"));
    const all = pairs.map(([one]) => one);
    assertEquals(await inTime(select(all, [], [], 0)), [all, [], []]);
    for (const sock of all) assertEquals(text(await sock.recv(9)), "x");
    assertEquals(await inTime(select(all, [], [], 0)), [[], [], []]);
    await Promise.all(pairs.flat().map(end));
  },
);
