/** `Socket.getsockopt()` and `Socket.setsockopt()`. */

import { assert, assertEquals } from "@std/assert";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  SO_ACCEPTCONN,
  SO_DOMAIN,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_PROTOCOL,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_TYPE,
  SOCK_STREAM,
  socket,
  SOL_SOCKET,
  TCP_NODELAY,
} from "../mod.ts";
import {
  assertRows,
  EBADF,
  EINVAL,
  ENOPROTOOPT,
  EOPNOTSUPP,
  NOT_INT,
  outcome,
  type Row,
} from "./_outcome.ts";
import {
  closed,
  connected,
  listening,
  NO_IPV6,
  NO_UNIX,
  testUnless,
} from "./_pairs.ts";

const BUFLEN = "OSError: getsockopt buflen out of range";
const noBytes = (type: string) =>
  `TypeError: a bytes-like object is required, not '${type}'`;

const WRONG_GET: readonly Row[] = [
  [[], "TypeError: getsockopt() takes at least 2 arguments (0 given)"],
  [[1], "TypeError: getsockopt() takes at least 2 arguments (1 given)"],
  [[1, 2, 3, 4], "TypeError: getsockopt() takes at most 3 arguments (4 given)"],
  [["x", 2], `TypeError: 'str' ${NOT_INT}`],
  [[1, "x"], `TypeError: 'str' ${NOT_INT}`],
  [[1, 2.5], `TypeError: 'float' ${NOT_INT}`],
  [[1, SO_TYPE, "x"], `TypeError: 'str' ${NOT_INT}`],
  [[1, SO_TYPE, null], `TypeError: 'NoneType' ${NOT_INT}`],
  [[2 ** 31, 2], "OverflowError: signed integer is greater than maximum"],
  [[1, SO_TYPE, 1025], BUFLEN],
  [[1, SO_TYPE, -1], BUFLEN],
];

const WRONG_SET: readonly Row[] = [
  [[], "TypeError: setsockopt() takes exactly 3 arguments (0 given)"],
  [[1, 2], "TypeError: setsockopt() takes exactly 3 arguments (2 given)"],
  [[1, 2, 1, 4], "TypeError: setsockopt() takes exactly 3 arguments (4 given)"],
  [["x", 2, 1], `TypeError: 'str' ${NOT_INT}`],
  [[1, "x", 1], `TypeError: 'str' ${NOT_INT}`],
  [[1, 2, 1.5], noBytes("float")],
  [[1, 2, null], noBytes("NoneType")],
  [[1, 2, "x"], noBytes("str")],
  [[1, 2, []], noBytes("list")],
  [[1, 2, 2 ** 31], noBytes("int")],
  [[1, 2, 2 ** 40], noBytes("int")],
];

Deno.test("Socket.getsockopt() refuses wrong arguments, also when closed", async () => {
  await using sock = socket();
  for (const each of [sock, await closed()]) {
    await assertRows(each, "getsockopt", WRONG_GET);
    await assertRows(each, "setsockopt", WRONG_SET);
  }
});

Deno.test("Socket.getsockopt() raises EBADF on a closed socket", async () => {
  const sock = await closed();
  assertEquals(await outcome(() => sock.getsockopt(1, 2)), EBADF);
  assertEquals(await outcome(() => sock.setsockopt(1, 2, 1)), EBADF);
  assertEquals(
    await outcome(() => sock.setsockopt(1, 2, new Uint8Array(0))),
    EBADF,
  );
});

Deno.test("Socket.getsockopt() tells what a socket is", async () => {
  for (const family of [AF_INET, AF_INET6, AF_UNIX]) {
    await using sock = socket(family);
    const get = (name: number) => sock.getsockopt(SOL_SOCKET, name);
    assertEquals(get(SO_TYPE), SOCK_STREAM);
    assertEquals(get(SO_ERROR), 0);
    assertEquals(get(SO_ACCEPTCONN), 0);
    if (Deno.build.os !== "linux") continue;
    assertEquals(get(SO_DOMAIN), family);
    assertEquals(get(SO_PROTOCOL), family === AF_UNIX ? 0 : IPPROTO_TCP);
  }
});

Deno.test("SO_ACCEPTCONN is 1 while a socket listens", async () => {
  await using listener = listening();
  assertEquals(listener.getsockopt(SOL_SOCKET, SO_ACCEPTCONN), 1);
  await listener.shutdown(2);
  assertEquals(listener.getsockopt(SOL_SOCKET, SO_ACCEPTCONN), 0);
});

Deno.test("Socket.getsockopt() with a length returns bytes, cut to it", async () => {
  await using sock = socket();
  for (
    const [length, expected] of [
      ...[[1, [1]], [2, [1, 0]], [4, [1, 0, 0, 0]]],
      ...[[100, [1, 0, 0, 0]], [1024, [1, 0, 0, 0]]],
    ] as const
  ) {
    assertEquals(
      sock.getsockopt(SOL_SOCKET, SO_TYPE, length as number),
      Uint8Array.from(expected as readonly number[]),
    );
  }
  assertEquals(sock.getsockopt(SOL_SOCKET, SO_TYPE, 0) as unknown, 1);
});

/** Options of a family, which are off to begin with. */
const SWITCHES = [
  [AF_INET, "SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR],
  [AF_INET, "SO_REUSEPORT", SOL_SOCKET, SO_REUSEPORT],
  [AF_INET, "SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE],
  [AF_INET, "TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY],
  [AF_INET6, "TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY],
  [AF_INET6, "IPV6_V6ONLY", IPPROTO_IPV6, IPV6_V6ONLY],
  [AF_UNIX, "SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE],
] as const;

for (const [family, name, level, option] of SWITCHES) {
  Deno.test(`${name} of family ${family} is off, and keeps what it is set to`, async () => {
    if (option === undefined) return;
    await using sock = socket(family);
    assertEquals(sock.getsockopt(level, option), 0);
    for (
      const [value, expected] of [
        ...[[1, 1], [0, 0], [5, 1], [-1, 1], [true, 1], [false, 0]],
        ...[[Uint8Array.of(1, 0, 0, 0), 1], [Uint8Array.of(0, 0, 0, 0, 9), 0]],
        ...[[Int32Array.of(2), 1]],
      ] as const
    ) {
      assertEquals(sock.setsockopt(level, option, value as number), undefined);
      assertEquals(sock.getsockopt(level, option), expected as number);
    }
  });
}

Deno.test("TCP_NODELAY and SO_KEEPALIVE can be set on a connection", async () => {
  await using pair = await connected();
  for (const sock of [pair.client, pair.conn]) {
    for (const value of [1, 0]) {
      sock.setsockopt(IPPROTO_TCP, TCP_NODELAY, value);
      assertEquals(sock.getsockopt(IPPROTO_TCP, TCP_NODELAY), value);
      sock.setsockopt(SOL_SOCKET, SO_KEEPALIVE, value);
      assertEquals(sock.getsockopt(SOL_SOCKET, SO_KEEPALIVE), value);
    }
  }
});

Deno.test("Socket.setsockopt() wants at least four bytes", async () => {
  await using sock = socket();
  for (const length of [0, 1, 3]) {
    const set = () =>
      sock.setsockopt(SOL_SOCKET, SO_REUSEADDR, new Uint8Array(length));
    assertEquals(await outcome(set), EINVAL);
  }
});

Deno.test("Socket.setsockopt() refuses options that can only be read", async () => {
  await using sock = socket();
  for (const name of [SO_TYPE, SO_ERROR, SO_ACCEPTCONN]) {
    const set = () => sock.setsockopt(SOL_SOCKET, name, 1);
    assertEquals(await outcome(set), ENOPROTOOPT);
  }
});

Deno.test({
  name: "Socket.getsockopt() refuses options that there are not" +
    (Deno.build.os === "linux" ? "" : " (ignored: other systems differ)"),
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using sock = socket();
    await assertRows(sock, "getsockopt", [
      [[1, 9999], ENOPROTOOPT],
      [[6, 9999], ENOPROTOOPT],
      [[9999, 1], EOPNOTSUPP],
      [[41, 26], EOPNOTSUPP],
    ]);
    await assertRows(sock, "setsockopt", [
      [[1, 9999, 1], ENOPROTOOPT],
      [[6, 9999, 1], ENOPROTOOPT],
      [[9999, 1, 1], ENOPROTOOPT],
      [[41, 26, 1], ENOPROTOOPT],
    ]);
  },
});

testUnless(NO_UNIX, "TCP_NODELAY is no option of AF_UNIX", async () => {
  await using sock = socket(AF_UNIX);
  await assertRows(sock, "getsockopt", [[[6, 1], EOPNOTSUPP]]);
  await assertRows(sock, "setsockopt", [[[6, 1, 1], EOPNOTSUPP]]);
});

testUnless(NO_IPV6, "IPV6_V6ONLY cannot be set once bound", async () => {
  await using sock = socket(AF_INET6);
  sock.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 1);
  sock.bind(["::", 0]);
  const set = () => sock.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 0);
  assertEquals(await outcome(set), EINVAL);
  assertEquals(sock.getsockopt(IPPROTO_IPV6, IPV6_V6ONLY), 1);
  assert(sock.getsockname()[1] > 0);
});
