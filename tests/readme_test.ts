/** README.md, README.zh.md and CONTRIBUTING.md against the code and CPython. */

import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "node:path";
import { PATH } from "../lessons/_path.ts";
import * as socket from "../mod.ts";

const ROOT = join(import.meta.dirname!, "..");
const ENGLISH = readDocument("README.md");
const CHINESE = readDocument("README.zh.md");
const CONTRIBUTING = readDocument("CONTRIBUTING.md");

/** The words of the tables, in English and for each in Chinese. */
const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  yes: ["可用", "可以"],
  "with `--allow-ffi`": ["加 `--allow-ffi` 可用"],
  no: ["不能"],
};

/** Functions that are there to say that they cannot do it. */
const REFUSING_NAMES = ["sethostname"];

/** Names in the tables that CPython has on Windows only. */
const WINDOWS_NAMES = ["fromshare", "ioctl", "share"];

const python = askPython();

const LESSONS = [
  readDocument("lessons/README.md"),
  readDocument("lessons/README.zh.md"),
] as const;

for (const [english, chinese] of [[ENGLISH, CHINESE], LESSONS] as const) {
  Deno.test(`${chinese.path} has the headings of ${english.path}`, () => {
    const levels = ({ text }: Document) =>
      findHeadings(text).map((heading) => heading.match(/^#+/)![0]);
    assertEquals(levels(chinese), levels(english));
  });

  Deno.test(`${chinese.path} has the code blocks of ${english.path}`, () => {
    assertEquals(findCodeBlocks(chinese.text), findCodeBlocks(english.text));
  });

  Deno.test(`${chinese.path} has the tables of ${english.path}, row by row`, () => {
    const sizes = ({ text }: Document) =>
      findTables(text).map((rows) => rows.map((row) => row.length));
    assertEquals(sizes(chinese), sizes(english));
  });

  for (const { path, text } of [english, chinese]) {
    Deno.test(`${path} lists the lessons, in their order`, () => {
      const listed = [...text.matchAll(/\| \[(\w+)\]\([\w/]*\1\.ts\)/g)];
      assertEquals(listed.map(([, name]) => name), [...PATH]);
    });
  }
}

Deno.test("README.zh.md names in its tables what README.md names", () => {
  const names = ({ text }: Document) =>
    findTables(text).map((rows) => rows.map(([first = ""]) => codeIn(first)));
  assertEquals(names(CHINESE), names(ENGLISH));
});

Deno.test("README.zh.md says yes and no where README.md does", () => {
  const answers = ({ text }: Document) =>
    findTables(text).map((rows) =>
      rows.map((row) => row.slice(1, 3).map(answerIn))
    );
  assertEquals(answers(CHINESE), answers(ENGLISH));
});

for (const { path, text } of [ENGLISH, CHINESE, CONTRIBUTING, ...LESSONS]) {
  Deno.test(`${path} links to files and headings that are there`, async () => {
    const dead: string[] = [];
    for (const [, target = ""] of text.matchAll(/\]\(([^()\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [file = "", anchor] = target.split("#");
      const linked = file === "" ? path : join(dirname(path), file);
      const isAlive = anchor === undefined
        ? await isThere(join(ROOT, linked))
        : findHeadings(readText(linked)).map(anchorOf).includes(anchor);
      if (!isAlive) dead.push(target);
    }
    assertEquals(dead, []);
  });
}

Deno.test("CONTRIBUTING.md maps every room of src/", async () => {
  const rooms = (await Array.fromAsync(Deno.readDir(join(ROOT, "src"))))
    .map(({ name }) => `src/${name}`);
  const mapped = findTables(CONTRIBUTING.text).flat()
    .flatMap(([first = ""]) => codeIn(first))
    .filter((name) => /^src\/.+\.ts$/.test(name));
  assertEquals(mapped.sort(), rooms.sort());
});

for (const document of [ENGLISH, CHINESE]) {
  const { path, text } = document;

  Deno.test(`${path} names the version of deno.json`, () => {
    const { version } = JSON.parse(readText("deno.json"));
    const named = text.match(/(?<=@\^|Version |。)\d+\.\d+\.\d+/g);
    assertEquals(named, [version, version]);
  });

  Deno.test(`${path} says of the module's functions which ones work`, () => {
    const works = (name: string) =>
      name in socket && !REFUSING_NAMES.includes(name);
    assertEquals(wrongRows(tableOf(document, "`socket.…`"), works), []);
  });

  Deno.test(`${path} says of a socket's methods which ones work`, () => {
    const works = (name: string) => name in socket.Socket.prototype;
    assertEquals(wrongRows(tableOf(document, "`sock.…`"), works), []);
  });

  Deno.test(`${path} says of every option whether it can be got and set`, async () => {
    const said = tableOf(document, "`SO_ACCEPTCONN`").flatMap((
      [names = "", get = "", set = ""],
    ) =>
      codeIn(names).filter(isHere).map((name) => [
        name,
        answerIn(get),
        answerIn(set),
      ])
    );
    assertEquals(said.sort(), await measureOptions());
  });

  testWithPython(`${path} has every name of CPython's`, (python) => {
    const missing = (header: string, names: string[]) => {
      const rows = tableOf(document, header);
      const found = rows.flatMap(([first = ""]) => codeIn(first));
      return names.filter((name) => !found.includes(name));
    };
    assertEquals(missing("`socket.…`", python.functions), []);
    assertEquals(missing("`sock.…`", python.methods), []);
  });

  testWithPython(`${path} has no name that CPython lacks`, (python) => {
    const invented = (header: string, known: string[]) => {
      const rows = tableOf(document, header).slice(1);
      const found = rows.flatMap(([first = ""]) => codeIn(first));
      return found.filter((name) =>
        !known.includes(name) && !WINDOWS_NAMES.includes(name)
      );
    };
    assertEquals(invented("`socket.…`", python.names), []);
    assertEquals(invented("`sock.…`", python.methods), []);
  });
}

testWithPython(
  "README.md has examples that print what their Python originals print",
  async () => {
    const blocks = findCodeBlocks(ENGLISH.text);
    const originals = blocks.filter(({ language }) => language === "python");
    const ours = blocks.filter(({ language }) => language === "ts");
    assertEquals(ours.length, originals.length);
    for (const [i, { code }] of originals.entries()) {
      const printed = await run("python3", ["-"], code);
      assertEquals(await run(Deno.execPath(), RUN, ours[i]!.code), printed);
    }
  },
);

/** Runs a script on standard input, where the package's own name resolves. */
const RUN = ["run", "--quiet", "--allow-net", "-"];

async function run(
  program: string,
  args: string[],
  code: string,
): Promise<string> {
  const child = new Deno.Command(program, {
    args,
    cwd: ROOT,
    env: { NO_COLOR: "1", PYTHONUTF8: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = new Blob([code]).stream().pipeTo(child.stdin);
  const [{ success, stdout, stderr }] = await Promise.all([
    child.output(),
    input,
  ]);
  assert(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

/** Rows that say of a name that it works, or not, and are wrong. */
function wrongRows(
  rows: string[][],
  works: (name: string) => boolean,
): string[] {
  const wrong: string[] = [];
  for (const [names = "", said = ""] of rows.slice(1)) {
    for (const name of codeIn(names)) {
      const isRight = (answerIn(said) !== "no") === works(name);
      if (!isRight) wrong.push(`${name}: ${said}`);
    }
  }
  return wrong;
}

/**
 * Tries every option of these levels that this system has a constant for, in a
 * program that may not call the C library, where every option would be there.
 */
const MEASURE_OPTIONS = `
import * as socket from "@pysocket/socket";

const { AF_INET, AF_INET6, SOCK_DGRAM, SOCK_STREAM } = socket;
const levels = {
  SO: socket.SOL_SOCKET,
  TCP: socket.IPPROTO_TCP,
  IP: socket.IPPROTO_IP,
  IPV6: socket.IPPROTO_IPV6,
};
const socks = [[AF_INET6, SOCK_STREAM], [AF_INET, SOCK_DGRAM], [
  AF_INET6,
  SOCK_DGRAM,
]].map((kind) => socket.socket(...kind));

function isThere(call) {
  try {
    call();
    return true;
  } catch (error) {
    return !["ENOPROTOOPT", "EOPNOTSUPP"].includes(error.code);
  }
}

const found = [];
for (const [name, value] of Object.entries(socket)) {
  const level = levels[name.split("_")[0]];
  if (level === undefined || typeof value !== "number") continue;
  // Options of CAN and of vsock, whose numbers mean others on SOL_SOCKET.
  if (/^SO_(J1939|VM_SOCKETS)_/.test(name)) continue;
  const some = (method, ...args) =>
    socks.some((sock) => isThere(() => sock[method](level, value, ...args)));
  const canGet = some("getsockopt");
  const canSet = some("setsockopt", 1);
  if (canGet || canSet) {
    found.push([name, ...[canGet, canSet].map((can) => can ? "yes" : "no")]);
  }
}
console.log(JSON.stringify(found.sort()));
`;

async function measureOptions(): Promise<string[][]> {
  return JSON.parse(await run(Deno.execPath(), RUN, MEASURE_OPTIONS));
}

/** Whether this system has a constant; README.md lists those of Linux. */
function isHere(name: string): boolean {
  return (socket as Record<string, unknown>)[name] !== undefined;
}

interface Document {
  path: string;
  text: string;
}

function readText(path: string): string {
  return Deno.readTextFileSync(join(ROOT, path)).replaceAll("\r\n", "\n");
}

function readDocument(path: string): Document {
  return { path, text: readText(path) };
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** The headings of a text, as their lines stand there. */
function findHeadings(text: string): string[] {
  return withoutCode(text).match(/^#+ .*$/gm) ?? [];
}

/** The anchor that a heading gets on a page. */
function anchorOf(heading: string): string {
  return heading.replace(/^#+ /, "").toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
}

interface CodeBlock {
  language: string;
  code: string;
}

function findCodeBlocks(text: string): CodeBlock[] {
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
    .map(([, language = "", code = ""]) => ({ language, code }));
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```$/gm, "");
}

/** Every table as rows of cells; the row of dashes is left out. */
function findTables(text: string): string[][][] {
  const tables = withoutCode(text).match(/(^\|.*\|\n)+/gm) ?? [];
  return tables.map((table) =>
    table.trim().split("\n")
      .filter((line) => !/^[|\s:-]+$/.test(line))
      .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()))
  );
}

/** The one table that has a row which begins with a name. */
function tableOf({ text }: Document, firstCell: string): string[][] {
  const tables = findTables(text).filter((rows) =>
    rows.some(([first]) => first === firstCell)
  );
  assertEquals(tables.length, 1, `tables with ${firstCell}`);
  return tables[0]!;
}

/** What stands between backticks. */
function codeIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);
}

/** What a cell says, in English; `undefined` if it is no answer. */
function answerIn(cell: string): string | undefined {
  return Object.keys(ANSWERS).find((answer) =>
    answer === cell || ANSWERS[answer]!.includes(cell)
  );
}

interface Python {
  /** The version and the system, as in `3.11 on linux`. */
  name: string;
  /** What `from socket import *` gives, without the constants. */
  functions: string[];
  methods: string[];
  /** All public names of the module. */
  names: string[];
}

/**
 * Adds a test that runs where Python 3.11 on Linux does, whose names are those
 * of the tables, and says why where it does not.
 */
function testWithPython(
  name: string,
  fn: (python: Python) => void | Promise<void>,
): void {
  const isRequired = Deno.env.get("PYSOCKET_PEERS") === "required";
  let reason: string | undefined;
  if (!python && !isRequired) reason = "no python3";
  if (python && python.name !== "3.11 on linux") {
    reason = "not Python 3.11 on linux";
  }
  Deno.test({
    name: reason ? `${name} (ignored: ${reason})` : name,
    ignore: reason !== undefined,
    async fn() {
      assert(python, "PYSOCKET_PEERS is required, and python3 does not run");
      await fn(python);
    },
  });
}

/** Asks python3 for its names; `undefined` where it does not run. */
function askPython(): Python | undefined {
  const code = `
import json, socket, sys
public = lambda x: [n for n in dir(x) if not n.startswith("_")]
print(json.dumps({
  "name": "%d.%d on %s" % (*sys.version_info[:2], sys.platform),
  "functions": [
    n for n in socket.__all__
    if not isinstance(getattr(socket, n), int) and not n.startswith("BDADDR_")
  ],
  "methods": public(socket.socket),
  "names": public(socket),
}))`;
  try {
    const { success, stdout } = new Deno.Command("python3", {
      args: ["-c", code],
    }).outputSync();
    if (!success) return undefined;
    return JSON.parse(new TextDecoder().decode(stdout));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
