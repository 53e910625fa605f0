/** The frame readers of the lessons: every cut, every limit, every end. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Bytes, concat, encode } from "../lessons/_bytes.ts";
import {
  FrameError,
  type FrameReader,
  type Framing,
  LengthReader,
  LENGTHS,
  LIMIT,
  LineReader,
  LINES,
  packLength,
  packLine,
  readFrame,
} from "../lessons/framing.ts";
import * as socket from "../mod.ts";
import { writeAll } from "./_conns.ts";
import { within } from "./_process.ts";

const FRAMINGS: [name: string, framing: Framing][] = [
  ["LengthReader", LENGTHS],
  ["LineReader", LINES],
];

/** What a reader makes of a piece. */
function feed(reader: FrameReader, piece: Bytes): Bytes[] {
  reader.push(piece);
  const messages: Bytes[] = [];
  for (let each; (each = reader.shift()) !== undefined;) messages.push(each);
  return messages;
}

function isEqual(a: Bytes[], b: Bytes[]): boolean {
  return a.length === b.length &&
    a.every((each, i) =>
      each.length === b[i]!.length && each.every((byte, k) => byte === b[i]![k])
    );
}

/** Numbers that look random and are the same each time. */
function createRandom(seed: number): (end: number) => number {
  return (end) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % end;
  };
}

/** Messages of many lengths, without a line feed. */
function createMessages(count: number, seed: number): Bytes[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => {
    const size = [0, 1, random(10), random(300), random(5000)][random(5)]!;
    return Uint8Array.from({ length: size }, () => 0x20 + random(0xe0));
  });
}

for (const [name, framing] of FRAMINGS) {
  const { pack, createReader } = framing;

  Deno.test(`${name} finds the same messages in each of 65,536 splits`, () => {
    const messages = framing === LENGTHS
      ? ["hi", "", "你"].map(encode)
      : ["hi", "", "你好", "abcd", ""].map(encode);
    const stream = concat(messages.map(pack));
    assertEquals(stream.length, 17);
    for (let cuts = 0; cuts < 2 ** 16; cuts++) {
      const reader = createReader();
      const found: Bytes[] = [];
      let start = 0;
      for (let end = 1; end <= 17; end++) {
        if (end < 17 && (cuts >> (end - 1)) % 2 === 0) continue;
        found.push(...feed(reader, stream.subarray(start, end)));
        start = end;
      }
      reader.end();
      assert(isEqual(found, messages), `cuts ${cuts.toString(2)}`);
    }
  });

  Deno.test(`${name} finds the same messages in random splits of a long stream`, () => {
    const messages = createMessages(300, 1);
    const stream = concat(messages.map(pack));
    for (let seed = 1; seed <= 30; seed++) {
      const random = createRandom(seed);
      const reader = createReader();
      const found: Bytes[] = [];
      for (let start = 0; start < stream.length;) {
        const size = 1 + random([3, 100, 70_000][random(3)]!);
        found.push(...feed(reader, stream.subarray(start, start + size)));
        start += size;
      }
      reader.end();
      assert(isEqual(found, messages), `seed ${seed}`);
    }
  });

  Deno.test(`${name} finds the same messages for each size of recv up to 4,096`, () => {
    const long = new Uint8Array(3_000).fill(0x78);
    const messages = [long, ...createMessages(4, 2), long, encode("end")];
    const stream = concat(messages.map(pack));
    assert(stream.length > 4096);
    // One buffer for all pieces, as programs have: a reader must not rely on it.
    const buffer = new Uint8Array(4096);
    for (let size = 1; size <= 4096; size++) {
      const reader = createReader();
      const found: Bytes[] = [];
      for (let start = 0; start < stream.length; start += size) {
        const piece = stream.subarray(start, start + size);
        buffer.set(piece);
        found.push(...feed(reader, buffer.subarray(0, piece.length)));
        buffer.fill(0x0a);
      }
      reader.end();
      assert(isEqual(found, messages), `size ${size}`);
    }
  });

  Deno.test(`${name} hands out what was glued together, in its order`, () => {
    const messages = Array.from(
      { length: 20_000 },
      (_, i) => encode(i % 3 === 0 ? "" : `${i}`),
    );
    const found = feed(createReader(), concat(messages.map(pack)));
    assert(isEqual(found, messages));
  });

  Deno.test(`${name} takes 1 MiB byte by byte, as fast as in one piece`, () => {
    // Copying all for each byte would take half a terabyte, and hours.
    const message = new Uint8Array(LIMIT).fill(0x78);
    const reader = createReader();
    let found: Bytes[] = [];
    const stream = pack(message);
    for (let i = 0; i < stream.length; i++) {
      found = feed(reader, stream.subarray(i, i + 1));
    }
    assert(isEqual(found, [message]));
  });

  Deno.test(`${name} takes the end between messages only`, () => {
    const messages = ["hi", "", "你"].map(encode);
    const frames = messages.map(pack);
    const ends = new Set(
      [0, 1, 2, 3].map((count) => concat(frames.slice(0, count)).length),
    );
    const stream = concat(frames);
    for (let size = 0; size <= stream.length; size++) {
      const reader = createReader();
      feed(reader, stream.subarray(0, size));
      if (ends.has(size)) {
        reader.end();
        continue;
      }
      const start = Math.max(...[...ends].filter((end) => end < size));
      assertThrows(
        () => reader.end(),
        FrameError,
        `Stream ends inside a message, ${size - start} bytes into it`,
      );
    }
  });

  Deno.test(`${name} hands out messages before one that is too long`, () => {
    const reader = name === "LineReader"
      ? new LineReader(5)
      : new LengthReader(5);
    reader.push(concat(["hello", "", "world!", "hi"].map(encode).map(pack)));
    assertEquals(reader.shift(), encode("hello"));
    assertEquals(reader.shift(), encode(""));
    // It stays so: nobody can tell where the next message begins.
    for (let i = 0; i < 2; i++) {
      assertThrows(
        () => reader.shift(),
        FrameError,
        "Message too long: 6 bytes, at most 5",
      );
    }
  });

  Deno.test(`${name} keeps what is not whole, and nothing else`, () => {
    const reader = createReader();
    const frame = pack(encode("hello"));
    assertEquals(feed(reader, concat([frame, frame.subarray(0, 3)])).length, 1);
    assertEquals(reader.kept, frame.subarray(0, 3));
    assertEquals(feed(reader, frame.subarray(3)).length, 1);
    assertEquals(reader.kept.length, 0);
  });

  Deno.test(`readFrame reads from a socket and from a Deno.Conn by ${name}`, async () => {
    const messages = [...createMessages(50, 3), encode("last")];
    const half = pack(encode("half")).subarray(0, 3);
    for (const rest of [new Uint8Array(0), half]) {
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { hostname, port } = listener.addr;
      using sock = await socket.create_connection([hostname, port]);
      using peer = await listener.accept();
      using native = await Deno.connect({ hostname, port });
      using nativePeer = await listener.accept();
      const rows: [Deno.Conn, (size: number) => Promise<Bytes>][] = [
        [peer, (size) => sock.recv(size)],
        [nativePeer, async (size) => {
          const buffer = new Uint8Array(size);
          return buffer.subarray(0, await native.read(buffer) ?? 0);
        }],
      ];
      for (const [sender, recv] of rows) {
        const stream = concat([...messages.map(pack), rest]);
        const sending = writeAll(sender, stream).then(() =>
          sender.closeWrite()
        );
        const reader = createReader();
        for (const message of messages) {
          const found = await within("a message", readFrame(recv, reader));
          assertEquals(found, message);
        }
        await sending;
        if (rest.length > 0) {
          await assertRejects(() => readFrame(recv, reader), FrameError);
        } else {
          assertEquals(await readFrame(recv, reader), null);
          assertEquals(await readFrame(recv, reader), null);
        }
      }
    }
  });
}

Deno.test("LengthReader allocates nothing for what a header promises", () => {
  const reader = new LengthReader(0xffff_ffff);
  assertEquals(feed(reader, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1)), []);
  assertEquals(reader.kept.buffer.byteLength, 64);
});

Deno.test("LengthReader reads the highest byte first, without a sign", () => {
  const rows: [header: number[], size: number][] = [
    [[0x00, 0x10, 0x00, 0x01], LIMIT + 1],
    [[0x80, 0x00, 0x00, 0x00], 2 ** 31],
    [[0xff, 0xff, 0xff, 0xff], 2 ** 32 - 1],
    [[...encode("GET ")], 1195725856],
  ];
  for (const [header, size] of rows) {
    assertThrows(
      () => feed(new LengthReader(), Uint8Array.from(header)),
      FrameError,
      `Message too long: ${size} bytes, at most ${LIMIT}`,
    );
  }
});

Deno.test("LineReader holds its limit before the line has an end", () => {
  const reader = new LineReader(5);
  assertEquals(feed(reader, encode("hello")), []);
  assertThrows(() => feed(reader, encode("!")), FrameError, "too long: 6");
});

Deno.test("LineReader leaves a carriage return and 0a in UTF-16 to others", () => {
  assertEquals(feed(new LineReader(), encode("a\r\n")), [encode("a\r")]);
  const shang = Uint8Array.of(0x0a, 0x4e, 0x0a);
  assertEquals(feed(new LineReader(), shang), [encode(""), encode("N")]);
});

Deno.test("packLength and packLine refuse what a reader would refuse", () => {
  const long = new Uint8Array(LIMIT + 1);
  for (const pack of [packLength, packLine]) {
    assertThrows(() => pack(long), FrameError, "too long: 1048577 bytes");
  }
  assertEquals(packLength(encode("a\nb")), encode("\0\0\0\x03a\nb"));
  assertThrows(
    () => packLine(encode("ab\nc")),
    FrameError,
    "A line feed in the message, at 2",
  );
});
