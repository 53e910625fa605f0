/** `Socket.shutdown()`. */

import { assert, assertEquals } from "@std/assert";
import {
  AF_INET,
  AF_UNIX,
  create_server,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SOCK_STREAM,
  socket,
} from "../mod.ts";
import {
  assertRows,
  bytes,
  EINVAL,
  EMPTY,
  ENOTCONN,
  EPIPE,
  inTime,
  isPending,
  NOT_INT,
  outcome,
  type Row,
  text,
} from "./_outcome.ts";
import {
  closed,
  connected,
  drain,
  end,
  LOCALHOST,
  NO_UNIX,
  testUnless,
  unixPath,
} from "./_pairs.ts";
import { NO_POSIX } from "./_posix.ts";

const WRONG_HOW: readonly Row[] = [
  [[], "TypeError: socket.shutdown() takes exactly one argument (0 given)"],
  [[1, 2], "TypeError: socket.shutdown() takes exactly one argument (2 given)"],
  [["x"], `TypeError: 'str' ${NOT_INT}`],
  [[null], `TypeError: 'NoneType' ${NOT_INT}`],
  [[1.5], `TypeError: 'float' ${NOT_INT}`],
  [[2 ** 31], "OverflowError: Python int too large to convert to C int"],
];

Deno.test("Socket.shutdown() refuses what is no direction", async () => {
  await using pair = await connected();
  for (const sock of [pair.client, socket(), await closed()]) {
    await assertRows(sock, "shutdown", WRONG_HOW);
    await end(sock);
  }
  await assertRows(pair.conn, "shutdown", [[[3], EINVAL], [[-1], EINVAL]]);
});

Deno.test("Socket.shutdown() raises ENOTCONN without a connection", async () => {
  await using fresh = socket();
  await using bound = socket();
  bound.bind([LOCALHOST, 0]);
  for (const sock of [fresh, bound]) {
    for (const how of [SHUT_RD, SHUT_WR, SHUT_RDWR]) {
      assertEquals(await outcome(() => sock.shutdown(how)), ENOTCONN);
    }
  }
});

Deno.test("Socket.shutdown() may be called again while the peer is there", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  for (const how of [SHUT_RD, SHUT_WR, SHUT_WR, SHUT_RDWR, SHUT_RDWR]) {
    assertEquals(
      await outcome(() => client.shutdown(how)),
      "returned undefined",
    );
  }
  assertEquals(client.getpeername(), conn.getsockname());
});

Deno.test("Socket.shutdown() raises ENOTCONN once both sides have shut both ways", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await conn.shutdown(SHUT_RDWR);
  await client.shutdown(SHUT_RDWR);
  assertEquals(await outcome(() => client.shutdown(SHUT_RDWR)), ENOTCONN);
});

Deno.test("SHUT_WR is the end of the stream to the peer, and no more", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await client.sendall(bytes("last"));
  await client.shutdown(SHUT_WR);
  assertEquals(text(await drain(conn)), "last");
  await conn.sendall(bytes("answer"));
  assertEquals(text(await client.recv(9)), "answer");
  assertEquals(client.getpeername(), conn.getsockname());
});

Deno.test("SHUT_RDWR ends both ways, and wakes a recv() that waits", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const receiving = client.recv(1);
  assert(await isPending(receiving));
  await client.shutdown(SHUT_RDWR);
  assertEquals(await inTime(receiving), EMPTY);
  assertEquals(await inTime(conn.recv(1)), EMPTY);
  assertEquals(
    await outcome(() => client.send(bytes("x"))),
    EPIPE,
  );
});

testUnless(
  NO_UNIX,
  "SHUT_WR on AF_UNIX leaves the other way open",
  async () => {
    await using pair = await connected(AF_UNIX);
    const { client, conn } = pair;
    await client.shutdown(SHUT_WR);
    assertEquals(await conn.recv(1), EMPTY);
    assertEquals(await conn.send(bytes("k")), 1);
    assertEquals(text(await client.recv(1)), "k");
  },
);

testUnless(
  NO_UNIX,
  "Socket.shutdown() counts for the connection to come",
  async () => {
    await using folder = await unixPath();
    for (const family of [AF_INET, AF_UNIX]) {
      using server = create_server(
        family === AF_UNIX ? folder.path : [LOCALHOST, 0],
        { family },
      );
      using deaf = socket(family, SOCK_STREAM);
      using mute = socket(family, SOCK_STREAM);
      for (const [sock, how] of [[deaf, SHUT_RD], [mute, SHUT_WR]] as const) {
        const expected = family === AF_UNIX ? "returned undefined" : ENOTCONN;
        assertEquals(await outcome(() => sock.shutdown(how)), expected);
        await sock.connect(server.getsockname());
      }
      assertEquals(await inTime(deaf.recv(1)), EMPTY);
      assertEquals(await deaf.send(bytes("x")), 1);
      assertEquals(await outcome(() => mute.send(bytes("x"))), EPIPE);
      (await server.accept())[0].close();
      using conn = (await server.accept())[0];
      conn.setblocking(false);
      assert(/EAGAIN/.test(await outcome(() => conn.recv(1))));
      await mute.shutdown(SHUT_WR);
      conn.settimeout(null);
      assertEquals(await inTime(conn.recv(1)), EMPTY);
    }
  },
);

Deno.test("Socket.shutdown() of an unconnected TCP socket makes an end of what it receives", async () => {
  await using sock = socket();
  assertEquals(await outcome(() => sock.shutdown(SHUT_RD)), ENOTCONN);
  assertEquals(await sock.recv(1), EMPTY);
  assertEquals(await sock.recv_into(new Uint8Array(1)), 0);
});

testUnless(
  NO_UNIX ?? NO_POSIX,
  "SHUT_RD on AF_UNIX lets the peer send no more, with a descriptor",
  async () => {
    await using pair = await connected(AF_UNIX);
    const { client, conn } = pair;
    await conn.send(bytes("early"));
    await client.shutdown(SHUT_RD);
    assertEquals(await outcome(() => conn.send(bytes("x"))), EPIPE);
    assertEquals(text(await client.recv(9)), "early");
    assertEquals((await client.recvfrom(0))[1] as unknown, null);
    assertEquals(await client.send(bytes("k")), 1);
    assertEquals(text(await conn.recv(1)), "k");
  },
);
