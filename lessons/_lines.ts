/**
 * Standard input and output by the line, without stopping the event loop, as
 * `prompt()` would.
 *
 * @module
 */

import { unicodeWidth } from "@std/cli/unicode-width";
import type { Text } from "./_languages.ts";

/** Standard input or output fails, which is no matter of any socket. */
export class StandardStreamError extends Error {
  /** What has failed, in the reader's language. */
  readonly text: Text;

  /** `cause` is Deno's own error. */
  constructor(text: Text, cause: unknown) {
    super(text.en, { cause });
    this.name = "StandardStreamError";
    this.text = text;
  }
}

/** The lines of standard input without their ends, until it or `signal` ends. */
export async function* readLines(signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const aborted = new Promise<null>((resolve) => {
    signal.addEventListener("abort", () => resolve(null));
  });
  const isTerminal = Deno.stdin.isTerminal();
  const buffer = new Uint8Array(64 * 1024);
  let rest = "";
  let number = 0;
  while (!signal.aborted) {
    if (isTerminal) await write(">>> ");
    const count = await Promise.race([readInput(buffer), aborted]);
    const text = decode(
      decoder,
      buffer.subarray(0, count ?? 0),
      count !== null,
      number + 1,
    );
    const lines = text.split("\n");
    lines[0] = rest + lines[0];
    rest = lines.pop()!;
    number += lines.length;
    for (const line of lines) yield line.replace(/\r$/, "");
    if (count === null) break;
  }
  if (signal.aborted) return;
  if (isTerminal) await write("\n");
  if (rest !== "") yield rest;
}

let isReading = false;

/**
 * Whether a read of standard input is under way. It cannot be taken back, and
 * keeps the program running until something is typed.
 */
export function isInputPending(): boolean {
  return isReading;
}

async function readInput(buffer: Uint8Array): Promise<number | null> {
  isReading = true;
  try {
    return await Deno.stdin.read(buffer);
  } catch (error) {
    throw new StandardStreamError({
      en: `Cannot read standard input: ${error}`,
      zh: `无法读取标准输入：${error}`,
    }, error);
  } finally {
    isReading = false;
  }
}

function decode(
  decoder: TextDecoder,
  bytes: Uint8Array,
  stream: boolean,
  number: number,
): string {
  try {
    return decoder.decode(bytes, { stream });
  } catch (error) {
    throw new StandardStreamError({
      en: `Standard input is not UTF-8, in line ${number} or after it`,
      zh: `标准输入不是 UTF-8 编码（第 ${number} 行或其后）`,
    }, error);
  }
}

/** Writes a line to standard output, and fails when nobody reads it any more. */
export function writeLine(line: string): Promise<void> {
  return write(line + "\n");
}

/**
 * Writes a line that has nothing to do with what is being typed. At a terminal it
 * goes above the prompt, and what has been typed so far stays where it is.
 */
export async function writeAbove(line: string): Promise<void> {
  if (!Deno.stdin.isTerminal() || !Deno.stdout.isTerminal()) {
    return await writeLine(line);
  }
  const rows = Math.max(1, Math.ceil(unicodeWidth(line) / columns()));
  // Down and up again, so that at the bottom of the screen all moves up; then
  // make room for the line, write it, and go back to where the typing goes on.
  await write(
    `${"\x1bD".repeat(rows)}\x1b[${rows}A\x1b7\r\x1b[${rows}L` +
      `${line}\x1b8\x1b[${rows}B`,
  );
}

function columns(): number {
  return Deno.consoleSize().columns || 80;
}

async function write(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  try {
    for (let sent = 0; sent < bytes.length;) {
      sent += await Deno.stdout.write(bytes.subarray(sent));
    }
  } catch (error) {
    throw new StandardStreamError({
      en: `Cannot write to standard output: ${error}`,
      zh: `无法写入标准输出：${error}`,
    }, error);
  }
}
