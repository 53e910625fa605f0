/** `settimeout`, `setblocking`, and the default timeout. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import {
  AF_INET,
  BlockingIOError,
  create_connection,
  getdefaulttimeout,
  OSError,
  setdefaulttimeout,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  socket,
  timeout as timeoutAlias,
  TimeoutError,
} from "../mod.ts";
import {
  assertRows,
  bytes,
  call,
  EBADF,
  inTime,
  isPending,
  NOT_INT,
  outcome,
  type Row,
  text,
  TIMED_OUT,
} from "./_outcome.ts";
import { closed, connected, end, listening } from "./_pairs.ts";

const OUT_OF_RANGE = "ValueError: Timeout value out of range";
const NAN = "ValueError: Invalid value NaN (not a number)";
const TIME_T = "OverflowError: timestamp out of range for platform time_t";
const PYTIME_T = "OverflowError: timestamp too large to convert to C _PyTime_t";

const WRONG_TIMEOUTS: readonly Row[] = [
  [[-1], OUT_OF_RANGE],
  [[-0.0001], OUT_OF_RANGE],
  [[-1e-10], OUT_OF_RANGE],
  [[NaN], NAN],
  [[Infinity], TIME_T],
  [[-Infinity], TIME_T],
  [[2n ** 63n], PYTIME_T],
  [[10n ** 30n], PYTIME_T],
  [[[]], `TypeError: 'list' ${NOT_INT}`],
  [["5"], `TypeError: 'str' ${NOT_INT}`],
  [[bytes("5")], `TypeError: 'bytes' ${NOT_INT}`],
  [[{}], `TypeError: 'dict' ${NOT_INT}`],
];

Deno.test("Socket.settimeout() refuses what is no time, and keeps the old one", async () => {
  await using sock = socket();
  sock.settimeout(3);
  await assertRows(sock, "settimeout", [
    ...WRONG_TIMEOUTS,
    [[], "TypeError: socket.settimeout() takes exactly one argument (0 given)"],
    [
      [1, 2],
      "TypeError: socket.settimeout() takes exactly one argument (2 given)",
    ],
  ]);
  assertEquals(sock.gettimeout(), 3);
});

Deno.test("Socket.settimeout() keeps seconds to the nanosecond, away from zero", async () => {
  await using sock = socket();
  for (
    const [given, expected] of [
      ...[[5, 5], [0, 0], [null, null], [true, 1], [9e9, 9e9], [3n, 3]],
      ...[[1e-9, 1e-9], [1e-10, 1e-9], [1.23456789012, 1.234567891]],
      ...[[2.5, 2.5], [-0, 0]],
    ] as const
  ) {
    sock.settimeout(given as number);
    assertEquals(sock.gettimeout(), expected);
    assertEquals(sock.timeout, expected);
    assertEquals(sock.getblocking(), expected !== 0);
  }
});

Deno.test("Socket.settimeout(-0) is a plain 0", async () => {
  await using sock = socket();
  sock.settimeout(-0);
  assert(Object.is(sock.gettimeout(), 0));
});

Deno.test("Socket.setblocking() is settimeout(null) or settimeout(0)", async () => {
  await using sock = socket();
  for (
    const [flag, expected] of [
      ...[[false, 0], [true, null], [0, 0], [1, null], [2 ** 32, null]],
      ...[[-1, null], [0n, 0]],
    ] as const
  ) {
    sock.settimeout(5);
    call(sock, "setblocking", [flag]);
    assertEquals(sock.gettimeout(), expected);
    assertEquals(sock.getblocking(), expected === null);
  }
});

Deno.test("Socket.setblocking() wants a whole number, not a truth", async () => {
  await using sock = socket();
  await assertRows(sock, "setblocking", [
    [["x"], `TypeError: 'str' ${NOT_INT}`],
    [[""], `TypeError: 'str' ${NOT_INT}`],
    [[null], `TypeError: 'NoneType' ${NOT_INT}`],
    [[1.5], `TypeError: 'float' ${NOT_INT}`],
    [
      [2n ** 63n],
      "OverflowError: Python int too large to convert to C long",
    ],
    [
      [],
      "TypeError: socket.setblocking() takes exactly one argument (0 given)",
    ],
    [
      [1, 2],
      "TypeError: socket.setblocking() takes exactly one argument (2 given)",
    ],
  ]);
  assertEquals(sock.gettimeout(), null);
});

Deno.test("Socket.settimeout() of a closed socket keeps the value and raises EBADF", async () => {
  const sock = await closed();
  assertEquals(await outcome(() => sock.settimeout(5)), EBADF);
  assertEquals([sock.gettimeout(), sock.timeout], [5, 5]);
  assertEquals(sock.getblocking(), true);
  assertEquals(await outcome(() => sock.setblocking(false)), EBADF);
  assertEquals([sock.gettimeout(), sock.getblocking()], [0, false]);
  assertEquals(await outcome(() => sock.settimeout(-1)), OUT_OF_RANGE);
  assertEquals(sock.gettimeout(), 0);
});

Deno.test("setdefaulttimeout() is for sockets that are made later", async () => {
  assertEquals(getdefaulttimeout(), null);
  await using before = socket();
  try {
    for (const timeout of [5, 0, 0.5]) {
      setdefaulttimeout(timeout);
      assertEquals(getdefaulttimeout(), timeout);
      await using sock = socket();
      assertEquals(sock.gettimeout(), timeout);
      assertEquals(sock.getblocking(), timeout !== 0);
      assertEquals(before.gettimeout(), null);
      await using other = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
      assertEquals(other.gettimeout(), 0);
    }
  } finally {
    setdefaulttimeout(null);
  }
  assertEquals(getdefaulttimeout(), null);
});

Deno.test("setdefaulttimeout() is what create_connection() goes by", async () => {
  await using listener = listening();
  try {
    setdefaulttimeout(5);
    await using usual = await create_connection(listener.getsockname());
    assertEquals(usual.gettimeout(), 5);
    await using other = await create_connection(listener.getsockname(), {
      timeout: null,
    });
    assertEquals(other.gettimeout(), null);
  } finally {
    setdefaulttimeout(null);
  }
});

Deno.test("setdefaulttimeout() refuses what is no time", async () => {
  for (const [args, expected] of WRONG_TIMEOUTS) {
    const [value] = args as [number];
    assertEquals(await outcome(() => setdefaulttimeout(value)), expected);
  }
  const set = setdefaulttimeout as (...args: unknown[]) => void;
  const wanted =
    "TypeError: _socket.setdefaulttimeout() takes exactly one argument";
  assertEquals(await outcome(() => set()), `${wanted} (0 given)`);
  assertEquals(await outcome(() => set(1, 2)), `${wanted} (2 given)`);
  assertEquals(getdefaulttimeout(), null);
});

Deno.test("TimeoutError of a socket has no errno and is no BlockingIOError", async () => {
  await using pair = await connected();
  pair.client.settimeout(0.001);
  const error = await assertRejects(() => pair.client.recv(1), TimeoutError);
  assertInstanceOf(error, timeoutAlias);
  assertInstanceOf(error, OSError);
  assert(!(error instanceof BlockingIOError));
  assertEquals(error.message, "timed out");
  assertEquals(error.args, ["timed out"]);
  assertEquals([error.errno, error.strerror, error.code], [null, null, null]);
});

Deno.test("Socket.settimeout() does not change a call that waits already", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const patient = client.recv(9);
  client.settimeout(0);
  assert(await isPending(patient));
  await conn.sendall(bytes("late"));
  assertEquals(text(await inTime(patient)), "late");
  client.settimeout(0.05);
  const start = performance.now();
  const hasty = outcome(() => client.recv(9));
  client.settimeout(null);
  assertEquals(await hasty, TIMED_OUT);
  assert(performance.now() - start >= 49);
});

Deno.test("Socket.settimeout() of years does not overflow a timer", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  for (const years of [9e9, 2 ** 31 / 1000, 2 ** 32]) {
    client.settimeout(years);
    const receiving = client.recv(9);
    assert(await isPending(receiving));
    await conn.sendall(bytes("x"));
    assertEquals(text(await inTime(receiving)), "x");
  }
  await end(client);
});

Deno.test("Socket's methods that wait reject, and never throw", async () => {
  await using sock = socket();
  const methods = ["accept", "connect", "connect_ex", "recv", "recv_into"];
  for (const method of [...methods, "send", "sendall", "shutdown"]) {
    const promise = call(sock, method, ["x", "y", "z", 1]);
    assertInstanceOf(promise, Promise);
    await assertRejects(() => promise as Promise<unknown>, TypeError);
  }
});

Deno.test("recv() gets all that came after a call for less had timed out", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  client.settimeout(0.01);
  assertEquals(await outcome(() => client.recv(1)), TIMED_OUT);
  await conn.sendall(bytes("hello"));
  client.settimeout(null);
  assertEquals(text(await inTime(client.recv(1024))), "hello");
  client.settimeout(0.01);
  assertEquals(await outcome(() => client.recv(1)), TIMED_OUT);
  client.settimeout(5);
  const late = client.recv(1024);
  await conn.sendall(bytes("again"));
  assertEquals(text(await inTime(late)), "again");
});
