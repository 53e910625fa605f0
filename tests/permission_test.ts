/** What `--allow-net` allows, and what is said where it is missing. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { run } from "./_program.ts";

const ECHO = `
  const listener = socket.create_server(["127.0.0.1", 0]);
  const client = await socket.create_connection(listener.getsockname(), { timeout: 5 });
  const [conn] = await listener.accept();
  await client.sendall(new TextEncoder().encode("hello"));
  await conn.sendall(await conn.recv(9));
  console.log(new TextDecoder().decode(await client.recv(9)));
`;

Deno.test("An echo server and its client need --allow-net for their host only", async () => {
  assertEquals(await run(ECHO, ["--no-prompt", "--allow-net=127.0.0.1"]), {
    code: 0,
    stdout: "hello\n",
    stderr: "",
  });
});

const EVERYTHING = `
  const { select } = await import(${
  JSON.stringify(import.meta.resolve("../src/select.ts"))
});
  const selectors = await import(${
  JSON.stringify(import.meta.resolve("../src/selectors.ts"))
});
  const bytes = (text) => new TextEncoder().encode(text);
  const text = (data) => new TextDecoder().decode(data);

  const server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  server.bind(["127.0.0.1", 0]);
  const client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
  client.bind(["127.0.0.1", 0]);
  client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1);
  client.settimeout(5);
  await client.connect(server.getsockname());
  await client.send(bytes("question"));
  const [question, address] = await server.recvfrom(99);
  await server.sendto(bytes("answer"), address);
  console.log(text(question), text((await client.recvmsg(99))[0]));

  const listener = socket.create_server(["127.0.0.1", 0]);
  const sock = await socket.create_connection(listener.getsockname());
  const [[ready]] = await select([listener, server], [], [], 5);
  console.log(ready === listener);
  const [conn] = await listener.accept();
  const file = conn.makefile("rw");
  await file.write("one\\ntwo\\n");
  await file.flush();
  using selector = new selectors.DefaultSelector();
  selector.register(sock, selectors.EVENT_READ, "data");
  console.log((await selector.select())[0][0].data);
  for await (const line of sock.makefile()) {
    console.log(line.trim());
    if (line === "two\\n") break;
  }
  await file.close();

  const [found] = await socket.getaddrinfo("127.0.0.1", 80);
  console.log(found[4], await socket.getnameinfo(["127.0.0.1", 80], 3));
  console.log(socket.inet_ntoa(socket.inet_aton("127.1")), socket.htons(1));
  const second = sock.dup();
  console.log(second.get_inheritable(), second.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE));
  for (const each of [server, client, listener, sock, conn, second]) each.close();
`;

Deno.test("What talks to one host needs --allow-net for that host only", async () => {
  const flags = ["--no-prompt", "--allow-net=127.0.0.1"];
  const lines = [
    "question answer",
    "true",
    "data",
    "one",
    "two",
    '[ "127.0.0.1", 80 ] [ "127.0.0.1", "80" ]',
    "127.0.0.1 256",
    "false 1",
    "",
  ];
  // With Deno's own datagram sockets, and by way of `node:dgram`.
  for (const more of [[], ["--unstable-net"]]) {
    assertEquals(await run(EVERYTHING, [...flags, ...more]), {
      code: 0,
      stdout: lines.join("\n"),
      stderr: "",
    });
  }
});

/** Calls that need a grant, and what names it. */
const UNGRANTED: Readonly<Record<string, string>> = {
  "Socket.bind()": `socket.socket().bind(["127.0.0.1", 0])`,
  "Socket.bind() of a name": `socket.socket().bind(["localhost", 0])`,
  "Socket.listen()": `socket.socket().listen()`,
  "Socket.connect()": `await socket.socket().connect(["127.0.0.1", 9])`,
  "Socket.connect() of a name":
    `await socket.socket().connect(["localhost", 9])`,
  "Socket.connect_ex()": `await socket.socket().connect_ex(["127.0.0.1", 9])`,
  "create_connection()": `await socket.create_connection(["127.0.0.1", 9])`,
  "create_server()": `socket.create_server(["127.0.0.1", 0])`,
  "Socket.bind() of a datagram socket":
    `socket.socket(socket.AF_INET, socket.SOCK_DGRAM).bind(["127.0.0.1", 0])`,
  "Socket.sendto()": `
    const sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
    await sock.sendto(new Uint8Array(1), ["127.0.0.1", 9]);`,
  "getaddrinfo() of a name": `await socket.getaddrinfo("localhost", 80)`,
  "Socket.connect() of a bound socket": `
    const sock = socket.socket();
    sock.bind(["127.0.0.1", 0]);
    await sock.connect(["127.0.0.1", 9]);`,
};

/** Calls that need another grant. */
const UNGRANTED_OTHERS: Readonly<Record<string, [code: string, flag: string]>> =
  {
    "Socket.fileno()": ["socket.socket().fileno()", "--allow-ffi"],
    "Socket.set_inheritable()": [
      "socket.socket().set_inheritable(true)",
      "--allow-ffi",
    ],
    "gethostname()": ["socket.gethostname()", "--allow-sys"],
    "getservbyname()": [
      `await socket.getservbyname("http", "tcp")`,
      "--allow-read",
    ],
    "socketpair()": ["await socket.socketpair()", "--allow-net"],
  };

for (
  const [what, [code, flag]] of Object.entries({
    ...Object.fromEntries(
      Object.entries(UNGRANTED).map(([what, code]) => [
        what,
        [code, "--allow-net"],
      ]),
    ),
    ...UNGRANTED_OTHERS,
  })
) {
  Deno.test(`${what} without its grant is a PermissionError that names the flag`, async () => {
    const program = `
      try {
        ${code}
        console.log("allowed");
      } catch (error) {
        console.log(error.constructor.name, error.code, error.message);
      }
    `;
    const { code: exitCode, stdout, stderr } = await run(program, [
      "--no-prompt",
    ]);
    assertEquals([exitCode, stderr], [0, ""]);
    assertStringIncludes(stdout, "PermissionError EACCES [Errno ");
    assertStringIncludes(stdout, flag!);
  });
}

Deno.test("PermissionError for another host than the one that is granted", async () => {
  const { stdout } = await run(
    `
    await using listener = socket.create_server(["127.0.0.1", 0]);
    await using sock = socket.socket();
    const error = await sock.connect(["127.0.0.2", 9]).catch((error) => error);
    console.log(error.constructor.name, error.message);
  `,
    ["--no-prompt", "--allow-net=127.0.0.1"],
  );
  assertStringIncludes(stdout, "PermissionError [Errno ");
  assertStringIncludes(stdout, "127.0.0.2");
});
