/** The room of udp_chat, without a network: what goes to whom. */

import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type Bytes, encode } from "../lessons/_bytes.ts";
import { readLine } from "../lessons/_harmless.ts";
import type { Post } from "../lessons/_post.ts";
import { Room, type RoomOptions } from "../lessons/_room.ts";
import { openRoom, serveRoom } from "../lessons/_room_server.ts";
import type { Run } from "../lessons/_run.ts";

/** A room, its clock, and the lines that have come for each address. */
class Table {
  readonly room: Room<string>;
  now = 0;

  constructor(options: Partial<RoomOptions<string>> = {}) {
    const format = (address: string) => address;
    this.room = new Room({ format, members: 1000, idle: 600, ...options });
  }

  /** Hands the room a datagram; returns what it says of it, in English. */
  receive(from: string, data: string | Bytes): string[] {
    const bytes = typeof data === "string" ? encode(data) : data;
    return this.room.receive(bytes, from, this.now).map(({ en }) => en);
  }

  /** Everything that waits to be sent: `alice < hello`, in order of names. */
  sent(): string[] {
    const lines: string[] = [];
    for (let next; (next = this.room.take()) !== undefined;) {
      lines.push(`${next[1]} < ${new TextDecoder().decode(next[0])}`);
    }
    return lines.sort();
  }

  /** What comes of a datagram. */
  say(from: string, data: string | Bytes): string[] {
    this.receive(from, data);
    return this.sent();
  }
}

/** A room in which are `a`, `b` and so on, called alice and bob. */
function seat(options?: Partial<RoomOptions<string>>, names = "alice bob") {
  const table = new Table(options);
  for (const name of names.split(" ")) table.say(name[0]!, `/name ${name}`);
  return table;
}

Deno.test("udp_chat room takes the sender of a first datagram in", () => {
  const table = new Table();
  assertEquals(table.receive("a", "hello"), ["a has joined, 1 in the room"]);
  assertEquals(table.sent(), ["a < a: hello"]);
  assertEquals(table.receive("b", "/name bob"), [
    "bob (b) has joined, 2 in the room",
  ]);
  assertEquals(table.sent(), ["a < * bob has joined", "b < # You are bob"]);
  assertEquals(table.say("c", ""), [
    "a < * c has joined",
    "b < * c has joined",
    "c < ",
  ]);
  assertEquals(table.room.size, 3);
});

Deno.test("udp_chat room gives every line to everybody, its sender included", () => {
  const table = seat();
  assertEquals(table.say("a", "你好，世界 😀"), [
    "a < alice: 你好，世界 😀",
    "b < alice: 你好，世界 😀",
  ]);
  // Members are told apart by their addresses, and not by what they say.
  assertEquals(table.say("b", "alice: hi"), [
    "a < bob: alice: hi",
    "b < bob: alice: hi",
  ]);
});

Deno.test("udp_chat room answers every datagram exactly once", () => {
  const datagrams = ["hello", "", "\n", "/name", "/name ben", "/name alice"];
  const wrong = ["/dance", Uint8Array.of(0xff), "x".repeat(2000), "/", "//"];
  for (const data of [...datagrams, ...wrong]) {
    const lines = seat().say("b", data);
    assertEquals(lines.filter((line) => line.startsWith("b < ")).length, 1);
  }
});

Deno.test("udp_chat room changes a name, and tells the others", () => {
  const table = seat();
  assertEquals(table.receive("b", "/name 小明"), ["bob is now 小明"]);
  assertEquals(table.sent(), ["a < * bob is now 小明", "b < # You are 小明"]);
  assertEquals(table.say("b", "/name 小明"), ["b < # You are 小明"]);
  assertEquals(table.say("b", "/name"), ["b < # You are 小明"]);
  // The name that is free again is anybody's.
  assertEquals(table.say("a", "/name bob"), [
    "a < # You are bob",
    "b < * alice is now bob",
  ]);
});

Deno.test("udp_chat room has no two names alike", () => {
  for (const name of ["alice", "ALICE", "ａｌｉｃｅ"]) {
    const table = seat();
    const refusal = `# The name ${name} is taken: you are`;
    assertEquals(table.say("b", `/name ${name}`), [`b < ${refusal} bob`]);
    assertEquals(table.say("c", `/name ${name}`), [
      "a < * c has joined",
      "b < * c has joined",
      `c < ${refusal} c`,
    ]);
  }
  // One letter, or the same in two parts.
  const table = seat({}, "zoé bob");
  assertEquals(table.say("b", "/name zoe\u0301"), [
    "b < # The name zoé is taken: you are bob",
  ]);
  assertEquals(table.say("b", "/name re\u0301my")[0], "b < # You are rémy");
  // One's own may be written in another way.
  assertEquals(seat().say("b", "/name Bob")[1], "b < # You are Bob");
});

Deno.test("udp_chat room refuses names that could be taken for something else", () => {
  const bad = [
    "a b",
    "*",
    "#",
    "a:",
    "127.0.0.1:5000",
    "a\x1b[2J",
    "\u202ebob",
    "alice\u034f",
    "\u3164",
    "\u0301",
    "z\u0335\u0336\u0337",
  ];
  for (const name of [...bad, "x".repeat(21), "x\u2028", "[::1]:80"]) {
    assertEquals(seat().say("b", `/name ${name}`), [
      "b < # You are bob: a name has up to 20 letters, digits or - _ .",
    ]);
  }
  for (const name of ["x", "字".repeat(20), "O.k_-9", "नमस्ते"]) {
    assertEquals(
      seat().say("b", `/name  ${name} `)[1],
      `b < # You are ${name}`,
    );
  }
});

Deno.test("udp_chat room lets members leave, and come again", () => {
  const table = seat();
  assertEquals(table.receive("b", "/quit"), ["bob has left, 1 in the room"]);
  assertEquals(table.sent(), ["a < * bob has left", "b < # You have left"]);
  assertEquals(table.say("b", "/quit"), ["b < # You have left"]);
  assertEquals(table.room.size, 1);
  assertEquals(table.say("b", "back"), [
    "a < * b has joined",
    "a < b: back",
    "b < b: back",
  ]);
});

Deno.test("udp_chat room ends lines with a line feed for those who do so", () => {
  const table = seat({ members: 3 }, "alice bob carol");
  assertEquals(table.say("b", "hello\n"), [
    "a < bob: hello",
    "b < bob: hello\n",
    "c < bob: hello",
  ]);
  // An empty datagram has nothing that could end.
  assertEquals(table.say("b", ""), ["b < \n"]);
  assertEquals(table.say("a", "hi")[1], "b < alice: hi\n");
  assertEquals(table.say("d", "hi\n"), [
    "d < # The room is full: it has 3 members\n",
  ]);
  assertEquals(table.say("b", "/quit\n")[1], "b < # You have left\n");
  assertEquals(table.say("b", "/quit\n"), ["b < # You have left\n"]);
  assertEquals(table.say("b", "/name bob"), [
    "a < * bob has joined",
    "b < # You are bob",
    "c < * bob has joined",
  ]);
});

Deno.test("udp_chat room tells its members when it ends, and then nothing", () => {
  const table = seat();
  table.receive("a", "nobody needs that any more");
  table.room.close();
  assertEquals(table.say("a", "hello"), [
    "a < * The room has ended",
    "b < * The room has ended",
  ]);
  assertEquals(table.say("c", "hello"), []);
  assertEquals(table.room.remove("a"), []);
});

Deno.test("udp_chat room shows what a terminal would obey", () => {
  const rows: [data: string, shown: string][] = [
    ["\x1b[2Jgone", "\\x1b[2Jgone"],
    ["a\n* alice has left", "a\\n* alice has left"],
    ["a\r\nb\r\n", "a\\r\\nb"],
    ["a\tb\x00\x7f\x9b", "a\\tb\\x00\\x7f\\x9b"],
    ["abc\u202edef\u2066\u2029", "abc\\u202edef\\u2066\\u2029"],
    ["👨‍👩‍👧 ñ नमस्ते", "👨‍👩‍👧 ñ नमस्ते"],
  ];
  for (const [data, shown] of rows) {
    assertEquals(readLine(encode(data)), shown);
    assertEquals(readLine(encode(shown)), shown);
    assertEquals(seat().say("b", data)[0], `a < bob: ${shown}`);
  }
  assertEquals(readLine(Uint8Array.of(0xe4, 0xbd)), undefined);
});

Deno.test("udp_chat room tells only the sender what cannot be shown", () => {
  const half = encode("好").slice(0, 2);
  assertEquals(seat().say("b", half), [
    "b < # That is no UTF-8 text: nobody has got it",
  ]);
  // With `bob: ` these are 1,024 bytes, and one more.
  assertEquals(seat().say("b", "x".repeat(1019)).length, 2);
  for (const long of ["x".repeat(1020), "长".repeat(340), "\x00".repeat(300)]) {
    const [line, ...others] = seat().say("b", long);
    assertMatch(
      line!,
      /^b < # Too long: 1,\d+ bytes with your name, at most 1,024\. Nobody has got it$/,
    );
    assertEquals(others, []);
  }
  assertMatch(seat().say("b", new Uint8Array(65_507))[0]!, /Too long: 262,033/);
  assertEquals(seat().say("b", "/dance"), [
    "b < # Nobody has got that: there are two commands, /name NAME and /quit",
  ]);
});

Deno.test("udp_chat room takes nobody in for what is no text, or who talks as a room", () => {
  const table = new Table();
  assertEquals(table.say("x", Uint8Array.of(0xff)).length, 1);
  assertEquals(table.say("x", "# The room is full: it has 3 members"), []);
  assertEquals(table.say("x", "* alice has left"), []);
  assertEquals(table.room.size, 0);
});

Deno.test("udp_chat room has an answer for whoever comes after the last", () => {
  const table = seat({ members: 2 });
  for (const data of ["hello", "/name carol", ""]) {
    assertEquals(table.say("c", data), [
      "c < # The room is full: it has 2 members",
    ]);
  }
  table.say("b", "/quit");
  assertEquals(table.say("c", "hello").at(-1), "c < c: hello");
});

Deno.test("udp_chat room puts out who is silent, but not who shows to be there", () => {
  const table = seat({ idle: 60 }, "alice bob carol");
  table.now = 50;
  assertEquals(table.say("b", ""), ["b < "]);
  table.now = 61;
  // Who speaks now was silent as long as the other, and is here again.
  assertEquals(table.receive("c", "hello"), [
    "alice has left: silent for 60 s, 2 in the room",
  ]);
  assertEquals(table.sent(), [
    "a < # You have left: silent for 60 s",
    "b < * alice has left: silent for 60 s",
    "b < carol: hello",
    "c < * alice has left: silent for 60 s",
    "c < carol: hello",
  ]);
});

Deno.test("udp_chat room sends 1,000 datagrams and no more to who says nothing", () => {
  const table = seat();
  const lines: string[] = [];
  for (let i = 0; i < 3000; i++) {
    table.now += 0.1;
    if (i === 500) table.say("b", "");
    lines.push(...table.say("a", "hello"));
  }
  const toBob = lines.filter((line) => line.startsWith("b < "));
  assertEquals(toBob.length, 1502);
  assertEquals(toBob.at(-1), "b < # You have left: silent for 1,000 messages");
});

Deno.test("udp_chat room stops one who floods, and nobody else", () => {
  const table = seat();
  const lines: string[] = [];
  for (let i = 0; i < 20_000; i++) {
    lines.push(...table.say("b", "flood"));
    if (i % 500 === 0) table.say("a", "");
  }
  const warnings = lines.filter((line) => line.includes("# Too fast"));
  assertEquals(warnings, ["b < # Too fast: that is lost, wait a second"]);
  assert(lines.length < 4000, `${lines.length} datagrams`);
  assertEquals(table.say("a", "hello").length, 2);
  table.now += 1;
  assertEquals(table.say("b", "hello").length, 2);
});

Deno.test("udp_chat room gives no new credit to who leaves and comes again", () => {
  const table = seat();
  let count = 0;
  for (let i = 0; i < 20_000; i++) {
    count += table.say("b", i % 2 === 0 ? "/quit" : "flood").length;
    if (i % 500 === 0) table.say("a", "");
  }
  assert(count < 30_000, `${count} datagrams`);
  assertEquals(table.say("b", "hello"), []);
  table.now += 5;
  assertEquals(table.say("b", "hello").length, 3);
});

Deno.test("udp_chat room holds a limited number of datagrams, each for all or for nobody", () => {
  const table = new Table();
  for (let i = 0; i < 1000; i++) table.say(`m${i}`, "");
  // Nothing is sent meanwhile.
  for (let i = 0; i < 1000; i++) table.receive(`m${i}`, `line ${i}`);
  const lines = table.sent();
  assert(lines.length <= 21_000);
  const counts = new Map<string, number>();
  for (const line of lines) {
    const text = line.replace(/^.* < /, "");
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const busy = "# The room is too busy: nobody has got that";
  assert(counts.has(busy));
  counts.delete(busy);
  assertEquals(new Set(counts.values()), new Set([1000]));
});

Deno.test("udp_chat room does not tell a crowd who comes and goes", () => {
  const table = new Table();
  for (let i = 0; i < 100; i++) table.say(`m${i}`, "");
  assertEquals(table.say("m100", "/name eve"), ["m100 < # You are eve"]);
  assertEquals(table.say("m100", "hello").length, 101);
  // The last who leaves a crowd leaves none.
  assertEquals(table.say("m100", "/quit").length, 101);
});

Deno.test("udp_chat room puts out who cannot be reached", () => {
  const table = seat();
  assertEquals(
    table.room.remove("b").map(({ zh }) => zh),
    ["“bob”离开（无法送达），聊天室现有 1 人"],
  );
  assertEquals(table.sent()[0], "a < * bob has left: out of reach");
  assertEquals(table.room.remove("b"), []);
});

Deno.test("udp_chat rooms that are made to talk to each other stop", () => {
  for (const options of [{}, { members: 1 }]) {
    for (const data of [encode("hello"), encode(""), Uint8Array.of(0xff)]) {
      const rooms = [new Table(options), new Table(options)];
      // In the second case both are full already.
      if (options.members === 1) rooms.forEach((each) => each.say("m", ""));
      // Forged: it seems to come from the other room.
      rooms[0]!.receive("other", data);
      let [count, isQuiet] = [0, false];
      while (!isQuiet) {
        isQuiet = true;
        for (const [i, { room }] of rooms.entries()) {
          const next = room.take();
          if (next === undefined) continue;
          isQuiet = false;
          count++;
          if (next[1] === "other") {
            rooms[1 - i]!.room.receive(next[0], "other", 0);
          }
        }
        assert(count < 10_000, "They talk for ever");
      }
    }
  }
});

Deno.test("udp_chat room stays what it is, whatever comes", () => {
  const table = new Table({ members: 20 });
  const words = ["/name ", "/quit", "alice", "\n", "* ", "# ", "好", "\x1b[2J"];
  const pick = (count: number) => Math.floor(Math.random() * count);
  for (let i = 0; i < 5000; i++) {
    table.now += Math.random() * 10;
    const text = Array.from({ length: pick(4) }, () => words[pick(8)]).join("");
    const noise = crypto.getRandomValues(new Uint8Array(pick(2000)));
    const data = Math.random() < 0.8 ? encode(text) : noise;
    for (const datagram of table.say(`${pick(40)}`, data)) {
      const line = datagram.replace(/\n$/, "");
      assertMatch(line, /^\d+ < (?:$|# .|\* [^:]|[^\s:*#]+: .)/);
      assert(!/[\p{Cc}\p{Bidi_Control}]/u.test(line), line);
      assert(encode(line).length <= 1024 + 5);
    }
    assert(table.room.size <= 20);
  }
});

// ## At a socket that does what it should not

/** Serves what comes by `receive`; whatever is said of it is returned. */
async function serve(
  post: Pick<Post<string>, "receive" | "send">,
  stop: AbortController,
): Promise<string[]> {
  const notes: string[] = [];
  const run = {
    interrupted: stop.signal,
    values: new Map([["members", "1000"], ["idle", "600"]]),
    note: ({ en }: { en: string }) => void notes.push(en),
  } as unknown as Run;
  const { promise, reject } = Promise.withResolvers<never>();
  await serveRoom(
    {
      address: "room",
      receive: () => Promise.race([post.receive(), promise]),
      send: post.send,
      [Symbol.dispose]: () => reject(new Error("closed")),
    },
    openRoom((address: string) => address, run),
    run,
  );
  return notes;
}

/** What a socket fails with. */
function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

Deno.test("udp_chat server receives, though a send does not end", async () => {
  const stop = new AbortController();
  const { promise: sent, resolve } = Promise.withResolvers<void>();
  let count = 0;
  const notes = await serve({
    receive: () => {
      if (count === 30_000) {
        stop.abort();
        resolve();
        return new Promise(() => {});
      }
      return Promise.resolve([encode("hello"), `m${count++ % 500}`]);
    },
    send: () => sent,
  }, stop);
  assertEquals([count, notes.length], [30_000, 500]);
});

Deno.test("udp_chat server passes over what concerns one member", async () => {
  const stop = new AbortController();
  const members = ["a", "b", "c"];
  const sent: string[] = [];
  const notes = await serve({
    receive: () => {
      const next = members.shift();
      if (next === undefined) return new Promise(() => {});
      return Promise.resolve([encode("hello"), next]);
    },
    send: (_, to) => {
      sent.push(to);
      if (sent.length === 8) stop.abort();
      // Forged, or not permitted; and a full buffer, by which a datagram is lost.
      if (to === "b") return Promise.reject(failure("EINVAL"));
      return Promise.reject(failure("ENOBUFS"));
    },
  }, stop);
  assertEquals(notes.filter((note) => note.includes("out of reach")), [
    "b has left: out of reach, 2 in the room",
  ]);
});

Deno.test("udp_chat server says goodbye to all who can be reached", async () => {
  const stop = new AbortController();
  const members = ["a", "b", "c"];
  const told: string[] = [];
  const notes = await serve({
    receive: () => {
      const next = members.shift();
      if (next !== undefined) return Promise.resolve([encode("/name"), next]);
      stop.abort();
      return new Promise(() => {});
    },
    send: (data, to) => {
      if (to === "b") return Promise.reject(failure("EINVAL"));
      const line = new TextDecoder().decode(data);
      if (line === "* The room has ended") told.push(to);
      return Promise.resolve();
    },
  }, stop);
  assertEquals(told.sort(), ["a", "c"]);
  assertEquals(notes.at(-1), "c has joined, 3 in the room");
});

Deno.test("udp_chat server outlives ECONNRESET, and ends by another failure", async () => {
  const failures = ["ECONNRESET", "ECONNRESET", "EIO"];
  await assertRejects(
    () =>
      serve({
        receive: () => Promise.reject(failure(failures.shift()!)),
        send: () => Promise.resolve(),
      }, new AbortController()),
    Error,
    "EIO",
  );
  assertEquals(failures, []);
});
