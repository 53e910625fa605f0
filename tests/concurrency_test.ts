/** Several calls at the same time, on one socket and on many. */

import { assert, assertEquals } from "@std/assert";
import {
  AF_INET,
  AF_UNIX,
  create_connection,
  MSG_PEEK,
  SOCK_STREAM,
  Socket,
} from "../mod.ts";
import {
  bytes,
  EAGAIN,
  EBADF,
  EMPTY,
  inTime,
  isPending,
  outcome,
  text,
  TIMED_OUT,
} from "./_outcome.ts";
import {
  connected,
  drain,
  end,
  listening,
  NO_UNIX,
  type Pair,
  testUnless,
} from "./_pairs.ts";

for (const family of [AF_INET, AF_UNIX]) {
  const reason = family === AF_UNIX ? NO_UNIX : undefined;
  const name = family === AF_UNIX ? "AF_UNIX" : "AF_INET";

  testUnless(
    reason,
    `Socket.recv() of ${name} serves its callers in their order`,
    async () => {
      await using pair = await connected(family);
      const { client, conn } = pair;
      const callers = [1, 2, 3, 1].map((size) => client.recv(size));
      await conn.sendall(bytes("abbcccd"));
      const received = await inTime(Promise.all(callers));
      assertEquals(received.map(text), ["a", "bb", "ccc", "d"]);
    },
  );
}

Deno.test("Socket.recv() gives each of two callers bytes of its own", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const callers = [client.recv(9), client.recv(9)];
  assert(await isPending(Promise.race(callers)));
  await conn.sendall(bytes("1"));
  assertEquals(text(await inTime(callers[0]!)), "1");
  assert(await isPending(callers[1]!));
  await conn.sendall(bytes("2"));
  assertEquals(text(await inTime(callers[1]!)), "2");
});

Deno.test("Socket.recv() and recv_into() stand in one line", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const [first, second] = [new Uint8Array(2), new Uint8Array(2)];
  const callers = [
    client.recv_into(first),
    client.recv(2),
    client.recv_into(second),
    client.recv(9, MSG_PEEK),
    client.recv(9),
  ] as const;
  await conn.sendall(bytes("aabbccdd"));
  const [, middle, , peeked, last] = await inTime(Promise.all(callers));
  assertEquals([first, middle, second, peeked, last].map(text), [
    ...["aa", "bb", "cc", "dd", "dd"],
  ]);
});

Deno.test("Socket.recv() passes a caller over who has timed out", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const first = client.recv(1);
  client.settimeout(0.01);
  const hasty = outcome(() => client.recv(1));
  client.settimeout(null);
  const last = client.recv(9);
  assertEquals(await hasty, TIMED_OUT);
  await conn.sendall(bytes("xyz"));
  assertEquals(text(await inTime(first)), "x");
  assertEquals(text(await inTime(last)), "yz");
});

Deno.test("Socket.recv() gives what the first did not want to the next in line", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  client.settimeout(0.01);
  assertEquals(await outcome(() => client.recv(9)), TIMED_OUT);
  client.settimeout(null);
  const buffer = new Uint8Array(2);
  const callers = [client.recv(1), client.recv_into(buffer), client.recv(9)];
  await conn.sendall(bytes("abcdef"));
  const [first, count, last] = await inTime(Promise.all(callers));
  assertEquals(text(first as Uint8Array), "a");
  assertEquals([count, text(buffer)], [2, "bc"]);
  assertEquals(text(last as Uint8Array), "def");
});

Deno.test("Socket.recv() tells everybody in line of the end of the stream", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const callers = [client.recv(1), client.recv(1), client.recv(1)];
  await end(conn);
  assertEquals(await inTime(Promise.all(callers)), [EMPTY, EMPTY, EMPTY]);
});

Deno.test("Socket.recv() that may not wait does not overtake those who do", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const patient = client.recv(1);
  client.setblocking(false);
  assertEquals(await outcome(() => client.recv(1)), EAGAIN);
  await conn.sendall(bytes("1"));
  assertEquals(text(await inTime(patient)), "1");
  assertEquals(await outcome(() => client.recv(1)), EAGAIN);
});

Deno.test("Socket.send() calls at the same time go out in their order", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const words = ["one ", "two ", "three ", "four"];
  const counts = await inTime(
    Promise.all(words.map((word) => client.send(bytes(word)))),
  );
  assertEquals(counts, words.map((word) => word.length));
  await end(client);
  assertEquals(text(await inTime(drain(conn))), words.join(""));
});

Deno.test("Socket.close() by one caller ends the calls of all the others", async () => {
  await using pair = await connected();
  const { client } = pair;
  const callers = [1, 2, 3].map((size) => outcome(() => client.recv(size)));
  client.close();
  for (const each of await inTime(Promise.all(callers))) {
    assertEquals(each, EBADF);
  }
});

/** Many connections to one listener. */
async function manyPairs(
  count: number,
): Promise<Pair & { pairs: [Socket, Socket][] }> {
  await using listener = listening();
  const pairs: [Socket, Socket][] = [];
  for (let i = 0; i < count; i++) {
    const client = await create_connection(listener.getsockname());
    const [conn] = await listener.accept();
    pairs.push([client, conn]);
  }
  const [[client, conn]] = pairs as [[Socket, Socket]];
  return {
    client,
    conn,
    pairs,
    async [Symbol.asyncDispose]() {
      await Promise.all(pairs.flat().map(end));
    },
  };
}

Deno.test("Socket.recv() that may not wait finds what is there, on many sockets at once", async () => {
  await using many = await manyPairs(300);
  for (const timeout of [0, 1e-9]) {
    for (const [client] of many.pairs) client.settimeout(timeout);
    for (let round = 0; round < 5; round++) {
      for (const [, conn] of many.pairs) await conn.sendall(bytes("x"));
      const outcomes = await Promise.all(
        many.pairs.map(([client]) =>
          outcome(async () => text(await client.recv(9)))
        ),
      );
      const missed = outcomes.filter((each) => each !== 'returned "x"');
      assertEquals(missed.length, 0);
    }
  }
});

Deno.test("Socket.recv() that may not wait finds what is there, in a program that is busy", async () => {
  await using many = await manyPairs(8);
  let isOver = false;
  // Work that leaves the event loop only now and then, and never waits long.
  const working = [0.2, 0.4, 0.6].map(async (ms) => {
    while (!isOver) {
      const end = performance.now() + ms * Math.random();
      while (performance.now() < end);
      if (ms < 0.3) await Deno.lstat(".");
      else await new Promise((resolve) => setTimeout(resolve, 0));
    }
  });
  const results = await Promise.all(many.pairs.map(async ([client, conn]) => {
    client.setblocking(false);
    let missed = 0;
    for (let round = 0; round < 5; round++) {
      await conn.sendall(bytes("x"));
      const result = await outcome(async () => text(await client.recv(9)));
      if (result === 'returned "x"') continue;
      missed++;
      client.settimeout(5);
      await client.recv(9);
      client.settimeout(0);
    }
    return missed;
  }));
  isOver = true;
  await Promise.all(working);
  assertEquals(results, results.map(() => 0));
});

Deno.test("Socket.recv() that may not wait says so on idle sockets among busy ones", async () => {
  await using many = await manyPairs(100);
  for (const [client] of many.pairs) client.settimeout(0);
  for (let round = 0; round < 5; round++) {
    for (const [i, [, conn]] of many.pairs.entries()) {
      if (i % 2 === 0) await conn.sendall(bytes("x"));
    }
    const outcomes = await Promise.all(
      many.pairs.map(([client]) =>
        outcome(async () => text(await client.recv(9)))
      ),
    );
    assertEquals(
      outcomes,
      outcomes.map((_, i) => i % 2 === 0 ? 'returned "x"' : EAGAIN),
    );
  }
});

Deno.test("Socket.accept() that may not wait finds who is there, on many sockets at once", async () => {
  const listeners = Array.from({ length: 100 }, () => listening());
  const clients: Socket[] = [];
  for (const listener of listeners) {
    listener.setblocking(false);
    clients.push(await create_connection(listener.getsockname()));
  }
  const accepted = await Promise.allSettled(
    listeners.map((listener) => listener.accept()),
  );
  const conns = accepted.flatMap((each) =>
    each.status === "fulfilled" ? [each.value[0]] : []
  );
  await Promise.all([...conns, ...clients, ...listeners].map(end));
  assertEquals(conns.length, 100);
});

Deno.test("Socket.accept() loses nobody, whatever callers come and go", async () => {
  await using listener = listening();
  const address = listener.getsockname();
  const clients: Socket[] = [];
  const accepted: number[] = [];
  const serving = (async () => {
    while (accepted.length < 200) {
      listener.settimeout(Math.random() < 0.5 ? 0 : Math.random() * 0.003);
      try {
        const [conn, [, port]] = await listener.accept();
        accepted.push(port);
        await end(conn);
      } catch (error) {
        assert(
          error instanceof Error &&
            /timed out|EAGAIN|Errno/.test(error.message),
        );
      }
    }
  })();
  for (let i = 0; i < 200; i++) {
    const client = new Socket(AF_INET, SOCK_STREAM);
    await client.connect(address);
    clients.push(client);
    if (Math.random() < 0.2) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  await inTime(serving);
  const ports = clients.map((client) => client.getsockname()[1]);
  assertEquals(accepted, ports);
  await Promise.all(clients.map(end));
});
