/**
 * Runs Python lines on this package, as `peers/lines.py` does on CPython. It is a
 * program of its own, so that it can be run with other flags and grants.
 */

import * as socket from "../mod.ts";
import { runLine, type Scope } from "./_python_lines.ts";

const folder = Deno.makeTempDirSync({ prefix: "lines_" });
let paths = 0;

/** The names of one script, and what closes its sockets. */
function makeScope(): { scope: Scope; close: () => Promise<void> } {
  const sockets: socket.Socket[] = [];
  const keep = (sock: socket.Socket) => {
    sockets.push(sock);
    return sock;
  };
  const sock = (
    family = socket.AF_INET,
    type = socket.SOCK_DGRAM,
    proto = 0,
  ) => keep(new socket.Socket(family, type, proto));
  const bound = (family: number, host: string) => {
    const made = sock(family);
    made.bind([host, 0]);
    return made;
  };
  const scope: Scope = new Map<string, unknown>(Object.entries({
    sock,
    udp: (host = "127.0.0.1") => bound(socket.AF_INET, host),
    udp6: (host = "::1") => bound(socket.AF_INET6, host),
    unix: (name?: string) => {
      const made = sock(socket.AF_UNIX);
      if (name !== undefined) made.bind(name);
      return made;
    },
    pair: async () =>
      (await socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)).map(keep),
    path: () => `${folder}/s${++paths}`,
    refused: async () => {
      await using made = new socket.Socket(socket.AF_INET, socket.SOCK_DGRAM);
      made.bind(["127.0.0.1", 0]);
      return made.getsockname();
    },
    stream: (name: string) =>
      keep(socket.create_server(name, { family: socket.AF_UNIX })),
    touch: (name: string) => Deno.writeTextFileSync(name, ""),
    unlink: Deno.removeSync,
    exists: (name: string) => {
      try {
        return Deno.lstatSync(name) !== undefined;
      } catch {
        return false;
      }
    },
    len: (value: { length: number }) => value.length,
    buffer: (size: number) => new Uint8Array(size),
    bytes: (value: unknown) => value,
    settle: () => new Promise((resolve) => setTimeout(resolve, 20)),
  }));
  const close = async () => {
    for (const each of sockets) await each[Symbol.asyncDispose]();
  };
  return { scope, close };
}

const results: string[][] = [];
for (
  const lines of JSON.parse(await new Response(Deno.stdin.readable).text())
) {
  const { scope, close } = makeScope();
  const outcomes: string[] = [];
  for (const line of lines) outcomes.push(await runLine(line, scope));
  await close();
  results.push(outcomes);
}
Deno.removeSync(folder, { recursive: true });
console.log(JSON.stringify(results).replaceAll(folder, "FOLDER"));
