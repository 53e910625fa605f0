/** The lesson's two ends against CPython and nc, in every mixture. */

import { assertEquals, assertMatch } from "@std/assert";
import { assertPrints } from "./_endings.ts";
import {
  assertAnswersNc,
  assertPythonFinds,
  assertTalksWithPython,
  ECHO_CASES,
} from "./_ends.ts";
import { NO_NC, NO_PYTHON, runPython } from "./_peers.ts";
import { DIALECTS, findLesson, Process, together } from "./_process.ts";
import { testUnless } from "./_unless.ts";

const lesson = findLesson("tcp_echo");
const { command, run, startServer } = lesson;

for (const [dialect, args] of DIALECTS) {
  testUnless(
    NO_PYTHON,
    `tcp_echo server in ${dialect} sends CPython every byte back`,
    async () => {
      await using server = await startServer(args);
      await assertPythonFinds(server.address, "exact_client.py", ECHO_CASES);
    },
  );

  testUnless(
    NO_PYTHON,
    `tcp_echo server in ${dialect} talks with the client of the notes`,
    async () => {
      await using server = await startServer(args);
      const port = `${server.address.port}`;
      const notes = runPython("notes_client.py", [port], "hello\n你好\nq\n");
      assertPrints(await notes, "hello\n你好\n");
      await server.find(/has left, 11 bytes echoed/, "stderr");
    },
  );

  testUnless(
    NO_PYTHON,
    `tcp_echo client in ${dialect} talks with CPython's server`,
    async () => {
      const input = `hello\n\n你好，世界\n${"x".repeat(1_000_000)}\n`;
      await assertTalksWithPython(lesson, ["echo_server.py"], { input, args });
    },
  );

  testUnless(
    NO_NC,
    `tcp_echo server in ${dialect} sends nc every byte back`,
    async () => {
      await using server = await startServer(args);
      await assertAnswersNc(server.address, "hello\n你好\n".repeat(10_000));
    },
  );

  testUnless(
    NO_NC,
    `tcp_echo client in ${dialect} talks with nc, which answers by hand`,
    async () => {
      await using server = new Process("nc", ["-v", "-l", "127.0.0.1", "0"]);
      const [, port = ""] = await server.find(/(\d+)\s*$/m, "stderr");
      await server.write("你好\n");
      const client = ["client", "--port", port, "--lang", "en", ...args];
      const { code, stdout, stderr } = await run(client, { input: "123456\n" });
      assertEquals([code, stdout], [0, "你好\n"]);
      assertMatch(stderr, /^That is not an echo: .*\n$/);
      await server.find(/^123456\n$/);
    },
  );
}

testUnless(
  NO_PYTHON,
  "tcp_echo server says in Chinese who comes and goes",
  async () => {
    await using server = await startServer(["--lang", "zh"]);
    const port = `${server.address.port}`;
    await runPython("notes_client.py", [port], "你好\nq\n");
    await server.find(/已离开，回送了 6 字节/, "stderr");
    const { stdout, stderr } = await server.interrupt();
    assertMatch(stdout, /^listening on 127\.0\.0\.1:\d+\n$/);
    assertMatch(stderr, /^127\.0\.0\.1:\d+ 已连接\n/);
  },
);

testUnless(
  NO_PYTHON,
  "tcp_echo client prompts at a terminal, and ends at q, Ctrl-D and Ctrl-C",
  async () => {
    await using server = await startServer();
    const client = [...command, "client", "--port", `${server.address.port}`];
    const rows: [keys: string[], shown: string, code: number][] = [
      [["你好\n", "\n", "q\n"], ">>> 你好\n你好\n>>> \n\n>>> q\n", 0],
      [["hello\n", "\x04"], ">>> hello\nhello\n>>> \n", 0],
      [["\x03"], ">>> ^C\n", 130],
    ];
    await together(rows, async ([keys, shown, code]) => {
      const terminal = [JSON.stringify(keys), ...client];
      const outcome = await runPython("terminal.py", terminal);
      const stdout = outcome.stdout.replaceAll("\b", "");
      const greeting = "Type a line and press Enter; q ends.\n";
      assertEquals({ ...outcome, stdout }, {
        code,
        stdout: greeting + shown,
        stderr: "",
      });
    });
  },
);
