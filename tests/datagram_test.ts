/** One datagram socket of the system, in each way in which Deno can have one. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { BlockingIOError, OSError, TimeoutError } from "../mod.ts";
import { DatagramSocket } from "../src/datagram.ts";
import type { DatagramConn, DatagramOptions } from "../src/datagram_conn.ts";
import { DenoDatagramConn } from "../src/deno_datagram.ts";
import { defaultSettings } from "../src/endpoint.ts";
import type { HostPort } from "../src/resolve.ts";
import { NodeDatagramConn } from "../src/node_datagram.ts";
import { UnixDatagramConn } from "../src/unix_datagram.ts";
import { bytes, inTime, isPending, text } from "./_outcome.ts";

const LOCAL: HostPort = { hostname: "127.0.0.1", port: 0 };

interface Way {
  readonly name: string;
  open(options?: Partial<DatagramOptions>): DatagramConn;
}

const WAYS: readonly Way[] = [
  {
    name: "DenoDatagramConn",
    open: (options) =>
      new DenoDatagramConn(LOCAL, { ...defaultSettings(), ...options }),
  },
  {
    name: "NodeDatagramConn",
    open: (options) =>
      new NodeDatagramConn(LOCAL, { ...defaultSettings(), ...options }),
  },
  {
    name: "UnixDatagramConn",
    open: () => new UnixDatagramConn(`\0test-${crypto.randomUUID()}`),
  },
];

/** An open socket, and how others send to it. */
interface Opened extends AsyncDisposable {
  readonly socket: DatagramSocket;
  readonly addr: Deno.Addr;
}

function open(way: Way): Opened {
  const socket = new DatagramSocket();
  const conn = way.open();
  socket.adopt(conn);
  const { local } = conn;
  return {
    socket,
    addr: "path" in local
      ? { transport: "unixpacket", path: local.path }
      : { transport: "udp", ...local },
    [Symbol.asyncDispose]: () => socket.close(),
  };
}

const asText = (data: Uint8Array) => text(data);

function receive(
  { socket }: Opened,
  timeout: number | null = null,
  isPeek = false,
): Promise<string> {
  return socket.next(asText, timeout, isPeek);
}

function send({ socket }: Opened, to: Opened, message: string) {
  return socket.send(bytes(message), to.addr, null);
}

for (const way of WAYS) {
  const test = (promise: string, fn: () => Promise<void>) =>
    Deno.test(`DatagramSocket on a ${way.name} ${promise}`, fn);

  test("receives whole datagrams in their order", async () => {
    await using one = open(way);
    await using other = open(way);
    const messages = ["a", "", "c".repeat(9000), "d"];
    for (const each of messages) {
      assertEquals(await send(one, other, each), each.length);
    }
    for (const each of messages) assertEquals(await receive(other), each);
  });

  test("tells who has sent", async () => {
    await using one = open(way);
    await using other = open(way);
    await send(one, other, "hello");
    const from = await other.socket.next((_, from) => from, null, false);
    assertEquals(from, one.addr);
  });

  test("keeps what comes after a timeout for the next call", async () => {
    await using one = open(way);
    await using other = open(way);
    for (const timeout of [0, 0.001, 0.02]) {
      const reason = timeout === 0 ? BlockingIOError : TimeoutError;
      await assertRejects(() => receive(other, timeout), reason);
      await send(one, other, `after ${timeout}`);
      assertEquals(await receive(other, 5), `after ${timeout}`);
    }
  });

  test("finds what is there already without waiting", async () => {
    await using one = open(way);
    await using other = open(way);
    for (let i = 0; i < 5; i++) await send(one, other, String(i));
    for (let i = 0; i < 5; i++) {
      assertEquals(await receive(other, 0), String(i));
    }
    await assertRejects(() => receive(other, 0), BlockingIOError);
  });

  test("serves callers first in, first out", async () => {
    await using one = open(way);
    await using other = open(way);
    const calls = [null, 5, null, 5].map((timeout) => receive(other, timeout));
    for (const each of "1234") await send(one, other, each);
    assertEquals(await Promise.all(calls), ["1", "2", "3", "4"]);
  });

  test("peeks without taking", async () => {
    await using one = open(way);
    await using other = open(way);
    await send(one, other, "seen");
    assertEquals(await receive(other, null, true), "seen");
    assertEquals(await receive(other, 0, true), "seen");
    assertEquals(await receive(other), "seen");
    await assertRejects(() => receive(other, 0), BlockingIOError);
  });

  test("sends while a call waits to receive", async () => {
    await using one = open(way);
    await using other = open(way);
    const call = receive(one);
    for (let i = 0; i < 3; i++) {
      await send(one, other, "ping");
      assertEquals(await receive(other), "ping");
    }
    assert(await isPending(call));
    await send(other, one, "pong");
    assertEquals(await call, "pong");
  });

  test("sends after a call to receive has given up", async () => {
    await using one = open(way);
    await using other = open(way);
    for (let i = 0; i < 20; i++) {
      await assertRejects(() => receive(one, 0.001), TimeoutError);
      assertEquals(await inTime(send(one, other, "x")), 1);
      assertEquals(await receive(other), "x");
    }
  });

  test("ends waiting calls at once when it is closed", async () => {
    const one = open(way);
    const calls = [
      receive(one),
      receive(one),
      receive(one, 5),
    ].map((call) => assertRejects(() => call, OSError, "Bad file descriptor"));
    const closed = one.socket.close();
    await Promise.all(calls);
    await closed;
    await assertRejects(() => receive(one), OSError, "Bad file descriptor");
    await assertRejects(() => send(one, one, ""), OSError, "Bad file");
  });

  test("has let go of its address once it is closed", async () => {
    const one = open(way);
    const call = assertRejects(() => receive(one), OSError);
    const { local } = one.socket;
    await one.socket.close();
    await call;
    const again = new DatagramSocket();
    again.open(local!, defaultSettings());
    assertEquals(again.local, local);
    await again.close();
  });

  test("can have the address of one that is being closed", async () => {
    const one = open(way);
    const { local } = one.socket;
    await assertRejects(() => receive(one, 0), BlockingIOError);
    const closed = one.socket.close();
    const again = new DatagramSocket();
    again.open(local!, defaultSettings());
    const call = again.next(asText, null, false);
    await again.send(bytes("self"), one.addr, null);
    assertEquals(await call, "self");
    await Promise.all([closed, again.close()]);
  });

  test("takes datagrams of one sender only, if told so", async () => {
    await using one = open(way);
    await using peer = open(way);
    await using stranger = open(way);
    for (const each of ["early", "too"]) await send(stranger, one, each);
    await one.socket.takeIn();
    one.socket.admitOnly(peer.addr);
    await send(stranger, one, "late");
    await send(peer, one, "peer");
    assertEquals(await receive(one), "early");
    assertEquals(await receive(one), "too");
    assertEquals(await receive(one), "peer");
    const call = receive(one);
    await send(stranger, one, "later");
    assert(await isPending(call));
    await send(peer, one, "again");
    assertEquals(await call, "again");
  });

  test("looks out without taking", async () => {
    await using one = open(way);
    await using other = open(way);
    assert(!other.socket.isReadable);
    assert(other.socket.isWritable);
    const changed = Promise.withResolvers<void>();
    other.socket.watch(changed.resolve);
    await send(one, other, "a");
    await send(one, other, "b");
    await inTime(changed.promise);
    assert(other.socket.isReadable);
    assertEquals(await receive(other), "a");
    const more = Promise.withResolvers<void>();
    other.socket.watch(more.resolve);
    if (!other.socket.isReadable) await inTime(more.promise);
    other.socket.watch(undefined);
    assertEquals(await receive(other), "b");
    assert(!other.socket.isReadable);
  });

  test("says the end to calls without a limit when it is shut", async () => {
    await using one = open(way);
    await using other = open(way);
    const calls = [receive(one), receive(one)];
    one.socket.shutReceiving();
    assertEquals(await Promise.all(calls), ["", ""]);
    assert(one.socket.isReadable);
    assertEquals(await receive(one), "");
    await assertRejects(() => receive(one, 0.01), TimeoutError);
    await send(other, one, "late");
    assertEquals(await receive(one), "late");
  });

  test("says EMSGSIZE to what is too long", async () => {
    await using one = open(way);
    const tooLong = new Uint8Array(300_000);
    await assertRejects(
      () => one.socket.send(tooLong, one.addr, null),
      OSError,
      "Message too long",
    );
  });

  test("loses nothing to a thousand timeouts", async () => {
    const total = 3000;
    await using one = open(way);
    await using other = open(way);
    const sending = (async () => {
      for (let i = 0; i < total; i++) {
        await send(one, other, String(i));
        // The kernel's queue is short: every so often the receiver says go on.
        if (i % 8 === 7) assertEquals(await receive(one), "on");
      }
    })();
    for (let i = 0; i < total;) {
      try {
        assertEquals(await receive(other, i % 3 === 0 ? 0 : 0.001), String(i));
        if (i++ % 8 === 7) await send(other, one, "on");
      } catch (error) {
        const isTimeout = error instanceof TimeoutError ||
          error instanceof BlockingIOError;
        if (!isTimeout) throw error;
      }
    }
    await sending;
    await assertRejects(() => receive(other, 0), BlockingIOError);
  });
}

Deno.test("DatagramSocket waits before it is open, for what comes then", async () => {
  const socket = new DatagramSocket();
  const call = socket.next(asText, null, false);
  await assertRejects(() => socket.next(asText, 0.01, false), TimeoutError);
  socket.open(LOCAL, defaultSettings());
  const { hostname, port } = socket.local as HostPort;
  await socket.send(bytes("x"), { transport: "udp", hostname, port }, null);
  assertEquals(await call, "x");
  await socket.close();
});

Deno.test("NodeDatagramConn leaves with the kernel what nobody asks for", async () => {
  const conn = new NodeDatagramConn(LOCAL, defaultSettings());
  const { hostname, port } = conn.local;
  const addr = { transport: "udp", hostname, port } as const;
  // Far more than the kernel keeps: it drops the rest, and we keep nothing.
  const count = 2000;
  for (let i = 0; i < count; i++) await conn.send(new Uint8Array(1000), addr);
  let received = 0;
  while (true) {
    const next = conn.receive();
    if (await isPending(next)) {
      await conn.send(new Uint8Array(0), addr);
      await next;
      break;
    }
    received++;
  }
  assert(received > 10, String(received));
  assert(received < count, String(received));
  await conn.close();
});

Deno.test("UnixDatagramConn counts as sent what the receiver has no room for", async () => {
  const way = WAYS[2]!;
  await using one = open(way);
  await using other = open(way);
  const trySend = (message: string, timeout = 0) =>
    one.socket.send(bytes(message), other.addr, timeout);
  let sent = 0;
  const full = await assertRejects(async () => {
    while (true) {
      await trySend(String(sent));
      sent++;
    }
  }, BlockingIOError);
  assertEquals(full.code, "EAGAIN");
  assert(sent > 1, String(sent));
  assert(!one.socket.isWritable);
  await assertRejects(() => trySend("no", 0.01), TimeoutError);
  const changed = Promise.withResolvers<void>();
  one.socket.watch(() => one.socket.isWritable && changed.resolve());
  const late = send(one, other, "late");
  for (let i = 0; i < sent; i++) assertEquals(await receive(other), String(i));
  assertEquals(await late, 4);
  assertEquals(await receive(other), "late");
  await inTime(changed.promise);
  assert(one.socket.isWritable);
  one.socket.watch(undefined);
});

Deno.test("UnixDatagramConn receives what came while it was sending", async () => {
  const way = WAYS[2]!;
  await using one = open(way);
  await using other = open(way);
  const rounds = 300;
  const play = async (self: Opened, peer: Opened) => {
    for (let i = 0; i < rounds; i++) {
      const call = receive(self);
      await send(self, peer, String(i));
      assertEquals(await call, String(i));
    }
  };
  await Promise.all([play(one, other), play(other, one)]);
});
