/** What keeps a program running: small programs that end by themselves. */

import { assertEquals } from "@std/assert";
import { NO_UNIX, testUnless } from "./_pairs.ts";
import { run } from "./_program.ts";

/** A program that ends by itself, without an error, after its last line. */
async function assertEnds(code: string): Promise<void> {
  assertEquals(await run(`${code}\nconsole.log("last line");`), {
    code: 0,
    stdout: "last line\n",
    stderr: "",
  });
}

const SILENT = `
  const full = Deno.listen({ hostname: "127.0.0.1", port: 0, tcpBacklog: 0 });
  const address = ["127.0.0.1", full.addr.port];
  const first = await Deno.connect({ hostname: "127.0.0.1", port: full.addr.port });
  full.unref();
  first.unref();
`;

const PAIR = `
  const listener = socket.create_server(["127.0.0.1", 0]);
  const client = await socket.create_connection(listener.getsockname());
  const [conn] = await listener.accept();
`;

/** Programs whose calls have all ended, though something is pending. */
const ENDING: Readonly<Record<string, string>> = {
  "a recv() that has timed out": `
    ${PAIR}
    client.settimeout(0.01);
    await client.recv(1).catch(() => {});`,
  "a recv() that may not wait": `
    ${PAIR}
    client.setblocking(false);
    await client.recv(1).catch(() => {});`,
  "a recv_into() that has timed out": `
    ${PAIR}
    client.settimeout(0.01);
    await client.recv_into(new Uint8Array(1)).catch(() => {});`,
  "a recv() that has timed out, twice": `
    ${PAIR}
    client.settimeout(0.01);
    for (let i = 0; i < 2; i++) await client.recv(1).catch(() => {});`,
  "an accept() that has timed out": `
    const listener = socket.create_server(["127.0.0.1", 0]);
    listener.settimeout(0.01);
    await listener.accept().catch(() => {});`,
  "an accept() that may not wait": `
    const listener = socket.create_server(["127.0.0.1", 0]);
    listener.setblocking(false);
    await listener.accept().catch(() => {});`,
  "a connect() that has timed out": `
    ${SILENT}
    const sock = socket.socket();
    sock.settimeout(0.01);
    await sock.connect(address).catch(() => {});`,
  "a connect() in the background": `
    ${SILENT}
    const sock = socket.socket();
    sock.setblocking(false);
    await sock.connect(address).catch(() => {});`,
  "a recv() whose datagram was refused": `
    const nobody = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
    nobody.bind(["127.0.0.1", 0]);
    const address = nobody.getsockname();
    nobody.close();
    const sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);
    await sock.connect(address);
    await sock.send(Uint8Array.of(1));
    sock.settimeout(1);
    await sock.recv(1).catch(() => {});`,
  "sockets that are open": `
    ${PAIR}
    const bound = socket.socket();
    bound.bind(["127.0.0.1", 0]);`,
  "a recv() after SHUT_RD": `
    ${PAIR}
    await client.shutdown(socket.SHUT_RD);
    await client.recv(1);`,
  "a recv() that was closed": `
    ${PAIR}
    const receiving = client.recv(1).catch(() => {});
    client.close();
    await receiving;`,
  "an accept() that was closed": `
    const listener = socket.create_server(["127.0.0.1", 0]);
    const accepting = listener.accept().catch(() => {});
    listener.close();
    await accepting;`,
  "a bound socket's connection and its timed-out recv()": `
    const listener = socket.create_server(["127.0.0.1", 0]);
    const client = socket.socket();
    client.bind(["127.0.0.1", 0]);
    await client.connect(listener.getsockname());
    client.settimeout(0.01);
    await client.recv(1).catch(() => {});`,
  "a long timeout of a recv() that has its bytes": `
    ${PAIR}
    client.settimeout(3600);
    const receiving = client.recv(1);
    await conn.sendall(Uint8Array.of(1));
    await receiving;`,
};

for (const [what, code] of Object.entries(ENDING)) {
  Deno.test(`A program ends by itself with ${what}`, async () => {
    await assertEnds(code);
  });
}

Deno.test("A program goes on while a recv() waits after one that timed out", async () => {
  await assertEnds(`
    ${PAIR}
    client.settimeout(0.01);
    await client.recv(1).catch(() => {});
    client.settimeout(null);
    const receiving = client.recv(1);
    setTimeout(() => conn.sendall(Uint8Array.of(1)), 50);
    await receiving;
  `);
});

Deno.test("A program goes on while recv() has time left, though nothing else runs", async () => {
  await assertEnds(`
    ${PAIR}
    client.settimeout(0.1);
    const error = await client.recv(1).catch((error) => error);
    if (!(error instanceof socket.TimeoutError)) throw error;
    listener.settimeout(0.1);
    const other = await listener.accept().catch((error) => error);
    if (!(other instanceof socket.TimeoutError)) throw other;
    if (performance.now() - start < 199) throw new Error("too early");
  `);
});

Deno.test("await using ends a program's sockets after calls that timed out", async () => {
  await assertEnds(`
    {
      ${PAIR}
      await using _listener = listener, _client = client, _conn = conn;
      for (const timeout of [0.01, 0]) {
        client.settimeout(timeout);
        await client.recv(1).catch(() => {});
        listener.settimeout(timeout);
        await listener.accept().catch(() => {});
      }
    }
  `);
});

Deno.test("A program that ends after send() has sent everything that was taken", async () => {
  await assertEnds(`
    ${PAIR}
    const data = new Uint8Array(100_000).fill(7);
    await client.sendall(data);
    client.close();
    let received = 0;
    while (true) {
      const count = (await conn.recv(65536)).length;
      if (count === 0) break;
      received += count;
    }
    if (received !== data.length) throw new Error(String(received));
  `);
});

Deno.test("A non-blocking send() is delivered though the program ends", async () => {
  // The kernel's own buffer is full; what send has taken beyond it counts too.
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const running = run(`
    const sock = await socket.create_connection(["127.0.0.1", ${port}]);
    sock.setblocking(false);
    let sent = 0;
    try {
      while (true) sent += await sock.send(new Uint8Array(65536));
    } catch {}
    console.log(sent);
    sock.close();
  `);
  using conn = await listener.accept();
  const buffer = new Uint8Array(1 << 20);
  // It has filled up before anybody reads.
  await new Promise((resolve) => setTimeout(resolve, 300));
  let received = 0;
  while (true) {
    const count = await conn.read(buffer);
    if (count === null) break;
    received += count;
  }
  const { code, stdout, stderr } = await running;
  assertEquals({ code, stdout, stderr }, {
    code: 0,
    stdout: `${received}\n`,
    stderr: "",
  });
});

testUnless(
  NO_UNIX,
  "A program leaves a Unix socket's file and no other",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      for (const timeout of ["null", "0.01"]) {
        await assertEnds(`
        const listener = socket.socket(socket.AF_UNIX);
        listener.bind("${folder}/s${timeout}");
        listener.listen();
        listener.settimeout(${timeout});
        const accepting = listener.accept().catch(() => {});
        if (${timeout} !== null) await accepting;
        listener.close();
        await accepting;
      `);
      }
      const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
      assertEquals(names.sort(), ["s0.01", "snull"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
