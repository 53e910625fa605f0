/**
 * Runs a lesson as its command line says, and turns whatever comes of it into
 * an exit code: 0; 1 for a failure, with one line; 2 for wrong usage; 130 after
 * Ctrl-C.
 *
 * @module
 */

import type { Text } from "./_languages.ts";
import { StandardStreamError } from "./_lines.ts";
import {
  type Command,
  formatAddress,
  formatUsage,
  type Options,
  parseOptions,
  UsageError,
} from "./_options.ts";

/** What a lesson's functions are given. */
export interface Run extends Options {
  /** Aborted at Ctrl-C: a lesson then closes what it has open and returns. */
  readonly interrupted: AbortSignal;
  /** A text in the reader's language. */
  text(text: Text): string;
  /** Tells the reader something, in a paragraph on standard output. */
  say(text: Text): void;
  /**
   * Tells what happens, in one line on standard error: who reads only the first
   * line of standard output does not stop a server by that.
   */
  note(text: Text): void;
}

/** What a lesson can do, each for one command. */
export type Parts = Readonly<Record<Command, (run: Run) => Promise<void>>>;

/** A lesson. */
export interface Lesson extends Parts {
  /** Its `import.meta.url`. */
  readonly url: string;
  readonly title: Text;
  /** The same in plain Deno, for `--native`. */
  readonly native: Parts;
}

/** How long after Ctrl-C a lesson may take to close everything. */
const GRACE_MS = 1000;

/** Words that help with the commonest failures. */
const HINTS: Readonly<Record<string, Text>> = {
  ECONNREFUSED: { en: " (is the server running?)", zh: "（服务器启动了吗？）" },
  EADDRINUSE: {
    en: " (is a server running there already?)",
    zh: "（是不是已经有服务器在用这个端口？）",
  },
};

/** Runs a lesson to its end. */
export async function runLesson(lesson: Lesson): Promise<void> {
  const usage = formatUsage(lesson.url, lesson.title);
  let options: Options | undefined;
  try {
    options = parseOptions(Deno.args);
    if (options.help) console.log(usage[options.language]);
    else await runCommand(lesson, options);
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${usage[error.language]}`);
      Deno.exitCode = 2;
    } else {
      reportFailure(error, options);
      Deno.exitCode = 1;
    }
  }
}

async function runCommand(lesson: Lesson, options: Options): Promise<void> {
  const { command, language, native } = options;
  const interrupt = new AbortController();
  Deno.addSignalListener("SIGINT", () => {
    if (interrupt.signal.aborted) Deno.exit(130);
    // The terminal has shown ^C and is still in that line.
    if (Deno.stdin.isTerminal()) console.error();
    interrupt.abort();
    setTimeout(() => Deno.exit(130), GRACE_MS);
  });
  let isFirst = true;
  try {
    await (native ? lesson.native : lesson)[command]({
      ...options,
      interrupted: interrupt.signal,
      text: (text) => text[language],
      say: (text) => {
        console.log(isFirst ? text[language] : `\n${text[language]}`);
        isFirst = false;
      },
      note: (text) => console.error(text[language]),
    });
  } catch (error) {
    // What was closed at Ctrl-C fails, as it should.
    if (!interrupt.signal.aborted) throw error;
  }
  // A read of standard input cannot be taken back, and would keep us here.
  if (interrupt.signal.aborted) Deno.exit(130);
}

/** One line for what can go wrong in a right program; a bug stays uncaught. */
function reportFailure(error: unknown, options?: Options): void {
  const isBug = !(error instanceof Error) || error instanceof TypeError ||
    error instanceof RangeError || error instanceof ReferenceError;
  // A host that cannot be a name is the user's, not ours.
  const isBadName = error instanceof Error && error.name === "UnicodeError";
  if (isBug && !isBadName) throw error;
  const where = options ? whereFailed(error, options) : "";
  console.error(`${error.name}: ${error.message}${where}`);
}

/** The address, where it was one that failed, and what may help. */
function whereFailed(error: Error, options: Options): string {
  const { command, host, port, language } = options;
  if (command === "demo" || error instanceof StandardStreamError) return "";
  const address = formatAddress([host, port]);
  const { code } = error as { code?: unknown };
  const hint = HINTS[String(code)]?.[language] ?? "";
  return error.message.includes(address) ? hint : `: ${address}${hint}`;
}
