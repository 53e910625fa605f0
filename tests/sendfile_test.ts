/** `Socket.sendfile()` against CPython's. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type SendfileSource,
  SHUT_WR,
  SOCK_DGRAM,
  Socket,
  TimeoutError,
  ValueError,
} from "../mod.ts";
import { bytes, inTime, outcome, pattern, text } from "./_outcome.ts";
import { connected, drain, end, fill, testUnless } from "./_pairs.ts";
import { askPython } from "./_python.ts";

/** A kind of file, its size, where it stands, the socket, and arguments. */
type Row = readonly [
  kind: "file" | "memory",
  size: number,
  position: number,
  state: string,
  args: readonly unknown[],
];

const ARGUMENTS: readonly (readonly unknown[])[] = [
  [],
  [0],
  [3],
  [3, 4],
  [0, 3],
  [0, 100],
  [20],
  [10, 1],
  [0, 0],
  [0, -1],
  [0, "3"],
  [0, 1.5],
  [0, null],
  [0, true],
  ["x"],
  [1.5],
];

const ROWS: readonly Row[] = (["file", "memory"] as const).flatMap((kind) => [
  ...[0, 5, 10].flatMap((position) =>
    ARGUMENTS.map((args): Row => [kind, 10, position, "connected", args])
  ),
  ...["nonblocking", "timeout", "shut", "closed"].flatMap((state) =>
    [[], [2], [0, 3], [0, 0], [4, "x"]].flatMap((args): Row[] => [
      [kind, 10, 0, state, args],
      [kind, 10, 10, state, args],
      [kind, 0, 0, state, args],
    ])
  ),
  [kind, 0, 0, "connected", []],
  [kind, 0, 0, "connected", [5]],
  [kind, 100_000, 7, "connected", [1, 90_000]],
  [kind, 100_000, 7, "timeout", []],
]);

/** What a negative offset comes to depends on the file, in its own words. */
const { outcomes, reason } = await askPython<unknown>("sendfile.py", ROWS);

testUnless(reason, "Socket.sendfile() does as CPython's", async () => {
  const differences: unknown[] = [];
  for (const [i, row] of ROWS.entries()) {
    const [theirs, ours] = [outcomes?.[i], await play(row)].map((each) =>
      JSON.stringify(each)?.slice(0, 500)
    );
    if (theirs !== ours) differences.push({ row, theirs, ours });
  }
  assertEquals(differences, []);
});

async function play(
  [kind, size, position, state, args]: Row,
): Promise<unknown> {
  await using pair = await connected();
  const { client, conn } = pair;
  const data = Uint8Array.from({ length: size }, (_, i) => 97 + i % 26);
  await using file = kind === "memory"
    ? new Memory(data)
    : await temporary(data);
  await file.source.seek(position, Deno.SeekMode.Start);
  if (state === "nonblocking") client.setblocking(false);
  else if (state === "timeout") client.settimeout(5);
  else if (state === "shut") await client.shutdown(SHUT_WR);
  else if (state === "closed") await end(client);
  const receiving = drain(conn);
  const result = await sendfile(client, file.source, args);
  const place = await file.source.seek(0, Deno.SeekMode.Current);
  await end(client);
  return [result, place, text(await receiving)];
}

async function sendfile(
  sock: Socket,
  file: SendfileSource,
  args: readonly unknown[],
): Promise<unknown> {
  try {
    return await inTime(sock.sendfile(file, ...args as [number, number]));
  } catch (error) {
    assert(error instanceof Error);
    return { error: error.name, message: error.message };
  }
}

/** A file of the system, which goes after use. */
async function temporary(
  data: Uint8Array,
): Promise<{ source: Deno.FsFile } & AsyncDisposable> {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, data);
  const source = await Deno.open(path);
  return {
    source,
    [Symbol.asyncDispose]() {
      source.close();
      return Deno.remove(path);
    },
  };
}

/** A file in memory, as Python's `io.BytesIO`. */
class Memory implements AsyncDisposable {
  readonly source: Required<Omit<SendfileSource, "mode">>;

  constructor(data: Uint8Array) {
    let place = 0;
    this.source = {
      read(target) {
        const piece = data.subarray(place, place + target.length);
        target.set(piece);
        place += piece.length;
        return Promise.resolve(piece.length === 0 ? null : piece.length);
      },
      seek(offset, whence) {
        place = whence === Deno.SeekMode.Current ? place + offset : offset;
        return Promise.resolve(place);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

Deno.test("Socket.sendfile() takes offset and count by name", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await using file = await temporary(bytes("abcdefghij"));
  assertEquals(await client.sendfile(file.source, { offset: 8 }), 2);
  assertEquals(await client.sendfile(file.source, { count: 1 }), 1);
  assertEquals(
    await client.sendfile(file.source, { offset: 2, count: 2 }),
    2,
  );
  await end(client);
  assertEquals(text(await drain(conn)), "ijacd");
});

Deno.test("Socket.sendfile() sends more than fits at once", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  const data = pattern(3_000_000);
  await using file = await temporary(data);
  const sending = client.sendfile(file.source, 1);
  const received = drain(conn);
  assertEquals(await sending, data.length - 1);
  assertEquals(await file.source.seek(0, Deno.SeekMode.Current), data.length);
  await end(client);
  assert(text(await received) === text(data.subarray(1)));
});

Deno.test("Socket.sendfile() that times out leaves the file behind what was sent", async () => {
  for (const isMemory of [true, false]) {
    await using pair = await connected();
    const { client, conn } = pair;
    const data = pattern(32_000_000);
    await using file = isMemory ? new Memory(data) : await temporary(data);
    client.settimeout(0.01);
    await assertRejects(
      () => inTime(client.sendfile(file.source)),
      TimeoutError,
      "timed out",
    );
    const place = await file.source.seek(0, Deno.SeekMode.Current);
    assert(place > 0 && place < data.length);
    client.settimeout(null);
    const closing = end(client);
    assertEquals((await drain(conn)).length, place);
    await closing;
  }
});

Deno.test("Socket.sendfile() of a full socket leaves the file where it was", async () => {
  await using pair = await connected();
  const { client, conn } = pair;
  await using file = await temporary(bytes("abc"));
  await file.source.seek(2, Deno.SeekMode.Start);
  await fill(client);
  client.settimeout(0.01);
  await assertRejects(() => client.sendfile(file.source), TimeoutError);
  assertEquals(await file.source.seek(0, Deno.SeekMode.Current), 2);
  await end(conn);
});

Deno.test("Socket.sendfile() says what is wrong in CPython's order", async () => {
  await using pair = await connected();
  const { client } = pair;
  const file = { read: () => Promise.resolve(null) };
  const textFile = { ...file, mode: "r" };
  using datagrams = new Socket(-1, SOCK_DGRAM);
  const rows: [() => Promise<number>, string][] = [
    [
      () => datagrams.sendfile(textFile, 0, -1),
      "ValueError: file should be opened in binary mode",
    ],
    [
      () => datagrams.sendfile(file, 0, -1),
      "ValueError: only SOCK_STREAM type sockets are supported",
    ],
    [
      () => client.sendfile(5 as unknown as SendfileSource),
      "TypeError: 'int' object has no attribute 'read'",
    ],
    [
      () => client.sendfile(null as unknown as SendfileSource),
      "TypeError: 'NoneType' object has no attribute 'read'",
    ],
    [
      () => client.sendfile(file, 1),
      "TypeError: 'dict' object has no attribute 'seek'",
    ],
    [
      () => (client.sendfile as () => Promise<number>)(),
      "TypeError: socket.sendfile() missing 1 required positional argument: 'file'",
    ],
    [
      () =>
        (client.sendfile as (...args: unknown[]) => Promise<number>)(
          1,
          2,
          3,
          4,
        ),
      "TypeError: socket.sendfile() takes from 2 to 4 positional arguments but 5 were given",
    ],
  ];
  for (const [call, expected] of rows) {
    assertEquals(await outcome(call), expected);
  }
});

Deno.test("Socket.sendfile() of a file that is closed raises ValueError", async () => {
  await using pair = await connected();
  const path = await Deno.makeTempFile();
  const file = await Deno.open(path);
  file.close();
  await Deno.remove(path);
  await assertRejects(
    () => pair.client.sendfile(file),
    ValueError,
    "I/O operation on closed file",
  );
});
