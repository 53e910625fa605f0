/** Lessons and their peers as processes, with deadlines that say what for. */

import { join } from "node:path";

const ROOT = join(import.meta.dirname!, "..");

/** Longer than anything takes; only what hangs comes here. */
const DEADLINE_MS = 20_000;

/** The outcome of a process that has ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a process writes. */
type Output = "stdout" | "stderr";

/** How to start a process. */
export interface StartOptions {
  readonly env?: Record<string, string>;
  /** The folder to start it in, in place of the project's. */
  readonly cwd?: string;
  /** Whether to throw standard error away instead of keeping it. */
  readonly isQuiet?: boolean;
  /** What it tells first on standard error; the outcome leaves that out. */
  readonly greeting?: RegExp | undefined;
  /** What to tell Deno, in place of `-A`. */
  readonly denoArgs?: readonly string[];
}

/** Waits for a promise, but not for ever: the error then says for what. */
export async function within<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Waited ${DEADLINE_MS / 1e3} s for ${what}`)),
      DEADLINE_MS,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A process whose output is read as it comes. */
export class Process implements AsyncDisposable {
  readonly #name: string;
  readonly #greeting: RegExp | string;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #outputs: Promise<unknown>;
  readonly #text = { stdout: "", stderr: "" };
  readonly #hasEnded = { stdout: false, stderr: false };
  #news = Promise.withResolvers<void>();

  /** Starts a program. */
  constructor(command: string, args: string[], options: StartOptions = {}) {
    this.#name = [command, ...args].join(" ").replace(Deno.execPath(), "deno");
    this.#greeting = options.greeting ?? "";
    this.#child = new Deno.Command(command, {
      args,
      cwd: options.cwd ?? ROOT,
      env: {
        LC_ALL: "C.UTF-8",
        NO_COLOR: "1",
        // Where the task of the tests was started is nothing to a lesson.
        INIT_CWD: "",
        ...options.env,
      },
      stdin: "piped",
      stdout: "piped",
      stderr: options.isQuiet ? "null" : "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#outputs = Promise.all([
      this.#collect("stdout"),
      options.isQuiet || this.#collect("stderr"),
    ]);
  }

  async #collect(output: Output): Promise<void> {
    const stream = this.#child[output].pipeThrough(new TextDecoderStream());
    for await (const text of stream) {
      this.#text[output] += text;
      this.#tell();
    }
    this.#hasEnded[output] = true;
    this.#tell();
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Waits until the output holds something, and returns the match. */
  async find(
    regExp: RegExp,
    output: Output = "stdout",
  ): Promise<RegExpMatchArray> {
    return (await this.findAll(regExp, 1, output))[0]!;
  }

  /** Waits until the output holds something so many times. */
  async findAll(
    regExp: RegExp,
    count: number,
    output: Output = "stdout",
  ): Promise<RegExpMatchArray[]> {
    const global = new RegExp(regExp, `${regExp.flags}g`);
    const search = async () => {
      while (true) {
        const matches = [...this.#text[output].matchAll(global)];
        if (matches.length >= count) return matches;
        if (this.#hasEnded[output]) {
          throw new Error(
            `${this.#name} ended without ${regExp}: ${this.#said}`,
          );
        }
        await this.#news.promise;
      }
    };
    const what = `${regExp} on ${output}, ${count} times, of ${this.#name}`;
    return await within(what, search());
  }

  /** The port in the first line of a server. */
  async port(): Promise<number> {
    return Number((await this.find(/^listening on .*:(\d+)\r?\n/))[1]);
  }

  /** Gives the process input. */
  async write(input: string | Uint8Array<ArrayBuffer>): Promise<void> {
    const bytes = typeof input === "string"
      ? new TextEncoder().encode(input)
      : input;
    await within(`${this.#name} to read its input`, this.#input.write(bytes));
  }

  /** Ends the input, as Ctrl-D does. */
  async endInput(): Promise<void> {
    await this.#input.close().catch(() => {}); // It may have exited already.
  }

  /** Waits for the end. */
  async outcome(): Promise<Outcome> {
    const { code } = await within(
      `the end of ${this.#name}: ${this.#said}`,
      this.#child.status,
    );
    await this.#outputs;
    const { stdout, stderr } = this.#text;
    return { code, stdout, stderr: stderr.replace(this.#greeting, "") };
  }

  get #said(): string {
    return JSON.stringify(this.#text);
  }

  /** Presses Ctrl-C and waits for the end, which must not be the signal's. */
  async interrupt(): Promise<Outcome> {
    this.kill("SIGINT");
    const outcome = await this.outcome();
    const { signal } = await this.#child.status;
    if (signal !== null) throw new Error(`${signal} killed ${this.#name}`);
    return outcome;
  }

  /** Sends a signal, unless the process has ended. */
  kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.endInput();
    await this.outcome();
  }
}

/** A lesson as a process. */
export interface LessonProcesses {
  readonly name: string;
  /** The command that runs it, to be followed by its arguments. */
  readonly command: readonly string[];
  /** Starts it. */
  start(args: readonly string[], options?: StartOptions): Process;
  /** Starts a script of the shell, to which the lesson is `"$@"`. */
  startInShell(script: string, args: readonly string[]): Process;
  /** Starts its server at a port of the system's choice. */
  startServer(
    args?: readonly string[],
    options?: StartOptions,
  ): Promise<Process & { readonly address: Deno.ConnectOptions }>;
  /** Starts its client, for a server at a port. */
  startClient(
    port: number | string,
    args?: readonly string[],
    options?: StartOptions,
  ): Process;
  /** Runs its client to the end, with all of its input at once. */
  runClient(
    port: number | string,
    input: string,
    args?: readonly string[],
  ): Promise<Outcome>;
  /** Runs it to its end, with all of its input at once. */
  run(args: readonly string[], options?: RunOptions): Promise<Outcome>;
}

/** How to run a process to its end. */
export interface RunOptions extends StartOptions {
  readonly input?: string;
}

/**
 * The lesson of that name. Its ends may begin with a greeting on standard error,
 * which their outcomes leave out.
 */
export function findLesson(name: string, greeting?: RegExp): LessonProcesses {
  const script = join("lessons", `${name}.ts`);
  const command = [Deno.execPath(), "run", "-A", script];
  const start = (args: readonly string[], options: StartOptions = {}) => {
    const { denoArgs = ["-A"] } = options;
    const all = ["run", ...denoArgs, script, ...args];
    return new Process(Deno.execPath(), all, { greeting, ...options });
  };
  const run = async (args: readonly string[], options: RunOptions = {}) => {
    await using process = start(args, options);
    await feed(process, options.input ?? "");
    return await process.outcome();
  };
  return {
    name,
    command,
    start,
    run,
    startClient: (port, args = [], options) =>
      start(["client", "--port", `${port}`, ...args], options),
    runClient: (port, input, args = []) =>
      run(["client", "--port", `${port}`, ...args], { input }),
    startInShell: (script, args) =>
      new Process("sh", ["-c", script, "sh", ...command, ...args]),
    startServer: async (args = [], options) => {
      const server = start(["server", "--port", "0", ...args], options);
      const address = { hostname: "127.0.0.1", port: await server.port() };
      return Object.assign(server, { address });
    },
  };
}

/** Runs a program to its end, with all of its input at once. */
export async function runProcess(
  command: string,
  args: string[],
  input = "",
): Promise<Outcome> {
  await using process = new Process(command, args);
  await feed(process, input);
  return await process.outcome();
}

async function feed(process: Process, input: string): Promise<void> {
  // One that does not read, or has ended, shows that by its outcome.
  if (input !== "") await process.write(input).catch(() => {});
  await process.endInput();
}

/** Both ways in which the lesson is written, for tests that hold for both. */
export const DIALECTS: readonly (readonly [name: string, args: string[]])[] = [
  ["the module", []],
  ["plain Deno", ["--native"]],
];

/**
 * Does something with each of them, all at once. Where one fails, the others are
 * waited for all the same, so that they are not in the way of the next test.
 */
export async function together<T>(
  items: readonly T[],
  fn: (item: T, place: number) => Promise<void>,
): Promise<void> {
  for (const each of await Promise.allSettled(items.map(fn))) {
    if (each.status === "rejected") throw each.reason;
  }
}

/** Runs a test in both dialects at once, since much of the time is waiting. */
export async function inBothDialects(
  test: (args: readonly string[]) => Promise<void>,
): Promise<void> {
  await together(DIALECTS, async ([dialect, args]) => {
    try {
      await test(args);
    } catch (cause) {
      throw new Error(`In ${dialect}: ${cause}`, { cause });
    }
  });
}
