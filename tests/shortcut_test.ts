/** What goes to the system at once, past Deno: it is the same to every caller. */

import { assert, assertEquals } from "@std/assert";
import {
  AF_INET,
  AF_INET6,
  errno,
  MSG_PEEK,
  MSG_WAITALL,
  SHUT_WR,
  SO_ERROR,
  SOCK_DGRAM,
  Socket,
  SOL_SOCKET,
  TimeoutError,
} from "../mod.ts";
import { select } from "../src/select.ts";
import { isGreedy, share, Shortcut } from "../src/shortcut.ts";
import {
  bytes,
  EAGAIN,
  EBADF,
  ECONNREFUSED,
  ECONNRESET,
  EMPTY,
  EPIPE,
  inTime,
  outcome,
  text,
} from "./_outcome.ts";
import {
  breakable,
  connected,
  drain,
  fill,
  LOCALHOST,
  NO_IPV6,
  NO_LINUX,
  testUnless,
  warmed,
} from "./_pairs.ts";
import { addressOf, find, NO_POSIX } from "./_posix.ts";

/** More calls than it takes until a socket goes the short way. */
const MANY = 200;

// ## The way itself

/** Asks until it is open, which takes a search that finds something. */
function open(shortcut: Shortcut): void {
  for (let i = 0; i < 999; i++) if (shortcut.isOpenFor(1)) return;
  throw new Error("The shortcut does not open");
}

/** A pair of Deno's connections, with the shortcut of the first of them. */
async function openShortcut() {
  await share(() => Promise.resolve()); // Whatever went before.
  const listener = Deno.listen({ hostname: LOCALHOST, port: 0 });
  const { port } = listener.addr;
  const [conn, peer] = await Promise.all([
    Deno.connect({ hostname: LOCALHOST, port }),
    listener.accept(),
  ]);
  listener.close();
  let searches = 0;
  const shortcut = new Shortcut({
    findDescriptor() {
      if (++searches === 1) return undefined;
      const { localAddr, remoteAddr } = conn;
      const [local, remote] = [addressOf(localAddr), addressOf(remoteAddr)];
      return find({ family: AF_INET, type: 1, local, peer: remote });
    },
  });
  return {
    conn,
    peer,
    shortcut,
    get searches() {
      return searches;
    },
    [Symbol.dispose]() {
      conn.close();
      peer.close();
    },
  };
}

testUnless(
  NO_POSIX,
  "Shortcut looks for the descriptor after many calls, and again after as many",
  async () => {
    using pair = await openShortcut();
    const { shortcut } = pair;
    let calls = 0;
    do calls++; while (!shortcut.isOpenFor(1));
    assertEquals([calls, pair.searches], [128, 2]);
    assert(shortcut.isOpenFor(1));
    assertEquals(pair.searches, 2);
  },
);

testUnless(
  NO_POSIX,
  "Shortcut sends, receives, and leaves to Deno what would wait",
  async () => {
    using pair = await openShortcut();
    const { shortcut, peer } = pair;
    open(shortcut);
    const buffer = new Uint8Array(9);
    assertEquals(shortcut.receive(buffer), -1);
    // After that Deno has the next ones, and then it is worth a look again.
    for (const skipped of [16, 32, 64, 128, 256, 512, 1024, 1024]) {
      const looks = Array.from({ length: 1025 }, () => shortcut.isPromising(9));
      assertEquals(looks.indexOf(true), skipped);
      assertEquals(shortcut.receive(buffer), -1);
    }
    assertEquals(shortcut.send(bytes("hello")), 5);
    await peer.read(buffer);
    assertEquals(text(buffer.subarray(0, 5)), "hello");
    await peer.write(bytes("你好"));
    assertEquals(shortcut.receive(buffer), 6);
    peer.closeWrite();
    assertEquals(shortcut.receive(buffer), 0);
    // Large pieces cost Deno no more.
    assert(!shortcut.isOpenFor(1 << 20));
  },
);

testUnless(
  NO_POSIX,
  "Shortcut gives others their share, and callers keep their order",
  async () => {
    using pair = await openShortcut();
    const { shortcut } = pair;
    await share(async () => {});
    open(shortcut);
    let sent = 0;
    for (; !isGreedy(); sent++) shortcut.send(bytes("x"));
    assertEquals(sent, 64);
    assert(!shortcut.isOpenFor(1));
    const order: string[] = [];
    const turn = new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => order.push("others"));
    const calls = ["first", "second"].map((name) =>
      share(() => Promise.resolve(order.push(name)))
    );
    await Promise.all([turn, ...calls]);
    assertEquals(order, ["others", "first", "second"]);
    assert(!isGreedy());
  },
);

testUnless(NO_POSIX, "Shortcut without a finder is never open", () => {
  const shortcut = new Shortcut(undefined);
  for (let i = 0; i < 9999; i++) assert(!shortcut.isOpenFor(1));
});

// ## Streams

Deno.test("send() and recv() carry many small pieces, each whole", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  for (const timeout of [null, 5]) {
    for (const sock of [client, conn]) sock.settimeout(timeout);
    for (let i = 0; i < MANY; i++) {
      const piece = bytes(`${i}`);
      assertEquals(await client.send(piece), piece.length);
      assertEquals(await conn.recv(piece.length), piece);
      await conn.sendall(piece);
      const buffer = new Uint8Array(piece.length);
      assertEquals(await client.recv_into(buffer), piece.length);
      assertEquals(buffer, piece);
    }
  }
});

Deno.test("send() with a timeout loses nothing when many callers fill the buffer", async () => {
  await using pair = await warmed();
  const { client, conn } = pair;
  client.settimeout(0.005);
  let sent = 0;
  const senders = Array.from({ length: 4 }, async (_, i) => {
    const piece = new Uint8Array(10_000 + i);
    for (let n = 0; n < MANY; n++) {
      try {
        const count = await client.send(piece);
        sent += count; // Not in one, for others add to it meanwhile.
      } catch (error) {
        if (!(error instanceof TimeoutError)) throw error;
      }
    }
  });
  let received = 0;
  const receiver = (async () => {
    let piece: Uint8Array;
    while ((piece = await conn.recv(3000)).length > 0) received += piece.length;
  })();
  await inTime(Promise.all(senders));
  await client.shutdown(SHUT_WR);
  await inTime(receiver);
  assertEquals(received, sent);
  assert(sent > 0);
});

Deno.test("sendall() that began at once goes on when there is room again", async () => {
  await using pair = await warmed();
  const { client, conn } = pair;
  const filled = await fill(client);
  client.settimeout(null);
  const sending = client.sendall(new Uint8Array(100_000).fill(7));
  let received = 0;
  while (received < filled) {
    received += (await conn.recv(Math.min(65536, filled - received))).length;
  }
  for (let left = 100_000; left > 0;) {
    const piece = await inTime(conn.recv(left));
    assert(piece.every((byte) => byte === 7));
    left -= piece.length;
  }
  await inTime(sending);
});

Deno.test("a loop of calls that never wait lets timers and other sockets live", async () => {
  await using pair = await warmed();
  await using others = await connected();
  const { client, conn } = pair;
  const ping = (async () => {
    await others.client.sendall(bytes("?"));
    await others.conn.recv(1);
    return "answered" as const;
  })();
  let state: "running" | "answered" = "running";
  ping.then((answered) => state = answered);
  let timers = 0;
  const timer = setInterval(() => timers++, 1);
  for (let i = 0; i < 1e6 && (state === "running" || timers < 3); i++) {
    await client.send(bytes("x"));
    await conn.recv(1);
  }
  clearInterval(timer);
  assertEquals([state, timers >= 3], ["answered", true]);
});

Deno.test("recv() of little takes in more, which every kind of call gets in order", async () => {
  await using pair = await warmed();
  const { client, conn } = pair;
  const data = Uint8Array.from({ length: 400_000 }, (_, i) => i % 251);
  const sending = client.sendall(data).then(() => client.shutdown(SHUT_WR));
  const buffer = new Uint8Array(3_000);
  const calls: ((size: number) => Promise<Uint8Array>)[] = [
    (size) => conn.recv(size),
    (size) => conn.recv(size * 100),
    async (size) => buffer.slice(0, await conn.recv_into(buffer, size)),
    (size) => conn.recv(size, MSG_WAITALL),
    async (size) => {
      const look = await conn.recv(size, MSG_PEEK);
      const piece = await conn.recv(look.length);
      assertEquals(piece, look);
      return piece;
    },
    async (size) => {
      const [readable] = await select([conn], [], [], 9);
      assertEquals(readable, [conn]);
      return await conn.recv(size);
    },
  ];
  let received = 0;
  for (let i = 0;; i++) {
    // Many of one kind, then one of another; sizes from 1 to 2999.
    const call = calls[i % 8 === 7 ? (i >> 3) % calls.length : 0]!;
    const piece = await inTime(call(1 + (i * 7919) % 2_999));
    if (piece.length === 0) break;
    assertEquals(piece, data.slice(received, received + piece.length));
    received += piece.length;
  }
  assertEquals(received, data.length);
  await sending;
});

/** Calls again and again, until a timer has fired a few times. */
async function loopUntilTimers(call: () => Promise<unknown>): Promise<number> {
  let timers = 0;
  const timer = setInterval(() => timers++, 1);
  for (let i = 0; i < 1e6 && timers < 3; i++) await call();
  clearInterval(timer);
  return timers;
}

Deno.test("a loop that looks at what is here lets timers live", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await client.sendall(bytes("hello"));
  await conn.recv(5, MSG_PEEK);
  assertEquals(await loopUntilTimers(() => conn.recv(5, MSG_PEEK)), 3);
  const buffer = new Uint8Array(5);
  const look = () => conn.recv_into(buffer, 5, MSG_PEEK);
  assertEquals(await loopUntilTimers(look), 3);
  using sock = new Socket(AF_INET, SOCK_DGRAM);
  sock.bind([LOCALHOST, 0]);
  await sock.sendto(bytes("hello"), sock.getsockname());
  assertEquals(await loopUntilTimers(() => sock.recvfrom(5, MSG_PEEK)), 3);
});

Deno.test("recv() of what has been taken in lets the event loop turn", async () => {
  await using pair = await warmed();
  const { client, conn } = pair;
  await client.sendall(new Uint8Array(64_000));
  let turns = 0;
  let immediate = setImmediate(function turn() {
    turns++;
    immediate = setImmediate(turn);
  });
  for (let i = 0; i < 64_000; i++) await conn.recv(1);
  clearImmediate(immediate);
  assert(turns >= 64_000 / 256, `${turns} turns`);
});

Deno.test("recv() after many calls tells the end, and what has broken", async () => {
  const pair = await warmed();
  const { client, conn } = pair;
  await conn.sendall(bytes("bye"));
  await conn.shutdown(SHUT_WR);
  assertEquals(text(await client.recv(3)), "bye");
  for (let i = 0; i < 3; i++) assertEquals(await client.recv(3), EMPTY);
  await pair[Symbol.asyncDispose]();
  assertEquals(await outcome(() => client.recv(3)), EBADF);
  assertEquals(await outcome(() => client.send(bytes("x"))), EBADF);
});

Deno.test("recv() after many calls tells a reset once, and then the end", async () => {
  await using pair = await breakable();
  const { client } = pair;
  for (let i = 0; i < MANY; i++) {
    await pair.send(bytes("xy"));
    assertEquals((await client.recv(2)).length, 2);
  }
  await pair.reset();
  assertEquals(await outcome(() => client.recv(2)), ECONNRESET);
  assertEquals(await inTime(client.recv(2)), EMPTY);
  assertEquals(await outcome(() => client.send(bytes("x"))), EPIPE);
});

testUnless(
  NO_POSIX,
  "SO_ERROR tells a reset that no call has met, once",
  async () => {
    await using pair = await breakable();
    const { client } = pair;
    await pair.reset();
    const takeError = () => client.getsockopt(SOL_SOCKET, SO_ERROR);
    assertEquals([takeError(), takeError()], [errno.ECONNRESET, 0]);
    assertEquals(await inTime(client.recv(2)), EMPTY);
  },
);

Deno.test("send() after many calls tells a reset", async () => {
  await using pair = await breakable();
  const { client } = pair;
  for (let i = 0; i < MANY; i++) await client.send(bytes("xy"));
  await pair.reset();
  // The kernel hears of it, and has one word for it.
  let word = "";
  for (let i = 0; i < MANY && !word.includes("Error"); i++) {
    word = await outcome(() => client.send(bytes("x")));
  }
  assertEquals(word, ECONNRESET);
  assertEquals(await outcome(() => client.send(bytes("x"))), EPIPE);
});

Deno.test("a socket that takes over the number of a closed one gets none of its bytes", async () => {
  for (let i = 0; i < 3; i++) {
    const pair = await warmed();
    await pair[Symbol.asyncDispose]();
    await using next = await connected();
    assertEquals(await outcome(() => pair.client.send(bytes("old"))), EBADF);
    await next.client.sendall(bytes("new"));
    await next.client.shutdown(SHUT_WR);
    assertEquals(text(await inTime(drain(next.conn))), "new");
  }
});

// ## Datagrams

for (const family of [AF_INET, AF_INET6]) {
  const host = family === AF_INET ? LOCALHOST : "::1";
  const reason = family === AF_INET ? undefined : NO_IPV6;
  const open = () => {
    const sock = new Socket(family, SOCK_DGRAM);
    sock.bind([host, 0]);
    return sock;
  };

  testUnless(
    reason,
    `sendto() and recvfrom() carry many datagrams at ${host}, each whole`,
    async () => {
      using one = open();
      using other = open();
      using third = open();
      for (let i = 0; i < MANY; i++) {
        const size = i % 3 === 0 ? 0 : i;
        const data = new Uint8Array(size).fill(i);
        const from = i % 5 === 0 ? third : one;
        await from.sendto(data, other.getsockname());
        assertEquals(await inTime(other.recvfrom(1024)), [
          data,
          from.getsockname(),
        ]);
        await other.sendto(data, from.getsockname());
        const buffer = new Uint8Array(100);
        assertEquals(await inTime(from.recvfrom_into(buffer)), [
          Math.min(size, 100),
          other.getsockname(),
        ]);
      }
      // More at once than there are calls in a row.
      for (let i = 0; i < 100; i++) {
        await one.sendto(Uint8Array.of(i), other.getsockname());
      }
      for (let i = 0; i < 100; i++) {
        assertEquals(await inTime(other.recv(9)), Uint8Array.of(i));
      }
      other.setblocking(false);
      assertEquals(await outcome(() => other.recv(9)), EAGAIN);
    },
  );
}

testUnless(
  NO_POSIX,
  "what waits for its turn to be sent is not sent once its socket is closed",
  async () => {
    using other = new Socket(AF_INET, SOCK_DGRAM);
    other.bind([LOCALHOST, 0]);
    const datagrams = new Socket(AF_INET, SOCK_DGRAM);
    await using pair = await warmed();
    using greedy = await openShortcut();
    open(greedy.shortcut);
    for (let i = 0; i < MANY; i++) {
      await datagrams.sendto(EMPTY, other.getsockname());
      assertEquals(await other.recv(9), EMPTY);
    }
    const rows: [sock: Socket, send: () => Promise<number>][] = [
      [datagrams, () => datagrams.sendto(bytes("late"), other.getsockname())],
      [pair.client, () => pair.client.send(bytes("late"))],
    ];
    for (const [sock, send] of rows) {
      while (!isGreedy()) greedy.shortcut.send(bytes("x"));
      const late = outcome(send);
      sock.close();
      assertEquals(await late, EBADF);
    }
    other.setblocking(false);
    assertEquals(await outcome(() => other.recv(9)), EAGAIN);
  },
);

Deno.test("a connected datagram socket hears its peer only, after many calls too", async () => {
  using one = new Socket(AF_INET, SOCK_DGRAM);
  using other = new Socket(AF_INET, SOCK_DGRAM);
  using stranger = new Socket(AF_INET, SOCK_DGRAM);
  for (const sock of [one, other, stranger]) sock.bind([LOCALHOST, 0]);
  await one.connect(other.getsockname());
  for (let i = 0; i < MANY; i++) {
    await stranger.sendto(bytes("strange"), one.getsockname());
    await other.sendto(Uint8Array.of(i), one.getsockname());
    assertEquals(await inTime(one.recv(9)), Uint8Array.of(i));
    await one.send(Uint8Array.of(i));
    assertEquals(await inTime(other.recv(9)), Uint8Array.of(i));
  }
});

testUnless(
  NO_POSIX ?? NO_LINUX,
  "a connected datagram socket is refused after many calls, too",
  async () => {
    using one = new Socket(AF_INET, SOCK_DGRAM);
    const other = new Socket(AF_INET, SOCK_DGRAM);
    other.bind([LOCALHOST, 0]);
    await one.connect(other.getsockname());
    for (let i = 0; i < MANY; i++) await one.send(Uint8Array.of(i));
    await other[Symbol.asyncDispose]();
    await one.send(bytes("x"));
    assertEquals(await outcome(() => one.recv(9)), ECONNREFUSED);
    await one.send(bytes("x"));
    assertEquals(await outcome(() => one.send(bytes("x"))), ECONNREFUSED);
  },
);
