/** The calls of the descriptor tier, mostly on descriptors of Deno's sockets. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  BlockingIOError,
  errno,
  IPPROTO_TCP,
  MSG_PEEK,
  OSError,
  SHUT_RD,
  SHUT_WR,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_RCVBUF,
  SO_TYPE,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_NODELAY,
} from "../mod.ts";
import { POLLERR, POLLIN, POLLOUT } from "../src/poller.ts";
import { packSockaddr } from "../src/sockaddr.ts";
import { inTime, outcome } from "./_outcome.ts";
import { LOCALHOST, NO_IPV6, testUnless } from "./_pairs.ts";
import {
  addressOf,
  calls,
  countDescriptors,
  Descriptors,
  find,
  ints,
  NO_POSIX,
  openUdp,
  portOf,
} from "./_posix.ts";
import { run } from "./_program.ts";

const MODULE = JSON.stringify(import.meta.resolve("../src/posix.ts"));
const BYTE = Uint8Array.of(1);

/** A connection of Deno's, and its descriptors. */
async function openTcp() {
  using listener = Deno.listen({ hostname: LOCALHOST, port: 0 });
  const port = portOf(listener.addr);
  const client = await Deno.connect({ hostname: LOCALHOST, port });
  const conn = await listener.accept();
  const [fd, connFd] = [client, conn].map(({ localAddr, remoteAddr }) =>
    find({
      family: AF_INET,
      type: SOCK_STREAM,
      local: addressOf(localAddr),
      peer: addressOf(remoteAddr),
    })
  ) as [number, number];
  return { client, conn, fd, connFd };
}

/** The descriptor of a UDP endpoint of Deno's. */
function findUdp(udp: Deno.DatagramConn, family = AF_INET): number {
  return find({
    family,
    type: SOCK_DGRAM,
    local: addressOf(udp.addr),
    peer: null,
  });
}

function readInt(bytes: Uint8Array<ArrayBuffer>): number {
  return new DataView(bytes.buffer).getInt32(0, true);
}

// ## Which programs have it

const PROBE = `
  const { posix } = await import(${MODULE});
  const tier = posix();
  console.log(tier === undefined ? "none" : tier.kindOf(tier.socket(2, 1, 0)).type);
`;

const GRANTS: readonly (readonly [string[], string])[] = [
  [["--allow-net"], "none"],
  [["--allow-ffi=libc.so.6"], "none"],
  [["--allow-ffi"], "1"],
  [["--allow-all"], "1"],
  [["--allow-all", "--deny-ffi"], "none"],
];

for (const [flags, expected] of GRANTS) {
  if (flags[0] === "--allow-all" && flags[1]) flags.splice(0, 1, "--allow-net");
  testUnless(
    expected === "none" ? undefined : NO_POSIX,
    `posix() with ${flags.join(" ")} only is ${expected}`,
    async () => {
      const { code, stdout, stderr } = await run(PROBE, [
        "--no-prompt",
        ...flags,
      ]);
      assertEquals({ code, stdout, stderr }, {
        code: 0,
        stdout: `${expected}\n`,
        stderr: "",
      });
    },
  );
}

testUnless(
  NO_POSIX,
  "posix() is not there when the grant has been taken back",
  async () => {
    const { stdout } = await run(
      `
    const { posix } = await import(${MODULE});
    await Deno.permissions.revoke({ name: "ffi" });
    console.log(posix() === undefined);
  `,
      ["--no-prompt", "--allow-ffi"],
    );
    assertEquals(stdout, "true\n");
  },
);

// ## Options

testUnless(
  NO_POSIX,
  "Posix.setsockopt() of a connection of Deno's takes effect",
  async () => {
    const { client, conn, fd } = await openTcp();
    using _client = client;
    using _conn = conn;
    const posix = calls();
    const get = (level: number, name: number) =>
      readInt(posix.getsockopt(fd, level, name, 4));
    assertEquals(get(SOL_SOCKET, SO_TYPE), SOCK_STREAM);
    assertEquals(get(IPPROTO_TCP, TCP_NODELAY), 0);
    client.setNoDelay();
    assert(get(IPPROTO_TCP, TCP_NODELAY) > 0);
    posix.setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, ints(1));
    assert(get(SOL_SOCKET, SO_KEEPALIVE) > 0);
    posix.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, ints(40_000));
    const doubled = Deno.build.os === "linux" ? 80_000 : 40_000;
    assertEquals(get(SOL_SOCKET, SO_RCVBUF), doubled);
    posix.setsockopt(fd, SOL_SOCKET, SO_LINGER, ints(1, 5));
    assertEquals(posix.getsockopt(fd, SOL_SOCKET, SO_LINGER, 8), ints(1, 5));
  },
);

testUnless(
  NO_POSIX,
  "Posix.getsockopt() cuts the bytes to what there is",
  () => {
    using descriptors = new Descriptors();
    const posix = calls();
    const [fd] = descriptors.keep([posix.socket(AF_INET, SOCK_STREAM, 0)]);
    const get = (size: number) =>
      posix.getsockopt(fd, SOL_SOCKET, SO_TYPE, size);
    assertEquals(get(100), ints(SOCK_STREAM));
    assertEquals(get(1), Uint8Array.of(SOCK_STREAM));
    assertEquals(get(0), new Uint8Array(0));
  },
);

// ## Errors

testUnless(
  NO_POSIX,
  "Posix's calls raise the OSError of the errno",
  () => {
    using descriptors = new Descriptors();
    const posix = calls();
    const [fd] = descriptors.keep([posix.socket(AF_INET, SOCK_STREAM, 0)]);
    const rows: readonly (readonly [() => unknown, string])[] = [
      [() => posix.kindOf(99_999), "EBADF"],
      [() => posix.kindOf(-1), "EBADF"],
      [() => posix.close(99_999), "EBADF"],
      [() => posix.dup(99_999), "EBADF"],
      [() => posix.getpeername(fd), "ENOTCONN"],
      [() => posix.getsockopt(fd, SOL_SOCKET, 9999, 4), "ENOPROTOOPT"],
      [() => posix.setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, BYTE), "EINVAL"],
      [() => posix.setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, null, 4), "EFAULT"],
      [() => posix.shutdown(fd, SHUT_WR), "ENOTCONN"],
      [() => posix.socket(AF_INET, 99, 0), "EINVAL"],
      [() => posix.recv(fd, 1), "ENOTCONN"],
      [() => posix.listen(99_999, 1), "EBADF"],
      [() => posix.accept(fd), "EINVAL"],
      [
        () => posix.bind(fd, packSockaddr(AF_INET, ["192.0.2.1", 0])),
        "EADDRNOTAVAIL",
      ],
    ];
    for (const [call, code] of rows) {
      assertEquals(assertThrows(call, OSError).code, code, call.toString());
    }
  },
);

testUnless(
  NO_POSIX,
  "Posix.kindOf() of what is no socket is ENOTSOCK",
  async () => {
    // Here 0 is /dev/null.
    const { stdout } = await run(`
    const { posix } = await import(${MODULE});
    try { posix().kindOf(0); } catch (error) { console.log(error.code); }
  `);
    assertEquals(stdout, "ENOTSOCK\n");
  },
);

// ## Kinds, addresses, duplicates

testUnless(
  NO_POSIX,
  "Posix.socket() makes what is asked for, not inherited and never waiting",
  () => {
    using descriptors = new Descriptors();
    const posix = calls();
    for (
      const [family, type] of [[AF_INET, SOCK_DGRAM], [AF_UNIX, SOCK_STREAM]]
    ) {
      const [fd] = descriptors.keep([posix.socket(family!, type!, 0)]);
      const kind = posix.kindOf(fd);
      assertEquals([kind.family, kind.type], [family, type]);
      assertEquals(posix.getInheritable(fd), false);
    }
    const [a] = descriptors.keep(posix.socketpair(AF_UNIX, SOCK_STREAM, 0));
    assertEquals(posix.getInheritable(a), false);
    assertThrows(() => posix.recv(a, 1), BlockingIOError);
    assertEquals(posix.getsockname(a), "");
    assertEquals(posix.getpeername(a), "");
  },
);

testUnless(
  NO_POSIX,
  "Posix.setInheritable() decides what a program that is started has",
  async () => {
    using descriptors = new Descriptors();
    const posix = calls();
    const fds = descriptors.keep(posix.socketpair(AF_UNIX, SOCK_STREAM, 0));
    posix.setInheritable(fds[0], true);
    assertEquals(fds.map((fd) => posix.getInheritable(fd)), [true, false]);
    const { stdout } = await new Deno.Command("sh", {
      args: ["-c", fds.map((fd) => `test -e /dev/fd/${fd}; echo $?`).join(";")],
    }).output();
    assertEquals(new TextDecoder().decode(stdout), "0\n1\n");
    posix.setInheritable(fds[0], false);
    assertEquals(posix.getInheritable(fds[0]), false);
  },
);

testUnless(
  NO_POSIX,
  "Posix.dup() is another number of the same socket",
  async () => {
    using descriptors = new Descriptors();
    const { client, conn, fd } = await openTcp();
    using _client = client;
    using _conn = conn;
    const posix = calls();
    const [duplicate] = descriptors.keep([posix.dup(fd)]);
    assert(duplicate !== fd);
    assertEquals(posix.getInheritable(duplicate), false);
    assertEquals(posix.getpeername(duplicate), addressOf(client.remoteAddr));
    posix.sendmsg(duplicate, [BYTE]);
    assertEquals(await inTime(conn.read(new Uint8Array(9))), 1);
  },
);

// ## How Deno closes

/** What a read of the other end comes to. */
async function ending(conn: Deno.Conn): Promise<string> {
  return await inTime(
    conn.read(new Uint8Array(9)).then(String, ({ name }) => name),
  );
}

testUnless(
  NO_POSIX,
  "Posix.vacate() makes Deno's close() reset a connection with SO_LINGER of 0",
  async () => {
    const { client, conn, fd } = await openTcp();
    using _conn = conn;
    const read = ending(client);
    calls().setsockopt(fd, SOL_SOCKET, SO_LINGER, ints(1, 0));
    calls().vacate(fd);
    client.close();
    assertEquals(await ending(conn), "ConnectionReset");
    assertEquals(await read, "Interrupted");
  },
);

testUnless(
  NO_POSIX,
  "Posix.vacate() makes Deno's close() reset a connection with bytes that are not received",
  async () => {
    const { client, conn, fd } = await openTcp();
    using _conn = conn;
    await conn.write(BYTE);
    await inTime(calls().poll(fd, POLLIN).happened);
    calls().vacate(fd);
    client.close();
    assertEquals(await ending(conn), "ConnectionReset");
  },
);

testUnless(
  NO_POSIX,
  "Posix.vacate() makes Deno's close() end a connection when its duplicates do",
  async () => {
    using descriptors = new Descriptors();
    const { client, conn, fd } = await openTcp();
    using _conn = conn;
    const [duplicate] = descriptors.keep([calls().dup(fd)]);
    calls().vacate(fd);
    client.close();
    calls().sendmsg(duplicate, [BYTE, BYTE]);
    assertEquals(await ending(conn), "2");
    const end = ending(conn);
    descriptors.close(duplicate);
    assertEquals(await end, "null");
  },
);

testUnless(NO_POSIX, "Posix.vacate() leaves no descriptor behind", async () => {
  const round = async () => {
    const { client, conn, fd, connFd } = await openTcp();
    calls().vacate(fd);
    client.close();
    assertEquals(await ending(conn), "null");
    calls().vacate(connFd);
    conn.close();
  };
  await round();
  const before = countDescriptors();
  for (let i = 0; i < 50; i++) await round();
  assertEquals(countDescriptors(), before);
});

testUnless(
  NO_POSIX,
  "Posix.replace() gives a socket of Deno's a number that was there before",
  async () => {
    using descriptors = new Descriptors();
    const posix = calls();
    const [fd] = descriptors.keep([posix.socket(AF_INET, SOCK_STREAM, 0)]);
    const { client, conn, fd: own } = await openTcp();
    using _conn = conn;
    posix.replace(own, fd);
    assertEquals(posix.getInheritable(fd), false);
    assertEquals(posix.getpeername(fd), addressOf(client.remoteAddr));
    // Deno's own goes on, and the event loop knows it under its own number.
    const target = new Uint8Array(9);
    const read = client.read(target);
    await conn.write(BYTE);
    assertEquals(await inTime(read), 1);
    await client.write(BYTE);
    assertEquals(await inTime(conn.read(target)), 1);
    const end = conn.read(target);
    descriptors.close(fd);
    client.close();
    assertEquals(await inTime(end), null);
  },
);

testUnless(
  NO_POSIX,
  "Posix.shutdown() of the receiving direction is Linux's own",
  async () => {
    const { client, conn, fd } = await openTcp();
    using _client = client;
    using _conn = conn;
    const read = client.read(new Uint8Array(1));
    calls().shutdown(fd, SHUT_RD);
    assertEquals(await inTime(read), null);
  },
);

// ## Bytes

testUnless(
  NO_POSIX,
  "Posix.recv() with MSG_PEEK leaves what it looks at to Deno",
  async () => {
    const { client, conn, connFd } = await openTcp();
    using _client = client;
    using _conn = conn;
    const posix = calls();
    assertThrows(() => posix.recv(connFd, 9, MSG_PEEK), BlockingIOError);
    await client.write(Uint8Array.of(1, 2, 3));
    await inTime(posix.poll(connFd, POLLIN).happened);
    assertEquals(posix.recv(connFd, 2, MSG_PEEK), Uint8Array.of(1, 2));
    assertEquals(posix.bytesReadable(connFd), 3);
    const target = new Uint8Array(9);
    assertEquals(await conn.read(target), 3);
    assertEquals(posix.bytesReadable(connFd), 0);
  },
);

testUnless(
  NO_POSIX,
  "Posix.listen(), accept() and connect() make a connection of their own",
  async () => {
    using descriptors = new Descriptors();
    const posix = calls();
    const [listener, client] = descriptors.keep([
      posix.socket(AF_INET, SOCK_STREAM, 0),
      posix.socket(AF_INET, SOCK_STREAM, 0),
    ]);
    posix.bind(listener, packSockaddr(AF_INET, [LOCALHOST, 0]));
    posix.listen(listener, 5);
    assertThrows(() => posix.accept(listener), BlockingIOError);
    const address = posix.getsockname(listener)!;
    const isConnected = await outcome(() =>
      posix.connect(client, packSockaddr(AF_INET, address))
    );
    assertEquals(
      isConnected,
      "BlockingIOError: [EINPROGRESS] Operation now in progress",
    );
    assertEquals(await inTime(posix.poll(client, POLLOUT).happened), POLLOUT);
    assertEquals(posix.getsockopt(client, SOL_SOCKET, SO_ERROR, 4), ints(0));
    await inTime(posix.poll(listener, POLLIN).happened);
    const [conn, peer] = posix.accept(listener);
    descriptors.keep([conn]);
    assertEquals(peer, posix.getsockname(client));
    assertEquals(posix.getInheritable(conn), false);
    assertThrows(() => posix.recv(conn, 1), BlockingIOError);
  },
);

// ## UDP with a peer

testUnless(
  NO_POSIX,
  "Posix.connect() lets a UDP endpoint of Deno's hear that nobody is there",
  async () => {
    const posix = calls();
    using udp = openUdp();
    const fd = findUdp(udp);
    const unused = openUdp();
    unused.close();
    const nobody = addressOf(unused.addr);
    posix.connect(fd, packSockaddr(AF_INET, nobody));
    assertEquals(posix.getpeername(fd), nobody);
    // Deno's send has the error of the one before, like the kernel's.
    await udp.send(BYTE, unused.addr);
    assertEquals(await inTime(posix.poll(fd, 0).happened), POLLERR);
    const failure = await udp.send(BYTE, unused.addr).catch((error) => error);
    assert(failure instanceof Deno.errors.ConnectionRefused, String(failure));
    await udp.send(BYTE, unused.addr);
    await inTime(posix.poll(fd, 0).happened);
    const error = readInt(posix.getsockopt(fd, SOL_SOCKET, SO_ERROR, 4));
    assertEquals(error, errno.ECONNREFUSED);
  },
);

testUnless(
  NO_POSIX,
  "Posix.connect() lets a UDP endpoint hear nobody else, and disconnect() everybody",
  async () => {
    const posix = calls();
    using peer = openUdp();
    using stranger = openUdp();
    using udp = openUdp();
    const fd = findUdp(udp);
    posix.connect(fd, packSockaddr(AF_INET, addressOf(peer.addr)));
    await stranger.send(Uint8Array.of(2), udp.addr);
    await peer.send(Uint8Array.of(3), udp.addr);
    const [data] = await inTime(udp.receive());
    assertEquals([...data], [3]);
    posix.disconnect(fd);
    assertThrows(() => posix.getpeername(fd), OSError, "not connected");
  },
);

// ## Messages

testUnless(
  NO_POSIX,
  "Posix.sendmsg() gathers, and recvmsg() says where it came from",
  async () => {
    const posix = calls();
    using udp = openUdp();
    using other = openUdp();
    const pieces = [
      Uint8Array.of(1, 2),
      new Uint8Array(0),
      new Uint8Array(100),
    ];
    const target = packSockaddr(AF_INET, addressOf(other.addr));
    assertEquals(posix.sendmsg(findUdp(udp), pieces, [], 0, target), 102);
    const fd = findUdp(other);
    await inTime(posix.poll(fd, POLLIN).happened);
    const { data, ...rest } = posix.recvmsg(fd, 200);
    assertEquals([data.length, data[0], data[1]], [102, 1, 2]);
    assertEquals(rest, {
      ancillary: [],
      flags: 0,
      address: addressOf(udp.addr),
    });
    assertEquals(
      errno.EAGAIN,
      assertThrows(() => posix.recvmsg(fd, 1), BlockingIOError).errno,
    );
  },
);

testUnless(
  NO_POSIX,
  "Posix.sendmsg() refuses more pieces than the system takes",
  () => {
    using descriptors = new Descriptors();
    const [a] = descriptors.keep(calls().socketpair(AF_UNIX, SOCK_STREAM, 0));
    const pieces = new Array(1100).fill(BYTE);
    const error = assertThrows(() => calls().sendmsg(a, pieces), OSError);
    assertEquals(error.code, "EMSGSIZE");
  },
);

testUnless(
  NO_POSIX,
  "Posix's descriptors do not leak in 1,000 rounds",
  async () => {
    const round = async () => {
      using descriptors = new Descriptors();
      const posix = calls();
      const [a, b] = descriptors.keep(
        posix.socketpair(AF_UNIX, SOCK_STREAM, 0),
      );
      const [c] = descriptors.keep([posix.dup(a)]);
      posix.replace(b, c);
      posix.sendmsg(a, [BYTE]);
      if (posix.recvmsg(c, 1).data.length !== 1) throw new Error("lost");
      await null;
    };
    await round();
    const before = countDescriptors();
    for (let i = 0; i < 1000; i++) await round();
    assertEquals(countDescriptors(), before);
  },
);

testUnless(
  NO_POSIX ?? NO_IPV6,
  "Posix.recvmsg() of IPv6 has its scope",
  async () => {
    using udp = openUdp("::1");
    using other = openUdp("::1");
    await udp.send(BYTE, other.addr);
    const fd = findUdp(other, AF_INET6);
    await inTime(calls().poll(fd, POLLIN).happened);
    const { address } = calls().recvmsg(fd, 1);
    assertEquals(address, ["::1", portOf(udp.addr), 0, 0]);
  },
);
