/** The lesson's two ends against CPython and nc, in every mixture. */

import { assertEquals, assertMatch } from "@std/assert";
import { NO_NC, NO_PYTHON, peer } from "./_peers.ts";
import {
  DIALECTS,
  findLesson,
  Process,
  runProcess,
  testUnless,
} from "./_process.ts";

const { command, run, startServer } = findLesson("tcp_echo");

for (const [dialect, args] of DIALECTS) {
  testUnless(
    NO_PYTHON,
    `tcp_echo server in ${dialect} sends CPython every byte back`,
    async () => {
      await using server = await startServer(args);
      const port = String(server.address.port);
      const client = [peer("exact_client.py"), port];
      const { code, stdout, stderr } = await runProcess("python3", client);
      assertEquals({ code, stderr }, { code: 0, stderr: "" });
      assertEquals(stdout.trim().split(/\r?\n/), [
        "1 byte",
        "Chinese text",
        "1 MiB",
        "half-close",
        "nothing",
        "200 clients at once",
      ]);
    },
  );

  testUnless(
    NO_PYTHON,
    `tcp_echo server in ${dialect} talks with the client of the notes`,
    async () => {
      await using server = await startServer(args);
      const client = [peer("notes_client.py"), String(server.address.port)];
      const outcome = await runProcess("python3", client, "hello\n你好\nq\n");
      assertEquals(outcome, { code: 0, stdout: "hello\n你好\n", stderr: "" });
      await server.find(/has left, 11 bytes echoed/, "stderr");
    },
  );

  testUnless(
    NO_PYTHON,
    `tcp_echo client in ${dialect} talks with CPython's server`,
    async () => {
      await using server = new Process("python3", [peer("echo_server.py")]);
      const port = String(await server.port());
      const input = `hello\n\n你好，世界\n${"x".repeat(1_000_000)}\n`;
      assertEquals(
        await run(["client", "--port", port, ...args], { input }),
        { code: 0, stdout: input, stderr: "" },
      );
    },
  );

  testUnless(
    NO_NC,
    `tcp_echo server in ${dialect} sends nc every byte back`,
    async () => {
      await using server = await startServer(args);
      const input = "hello\n你好\n".repeat(10_000);
      const client = ["-N", "127.0.0.1", String(server.address.port)];
      const outcome = await runProcess("nc", client, input);
      assertEquals(outcome, { code: 0, stdout: input, stderr: "" });
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
    const client = [peer("notes_client.py"), String(server.address.port)];
    await runProcess("python3", client, "你好\nq\n");
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
    for (const [keys, shown, code] of rows) {
      const terminal = [peer("terminal.py"), JSON.stringify(keys), ...client];
      const outcome = await runProcess("python3", terminal);
      const stdout = outcome.stdout.replaceAll("\b", "");
      assertEquals({ ...outcome, stdout }, { code, stdout: shown, stderr: "" });
    }
  },
);
