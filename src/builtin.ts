/**
 * Modules of Node's that few programs need, loaded when one first does: to import
 * them at the start was a third of the time that importing this package took.
 *
 * @module
 */

import type * as dgram from "node:dgram";
import type * as dns from "node:dns/promises";
import type * as net from "node:net";

interface Builtins {
  readonly "node:dgram": typeof dgram;
  readonly "node:dns/promises": typeof dns;
  readonly "node:net": typeof net;
}

/** Deno's global of which its types say nothing without those of Node. */
declare const process: {
  getBuiltinModule<N extends keyof Builtins>(name: N): Builtins[N];
};

/** A module of Node's, at once: not every caller may wait for an import. */
export function builtin<N extends keyof Builtins>(name: N): Builtins[N] {
  return process.getBuiltinModule(name);
}
