/** The commands that lessons print, as they are typed where the reader stands. */

import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { formatCommand, formatNextCommand } from "../lessons/_path.ts";
import { Process, type StartOptions } from "./_process.ts";

const ROOT = join(import.meta.dirname!, "..");
const PROJECT = join(ROOT, "no", "such");
const URL_OF_UDP = pathToFileURL(join(PROJECT, "lessons", "udp.ts")).href;
const URL_ON_JSR = "https://jsr.io/@pysocket/socket/0.3.0/lessons/udp.ts";

Deno.test("path: a script is named as the reader's folder sees it", () => {
  const rows: [folder: string[], command: string][] = [
    [[], "deno run -A lessons/sticky.ts"],
    [["lessons"], "deno run -A sticky.ts"],
    [["tests", "peers"], "deno run -A ../../lessons/sticky.ts"],
    [[".."], "deno run -A such/lessons/sticky.ts"],
    [["..", "..", "my work"], "deno run -A ../no/such/lessons/sticky.ts"],
  ];
  for (const [folder, command] of rows) {
    const here = join(PROJECT, ...folder);
    assertEquals(formatCommand(URL_OF_UDP, "sticky", here), command);
  }
});

Deno.test("path: a name that a shell would take apart is quoted", () => {
  const url = pathToFileURL(join(PROJECT, "my work", "lessons", "udp.ts")).href;
  assertEquals(
    formatCommand(url, "udp", PROJECT),
    'deno run -A "my work/lessons/udp.ts"',
  );
  const chinese = pathToFileURL(join(PROJECT, "网络", "udp.ts")).href;
  assertEquals(
    formatCommand(chinese, "udp", PROJECT),
    "deno run -A 网络/udp.ts",
  );
});

Deno.test("path: the next lesson is a task inside the project only", () => {
  const rows: [folder: string[], command: string][] = [
    [[], "deno task learn sticky"],
    [["lessons"], "deno task learn sticky"],
    [[".."], "deno run -A such/lessons/sticky.ts"],
    [["..", "..such"], "deno run -A ../such/lessons/sticky.ts"],
  ];
  for (const [folder, command] of rows) {
    const here = join(PROJECT, ...folder);
    assertEquals(formatNextCommand(URL_OF_UDP, "sticky", here), command);
  }
});

Deno.test("path: from JSR a lesson is named by its specifier", () => {
  const command = "deno run -A jsr:@pysocket/socket/lessons/sticky";
  assertEquals(formatCommand(URL_ON_JSR, "sticky", PROJECT), command);
  assertEquals(formatNextCommand(URL_ON_JSR, "sticky", PROJECT), command);
});

Deno.test("path: the usage works where the lesson was started, or its task", async () => {
  const rows: StartOptions[] = [
    { cwd: join(ROOT, "tests") },
    // A task runs in the project's folder, and says where it was started.
    { env: { INIT_CWD: join(ROOT, "tests") } },
  ];
  const script = join(ROOT, "lessons", "tcp_echo.ts");
  await Promise.all(rows.map(async (options) => {
    const args = ["run", "-A", script, "--help", "--lang", "en"];
    await using process = new Process(Deno.execPath(), args, options);
    const { code, stdout } = await process.outcome();
    assertEquals(code, 0);
    assertMatch(stdout, /^Usage: deno run -A \.\.\/lessons\/tcp_echo\.ts \[/m);
  }));
});
