/** `Socket.recv()` and `Socket.recv_into()`. */

import { assert, assertEquals } from "@std/assert";
import { AF_UNIX, socket } from "../mod.ts";
import {
  assertRows,
  bytes,
  EAGAIN,
  EBADF,
  EINVAL,
  EMPTY,
  ENOTCONN,
  inTime,
  isPending,
  NOT_INT,
  outcome,
  type Row,
  text,
  TIMED_OUT,
} from "./_outcome.ts";
import { closed, connected, end, NO_UNIX, testUnless } from "./_pairs.ts";

const TOO_LONG = "OverflowError: Python int too large to convert to C ssize_t";
const TOO_GREAT = "OverflowError: signed integer is greater than maximum";

const WRONG_RECV: readonly Row[] = [
  [[], "TypeError: recv() takes at least 1 argument (0 given)"],
  [[1, 2, 3], "TypeError: recv() takes at most 2 arguments (3 given)"],
  [[null], `TypeError: 'NoneType' ${NOT_INT}`],
  [["1"], `TypeError: 'str' ${NOT_INT}`],
  [[1.5], `TypeError: 'float' ${NOT_INT}`],
  [[-1], "ValueError: negative buffersize in recv"],
  [[2n ** 63n], TOO_LONG],
  [[1, "x"], `TypeError: 'str' ${NOT_INT}`],
  [[1, null], `TypeError: 'NoneType' ${NOT_INT}`],
  [[1, 2 ** 40], TOO_GREAT],
  // The types of all arguments come before the range of the first.
  [[-1, "x"], `TypeError: 'str' ${NOT_INT}`],
];

function readWrite(name: string): string {
  return `TypeError: recv_into() argument 1 must be read-write bytes-like object, not ${name}`;
}

const WRONG_RECV_INTO: readonly Row[] = [
  [[], "TypeError: recv_into() missing required argument 'buffer' (pos 1)"],
  [
    [new Uint8Array(8), 1, 0, 0],
    "TypeError: recv_into() takes at most 3 arguments (4 given)",
  ],
  [["str"], readWrite("str")],
  [[null], readWrite("None")],
  [[5], readWrite("int")],
  [[[1, 2]], readWrite("list")],
  [[new Uint8Array(8), -1], "ValueError: negative buffersize in recv_into"],
  [
    [new Uint8Array(8), 9],
    "ValueError: buffer too small for requested bytes",
  ],
  [
    [new Uint8Array(0), 5],
    "ValueError: buffer too small for requested bytes",
  ],
  [[new Uint8Array(8), "x"], `TypeError: 'str' ${NOT_INT}`],
  [[new Uint8Array(8), null], `TypeError: 'NoneType' ${NOT_INT}`],
  [[new Uint8Array(8), 1, "x"], `TypeError: 'str' ${NOT_INT}`],
  [[new Uint8Array(8), 2n ** 63n], TOO_LONG],
  [[new Uint8Array(8), 1, 2 ** 40], TOO_GREAT],
];

Deno.test("Socket.recv() refuses wrong arguments, whatever the state", async () => {
  await using pair = await connected();
  for (const sock of [pair.client, socket(), await closed()]) {
    await assertRows(sock, "recv", WRONG_RECV);
    await assertRows(sock, "recv_into", WRONG_RECV_INTO);
    await end(sock);
  }
});

Deno.test("Socket.recv() of 0 bytes returns at once, whatever the state", async () => {
  await using pair = await connected();
  for (const sock of [pair.client, socket(), await closed()]) {
    assertEquals(await inTime(sock.recv(0)), EMPTY);
    assertEquals(await inTime(sock.recv_into(new Uint8Array(0))), 0);
    await end(sock);
  }
});

Deno.test("Socket.recv() raises ENOTCONN on a socket that is not connected", async () => {
  for (const timeout of [null, 0, 30]) {
    await using sock = socket();
    sock.settimeout(timeout);
    assertEquals(await outcome(() => sock.recv(1)), ENOTCONN);
    assertEquals(
      await outcome(() => sock.recv_into(new Uint8Array(1))),
      ENOTCONN,
    );
  }
});

Deno.test("Socket.recv() raises EBADF on a closed socket", async () => {
  const sock = await closed();
  assertEquals(await outcome(() => sock.recv(1)), EBADF);
  assertEquals(await outcome(() => sock.recv_into(new Uint8Array(1))), EBADF);
});

Deno.test("Socket.recv() returns at most what was asked for, the rest later", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await conn.sendall(bytes("hello"));
  assertEquals(text(await client.recv(3)), "hel");
  assertEquals(await client.recv(0), EMPTY);
  assertEquals(text(await client.recv(99)), "lo");
});

Deno.test("Socket.recv() returns what is there, however much is asked for", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  for (const bufsize of [1, 1 << 16, 2 ** 31, 2 ** 53, 2n ** 62n]) {
    await conn.sendall(bytes("z"));
    assertEquals(text(await client.recv(bufsize as number)), "z");
  }
});

Deno.test("Socket.recv() takes true for 1, as Python does", async () => {
  await using pair = await connected();
  await pair.conn.sendall(bytes("ab"));
  assertEquals(text(await pair.client.recv(true as unknown as number)), "a");
});

Deno.test("Socket.recv() returns an array that nobody else has", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const received: Uint8Array[] = [];
  for (const word of ["one", "two", "six"]) {
    await conn.sendall(bytes(word));
    received.push(await client.recv(99));
  }
  received[0]!.fill(0);
  assertEquals(received.map(text), ["\0\0\0", "two", "six"]);
  await conn.sendall(bytes("abcdef"));
  const head = await client.recv(3);
  head.fill(0);
  assertEquals(text(await client.recv(3)), "def");
});

Deno.test("Socket.recv() waits for bytes", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const receiving = client.recv(99);
  assert(await isPending(receiving));
  await conn.sendall(bytes("late"));
  assertEquals(text(await inTime(receiving)), "late");
});

Deno.test("Socket.recv() gives up after the timeout, and loses nothing", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  client.settimeout(0.05);
  const start = performance.now();
  assertEquals(await outcome(() => client.recv(5)), TIMED_OUT);
  assert(performance.now() - start >= 49);
  await conn.sendall(bytes("data"));
  assertEquals(text(await client.recv(2)), "da");
  assertEquals(text(await client.recv(9)), "ta");
});

Deno.test("Socket.recv() has its whole timeout each time", async () => {
  await using pair = await connected();
  pair.client.settimeout(0.03);
  const start = performance.now();
  for (let i = 0; i < 2; i++) {
    assertEquals(await outcome(() => pair.client.recv(1)), TIMED_OUT);
  }
  assert(performance.now() - start >= 58);
});

Deno.test("Socket.recv() prefers bytes that are there to a tiny timeout", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  for (const timeout of [1e-9, 0]) {
    client.settimeout(timeout);
    for (let i = 0; i < 50; i++) {
      await conn.sendall(bytes("q"));
      assertEquals(
        await outcome(async () => text(await client.recv(1))),
        'returned "q"',
      );
    }
  }
  client.settimeout(1e-9);
  assertEquals(await outcome(() => client.recv(1)), TIMED_OUT);
});

Deno.test("Socket.recv() never waits with a timeout of 0", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  client.setblocking(false);
  assertEquals(await outcome(() => client.recv(9)), EAGAIN);
  assertEquals(
    await outcome(() => client.recv_into(new Uint8Array(9))),
    EAGAIN,
  );
  await conn.sendall(bytes("hi"));
  assertEquals(text(await client.recv(9)), "hi");
  assertEquals(await outcome(() => client.recv(9)), EAGAIN);
  await end(conn);
  assertEquals(await client.recv(9), EMPTY);
});

Deno.test("Socket.recv_into() fills an array from its start", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const buffer = new Uint8Array(8);
  for (
    const [args, count] of [[[], 5], [[0], 5], [[3], 3], [[8], 5]] as const
  ) {
    await conn.sendall(bytes("hello"));
    buffer.fill(0);
    assertEquals(await client.recv_into(buffer, ...args), count);
    assertEquals(text(buffer), "hello".slice(0, count).padEnd(8, "\0"));
    if (count < 5) await client.recv(99);
  }
});

Deno.test("Socket.recv_into() takes every kind of buffer", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const memory = new ArrayBuffer(8);
  const all = new Uint8Array(memory);
  for (
    const [buffer, expected] of [
      [memory, "hello\0\0\0"],
      [new DataView(memory), "hello\0\0\0"],
      [new Uint16Array(memory), "hello\0\0\0"],
      [all.subarray(2, 5), "\0\0hel\0\0\0"],
    ] as const
  ) {
    await conn.sendall(bytes("hello"));
    all.fill(0);
    const count = await client.recv_into(buffer);
    assertEquals(text(all), expected);
    if (count < 5) await client.recv(99);
  }
});

Deno.test("Socket.recv_into() waits, and then fills the array it was given", async () => {
  for (const timeout of [null, 5]) {
    await using pair = await connected();
    const { client, conn } = pair;
    client.settimeout(timeout);
    const buffer = new Uint8Array(4);
    const receiving = client.recv_into(buffer);
    assert(await isPending(receiving));
    await conn.sendall(bytes("later"));
    assertEquals(await inTime(receiving), 4);
    assertEquals(text(buffer), "late");
    assertEquals(text(await client.recv(9)), "r");
  }
});

Deno.test("Socket.recv_into() does not touch the array after a timeout", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const buffer = new Uint8Array(4);
  for (const timeout of [0, 0.01]) {
    client.settimeout(timeout);
    const failure = await outcome(() => client.recv_into(buffer));
    assertEquals(failure, timeout === 0 ? EAGAIN : TIMED_OUT);
  }
  await conn.sendall(bytes("data"));
  client.settimeout(null);
  assertEquals(text(await inTime(client.recv(9))), "data");
  assertEquals(buffer, new Uint8Array(4));
});

testUnless(
  NO_UNIX,
  "Socket.recv() on AF_UNIX raises EINVAL if not connected",
  async () => {
    await using sock = socket(AF_UNIX);
    assertEquals(
      await outcome(() => sock.recv(1)),
      EINVAL,
    );
  },
);
