// Lists the lessons, or runs one of them by its name or number.
//
// Run:  deno task learn                  the list
//       deno task learn 5                the demo of the fifth lesson
//       deno task learn sticky server    what a lesson takes, it takes here, too

import { parseArgs } from "@std/cli/parse-args";
import { unicodeWidth } from "@std/cli/unicode-width";
import { pad } from "./_draw.ts";
import { findLanguage, isLanguage, type Text } from "./_languages.ts";
import { findFitting, findMisspelled } from "./_near.ts";
import { formatUnknownOption, formatWrongLanguage } from "./_options.ts";
import { findName, findNumber, PATH } from "./_path.ts";
import { type Lesson, runLesson } from "./_run.ts";
import { LESSON as base64 } from "./base64.ts";
import { LESSON as bytesText } from "./bytes_text.ts";
import { LESSON as framing } from "./framing.ts";
import { LESSON as nonblocking } from "./nonblocking.ts";
import { LESSON as recvEof } from "./recv_eof.ts";
import { LESSON as sendSendall } from "./send_sendall.ts";
import { LESSON as sticky } from "./sticky.ts";
import { LESSON as tcpEcho } from "./tcp_echo.ts";
import { LESSON as timeouts } from "./timeouts.ts";
import { LESSON as udp } from "./udp.ts";
import { LESSON as udpChat } from "./udp_chat.ts";

/** All lessons, in the order in which to take them. */
export const LESSONS: readonly Lesson[] = [
  tcpEcho,
  bytesText,
  recvEof,
  sendSendall,
  sticky,
  framing,
  base64,
  udp,
  udpChat,
  timeouts,
  nonblocking,
];

const HELP: Text = {
  en: `Run one by its name or number, with what it takes itself:

  deno task learn 1
  deno task learn tcp_echo server --port 9000
  deno task learn tcp_echo --help

  --lang en|zh  the language of the list and of the lesson (that of LANG)
  --help        this text`,
  zh: `用名字或编号运行其中一课，后面可以跟这一课自己的命令和选项：

  deno task learn 1
  deno task learn tcp_echo server --port 9000
  deno task learn tcp_echo --help

  --lang en|zh  列表和讲解所用的语言（默认取自 LANG）
  --help        显示这段说明`,
};

/** A line for each lesson: its number, its name and what it is called. */
function formatList(): Text {
  const rows = LESSONS.map(({ url, title }) => {
    const name = findName(url);
    return { number: `${findNumber(name)}`.padStart(3), name, title };
  });
  const columns = Math.max(...rows.map(({ name }) => unicodeWidth(name))) + 2;
  const list = (language: keyof Text) =>
    rows.map(({ number, name, title }) =>
      `${number}  ${pad(name, columns)}${title[language]}`
    ).join("\n");
  return { en: list("en"), zh: list("zh") };
}

/** The lesson that somebody means by a word, or why there is none. */
function findLesson(word: string): Lesson | Text {
  const numbered = /^\d+$/.test(word) ? LESSONS[Number(word) - 1] : undefined;
  if (numbered !== undefined) return numbered;
  const fitting = findFitting(word, PATH);
  if (fitting.length === 1) return LESSONS[findNumber(fitting[0]!) - 1]!;
  const near = fitting.length > 1 ? fitting : findMisspelled(word, PATH);
  if (near.length === 0) {
    return { en: `No such lesson: ${word}`, zh: `没有这一课：${word}` };
  }
  return {
    en: `No such lesson: ${word}; did you mean ${near.join(" or ")}?`,
    zh: `没有这一课：${word}。是不是想找 ${near.join(" 或 ")}？`,
  };
}

/** Does what the command line says, whose options end where a lesson begins. */
async function learn(): Promise<void> {
  let complaint: Text | undefined;
  const { _: [word, ...rest], lang, help } = parseArgs(Deno.args, {
    string: ["_", "lang"],
    boolean: ["help"],
    alias: { help: "h" },
    default: { lang: findLanguage() },
    stopEarly: true,
    unknown: (option, key) => {
      if (key === undefined) return;
      complaint ??= formatUnknownOption(option);
    },
  });
  const found = word === undefined ? undefined : findLesson(`${word}`);
  if (found !== undefined && "url" in found && complaint === undefined) {
    const asked = help ? ["--help"] : [];
    const args = ["--lang", lang, ...asked, ...rest.map(String)];
    return await runLesson(found, args);
  }
  if (found !== undefined && !("url" in found)) complaint ??= found;
  const language = isLanguage(lang) ? lang : findLanguage();
  if (lang !== language && !help) complaint ??= formatWrongLanguage(lang);
  const text = `${formatList()[language]}\n\n${HELP[language]}`;
  if (complaint === undefined) return console.log(text);
  console.error(`${complaint[language]}\n\n${text}`);
  Deno.exitCode = 2;
}

if (import.meta.main) await learn();
