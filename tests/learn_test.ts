/** The list of lessons, and what runs them by it. */

import { assertEquals, assertMatch } from "@std/assert";
import { LESSONS } from "../lessons/_learn.ts";
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
  }
});

Deno.test("learn runs a lesson by its number and by its name", async () => {
  const words = ["1", "tcp_echo", "tcp_echo.ts"];
  const outcomes = await Promise.all(
    words.map((word) => run([word, "server", "--help", "--lang", "en"])),
  );
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
    [["telnet"], "No such lesson: telnet"],
    [["0"], "No such lesson: 0"],
    [["--lang", "zh", "99"], "没有这一课：99"],
    [["--colour"], "Unknown option: --colour"],
    [["--lang", "fr", "1"], "Option --lang must be en or zh: current value"],
  ];
  const outcomes = await Promise.all(rows.map(([args]) => run(args)));
  for (const [i, { code, stdout, stderr }] of outcomes.entries()) {
    assertEquals([code, stdout, stderr.startsWith(rows[i]![1])], [2, "", true]);
  }
});
