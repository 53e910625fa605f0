/** The rules of the house that no compiler and no linter knows. */

import { assert, assertEquals } from "@std/assert";
import { join, posix, relative, sep } from "node:path";

const ROOT = join(import.meta.dirname!, "..");

/**
 * The rooms of `src/` in the order in which imports may point: a room imports
 * from rows above its own, and from its own row where that makes no circle.
 */
const ROOM_ROWS = [
  ["builtin", "constants", "errno", "late_error", "errors", "unicode_errors"],
  ["python"],
  ["events", "address", "byte_order", "cmsg", "flags", "idna", "ip", "kind"],
  ["keep_alive", "knowledge", "libc", "lock", "turn", "unix_name", "waiting"],
  ["hostname", "hosts_file", "inet", "interfaces", "lookup", "services"],
  ["getaddrinfo", "host_addresses", "hosts", "socket_types"],
  ["getnameinfo", "resolve"],
  ["buffers", "connection", "unread"],
  ["ancillary", "message", "poller", "sockaddr"],
  ["find_descriptors", "posix"],
  ["located", "shortcut", "socket_error"],
  ["inflow", "outflow"],
  ["stream", "listener", "node_conn", "pair", "adopt", "unix_client"],
  ["bell", "datagram_conn", "deno_datagram", "node_datagram", "unix_datagram"],
  ["datagram", "datagram_system", "membership", "route", "unix_peer"],
  ["attempt", "connector", "descriptor_calls", "endpoint", "watchers"],
  ["stream_endpoint", "datagram_endpoint"],
  ["descriptor", "option_table"],
  ["options"],
  ["codec_errors", "codec", "newlines"],
  ["charmap", "double_byte", "gb18030", "utf", "codecs"],
  ["io_base", "socket_io", "buffered_io"],
  ["buffered_reader", "buffered_writer", "buffered_rwpair"],
  ["text_reader", "text_writer", "text", "file", "sendfile"],
  ["socket"],
  ["connect", "fd", "fileobj", "watchlist", "select_timeout", "selector_key"],
  ["registry", "base_selector", "selector_map", "base_selector_impl"],
  ["select", "selectors"],
];

/** Folders that hold nothing of ours. */
const FOREIGN_FOLDER_REGEXP =
  /^(\.git|vendor|vendor\.tmp-.*|node_modules|coverage|__pycache__)$/;

Deno.test("src/ has no room that ROOM_ROWS does not know", async () => {
  const known = new Set(ROOM_ROWS.flat());
  const unknown = [...(await readRooms()).keys()].filter((room) =>
    !known.has(room)
  );
  assertEquals(unknown, [], "add the room to ROOM_ROWS in tests/tree_test.ts");
});

Deno.test("src/ imports only its own files and node: modules", async () => {
  const strangers: string[] = [];
  for (const [room, text] of await readRooms()) {
    for (const specifier of findImports(text)) {
      const isOurs = /^\.\/\w+\.ts$/.test(specifier);
      if (!isOurs && !specifier.startsWith("node:")) {
        strangers.push(`src/${room}.ts imports "${specifier}"`);
      }
    }
  }
  assertEquals(strangers, []);
});

Deno.test("src/ imports point one way", async () => {
  const rowOf = new Map(
    ROOM_ROWS.flatMap((row, i) => row.map((room) => [room, i] as const)),
  );
  const wrong: string[] = [];
  for (const [room, imported] of await readEdges()) {
    for (const other of imported) {
      if ((rowOf.get(other) ?? 0) > (rowOf.get(room) ?? 0)) {
        wrong.push(`src/${room}.ts imports the later room src/${other}.ts`);
      }
    }
  }
  assertEquals(wrong, []);
});

Deno.test("src/ imports make no circle", async () => {
  assertEquals(findCircle(await readEdges()), undefined);
});

Deno.test("mod.ts only re-exports", async () => {
  const code = stripComments(await readText("mod.ts"));
  const rest = code.replaceAll(
    /export (type )?(\* as \w+|\*|\{[^{}]*\}) from "\.\/src\/\w+\.ts";/g,
    "",
  );
  assertEquals(rest.trim(), "");
});

Deno.test("src/ and lessons/ files begin with a comment", async () => {
  const files = (await listFiles()).filter((path) =>
    /^(src|lessons)\/[^/]+\.ts$/.test(path)
  );
  const bare: string[] = [];
  for (const path of files) {
    const text = (await readText(path)).replace(/^#!.*\n/, "");
    if (!/^\/[/*]/.test(text)) bare.push(path);
  }
  assertEquals(bare, []);
  assert(files.length > 0);
});

Deno.test("no file names a folder of someone's own computer", async () => {
  // In pieces, so that this file does not name one itself.
  const homes = ["home/\\w", "Users/\\w", "root/"].join("|");
  const homeRegExp = new RegExp(`(?<![\\w.])/(${homes})|[A-Z]:\\\\+Users`);
  const named: string[] = [];
  for (const path of await listFiles()) {
    const [line] = (await readText(path)).match(homeRegExp) ?? [];
    if (line !== undefined) named.push(`${path}: ${line}`);
  }
  assertEquals(named, []);
});

Deno.test("deno.json and CHANGELOG.md agree on the version", async () => {
  const { version } = JSON.parse(await readText("deno.json"));
  const newest = (await readText("CHANGELOG.md"))
    .match(/^## \[?v?(\d+\.\d+\.\d+[^\s\]]*)/m)?.[1];
  assertEquals(newest, version);
});

Deno.test("deno.json checks the docs of every file that it exports", async () => {
  const { exports, tasks } = JSON.parse(await readText("deno.json"));
  const [, linted = ""] = tasks.check.command.match(/doc --lint ([^&]+)/);
  const words: string[] = linted.trim().split(" ");
  const unchecked = Object.values<string>(exports)
    .map((path) => path.replace("./", ""))
    .filter((path) =>
      !words.includes(path) && !words.includes(path.replace(/\w+\.ts$/, "*.ts"))
    );
  assertEquals(unchecked, []);
});

Deno.test(".ci/run runs the test command of README.md", async () => {
  const run = await readText(".ci/run");
  const [command] = run.match(/npx -y deno@[\d.]+ task test/) ?? [];
  assert(command !== undefined);
  const readme = await readText("README.md");
  assert(readme.includes(command), `README.md lacks "${command}"`);
});

/** The text of each `src/*.ts`, by its name without the ending. */
async function readRooms(): Promise<Map<string, string>> {
  const rooms = new Map<string, string>();
  for (const path of await listFiles()) {
    const room = path.match(/^src\/(.+)\.ts$/)?.[1];
    if (room !== undefined) rooms.set(room, await readText(path));
  }
  return rooms;
}

/** Which rooms each room imports. */
async function readEdges(): Promise<Map<string, string[]>> {
  const edges = new Map<string, string[]>();
  for (const [room, text] of await readRooms()) {
    edges.set(
      room,
      findImports(text).filter((specifier) => specifier.startsWith("."))
        .map((specifier) => posix.basename(specifier, ".ts")),
    );
  }
  return edges;
}

/** The specifiers of a module's imports and re-exports, types included. */
function findImports(text: string): string[] {
  const code = stripComments(text);
  const importRegExp =
    /^(?:import|export)\s(?:[\w\s{},*$]*\bfrom\s*)?"([^"]+)"|\bimport\(\s*"([^"]+)"/gm;
  return [...code.matchAll(importRegExp)].map(([, from, call]) =>
    (from ?? call)!
  );
}

/** Rooms that lead back to the first of them, if there are such. */
function findCircle(edges: Map<string, string[]>): string[] | undefined {
  const done = new Set<string>();
  const visit = (room: string, path: string[]): string[] | undefined => {
    if (path.includes(room)) return [...path.slice(path.indexOf(room)), room];
    if (done.has(room)) return undefined;
    for (const other of edges.get(room) ?? []) {
      const circle = visit(other, [...path, room]);
      if (circle) return circle;
    }
    done.add(room);
    return undefined;
  };
  for (const room of edges.keys()) {
    const circle = visit(room, []);
    if (circle) return circle;
  }
  return undefined;
}

/**
 * Takes away comments that begin a line. One after code may stay: to know it
 * from a string such as "http://…" would take a parser, and no rule needs it.
 */
function stripComments(text: string): string {
  return text.replaceAll(/^[ \t]*\/\*[\s\S]*?\*\//gm, "")
    .replaceAll(/^[ \t]*\/\/.*$/gm, "");
}

function readText(path: string): Promise<string> {
  return Deno.readTextFile(join(ROOT, path));
}

/** Every file of the tree, as paths from its root with `/` between folders. */
async function listFiles(folder = ROOT): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    if (FOREIGN_FOLDER_REGEXP.test(name)) continue;
    const path = join(folder, name);
    if (isDirectory) files.push(...await listFiles(path));
    if (isFile) files.push(relative(ROOT, path).replaceAll(sep, "/"));
  }
  return files.sort();
}
