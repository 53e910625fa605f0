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
  "Socket.connect() of a bound socket": `
    const sock = socket.socket();
    sock.bind(["127.0.0.1", 0]);
    await sock.connect(["127.0.0.1", 9]);`,
};

for (const [what, code] of Object.entries(UNGRANTED)) {
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
    assertStringIncludes(stdout, "--allow-net");
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
