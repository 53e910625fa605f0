/** `create_server()` and `has_dualstack_ipv6()`. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  AF_INET6,
  AF_UNIX,
  ConnectionRefusedError,
  create_connection,
  create_server,
  EAI_ADDRFAMILY,
  EAI_NONAME,
  has_dualstack_ipv6,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  OSError,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOL_SOCKET,
} from "../mod.ts";
import { inTime, NOT_INT, outcome, type Row } from "./_outcome.ts";
import {
  end,
  listening,
  LOCALHOST,
  NO_IPV6,
  NO_UNIX,
  testUnless,
  unixPath,
} from "./_pairs.ts";

/** Calls with whatever arguments, as JavaScript can. */
const serve = create_server as (...args: unknown[]) => unknown;

Deno.test("create_server() refuses what is no address", async () => {
  await using taken = listening();
  const [, port] = taken.getsockname();
  const where = (address: string) =>
    `(while attempting to bind on address ${address})`;
  const rows: readonly Row[] = [
    [[null], "TypeError: bind(): AF_INET address must be tuple, not NoneType"],
    [
      [["127.0.0.1", 65536]],
      "OverflowError: bind(): port must be 0-65535.",
    ],
    [[["127.0.0.1", "80"]], `TypeError: 'str' ${NOT_INT}`],
    [
      [[LOCALHOST, port]],
      `OSError: [EADDRINUSE] Address already in use ${
        where(`('127.0.0.1', ${port})`)
      }`,
    ],
    [
      [["1.2.3.4", 0]],
      `OSError: [EADDRNOTAVAIL] Cannot assign requested address ${
        where("('1.2.3.4', 0)")
      }`,
    ],
    [
      [["", 0], { dualstack_ipv6: true }],
      "ValueError: dualstack_ipv6 requires AF_INET6 family",
    ],
    [[[LOCALHOST, 0], { backlog: "x" }], `TypeError: 'str' ${NOT_INT}`],
    [[[LOCALHOST, 0], { family: null }], `TypeError: 'NoneType' ${NOT_INT}`],
  ];
  for (const [args, expected] of rows) {
    const actual = await outcome(() => serve(...args));
    assertEquals(actual, expected, Deno.inspect(args));
  }
});

Deno.test("create_server() turns a resolver's error into a plain OSError", () => {
  const rows = [
    ["256.1.1.1", EAI_NONAME, "Name or service not known"],
    ["::1", EAI_ADDRFAMILY, "Address family for hostname not supported"],
  ] as const;
  for (const [host, number, words] of rows) {
    const where = `(while attempting to bind on address ('${host}', 0))`;
    const error = assertThrows(() => create_server([host, 0]), OSError);
    assertStrictEquals(error.constructor, OSError);
    assertEquals(error.message, `[Errno ${number}] ${words} ${where}`);
  }
});

Deno.test("create_server() returns a socket that listens", async () => {
  for (const backlog of [null, -1, 0, 5]) {
    await using listener = create_server([LOCALHOST, 0], { backlog });
    assertMatch(
      String(listener),
      /^<socket.socket fd=\?, family=2, type=1, proto=0, laddr=\('127.0.0.1', \d+\)>$/,
    );
    assertEquals(listener.getsockopt(SOL_SOCKET, SO_REUSEADDR), 1);
    await using client = await create_connection(listener.getsockname());
    const [conn, address] = await listener.accept();
    assertEquals(address, client.getsockname());
    await end(conn);
  }
});

Deno.test("create_server() leaves nothing behind when it fails", async () => {
  await using first = listening();
  const address = first.getsockname();
  await outcome(() => create_server(address));
  await end(first);
  await end(create_server(address));
});

Deno.test({
  name: "create_server() shares its port if reuse_port is asked for" +
    (SO_REUSEPORT === undefined ? " (ignored: no SO_REUSEPORT here)" : ""),
  ignore: SO_REUSEPORT === undefined,
  async fn() {
    await using first = create_server([LOCALHOST, 0], { reuse_port: true });
    const address = first.getsockname();
    await using second = create_server(address, { reuse_port: true });
    assertEquals(second.getsockname(), address);
    assertMatch(await outcome(() => create_server(address)), /EADDRINUSE/);
  },
});

testUnless(
  NO_IPV6,
  "create_server() of AF_INET6 turns IPv4 peers away",
  async () => {
    await using listener = create_server(["", 0], { family: AF_INET6 });
    const [, port] = listener.getsockname();
    assertEquals(listener.getsockopt(IPPROTO_IPV6, IPV6_V6ONLY), 1);
    const accepting = listener.accept();
    try {
      await using stranger = await create_connection([LOCALHOST, port]);
      // Deno lets it in; then it is turned away, and not accepted.
      assertEquals(await inTime(stranger.recv(1)), new Uint8Array(0));
    } catch (error) {
      assertInstanceOf(error, ConnectionRefusedError);
    }
    await using client = await create_connection(["::1", port]);
    const [conn, address] = await inTime(accepting);
    assertEquals(address, client.getsockname());
    await end(conn);
  },
);

testUnless(
  NO_IPV6,
  "create_server() with dualstack_ipv6 accepts IPv4 peers too",
  async () => {
    assert(has_dualstack_ipv6());
    await using listener = create_server(["", 0], {
      family: AF_INET6,
      dualstack_ipv6: true,
    });
    const [, port] = listener.getsockname();
    assertEquals(listener.getsockopt(IPPROTO_IPV6, IPV6_V6ONLY), 0);
    for (
      const [host, seen] of [[LOCALHOST, "::ffff:127.0.0.1"], [
        "::1",
        "::1",
      ]] as const
    ) {
      await using client = await create_connection([host, port]);
      const [conn, address] = await listener.accept();
      assertEquals(address, [seen, client.getsockname()[1], 0, 0]);
      await end(conn);
    }
  },
);

testUnless(
  NO_UNIX,
  "create_server() listens at a path of AF_UNIX",
  async () => {
    await using folder = await unixPath();
    await using listener = create_server(folder.path, { family: AF_UNIX });
    assertEquals(listener.getsockname<string>(), folder.path);
    assertEquals(
      await outcome(() => create_server("/nonexistent/x", { family: AF_UNIX })),
      "FileNotFoundError: [ENOENT] No such file or directory " +
        "(while attempting to bind on address '/nonexistent/x')",
    );
  },
);
