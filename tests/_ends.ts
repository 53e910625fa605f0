/** What the servers and the clients of several lessons promise alike. */

import { assertEquals } from "@std/assert";
import { answer, type Data, readExactly, readPiece } from "./_conns.ts";
import { assertFails, assertPrints } from "./_endings.ts";
import { runNc, runPython, startNc, startPython } from "./_peers.ts";
import {
  type LessonProcesses,
  type Outcome,
  together,
  within,
} from "./_process.ts";

// ## Servers

/** What exact_client.py finds right at an echo server. */
export const ECHO_CASES = [
  "1 byte",
  "Chinese text",
  "1 MiB",
  "half-close",
  "nothing",
  "200 clients at once",
];

/** Asserts that a Python program finds each of its cases right at a server. */
export async function assertPythonFinds(
  { port }: Deno.ConnectOptions,
  program: string,
  cases: readonly string[],
): Promise<void> {
  const outcome = await runPython(program, [`${port}`]);
  assertEquals([outcome.code, outcome.stderr], [0, ""]);
  assertEquals(outcome.stdout.trim().split(/\r?\n/), cases);
}

/** Asserts that nc, given this input, prints what a server has to reply. */
export async function assertAnswersNc(
  address: Deno.ConnectOptions,
  input: string,
  replies = input,
): Promise<void> {
  assertPrints(await runNc(address, input), replies);
}

// ## Clients

/** What a client is given, what it prints then, and its options. */
export interface Talk {
  readonly input: string;
  /** What it prints; its input if left out. */
  readonly printed?: string;
  readonly args?: readonly string[];
}

/** Asserts that a client gets its replies from a server in Python. */
export async function assertTalksWithPython(
  { runClient }: LessonProcesses,
  [program, ...options]: readonly [program: string, ...options: string[]],
  { input, printed = input, args }: Talk,
): Promise<void> {
  await using server = startPython(program, ...options);
  assertPrints(await runClient(await server.port(), input, args), printed);
}

/** Asserts that a client gets a reply to its line from nc, typed by hand. */
export async function assertTalksWithNc(
  { runClient }: LessonProcesses,
  { input, printed = input, args }: Talk,
): Promise<void> {
  await using nc = await startNc();
  await nc.write(printed);
  assertPrints(await runClient(nc.at, input, args), printed);
  await nc.find(new RegExp(`^${RegExp.escape(input)}$`));
}

/** Asserts that a client prints each reply before the next line is typed. */
export async function assertPrintsAtOnce(
  { startClient, startServer }: LessonProcesses,
  args: readonly string[],
  rows: readonly (readonly [line: string, reply: string])[],
  end = "",
): Promise<void> {
  await using server = await startServer(args);
  await using client = startClient(server.address.port, args);
  let printed = "";
  for (const [line, reply] of rows) {
    await client.write(line);
    printed += reply;
    await client.find(new RegExp(`^${RegExp.escape(printed)}$`));
  }
  await client.endInput();
  assertPrints(await client.outcome(), printed + end);
}

/** What is typed at a client, `null` for the end, and how many bytes then come. */
export type Typed = readonly [input: string | null, size: number];

/**
 * Asserts that a client ends at Ctrl-C and closes its connection, whatever it
 * waits for: for input if nothing has been typed, or for what a server sends.
 */
export async function assertClosesAtCtrlC(
  { startClient }: LessonProcesses,
  args: readonly string[],
  cases: readonly Typed[],
): Promise<void> {
  await together(cases, async ([input, size]) => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    await using client = startClient(listener.addr.port, args);
    using conn = await within("a client", listener.accept());
    if (input === null) {
      await client.endInput();
      assertEquals(await readPiece(conn), null);
    } else {
      await client.write(input);
      assertEquals((await readExactly(conn, size)).length, size);
    }
    const outcome = await client.interrupt();
    assertEquals(outcome, { code: 130, stdout: "", stderr: "" });
    assertEquals(await readPiece(conn), null);
  });
}

/** What comes of a client whose server sends a few bytes and leaves. */
export interface Left {
  readonly input: string;
  /** How many bytes the server reads first. */
  readonly size: number;
  readonly reply: Data;
  readonly args?: readonly string[];
}

/**
 * Asserts that such a client fails with that line, which its server's address
 * ends, and has printed what is due. `line` is the source of a RegExp.
 */
export async function assertFailsWhenLeft(
  { runClient }: LessonProcesses,
  left: Left,
  line: string,
  printed = "",
): Promise<void> {
  const outcome = await runWithLeaver(runClient, left);
  assertFails(
    outcome,
    new RegExp(`^${line}(: ADDRESS|（ADDRESS）)\n$`),
    printed,
  );
}

/** Asserts that a client is content with what such a server sends. */
export async function assertPrintsWhenLeft(
  { runClient }: LessonProcesses,
  left: Left,
  printed: string,
): Promise<void> {
  assertPrints(await runWithLeaver(runClient, left), printed);
}

/** Plays such a server. In what the client says, ADDRESS stands for its address. */
async function runWithLeaver(
  runClient: LessonProcesses["runClient"],
  { input, size, reply, args }: Left,
): Promise<Outcome> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const [outcome] = await Promise.all([
    runClient(port, input, args),
    answer(listener, size, reply),
  ]);
  const stderr = outcome.stderr.replaceAll(`127.0.0.1:${port}`, "ADDRESS");
  return { ...outcome, stderr };
}
