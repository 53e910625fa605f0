/** The programs beside which lessons are tested: CPython and nc. */

import { join } from "node:path";
import { type Outcome, Process, runProcess } from "./_process.ts";

/** Why tests that need CPython cannot run here, if they cannot. */
export const NO_PYTHON: string | undefined = await findMissing(
  "python3",
  ["-c", "import socket"],
  /^$/,
);

/** Why tests that need nc cannot run here, if they cannot. */
export const NO_NC: string | undefined = await findMissing(
  "nc",
  ["-h"],
  /OpenBSD/i,
);

/** Nothing is missing where PYSOCKET_PEERS says so: the tests then fail. */
async function findMissing(
  command: string,
  args: string[],
  expected: RegExp,
): Promise<string | undefined> {
  if (Deno.env.get("PYSOCKET_PEERS") === "required") return undefined;
  try {
    const { stdout, stderr } = await runProcess(command, args);
    if (expected.test(stdout + stderr)) return undefined;
    return `ignored: another ${command}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `ignored: no ${command}`;
    throw error;
  }
}

/** Starts a Python program of `peers/`. */
export function startPython(program: string, ...args: string[]): Process {
  return new Process("python3", toCommand(program, args));
}

/** Runs a Python program of `peers/` to its end. */
export async function runPython(
  program: string,
  args: string[],
  input?: string,
): Promise<Outcome> {
  return await runProcess("python3", toCommand(program, args), input);
}

/** What they import is not to be left in the project, compiled. */
function toCommand(program: string, args: string[]): string[] {
  return ["-B", join("tests", "peers", program), ...args];
}

/** Starts nc as a server for one client, at a port of the system's choice. */
export async function startNc(
  ...options: string[]
): Promise<Process & { readonly at: string }> {
  const nc = new Process("nc", [...options, "-v", "-l", "127.0.0.1", "0"]);
  const [, at = ""] = await nc.find(/(\d+)\s*$/m, "stderr");
  return Object.assign(nc, { at });
}

/** Runs nc as a client, which half-closes after its input. */
export async function runNc(
  { port }: Deno.ConnectOptions,
  input: string,
): Promise<Outcome> {
  return await runProcess("nc", ["-N", "127.0.0.1", `${port}`], input);
}
