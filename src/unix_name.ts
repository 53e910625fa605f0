/**
 * Names for Unix datagram sockets that have none: Deno can only open one that is
 * bound to a name.
 *
 * @module
 */

const isLinux = Deno.build.os === "linux";

/** How names that stand for none begin. */
const PREFIX = isLinux ? "\0pysocket-" : "/tmp/.pysocket-";

/** A name that nobody else has. Linux needs no file for it. */
export function freshName(): string {
  return PREFIX + crypto.randomUUID().replaceAll("-", "");
}

/** Whether a name stands for none. */
export function isFreshName(path: string): boolean {
  return path.startsWith(PREFIX);
}

/** Removes the file that a fresh name has made where there are only files. */
export function removeFreshFile(path: string): void {
  if (!isLinux) Deno.removeSync(path);
}

/** How many names Linux chooses from for a socket that is bound to none. */
const AUTOBIND_NAMES = 0x100000;

/** A name as Linux chooses it for `bind("")`. */
export function chooseAutobindName(): string {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
  const number = (random % AUTOBIND_NAMES).toString(16);
  return `\0${number.padStart(5, "0")}`;
}
