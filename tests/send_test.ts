/** `Socket.send()` and `Socket.sendall()`. */

import { assert, assertEquals } from "@std/assert";
import { MSG_DONTWAIT, MSG_WAITALL, SHUT_RD, SHUT_WR, socket } from "../mod.ts";
import {
  assertRows,
  assertSameBytes,
  bytes,
  EAGAIN,
  EBADF,
  ECONNRESET,
  EMPTY,
  EPIPE,
  inTime,
  isPending,
  NOT_INT,
  outcome,
  pattern,
  type Row,
  text,
  TIMED_OUT,
} from "./_outcome.ts";
import { breakable, closed, connected, drain, end, fill } from "./_pairs.ts";

/** More than any buffer on the way holds. */
const MUCH = 20_000_000;

function wrongArguments(method: string): Row[] {
  const noBytes = (type: string) =>
    `TypeError: a bytes-like object is required, not '${type}'`;
  return [
    [[], `TypeError: ${method}() takes at least 1 argument (0 given)`],
    [
      [bytes("a"), 0, 0],
      `TypeError: ${method}() takes at most 2 arguments (3 given)`,
    ],
    [["abc"], noBytes("str")],
    [[null], noBytes("NoneType")],
    [[5], noBytes("int")],
    [[[1, 2]], noBytes("list")],
    [[{}], noBytes("dict")],
    [[bytes("a"), "x"], `TypeError: 'str' ${NOT_INT}`],
    [[bytes("a"), null], `TypeError: 'NoneType' ${NOT_INT}`],
    [[bytes("a"), 1.5], `TypeError: 'float' ${NOT_INT}`],
    [
      [bytes("a"), 2 ** 40],
      "OverflowError: signed integer is greater than maximum",
    ],
  ];
}

for (const method of ["send", "sendall"] as const) {
  Deno.test(`Socket.${method}() refuses wrong arguments, whatever the state`, async () => {
    await using pair = await connected();
    for (const sock of [pair.client, socket(), await closed()]) {
      await assertRows(sock, method, wrongArguments(method));
      await end(sock);
    }
  });

  Deno.test(`Socket.${method}() raises EPIPE if not connected, EBADF if closed`, async () => {
    for (const data of [bytes("x"), EMPTY]) {
      await using sock = socket();
      assertEquals(await outcome(() => sock[method](data)), EPIPE);
      const other = await closed();
      assertEquals(await outcome(() => other[method](data)), EBADF);
    }
  });

  Deno.test(`Socket.${method}() raises EPIPE after SHUT_WR, also for no bytes`, async () => {
    await using pair = await connected();
    await pair.client.shutdown(SHUT_WR);
    for (const data of [bytes("x"), EMPTY]) {
      assertEquals(await outcome(() => pair.client[method](data)), EPIPE);
    }
  });

  Deno.test(`Socket.${method}() takes every kind of bytes`, async () => {
    await using pair = await connected();
    const { client, conn } = pair;
    const memory = bytes("abcdef").buffer;
    for (
      const [data, expected] of [
        [bytes("abc"), "abc"],
        [memory, "abcdef"],
        [new DataView(memory, 1, 2), "bc"],
        [new Uint16Array(memory, 2, 2), "cdef"],
        [new Uint8Array(memory).subarray(4), "ef"],
      ] as const
    ) {
      const result = await client[method](data);
      assertEquals(result, method === "send" ? expected.length : undefined);
      assertEquals(text(await conn.recv(99)), expected);
    }
  });

  Deno.test(`Socket.${method}() of no bytes sends none`, async () => {
    await using pair = await connected();
    const { client, conn } = pair;
    assertEquals(
      await client[method](EMPTY),
      method === "send" ? 0 : undefined as never,
    );
    await client[method](bytes("x"));
    assertEquals(text(await conn.recv(9)), "x");
  });

  Deno.test(`Socket.${method}() reports a reset once, then EPIPE`, async () => {
    await using pair = await breakable();
    const { client } = pair;
    await pair.reset();
    assertEquals(await outcome(() => client[method](bytes("x"))), ECONNRESET);
    assertEquals(await outcome(() => client[method](bytes("x"))), EPIPE);
    assertEquals(await client.recv(1), EMPTY);
  });

  Deno.test(`Socket.${method}() raises EPIPE at last when the peer has closed`, async () => {
    await using pair = await connected();
    const { client, conn } = pair;
    await end(conn);
    let failure = "";
    while (failure === "") {
      const result = await outcome(() => client[method](bytes("x")));
      if (!result.startsWith("returned")) failure = result;
    }
    assert([EPIPE, ECONNRESET].includes(failure), failure);
    assertEquals(await outcome(() => client[method](bytes("x"))), EPIPE);
  });

  Deno.test(`Socket.${method}() without a timeout sends everything`, async () => {
    await using pair = await connected();
    const { client, conn } = pair;
    const data = pattern(MUCH);
    const draining = drain(conn);
    const result = await client[method](data);
    assertEquals(result, method === "send" ? MUCH : undefined);
    await end(client);
    assertSameBytes(await inTime(draining), data);
  });

  Deno.test(`Socket.${method}() times out while there is no room`, async () => {
    await using pair = await connected();
    const { client, conn } = pair;
    await fill(client);
    client.settimeout(0.03);
    const start = performance.now();
    assertEquals(await outcome(() => client[method](bytes("x"))), TIMED_OUT);
    assert(performance.now() - start >= 29);
    await end(conn);
  });

  Deno.test(`Socket.${method}() with MSG_DONTWAIT does not wait for room`, async () => {
    await using pair = await connected();
    const { client, conn } = pair;
    await fill(client);
    assertEquals(
      await outcome(() => client[method](bytes("x"), MSG_DONTWAIT)),
      EAGAIN,
    );
    await end(conn);
  });

  Deno.test(`Socket.${method}() that waits ends with EBADF when the socket is closed`, async () => {
    for (const timeout of [null, 30]) {
      await using pair = await connected();
      const { client, conn } = pair;
      await fill(client);
      client.settimeout(timeout);
      const sending = outcome(() => client[method](new Uint8Array(MUCH)));
      assert(await isPending(sending));
      client.close();
      assertEquals(await sending, EBADF);
      await end(conn);
    }
  });
}

Deno.test("Socket.send() with MSG_DONTWAIT sends what there is room for", async () => {
  await using pair = await connected();
  assertEquals(await pair.client.send(bytes("a"), MSG_DONTWAIT), 1);
  assertEquals(text(await pair.conn.recv(9)), "a");
});

Deno.test("Socket.send() does not know that the peer has shut its read side", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await conn.shutdown(SHUT_RD);
  assertEquals(await client.send(bytes("x")), 1);
  assertEquals(await client.send(bytes("x")), 1);
  assertEquals(text(await inTime(conn.recv(9))), "xx");
});

Deno.test("Socket.send() goes on when the peer has shut its write side", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await conn.shutdown(SHUT_WR);
  assertEquals(await client.recv(1), EMPTY);
  assertEquals(await client.send(bytes("half")), 4);
  assertEquals(text(await conn.recv(9)), "half");
});

Deno.test("Socket.sendall() calls at the same time send each all their bytes", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const draining = drain(conn);
  const size = 3_000_000;
  await Promise.all(
    [1, 2, 3].map((byte) => client.sendall(new Uint8Array(size).fill(byte))),
  );
  await end(client);
  const counts = [0, 0, 0, 0];
  for (const byte of await inTime(draining)) counts[byte]!++;
  assertEquals(counts, [0, size, size, size]);
});

Deno.test("Socket.send() does not wait for a recv() that is pending", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const receiving = client.recv(9);
  assert(await isPending(receiving));
  assertEquals(await client.send(bytes("x")), 1);
  assertEquals(text(await conn.recv(9)), "x");
  await conn.sendall(bytes("y"));
  assertEquals(text(await inTime(receiving)), "y");
});

Deno.test("Socket.send() takes bytes of any buffer, also a shared one", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const shared = new SharedArrayBuffer(2);
  const arrays: readonly Uint8Array[] = [new Uint8Array(shared), bytes("b")];
  for (const each of arrays) await client.sendall(each);
  assertEquals(await client.send(shared), 2);
  assertEquals((await conn.recv(5, MSG_WAITALL)).length, 5);
});

Deno.test("Socket.sendmsg() takes a string for a sequence of ancillary data, as Python", async () => {
  await using sock = socket();
  const item = "TypeError: [sendmsg() ancillary data items]() argument must be";
  await assertRows(sock, "sendmsg", [
    [[[], ["x"]], `${item} sequence of length 3, not 1`],
    [[[], [5]], `${item} 3-item sequence, not int`],
    [
      [[], ["abc"]],
      "TypeError: 'str' object cannot be interpreted as an integer",
    ],
  ]);
});

Deno.test("Socket.sendall() of no bytes hears that the connection has ended", async () => {
  await using pair = await breakable();
  await pair.reset();
  const errors = [ECONNRESET, EPIPE];
  assert(errors.includes(await outcome(() => pair.client.sendall(EMPTY))));
});
