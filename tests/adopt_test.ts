/** Connections of descriptors that Deno has not opened. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  AF_INET,
  AF_UNIX,
  ConnectionResetError,
  OSError,
  SO_LINGER,
  SOCK_DGRAM,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../mod.ts";
import { adopt } from "../src/adopt.ts";
import type { Bytes, Connection } from "../src/connection.ts";
import { POLLOUT } from "../src/poller.ts";
import { packSockaddr } from "../src/sockaddr.ts";
import { Stream } from "../src/stream.ts";
import { assertSameBytes, inTime, isPending, pattern } from "./_outcome.ts";
import { LOCALHOST, testUnless } from "./_pairs.ts";
import { NO_PYTHON } from "./_peers.ts";
import {
  calls,
  countDescriptors,
  Descriptors,
  find,
  ints,
  NO_POSIX,
  portOf,
} from "./_posix.ts";
import { run } from "./_program.ts";

/** Both ends of a connection, the first of which is adopted. */
interface Pair {
  readonly fd: number;
  readonly conn: Connection;
  readonly peer: Connection;
}

/** A socketpair(2), of which both ends are adopted. */
function unixPair(): Promise<Pair> {
  const [fd, other] = calls().socketpair(AF_UNIX, SOCK_STREAM, 0);
  const [conn, peer] = [fd, other].map((fd) => adopt(calls(), fd));
  return Promise.resolve({ fd, conn: conn!, peer: peer! });
}

/** A connection made with the C library, to one of Deno's. */
async function tcpPair(): Promise<Pair> {
  using listener = Deno.listen({ hostname: LOCALHOST, port: 0 });
  const posix = calls();
  const fd = posix.socket(AF_INET, SOCK_STREAM, 0);
  const address = [LOCALHOST, portOf(listener.addr)] as [string, number];
  try {
    posix.connect(fd, packSockaddr(AF_INET, address));
  } catch (error) {
    assert(error instanceof OSError && error.code === "EINPROGRESS");
  }
  const peer = await listener.accept();
  await inTime(posix.poll(fd, POLLOUT).happened);
  return { fd, conn: adopt(posix, fd), peer };
}

const PAIRS = { "a Unix pair": unixPair, "a TCP connection": tcpPair };

for (const [name, open] of Object.entries(PAIRS)) {
  testUnless(
    NO_POSIX,
    `adopt() of ${name} loses no byte either way`,
    async () => {
      const { conn, peer } = await open();
      const streams = [new Stream(conn), new Stream(peer)] as const;
      const data = pattern(8_000_000);
      const send = async (stream: Stream) => {
        await stream.sendAll(data, null);
        await stream.shutdown(false, true);
      };
      const [received, alsoReceived] = await inTime(
        Promise.all([
          streams[1].receiveAll(data.length + 1),
          streams[0].receiveAll(data.length + 1),
          send(streams[0]),
          send(streams[1]),
        ]),
      );
      assertSameBytes(received, data);
      assertSameBytes(alsoReceived, data);
      for (const stream of streams) await stream.close();
    },
  );

  testUnless(
    NO_POSIX,
    `adopt() of ${name} goes on receiving after its closeWrite()`,
    async () => {
      const { conn, peer } = await open();
      await conn.closeWrite();
      assertEquals(await read(peer), []);
      await peer.write(Uint8Array.of(1, 2));
      assertEquals(await read(conn), [1, 2]);
      // And the other way round: the peer's end does not end this side.
      await peer.closeWrite();
      assertEquals(await read(conn), []);
      conn.close();
      peer.close();
    },
  );

  testUnless(
    NO_POSIX,
    `adopt() of ${name} sends after the peer's end`,
    async () => {
      const { conn, peer } = await open();
      await peer.closeWrite();
      assertEquals(await read(conn), []);
      await conn.write(Uint8Array.of(3));
      assertEquals(await read(peer), [3]);
      conn.close();
      peer.close();
    },
  );

  testUnless(
    NO_POSIX,
    `adopt() of ${name} closes the descriptor, and ends a read`,
    async () => {
      const { fd, conn, peer } = await open();
      const pending = conn.read(new Uint8Array(1)).catch((error) => error);
      const end = read(peer);
      assert(await isPending(pending));
      conn.close();
      assert(await inTime(pending) instanceof Deno.errors.BadResource);
      assertEquals(await inTime(end), []);
      assertThrows(() => calls().kindOf(fd), OSError);
      peer.close();
    },
  );

  testUnless(
    NO_POSIX,
    `adopt() of ${name} reads nothing before it is asked`,
    async () => {
      const { fd, conn, peer } = await open();
      await peer.write(Uint8Array.of(1, 2, 3));
      await inTime(calls().poll(fd, 1).happened);
      assertEquals(calls().bytesReadable(fd), 3);
      assertEquals(await read(conn), [1, 2, 3]);
      conn.close();
      peer.close();
    },
  );

  testUnless(NO_POSIX, `adopt() of ${name} leaks no descriptor`, async () => {
    const round = async () => {
      const { conn, peer } = await open();
      await peer.write(Uint8Array.of(1));
      assertEquals(await read(conn), [1]);
      const end = read(peer);
      conn.close();
      assertEquals(await end, []);
      peer.close();
    };
    await round();
    const before = countDescriptors();
    for (let i = 0; i < 100; i++) await round();
    assertEquals(countDescriptors(), before);
  });
}

testUnless(NO_POSIX, "adopt() knows both addresses", async () => {
  const { fd, conn, peer } = await tcpPair();
  assertEquals(conn.localAddr, peer.remoteAddr);
  assertEquals(conn.remoteAddr, peer.localAddr);
  conn.setNoDelay?.(true);
  assert(calls().getsockopt(fd, 6, 1, 4)[0]! > 0);
  conn.close();
  peer.close();
  const unix = await unixPair();
  const nameless: Deno.Addr = { transport: "unix", path: "" };
  assertEquals([unix.conn.localAddr, unix.conn.remoteAddr], [
    nameless,
    nameless,
  ]);
  unix.conn.close();
  unix.peer.close();
});

testUnless(NO_POSIX, "adopt()'s close() resets by SO_LINGER of 0", async () => {
  const { fd, conn, peer } = await tcpPair();
  calls().setsockopt(fd, SOL_SOCKET, SO_LINGER, ints(1, 0));
  const pending = peer.read(new Uint8Array(1)).catch((error) => error);
  conn.close();
  assert(await inTime(pending) instanceof Deno.errors.ConnectionReset);
  peer.close();
});

testUnless(
  NO_POSIX,
  "adopt() tells that the peer has reset the connection",
  async () => {
    const { conn, peer } = await tcpPair();
    const stream = new Stream(conn);
    const pending = stream.receive(1, null, false).catch((error) => error);
    const { localAddr, remoteAddr } = peer;
    const fd = find({
      family: AF_INET,
      type: SOCK_STREAM,
      local: [LOCALHOST, portOf(localAddr)],
      peer: [LOCALHOST, portOf(remoteAddr)],
    });
    calls().setsockopt(fd, SOL_SOCKET, SO_LINGER, ints(1, 0));
    calls().vacate(fd);
    peer.close();
    assert(await inTime(pending) instanceof ConnectionResetError);
    await stream.close();
  },
);

testUnless(
  NO_POSIX,
  "adopt() refuses what is no connected stream, and leaves it alone",
  () => {
    using descriptors = new Descriptors();
    const posix = calls();
    const [stream, datagram] = descriptors.keep([
      posix.socket(AF_INET, SOCK_STREAM, 0),
      posix.socket(AF_INET, SOCK_DGRAM, 0),
    ]);
    const rows = [
      [stream, "ENOTCONN"],
      [datagram, "EOPNOTSUPP"],
      [99_999, "EBADF"],
    ] as const;
    for (const [fd, code] of rows) {
      const error = assertThrows(() => adopt(posix, fd), OSError);
      assertEquals(error.code, code);
    }
    assertEquals(posix.kindOf(stream).type, SOCK_STREAM);
  },
);

testUnless(
  NO_POSIX,
  "adopt() takes a descriptor that is inherited",
  async () => {
    using descriptors = new Descriptors();
    const posix = calls();
    const [ours, theirs] = descriptors.keep(
      posix.socketpair(AF_UNIX, SOCK_STREAM, 0),
    );
    posix.setInheritable(theirs, true);
    const modules = ["adopt", "posix"].map((room) =>
      JSON.stringify(import.meta.resolve(`../src/${room}.ts`))
    );
    const ended = run(`
    const [{ adopt }, { posix }] = await Promise.all([${
      modules.map((module) => `import(${module})`)
    }]);
    const conn = adopt(posix(), ${theirs});
    const target = new Uint8Array(9);
    const count = await conn.read(target);
    await conn.write(target.subarray(0, count));
    conn.close();
  `);
    posix.sendmsg(ours, [Uint8Array.of(1, 2, 3)]);
    assertEquals(await inTime(posix.poll(ours, 1).happened), 1);
    assertEquals(posix.recv(ours, 9), Uint8Array.of(1, 2, 3));
    assertEquals(await ended, { code: 0, stdout: "", stderr: "" });
  },
);

testUnless(
  NO_POSIX,
  "adopt() does not keep the program running when nobody waits",
  async () => {
    const modules = ["adopt", "posix"].map((room) =>
      JSON.stringify(import.meta.resolve(`../src/${room}.ts`))
    );
    const { code, stdout } = await run(`
    const [{ adopt }, { posix }] = await Promise.all([${
      modules.map((module) => `import(${module})`)
    }]);
    const [a, b] = posix().socketpair(1, 1, 0).map((fd) => adopt(posix(), fd));
    await a.write(new Uint8Array(1));
    console.log(await b.read(new Uint8Array(1)));
  `);
    assertEquals({ code, stdout }, { code: 0, stdout: "1\n" });
  },
);

for (const isWaiting of [true, false]) {
  const when = isWaiting ? "waiting already" : "coming later";
  testUnless(
    NO_POSIX ?? NO_PYTHON,
    `adopt() takes CPython's blocking socket by pass_fds, its bytes ${when}`,
    async () => {
      const [room, tier] = ["adopt", "posix"].map((room) =>
        JSON.stringify(import.meta.resolve(`../src/${room}.ts`))
      );
      const program = `
        const { adopt } = await import(${room});
        const { posix } = await import(${tier});
        const conn = adopt(posix(), Number(Deno.args[0]));
        await Deno.stdout.write(new Uint8Array(1));
        const target = new Uint8Array(9);
        const count = await conn.read(target);
        await conn.write(target.subarray(0, count));
        conn.close();
      `;
      const path = await Deno.makeTempFile({ suffix: ".ts" });
      try {
        await Deno.writeTextFile(path, program);
        const { code, stdout, stderr } = await new Deno.Command("python3", {
          args: ["-c", PARENT, String(isWaiting), Deno.execPath(), path],
          signal: AbortSignal.timeout(10_000),
        }).output();
        const [said, trouble] = [stdout, stderr]
          .map((bytes) => new TextDecoder().decode(bytes));
        assertEquals({ code, said, trouble }, {
          code: 0,
          said: "b'hello' b'' 0\n",
          trouble: "",
        });
      } finally {
        await Deno.remove(path);
      }
    },
  );
}

/** Starts Deno with one end of a pair, and sends before or after it adopts. */
const PARENT = `
import socket, subprocess, sys
is_waiting, deno, path = sys.argv[1] == "true", sys.argv[2], sys.argv[3]
a, b = socket.socketpair()
a.settimeout(8)
if is_waiting: a.sendall(b"hello")
child = subprocess.Popen([deno, "run", "-A", "--no-check", "--no-config", path, str(b.fileno())],
                         pass_fds=[b.fileno()], stdout=subprocess.PIPE)
b.close()
child.stdout.read(1)
if not is_waiting: a.sendall(b"hello")
print(a.recv(9), a.recv(9), child.wait())
`;

async function read(conn: Connection): Promise<number[]> {
  const target: Bytes = new Uint8Array(100);
  const count = await inTime(conn.read(target));
  return [...target.subarray(0, count ?? 0)];
}
