/** What every kind of stream socket promises, each in both directions. */

import { assert, assertEquals } from "@std/assert";
import {
  type Address,
  AF_INET,
  AF_INET6,
  AF_UNIX,
  MSG_PEEK,
  MSG_WAITALL,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  Socket,
} from "../mod.ts";
import {
  assertSameBytes,
  bytes,
  EAGAIN,
  EBADF,
  EMPTY,
  EPIPE,
  inTime,
  isPending,
  outcome,
  pattern,
  text,
  TIMED_OUT,
} from "./_outcome.ts";
import {
  connected,
  drain,
  end,
  fill,
  listening,
  LOCALHOST,
  NO_IPV6,
  NO_UNIX,
  testUnless,
  warmed,
} from "./_pairs.ts";

/** Two ends of a connection. */
type Ends = readonly [here: Socket, there: Socket];

/** A way to make a connection, and why there is none here, if there is none. */
interface Kind {
  readonly name: string;
  readonly reason?: string | undefined;
  readonly open: () => Promise<Ends>;
}

const KINDS: readonly Kind[] = [
  { name: "AF_INET", open: () => open(AF_INET) },
  { name: "AF_INET6", open: () => open(AF_INET6), reason: NO_IPV6 },
  { name: "AF_UNIX", open: () => open(AF_UNIX), reason: NO_UNIX },
  { name: "AF_INET, bound", open: openBound },
  { name: "AF_INET, after many calls", open: openWarmed },
  { name: "AF_INET, detached and adopted", open: openAdopted },
];

async function open(family: number): Promise<Ends> {
  const { client, conn } = await connected(family);
  return [client, conn];
}

/** Its calls go to the system at once, where that need not wait. */
async function openWarmed(): Promise<Ends> {
  const { client, conn } = await warmed();
  return [client, conn];
}

/** A client that has bound its own address is made in another way. */
async function openBound(): Promise<Ends> {
  await using listener = listening();
  const client = new Socket();
  client.bind([LOCALHOST, 0]);
  await client.connect(listener.getsockname());
  const [conn] = await listener.accept();
  return [client, conn];
}

/** Both ends have changed hands, one with a read that was pending. */
async function openAdopted(): Promise<Ends> {
  const { client, conn } = await connected();
  client.settimeout(0);
  assertEquals(await outcome(() => client.recv(1)), EAGAIN);
  const adopt = (sock: Socket) => {
    const descriptor = sock.detach();
    assert(descriptor !== -1);
    return new Socket(-1, -1, -1, descriptor);
  };
  return [adopt(client), adopt(conn)];
}

/** The promises, by what they say of `Socket`. */
const PROMISES: Readonly<Record<string, (ends: Ends) => Promise<void>>> = {
  async "send() and recv() carry bytes"([here, there]) {
    assertEquals(await here.send(bytes("hello")), 5);
    assertEquals(text(await inTime(there.recv(99))), "hello");
  },

  async "recv() returns at most what was asked for, the rest later"(
    [here, there],
  ) {
    await here.sendall(bytes("hello"));
    assertEquals(text(await inTime(there.recv(2))), "he");
    assertEquals(text(await inTime(there.recv(2, MSG_PEEK))), "ll");
    assertEquals(text(await inTime(there.recv(9, MSG_PEEK))), "llo");
    const buffer = new Uint8Array(2);
    assertEquals(await inTime(there.recv_into(buffer)), 2);
    assertEquals(text(buffer), "ll");
    assertEquals(text(await inTime(there.recv(9))), "o");
  },

  async "recv() with MSG_WAITALL waits for all of it"([here, there]) {
    const receiving = there.recv(6, MSG_WAITALL);
    for (const word of ["ab", "cd", "ef"]) await here.sendall(bytes(word));
    assertEquals(text(await inTime(receiving)), "abcdef");
  },

  async "recv() that times out loses nothing"([here, there]) {
    for (const timeout of [0.005, 0, 0.005]) {
      there.settimeout(timeout);
      const failure = await outcome(() => there.recv(9));
      assertEquals(failure, timeout === 0 ? EAGAIN : TIMED_OUT);
    }
    await here.sendall(bytes("late"));
    there.settimeout(5);
    assertEquals(text(await there.recv(9)), "late");
  },

  async "recv_into() that times out leaves its array"([here, there]) {
    const buffer = new Uint8Array(4);
    there.settimeout(0.005);
    assertEquals(await outcome(() => there.recv_into(buffer)), TIMED_OUT);
    await here.sendall(bytes("late"));
    there.settimeout(5);
    assertEquals(text(await there.recv(9)), "late");
    assertEquals(buffer, new Uint8Array(4));
  },

  async "recv() finds the end after everything else"([here, there]) {
    await here.sendall(bytes("last"));
    await end(here);
    assertEquals(text(await inTime(drain(there))), "last");
    assertEquals(await inTime(there.recv(9)), EMPTY);
  },

  async "shutdown(SHUT_WR) leaves the other way open"([here, there]) {
    await here.sendall(bytes("question"));
    await here.shutdown(SHUT_WR);
    assertEquals(text(await inTime(drain(there))), "question");
    await there.sendall(bytes("answer"));
    assertEquals(text(await inTime(here.recv(9))), "answer");
    assertEquals(await outcome(() => here.send(bytes("x"))), EPIPE);
    await end(there);
    assertEquals(await inTime(here.recv(9)), EMPTY);
  },

  async "shutdown(SHUT_RD) wakes recv()"([here]) {
    const receiving = [here.recv(9), here.recv(9)];
    assert(await isPending(Promise.race(receiving)));
    await here.shutdown(SHUT_RD);
    assertEquals(await inTime(Promise.all(receiving)), [EMPTY, EMPTY]);
  },

  async "shutdown(SHUT_RDWR) ends both ways"([here, there]) {
    await here.shutdown(SHUT_RDWR);
    assertEquals(await inTime(here.recv(9)), EMPTY);
    assertEquals(await inTime(there.recv(9)), EMPTY);
    assertEquals(await outcome(() => here.send(bytes("x"))), EPIPE);
  },

  async "close() ends what waits, and tells the peer"([here, there]) {
    const receiving = outcome(() => here.recv(9));
    assert(await isPending(receiving));
    here.close();
    assertEquals(await receiving, EBADF);
    assertEquals(await inTime(there.recv(9)), EMPTY);
  },

  async "close() ends a send() that waits"([here, there]) {
    await fill(here);
    const sending = outcome(() => here.sendall(new Uint8Array(9_000_000)));
    assert(await isPending(sending));
    here.close();
    assertEquals(await sending, EBADF);
    await end(there);
  },

  async "close() delivers what send() has taken"([here, there]) {
    const sent = await fill(here);
    here.close();
    assertEquals((await inTime(drain(there))).length, sent);
  },

  async "send() that may not wait counts what it takes"([here, there]) {
    const sent = await fill(here);
    here.setblocking(false);
    assertEquals(await outcome(() => here.send(bytes("x"))), EAGAIN);
    let received = 0;
    there.settimeout(5);
    while (received < sent) received += (await there.recv(1 << 20)).length;
    assertEquals(received, sent);
    assertEquals(await outcome(() => here.send(bytes("x"))), "returned 1");
    assertEquals(text(await there.recv(9)), "x");
  },

  async "sendall() carries megabytes both ways at once"([here, there]) {
    const [one, other] = [pattern(3_000_000, 1), pattern(2_000_000, 2)];
    const sendAndEnd = async (sock: Socket, data: Uint8Array<ArrayBuffer>) => {
      await sock.sendall(data);
      await sock.shutdown(SHUT_WR);
    };
    const [received, answered] = await inTime(Promise.all([
      drain(there),
      drain(here),
      sendAndEnd(here, one),
      sendAndEnd(there, other),
    ]));
    assertSameBytes(received, one);
    assertSameBytes(answered, other);
  },

  async "recv() serves its callers in their order"([here, there]) {
    const callers = [1, 2, 3].map((size) => there.recv(size));
    await here.sendall(bytes("abbccc"));
    const received = await inTime(Promise.all(callers));
    assertEquals(received.map(text), ["a", "bb", "ccc"]);
  },

  async "getsockname() and getpeername() are each other's"([here, there]) {
    assertEquals(
      [here.getsockname<Address>(), here.getpeername<Address>()],
      [there.getpeername<Address>(), there.getsockname<Address>()],
    );
    await Promise.resolve();
  },
};

for (const { name, reason, open } of KINDS) {
  for (const [promise, check] of Object.entries(PROMISES)) {
    testUnless(reason, `Socket.${promise} (${name})`, async () => {
      for (const isTurned of [false, true]) {
        const [client, conn] = await open();
        try {
          await check(isTurned ? [conn, client] : [client, conn]);
        } finally {
          await Promise.all([end(client), end(conn)]);
        }
      }
    });
  }
}
