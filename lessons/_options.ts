/**
 * What a lesson is told on its command line, and what it says about that with
 * `--help`.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import {
  findLanguage,
  isLanguage,
  type Language,
  type Text,
} from "./_languages.ts";

/** What a lesson does: the demo, which needs no word, or one of its ends. */
export type Command = "demo" | "server" | "client";

/** A command line, checked. */
export interface Options {
  readonly command: Command;
  readonly host: string;
  readonly port: number;
  /** Whether to use plain Deno instead of the module. */
  readonly native: boolean;
  readonly help: boolean;
  readonly language: Language;
}

/** The command line makes no sense. */
export class UsageError extends Error {
  /** The language that could be made out nevertheless. */
  readonly language: Language;

  constructor(text: Text, language: Language) {
    super(text[language]);
    this.name = "UsageError";
    this.language = language;
  }
}

/** Reads a command line. */
export function parseOptions(args: string[]): Options {
  const unknown: string[] = [];
  const { _: commands, host, port, lang, native, help } = parseArgs(args, {
    string: ["_", "host", "port", "lang"],
    boolean: ["native", "help"],
    alias: { help: "h" },
    default: { host: "127.0.0.1", port: "8000", lang: findLanguage() },
    unknown: (arg, key) => {
      if (key !== undefined) unknown.push(arg);
      return key === undefined;
    },
  });
  const language = isLanguage(lang) ? lang : findLanguage();
  const check = (isRight: boolean, en: string, zh: string) => {
    if (!isRight && !help) throw new UsageError({ en, zh }, language);
  };
  const [command = "demo", ...others] = commands.map(String);
  const extra = isCommand(command) ? others[0] : command;
  check(
    unknown.length === 0,
    `Unknown option: ${unknown[0]}`,
    `未知选项：${unknown[0]}`,
  );
  check(extra === undefined, `Unknown command: ${extra}`, `未知命令：${extra}`);
  check(
    lang === language,
    `Option --lang must be en or zh: current value is "${lang}"`,
    `选项 --lang 只能是 en 或 zh，而不是“${lang}”`,
  );
  check(
    host !== "",
    "Option --host must not be empty",
    "选项 --host 不能为空",
  );
  const least = command === "client" ? 1 : 0;
  check(
    /^\d+$/.test(port) && Number(port) >= least && Number(port) <= 65535,
    `Option --port must be ${least}-65535: current value is "${port}"`,
    `选项 --port 的范围是 ${least}–65535，而不是“${port}”`,
  );
  return {
    command: isCommand(command) ? command : "demo",
    host,
    port: Number(port),
    native,
    help,
    language,
  };
}

function isCommand(word: string): word is Command {
  return ["demo", "server", "client"].includes(word);
}

/** How a lesson is used; `url` is its `import.meta.url`. */
export function formatUsage(url: string, title: Text): Text {
  const name = url.replace(/^.*\/|\.ts$/g, "");
  const script = url.startsWith("file:")
    ? `lessons/${name}.ts`
    : `jsr:@pysocket/socket/lessons/${name}`;
  return {
    en: `${title.en}

Usage: deno run -A ${script} [server | client] [options]

  (no command)  the demo: both ends in one process, narrated
  server        serve until Ctrl-C
  client        send each line of standard input, print each reply; q ends

  --host H      the server's address (127.0.0.1)
  --port P      the server's port (8000); for the server, 0 chooses one
  --native      the same in plain Deno, without the socket module
  --lang en|zh  the language of the narration
  --help        this text`,
    zh: `${title.zh}

用法：deno run -A ${script} [server | client] [选项]

  （无命令）    演示：通信双方在同一个进程里，逐步讲解
  server        运行服务器，按 Ctrl-C 结束
  client        把标准输入的每一行发出去，并打印每个回复；输入 q 退出

  --host H      服务器的地址（127.0.0.1）
  --port P      服务器的端口（8000）；服务器用 0 表示由系统选一个
  --native      同样的程序，但只用 Deno 自带的 API，不用 socket 模块
  --lang en|zh  讲解所用的语言
  --help        显示这段说明`,
  };
}

/** An address as people write it: an IPv6 host needs brackets. */
export function formatAddress(
  [host, port]: readonly [host: string, port: number, ...unused: unknown[]],
): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
