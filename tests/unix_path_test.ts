/** Paths and abstract names of sockets of AF_UNIX. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  AF_UNIX,
  SHUT_RD,
  SO_ACCEPTCONN,
  SOCK_STREAM,
  Socket,
  socket,
  SOL_SOCKET,
} from "../mod.ts";
import { select } from "../src/select.ts";
import {
  assertRows,
  bytes,
  EADDRINUSE,
  EBADF,
  ECONNREFUSED,
  EINVAL,
  EISCONN,
  ENOENT,
  inTime,
  outcome,
  type Row,
  text,
  TIMED_OUT,
} from "./_outcome.ts";
import {
  closed,
  end,
  NO_ABSTRACT,
  NO_UNIX,
  testUnless,
  unixPath,
} from "./_pairs.ts";

const noBytes = (type: string) =>
  `TypeError: a bytes-like object is required, not '${type}'`;

const WRONG_PATHS: readonly Row[] = [
  [[null], noBytes("NoneType")],
  [[5], noBytes("int")],
  [[["x"]], noBytes("tuple")],
  [[["127.0.0.1", 80]], noBytes("tuple")],
  [["x".repeat(108)], "OSError: AF_UNIX path too long"],
];

/** A listener at a path. */
function listeningAt(path: string | Uint8Array): Socket {
  const sock = new Socket(AF_UNIX, SOCK_STREAM);
  sock.bind(path);
  sock.listen();
  return sock;
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

testUnless(
  NO_UNIX,
  "Socket.bind() of AF_UNIX refuses what is no path",
  async () => {
    const closedSock = await closed(AF_UNIX);
    await using sock = socket(AF_UNIX);
    for (const each of [sock, closedSock]) {
      for (const method of ["bind", "connect", "connect_ex"]) {
        await assertRows(each, method, WRONG_PATHS);
      }
    }
    assertEquals(await outcome(() => closedSock.bind("/x")), EBADF);
  },
);

testUnless(
  NO_UNIX,
  "Socket.bind() of AF_UNIX makes a file at the path",
  async () => {
    for (
      const encode of [String, bytes, (path: string) => bytes(path).buffer]
    ) {
      await using folder = await unixPath();
      await using sock = socket(AF_UNIX);
      assertEquals(sock.getsockname<string>(), "");
      sock.bind(encode(folder.path) as string);
      assertEquals(sock.getsockname<string>(), folder.path);
      assert((await Deno.lstat(folder.path)).isSocket);
    }
  },
);

testUnless(
  NO_UNIX,
  "Socket.bind() of AF_UNIX takes other letters than ASCII's",
  async () => {
    await using folder = await unixPath();
    const path = folder.path + "é你";
    await using listener = listeningAt(path);
    assertEquals(listener.getsockname<string>(), path);
    await using client = socket(AF_UNIX);
    await client.connect(bytes(path));
    assertEquals(client.getpeername<string>(), path);
  },
);

testUnless(
  NO_UNIX,
  "Socket.bind() of AF_UNIX reads a path up to its first NUL",
  async () => {
    await using folder = await unixPath();
    await using sock = socket(AF_UNIX);
    sock.bind(folder.path + "\0rest");
    assertEquals(sock.getsockname<string>(), folder.path);
  },
);

testUnless(
  NO_UNIX,
  "Socket.bind() of AF_UNIX raises EADDRINUSE where a file is",
  async () => {
    await using folder = await unixPath();
    await Deno.writeTextFile(folder.path, "");
    await using sock = socket(AF_UNIX);
    assertEquals(await outcome(() => sock.bind(folder.path)), EADDRINUSE);
    assertEquals(await Deno.readTextFile(folder.path), "");
  },
);

testUnless(
  NO_UNIX,
  "Socket.bind() of AF_UNIX raises ENOENT without the folder",
  async () => {
    await using sock = socket(AF_UNIX);
    assertEquals(await outcome(() => sock.bind("/nonexistent/x")), ENOENT);
  },
);

testUnless(
  NO_UNIX,
  "Socket.bind() of AF_UNIX raises EINVAL the second time",
  async () => {
    await using folder = await unixPath();
    await using sock = socket(AF_UNIX);
    sock.bind(folder.path);
    assertEquals(await outcome(() => sock.bind(folder.path + "2")), EINVAL);
  },
);

testUnless(
  NO_UNIX,
  "Socket.close() of AF_UNIX leaves the file, which blocks the path",
  async () => {
    await using folder = await unixPath();
    const { path } = folder;
    const bound = socket(AF_UNIX);
    bound.bind(path);
    await end(bound);
    assert((await Deno.lstat(path)).isSocket);
    await using sock = socket(AF_UNIX);
    assertEquals(await outcome(() => sock.bind(path)), EADDRINUSE);
    assertEquals(await outcome(() => sock.connect(path)), ECONNREFUSED);
    await Deno.remove(path);
    sock.bind(path);
    assertEquals(sock.getsockname<string>(), path);
  },
);

testUnless(
  NO_UNIX,
  "Socket.close() of AF_UNIX leaves the file after an accept(), too",
  async () => {
    for (const timeout of [0.01, null]) {
      await using folder = await unixPath();
      const { path } = folder;
      const listener = listeningAt(path);
      listener.settimeout(timeout);
      const accepting = outcome(() => listener.accept());
      if (timeout !== null) {
        assertEquals(
          await accepting,
          TIMED_OUT,
        );
      }
      // While Deno ends the accept that is pending the file is away.
      await end(listener);
      assert((await Deno.lstat(path)).isSocket);
      if (timeout === null) assertEquals(await accepting, EBADF);
      // Nothing else is left in the folder.
      const folderPath = path.slice(0, path.lastIndexOf("/"));
      const names = [...Deno.readDirSync(folderPath)].map(({ name }) => name);
      assertEquals(names, ["s"]);
    }
  },
);

testUnless(
  NO_UNIX,
  "Socket.close() of AF_UNIX does not touch a file that another made since",
  async () => {
    await using folder = await unixPath();
    const { path } = folder;
    const first = listeningAt(path);
    await Deno.remove(path);
    await using second = listeningAt(path);
    await end(first);
    await using client = socket(AF_UNIX);
    await client.connect(path);
    const [conn] = await inTime(second.accept());
    await end(conn);
  },
);

testUnless(
  NO_UNIX,
  "Socket.close() of AF_UNIX is content when its file has gone",
  async () => {
    await using folder = await unixPath();
    const listener = listeningAt(folder.path);
    await Deno.remove(folder.path);
    await end(listener);
    assert(!await exists(folder.path));
  },
);

testUnless(
  NO_ABSTRACT,
  "Socket of AF_UNIX takes abstract names, as text and as bytes",
  async () => {
    const unique = crypto.randomUUID();
    for (
      const name of [
        `\0${unique}`,
        bytes(`\0${unique}\0d\0`),
        "\0".padEnd(108, unique),
      ]
    ) {
      const expected = typeof name === "string" ? bytes(name) : name;
      await using listener = listeningAt(name);
      assertEquals(listener.getsockname<Uint8Array>(), expected);
      await using client = socket(AF_UNIX);
      await client.connect(name);
      assertEquals(client.getpeername<Uint8Array>(), expected);
      const [conn] = await listener.accept();
      await client.sendall(bytes("hi"));
      assertEquals(text(await conn.recv(9)), "hi");
      await end(conn);
    }
  },
);

testUnless(
  NO_ABSTRACT,
  "Socket.bind() of a taken abstract name raises EADDRINUSE until it is closed",
  async () => {
    const name = `\0${crypto.randomUUID()}`;
    const first = socket(AF_UNIX);
    first.bind(name);
    await using second = socket(AF_UNIX);
    assertEquals(await outcome(() => second.bind(name)), EADDRINUSE);
    await end(first);
    second.bind(name);
  },
);

testUnless(
  NO_ABSTRACT,
  "Socket.connect() to an abstract name that nobody has is refused",
  async () => {
    await using sock = socket(AF_UNIX);
    const name = `\0${crypto.randomUUID()}`;
    assertEquals(await outcome(() => sock.connect(name)), ECONNREFUSED);
  },
);

testUnless(
  NO_ABSTRACT,
  'Socket.bind() of "" chooses an abstract name',
  async () => {
    await using sock = socket(AF_UNIX);
    sock.bind("");
    assertMatch(text(sock.getsockname<Uint8Array>()), /^\0[0-9a-f]{5}$/);
  },
);

testUnless(
  NO_UNIX,
  "a Unix path is looked at before the state of the socket",
  async () => {
    await using folder = await unixPath();
    const { path } = folder;
    using server = listeningAt(path);
    using client = socket(AF_UNIX, SOCK_STREAM);
    await client.connect(path);
    const file = `${path}.txt`;
    Deno.writeTextFileSync(file, "");
    for (const sock of [client, server]) {
      for (const each of [path, file]) {
        assertEquals(await outcome(() => sock.bind(each)), EADDRINUSE);
      }
      const nowhere = `${path}.none`;
      assertEquals(await outcome(() => sock.connect(nowhere)), ENOENT);
      assertEquals(await outcome(() => sock.connect(file)), ECONNREFUSED);
      assertEquals(await outcome(() => sock.connect("")), EINVAL);
    }
    server.bind("");
    assertEquals(server.getsockname<string>(), path);
    const [conn] = await server.accept();
    await end(conn);
    assertEquals(client.getpeername<string>(), path);
    assertEquals(
      await outcome(() => client.sendto(bytes("x"), path)),
      EISCONN,
    );
  },
);

Deno.test("Socket.bind() takes half a character for a byte, as os.fsencode() does", async () => {
  const folder = await Deno.makeTempDir();
  // "é" is the bytes C3 A9.
  using sock = socket(AF_UNIX);
  sock.bind(`${folder}/\udcc3\udca9`);
  assertEquals(sock.getsockname<string>(), `${folder}/é`);
  using other = socket(AF_UNIX);
  assertEquals(
    await outcome(() => other.bind(`${folder}/\ud800`)),
    "UnicodeEncodeError: 'utf-8' codec can't encode character '\\ud800' in position 0: surrogates not allowed",
  );
  await Deno.remove(folder, { recursive: true });
});

testUnless(
  NO_UNIX,
  "a Unix listener that was shut for receiving listens on, and accepts nobody",
  async () => {
    await using folder = await unixPath();
    using server = listeningAt(folder.path);
    await server.shutdown(SHUT_RD);
    assertEquals(server.getsockopt(SOL_SOCKET, SO_ACCEPTCONN), 1);
    server.listen();
    assertEquals(await outcome(() => server.accept()), EINVAL);
    assertEquals(
      await select([server], [server], [], 0),
      [[server], [], []],
    );
    using client = socket(AF_UNIX, SOCK_STREAM);
    assertEquals(
      await outcome(() => client.connect(folder.path)),
      ECONNREFUSED,
    );
  },
);
