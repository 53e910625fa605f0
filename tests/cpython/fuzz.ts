/**
 * Runs random sequences of calls on CPython's sockets and on ours; see `fuzz.py`.
 *
 * ```
 * deno task fuzz [--runs N] [--seed S] [--jobs N] [--outcomes]
 * ```
 *
 * @module
 */

import { join } from "node:path";
import { findPython } from "./worker.ts";

const python = await findPython();
if (python === undefined) {
  console.error("No Python 3.11 with the tests of CPython is here.");
  Deno.exit(1);
}
const { code } = await new Deno.Command(python, {
  args: ["-B", join(import.meta.dirname!, "fuzz.py"), ...Deno.args],
  env: { LC_ALL: "C.UTF-8", NO_COLOR: "1", PYSOCKET_DENO: Deno.execPath() },
}).spawn().status;
Deno.exit(code);
