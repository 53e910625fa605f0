/** `Socket.connect()` and `Socket.connect_ex()`. */

import { assert, assertEquals } from "@std/assert";
import {
  AF_INET6,
  create_server,
  errno,
  SHUT_WR,
  SO_ERROR,
  socket,
  SOL_SOCKET,
} from "../mod.ts";
import { select } from "../src/select.ts";
import {
  assertRows,
  bytes,
  call,
  EBADF,
  ECONNREFUSED,
  EINVAL,
  EISCONN,
  ENOTCONN,
  EPIPE,
  inTime,
  NO_FAMILY,
  NO_NAME,
  NOT_INT,
  outcome,
  type Row,
  text,
} from "./_outcome.ts";
import {
  closed,
  connected,
  end,
  listening,
  LOCALHOST,
  NO_IPV6,
  refusing,
  testUnless,
} from "./_pairs.ts";

/** What is no address, for `connect` and `connect_ex` alike. */
function wrongAddresses(method: string): Row[] {
  const one = `TypeError: socket.${method}() takes exactly one argument`;
  const badPort = `OverflowError: ${method}(): port must be 0-65535.`;
  return [
    [[], `${one} (0 given)`],
    [["127.0.0.1", 80], `${one} (2 given)`],
    [
      ["127.0.0.1"],
      `TypeError: ${method}(): AF_INET address must be tuple, not str`,
    ],
    [
      [null],
      `TypeError: ${method}(): AF_INET address must be tuple, not NoneType`,
    ],
    [
      [["127.0.0.1"]],
      "TypeError: AF_INET address must be a pair (host, port)",
    ],
    [[["127.0.0.1", "80"]], `TypeError: 'str' ${NOT_INT}`],
    [[["127.0.0.1", null]], `TypeError: 'NoneType' ${NOT_INT}`],
    [[["127.0.0.1", 80.5]], `TypeError: 'float' ${NOT_INT}`],
    [[["127.0.0.1", 65536]], badPort],
    [[["127.0.0.1", -1]], badPort],
    [[["127.0.0.1", 2n ** 70n]], badPort],
    [[["256.1.1.1", 80]], NO_NAME],
    [
      [["::1", 80]],
      NO_FAMILY,
    ],
  ];
}

for (const method of ["connect", "connect_ex"]) {
  Deno.test(`Socket.${method}() raises for what is no address`, async () => {
    await using sock = socket();
    await assertRows(sock, method, wrongAddresses(method));
  });

  Deno.test(`Socket.${method}() looks at the address before the state`, async () => {
    const sock = await closed();
    await assertRows(sock, method, wrongAddresses(method));
  });

  Deno.test(`Socket.${method}() connects, whatever the timeout`, async () => {
    for (const timeout of [null, 5]) {
      await using listener = listening();
      await using sock = socket();
      sock.settimeout(timeout);
      const result = await call(sock, method, [listener.getsockname()]);
      assertEquals(result, method === "connect" ? undefined : 0);
      assertEquals(sock.getpeername(), listener.getsockname());
      assertEquals(sock.getsockname()[0], LOCALHOST);
      assertEquals(sock.gettimeout(), timeout);
    }
  });
}

Deno.test("Socket.connect() raises ConnectionRefusedError where nobody listens", async () => {
  const address = await refusing();
  for (const timeout of [null, 5]) {
    await using sock = socket();
    sock.settimeout(timeout);
    assertEquals(await outcome(() => sock.connect(address)), ECONNREFUSED);
  }
});

Deno.test("Socket.connect() may be tried again, and first hears of a failure that another call has told", async () => {
  const address = await refusing();
  const { ECONNREFUSED, ECONNABORTED, EINPROGRESS } = errno;
  await using patient = socket();
  assertEquals(await patient.connect_ex(address), ECONNREFUSED);
  assertEquals(await outcome(() => patient.recv(1)), ENOTCONN);
  assertEquals(await patient.connect_ex(address), ECONNREFUSED);
  await using limited = socket();
  limited.settimeout(5);
  assertEquals(await limited.connect_ex(address), ECONNREFUSED);
  assertEquals(await limited.recv(1), new Uint8Array(0));
  assertEquals(await outcome(() => limited.listen()), EINVAL);
  assertEquals(await limited.connect_ex(address), ECONNABORTED);
  assertEquals(await outcome(() => limited.recv(1)), ENOTCONN);
  assertEquals(await limited.connect_ex(address), ECONNREFUSED);
  await using asked = socket();
  asked.setblocking(false);
  assertEquals(await asked.connect_ex(address), EINPROGRESS);
  await select([], [asked], []);
  assertEquals(asked.getsockopt(SOL_SOCKET, SO_ERROR), ECONNREFUSED);
  assertEquals(await asked.recv(1), new Uint8Array(0));
  assertEquals(await outcome(() => asked.shutdown(SHUT_WR)), ENOTCONN);
  assertEquals(await outcome(() => asked.connect(address)), EINVAL);
  asked.bind([LOCALHOST, 0]);
});

Deno.test("Socket.connect() says once more that all is well, after one with a timeout", async () => {
  using server = create_server([LOCALHOST, 0]);
  for (const [timeout, answer] of [[null, errno.EISCONN], [5, 0]] as const) {
    await using sock = socket();
    sock.settimeout(timeout);
    await sock.connect(server.getsockname());
    assertEquals(await sock.connect_ex(server.getsockname()), answer);
    assertEquals(await sock.connect_ex(server.getsockname()), errno.EISCONN);
  }
});

Deno.test("Socket.connect() is refused at port 0", async () => {
  await using sock = socket();
  assertEquals(await outcome(() => sock.connect([LOCALHOST, 0])), ECONNREFUSED);
});

Deno.test("Socket.connect() may be tried again after it was refused", async () => {
  await using listener = listening();
  await using sock = socket();
  assertEquals(
    await outcome(async () => sock.connect(await refusing())),
    ECONNREFUSED,
  );
  await sock.connect(listener.getsockname());
  assertEquals(sock.getpeername(), listener.getsockname());
});

Deno.test("Socket.connect() leaves a socket unconnected when it was refused", async () => {
  await using sock = socket();
  await sock.connect_ex(await refusing());
  assertEquals(await outcome(() => sock.send(bytes("x"))), EPIPE);
  assertEquals(await outcome(() => sock.recv(1)), ENOTCONN);
  assertEquals(await outcome(() => sock.getpeername()), ENOTCONN);
  assertEquals(sock.getsockname()[0], "0.0.0.0");
});

Deno.test("Socket.connect() raises EISCONN on a connected socket", async () => {
  await using pair = await connected();
  const { client } = pair;
  for (const timeout of [null, 0, 5]) {
    client.settimeout(timeout);
    for (const address of [client.getpeername(), [LOCALHOST, 1] as const]) {
      assertEquals(await outcome(() => client.connect(address)), EISCONN);
      assertEquals(await client.connect_ex(address), errno.EISCONN);
    }
  }
});

Deno.test("Socket.connect() raises EBADF on a closed socket, connect_ex() returns it", async () => {
  const sock = await closed();
  assertEquals(await outcome(() => sock.connect([LOCALHOST, 80])), EBADF);
  assertEquals(await sock.connect_ex([LOCALHOST, 80]), errno.EBADF);
});

Deno.test("Socket.connect() takes the empty host for this machine", async () => {
  await using listener = listening();
  await using sock = socket();
  await sock.connect(["", listener.getsockname()[1]]);
  assertEquals(sock.getpeername(), listener.getsockname());
});

Deno.test("Socket.connect() takes names and every way to write a number", async () => {
  await using listener = listening();
  const [, port] = listener.getsockname();
  for (const host of ["localhost", "127.1", "0x7f.1", bytes(LOCALHOST)]) {
    await using sock = socket();
    await sock.connect([host, port]);
    assertEquals(sock.getpeername(), listener.getsockname());
  }
});

Deno.test({
  name: "Socket.connect() raises the network's own errors" +
    (Deno.build.os === "linux" ? "" : " (ignored: other systems differ)"),
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using sock = socket();
    const failure = await outcome(() => sock.connect(["255.255.255.255", 80]));
    // EACCES where there is a route and no SO_BROADCAST.
    assert(
      /^(OSError: \[ENETUNREACH\]|PermissionError: \[EACCES\])/.test(failure),
    );
    assertEquals(
      await outcome(() => sock.connect(["<broadcast>", 80])),
      failure,
    );
  },
});

Deno.test("Socket.connect() uses the address of bind()", async () => {
  await using listener = listening();
  await using sock = socket();
  sock.bind([LOCALHOST, 0]);
  const address = sock.getsockname();
  await sock.connect(listener.getsockname());
  assertEquals(sock.getsockname(), address);
  const [conn, peer] = await listener.accept();
  assertEquals(peer, address);
  await sock.sendall(bytes("ping"));
  assertEquals(text(await conn.recv(9)), "ping");
  await conn.sendall(bytes("pong"));
  assertEquals(text(await sock.recv(9)), "pong");
  await end(conn);
});

Deno.test("Socket.connect() can connect a bound socket to itself", async () => {
  await using sock = socket();
  sock.bind([LOCALHOST, 0]);
  await inTime(sock.connect(sock.getsockname()));
  assertEquals(sock.getpeername(), sock.getsockname());
  assertEquals(await sock.send(bytes("me")), 2);
  assertEquals(text(await inTime(sock.recv(9))), "me");
});

testUnless(
  NO_IPV6,
  "Socket.connect() reaches IPv6 with addresses of two and four parts",
  async () => {
    await using listener = listening(AF_INET6);
    const [host, port] = listener.getsockname();
    for (const address of [listener.getsockname(), [host, port] as const]) {
      await using sock = socket(AF_INET6);
      await sock.connect(address);
      assertEquals(sock.getpeername(), ["::1", port, 0, 0]);
    }
  },
);

testUnless(
  NO_IPV6,
  "Socket.connect() of AF_INET6 refuses IPv4 numbers but for mapped ones",
  async () => {
    await using listener = listening();
    const [, port] = listener.getsockname();
    await using sock = socket(AF_INET6);
    assertEquals(
      await outcome(() => sock.connect([LOCALHOST, port])),
      NO_FAMILY,
    );
    await sock.connect(["::ffff:127.0.0.1", port]);
    assertEquals(sock.getpeername(), ["::ffff:127.0.0.1", port, 0, 0]);
    assertEquals(sock.getsockname()[0], "::ffff:127.0.0.1");
  },
);

testUnless(
  NO_IPV6,
  "Socket.connect() of AF_INET6 is refused where nobody listens",
  async () => {
    const address = await refusing(AF_INET6);
    await using sock = socket(AF_INET6);
    assertEquals(await outcome(() => sock.connect(address)), ECONNREFUSED);
  },
);
