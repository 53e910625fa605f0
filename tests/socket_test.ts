/** `socket()`: what it makes, what it refuses, and what it says of itself. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertThrows,
} from "@std/assert";
import * as mod from "../mod.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  SO_TYPE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  Socket,
  socket,
  SOL_SOCKET,
} from "../mod.ts";
import {
  call,
  EBADF,
  EINVAL,
  ENOTCONN,
  NOT_INT,
  outcome,
  type Row,
} from "./_outcome.ts";
import {
  connected,
  listening,
  LOCALHOST,
  NO_ABSTRACT,
  NO_IPV6,
  NO_UNIX,
  testUnless,
  unixPath,
} from "./_pairs.ts";

const WRONG_ARGUMENTS: readonly Row[] = [
  [[null], `TypeError: 'NoneType' ${NOT_INT}`],
  [["AF_INET"], `TypeError: 'str' ${NOT_INT}`],
  [[1.5], `TypeError: 'float' ${NOT_INT}`],
  [[2, "x"], `TypeError: 'str' ${NOT_INT}`],
  [[2, null], `TypeError: 'NoneType' ${NOT_INT}`],
  [[2, 1, []], `TypeError: 'list' ${NOT_INT}`],
  [[2 ** 31], "OverflowError: Python int too large to convert to C int"],
  [
    [0],
    "OSError: [EAFNOSUPPORT] Address family not supported by protocol",
  ],
  [
    [999],
    "OSError: [EAFNOSUPPORT] Address family not supported by protocol",
  ],
  [[2, 999], EINVAL],
  [[2, 0], "OSError: [ESOCKTNOSUPPORT] Socket type not supported"],
  [[2, 5], "OSError: [ESOCKTNOSUPPORT] Socket type not supported"],
  [[2, 1, 999], EINVAL],
  [[2, 1, 17], "OSError: [EPROTONOSUPPORT] Protocol not supported"],
  [[-1, -1, -1, -1], "ValueError: negative file descriptor"],
  [[-1, -1, -1, -42], "ValueError: negative file descriptor"],
  [[-1, -1, -1, 9999], EBADF],
  [[2, 1, 0, 9999], EBADF],
  [[-1, -1, -1, "x"], `TypeError: 'str' ${NOT_INT}`],
  [[-1, -1, -1, 4.5], `TypeError: 'float' ${NOT_INT}`],
];

Deno.test("socket() refuses what the kernel has no socket for", async () => {
  for (const [args, expected] of WRONG_ARGUMENTS) {
    const make = () => Reflect.construct(Socket, args);
    assertEquals(await outcome(make), expected, Deno.inspect(args));
  }
});

Deno.test("socket() makes a Socket, of TCP if nothing else is said", async () => {
  for (
    const make of [
      () => socket(),
      () => socket(-1, -1, -1),
      () => new Socket(AF_INET, SOCK_STREAM),
      () => new mod.SocketType(),
    ]
  ) {
    await using sock = make();
    assertInstanceOf(sock, Socket);
    assertEquals([sock.family, sock.type, sock.proto], [
      AF_INET,
      SOCK_STREAM,
      0,
    ]);
  }
});

Deno.test("Socket.proto is as it was given", async () => {
  await using sock = socket(AF_INET, SOCK_STREAM, 6);
  assertEquals(sock.proto, 6);
});

Deno.test("Socket.type is without SOCK_CLOEXEC and SOCK_NONBLOCK", async () => {
  await using waiting = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC);
  assertEquals([waiting.type, waiting.gettimeout()], [SOCK_STREAM, null]);
  await using other = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
  assertEquals([other.type, other.gettimeout()], [SOCK_STREAM, 0]);
});

Deno.test("Socket.family, type, proto and timeout cannot be set", async () => {
  await using sock = socket();
  for (const name of ["family", "type", "proto", "timeout"]) {
    assertThrows(() => {
      (sock as unknown as Record<string, number>)[name] = 3;
    }, TypeError);
  }
  assertEquals([sock.family, sock.type, sock.proto], [AF_INET, SOCK_STREAM, 0]);
});

Deno.test("Socket.family, type, proto and timeout outlive close()", async () => {
  const sock = socket();
  sock.settimeout(5);
  await sock[Symbol.asyncDispose]();
  assertEquals(
    [sock.family, sock.type, sock.proto, sock.timeout],
    [AF_INET, SOCK_STREAM, 0, 5],
  );
});

Deno.test("String() of a socket is Python's repr()", async () => {
  await using sock = socket();
  const start = "<socket.socket fd=?, family=2, type=1, proto=0";
  assertEquals(String(sock), `${start}, laddr=('0.0.0.0', 0)>`);
  sock.bind([LOCALHOST, 0]);
  const [, port] = sock.getsockname();
  assertEquals(String(sock), `${start}, laddr=('127.0.0.1', ${port})>`);
  sock.listen();
  assertEquals(String(sock), `${start}, laddr=('127.0.0.1', ${port})>`);
});

Deno.test("String() of a connected socket names both addresses", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const [local, remote] = [client.getsockname(), client.getpeername()];
  assertEquals(
    String(conn),
    "<socket.socket fd=?, family=2, type=1, proto=0, " +
      `laddr=('127.0.0.1', ${remote[1]}), raddr=('127.0.0.1', ${local[1]})>`,
  );
});

Deno.test("String() has no raddr once both sides have shut both ways", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await conn.shutdown(mod.SHUT_RDWR);
  await client.shutdown(mod.SHUT_RDWR);
  assertMatch(String(client), /, laddr=\('127.0.0.1', \d+\)>$/);
});

Deno.test("String() of a closed socket says so", async () => {
  const expected = "<socket.socket [closed] fd=-1, family=2, type=1, proto=0>";
  await using pair = await connected();
  const { client, conn } = pair;
  client.close();
  assertEquals(String(client), expected);
  const descriptor = conn.detach();
  assert(descriptor !== -1);
  assertEquals(String(conn), expected);
  await descriptor.close();
});

testUnless(NO_IPV6, "String() shows IPv6 addresses in four parts", async () => {
  await using sock = socket(AF_INET6);
  assertEquals(
    String(sock),
    `<socket.socket fd=?, family=${AF_INET6}, type=1, proto=0, laddr=('::', 0, 0, 0)>`,
  );
  await using pair = await connected(AF_INET6);
  assertMatch(
    String(pair.client),
    /laddr=\('::1', \d+, 0, 0\), raddr=\('::1', \d+, 0, 0\)>$/,
  );
});

testUnless(NO_UNIX, "String() shows a path only if there is one", async () => {
  const start = "<socket.socket fd=?, family=1, type=1, proto=0";
  await using folder = await unixPath();
  await using sock = socket(AF_UNIX);
  assertEquals(String(sock), `${start}>`);
  sock.bind(folder.path);
  assertEquals(String(sock), `${start}, laddr='${folder.path}'>`);
});

testUnless(
  NO_ABSTRACT,
  "String() shows an abstract name as bytes",
  async () => {
    await using sock = socket(AF_UNIX);
    const name = `\0${crypto.randomUUID()}`;
    sock.bind(name);
    assertMatch(String(sock), /, laddr=b'\\x00[0-9a-f-]+'>$/);
  },
);

Deno.test("String() names the class of a subclass", async () => {
  class MySocket extends Socket {}
  await using sock = new MySocket();
  assertMatch(String(sock), /^<MySocket fd=\?, family=2/);
});

Deno.test("Deno.inspect() of a socket has the names of family and type", async () => {
  await using sock = socket();
  assertEquals(
    Deno.inspect(sock),
    "<socket.socket fd=?, family=AddressFamily.AF_INET, type=SocketKind.SOCK_STREAM, proto=0, laddr=('0.0.0.0', 0)>",
  );
  assertMatch(Deno.inspect({ sock }), /sock: <socket\.socket /);
});

Deno.test("Socket.getsockname() of a new socket is the any address", async () => {
  await using sock = socket();
  assertEquals(sock.getsockname(), ["0.0.0.0", 0]);
});

testUnless(NO_IPV6, "Socket.getsockname() of IPv6 has four parts", async () => {
  await using sock = socket(AF_INET6);
  assertEquals(sock.getsockname(), ["::", 0, 0, 0]);
});

Deno.test("Socket.getpeername() raises ENOTCONN without a peer", async () => {
  await using fresh = socket();
  await using listener = listening();
  for (const sock of [fresh, listener]) {
    assertEquals(
      await outcome(() => sock.getpeername()),
      ENOTCONN,
    );
  }
});

Deno.test("Socket.getpeername() is the other's getsockname()", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  assertEquals(client.getpeername(), conn.getsockname());
  assertEquals(conn.getpeername(), client.getsockname());
});

Deno.test("Socket's getters take no argument", async () => {
  await using sock = socket();
  const getters = ["getsockname", "getpeername", "gettimeout", "getblocking"];
  for (const method of getters) {
    assertEquals(
      await outcome(() => call(sock, method, [1])),
      `TypeError: socket.${method}() takes no arguments (1 given)`,
    );
  }
});

Deno.test("socket() adopts what detach() has returned", async () => {
  await using listener = listening();
  const address = listener.getsockname();
  const descriptor = listener.detach();
  assert(descriptor !== -1);
  await using adopted = socket(-1, -1, -1, descriptor);
  assertEquals([adopted.family, adopted.type], [AF_INET, SOCK_STREAM]);
  assertEquals(adopted.getsockname(), address);
  assertEquals(adopted.getsockopt(SOL_SOCKET, SO_TYPE), SOCK_STREAM);
});

Deno.test("socket() finds the protocol of a descriptor out", async () => {
  const descriptor = socket(AF_INET, SOCK_STREAM).detach();
  assert(descriptor !== -1);
  await using adopted = socket(-1, -1, -1, descriptor);
  assertEquals(adopted.proto, 6);
});

Deno.test("socket() believes what is said of a descriptor", async () => {
  const descriptor = socket().detach();
  assert(descriptor !== -1);
  await using adopted = socket(98, 77, 5, descriptor);
  assertEquals([adopted.family, adopted.type, adopted.proto], [98, 77, 5]);
  assertEquals(
    String(adopted),
    "<socket.socket fd=?, family=98, type=77, proto=5>",
  );
});

Deno.test("socket() does not adopt a closed descriptor", async () => {
  const descriptor = socket().detach();
  assert(descriptor !== -1);
  await descriptor.close();
  assertEquals(
    await outcome(() => socket(-1, -1, -1, descriptor)),
    EBADF,
  );
});
