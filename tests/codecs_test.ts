/**
 * Text files against CPython's: encodings, error handlers and line ends, with
 * bytes that arrive in any pieces.
 */

import { assertEquals } from "@std/assert";
import { UnicodeDecodeError, UnicodeEncodeError } from "../mod.ts";
import { BufferedReader } from "../src/buffered_reader.ts";
import { BufferedWriter } from "../src/buffered_writer.ts";
import { type FileSocket, SocketIO } from "../src/socket_io.ts";
import { TextIOWrapper } from "../src/text.ts";
import { testUnless } from "./_pairs.ts";
import { askPython } from "./_python.ts";

/** What is read or written: pieces of bytes, or of text. */
type Row = readonly [
  encoding: string,
  errors: string,
  newline: string | null,
  pieces: readonly (readonly number[])[] | readonly string[],
];

const { reason: NO_PYTHON } = await askPython("codecs.py", []);

const HANDLERS = [
  "strict",
  "ignore",
  "replace",
  "backslashreplace",
  "surrogateescape",
  "surrogatepass",
  "xmlcharrefreplace",
  "nope",
];

const SINGLE_BYTE = [
  ..."ascii latin-1 cp866 cp874 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255"
    .split(" "),
  ..."cp1256 cp1257 cp1258 iso8859-2 iso8859-3 iso8859-4 iso8859-5".split(" "),
  ..."iso8859-6 iso8859-7 iso8859-8 iso8859-10 iso8859-13 iso8859-14".split(
    " ",
  ),
  ..."iso8859-15 iso8859-16 koi8-r koi8-u mac-cyrillic mac-roman".split(" "),
];

const DOUBLE_BYTE = ["gbk", "gb2312", "gb18030", "big5", "cp949"];

const UTF = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"];

/** The same numbers in every run. */
function random(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(state / 2 ** 32 * limit);
  };
}

function split(
  bytes: readonly number[],
  next: (limit: number) => number,
): number[][] {
  const pieces: number[][] = [];
  for (let at = 0; at < bytes.length;) {
    const length = 1 + next(next(2) === 0 ? 3 : 12);
    pieces.push(bytes.slice(at, at + length));
    at += length;
  }
  return pieces;
}

testUnless(
  NO_PYTHON,
  "makefile() decodes every byte of a table as CPython does",
  async () => {
    const all = Array.from({ length: 256 }, (_, i) => i);
    await assertSame(SINGLE_BYTE.flatMap((encoding): Row[] => [
      ...all.map((byte): Row => [encoding, "strict", "", [[byte]]]),
      ...HANDLERS.map((errors): Row => [encoding, errors, "", [all]]),
    ]));
  },
);

testUnless(
  NO_PYTHON,
  "makefile() encodes every character of a table as CPython does",
  async () => {
    const latin = String.fromCharCode(
      ...Array.from({ length: 256 }, (_, i) => i),
    );
    const others = "aĀЖא€中\u{1f600}\ud800b\udc80\udcff–…\ufffd\uffffÿ";
    await assertSame([...SINGLE_BYTE, ...UTF].flatMap((encoding): Row[] => [
      ...HANDLERS.flatMap((errors): Row[] => [
        [encoding, errors, "", [latin, others, "", "x"]],
        [encoding, errors, "", ["", others, latin]],
        ...[...others].map((
          each,
        ): Row => [encoding, errors, "\r\n", ["\n", each]]),
      ]),
    ]));
  },
);

testUnless(
  NO_PYTHON,
  "makefile() decodes every pair of bytes as CPython does",
  async () => {
    const all = Array.from({ length: 256 }, (_, i) => i);
    const next = random(3);
    await assertSame(DOUBLE_BYTE.flatMap((encoding): Row[] => [
      ...all.slice(0x80).map((first): Row => [
        encoding,
        "backslashreplace",
        "",
        [all.flatMap((second) => [first, second, 0x0a])],
      ]),
      ...all.slice(0x70).flatMap((first): Row[] =>
        HANDLERS.map((errors) => {
          const bytes = [0x61, first, next(256), next(256), next(256), first];
          return [encoding, errors, "", split(bytes, next)];
        })
      ),
    ]));
  },
);

testUnless(
  NO_PYTHON,
  "makefile() encodes every character of two bytes as CPython does",
  async () => {
    const blocks = Array.from(
      { length: 256 },
      (_, block) =>
        Array.from(
          { length: 256 },
          (_, i) => String.fromCharCode(block << 8 | i),
        ).join(""),
    );
    await assertSame(DOUBLE_BYTE.flatMap((encoding): Row[] => [
      ...blocks.filter((block) => block.isWellFormed()).map((block): Row => [
        encoding,
        "backslashreplace",
        "",
        [block],
      ]),
      ...HANDLERS.map((errors): Row => [
        encoding,
        errors,
        "",
        ["", "你好a", "a\u20ac\u{1f600}\udc80\udcff한b", "x"],
      ]),
    ]));
  },
);

testUnless(
  NO_PYTHON,
  "makefile() reads and writes four bytes of GB 18030 as CPython does",
  async () => {
    const all = Array.from({ length: 256 }, (_, i) => i);
    const next = random(4);
    const rows: Row[] = [];
    // Around each place where the rule changes, and at random.
    const edges = [0x2f, 0x30, 0x39, 0x3a, 0x7f, 0x80, 0x81, 0x84, 0x8f, 0x90];
    edges.push(0xe3, 0xe4, 0xfe, 0xff, 0x31, 0x32, 0x35, 0xa4);
    for (const first of edges) {
      for (const second of edges) {
        for (const third of edges) {
          const bytes = edges.flatMap((last) => [first, second, third, last]);
          const handler = HANDLERS[rows.length % HANDLERS.length]!;
          rows.push(["gb18030", "backslashreplace", "", [bytes]]);
          rows.push(["gb18030", handler, "", split(bytes.slice(3, 24), next)]);
        }
      }
    }
    // Every character of the first plane that has four, and some beyond it.
    for (const first of [0x81, 0x82, 0x83, 0x84, 0x90, 0xe3]) {
      for (const second of all.slice(0x30, 0x3a)) {
        const bytes = all.slice(0x81, 0xff).flatMap((third) =>
          all.slice(0x30, 0x3a).flatMap((last) => [first, second, third, last])
        );
        rows.push(["gb18030", "backslashreplace", "", [bytes]]);
      }
    }
    const beyond = "a\u{10000}\u{1f600}中\u{10ffff}\u{1ffff}ḿ\ue7c7\ufe10é";
    for (const errors of HANDLERS) {
      rows.push(["gb18030", errors, "", [beyond, "\ud800\udc80\udcff", "x"]]);
    }
    await assertSame(rows);
  },
);

testUnless(
  NO_PYTHON,
  "makefile() decodes UTF-8 of all kinds as CPython does",
  async () => {
    const starts = [0x61, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1];
    starts.push(0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff);
    const nexts = [0x28, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
    const rows: Row[] = [];
    const next = random(1);
    for (const a of starts) {
      for (const b of nexts) {
        for (const c of [0x28, 0x80, 0xbf]) {
          for (const tail of [[], [0x80], [0x62], [0xbf, 0x63]]) {
            const bytes = [0x61, a, b, c, ...tail];
            const handler = HANDLERS[rows.length % HANDLERS.length]!;
            rows.push(["utf-8", "strict", "", [bytes]]);
            rows.push(["utf-8", handler, "", split(bytes, next)]);
          }
        }
      }
    }
    await assertSame(rows);
  },
);

testUnless(
  NO_PYTHON,
  "makefile() decodes random bytes as CPython does, in any pieces",
  async () => {
    const next = random(2);
    const interesting = [0x0a, 0x0d, 0x61, 0x80, 0xa0, 0xc3, 0xd8, 0xdc, 0xe2];
    interesting.push(0xed, 0xef, 0xbb, 0xbf, 0xf0, 0x9f, 0x98, 0xfe, 0xff, 0);
    const rows: Row[] = [];
    for (let i = 0; i < 4000; i++) {
      const encoding = UTF[next(UTF.length)]!;
      const errors = HANDLERS[next(HANDLERS.length)]!;
      const newline = [null, "", "\n", "\r", "\r\n"][next(5)]!;
      const bytes = Array.from(
        { length: next(14) },
        () => interesting[next(interesting.length)]!,
      );
      const mark = encoding === "utf-16" && next(4) > 0
        ? [[0xff, 0xfe], [0xfe, 0xff]][next(2)]!
        : [];
      rows.push([encoding, errors, newline, split([...mark, ...bytes], next)]);
    }
    await assertSame(rows);
  },
);

Deno.test("makefile() gives the same lines however the bytes are split", async () => {
  const text =
    "eins\r\nzw\u00f6lf\n\u4e2d\u6587\r\r\n\u{1f600}\u{1f600}\n\rend";
  for (const encoding of ["utf-8", "utf-16-le"]) {
    const bytes = encoding === "utf-8"
      ? [...new TextEncoder().encode(text)]
      : [...text].flatMap((each) =>
        each.split("").flatMap((unit) => [
          unit.charCodeAt(0) & 0xff,
          unit.charCodeAt(0) >> 8,
        ])
      );
    for (const newline of [null, "", "\n", "\r", "\r\n"]) {
      const whole = await read(encoding, "strict", newline, [bytes]);
      for (let i = 0; i <= bytes.length; i++) {
        for (let j = i; j <= bytes.length; j++) {
          const parts = [bytes.slice(0, i), bytes.slice(i, j), bytes.slice(j)];
          const pieces = parts.filter(({ length }) => length > 0);
          assertEquals(await read(encoding, "strict", newline, pieces), whole);
        }
      }
    }
  }
});

testUnless(
  NO_PYTHON,
  "makefile() knows CPython's names of encodings",
  async () => {
    const names = "utf8 UTF_8 U8 utf cp65001 latin latin1 latin_1 L1 iso8859-1";
    const more = "iso-8859-1,ISO 8859 1,8859,cp819,us-ascii,646,utf16,u16";
    const others = "utf-16le,windows-1252,1252,win1252,koi8_r,latin9,utf.8";
    const last =
      "iso88591,UTF8 ,ansi_x3.4_1968,iso_8859-1:1987,iso-ir-100,utf--8";
    const all = [
      ...names.split(" "),
      ...[more, others, last].flatMap((list) => list.split(",")),
      ..."gbk 936 cp936 gb2312 euc_cn uhc ms949 949 gb18030".split(" "),
      ..."GB18030-2000 big5 Big5-TW csbig5".split(" "),
      ..."greek cyrillic hebrew arabic latin2 macroman ibm866 nope".split(" "),
      ..."constructor __proto__ toString".split(" "),
    ];
    await assertSame(
      all.map((name): Row => [name, "strict", "", [[0xe9, 0x41]]]),
    );
  },
);

/** Whether the rows come to the same as with CPython. */
async function assertSame(rows: readonly Row[]): Promise<void> {
  const { outcomes: theirs = [] } = await askPython("codecs.py", rows);
  const differences: unknown[] = [];
  for (const [i, row] of rows.entries()) {
    const [a, b] = [theirs[i], await run(row)].map((each) =>
      JSON.stringify(each)
    );
    if (a !== b) {
      differences.push({ row: JSON.stringify(row), theirs: a, ours: b });
    }
  }
  assertEquals(differences.slice(0, 20), []);
}

async function run(
  [encoding, errors, newline, pieces]: Row,
): Promise<unknown> {
  try {
    return typeof pieces[0] === "string"
      ? await write(encoding, errors, newline, pieces as readonly string[])
      : await read(encoding, errors, newline, pieces as readonly number[][]);
  } catch (error) {
    return describe(error);
  }
}

/** A socket that gives its pieces one by one, and keeps what it is given. */
class Pieces implements FileSocket {
  readonly #pieces: (readonly number[])[];
  readonly written: number[] = [];

  constructor(pieces: readonly (readonly number[])[]) {
    this.#pieces = [...pieces];
  }

  recv_into(buffer: Uint8Array): Promise<number> {
    const piece = this.#pieces.shift() ?? [];
    buffer.set(piece);
    return Promise.resolve(piece.length);
  }

  send(data: Uint8Array): Promise<number> {
    this.written.push(...data);
    return Promise.resolve(data.length);
  }

  fileno(): number {
    return -1;
  }

  _decref_socketios(): Promise<void> {
    return Promise.resolve();
  }
}

async function read(
  encoding: string,
  errors: string,
  newline: string | null,
  pieces: readonly (readonly number[])[],
): Promise<unknown> {
  const raw = new BufferedReader(new SocketIO(new Pieces(pieces), "r"));
  const file = new TextIOWrapper(raw, { encoding, errors, newline }, "r");
  const lines = await file.readlines().catch(describe);
  return [lines, file.newlines];
}

async function write(
  encoding: string,
  errors: string,
  newline: string | null,
  texts: readonly string[],
): Promise<unknown> {
  const sock = new Pieces([]);
  const raw = new BufferedWriter(new SocketIO(sock, "w"));
  const file = new TextIOWrapper(raw, { encoding, errors, newline }, "w");
  const outcomes: unknown[] = [];
  for (const text of texts) {
    outcomes.push(await file.write(text).catch(describe));
  }
  await file.flush();
  return [outcomes, sock.written];
}

function describe(error: unknown): unknown {
  if (!(error instanceof Error)) throw error;
  const { name, message } = error;
  const isPlaced = error instanceof UnicodeDecodeError ||
    error instanceof UnicodeEncodeError;
  return isPlaced
    ? { error: name, message, place: [error.start, error.end] }
    : { error: name, message };
}
