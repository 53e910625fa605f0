/**
 * A server's answers, when each of them is a line: what clients read, and what
 * servers say in them.
 *
 * @module
 */

import { ConnectionError, type Socket, type TextIOWrapper } from "../mod.ts";
import type { Run } from "./_run.ts";

/** The longest answer that a client waits for, in characters. */
const LIMIT = 65536;

/** A server's answers, to be read by the line. */
export type Answers = TextIOWrapper;

/**
 * Opens the file of a server's answers. As in Python, the connection stays open
 * until both the socket and its file are closed; Ctrl-C closes both.
 */
export function openAnswers(sock: Socket, run: Run): Answers {
  const answers = sock.makefile("r", {
    encoding: "utf-8",
    // Another server may answer anything; what is no text shows as such.
    errors: "replace",
    newline: "\n",
  });
  run.interrupted.addEventListener("abort", () => {
    answers.close();
    sock.close();
  });
  return answers;
}

/** Reads one answer, without its line feed. */
export async function readAnswer(answers: Answers, run: Run): Promise<string> {
  const line = await answers.readline(LIMIT);
  if (line.endsWith("\n")) return line.slice(0, -1);
  throw new ConnectionError(run.text({
    en: line.length < LIMIT
      ? "The server closed the connection before its answer was complete"
      : "The server's answer is too long",
    zh: line.length < LIMIT
      ? "服务器还没有回复完整就关闭了连接"
      : "服务器的回复太长",
  }));
}

/** A number of bytes, as answers tell it: `1 byte`, `6 bytes`. */
export function formatSize(size: number): string {
  return size === 1 ? "1 byte" : `${size} bytes`;
}
