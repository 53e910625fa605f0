/** `Socket.bind()`. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  AF_INET6,
  create_connection,
  gaierror,
  SO_REUSEPORT,
  socket,
  SOL_SOCKET,
} from "../mod.ts";
import {
  assertRows,
  bytes,
  EADDRINUSE,
  EBADF,
  EINVAL,
  NO_FAMILY,
  NO_NAME,
  NOT_INT,
  outcome,
  type Row,
} from "./_outcome.ts";
import {
  closed,
  connected,
  end,
  listening,
  LOCALHOST,
  NO_IPV6,
  testUnless,
} from "./_pairs.ts";

const PAIR = "TypeError: AF_INET address must be a pair (host, port)";
const BAD_PORT = "OverflowError: bind(): port must be 0-65535.";
const NO_NUL = "TypeError: host name must not contain null character";

const WRONG_ADDRESSES: readonly Row[] = [
  [["127.0.0.1"], "TypeError: bind(): AF_INET address must be tuple, not str"],
  [[5], "TypeError: bind(): AF_INET address must be tuple, not int"],
  [[null], "TypeError: bind(): AF_INET address must be tuple, not NoneType"],
  [[{}], "TypeError: bind(): AF_INET address must be tuple, not dict"],
  [[], "TypeError: socket.bind() takes exactly one argument (0 given)"],
  [
    ["127.0.0.1", 0],
    "TypeError: socket.bind() takes exactly one argument (2 given)",
  ],
  [[[]], PAIR],
  [[["127.0.0.1"]], PAIR],
  [[["127.0.0.1", 0, 0]], PAIR],
  [[["127.0.0.1", null]], `TypeError: 'NoneType' ${NOT_INT}`],
  [[["127.0.0.1", "80"]], `TypeError: 'str' ${NOT_INT}`],
  [[["127.0.0.1", 80.5]], `TypeError: 'float' ${NOT_INT}`],
  [[["127.0.0.1", -1]], BAD_PORT],
  [[["127.0.0.1", 65536]], BAD_PORT],
  [[["127.0.0.1", 2 ** 31]], BAD_PORT],
  [[["127.0.0.1", 2n ** 70n]], BAD_PORT],
  [[[null, 0]], "TypeError: str, bytes or bytearray expected, not NoneType"],
  [[[5, 0]], "TypeError: str, bytes or bytearray expected, not int"],
  [[["127.0.0.1\0", 0]], NO_NUL],
  [[[bytes("127.0.0.1\0"), 0]], NO_NUL],
  [[["\ud800", 0]], "TypeError: encoding of hostname failed"],
  [[["é".repeat(64), 0]], "TypeError: encoding of hostname failed"],
  [[["256.1.1.1", 0]], NO_NAME],
  [[["a..b", 0]], NO_NAME],
  [[["a".repeat(64) + ".com", 0]], NO_NAME],
  // The host is looked up before the port's range is checked,
  [[["256.1.1.1", 65536]], NO_NAME],
  // but a port that no C int holds fails first.
  [[["256.1.1.1", 2 ** 40]], BAD_PORT],
  [[["::1", 0]], NO_FAMILY],
  [
    [["1.2.3.4", 0]],
    "OSError: [EADDRNOTAVAIL] Cannot assign requested address",
  ],
];

Deno.test("Socket.bind() refuses what is no address of AF_INET", async () => {
  await using sock = socket();
  await assertRows(sock, "bind", WRONG_ADDRESSES);
  assertEquals(sock.getsockname(), ["0.0.0.0", 0]);
});

Deno.test("Socket.bind() refuses a wrong address before it sees that the socket is closed", async () => {
  const sock = await closed();
  await assertRows(sock, "bind", WRONG_ADDRESSES.slice(0, -1));
  await assertRows(sock, "bind", [[[["127.0.0.1", 0]], EBADF]]);
});

Deno.test("Socket.bind() takes every way to write a host", async () => {
  const hosts = [
    ...[["", "0.0.0.0"], ["localhost", LOCALHOST], ["127.1", LOCALHOST]],
    ...[["0x7f.1", LOCALHOST], ["2130706433", LOCALHOST]],
    ...[[bytes(LOCALHOST), LOCALHOST], ["0.0.0.0", "0.0.0.0"]],
  ] as const;
  for (const [given, expected] of hosts) {
    await using sock = socket();
    assertEquals(sock.bind([given, 0]), undefined);
    const [host, port] = sock.getsockname();
    assertEquals(host, expected, String(given));
    assert(port > 0);
  }
});

Deno.test("Socket.bind() reports a name that does not resolve", async () => {
  await using sock = socket();
  assertThrows(() => sock.bind(["nosuch.invalid", 0]), gaierror);
});

Deno.test({
  name: "Socket.bind() takes any address of 127.0.0.0/8" +
    (Deno.build.os === "linux" ? "" : " (ignored: only Linux has them all)"),
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using sock = socket();
    sock.bind(["127.0.0.9", 0]);
    assertEquals(sock.getsockname()[0], "127.0.0.9");
  },
});

Deno.test("Socket.bind() raises EINVAL the second time", async () => {
  await using sock = socket();
  sock.bind([LOCALHOST, 0]);
  const address = sock.getsockname();
  assertEquals(await outcome(() => sock.bind([LOCALHOST, 0])), EINVAL);
  assertEquals(sock.getsockname(), address);
});

Deno.test("Socket.bind() raises EINVAL on a connected socket", async () => {
  await using pair = await connected();
  for (const sock of [pair.client, pair.conn]) {
    assertEquals(await outcome(() => sock.bind([LOCALHOST, 0])), EINVAL);
  }
});

Deno.test("Socket.bind() raises EADDRINUSE for an address that is taken", async () => {
  await using bound = socket();
  bound.bind([LOCALHOST, 0]);
  await using listener = listening();
  for (const other of [bound, listener]) {
    await using sock = socket();
    assertEquals(
      await outcome(() => sock.bind(other.getsockname())),
      EADDRINUSE,
    );
    // The socket is as good as new.
    sock.bind([LOCALHOST, 0]);
  }
});

Deno.test("Socket.bind() raises EADDRINUSE where somebody has all interfaces", async () => {
  await using all = socket();
  all.bind(["", 0]);
  all.listen();
  await using sock = socket();
  const [, port] = all.getsockname();
  assertEquals(await outcome(() => sock.bind([LOCALHOST, port])), EADDRINUSE);
});

Deno.test({
  name: "Socket.bind() shares a port if both have SO_REUSEPORT" +
    (SO_REUSEPORT === undefined ? " (ignored: no SO_REUSEPORT here)" : ""),
  ignore: SO_REUSEPORT === undefined,
  async fn() {
    await using first = socket();
    first.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1);
    first.bind([LOCALHOST, 0]);
    first.listen();
    await using alone = socket();
    assertEquals(
      await outcome(() => alone.bind(first.getsockname())),
      EADDRINUSE,
    );
    await using second = socket();
    second.setsockopt(SOL_SOCKET, SO_REUSEPORT, 1);
    second.bind(first.getsockname());
    second.listen();
    assertEquals(second.getsockname(), first.getsockname());
  },
});

Deno.test("Socket.bind() takes a server's port again after its connections", async () => {
  await using listener = listening();
  const address = listener.getsockname();
  const client = await create_connection(address);
  const [conn] = await listener.accept();
  // The server closes first, so that its side stays in TIME_WAIT.
  await end(conn);
  await end(client);
  await end(listener);
  await using sock = socket();
  sock.bind(address);
  sock.listen();
  assertEquals(sock.getsockname(), address);
});

const WRONG_ADDRESSES_6: readonly Row[] = [
  [["::1"], "TypeError: bind(): AF_INET6 address must be tuple, not str"],
  ...[["::1"], ["::1", 0, 0, 0, 0], []].map((address): Row => [
    [address],
    "TypeError: AF_INET6 address must be a tuple (host, port[, flowinfo[, scopeid]])",
  ]),
  [[["::1", 0, -10]], "OverflowError: bind(): flowinfo must be 0-1048575."],
  [[["::1", 0, 2 ** 20]], "OverflowError: bind(): flowinfo must be 0-1048575."],
  [[["::1", 65536]], BAD_PORT],
  [[["::1", null]], `TypeError: 'NoneType' ${NOT_INT}`],
  [[["::1", 0, "x"]], `TypeError: 'str' ${NOT_INT}`],
  [[["::1%lo", 0]], NO_NAME],
  [[["127.0.0.1", 0]], NO_FAMILY],
  [[["fe80::1", 0]], EINVAL],
];

testUnless(
  NO_IPV6,
  "Socket.bind() refuses what is no address of AF_INET6",
  async () => {
    await using sock = socket(AF_INET6);
    await assertRows(sock, "bind", WRONG_ADDRESSES_6);
  },
);

testUnless(
  NO_IPV6,
  "Socket.bind() takes IPv6 addresses of two, three and four parts",
  async () => {
    for (
      const [address, host] of [
        [["::1", 0], "::1"],
        [["::1", 0, 0], "::1"],
        [["::1", 0, 0, 0], "::1"],
        [["::1", 0, 0, 99], "::1"],
        [["", 0], "::"],
        [["::ffff:127.0.0.1", 0], "::ffff:127.0.0.1"],
      ] as const
    ) {
      await using sock = socket(AF_INET6);
      sock.bind(address);
      const [name, port, ...rest] = sock.getsockname();
      assertEquals([name, ...rest], [host, 0, 0]);
      assert(port > 0);
    }
  },
);
