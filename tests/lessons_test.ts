/** What every lesson promises, whatever it teaches. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { unicodeWidth } from "@std/cli/unicode-width";
import { join } from "node:path";
import { LANGUAGES } from "../lessons/_languages.ts";
import { formatTitle } from "../lessons/_options.ts";
import { findNumber, PATH } from "../lessons/_path.ts";
import type { Lesson } from "../lessons/_run.ts";
import { assertRefuses } from "./_endings.ts";
import { findLesson } from "./_process.ts";
import { assertTranscript } from "./_transcript.ts";

const LESSONS = join(import.meta.dirname!, "..", "lessons");

/** Longer than a demo may take. */
const DEMO_MS = 5000;

for (const name of await findNames()) {
  const { LESSON: lesson }: { LESSON: Lesson } = await import(
    `../lessons/${name}.ts`
  );
  const { run, start, startServer } = findLesson(name);
  const dialects: [name: string, args: string[]][] = [["", []]];
  if (lesson.native) dialects.push([".native", ["--native"]]);

  for (const [dialect, args] of dialects) {
    const demo = `${name}${dialect} demo`;

    Deno.test(`${demo} ends by itself, and prints its transcripts`, async () => {
      await Promise.all(LANGUAGES.map(async (language) => {
        const begin = performance.now();
        const outcome = await run([...args, "--lang", language]);
        assert(performance.now() - begin < DEMO_MS);
        assertEquals([outcome.code, outcome.stderr], [0, ""]);
        assertFits(outcome.stdout);
        assertEquals(outcome.stdout.includes("。"), language === "zh");
        if (Deno.build.os !== "linux") return;
        await assertTranscript(`${name}${dialect}.${language}`, outcome.stdout);
      }));
    });

    Deno.test(`${demo} does without IPv6, FFI, files and names`, async () => {
      const denoArgs = ["--no-prompt", "--allow-net=127.0.0.1"];
      const outcome = await run([...args, "--lang", "en"], { denoArgs });
      assertEquals([outcome.code, outcome.stderr], [0, ""]);
    });

    Deno.test(`${demo} ends at Ctrl-C`, async () => {
      await using process = start(args);
      await process.find(/\n/);
      process.kill("SIGINT");
      const { code, stderr } = await process.outcome();
      // It may have been at its end already.
      assert(code === 130 || code === 0, `exit code ${code}`);
      assertEquals(stderr, "");
    });

    if (lesson.server) {
      Deno.test(`${name}${dialect} server ends at Ctrl-C`, async () => {
        await using server = await startServer(args);
        const { code, stdout, stderr } = await server.interrupt();
        assertEquals(code, 130);
        // It may say how it talks with its clients, and tells of no failure.
        assert(!/error/i.test(stderr), stderr);
        assertMatch(stdout, /^listening on 127\.0\.0\.1:\d+\r?\n$/);
      });
    }
  }

  Deno.test(`${name} --help prints the usage in each language`, async () => {
    await Promise.all(LANGUAGES.map(async (language) => {
      const { code, stdout, stderr } = await run([
        "--help",
        "--lang",
        language,
      ]);
      assertEquals([code, stderr], [0, ""]);
      const title = formatTitle(lesson)[language];
      assert(stdout.startsWith(`${title}\n\n`), stdout);
      for (const end of ["server", "client"] as const) {
        const isThere = new RegExp(`^  ${end} `, "m").test(stdout);
        assertEquals(isThere, lesson[end] !== undefined);
      }
      assertFits(stdout);
    }));
  });

  Deno.test(`${name} ends wrong usage with exit code 2 and the usage`, async () => {
    const rows = [["--colour"], ["serve"], ["--lang", "fr"]];
    await assertRefuses(name, rows.map((row) => [row, /^(Unknown|Option) /]));
  });

  Deno.test(`${name} names its number, its title and the next lesson`, async () => {
    const text = await Deno.readTextFile(join(LESSONS, `${name}.ts`));
    const title = formatTitle(lesson).en;
    assert(text.startsWith(`// ${title}.\n//\n`), title);
    for (const command of ["", " server", " client"]) {
      const hasEnd = command === "" || command.trim() in lesson;
      const line = `deno run -A lessons/${name}.ts${command}`;
      assertEquals(new RegExp(`^//.* ${line}(  |$)`, "m").test(text), hasEnd);
    }
    const next = PATH[findNumber(name)];
    assertEquals(
      text.match(/^\/\/ Next: (\w+)\.ts$/m)?.[1],
      next,
    );
  });
}

/** The lessons that there are; each is to be on the path. */
async function findNames(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(LESSONS)) {
    if (/^[a-z]\w*\.ts$/.test(name)) names.push(name.replace(/\.ts$/, ""));
  }
  return names.sort((a, b) => findNumber(a) - findNumber(b));
}

/**
 * Asserts that no line is wider than a terminal of 80 columns, but for errors,
 * which are told as they are.
 */
function assertFits(output: string): void {
  for (const line of output.split("\n")) {
    const isTooWide = unicodeWidth(line) > 80 && !/\w+Error: /.test(line);
    assert(!isTooWide, `${unicodeWidth(line)} columns: ${line}`);
  }
}
