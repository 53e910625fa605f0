/**
 * The lessons in the order in which to take them, which numbers them, and the
 * commands that run them.
 *
 * @module
 */

import { isAbsolute, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { readVariable } from "./_languages.ts";

/** The names of all lessons: `lessons/<name>.ts` each. */
export const PATH = [
  "tcp_echo",
  "bytes_text",
  "recv_eof",
  "send_sendall",
  "sticky",
  "framing",
  "base64",
  "udp",
  "udp_chat",
  "timeouts",
  "nonblocking",
] as const;

/** The name of the lesson that a module is, by its `import.meta.url`. */
export function findName(url: string): string {
  return url.replace(/^.*\/|\.ts$/g, "");
}

/** The number of a lesson: the first is 1. */
export function findNumber(name: string): number {
  return (PATH as readonly string[]).indexOf(name) + 1;
}

/** The command that runs the next lesson: a task, inside the project. */
export function formatNextCommand(
  url: string,
  name: string,
  folder = findFolder(),
): string {
  if (!url.startsWith("file:")) return formatCommand(url, name);
  const project = fileURLToPath(new URL("..", url));
  const [step] = relative(project, folder).split(sep);
  return step === ".." || isAbsolute(relative(project, folder))
    ? formatCommand(url, name, folder)
    : `deno task learn ${name}`;
}

/**
 * The command that runs a lesson, in the way in which this one was run, as it is
 * typed in a folder.
 */
export function formatCommand(
  url: string,
  name: string,
  folder = findFolder(),
): string {
  if (!url.startsWith("file:")) {
    return `deno run -A jsr:@pysocket/socket/lessons/${name}`;
  }
  const script = fileURLToPath(new URL(`${name}.ts`, url));
  return `deno run -A ${quote(relative(folder, script).replaceAll(sep, "/"))}`;
}

/** The folder in which the reader types: a task runs in that of the project. */
function findFolder(): string {
  return readVariable("INIT_CWD") || Deno.cwd();
}

/** A path as one word for a shell. */
function quote(path: string): string {
  return /^[\p{L}\p{N}\p{M}_./:-]+$/u.test(path) ? path : `"${path}"`;
}
