/** Waiting for descriptors on a thread. */

import { assert, assertEquals } from "@std/assert";
import { AF_UNIX, SOCK_STREAM } from "../mod.ts";
import { POLLERR, POLLHUP, POLLIN, POLLNVAL, POLLOUT } from "../src/poller.ts";
import { inTime, isPending } from "./_outcome.ts";
import { testUnless } from "./_pairs.ts";
import { calls, countDescriptors, Descriptors, NO_POSIX } from "./_posix.ts";
import { run } from "./_program.ts";

const BYTE = Uint8Array.of(1);

function pair(descriptors: Descriptors): readonly [number, number] {
  return descriptors.keep(calls().socketpair(AF_UNIX, SOCK_STREAM, 0));
}

testUnless(
  NO_POSIX,
  "Posix.pollNow() says what has happened to each",
  () => {
    using descriptors = new Descriptors();
    const [a, b] = pair(descriptors);
    const [c, d] = pair(descriptors);
    calls().sendmsg(a, [BYTE]);
    descriptors.close(c);
    const happened = calls().pollNow([
      [b, POLLIN | POLLOUT],
      [b, POLLOUT],
      [a, POLLIN],
      [d, 0],
      [c, POLLIN],
    ]);
    assertEquals(happened, [POLLIN | POLLOUT, POLLOUT, 0, POLLHUP, POLLNVAL]);
  },
);

testUnless(NO_POSIX, "Posix.poll() waits until something happens", async () => {
  using descriptors = new Descriptors();
  const [a, b] = pair(descriptors);
  const { happened } = calls().poll(b, POLLIN);
  assert(await isPending(happened));
  calls().sendmsg(a, [BYTE]);
  assertEquals(await inTime(happened), POLLIN);
  // What is there already is found too.
  assertEquals(await inTime(calls().poll(b, POLLIN).happened), POLLIN);
  assertEquals(await inTime(calls().poll(b, POLLOUT).happened), POLLOUT);
});

testUnless(
  NO_POSIX,
  "Posix.poll() of several ends for each on its own",
  async () => {
    using descriptors = new Descriptors();
    const pairs = Array.from({ length: 20 }, () => pair(descriptors));
    const early = pairs.map(([, b]) => calls().poll(b, POLLIN).happened);
    assert(await isPending(Promise.race(early)));
    const order: number[] = [];
    for (const [i, happened] of early.entries()) {
      happened.then(() => order.push(i));
    }
    for (const i of [7, 3, 19]) {
      calls().sendmsg(pairs[i]![0], [BYTE]);
      await inTime(early[i]!);
    }
    assertEquals(order, [7, 3, 19]);
    for (const [a] of pairs) calls().sendmsg(a, [BYTE]);
    assertEquals(await inTime(Promise.all(early)), pairs.map(() => POLLIN));
  },
);

testUnless(NO_POSIX, "Posix.poll() is 0 when its time is over", async () => {
  using descriptors = new Descriptors();
  const [, b] = pair(descriptors);
  const start = performance.now();
  const longer = calls().poll(b, POLLIN, 60);
  assertEquals(await inTime(calls().poll(b, POLLIN, 0.05).happened), 0);
  assert(performance.now() - start >= 50);
  assertEquals(await inTime(calls().poll(b, POLLIN, 0).happened), 0);
  assert(await isPending(longer.happened));
  await longer.cancel();
});

testUnless(
  NO_POSIX,
  "Polling.cancel() ends the wait and lets go of the descriptor",
  async () => {
    using descriptors = new Descriptors();
    const [a, b] = pair(descriptors);
    const polling = calls().poll(b, POLLIN);
    assert(await isPending(polling.happened));
    const released = polling.cancel();
    assertEquals(await inTime(polling.happened), 0);
    await inTime(released);
    descriptors.close(b);
    // Nobody holds it any more, so its peer sees the end.
    assertEquals(calls().recv(a, 1), new Uint8Array(0));
    await polling.cancel();
  },
);

testUnless(NO_POSIX, "Polling.cancel() leaves the others waiting", async () => {
  using descriptors = new Descriptors();
  const [a, b] = pair(descriptors);
  const pollings = [1, 2, 3].map(() => calls().poll(b, POLLIN));
  assert(await isPending(pollings[0]!.happened));
  await pollings[1]!.cancel();
  assert(await isPending(pollings[0]!.happened));
  calls().sendmsg(a, [BYTE]);
  const happened = pollings.map(({ happened }) => happened);
  assertEquals(await inTime(Promise.all(happened)), [POLLIN, 0, POLLIN]);
});

testUnless(
  NO_POSIX,
  "Posix.poll() of no open descriptor ends at once",
  async () => {
    assertEquals(await inTime(calls().poll(99_999, POLLIN).happened), POLLNVAL);
  },
);

testUnless(NO_POSIX, "Posix.poll() tells an error", async () => {
  using descriptors = new Descriptors();
  const [a, b] = pair(descriptors);
  calls().sendmsg(a, [BYTE]);
  descriptors.close(b); // With a byte that it has not received: a reset.
  const happened = await inTime(calls().poll(a, POLLIN).happened);
  assertEquals((happened & (POLLHUP | POLLERR)) !== 0, true);
});

testUnless(NO_POSIX, "Posix.poll() leaks nothing in 1,000 rounds", async () => {
  using descriptors = new Descriptors();
  const [a, b] = pair(descriptors);
  const round = async (isCancelled: boolean) => {
    const polling = calls().poll(b, POLLIN);
    if (isCancelled) return await polling.cancel();
    calls().sendmsg(a, [BYTE]);
    await polling.happened;
    calls().recv(b, 1);
  };
  await round(true);
  const before = countDescriptors();
  for (let i = 0; i < 1000; i++) await round(i % 2 === 0);
  assertEquals(countDescriptors(), before);
});

testUnless(
  NO_POSIX,
  "Posix.poll() raises what the system refuses",
  async () => {
    // More than the process may have open: EINVAL, which the thread cannot tell.
    const program = `
    const { posix } = await import(${
      JSON.stringify(import.meta.resolve("../src/posix.ts"))
    });
    const waits = Array.from({ length: 200 }, () => posix().poll(99, 1).happened);
    const reasons = (await Promise.allSettled(waits)).map((result) => result.reason?.code);
    console.log(new Set(reasons));
  `;
    const path = await Deno.makeTempFile({ suffix: ".ts" });
    try {
      await Deno.writeTextFile(path, program);
      const deno =
        `ulimit -n 100; exec "$0" run -A --no-check --no-config "$1"`;
      const { stdout } = await new Deno.Command("sh", {
        args: ["-c", deno, Deno.execPath(), path],
        env: { NO_COLOR: "1" },
      }).output();
      assertEquals(
        new TextDecoder().decode(stdout),
        'Set(1) { "EINVAL" }\n',
      );
    } finally {
      await Deno.remove(path);
    }
  },
);

testUnless(
  NO_POSIX,
  "Posix.poll() keeps the program running, and cancelled no longer",
  async () => {
    const module = JSON.stringify(import.meta.resolve("../src/posix.ts"));
    const program = `
      const { posix } = await import(${module});
      const [a, b] = posix().socketpair(1, 1, 0);
      setTimeout(() => posix().sendmsg(a, [Uint8Array.of(1)]), 20);
      console.log(await posix().poll(b, 1).happened);
      const polling = posix().poll(a, 1);
      setTimeout(() => polling.cancel(), 20);
      console.log(await polling.happened);
    `;
    const { code, stdout } = await run(program);
    assertEquals({ code, stdout }, { code: 0, stdout: "1\n0\n" });
  },
);

testUnless(NO_POSIX, "Posix.poll() goes with its worker", async () => {
  const module = JSON.stringify(import.meta.resolve("../src/posix.ts"));
  const code = `
    import { posix } from ${module};
    const [, b] = posix().socketpair(1, 1, 0);
    posix().poll(b, 1);
    setTimeout(() => postMessage("polling"), 20);
  `;
  const program = `
    const worker = new Worker(${
    JSON.stringify(`data:application/typescript,${encodeURIComponent(code)}`)
  }, { type: "module" });
    await new Promise((resolve) => worker.onmessage = resolve);
    worker.terminate();
    console.log("ended");
  `;
  const { code: exitCode, stdout } = await run(program);
  assertEquals({ exitCode, stdout }, { exitCode: 0, stdout: "ended\n" });
});
