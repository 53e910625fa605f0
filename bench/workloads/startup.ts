/** What it takes before the first byte: importing the module. */

import { timeProgram } from "../_programs.ts";
import type { Workload } from "../_workload.ts";

const MODULE = new URL("../../mod.ts", import.meta.url).href;
const DENO = [Deno.execPath(), "run", "-A", "--no-check"];

/** Scripts that import it, or nothing, and end. */
const EMPTY_SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  "pysocket": [...DENO, `data:text/javascript,import "${MODULE}"`],
  "bare Deno": [...DENO, "data:text/javascript,"],
  "CPython": ["python3", "-c", "import socket"],
  "asyncio": ["python3", "-c", "import asyncio"],
};

/** Scripts that send one byte to themselves. */
const ECHO_SCRIPTS: Readonly<Record<string, readonly string[]>> = {
  "pysocket": [
    ...DENO,
    `data:text/javascript,${
      encodeURIComponent(`
      import { create_connection, create_server } from "${MODULE}";
      using listener = create_server(["127.0.0.1", 0]);
      using sock = await create_connection(listener.getsockname());
      const [conn] = await listener.accept();
      await sock.sendall(Uint8Array.of(7));
      await conn.sendall(await conn.recv(1));
      if ((await sock.recv(1))[0] !== 7) Deno.exit(1);
      conn.close();`)
    }`,
  ],
  "bare Deno": [
    ...DENO,
    `data:text/javascript,${
      encodeURIComponent(`
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      using sock = await Deno.connect(listener.addr);
      using conn = await listener.accept();
      const byte = Uint8Array.of(7);
      await sock.write(byte);
      await conn.read(byte);
      await conn.write(byte);
      await sock.read(byte);
      if (byte[0] !== 7) Deno.exit(1);`)
    }`,
  ],
  "CPython": [
    "python3",
    "-c",
    [
      "import socket",
      "listener = socket.create_server(('127.0.0.1', 0))",
      "sock = socket.create_connection(listener.getsockname())",
      "conn, _ = listener.accept()",
      "sock.sendall(b'7')",
      "conn.sendall(conn.recv(1))",
      "assert sock.recv(1) == b'7'",
    ].join("\n"),
  ],
};

function startUp(
  name: string,
  title: string,
  scripts: Readonly<Record<string, readonly string[]>>,
): Workload {
  return {
    name,
    title,
    unit: "ms",
    isMoreBetter: false,
    contenders: Object.keys(scripts),
    measure: async (contender) => {
      const [command = "", ...args] = scripts[contender] ?? [];
      return await timeProgram(command, args) * 1e3;
    },
  };
}

/** Workload 11. */
export const STARTUP: readonly Workload[] = [
  startUp("import", "a script that only imports the module", EMPTY_SCRIPTS),
  startUp(
    "first_byte",
    "a script that echoes one byte to itself",
    ECHO_SCRIPTS,
  ),
];
