/** Selectors: what is registered, and which of it is ready. */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  create_connection,
  KeyError,
  OSError,
  RuntimeError,
  SHUT_WR,
  Socket,
  socket,
  socketpair,
} from "../mod.ts";
import {
  BaseSelector,
  DefaultSelector,
  EpollSelector,
  EVENT_READ,
  EVENT_WRITE,
  type FileObject,
  PollSelector,
  SelectorKey,
  SelectSelector,
} from "../src/selectors.ts";
import {
  assertSameBytes,
  bytes,
  EBADF,
  inTime,
  isPending,
  outcome,
  pattern,
  text,
} from "./_outcome.ts";
import {
  concat,
  connected,
  end,
  fill,
  listening,
  NO_UNIX,
  type Pair,
  testUnless,
} from "./_pairs.ts";
import { run } from "./_program.ts";
import {
  type State,
  TCP_STATES,
  UDP_STATES,
  UNIX_DATAGRAM_STATES,
  UNIX_STATES,
} from "./_readiness.ts";

const MODULE = JSON.stringify(import.meta.resolve("../src/selectors.ts"));

const BOTH = EVENT_READ | EVENT_WRITE;
const KINDS = [SelectSelector, PollSelector, EpollSelector];

/** Does the same with a selector of each kind. */
async function withEach(
  run: (selector: BaseSelector, name: string) => Promise<void>,
): Promise<void> {
  for (const Kind of KINDS) {
    using selector = new Kind();
    await run(selector, Kind.name);
  }
}

/** What is ready, by what was registered along. */
async function readyIn<D, F extends FileObject>(
  selector: BaseSelector<D, F>,
  timeout: number | null = null,
): Promise<[unknown, number][]> {
  const ready = await inTime(selector.select(timeout));
  return ready.map(([{ data }, events]) => [data, events]);
}

function testStates(
  reason: string | undefined,
  states: Readonly<Record<string, State>>,
): void {
  for (const [name, [expected, make]] of Object.entries(states)) {
    testUnless(reason, `selectors find ${expected}: ${name}`, async () => {
      const found = (expected.includes("r") ? EVENT_READ : 0) |
        (expected.includes("w") ? EVENT_WRITE : 0);
      await using made = await make();
      await withEach(async (selector, kind) => {
        for (const wanted of [BOTH, EVENT_READ, EVENT_WRITE]) {
          selector.register(made.sock, wanted, "it");
          const events = found & wanted;
          const ready: [unknown, number][] = events === 0
            ? []
            : [["it", events]];
          for (const timeout of [0, 0, events === 0 ? 0.001 : 5]) {
            assertEquals(await readyIn(selector, timeout), ready, kind);
          }
          selector.unregister(made.sock);
        }
      });
    });
  }
}

testStates(undefined, TCP_STATES);
testStates(undefined, UDP_STATES);
testStates(NO_UNIX, UNIX_STATES);
testStates(NO_UNIX, UNIX_DATAGRAM_STATES);

Deno.test("DefaultSelector is EpollSelector, as on Linux", () => {
  assertEquals(DefaultSelector, EpollSelector);
  using selector = new DefaultSelector();
  assert(selector instanceof BaseSelector);
});

Deno.test("selectors keep a key for each file object", async () => {
  await using pair = await connected();
  await withEach(async (selector) => {
    const key = selector.register(pair.client, EVENT_READ, "data");
    assert(key instanceof SelectorKey);
    assertEquals([key.fileobj, key.events, key.data], [
      pair.client,
      EVENT_READ,
      "data",
    ]);
    assertEquals(selector.get_key(pair.client), key);
    const other = selector.modify(pair.client, BOTH);
    assertEquals([other.events, other.data], [BOTH, null]);
    assertEquals(selector.modify(pair.client, BOTH), other);
    assertEquals(selector.unregister(pair.client), other);
    assertThrows(() => selector.get_key(pair.client), KeyError);
    await Promise.resolve();
  });
});

Deno.test("BaseSelector.get_map() changes along with the selector", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await withEach(async (selector) => {
    const map = selector.get_map();
    assert(map !== null);
    assertEquals([map.size, map.has(client), [...map]], [0, false, []]);
    const key = selector.register(client, EVENT_READ);
    selector.register(conn, EVENT_WRITE);
    assertEquals([map.size, map.get(client)], [2, key]);
    assertEquals([...map.keys()], [client, conn]);
    assertEquals([...map.values()].map(({ events }) => events), [
      EVENT_READ,
      EVENT_WRITE,
    ]);
    const seen: Socket[] = [];
    map.forEach((_, sock) => seen.push(sock));
    assertEquals(seen, [client, conn]);
    selector.close();
    assertEquals([map.size, selector.get_map()], [0, null]);
    assertThrows(
      () => selector.get_key(client),
      RuntimeError,
      "Selector is closed",
    );
    await Promise.resolve();
  });
});

Deno.test("selectors know a socket by its descriptor", async () => {
  const [one, other] = await socketpair();
  using selector = new DefaultSelector<string, FileObject>();
  selector.register(one, EVENT_READ, "one");
  assertThrows(
    () => selector.register({ socket: one }, EVENT_READ),
    KeyError,
    "already registered",
  );
  // Another descriptor of the same socket is another file object.
  const second = one.dup();
  selector.register(second, EVENT_READ, "second");
  await other.send(bytes("x"));
  assertEquals((await readyIn(selector)).sort(), [["one", 1], ["second", 1]]);
  // It stays what it is when it gets another object.
  const descriptor = one.detach();
  assert(descriptor !== -1);
  const third = new Socket(-1, -1, -1, descriptor);
  assertEquals(selector.get_key(third).data, "one");
  assertEquals(selector.unregister(one).fileobj, one);
  assertEquals(await readyIn(selector), [["second", 1]]);
  await Promise.all([second, third, other].map(end));
});

Deno.test("selectors see a change of events at once", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await conn.sendall(bytes("x"));
  await withEach(async (selector) => {
    selector.register(client, EVENT_READ, "a");
    assertEquals(await readyIn(selector), [["a", EVENT_READ]]);
    selector.modify(client, EVENT_WRITE, "b");
    assertEquals(await readyIn(selector), [["b", EVENT_WRITE]]);
    selector.modify(client, BOTH, "c");
    assertEquals(await readyIn(selector), [["c", BOTH]]);
  });
});

Deno.test("BaseSelector.select() notices what is registered or modified meanwhile", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await withEach(async (selector) => {
    selector.register(client, EVENT_READ, "client");
    const first = readyIn(selector);
    assert(await isPending(first));
    selector.register(conn, EVENT_WRITE, "conn");
    assertEquals(await first, [["conn", EVENT_WRITE]]);
    selector.modify(conn, EVENT_READ);
    const second = readyIn(selector);
    assert(await isPending(second));
    selector.modify(client, BOTH, "both");
    assertEquals(await second, [["both", EVENT_WRITE]]);
  });
});

Deno.test("BaseSelector.select() forgets what is unregistered meanwhile", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await withEach(async (selector) => {
    selector.register(client, EVENT_READ, "client");
    const ready = selector.select(0.05);
    assert(await isPending(ready));
    selector.unregister(client);
    await conn.sendall(bytes("x"));
    assertEquals(await inTime(ready), []);
    assertEquals(text(await client.recv(9)), "x");
  });
});

Deno.test("BaseSelector.select() calls at the same time all get what is ready", async () => {
  await using pair = await connected();
  await withEach(async (selector) => {
    selector.register(pair.client, EVENT_READ, "it");
    const calls = [readyIn(selector), readyIn(selector), readyIn(selector, 5)];
    assertEquals(await readyIn(selector, 0), []);
    assertEquals(await readyIn(selector, 0.001), []);
    await pair.conn.sendall(bytes("x"));
    for (const ready of await Promise.all(calls)) {
      assertEquals(ready, [["it", EVENT_READ]]);
    }
    await pair.client.recv(9);
    assertEquals(await readyIn(selector, 0), []);
  });
});

Deno.test("selectors do not disturb each other, nor those who receive", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const selectors = KINDS.map((Kind) => new Kind<string>());
  for (const selector of selectors) {
    selector.register(client, EVENT_READ, "it");
  }
  const received = client.recv(9);
  const calls = selectors.map((selector) => readyIn(selector));
  await conn.sendall(bytes("for recv"));
  assertEquals(text(await inTime(received)), "for recv");
  await conn.sendall(bytes("for all"));
  for (const ready of await Promise.all(calls)) {
    assertEquals(ready, [["it", EVENT_READ]]);
  }
  selectors[0]?.close();
  assertEquals(await readyIn(selectors[1]!), [["it", EVENT_READ]]);
  assertEquals(text(await client.recv(9)), "for all");
  for (const selector of selectors) selector.close();
});

Deno.test("EpollSelector forgets a socket that was closed", async () => {
  await using pair = await connected();
  await using other = await connected();
  using selector = new EpollSelector();
  selector.register(pair.client, BOTH, "closed");
  selector.register(other.client, EVENT_READ, "open");
  const ready = readyIn(selector);
  await end(pair.client);
  assertEquals(await readyIn(selector, 0.01), []);
  assertEquals(selector.get_map()?.size, 2);
  await other.conn.sendall(bytes("x"));
  assertEquals(await ready, [["open", EVENT_READ]]);
  assertEquals(selector.unregister(pair.client).data, "closed");
});

Deno.test("EpollSelector looks on as long as the socket has a descriptor", async () => {
  await using pair = await connected();
  using selector = new EpollSelector();
  const second = pair.client.dup();
  selector.register(second, EVENT_READ, "it");
  second.close();
  await pair.conn.sendall(bytes("x"));
  assertEquals(await readyIn(selector), [["it", EVENT_READ]]);
});

Deno.test("PollSelector finds all events ready on a socket that was closed", async () => {
  await using pair = await connected();
  using selector = new PollSelector();
  const second = pair.client.dup();
  selector.register(second, BOTH, "second");
  second.close();
  assertEquals(await readyIn(selector), [["second", BOTH]]);
  selector.unregister(second);
  selector.register(pair.client, EVENT_READ, "it");
  const ready = readyIn(selector);
  assert(await isPending(ready));
  pair.client.close();
  assertEquals(await ready, [["it", EVENT_READ]]);
  assertEquals(await readyIn(selector), [["it", EVENT_READ]]);
});

Deno.test("SelectSelector raises EBADF when a socket was closed", async () => {
  await using pair = await connected();
  using selector = new SelectSelector();
  const second = pair.client.dup();
  selector.register(second, EVENT_READ);
  second.close();
  assertEquals(await outcome(() => selector.select()), EBADF);
  selector.unregister(second);
  selector.register(pair.client, EVENT_READ);
  const waiting = outcome(() => selector.select());
  assert(await isPending(waiting));
  pair.client.close();
  assertEquals(await waiting, EBADF);
  assertEquals(await outcome(() => selector.select(0)), EBADF);
  selector.unregister(pair.client);
  assertEquals(await selector.select(0), []);
});

Deno.test("EpollSelector.close() ends a call that waits with a ValueError", async () => {
  await using pair = await connected();
  const selector = new EpollSelector();
  selector.register(pair.client, EVENT_READ);
  const calls = [null, 5].map((timeout) =>
    outcome(() => selector.select(timeout))
  );
  assert(await isPending(Promise.race(calls)));
  selector.close();
  const closed = "ValueError: I/O operation on closed epoll object";
  assertEquals(await inTime(Promise.all(calls)), [closed, closed]);
});

Deno.test("SelectSelector.close() and PollSelector.close() end a call that waits", async () => {
  await using pair = await connected();
  for (const Kind of [SelectSelector, PollSelector]) {
    const selector = new Kind();
    selector.register(pair.client, EVENT_READ);
    const waiting = selector.select();
    assert(await isPending(waiting));
    selector.close();
    assertEquals(await inTime(waiting), []);
  }
});

Deno.test("BaseSelector is a selector for those who fill it in", async () => {
  class Nothing extends BaseSelector<string> {
    readonly keys = new Map<Socket, SelectorKey<string>>();
    override register(
      sock: Socket,
      events: number,
      data: string | null = null,
    ) {
      const key = new SelectorKey(sock, -1, events, data);
      this.keys.set(sock, key);
      return key;
    }
    override unregister(sock: FileObject) {
      const key = this.get_key(sock);
      this.keys.delete(key.fileobj);
      return key;
    }
    override select(): Promise<[SelectorKey<string>, number][]> {
      return Promise.resolve([]);
    }
    override get_map() {
      return this.keys;
    }
  }
  await using sock = new Socket();
  using selector = new Nothing();
  selector.register(sock, EVENT_READ, "a");
  const { events, data, fd } = selector.modify(sock, EVENT_WRITE, "b");
  assertEquals([events, data, fd], [EVENT_WRITE, "b", -1]);
  assertEquals(await selector.select(), []);
});

/** An echo server of the kind that Python's manual has, until nobody is left. */
async function serve(
  selector: BaseSelector<Uint8Array[]>,
  listener: Socket,
  clients: number,
): Promise<void> {
  listener.setblocking(false);
  selector.register(listener, EVENT_READ);
  for (let left = clients; left > 0;) {
    for (const [{ fileobj, data: unsent }, mask] of await selector.select()) {
      if (unsent === null) {
        const [conn] = await fileobj.accept();
        conn.setblocking(false);
        selector.register(conn, EVENT_READ, []);
        continue;
      }
      if (mask & EVENT_READ) {
        const data = await fileobj.recv(10_000);
        if (data.length === 0) {
          selector.unregister(fileobj);
          await end(fileobj);
          left--;
          continue;
        }
        unsent.push(data);
      }
      if (mask & EVENT_WRITE) {
        const data = unsent.shift()!;
        const rest = data.subarray(await fileobj.send(data));
        if (rest.length > 0) unsent.unshift(rest);
      }
      selector.modify(
        fileobj,
        unsent.length > 0 ? BOTH : EVENT_READ,
        unsent,
      );
    }
  }
  selector.unregister(listener);
}

Deno.test("selectors run an echo server that loses nothing", async () => {
  for (const Kind of KINDS) {
    await using listener = listening();
    using selector = new Kind<Uint8Array[]>();
    const talk = async (seed: number): Promise<void> => {
      await using client = await create_connection(listener.getsockname());
      const data = pattern(50_000 * seed, seed);
      const sending = client.sendall(data);
      const pieces: Uint8Array[] = [];
      for (let missing = data.length; missing > 0;) {
        const piece = await client.recv(7000);
        missing -= piece.length;
        pieces.push(piece);
      }
      await sending;
      assertSameBytes(concat(pieces), data);
      await client.shutdown(SHUT_WR);
      assertEquals((await client.recv(1)).length, 0);
    };
    await inTime(Promise.all([
      serve(selector, listener, 5),
      ...[1, 2, 3, 4, 5].map(talk),
    ]));
    assertEquals(selector.get_map()?.size, 0);
  }
});

Deno.test("selectors finish what a full buffer has held up", async () => {
  await withEach(async (selector) => {
    await using pair = await connected();
    const { client, conn } = pair;
    const sent = await fill(client);
    client.setblocking(false);
    selector.register(client, EVENT_WRITE, "room");
    assertEquals(await readyIn(selector, 0), []);
    let received = 0;
    const draining = (async () => {
      while (received < sent + 1) received += (await conn.recv(1 << 20)).length;
    })();
    assertEquals(await readyIn(selector), [["room", EVENT_WRITE]]);
    assertEquals(await client.send(bytes("x")), 1);
    await inTime(draining);
    assertEquals(received, sent + 1);
  });
});

Deno.test("selectors find each of many sockets that are ready", async () => {
  await using listener = listening();
  const pairs: Pick<Pair, "client" | "conn">[] = [];
  for (let i = 0; i < 300; i++) {
    const client = await create_connection(listener.getsockname());
    const [conn] = await listener.accept();
    pairs.push({ client, conn });
  }
  await withEach(async (selector) => {
    for (const [i, { client }] of pairs.entries()) {
      selector.register(client, EVENT_READ, i);
    }
    assertEquals(await readyIn(selector, 0), []);
    for (const { conn } of pairs) await conn.sendall(bytes("x"));
    const ready = await readyIn(selector, 0);
    assertEquals(ready.length, pairs.length);
    const odd = pairs.filter((_, i) => i % 2 === 1);
    for (const { client } of odd) await client.recv(9);
    const rest = (await readyIn(selector)).map(([i]) => Number(i));
    assertEquals(
      rest.sort((a, b) => a - b),
      pairs.flatMap((_, i) => i % 2 === 0 ? [i] : []),
    );
    for (const { client } of pairs) selector.unregister(client);
    for (const pair of pairs) {
      if (!odd.includes(pair)) await pair.client.recv(9);
    }
  });
  await Promise.all(
    pairs.flatMap(({ client, conn }) => [client, conn]).map(end),
  );
});

Deno.test("selectors let the program go on, though they always have an answer", async () => {
  await using pair = await connected();
  await using other = await connected();
  await withEach(async (selector) => {
    selector.register(pair.client, BOTH);
    let isOver = false;
    const received = other.client.recv(9).then(() => isOver = true);
    await other.conn.sendall(bytes("x"));
    for (let i = 0; !isOver; i++) {
      await selector.select();
      assert(i < 10_000, "the event loop never turns");
    }
    await received;
  });
});

Deno.test("selectors that nobody asks keep no program running", async () => {
  const { code, stdout, stderr } = await runWith(`
    const listener = socket.create_server(["127.0.0.1", 0]);
    const client = await socket.create_connection(listener.getsockname());
    const [conn] = await listener.accept();
    const udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
    udp.bind(["127.0.0.1", 0]);
    const selector = new selectors.DefaultSelector();
    for (const sock of [listener, client, conn, udp]) {
      selector.register(sock, 1);
    }
    await conn.sendall(new Uint8Array(1));
    console.log((await selector.select()).length);
    await client.recv(9);
    console.log((await selector.select(0.01)).length);
  `);
  assertEquals({ code, stdout, stderr }, {
    code: 0,
    stdout: "1\n0\n",
    stderr: "",
  });
});

Deno.test("selectors that somebody asks keep the program running", async () => {
  const { code, stdout, stderr } = await runWith(`
    const [one, other] = await socket.socketpair();
    const selector = new selectors.DefaultSelector();
    selector.register(one, 1);
    const before = performance.now();
    await selector.select(0.3);
    console.log(performance.now() - before >= 299);
    selector.unregister(one);
    await selector.select(0.1);
    console.log(performance.now() - before >= 399);
  `);
  assertEquals({ code, stdout, stderr }, {
    code: 0,
    stdout: "true\ntrue\n",
    stderr: "",
  });
});

Deno.test("selectors of nothing, or of closed sockets, keep no program running", async () => {
  for (
    const setup of [
      "",
      "selector.register(sock, 1); setTimeout(() => sock.close(), 50);",
    ]
  ) {
    const { code, stderr } = await runWith(`
      const [sock] = await socket.socketpair();
      const selector = new selectors.DefaultSelector();
      ${setup}
      await selector.select();
    `);
    assertEquals(code, 1);
    assert(stderr.includes("Top-level await promise never resolved"), stderr);
  }
});

function runWith(code: string): ReturnType<typeof run> {
  return run(`import * as selectors from ${MODULE};\n${code}`);
}

Deno.test("SelectorKey can be taken apart, as Python's tuple", () => {
  using sock = socket();
  const key = new SelectorKey(sock, 7, EVENT_READ, "data");
  assertEquals([...key], [sock, 7, EVENT_READ, "data"]);
});

Deno.test("get_map() shows what is in it", () => {
  using sock = socket();
  using selector = new DefaultSelector<string>();
  selector.register(sock, EVENT_READ, "data");
  const shown = Deno.inspect(selector.get_map());
  assertMatch(shown, /^Map\(1\) \{\s*<socket\.socket .*data: "data"/s);
});

Deno.test("SelectorKey.fd is the number that fileno() tells, if it does", async () => {
  await using sock = new Socket();
  using selector = new DefaultSelector();
  const key = selector.register(sock, EVENT_READ);
  const number = fileno(sock);
  assertEquals(key.fd, number);
  if (number >= 0) assertEquals(selector.get_key(sock).fd, number);
});

Deno.test("selectors take the numbers that fileno() tells", async () => {
  const [one, other] = await socketpair();
  const number = fileno(one);
  if (number >= 0) {
    await other.send(bytes("x"));
    await withEach(async (selector) => {
      const each = selector as BaseSelector<string, FileObject>;
      const key = each.register(number, EVENT_READ, "number");
      assertEquals([key.fileobj, key.fd], [number, number]);
      assertEquals(each.get_key(one), key);
      assertEquals(await readyIn(each), [["number", EVENT_READ]]);
      each.unregister(one);
    });
    using selector = new DefaultSelector<string, FileObject>();
    selector.register(one, EVENT_READ, "it");
    await end(one);
    assertEquals(selector.get_key(number).data, "it");
    assertEquals(selector.unregister(number).fd, number);
  }
  await Promise.all([one, other].map(end));
});

/** The number, or −1 where it is not told. */
function fileno(sock: Socket): number {
  try {
    return sock.fileno();
  } catch (error) {
    if (error instanceof OSError) return -1;
    throw error;
  }
}
