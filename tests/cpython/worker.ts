/**
 * Python processes that run tests, by `worker.py`, and what they tell of them.
 *
 * @module
 */

import { join } from "node:path";

const HERE = import.meta.dirname!;

/** Longer than any test takes, in seconds. */
const LIMIT_S = 30;
/** How long a process may take to start, or to end. */
const GRACE_MS = 20_000;

/** One method of CPython's tests in one of the classes that inherit it. */
export interface Case {
  /** `Class.method`, with the class that runs it. */
  readonly name: string;
  /** `Class.method`, with the class that defines it. */
  readonly method: string;
}

/** What became of a case. */
export interface Outcome {
  readonly kind: "passed" | "failed" | "skipped";
  /** The traceback, or the reason to skip. */
  readonly why: string;
}

/** Whose `socket` it is that a test imports. */
export type Subject = "deno" | "cpython";

/** An interpreter of 3.11 that has CPython's tests, if there is one. */
export async function findPython(given?: string): Promise<string | undefined> {
  const program = "import sys, test.test_socket; " +
    "sys.exit(sys.version_info[:2] != (3, 11))";
  const candidates = given === undefined
    ? ["python3.11", "python3", "/usr/bin/python3.11"]
    : [given];
  for (const candidate of candidates) {
    const command = new Deno.Command(candidate, {
      args: ["-c", program],
      stderr: "null",
    });
    try {
      if ((await command.output()).success) return candidate;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return undefined;
}

/** All cases of `test_socket.py`. */
export async function listCases(python: string): Promise<Case[]> {
  const { lines } = await work(python, ["list"], GRACE_MS);
  return lines.map(({ case: name, method }) => ({ name, method }));
}

/**
 * Runs cases of one class. A case that hangs ends the process, fails, and the
 * others go on in another one.
 */
export async function runCases(
  python: string,
  subject: Subject,
  names: readonly string[],
): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  let rest = [...names];
  while (rest.length > 0) {
    const { lines, stderr } = await work(
      python,
      ["run", subject, String(LIMIT_S), ...rest],
      rest.length * LIMIT_S * 1000 + GRACE_MS,
    );
    const all = lines.find(({ case: name }) => name === "");
    let interrupted: string | undefined;
    for (const { case: name, outcome, why } of lines) {
      if (outcome === "started") interrupted = name;
      else if (outcome === "done") {
        interrupted = undefined;
        if (!outcomes.has(name)) {
          outcomes.set(name, { kind: "passed", why: "" });
        }
      } else if (name !== "" && outcomes.get(name)?.kind !== "failed") {
        outcomes.set(name, { kind: outcome, why });
      }
    }
    if (interrupted !== undefined) {
      const known = outcomes.get(interrupted)?.why ?? "";
      const why = `${known}It did not end within ${LIMIT_S} s:\n${stderr}`;
      outcomes.set(interrupted, { kind: "failed", why });
    }
    const left = rest.filter((name) => !outcomes.has(name));
    if (all !== undefined || left.length === rest.length) {
      const why = all?.why ?? stderr;
      for (const name of left) outcomes.set(name, { kind: "failed", why });
      break;
    }
    rest = left;
  }
  return outcomes;
}

/** A line of `worker.py`'s report. */
type Line = Record<"case" | "method" | "why", string> & {
  readonly outcome: Outcome["kind"] | "started" | "done";
};

async function work(
  python: string,
  args: readonly string[],
  limit: number,
): Promise<{ lines: Line[]; stderr: string }> {
  const folder = await Deno.makeTempDir({ prefix: "pysocket-" });
  try {
    const child = new Deno.Command(python, {
      args: ["-B", join(HERE, "worker.py"), ...args],
      cwd: folder,
      env: { LC_ALL: "C.UTF-8", NO_COLOR: "1", PYSOCKET_DENO: Deno.execPath() },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      // A group of its own, which ends as one.
      detached: true,
    }).spawn();
    const timer = setTimeout(() => Deno.kill(-child.pid, "SIGKILL"), limit);
    const { stdout, stderr } = await child.output();
    clearTimeout(timer);
    const decoder = new TextDecoder();
    const lines = decoder.decode(stdout).trim().split("\n");
    return {
      lines: lines.filter(Boolean).map((line) => JSON.parse(line)),
      stderr: decoder.decode(stderr),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
