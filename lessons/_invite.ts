/**
 * The end of a demo: an invitation to run both ends.
 *
 * @module
 */

import { findName, formatCommand } from "./_path.ts";
import type { Run } from "./_run.ts";

/** Says how to run both ends; `options` are those of the server. */
export function invite(run: Run, url: string, options = ""): void {
  const command = formatCommand(url, findName(url));
  const native = run.native ? " --native" : "";
  const commands = `   ${command} server${native}${options}\n` +
    `   ${command} client${native}`;
  run.say({
    en: `Try it: the server in one terminal, the client in another.\n\n` +
      commands,
    zh: `亲手试试：一个终端里运行 server，另一个终端里运行 client。\n\n` +
      commands,
  });
}
