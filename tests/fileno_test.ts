/** Numbers of descriptors, and what they are good for, with `--allow-ffi`. */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import {
  AF_INET,
  AF_UNIX,
  close,
  create_connection,
  create_server,
  dup,
  fromfd,
  IPPROTO_TCP,
  recv_fds,
  send_fds,
  SHUT_WR,
  SO_LINGER,
  SO_RCVBUF,
  SOCK_DGRAM,
  SOCK_STREAM,
  Socket,
  socket,
  socketpair,
  SOL_SOCKET,
  TCP_KEEPIDLE,
} from "../mod.ts";
import {
  bytes,
  call,
  EBADF,
  ECONNREFUSED,
  ECONNRESET,
  EMPTY,
  outcome,
  text,
} from "./_outcome.ts";

/** What stands for Python's `struct.pack("ii", on, seconds)`. */
function linger(isOn: number, seconds: number): Uint8Array {
  return new Uint8Array(Int32Array.of(isOn, seconds).buffer);
}

function descriptorsInUse(): number {
  return [...Deno.readDirSync("/dev/fd")].length;
}

Deno.test("Socket.fileno() stays the same from the first call to the last", async () => {
  const sock = socket();
  const number = sock.fileno();
  assert(number > 2);
  sock.bind(["127.0.0.1", 0]);
  assertEquals(sock.fileno(), number);
  sock.listen(3);
  assertEquals(sock.fileno(), number);
  assertEquals(
    String(sock).replace(/\d+\)>$/, "PORT)>"),
    `<socket.socket fd=${number}, family=2, type=1, proto=0, laddr=('127.0.0.1', PORT)>`,
  );

  const client = socket();
  const clientNumber = client.fileno();
  await client.connect(sock.getsockname());
  assertEquals(client.fileno(), clientNumber);
  assertNotEquals(clientNumber, number);
  const [conn] = await sock.accept();
  await client.sendall(bytes("hello"));
  assertEquals(text(await conn.recv(9)), "hello");
  for (const each of [client, conn, sock]) each.close();
  assertEquals(sock.fileno(), -1);
});

Deno.test("An option of the system is kept from before bind() until after accept()", async () => {
  using listener = socket();
  listener.setsockopt(SOL_SOCKET, SO_RCVBUF, 50_000);
  const size = listener.getsockopt(SOL_SOCKET, SO_RCVBUF);
  assertEquals(size, Deno.build.os === "linux" ? 100_000 : 50_000);
  listener.bind(["127.0.0.1", 0]);
  listener.listen(3);
  assertEquals(listener.getsockopt(SOL_SOCKET, SO_RCVBUF), size);

  using client = socket();
  client.setsockopt(IPPROTO_TCP, TCP_KEEPIDLE, 77);
  await client.connect(listener.getsockname());
  assertEquals(client.getsockopt(IPPROTO_TCP, TCP_KEEPIDLE), 77);
  const [conn] = await listener.accept();
  assertEquals(conn.getsockopt(SOL_SOCKET, SO_RCVBUF), size);
  conn.close();
});

Deno.test("Socket.close() resets the peer if SO_LINGER says so", async () => {
  using listener = create_server(["127.0.0.1", 0]);
  const client = await create_connection(listener.getsockname());
  const [conn] = await listener.accept();
  client.setsockopt(SOL_SOCKET, SO_LINGER, linger(1, 0));
  assertEquals(client.getsockopt(SOL_SOCKET, SO_LINGER, 8), linger(1, 0));
  client.close();
  assertEquals(await outcome(() => conn.recv(1)), ECONNRESET);
  assertEquals(await conn.recv(1), EMPTY);
  conn.close();
});

Deno.test("A number stands for the socket, which two objects then share", async () => {
  const sock = socket();
  using other = new Socket(-1, -1, -1, sock.fileno());
  assertEquals(other.fileno(), sock.fileno());
  other.close();
  assertEquals(await outcome(() => sock.close()), EBADF);
  assertEquals(await outcome(() => sock.close()), "returned undefined");
});

Deno.test("dup() and fromfd() give numbers of their own, for one connection", async () => {
  const [one, other] = await socketpair();
  const second = fromfd(one.fileno(), AF_UNIX, SOCK_STREAM);
  assertNotEquals(second.fileno(), one.fileno());
  one.close();
  await second.sendall(bytes("still"));
  assertEquals(text(await other.recv(9)), "still");
  const third = dup(second.fileno());
  second.close();
  await new Socket(-1, -1, -1, third).shutdown(SHUT_WR);
  assertEquals(await other.recv(9), EMPTY);
  close(third.fileno());
  other.close();
});

Deno.test("close(), dup() and Socket() say what is no socket of theirs", async () => {
  assertEquals(await outcome(() => close(-1)), EBADF);
  assertEquals(await outcome(() => dup(-1)), EBADF);
  assertEquals(await outcome(() => close(99_999)), EBADF);
  assertEquals(
    await outcome(() => new Socket(-1, -1, -1, -1)),
    "ValueError: negative file descriptor",
  );
  using file = await Deno.open(import.meta.filename!);
  const numbers = [...Deno.readDirSync("/dev/fd")].map(({ name }) => +name);
  const words = await Promise.all(
    numbers.map((each) => outcome(() => new Socket(-1, -1, -1, each))),
  );
  assert(words.includes("OSError: [ENOTSOCK] Socket operation on non-socket"));
  assert(file);
});

Deno.test("Socket.set_inheritable() lets a descriptor be inherited, or not", () => {
  using sock = socket();
  assertEquals(sock.get_inheritable(), false);
  sock.set_inheritable(true);
  assertEquals(sock.get_inheritable(), true);
  using second = sock.dup();
  assertEquals(second.get_inheritable(), false);
  sock.set_inheritable(false);
  assertEquals(sock.get_inheritable(), false);
});

Deno.test("send_fds() passes a connection on, which recv_fds() receives", async () => {
  const [one, other] = await socketpair();
  const [gift, rest] = await socketpair();
  assertEquals(await send_fds(one, [bytes("hi")], [gift.fileno()]), 2);
  gift.close();
  const [data, fds, flags, address] = await recv_fds(other, 9, 1);
  assertEquals([text(data), fds.length, flags, address], ["hi", 1, 0, null]);
  using received = new Socket(-1, -1, -1, fds[0]);
  await rest.sendall(bytes("through"));
  assertEquals(text(await received.recv(9)), "through");
  for (const each of [one, other, rest]) each.close();
});

Deno.test("A connected datagram socket hears that nobody is there", async () => {
  using gone = socket(AF_INET, SOCK_DGRAM);
  gone.bind(["127.0.0.1", 0]);
  const address = gone.getsockname();
  gone.close();
  using sock = socket(AF_INET, SOCK_DGRAM);
  await sock.connect(address);
  await sock.send(bytes("x"));
  sock.settimeout(5);
  assertEquals(await outcome(() => sock.recv(1)), ECONNREFUSED);
});

Deno.test("AF_UNIX connects from a path of its own", async () => {
  const folder = await Deno.makeTempDir();
  const [from, to] = [`${folder}/from`, `${folder}/to`];
  using listener = create_server(to, { family: AF_UNIX });
  using client = socket(AF_UNIX);
  client.bind(from);
  await client.connect(to);
  const [conn, address] = await listener.accept<string>();
  assertEquals([address, client.getsockname<string>()], [from, from]);
  await client.sendall(bytes("hello"));
  assertEquals(text(await conn.recv(9)), "hello");
  conn.close();
  await Deno.remove(folder, { recursive: true });
});

Deno.test("No descriptor is left over", async () => {
  const round = async () => {
    using listener = create_server(["127.0.0.1", 0]);
    using client = socket();
    for (const each of [listener, client]) each.fileno();
    await client.connect(listener.getsockname());
    const [conn] = await listener.accept();
    using second = conn.dup();
    assertNotEquals(second.fileno(), conn.fileno());
    conn.close();
    const [one, other] = await socketpair();
    assert(one.fileno() !== other.fileno());
    call(one, "close", []);
    other.close();
  };
  for (let i = 0; i < 20; i++) await round();
  const before = descriptorsInUse();
  for (let i = 0; i < 200; i++) await round();
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(descriptorsInUse(), before);
});
