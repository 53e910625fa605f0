/**
 * The same steps with CPython's file objects and ours: every value and every
 * error is measured here and not written down.
 */

import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { run } from "./_files.ts";
import { GROUPS, type Script, type Value } from "./_file_scripts.ts";

const FILES_PATH = join(import.meta.dirname!, "peers", "files.py");

for (const [about, scripts] of Object.entries(GROUPS)) {
  Deno.test(`makefile() differs in nothing from CPython's: ${about}`, async () => {
    const theirs = await askPython(scripts);
    const differences: unknown[] = [];
    for (const [i, script] of scripts.entries()) {
      const ours = await run(script);
      for (const [j, step] of script.entries()) {
        const [a, b] = [theirs[i]![j], ours[j]].map((each) =>
          JSON.stringify(each)
        );
        if (a === b) continue;
        differences.push({
          script: script.slice(0, j + 1).map((s) => JSON.stringify(s)).join(
            " ",
          ),
          step: JSON.stringify(step),
          theirs: a,
          ours: b,
        });
        break;
      }
    }
    assertEquals(differences, []);
  });
}

async function askPython(scripts: readonly Script[]): Promise<Value[][]> {
  const child = new Deno.Command("python3", {
    args: [FILES_PATH],
    stdin: "piped",
    stdout: "piped",
    signal: AbortSignal.timeout(60_000),
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(scripts)));
  await writer.close();
  const { code, stdout } = await child.output();
  assertEquals(code, 0);
  return JSON.parse(new TextDecoder().decode(stdout));
}
