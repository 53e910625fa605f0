/** Errors of a later turn: their stacks lead to the line that called. */

import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import {
  AF_INET,
  create_connection,
  type InetAddress,
  OSError,
  SOCK_DGRAM,
  type Socket,
  socket,
  UnicodeDecodeError,
  UnicodeEncodeError,
} from "../mod.ts";
import {
  breakable,
  connected,
  end,
  fill,
  listening,
  refusing,
  silent,
} from "./_pairs.ts";
import { run } from "./_program.ts";

/** A moment, in seconds. */
const SOON = 0.001;

/** A call fails, and the error's stack leads here. */
async function assertIsFound(
  call: () => Promise<unknown>,
  kind: abstract new (...args: never[]) => Error = OSError,
): Promise<void> {
  try {
    await call();
  } catch (error) {
    assertInstanceOf(error, kind);
    return assertMatch(error.stack ?? "", /^ +at (async )?assertIsFound \(/m);
  }
  throw new Error("It has not failed");
}

function datagram(): Socket {
  const sock = socket(AF_INET, SOCK_DGRAM);
  sock.bind(["127.0.0.1", 0]);
  return sock;
}

for (const timeout of [0, SOON]) {
  const error = timeout === 0 ? "BlockingIOError" : "TimeoutError";

  Deno.test(`${error} of a stream leads to the caller`, async () => {
    await using pair = await connected();
    const { client } = pair;
    client.settimeout(timeout);
    const target = new Uint8Array(8);
    await assertIsFound(() => client.recv(8));
    await assertIsFound(() => client.recv_into(target));
    await assertIsFound(() => client.recvfrom(8));
    await assertIsFound(() => client.recvmsg(8));
    await fill(client);
    await assertIsFound(() => client.send(target));
    await assertIsFound(() => client.sendall(target));
  });

  Deno.test(`${error} of accept leads to the caller`, async () => {
    await using listener = listening();
    listener.settimeout(timeout);
    await assertIsFound(() => listener.accept());
  });

  Deno.test(`${error} of a datagram socket leads to the caller`, async () => {
    await using sock = datagram();
    sock.settimeout(timeout);
    await assertIsFound(() => sock.recv(8));
    await assertIsFound(() => sock.recvfrom(8));
    await assertIsFound(() => sock.recv_into(new Uint8Array(8)));
  });
}

Deno.test("a failed connect leads to the caller", async () => {
  const address = await refusing();
  await using sock = socket();
  await assertIsFound(() => sock.connect(address));
  await assertIsFound(() => create_connection(address));
  await using silence = await silent();
  sock.settimeout(SOON);
  await assertIsFound(() => sock.connect(silence.address));
});

Deno.test("a reset leads to the caller who waits, or to the next one", async () => {
  for (const isAwaited of [true, false]) {
    await using pair = await breakable();
    const { client } = pair;
    const received = isAwaited
      ? assertIsFound(() => client.recv(8))
      : undefined;
    await pair.reset();
    await (received ?? assertIsFound(() => client.recv(8)));
  }
});

Deno.test("a reset leads to who has lent an array", async () => {
  await using pair = await breakable();
  const target = new Uint8Array(8);
  const received = assertIsFound(() => pair.client.recv_into(target));
  await pair.reset();
  await received;
});

Deno.test("a closed socket leads to those who wait", async () => {
  await using pair = await connected();
  await using listener = listening();
  await using sock = datagram();
  const target = new Uint8Array(8);
  const calls = [
    () => pair.client.recv(8),
    () => pair.conn.recv_into(target),
    () => listener.accept(),
    () => sock.recv(8),
    () => sock.recvfrom_into(target),
  ];
  const found = calls.map((call) => assertIsFound(call));
  for (const each of [pair.client, pair.conn, listener, sock]) each.close();
  await Promise.all(found);
});

Deno.test("a file's reader leads to the caller, through any number of calls", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  client.settimeout(SOON);
  for (const mode of ["r", "rb", "rw", "rwb"] as const) {
    await using file = client.makefile(mode);
    await assertIsFound(() => file.readline());
    await assertIsFound(() => file.readlines());
    await assertIsFound(async () => {
      for await (const line of file) throw new Error(String(line));
    });
  }
  await conn.sendall(Uint8Array.of(0xd6, 0xd0, 0x0a));
  client.settimeout(20);
  await using file = client.makefile("r");
  await assertIsFound(() => file.readline(), UnicodeDecodeError);
});

Deno.test("a file's writer leads to the caller", async () => {
  const much = "x".repeat(20_000_000);
  for (const isGone of [false, true]) {
    await using pair = await connected();
    const { client, conn } = pair;
    if (isGone) {
      // What it has not read makes the peer break the connection.
      await client.sendall(new Uint8Array(8));
      await conn.recv(1);
      await end(conn);
    } else client.settimeout(SOON);
    const file = client.makefile("w");
    await assertIsFound(() => file.write(much));
    await assertIsFound(() => file.writelines([much]));
    const ascii = client.makefile("w", { encoding: "ascii" });
    await assertIsFound(() => ascii.write("\u4e2d"), UnicodeEncodeError);
    for (const each of [file, ascii]) {
      await each.close().catch((error) => assertInstanceOf(error, OSError));
    }
  }
});

Deno.test("who does not await has an error all the same", async () => {
  await using sock = datagram();
  sock.settimeout(SOON);
  const { promise, resolve } = Promise.withResolvers<unknown>();
  sock.recv(8).then(() => resolve(undefined), resolve);
  assertMatch(String(await promise), /^TimeoutError: timed out$/);
});

Deno.test("an error that nobody catches shows the line that called", async () => {
  const [, port] = await refusing() satisfies InetAddress;
  const { code, stderr } = await run(`
async function main() {
  using sock = socket.socket();
  await sock.connect(["127.0.0.1", ${port}]); // Here it is.
}
await main();`);
  assertEquals(code, 1);
  assertMatch(stderr, /^error: Uncaught .*ConnectionRefusedError: .*refused$/m);
  assertMatch(stderr, /at async main \(/);
});
