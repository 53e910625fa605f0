/** What processes need of memory, and that a server keeps nothing of its clients. */

import { assert } from "@std/assert";
import { resetAtAnswer } from "./_conns.ts";
import { assertEchoes, type Dialect } from "./_hostile.ts";
import type { LessonProcesses } from "./_process.ts";
import { NO_LINUX, testUnless } from "./_unless.ts";

/** Lets memory show what is held, and not what could be collected. */
const EAGER_COLLECTOR = "--max-semi-space-size=1,--optimize-for-size";

/** What a process has in memory, in kB; nothing where the system hides it. */
export async function readMemory(pid: number): Promise<number> {
  if (NO_LINUX !== undefined) return 0;
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(status.match(/^VmRSS:\s+(\d+) kB/m)?.[1]);
}

/** Tests that the echo server of a lesson keeps nothing of clients that left. */
export function testMemory(
  { name, startServer }: LessonProcesses,
  [dialect, args]: Dialect,
  count = 2_000,
): void {
  const [few, many] = [count, 4 * count].map((n) => n.toLocaleString("en-US"));
  const promise =
    `needs no more memory after ${many} clients than after ${few}`;
  testUnless(NO_LINUX, `${name} server in ${dialect} ${promise}`, async () => {
    await using server = await startServer(args, {
      isQuiet: true,
      denoArgs: ["-A", `--v8-flags=${EAGER_COLLECTOR}`],
    });
    await visit(server.address, count);
    const early = await readMemory(server.pid);
    await visit(server.address, 3 * count);
    const late = await readMemory(server.pid);
    // Leaked connections would take four times as much.
    assert(late < early + 8 * count, `${early} kB have become ${late} kB`);
  });
}

/** So many good clients, 50 at a time; every tenth leaves with a reset. */
async function visit(
  address: Deno.ConnectOptions,
  count: number,
): Promise<void> {
  await Promise.all(Array.from({ length: 50 }, async () => {
    while (count-- > 0) {
      if (count % 10 === 0) await resetAtAnswer(address, "hello");
      else await assertEchoes(address, "hello");
    }
  }));
}
