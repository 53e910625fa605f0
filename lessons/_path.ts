/**
 * The lessons in the order in which to take them, which numbers them.
 *
 * @module
 */

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

/** The command that runs the next lesson. */
export function formatNextCommand(url: string, name: string): string {
  return url.startsWith("file:")
    ? `deno task learn ${name}`
    : formatCommand(url, name);
}

/** The command that runs a lesson, in the way in which this one was run. */
export function formatCommand(url: string, name: string): string {
  const script = url.startsWith("file:")
    ? `lessons/${name}.ts`
    : `jsr:@pysocket/socket/lessons/${name}`;
  return `deno run -A ${script}`;
}
