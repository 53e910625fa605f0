/** Clients of lessons that wait for a reply, and say so when it takes long. */

import { assertEquals } from "@std/assert";
import type { Language } from "../lessons/_languages.ts";
import { findLesson, within } from "./_process.ts";

const LINE: Readonly<Record<Language, string>> = {
  en: "still waiting for the server's reply: it has to end with a line feed " +
    "(Ctrl-C ends)\n",
  zh: "还在等服务器的回复：回复必须以换行符结尾（按 Ctrl-C 结束）\n",
};

/** What a client says whose server answers a line by `ok`, without a line feed. */
const ROWS: [
  name: string,
  args: string[],
  language: Language,
  input: string,
  note: string,
][] = [
  ["bytes_text", [], "zh", "hello\n", LINE.zh],
  ["recv_eof", [], "en", "hello\n", LINE.en],
  [
    "recv_eof",
    [],
    "en",
    "",
    "still waiting for the server to close the connection (Ctrl-C ends)\n",
  ],
  ["send_sendall", [], "en", "hello\n", LINE.en],
  ["sticky", [], "zh", "hello\n", LINE.zh],
  [
    "tcp_echo",
    [],
    "en",
    "hello\n",
    "still waiting for 4 more bytes: the server has to send back just what it " +
    "gets (Ctrl-C ends)\n",
  ],
  [
    "tcp_echo",
    ["--native"],
    "zh",
    "hello\n",
    "还在等服务器的回复：还差 4 字节，服务器应当原样回送（按 Ctrl-C 结束）\n",
  ],
];

// They wait for three seconds, all at once.
Deno.test("patience: a client says once what it still waits for", async () => {
  await Promise.all(
    ROWS.map(async ([name, args, language, input, note]) => {
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const port = `${listener.addr.port}`;
      const { start } = findLesson(name);
      const command = ["client", "--port", port, "--lang", language, ...args];
      await using client = start(command);
      using conn = await within("a client", listener.accept());
      if (input === "") await client.endInput();
      else await client.write(input);
      await within("what it sends", conn.read(new Uint8Array(100)));
      await conn.write(new TextEncoder().encode("ok"));
      await client.find(/\n$/, "stderr");
      const outcome = await client.interrupt();
      assertEquals(outcome, { code: 130, stdout: "", stderr: note });
    }),
  );
});
