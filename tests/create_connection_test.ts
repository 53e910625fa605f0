/** `create_connection()`. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import {
  AF_INET,
  AF_INET6,
  ConnectionRefusedError,
  create_connection,
  create_server,
  ExceptionGroup,
  gaierror,
  getaddrinfo,
  IPPROTO_TCP,
  setdefaulttimeout,
} from "../mod.ts";
import {
  bytes,
  EADDRINUSE,
  ECONNREFUSED,
  EINPROGRESS,
  inTime,
  NO_FAMILY,
  NO_NAME,
  NOT_INT,
  outcome,
  type Row,
  text,
  TIMED_OUT,
} from "./_outcome.ts";
import {
  end,
  listening,
  LOCALHOST,
  NO_IPV6,
  refusing,
  silent,
  testUnless,
} from "./_pairs.ts";

const NO_SERVICE =
  "gaierror: [EAI_SERVICE] Servname not supported for ai_socktype";

/** Calls with whatever arguments, as JavaScript can. */
const connect = create_connection as (...args: unknown[]) => Promise<unknown>;

Deno.test("create_connection() refuses what is no address", async () => {
  const address = await refusing();
  const rows: readonly Row[] = [
    [[5], "TypeError: cannot unpack non-iterable int object"],
    [[null], "TypeError: cannot unpack non-iterable NoneType object"],
    [
      [["127.0.0.1"]],
      "ValueError: not enough values to unpack (expected 2, got 1)",
    ],
    [
      [["127.0.0.1", 80, 0, 0]],
      "ValueError: too many values to unpack (expected 2)",
    ],
    [[[5, 80]], "TypeError: getaddrinfo() argument 1 must be string or None"],
    [["ab"], NO_SERVICE],
    [[["127.0.0.1", "nosuchsvc"]], NO_SERVICE],
    [[["127.0.0.1", -1]], NO_SERVICE],
    [[["127.0.0.1", 1.5]], "OSError: Int or String expected"],
    [[["", 80]], NO_NAME],
    [[["no host", 80]], NO_NAME],
    [[["127.0.0.1", null]], ECONNREFUSED],
    [[["127.0.0.1", 65536]], ECONNREFUSED],
    [[address, { timeout: "x" }], `TypeError: 'str' ${NOT_INT}`],
    [[address, { timeout: -1 }], "ValueError: Timeout value out of range"],
    [
      [address, { source_address: "x" }],
      "TypeError: bind(): AF_INET address must be tuple, not str",
    ],
    [
      [address, { source_address: ["::1", 0] }],
      NO_FAMILY,
    ],
  ];
  for (const [args, expected] of rows) {
    const actual = await outcome(() => connect(...args));
    assertEquals(actual, expected, Deno.inspect(args));
  }
});

Deno.test("create_connection() returns a connected socket of TCP", async () => {
  await using listener = listening();
  await using sock = await create_connection(listener.getsockname());
  assertEquals(sock.getpeername(), listener.getsockname());
  assertEquals([sock.family, sock.proto], [AF_INET, IPPROTO_TCP]);
  assertEquals(sock.gettimeout(), null);
});

Deno.test("create_connection() takes hosts and ports in every form", async () => {
  await using listener = listening();
  const [, port] = listener.getsockname();
  for (
    const address of [
      ...[["localhost", port], [null, port], [bytes(LOCALHOST), port]],
      ...[[LOCALHOST, String(port)], [LOCALHOST, bytes(String(port))]],
      ...[["127.1", port], [LOCALHOST, port + 65536]],
    ] as const
  ) {
    await using sock = await create_connection(address);
    assertEquals(sock.getpeername(), listener.getsockname());
  }
});

testUnless(
  findNoServices(),
  "create_connection() finds a service by its name",
  async () => {
    // Whether somebody listens there is not the question.
    const failure = await outcome(() => create_connection([LOCALHOST, "http"]));
    assert(!failure.startsWith("gaierror"), failure);
  },
);

function findNoServices(): string | undefined {
  try {
    Deno.statSync("/etc/services");
    return undefined;
  } catch {
    return "ignored: no /etc/services here";
  }
}

testUnless(
  NO_IPV6,
  "create_connection() uses the family of the address",
  async () => {
    await using listener = listening(AF_INET6);
    const [, port] = listener.getsockname();
    await using sock = await create_connection(["::1", port]);
    assertEquals(sock.family, AF_INET6);
    assertEquals(sock.getpeername(), ["::1", port, 0, 0]);
  },
);

Deno.test("create_connection() raises what the last attempt failed with", async () => {
  const address = await refusing();
  assertEquals(await outcome(() => create_connection(address)), ECONNREFUSED);
});

Deno.test("create_connection() with all_errors raises all of them", async () => {
  const address = await refusing();
  const error = await assertRejects(
    () => create_connection(address, { all_errors: true }),
    ExceptionGroup,
  );
  assertEquals(error.message, "create_connection failed (1 sub-exception)");
  assertInstanceOf(error.exceptions[0], ConnectionRefusedError);
});

Deno.test("create_connection() does not wrap the resolver's error", async () => {
  for (const all_errors of [true, false]) {
    await assertRejects(
      () => create_connection(["nosuch.invalid", 80], { all_errors }),
      gaierror,
    );
  }
});

Deno.test("create_connection() has its timeout for the attempt and the socket", async () => {
  await using listener = listening();
  for (const timeout of [5, null]) {
    await using sock = await create_connection(listener.getsockname(), {
      timeout,
    });
    assertEquals(sock.gettimeout(), timeout);
  }
  await using nobody = await silent();
  const connecting = () => create_connection(nobody.address, { timeout: 0.02 });
  assertEquals(await outcome(connecting), TIMED_OUT);
  setdefaulttimeout(0.02);
  try {
    assertEquals(
      await outcome(() => create_connection(nobody.address)),
      TIMED_OUT,
    );
  } finally {
    setdefaulttimeout(null);
  }
});

Deno.test("create_connection() with a timeout of 0 raises EINPROGRESS", async () => {
  await using listener = listening();
  assertEquals(
    await outcome(() =>
      create_connection(listener.getsockname(), { timeout: 0 })
    ),
    EINPROGRESS,
  );
});

Deno.test("create_connection() connects from source_address", async () => {
  await using listener = listening();
  for (const host of ["", LOCALHOST]) {
    await using sock = await create_connection(listener.getsockname(), {
      source_address: [host, 0],
    });
    assertEquals(sock.getsockname()[0], LOCALHOST);
    const [conn, address] = await inTime(listener.accept());
    assertEquals(address, sock.getsockname());
    await sock.sendall(bytes("ping"));
    assertEquals(text(await inTime(conn.recv(9))), "ping");
    await conn.sendall(bytes("pong"));
    assertEquals(text(await inTime(sock.recv(9))), "pong");
    await end(conn);
    assertEquals(await inTime(sock.recv(9)), new Uint8Array(0));
  }
});

Deno.test({
  name: "create_connection() connects from another address of this machine" +
    (Deno.build.os === "linux" ? "" : " (ignored: Linux has all of 127/8)"),
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using listener = listening();
    await using sock = await create_connection(listener.getsockname(), {
      source_address: ["127.0.0.3", 0],
    });
    assertEquals(sock.getsockname()[0], "127.0.0.3");
    const [conn, address] = await listener.accept();
    assertEquals(address, sock.getsockname());
    await end(conn);
  },
});

Deno.test("create_connection() raises EADDRINUSE for a source_address in use", async () => {
  await using listener = listening();
  const address = listener.getsockname();
  assertEquals(
    await outcome(() =>
      create_connection(address, { source_address: address })
    ),
    EADDRINUSE,
  );
});

Deno.test("Keyword arguments are one object, whose names are known", async () => {
  const calls: Readonly<Record<string, () => unknown>> = {
    "TypeError: create_connection() takes its keyword arguments as one object, not int":
      () => create_connection(["127.0.0.1", 1], 5 as never),
    "TypeError: create_connection() got an unexpected keyword argument 'timout'":
      () => create_connection(["127.0.0.1", 1], { timout: 5 } as never),
    "TypeError: create_server() got an unexpected keyword argument 'famliy'":
      () => create_server(["127.0.0.1", 0], { famliy: 10 } as never),
    "TypeError: getaddrinfo() got an unexpected keyword argument 'typ'": () =>
      getaddrinfo("127.0.0.1", 1, { typ: 1 } as never),
  };
  for (const [expected, call] of Object.entries(calls)) {
    assertEquals(await outcome(call), expected);
  }
});
