/** The same calls of functions on CPython's module and on ours. */

import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import * as socket from "../mod.ts";
import type { Value } from "./_scripts.ts";

const CALLS_PATH = join(import.meta.dirname!, "peers", "calls.py");

/** The Python whose answers are ours: others have a few other words. */
const ONLY = "3.11 on linux";

/** Longer than a resolver tries that gets no answer. */
const LIMIT_MS = 60_000;

/** A function and its arguments; values as in `_scripts.ts`. */
export type FunctionCall = readonly [name: string, ...args: Value[]];

/** How the calls are made. */
export interface CallsOptions {
  /** Whether to make them all at once, because some may wait for a resolver. */
  readonly together?: boolean;
  /** What of an outcome counts; all of it if left out. */
  readonly view?: (outcome: Value, call: FunctionCall) => Value;
}

/**
 * Adds a test that makes calls on both sides and compares what they come to:
 * value, or class, errno and words of the error.
 */
export function testBesideCPython(
  name: string,
  calls: readonly FunctionCall[],
  options: CallsOptions = {},
): void {
  const { view = (outcome) => outcome } = options;
  Deno.test({
    name: REASON === undefined ? name : `${name} (ignored: ${REASON})`,
    ignore: REASON !== undefined,
    async fn() {
      assert(PYTHON, "PYSOCKET_PEERS is required, and python3 does not run");
      const [theirs, ours] = await Promise.all([
        askCPython(calls, options),
        askUs(calls, options),
      ]);
      const differences = calls.flatMap((call, i) => {
        const [their, our] = [theirs, ours].map((each) =>
          JSON.stringify(view(each[i]!, call))
        );
        return their === our ? [] : [
          `${call[0]}(${JSON.stringify(call.slice(1)).slice(1, -1)})`,
          `    CPython: ${their}`,
          `    ours:    ${our}`,
        ];
      });
      assertEquals(differences.join("\n"), "");
    },
  });
}

/** The calls of one function. */
export function callsOf(
  name: string,
  lists: readonly (readonly Value[])[],
): FunctionCall[] {
  return lists.map((args) => [name, ...args]);
}

/** Integers that fit nowhere, and what is no integer. */
export const NO_INT32: readonly Value[] = [
  ...[null, "x", "1", 1.5, { list: [] }, { bytes: [1] }],
  ...[2 ** 31, -(2 ** 31) - 1, { int: "9223372036854775808" }],
  ...[{ int: "-9223372036854775809" }, { int: "1" + "0".repeat(30) }],
];

/** What is no string. */
export const NO_TEXT: readonly Value[] = [
  ...[null, 5, 1.5, true, { list: [] }, { bytes: [49] }, "a\0b", "\ud800"],
  ...["a\ud800\udfff\udfffb"],
];

/** The names of this machine's hosts file that are names of hosts. */
export function hostsFileNames(): string[] {
  try {
    const text = Deno.readTextFileSync("/etc/hosts").replaceAll(/#.*/g, "");
    const words = text.split("\n").flatMap((line) =>
      line.trim().split(/\s+/).slice(1)
    );
    return [...new Set(words)].filter((word) => /^[a-z][\w.-]*$/i.test(word));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

const PYTHON = await findPython();
const REASON = findReason();

async function askUs(
  calls: readonly FunctionCall[],
  { together = false }: CallsOptions,
): Promise<Value[]> {
  if (together) return await Promise.all(calls.map(outcomeOf));
  const outcomes: Value[] = [];
  for (const call of calls) outcomes.push(await outcomeOf(call));
  return outcomes;
}

async function outcomeOf([name, ...args]: FunctionCall): Promise<Value> {
  const functions = socket as unknown as Record<
    string,
    (...args: unknown[]) => unknown
  >;
  try {
    return encode(await functions[name]!(...args.map(decode)));
  } catch (error) {
    assert(error instanceof Error);
    const errno = error instanceof socket.OSError ? error.errno : null;
    return { error: error.name, message: error.message, errno };
  }
}

function decode(value: Value): unknown {
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== "object" || value === null) return value;
  const [entry] = Object.entries(value as Record<string, Value>);
  if (entry === undefined) return value;
  const [kind, content] = entry;
  if (kind === "int") return BigInt(content as string);
  return kind === "bytes" ? Uint8Array.from(content as number[]) : content;
}

function encode(value: unknown): Value {
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (Array.isArray(value)) return value.map(encode);
  return (value ?? null) as Value;
}

async function askCPython(
  calls: readonly FunctionCall[],
  { together = false }: CallsOptions,
): Promise<Value[]> {
  const { outcomes } = await runPython({ calls, together });
  return outcomes;
}

interface Answer {
  /** The version and the system, as in `3.11 on linux`. */
  readonly python: string;
  readonly outcomes: Value[];
}

async function runPython(input: unknown): Promise<Answer> {
  const child = new Deno.Command("python3", {
    args: [CALLS_PATH],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(LIMIT_MS),
  }).spawn();
  const [{ success, stdout, stderr }] = await Promise.all([
    child.output(),
    new Response(JSON.stringify(input)).body!.pipeTo(child.stdin),
  ]);
  const [out = "", error] = [stdout, stderr]
    .map((bytes) => new TextDecoder().decode(bytes));
  assert(success, error);
  return JSON.parse(out);
}

/** What python3 is; `undefined` where it does not run. */
async function findPython(): Promise<string | undefined> {
  try {
    return (await runPython({ calls: [], together: false })).python;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function findReason(): string | undefined {
  const isRequired = Deno.env.get("PYSOCKET_PEERS") === "required";
  if (PYTHON === undefined) return isRequired ? undefined : "no python3";
  return PYTHON === ONLY ? undefined : `not Python ${ONLY}`;
}
