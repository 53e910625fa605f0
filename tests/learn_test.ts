/** The list of lessons, and what runs them by it. */

import { assertEquals, assertMatch } from "@std/assert";
import { LESSONS } from "../lessons/_learn.ts";
import { findFitting, findMisspelled } from "../lessons/_near.ts";
import { findName, PATH } from "../lessons/_path.ts";
import { findLesson } from "./_process.ts";

const { run } = findLesson("_learn");

Deno.test("learn knows every lesson of the path, in its order", () => {
  assertEquals(LESSONS.map(({ url }) => findName(url)), [...PATH]);
});

Deno.test("learn without arguments lists the lessons in each language", async () => {
  for (const language of ["en", "zh"] as const) {
    const { code, stdout, stderr } = await run(["--lang", language]);
    assertEquals([code, stderr], [0, ""]);
    const rows = [...stdout.matchAll(/^ +(\d+) {2}(\w+) +(.+)$/gm)];
    assertEquals(
      rows.map(([, number, name, title]) => [number, name, title]),
      LESSONS.map(({ title }, i) => [`${i + 1}`, PATH[i], title[language]]),
    );
    for (const option of ["--lang en|zh", "--help"]) {
      assertEquals(stdout.includes(`\n  ${option}  `), true, option);
    }
  }
});

Deno.test("learn knows a lesson by nearly its name", () => {
  const rows: [word: string, fitting: string[], misspelled?: string[]][] = [
    ["udp", ["udp"]],
    ["udp-chat", ["udp_chat"]],
    ["udpchat", ["udp_chat"]],
    ["lessons/udp_chat.ts", ["udp_chat"]],
    ["C:\\lessons\\udp_chat.ts", ["udp_chat"]],
    ["STICKY", ["sticky"]],
    ["stick", ["sticky"]],
    ["Tcp_Echo.TS", ["tcp_echo"]],
    ["echo", ["tcp_echo"]],
    ["send", ["send_sendall"]],
    ["non-blocking", ["nonblocking"]],
    ["base", ["base64"]],
    ["ud", ["udp", "udp_chat"]],
    ["stikcy", [], ["sticky"]],
    ["udo", [], ["udp"]],
    ["tpc_echo", [], ["tcp_echo"]],
    ["telnet", [], []],
    ["no", ["nonblocking"]],
    ["xy", [], []],
    ["64", [], []],
    ["", [], []],
    [".", [], []],
    ["粘包", [], []],
  ];
  for (const [word, fitting, misspelled] of rows) {
    assertEquals(findFitting(word, PATH), fitting, word);
    if (misspelled) {
      assertEquals(findMisspelled(word, PATH), misspelled, word);
    }
  }
});

Deno.test("learn runs a lesson by its number and by its name", async () => {
  const rows = [
    ["1", "server", "--help", "--lang", "en"],
    ["tcp_echo", "--help", "--lang", "en"],
    ["--lang", "en", "--help", "TCP-echo.ts", "client"],
  ];
  const outcomes = await Promise.all(rows.map((args) => run(args)));
  for (const { code, stdout, stderr } of outcomes) {
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /^Lesson 1: .*\n\nUsage: /);
  }
});

Deno.test("learn hands its language on to the lesson", async () => {
  assertMatch((await run(["--lang", "zh", "1"])).stdout, /^哪个套接字/);
});

Deno.test("learn refuses what is no lesson, with exit code 2", async () => {
  const rows: [args: string[], line: string][] = [
    [["telnet"], "No such lesson: telnet\n"],
    [["ud"], "No such lesson: ud; did you mean udp or udp_chat?\n"],
    [["--lang", "zh", "stikcy"], "没有这一课：stikcy。是不是想找 sticky？\n"],
    [["0"], "No such lesson: 0"],
    [["--lang", "zh", "99"], "没有这一课：99"],
    [["--colour"], "Unknown option: --colour"],
    [["--colour", "1"], "Unknown option: --colour"],
    [["--lang", "fr", "1"], "Option --lang must be en or zh: current value"],
    [["--lang", "fr"], 'Option --lang must be en or zh: current value is "fr"'],
  ];
  const outcomes = await Promise.all(rows.map(([args]) => run(args)));
  for (const [i, { code, stdout, stderr }] of outcomes.entries()) {
    assertEquals([code, stdout, stderr.startsWith(rows[i]![1])], [2, "", true]);
  }
});
