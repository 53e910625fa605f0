/** Long runs with tiny timeouts beside CPython: every datagram arrives, in order. */

import { assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { NO_UNIX, testUnless, unixPath } from "./_pairs.ts";
import { NO_PYTHON } from "./_peers.ts";
import { Process } from "./_process.ts";

const PEER = join(import.meta.dirname!, "peers", "datagram_peer.py");
const RUN = join("tests", "_datagram_run.ts");

/** In each direction. */
const COUNT = 10_000;

/** As many as the kernel keeps for sure: of Unix datagrams there are few. */
const WINDOW = { udp: 32, unix: 8 };

async function assertAllArrive(
  flags: readonly string[],
  window: number,
  path?: string,
): Promise<void> {
  const args = [COUNT, window].map(String);
  await using ours = new Process(Deno.execPath(), [
    ...["run", "--no-config", "--no-lock", ...flags, RUN, ...args],
    ...path === undefined ? [] : [path],
  ]);
  const [, port = ""] = await ours.find(/listening on (\d+)/);
  await using theirs = new Process("python3", [
    ...[PEER, path ?? "127.0.0.1", port, ...args],
  ]);
  assertEquals(await theirs.outcome(), {
    code: 0,
    stdout: `all ${COUNT}\n`,
    stderr: "",
  });
  const { code, stdout } = await ours.outcome();
  assertEquals(code, 0);
  assertMatch(stdout, /^all 10000, \d+ timeouts$/m);
}

const WAYS: Readonly<Record<string, string[]>> = {
  "Deno.listenDatagram and the descriptor": ["-A", "--unstable-net"],
  "Deno.listenDatagram": ["-A", "--deny-ffi", "--unstable-net"],
  "node:dgram": ["-A", "--deny-ffi"],
};

for (const [way, flags] of Object.entries(WAYS)) {
  testUnless(
    NO_PYTHON,
    `recvfrom() by ${way} loses nothing of UDP to timeouts`,
    async () => await assertAllArrive(flags, WINDOW.udp),
  );
}

testUnless(
  NO_UNIX ?? NO_PYTHON,
  "recvfrom() loses nothing of Unix datagrams to timeouts",
  async () => {
    await using folder = await unixPath();
    const flags = ["-A", "--deny-ffi", "--unstable-net"];
    await assertAllArrive(flags, WINDOW.unix, folder.path);
  },
);
