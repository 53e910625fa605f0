/**
 * What the demos print besides paragraphs: what calls came to, and commands.
 *
 * @module
 */

import { pad } from "./_draw.ts";
import { findName, formatCommand } from "./_path.ts";
import type { Run } from "./_run.ts";

/** Columns of a call, so that what they came to lines up. */
const CALL_WIDTH = 24;

/** Prints what a call came to, below the sentence that it belongs to. */
export function show(call: string, result: unknown): void {
  console.log(`   ${pad(call, CALL_WIDTH)} ${result}`);
}

/** The commands of a lesson's ends, one a line. */
export function formatEnds(
  url: string,
  options: { readonly server?: string; readonly client?: string } = {},
): string {
  const command = formatCommand(url, findName(url));
  return (["server", "client"] as const).map((end) =>
    `   ${[command, end, options[end] ?? ""].join(" ").trimEnd()}`
  ).join("\n");
}

/** Invites the reader to run both ends, in the dialect of the demo. */
export function inviteToTry(run: Run, url: string): void {
  const dialect = run.native ? "--native" : "";
  const ends = formatEnds(url, { server: dialect, client: dialect });
  run.say({
    en:
      "Try it yourself: the server in one terminal, the client in another.\n\n" +
      ends,
    zh: `亲手试试：一个终端里运行 server，另一个终端里运行 client。\n\n${ends}`,
  });
}

/** The failure that a call is here to show; one that succeeds is a bug. */
export async function failureOf(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    return String(error);
  }
  throw new TypeError("The call was to fail and has not");
}
