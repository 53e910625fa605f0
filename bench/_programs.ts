/** The contenders as programs: which are here, and how one is run. */

const FOLDER = import.meta.dirname!;
const DENO = [Deno.execPath(), "run", "-A", "--no-check"];

/** Programs by their names; a contender is one, or has some for some work. */
const PROGRAMS: Record<string, readonly string[]> = {
  "pysocket": [...DENO, `${FOLDER}/contenders/ours.ts`],
  "pysocket selectors": [...DENO, `${FOLDER}/contenders/selecting.ts`],
  "pysocket files": [...DENO, `${FOLDER}/contenders/files.ts`],
  "bare Deno": [...DENO, `${FOLDER}/contenders/bare.ts`],
  "node in Deno": [...DENO, `${FOLDER}/contenders/node.ts`],
  "CPython": ["python3", `${FOLDER}/contenders/blocking.py`],
  "CPython selectors": ["python3", `${FOLDER}/contenders/selecting.py`],
  "CPython files": ["python3", `${FOLDER}/contenders/files.py`],
  "asyncio": ["python3", `${FOLDER}/contenders/streams.py`],
  "trio": ["python3", `${FOLDER}/contenders/trio_.py`],
  "load": [...DENO, `${FOLDER}/_load.ts`],
  "crowd": [...DENO, `${FOLDER}/_crowd.ts`],
};

/** A program that runs. */
export class Program implements AsyncDisposable {
  readonly #name: string;
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string>;

  /** Starts it. */
  constructor(name: string, args: readonly (string | number)[]) {
    const [command = "", ...rest] = PROGRAMS[name] ?? [];
    this.#name = `${name} ${args.join(" ")}`;
    this.#child = new Deno.Command(command, {
      args: [...rest, ...args.map(String)],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#lines = readLines(this.#child.stdout);
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`${this.#name} has ended without a figure`);
    return value;
  }

  /** Tells it to go on. */
  async goOn(): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    await writer.write(new TextEncoder().encode("\n"));
    writer.releaseLock();
  }

  /** Waits for its end, which has to be a good one. */
  async end(): Promise<void> {
    const { success } = await this.#child.status;
    if (!success) throw new Error(`${this.#name} failed`);
  }

  /** Bytes of it that are in memory: Linux tells that. */
  async memory(): Promise<number> {
    const path = `/proc/${this.#child.pid}/status`;
    const [, kilobytes] = (await Deno.readTextFile(path))
      .match(/^VmRSS:\s+(\d+) kB/m) ?? [];
    return Number(kilobytes) * 1024;
  }

  /** Ends it, whatever it does. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      // It may have ended by itself.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#child.status;
    await this.#lines.return(undefined);
    await this.#child.stdin.abort();
  }
}

async function* readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string> {
  let text = "";
  for await (const part of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (text + part).split("\n");
    text = lines.pop()!;
    yield* lines;
  }
}

/**
 * Finds out who is here: `python3`, trio in it, and a C compiler, whose program
 * goes into `folder`.
 *
 * @returns What is missing, for each contender that is.
 */
export async function findMissing(
  folder: string,
): Promise<Map<string, string>> {
  const missing = new Map<string, string>();
  const hasPython = await canRun("python3", ["-c", "import asyncio"]);
  if (!hasPython) {
    missing.set("CPython", "no python3").set("asyncio", "no python3");
  }
  if (!await canRun("python3", ["-c", "import trio"])) {
    missing.set("trio", "no trio in python3");
  }
  const program = `${folder}/ping`;
  const source = `${FOLDER}/contenders/ping.c`;
  if (await canRun("cc", ["-O2", "-o", program, source])) {
    PROGRAMS["C"] = [program];
  } else {
    missing.set("C", "no cc");
  }
  return missing;
}

async function canRun(command: string, args: string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, {
      args,
      stderr: "null",
      stdout: "null",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The seconds that a program takes from its start to its end. */
export async function timeProgram(
  command: string,
  args: readonly string[],
): Promise<number> {
  const start = performance.now();
  const { success, stderr } = await new Deno.Command(command, {
    args: [...args],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return (performance.now() - start) / 1e3;
}
