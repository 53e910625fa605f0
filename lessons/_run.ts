/**
 * Runs a lesson as its command line says, and turns whatever comes of it into
 * an exit code: 0; 1 for a failure, with one line; 2 for wrong usage; 130 after
 * Ctrl-C.
 *
 * @module
 */

import type { Text } from "./_languages.ts";
import { isInputPending, StandardStreamError } from "./_lines.ts";
import {
  formatAddress,
  formatUsage,
  type LessonOption,
  type Options,
  parseOptions,
  type Syntax,
  UsageError,
} from "./_options.ts";
import { findName, findNumber, formatNextCommand, PATH } from "./_path.ts";

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

/** What a lesson does at one command. */
export type Part = (run: Run) => Promise<void>;

/** The demo, and the ends that the lesson has. */
export interface Parts {
  /** Both ends in one process, narrated. */
  readonly demo: Part;
  /** The end that waits for the other. */
  readonly server?: Part;
  /** The end that begins. */
  readonly client?: Part;
}

/** A lesson. */
export interface Lesson extends Parts {
  /** Its `import.meta.url`. */
  readonly url: string;
  /** What it is called, without its number. */
  readonly title: Text;
  /** What `--help` says of its ends, where that is not the usual. */
  readonly help?: { readonly server?: Text; readonly client?: Text };
  /** The same in plain Deno, for `--native`. */
  readonly native?: Parts;
  /** Options of its own, by their names without the dashes. */
  readonly options?: Readonly<Record<string, LessonOption>>;
}

/** What `--help` says of the ends, unless the lesson says it. */
const HELP = {
  server: { en: "serve until Ctrl-C", zh: "运行服务器，按 Ctrl-C 结束" },
  client: {
    en: "send each line of standard input, print each reply; q ends",
    zh: "把标准输入的每一行发出去，并打印每个回复；输入 q 退出",
  },
};

/** How long after Ctrl-C a lesson may take to close everything. */
const GRACE_MS = 1000;

/** What somebody at a terminal is told first. */
const GREETINGS = {
  server: { en: "Ctrl-C ends the server.", zh: "按 Ctrl-C 结束服务器。" },
  client: {
    en: "Type a line and press Enter; q ends.",
    zh: "输入一行，按回车发送；输入 q 结束。",
  },
};

const CLOSED: Text = {
  en: " (the server has closed the connection)",
  zh: "（服务器已关闭连接）",
};

/** Words that help with the commonest failures, by code or by name. */
const HINTS: Readonly<Record<string, Text>> = {
  EPIPE: CLOSED,
  ECONNRESET: CLOSED,
  ECONNREFUSED: { en: " (is the server running?)", zh: "（服务器启动了吗？）" },
  EADDRINUSE: {
    en: " (is a server running there already? --port takes another)",
    zh: "（是不是已经有服务器在用这个端口？可用 --port 换一个）",
  },
  TimeoutError: {
    en: " (no answer in time: a busy server, a wrong host, a firewall?)",
    zh: "（没有及时回应：服务器太忙、主机写错，还是被防火墙拦住了？）",
  },
};

/** Runs a lesson to its end, as the arguments say. */
export async function runLesson(
  lesson: Lesson,
  args: string[] = Deno.args,
): Promise<void> {
  const syntax = findSyntax(lesson);
  const usage = formatUsage(syntax);
  let options: Options | undefined;
  try {
    options = parseOptions(args, syntax);
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
  if (isInputPending()) Deno.exit();
}

function findSyntax(lesson: Lesson): Syntax {
  const { url, title, help = {}, native, options = {} } = lesson;
  return {
    url,
    title,
    ends: {
      ...(lesson.server && { server: help.server ?? HELP.server }),
      ...(lesson.client && { client: help.client ?? HELP.client }),
    },
    isNative: native !== undefined,
    options,
  };
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
    const part = (native ? lesson.native : lesson)?.[command];
    if (part === undefined) throw new TypeError(`No ${command} to run`);
    const isWatched = Deno.stdin.isTerminal() && Deno.stderr.isTerminal();
    if (command !== "demo" && isWatched) {
      console.error(GREETINGS[command][language]);
    }
    await part({
      ...options,
      interrupted: interrupt.signal,
      text: (text) => text[language],
      say: (text) => {
        console.log(isFirst ? text[language] : `\n${text[language]}`);
        isFirst = false;
      },
      note: (text) => console.error(text[language]),
    });
    if (command === "demo") console.log(`\n${formatNext(lesson)[language]}`);
  } catch (error) {
    // What was closed at Ctrl-C fails, as it should.
    if (!interrupt.signal.aborted) throw error;
  }
  if (interrupt.signal.aborted) Deno.exit(130);
}

/** What comes after this lesson. */
function formatNext({ url }: Lesson): Text {
  const next = PATH[findNumber(findName(url))];
  if (next === undefined) {
    return { en: "That was the last lesson.", zh: "这是最后一课。" };
  }
  const command = formatNextCommand(url, next);
  return { en: `Next: ${command}`, zh: `下一课：${command}` };
}

/** One line for what can go wrong in a right program; a bug stays uncaught. */
function reportFailure(error: unknown, options?: Options): void {
  const isBug = !(error instanceof Error) || error instanceof TypeError ||
    error instanceof RangeError || error instanceof ReferenceError;
  // A host that cannot be a name is the user's, not ours.
  const isBadName = error instanceof Error && error.name === "UnicodeError";
  if (isBug && !isBadName) throw error;
  // Nobody reads the output any more, as of `| head`: that is no failure to tell.
  const isUnread = error instanceof StandardStreamError &&
    error.cause instanceof Deno.errors.BrokenPipe;
  if (isUnread) return;
  const language = options?.language ?? "en";
  const message = error instanceof StandardStreamError
    ? error.text[language]
    : error.message;
  const where = options ? whereFailed(error, options) : "";
  // The cursor is still behind a prompt.
  if (isInputPending() && Deno.stdin.isTerminal()) console.error();
  console.error(`${error.name}: ${message}${where}`);
}

/** The address, where it was one that failed, and what may help. */
function whereFailed(error: Error, options: Options): string {
  const { command, host, port, language } = options;
  const isElsewhere = error instanceof StandardStreamError ||
    error instanceof Deno.errors.NotSupported;
  if (command === "demo" || isElsewhere) return "";
  const address = formatAddress([host, port]);
  const { code } = error as { code?: unknown };
  const hint = (HINTS[String(code)] ?? HINTS[error.name])?.[language] ?? "";
  if (error.message.includes(address)) return hint;
  // Behind Chinese words a colon of another kind would look odd.
  const isChinese = /\p{sc=Han}/u.test(error.message);
  return isChinese ? `（${address}）${hint}` : `: ${address}${hint}`;
}
