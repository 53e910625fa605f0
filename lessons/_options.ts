/**
 * What a lesson is told on its command line, and what it says about that with
 * `--help`.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { pad } from "./_draw.ts";
import {
  findLanguage,
  isLanguage,
  type Language,
  type Text,
} from "./_languages.ts";
import { findName, findNumber, formatCommand } from "./_path.ts";

/** What a lesson does: the demo, which needs no word, or one of its ends. */
export type Command = "demo" | "server" | "client";

/** An option of one lesson alone. */
export interface LessonOption {
  /** The end that takes it, if not both do. */
  readonly end?: "server" | "client";
  /** What `--help` says of it. */
  readonly help: Text;
  /** What stands for its value in the help; a switch, with no value, has none. */
  readonly placeholder?: string;
  /** The value if the option is not given. */
  readonly default?: string;
}

/** What the command line of a lesson may say. */
export interface Syntax {
  /** The lesson's `import.meta.url`. */
  readonly url: string;
  /** What it is called, without its number. */
  readonly title: Text;
  /** What the help says of each end that the lesson has. */
  readonly ends: Readonly<Partial<Record<"server" | "client", Text>>>;
  /** Whether it can be run in plain Deno, too. */
  readonly isNative: boolean;
  /** Its own options, by their names without the dashes. */
  readonly options: Readonly<Record<string, LessonOption>>;
}

/** A command line, checked. */
export interface Options {
  /** What to do. */
  readonly command: Command;
  /** Where the server listens, or is. */
  readonly host: string;
  /** Its port; for the server, 0 lets the system choose. */
  readonly port: number;
  /** Whether to use plain Deno instead of the module. */
  readonly native: boolean;
  /** Whether to print how the lesson is used, and nothing else. */
  readonly help: boolean;
  /** What to narrate in. */
  readonly language: Language;
  /** The switches of the lesson's own that are on. */
  readonly switches: ReadonlySet<string>;
  /** The values of the lesson's own options. */
  readonly values: ReadonlyMap<string, string>;
}

/** The command line makes no sense. */
export class UsageError extends Error {
  /** The language that could be made out nevertheless. */
  readonly language: Language;

  /** `text` says what is wrong. */
  constructor(text: Text, language: Language) {
    super(text[language]);
    this.name = "UsageError";
    this.language = language;
  }
}

/** Reads a command line. */
export function parseOptions(args: string[], syntax: Syntax): Options {
  const own = Object.keys(syntax.options);
  const takesValue = (name: string) =>
    syntax.options[name]?.placeholder !== undefined;
  const hasEnds = Object.keys(syntax.ends).length > 0;
  const unknown: string[] = [];
  const joined = joinNegative(args, ["port", ...own.filter(takesValue)]);
  const parsed: Record<string, unknown> & { _: unknown[] } = parseArgs(joined, {
    string: [
      ...["_", "lang"],
      ...(hasEnds ? ["host", "port"] : []),
      ...own.filter(takesValue),
    ],
    boolean: [
      "help",
      ...(syntax.isNative ? ["native"] : []),
      ...own.filter((name) => !takesValue(name)),
    ],
    alias: { help: "h" },
    default: { lang: findLanguage() },
    unknown: (arg, key) => {
      if (key !== undefined) unknown.push(arg);
      return key === undefined;
    },
  });
  const { host = "127.0.0.1", port = "8000", lang } = parsed;
  const help = parsed["help"] === true;
  const language = isLanguage(`${lang}`) ? lang as Language : findLanguage();
  const check = (isRight: boolean, en: string, zh: string) => {
    if (!isRight && !help) throw new UsageError({ en, zh }, language);
  };
  const [word = "demo", ...others] = parsed._.map(String);
  const command = word === "demo" || word in syntax.ends
    ? word as Command
    : undefined;
  const extra = command === undefined ? word : others[0];
  const isSecond = command !== undefined && extra !== undefined &&
    extra in syntax.ends;
  const strange = formatUnknownOption(`${unknown[0]}`);
  check(unknown.length === 0, strange.en, strange.zh);
  check(
    !isSecond,
    `One command at a time: ${command} or ${extra}`,
    `一次只能用一个命令：${command} 或 ${extra}`,
  );
  check(extra === undefined, `Unknown command: ${extra}`, `未知命令：${extra}`);
  for (const [name, { end }] of Object.entries(syntax.options)) {
    const isGiven = parsed[name] !== undefined && parsed[name] !== false;
    check(
      end === undefined || end === command || !isGiven,
      `Option --${name} is for the ${end}`,
      `选项 --${name} 只用于 ${end}`,
    );
  }
  const foreign = formatWrongLanguage(`${lang}`);
  check(lang === language, foreign.en, foreign.zh);
  check(
    host !== "",
    "Option --host must not be empty",
    "选项 --host 不能为空",
  );
  const [, hostPort] = `${host}`.match(/^[^:]+:(\d+)$/) ?? [];
  check(
    hostPort === undefined,
    `Option --host takes no port: use --port ${hostPort}`,
    `选项 --host 不含端口，请用 --port ${hostPort}`,
  );
  const least = command === "client" ? 1 : 0;
  check(
    /^\d+$/.test(`${port}`) && Number(port) >= least && Number(port) <= 65535,
    `Option --port must be ${least}-65535: current value is "${port}"`,
    `选项 --port 的范围是 ${least}–65535，而不是“${port}”`,
  );
  const values = own.filter(takesValue).map((name) =>
    [name, `${parsed[name] ?? syntax.options[name]?.default ?? ""}`] as const
  );
  return {
    command: command ?? "demo",
    host: `${host}`,
    port: Number(port),
    native: parsed["native"] === true,
    help,
    language,
    switches: new Set(own.filter((name) => parsed[name] === true)),
    values: new Map(values),
  };
}

/** What is wrong with an option that nobody takes. */
export function formatUnknownOption(option: string): Text {
  return { en: `Unknown option: ${option}`, zh: `未知选项：${option}` };
}

/** What is wrong with a value of `--lang`. */
export function formatWrongLanguage(lang: string): Text {
  return {
    en: `Option --lang must be en or zh: current value is "${lang}"`,
    zh: `选项 --lang 只能是 en 或 zh，而不是“${lang}”`,
  };
}

/** Values such as `-1` would be taken for options: joins them to theirs. */
function joinNegative(args: string[], names: readonly string[]): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const last = joined.at(-1) ?? "";
    const isValue = /^-\d/.test(arg) &&
      names.some((name) => last === `--${name}`);
    if (isValue) joined[joined.length - 1] = `${last}=${arg}`;
    else joined.push(arg);
  }
  return joined;
}

/** Columns of an option and its value in the help. */
const OPTION_WIDTH = 14;

/** How a lesson is used. */
export function formatUsage(syntax: Syntax): Text {
  const { url, ends, isNative, options } = syntax;
  const name = findName(url);
  const hasEnds = Object.keys(ends).length > 0;
  const words = ["server", "client"].filter((end) => end in ends);
  const rows: [option: string, help: Text][] = [
    ["(no command)", {
      en: "the demo, narrated",
      zh: "演示，逐步讲解",
    }],
    ...Object.entries(ends),
    ["", { en: "", zh: "" }],
  ];
  if (hasEnds) {
    rows.push(["--host H", {
      en: "the server's address (127.0.0.1)",
      zh: "服务器的地址（127.0.0.1）",
    }], ["--port P", {
      en: "the server's port (8000); for the server, 0 chooses one",
      zh: "服务器的端口（8000）；服务器用 0 表示由系统选一个",
    }]);
  }
  for (const [option, { help, placeholder }] of Object.entries(options)) {
    rows.push([`--${option}${placeholder ? ` ${placeholder}` : ""}`, help]);
  }
  if (isNative) {
    rows.push(["--native", {
      en: "the same in plain Deno, without the socket module",
      zh: "同样的程序，但只用 Deno 自带的 API，不用 socket 模块",
    }]);
  }
  rows.push(["--lang en|zh", {
    en: "the language of the narration (that of LANG)",
    zh: "讲解所用的语言（默认取自 LANG）",
  }], ["--help", { en: "this text", zh: "显示这段说明" }]);
  const list = (language: Language) =>
    rows.map(([option, help]) =>
      `  ${pad(option, OPTION_WIDTH)}${help[language]}`.trimEnd()
    ).join("\n");
  const title = formatTitle(syntax);
  const command = `${formatCommand(url, name)}${
    hasEnds ? ` [${words.join(" | ")}]` : ""
  }`;
  return {
    en: `${title.en}\n\nUsage: ${command} [options]\n\n${list("en")}`,
    zh: `${title.zh}\n\n用法：${command} [选项]\n\n${list("zh")}`,
  };
}

/** What a lesson is called, with its number. */
export function formatTitle(
  { url, title }: Pick<Syntax, "url" | "title">,
): Text {
  const number = findNumber(findName(url));
  return {
    en: `Lesson ${number}: ${title.en}`,
    zh: `第 ${number} 课　${title.zh}`,
  };
}

/** An address as people write it: an IPv6 host needs brackets. */
export function formatAddress(
  [host, port]: readonly [host: string, port: number, ...unused: unknown[]],
): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
